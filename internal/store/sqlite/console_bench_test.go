package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// Reading for customer success is to cost about the same for a thousand setups and for a hundred thousand:
//
//	go test -run '^$' -bench Console ./internal/store/sqlite

var (
	benchNow   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	benchSizes = []int{1000, 100_000}
	places     = []string{
		"Nord", "Sør", "Øst", "Vest", "Fjord", "Berg", "Havn", "Skog", "Stein", "Bjørk", "Lille", "Stor", "Gran", "Furu", "Elv", "Sol", "Måne", "Ørn", "Ulv", "Rev",
	}
	endings = []string{
		"dal", "vik", "nes", "heim", "stad", "by", "sund", "ås", "øya", "lund", "mark", "vang", "rud", "set", "land", "strand", "foss", "moen", "haug", "tun",
	}
	trades = []string{
		"Elektro", "Bygg", "Rør", "Regnskap", "Transport", "Consult", "Eiendom", "Handel", "Data", "Maskin", "Mat", "Tekstil", "Design", "Energi", "Marin",
	}
	forms = []string{"AS", "ASA", "AB", "Group", "ApS"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// benchSetup is one of a history with one change every ten minutes, the newest at benchNow: six in ten setups are
// completed, two closed, the others under way.
func benchSetup(r *rand.Rand, n, ago int) onboarding.Setup {
	name := pick(r, places) + pick(r, endings)
	s := onboarding.Setup{
		ID: onboarding.NewOperation(), Company: name + " " + pick(r, trades) + " " + pick(r, forms), Tenant: fmt.Sprintf("%s-%06d", name, n),
		Domain: fmt.Sprintf("%s%d.no", name, n), Contact: "Kari " + pick(r, places) + "mann <kari@" + name + ".no>",
		ChangedAt: benchNow.Add(-time.Duration(ago) * 10 * time.Minute),
	}
	s.CreatedAt = s.ChangedAt.Add(-48 * time.Hour)
	steps := wizard.Steps()
	s.State.Marks = map[wizard.Step]wizard.Mark{}
	for _, step := range steps[:r.IntN(6)] {
		s.State.Marks[step] = wizard.Mark{At: s.ChangedAt, Revision: 1}
	}
	s.State.Answers = wizard.Answers{DirectoryID: "11111111-2222-3333-4444-555555555555", ClientID: "11111111-2222-3333-4444-555555555555", DisplayName: s.Company}
	s.State.Registration.Sent = s.State.Answers
	if what := r.IntN(20); what > 0 {
		s.OpenedAt = s.CreatedAt.Add(time.Duration(r.IntN(1000)) * time.Minute)
		switch {
		case what < 13:
			s.CompletedAt = s.ChangedAt
		case what < 17:
			s.ClosedAt = s.ChangedAt
		case what < 18:
			s.State.Token.Problem = &wizard.Problem{ID: "iam.forbidden", Kind: fault.Forbidden, At: s.ChangedAt}
		}
	}
	return s
}

// filled is a store with that many setups, written in big transactions.
func filled(b *testing.B, size int) *sqlite.Store {
	b.Helper()
	path := newPath(b)
	s := open(b, path)
	raw, err := sql.Open("sqlite", path)
	must(b, err)
	raw.SetMaxOpenConns(1)
	_, err = raw.ExecContext(b.Context(), `PRAGMA synchronous = OFF`)
	must(b, err)
	r := rand.New(rand.NewPCG(1, 2))
	const batch = 10_000
	for from := 0; from < size; from += batch {
		tx, err := raw.BeginTx(b.Context(), nil)
		must(b, err)
		insert(b, tx, r, from, min(from+batch, size), size)
		must(b, tx.Commit())
	}
	must(b, raw.Close())
	must(b, s.Checkpoint(b.Context()))
	return s
}

func insert(b *testing.B, tx *sql.Tx, r *rand.Rand, from, to, size int) {
	b.Helper()
	setup, err := tx.PrepareContext(b.Context(), `
		INSERT INTO setups (id, version, company, tenant, domain, contact, scheme, self_begun, created_at, changed_at, opened_at, completed_at, closed_at,
			state, stand, step, problem, stands_at)
		VALUES (?, 1, ?, ?, ?, ?, '', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`)
	must(b, err)
	event, err := tx.PrepareContext(b.Context(), `INSERT INTO events (setup, at, actor, kind, detail) VALUES (?, ?, 'system', 'token.failed', ?)`)
	must(b, err)
	for n := from; n < to; n++ {
		s := benchSetup(r, n, size-n)
		state, err := json.Marshal(s.State)
		must(b, err)
		_, err = setup.ExecContext(b.Context(), s.ID, s.Company, s.Tenant, s.Domain, s.Contact, s.CreatedAt.UnixNano(), s.ChangedAt.UnixNano(),
			nanoseconds(s.OpenedAt), nanoseconds(s.CompletedAt), nanoseconds(s.ClosedAt), string(state), string(console.StandOf(s)), string(s.State.Open()),
			console.ProblemOf(s))
		must(b, err)
		if n%4 == 0 {
			_, err = event.ExecContext(b.Context(), s.ID, s.ChangedAt.UnixNano(), fmt.Sprintf(`{"problem":"problem.%d"}`, r.IntN(30)))
			must(b, err)
		}
	}
}

func nanoseconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

func perSize(b *testing.B, run func(b *testing.B, s *sqlite.Store, size int)) {
	for _, size := range benchSizes {
		b.Run(strconv.Itoa(size), func(b *testing.B) { run(b, filled(b, size), size) })
	}
}

// measure repeats a query; wantFull: a page of 50 has to be full.
func measure(b *testing.B, s *sqlite.Store, name string, q console.Query) {
	q.Limit, q.Now = 50, benchNow
	b.Run(name, func(b *testing.B) {
		found := 0
		for b.Loop() {
			rows, err := s.Rows(context.Background(), q)
			must(b, err)
			found = len(rows)
		}
		b.ReportMetric(float64(found), "rows")
	})
}

func BenchmarkConsoleList(b *testing.B) {
	perSize(b, func(b *testing.B, s *sqlite.Store, size int) {
		measure(b, s, "first", console.Query{})
		measure(b, s, "middle", console.Query{After: console.Key{ChangedAt: benchNow.Add(-time.Duration(size/2) * 10 * time.Minute), ID: "m"}})
		for _, stand := range []console.Stand{console.Completed, console.Waiting, console.Problem} {
			measure(b, s, string(stand), console.Query{Stand: stand})
		}
	})
}

func BenchmarkConsoleSearch(b *testing.B) {
	perSize(b, func(b *testing.B, s *sqlite.Store, size int) {
		rows, err := s.Rows(b.Context(), console.Query{Limit: 500, Now: benchNow})
		must(b, err)
		one := rows[len(rows)-1]
		measure(b, s, "everything", console.Query{Words: ".no"})
		measure(b, s, "many", console.Query{Words: "elektro"})
		measure(b, s, "many-problem", console.Query{Words: "elektro", Stand: console.Problem})
		measure(b, s, "company", console.Query{Words: one.Company})
		measure(b, s, "tenant", console.Query{Words: one.Tenant})
		measure(b, s, "id", console.Query{Words: one.ID})
		measure(b, s, "none", console.Query{Words: "nordelvmannhandel"})
		measure(b, s, "short", console.Query{Words: "nø"})
		measure(b, s, "short-many", console.Query{Words: "s"})
	})
}

func BenchmarkConsoleFigures(b *testing.B) {
	perSize(b, func(b *testing.B, s *sqlite.Store, _ int) {
		for b.Loop() {
			_, err := s.Figures(context.Background(), benchNow)
			must(b, err)
		}
	})
}

// BenchmarkConsoleSave is what keeping all of that current costs a change.
func BenchmarkConsoleSave(b *testing.B) {
	perSize(b, func(b *testing.B, s *sqlite.Store, _ int) {
		rows, err := s.Rows(b.Context(), console.Query{Limit: 500, Now: benchNow})
		must(b, err)
		for n := 0; b.Loop(); n++ {
			setup, err := s.Setup(context.Background(), rows[n%len(rows)].ID)
			must(b, err)
			setup.ChangedAt = benchNow.Add(time.Duration(n) * time.Second)
			_, err = s.Save(context.Background(), onboarding.Change{Setup: setup, Events: []onboarding.Event{{At: setup.ChangedAt, Kind: "saved"}}})
			must(b, err)
		}
	})
}
