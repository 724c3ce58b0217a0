package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// made stores a setup that was changed at a time, after with changed it, and returns its id.
func made(t *testing.T, s Store, changed time.Time, with ...func(*onboarding.Setup)) string {
	t.Helper()
	setup := newSetup()
	setup.ChangedAt = changed
	for _, w := range with {
		w(&setup)
	}
	must(t, s.CreateSetup(t.Context(), setup))
	return setup.ID
}

func named(company string) func(*onboarding.Setup) {
	return func(s *onboarding.Setup) { s.Company = company }
}

func isOpened(s *onboarding.Setup)    { s.OpenedAt = now.Add(-99 * time.Hour) }
func isCompleted(s *onboarding.Setup) { isOpened(s); s.CompletedAt = s.ChangedAt }
func isClosed(s *onboarding.Setup)    { isOpened(s); s.ClosedAt = s.ChangedAt }
func isRefused(s *onboarding.Setup) {
	isOpened(s)
	s.State.Token.Problem = &wizard.Problem{ID: "iam.forbidden", Kind: fault.Forbidden, At: now, Reference: "7F3A"}
}

// changed saves a setup after with changed it.
func changed(t *testing.T, s Store, id string, with func(*onboarding.Setup)) {
	t.Helper()
	setup := load(t, s, id)
	with(&setup)
	_, err := s.Save(t.Context(), onboarding.Change{Setup: setup})
	must(t, err)
}

func rows(t *testing.T, s Store, q console.Query) []console.Row {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Now.IsZero() {
		q.Now = now
	}
	found, err := s.Rows(t.Context(), q)
	must(t, err)
	return found
}

func ids(rows []console.Row) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r.ID)
	}
	return all
}

// paged follows a query to its end, and calls between after each page.
func paged(t *testing.T, s Store, q console.Query, between func(page []console.Row)) []string {
	t.Helper()
	var all []string
	for {
		page := rows(t, s, q)
		if len(page) == 0 {
			return all
		}
		if len(page) > q.Limit || len(all) > 1000 {
			t.Fatalf("a page of %d with a limit of %d after %d rows", len(page), q.Limit, len(all))
		}
		all = append(all, ids(page)...)
		last := page[len(page)-1]
		q.After = console.Key{ChangedAt: last.ChangedAt, ID: last.ID}
		between(page)
	}
}

func testRow(t *testing.T, s Store) {
	setup := newSetup()
	isRefused(&setup)
	setup.State.Marks[wizard.Application] = wizard.Mark{At: now, Revision: 1}
	must(t, s.CreateSetup(t.Context(), setup))
	want := console.Row{
		ID: setup.ID, Company: setup.Company, Tenant: setup.Tenant, Contact: setup.Contact, Stand: console.Problem, Step: wizard.Directory,
		Problem: "iam.forbidden", CreatedAt: setup.CreatedAt, ChangedAt: setup.ChangedAt,
	}
	got, err := s.Row(t.Context(), setup.ID)
	must(t, err)
	wantEqual(t, "the row", got, want)
	wantEqual(t, "the list", rows(t, s, console.Query{}), []console.Row{want})
	changed(t, s, setup.ID, func(s *onboarding.Setup) {
		s.State.Token.Problem, s.CompletedAt, s.Contact = nil, now.Add(time.Hour), "Ola"
		s.State.Marks[wizard.Directory] = wizard.Mark{At: now, Revision: 1}
	})
	want.Stand, want.Step, want.Problem, want.CompletedAt, want.Contact = console.Completed, wizard.Signin, "", now.Add(time.Hour), "Ola"
	got, err = s.Row(t.Context(), setup.ID)
	must(t, err)
	wantEqual(t, "the row after a change", got, want)
	_, err = s.Row(t.Context(), "nobody")
	wantError(t, err, onboarding.ErrNotFound)
}

func testPages(t *testing.T, s Store) {
	wantEqual(t, "the list of nothing", rows(t, s, console.Query{}), []console.Row(nil))
	var want []string
	for n := range 57 { // some of the same time
		want = append(want, made(t, s, now.Add(-time.Duration(n/3)*time.Minute)))
	}
	wantEqual(t, "the list, newest first", ids(rows(t, s, console.Query{})), newestFirst(t, s, want))
	for _, limit := range []int{1, 7, 56, 57, 58} {
		all := paged(t, s, console.Query{Limit: limit}, func([]console.Row) {})
		wantEqual(t, "the pages", all, newestFirst(t, s, want))
	}
	before := newestFirst(t, s, want)
	all := paged(t, s, console.Query{Limit: 7}, func(page []console.Row) {
		made(t, s, now.Add(time.Hour))
		changed(t, s, page[0].ID, func(s *onboarding.Setup) { s.ChangedAt = now.Add(2 * time.Hour) })
		changed(t, s, page[len(page)-1].ID, func(s *onboarding.Setup) { s.ChangedAt = now.Add(3 * time.Hour) }) // the key itself
	})
	wantEqual(t, "the pages while others change", all, before)
	wantEqual(t, "a limit that is none", len(rows(t, s, console.Query{Limit: -1})), 1)
}

