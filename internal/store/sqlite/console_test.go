package sqlite_test

import (
	"database/sql"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// What the program of the version before ran.
const (
	insertBefore = `
		INSERT INTO setups (id, version, company, tenant, domain, contact, scheme, self_begun, begun_by_signin, created_at, changed_at,
			opened_at, completed_at, state)
		VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateBefore = `
		UPDATE setups SET version = version + 1, company = ?, tenant = ?, domain = ?, contact = ?, scheme = ?, created_at = ?,
			changed_at = ?, opened_at = ?, completed_at = ?, state = ?
		WHERE id = ? AND version = ?
		RETURNING id, version, company, tenant, domain, contact, scheme, self_begun, begun_by_signin, created_at, changed_at, opened_at,
			completed_at, state`
	eventBefore = `INSERT INTO events (setup, at, actor, origin, kind, detail) VALUES (?, ?, ?, ?, ?, ?)`
	failedState = `{"answers":{},"marks":{"start":{"at":"2026-11-01T00:00:00Z","revision":1}},"clientSecret":{},"registration":{},
		"token":{"problem":{"id":"iam.forbidden","kind":1,"at":"2026-11-01T00:00:00Z","reference":"7F3A"}}}`
	noState = `{"answers":{},"marks":null,"clientSecret":{},"registration":{},"token":{}}`
)

var at = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// before is a database of the version before, and a connection as that program has it.
func before(t *testing.T) (path string, db *sql.DB) {
	t.Helper()
	path = newPath(t)
	db = raw(t, path)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	must(t, err)
	_, err = provider.UpTo(t.Context(), 2)
	must(t, err)
	return path, db
}

func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_journal_mode=WAL&_foreign_keys=1&_dqs=0&_defensive=1&_pragma=secure_delete(1)")
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func insertOld(t *testing.T, db *sql.DB, id, company string, changed time.Time, opened, completed any, state string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), insertBefore, id, company, "tenant-"+id, "", "", "", false, false, changed.UnixNano(), changed.UnixNano(), opened, completed, state)
	must(t, err)
}

// updateOld saves a setup of version 1 as the program of the version before does.
func updateOld(t *testing.T, db *sql.DB, id, company string, changed time.Time, opened, completed any, state string) {
	t.Helper()
	var discard [14]any
	var into []any
	for n := range discard {
		into = append(into, &discard[n])
	}
	must(t, db.QueryRowContext(t.Context(), updateBefore, company, "tenant-"+id, "", "", "", changed.UnixNano(), changed.UnixNano(), opened, completed,
		state, id, 1).Scan(into...))
}

func eventOld(t *testing.T, db *sql.DB, setup, kind string, detail any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), eventBefore, setup, at.UnixNano(), "system", "", kind, detail)
	must(t, err)
}

// stands are where setups stand, by id.
func stands(t *testing.T, s *sqlite.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, stand := range []console.Stand{"", console.Closed} {
		found, err := s.Rows(t.Context(), console.Query{Stand: stand, Limit: 5000, Now: at})
		must(t, err)
		for _, r := range found {
			all[r.ID] = string(r.Stand) + " " + string(r.Step) + " " + r.Problem
		}
	}
	return all
}

func found(t *testing.T, s *sqlite.Store, words string) []string {
	t.Helper()
	rows, err := s.Rows(t.Context(), console.Query{Words: words, Limit: 50, Now: at})
	must(t, err)
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestDatabaseOfTheVersionBefore(t *testing.T) {
	path, db := before(t)
	hour := at.Add(-time.Hour).UnixNano()
	insertOld(t, db, "new", "Nyland AS", at, nil, nil, noState)
	insertOld(t, db, "progress", "Midtland AS", at, hour, nil, noState)
	insertOld(t, db, "failed", "Feilby AS", at, hour, nil, failedState)
	insertOld(t, db, "done", "Ferdigstad AS", at.Add(-time.Minute), hour, at.UnixNano(), failedState)
	insertOld(t, db, "unreadable", "Uleselig AS", at.Add(-2*time.Minute), nil, nil, `{"answers":1}`)
	eventOld(t, db, "failed", "token.failed", `{"problem":"iam.forbidden","reference":"7F3A"}`)
	eventOld(t, db, "failed", "register.failed", `{"problem":"iam.forbidden"}`)
	eventOld(t, db, "failed", "token.failed", nil)
	eventOld(t, db, "failed", "opened", `{"problem":""}`)

	s := open(t, path)
	want := map[string]string{
		"new": "not-opened start ", "progress": "in-progress start ", "failed": "problem application iam.forbidden",
		"done": "completed application iam.forbidden", "unreadable": "not-opened start ",
	}
	same(t, "stands", stands(t, s), want)
	same(t, "the order", found(t, s, "as"), []string(nil))
	same(t, "the order", found(t, s, " AS\t"), []string(nil)) // two characters: none begins so
	same(t, "found anywhere", found(t, s, "tenant-"), []string{"progress", "new", "failed", "done", "unreadable"})
	same(t, "found by company", found(t, s, "igstad"), []string{"done"})
	figures, err := s.Figures(t.Context(), at)
	must(t, err)
	same(t, "figures", figures, console.Figures{
		Stands: map[console.Stand]int{console.NotOpened: 2, console.InProgress: 1, console.Problem: 1, console.Completed: 1},
		Steps:  map[wizard.Step]int{wizard.Start: 3, wizard.Application: 1},
		Median: time.Hour, Of: 1, Problems: []console.Count{{ID: "iam.forbidden", N: 2}},
	})
	setup, err := s.Setup(t.Context(), "new")
	must(t, err)
	if !setup.ClosedAt.IsZero() || setup.Unwatched {
		t.Errorf("closed at %v, unwatched %v", setup.ClosedAt, setup.Unwatched)
	}
}

// The program of the version before goes on on the schema of this one: beside it, and after a roll-back.
func TestProgramOfTheVersionBefore(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	setup := newSetup()
	setup.ID, setup.Company, setup.OpenedAt, setup.ClosedAt, setup.Unwatched = "closed", "Lukket AS", at, at, true
	must(t, s.CreateSetup(t.Context(), setup))
	db := raw(t, path)
	insertOld(t, db, "old", "Gammelby AS", at, nil, nil, noState)
	same(t, "where a setup of the program before stands", stands(t, s), map[string]string{"old": "not-opened start ", "closed": "closed  "})
	same(t, "found", found(t, s, "gammel"), []string{"old"})

	updateOld(t, db, "old", "Nyby AS", at.Add(time.Minute), at.UnixNano(), nil, failedState)
	updateOld(t, db, "closed", "Lukket AS", at.Add(time.Minute), at.UnixNano(), nil, failedState)
	eventOld(t, db, "old", "token.failed", `{"problem":"iam.forbidden"}`)
	same(t, "found by the name of before", found(t, s, "gammel"), []string(nil))
	same(t, "found by the name of now", found(t, s, "nyby"), []string{"old"})
	kept, err := s.Setup(t.Context(), "closed")
	must(t, err)
	if !kept.ClosedAt.Equal(at) || !kept.Unwatched {
		t.Errorf("closed at %v, unwatched %v: lost", kept.ClosedAt, kept.Unwatched)
	}

	want := map[string]string{"old": "problem application iam.forbidden", "closed": "closed  "}
	must(t, s.ServeAlone(t.Context())) // the program before has ended
	same(t, "stands when this program serves", stands(t, s), want)
	figures, err := s.Figures(t.Context(), at)
	must(t, err)
	same(t, "counts", figures.Stands, map[console.Stand]int{console.Problem: 1, console.Closed: 1})
	same(t, "problems", figures.Problems, []console.Count{{ID: "iam.forbidden", N: 1}})

	_, err = db.ExecContext(t.Context(), `UPDATE setups SET version = version + 1, state = ? WHERE id = 'old'`, noState)
	must(t, err)
	want["old"] = "in-progress start "
	same(t, "stands when it is opened again", stands(t, open(t, path)), want)
	_, err = db.ExecContext(t.Context(), `DELETE FROM setups WHERE id = 'old'`)
	must(t, err)
	same(t, "found after it was deleted", found(t, s, "nyby"), []string(nil))
	_, err = db.ExecContext(t.Context(), `INSERT INTO setup_search (setup_search, rank) VALUES ('integrity-check', 1)`)
	must(t, err)
}

// More setups than one transaction brings up to date, by several handles at once.
func TestManySetupsOfTheVersionBefore(t *testing.T) {
	path, db := before(t)
	const many = 500
	tx, err := db.BeginTx(t.Context(), nil)
	must(t, err)
	for range many {
		_, err := tx.ExecContext(t.Context(), insertBefore, onboarding.NewOperation(), "Contoso AS", "contoso", "", "", "", false, false,
			at.UnixNano(), at.UnixNano(), at.UnixNano(), nil, failedState)
		must(t, err)
	}
	must(t, tx.Commit())
	opened := make(chan error)
	for range 3 {
		go func() {
			s, err := sqlite.Open(t.Context(), path)
			if err == nil {
				err = s.Close()
			}
			opened <- err
		}()
	}
	for range 3 {
		must(t, <-opened)
	}
	s := open(t, path)
	all := stands(t, s)
	same(t, "how many are listed", len(all), many)
	for id, stand := range all {
		if stand != "problem application iam.forbidden" {
			t.Fatalf("%s: %s", id, stand)
		}
	}
	var pages []string
	q := console.Query{Words: "contoso", Limit: 200, Now: at}
	for {
		page, err := s.Rows(t.Context(), q)
		must(t, err)
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			pages = append(pages, r.ID)
		}
		q.After = console.Key{ChangedAt: page[len(page)-1].ChangedAt, ID: pages[len(pages)-1]}
	}
	if len(pages) != many || !slices.IsSortedFunc(pages, func(a, b string) int {
		if a > b {
			return -1
		}
		return 1
	}) {
		t.Errorf("%d setups of one time found, want %d in order", len(pages), many)
	}
}