// newestFirst sorts ids as the list does.
func newestFirst(t *testing.T, s Store, ids []string) []string {
	t.Helper()
	var setups []onboarding.Setup
	for _, id := range ids {
		setups = append(setups, load(t, s, id))
	}
	slices.SortFunc(setups, func(a, b onboarding.Setup) int {
		if order := b.ChangedAt.Compare(a.ChangedAt); order != 0 {
			return order
		}
		if a.ID > b.ID {
			return -1
		}
		return 1
	})
	var sorted []string
	for _, setup := range setups {
		sorted = append(sorted, setup.ID)
	}
	return sorted
}

// stood stores setups of every stand, two of each, and returns their ids by stand.
func stood(t *testing.T, s Store) map[console.Stand][]string {
	t.Helper()
	all := map[console.Stand][]string{}
	for n := range 2 {
		at := now.Add(-time.Duration(n) * time.Hour)
		all[console.NotOpened] = append(all[console.NotOpened], made(t, s, at))
		all[console.InProgress] = append(all[console.InProgress], made(t, s, at.Add(-22*time.Hour), isOpened))
		all[console.Problem] = append(all[console.Problem], made(t, s, at.Add(-48*time.Hour), isRefused))
		all[console.Completed] = append(all[console.Completed], made(t, s, at, isCompleted))
		all[console.Closed] = append(all[console.Closed], made(t, s, at, isClosed, isRefused))
	}
	all[console.InProgress] = append(all[console.InProgress], made(t, s, now.Add(-24*time.Hour+1), isOpened))
	all[console.Waiting] = []string{made(t, s, now.Add(-24*time.Hour), isOpened), made(t, s, now.Add(-48*time.Hour), isOpened)}
	return all
}

func testStands(t *testing.T, s Store) {
	all := stood(t, s)
	var open []string
	for _, stand := range console.Stands() {
		found := rows(t, s, console.Query{Stand: stand})
		wantEqual(t, string(stand), ids(found), newestFirst(t, s, all[stand]))
		for _, r := range found {
			wantEqual(t, "where it stands", r.At(now), stand)
		}
		pages := paged(t, s, console.Query{Stand: stand, Limit: 1}, func([]console.Row) {})
		wantEqual(t, string(stand)+" in pages", pages, newestFirst(t, s, all[stand]))
		if stand != console.Closed {
			open = append(open, all[stand]...)
		}
	}
	wantEqual(t, "all but closed", ids(rows(t, s, console.Query{})), newestFirst(t, s, open))
	wantEqual(t, "a stand that is none", rows(t, s, console.Query{Stand: "x"}), []console.Row(nil))

	later := now.Add(24 * time.Hour) // time makes what is in progress wait
	wantEqual(t, "in progress a day later", rows(t, s, console.Query{Stand: console.InProgress, Now: later}), []console.Row(nil))
	wantEqual(t, "waiting a day later", ids(rows(t, s, console.Query{Stand: console.Waiting, Now: later})),
		newestFirst(t, s, append(all[console.InProgress], all[console.Waiting]...)))
}

func testSameTime(t *testing.T, s Store) {
	var want []string
	for range 40 {
		want = append(want, made(t, s, now))
	}
	for _, words := range []string{"", "contoso"} {
		all := paged(t, s, console.Query{Limit: 7, Words: words}, func([]console.Row) {})
		wantEqual(t, "setups of one time, words "+words, all, newestFirst(t, s, want))
	}
}

func testNoTime(t *testing.T, s Store) {
	want := []string{made(t, s, time.Time{}), made(t, s, now), made(t, s, time.Time{}), made(t, s, time.Time{}, isOpened)}
	for _, words := range []string{"", "contoso"} {
		all := paged(t, s, console.Query{Limit: 1, Words: words}, func([]console.Row) {})
		wantEqual(t, "setups without a time, words "+words, all, newestFirst(t, s, want))
	}
	wantEqual(t, "waiting", ids(rows(t, s, console.Query{Stand: console.Waiting})), want[3:])
}

func testClosed(t *testing.T, s Store) {
	id := made(t, s, now, isOpened)
	changed(t, s, id, func(s *onboarding.Setup) { s.ClosedAt = now.Add(time.Minute) })
	wantEqual(t, "when it was closed", load(t, s, id).ClosedAt, now.Add(time.Minute))
	for _, words := range []string{"", "contoso"} {
		wantEqual(t, "the list", rows(t, s, console.Query{Words: words}), []console.Row(nil))
		wantEqual(t, "the closed ones", ids(rows(t, s, console.Query{Words: words, Stand: console.Closed})), []string{id})
	}
	changed(t, s, id, func(s *onboarding.Setup) { s.ClosedAt = time.Time{} })
	wantEqual(t, "when it was closed, after it was reopened", load(t, s, id).ClosedAt, time.Time{})
	for _, words := range []string{"", "contoso"} {
		found := rows(t, s, console.Query{Words: words})
		wantEqual(t, "the list after it was reopened", ids(found), []string{id})
		wantEqual(t, "where it stands", found[0].Stand, console.InProgress)
		wantEqual(t, "the closed ones", rows(t, s, console.Query{Words: words, Stand: console.Closed}), []console.Row(nil))
	}
}

func testNotes(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	note := func(after time.Duration, text string) console.Note {
		t.Helper()
		n := console.Note{Setup: setup.ID, At: now.Add(after), Who: "person:Kari", Text: text}
		must(t, s.AddNote(t.Context(), n, event("note.added")))
		return n
	}
	second, first := note(time.Hour, "called\n<b>ÆØÅ</b> 😀"), note(0, "wrote")
	third := note(time.Hour, "called again")
	notes := func(setup string) []console.Note {
		t.Helper()
		all, err := s.Notes(t.Context(), setup)
		must(t, err)
		return all
	}
	wantEqual(t, "the notes, newest first", notes(setup.ID), []console.Note{third, second, first})
	wantEqual(t, "the events", kinds(t, s, setup.ID), []string{"note.added", "note.added", "note.added"})
	wantEqual(t, "notes of another setup", notes(other.ID), []console.Note(nil))
	wantEqual(t, "notes of no setup", notes("nobody"), []console.Note(nil))
	wantError(t, s.AddNote(t.Context(), console.Note{Setup: "nobody", At: now, Text: "x"}, event("note.added")), onboarding.ErrNotFound)
	wantEqual(t, "the setup, which no note changes", load(t, s, setup.ID), setup)
}

func testWatchers(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	watch := func(setup, id, name string, until time.Duration) console.Watcher {
		t.Helper()
		w := console.Watcher{Setup: setup, ID: id, Name: name, Until: now.Add(until)}
		must(t, s.Watch(t.Context(), w))
		return w
	}
	at := func(setup string, after time.Duration) []console.Watcher {
		t.Helper()
		all, err := s.Watchers(t.Context(), setup, now.Add(after))
		must(t, err)
		return all
	}
	ola, kari := watch(setup.ID, "1", "Ola", time.Minute), watch(setup.ID, "2", "Kari", 2*time.Minute)
	again := watch(setup.ID, "3", "Kari", 2*time.Minute)
	foreign := watch(other.ID, "1", "Per", time.Minute)
	wantEqual(t, "who watches, by name", at(setup.ID, 0), []console.Watcher{kari, again, ola})
	wantEqual(t, "who watches another setup", at(other.ID, 0), []console.Watcher{foreign})
	wantEqual(t, "who watches no setup", at("nobody", 0), []console.Watcher(nil))
	wantEqual(t, "a minute later", at(setup.ID, time.Minute), []console.Watcher{kari, again})
	ola = watch(setup.ID, "1", "Ola", 3*time.Minute)
	wantEqual(t, "after one stayed", at(setup.ID, time.Minute), []console.Watcher{kari, again, ola})
	watch(setup.ID, "2", "Kari", time.Minute)
	wantEqual(t, "after one left", at(setup.ID, time.Minute), []console.Watcher{again, ola})
	late := watch(other.ID, "9", "Lise", 48*time.Hour) // the others are forgotten by now
	wantEqual(t, "two days later", append(at(setup.ID, 47*time.Hour), at(other.ID, 47*time.Hour)...), []console.Watcher{late})
	wantError(t, s.Watch(t.Context(), console.Watcher{Setup: "nobody", ID: "1", Until: now}), onboarding.ErrNotFound)
	must(t, s.StopWatching(t.Context(), "9"))
	wantEqual(t, "after one stopped", at(other.ID, 0), []console.Watcher(nil))
}

// testUnwatched: a no, and closing, end all watching, and let none begin.
func testUnwatched(t *testing.T, s Store) {
	for name, end := range map[string]func(*onboarding.Setup){
		"not looked at": func(s *onboarding.Setup) { s.Unwatched = true },
		"closed":        func(s *onboarding.Setup) { s.ClosedAt = now },
	} {
		setup := created(t, s)
		w := console.Watcher{Setup: setup.ID, ID: "1", Name: "Ola", Until: now.Add(time.Hour)}
		must(t, s.Watch(t.Context(), w, event("watching.began")))
		end(&setup)
		saved, err := s.Save(t.Context(), onboarding.Change{Setup: setup})
		must(t, err)
		all, err := s.Watchers(t.Context(), setup.ID, now)
		must(t, err)
		wantEqual(t, name+": who watches", all, []console.Watcher(nil))
		wantError(t, s.Watch(t.Context(), w, event("watching.began")), onboarding.ErrConflict)
		wantEqual(t, name+": the events", kinds(t, s, setup.ID), []string{"watching.began"})
		row, err := s.Row(t.Context(), setup.ID)
		must(t, err)
		wantEqual(t, name+": is not told where they are", row.Step == "", saved.Unwatched)
	}
}
