package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
)

func figures(t *testing.T, s Store, at time.Time) console.Figures {
	t.Helper()
	f, err := s.Figures(t.Context(), at)
	must(t, err)
	return f
}

// atDirectory submits steps until the directory is the open one.
func atDirectory(s *onboarding.Setup) {
	s.State.Marks[wizard.Application] = wizard.Mark{At: now, Revision: 1}
}

func testFigures(t *testing.T, s Store) {
	wantEqual(t, "figures of nothing", figures(t, s, now), console.Figures{})
	all := stood(t, s)
	made(t, s, now, isOpened, atDirectory)
	want := console.Figures{
		Stands: map[console.Stand]int{
			console.NotOpened: 2, console.InProgress: 4, console.Waiting: 2, console.Problem: 2, console.Completed: 2, console.Closed: 2,
		},
		Steps: map[wizard.Step]int{wizard.Application: 9, wizard.Directory: 1},
	}
	got := figures(t, s, now)
	wantEqual(t, "stands", got.Stands, want.Stands)
	wantEqual(t, "steps", got.Steps, want.Steps)
	changed(t, s, all[console.NotOpened][0], func(s *onboarding.Setup) { isOpened(s); atDirectory(s) })
	changed(t, s, all[console.Closed][0], func(s *onboarding.Setup) { s.ClosedAt = time.Time{} })
	changed(t, s, all[console.Problem][0], func(s *onboarding.Setup) { s.ClosedAt = now })
	changed(t, s, all[console.Problem][1], func(s *onboarding.Setup) { s.State.Token.Problem = nil })
	want.Stands = map[console.Stand]int{
		console.NotOpened: 1, console.InProgress: 5, console.Waiting: 3, console.Problem: 1, console.Completed: 2, console.Closed: 2,
	}
	got = figures(t, s, now)
	wantEqual(t, "stands after changes", got.Stands, want.Stands)
	wantEqual(t, "steps after changes", got.Steps, map[wizard.Step]int{wizard.Application: 8, wizard.Directory: 2})
	want.Stands[console.Waiting] = 8
	delete(want.Stands, console.InProgress)
	wantEqual(t, "stands a day later", figures(t, s, now.Add(24*time.Hour)).Stands, want.Stands)
}

func testFiguresCap(t *testing.T, s Store) {
	for range console.MaxCount {
		made(t, s, now, isOpened)
	}
	made(t, s, now.Add(-48*time.Hour), isOpened)
	got := figures(t, s, now)
	wantEqual(t, "stands at the cap", got.Stands, map[console.Stand]int{console.InProgress: console.MaxCount, console.Waiting: 1})
	wantEqual(t, "steps at the cap", got.Steps, map[wizard.Step]int{wizard.Application: console.MaxCount})
	made(t, s, now, isOpened)
	got = figures(t, s, now)
	wantEqual(t, "stands above the cap", got.Stands, map[console.Stand]int{console.InProgress: console.MaxCount, console.Waiting: 1})
	wantEqual(t, "stands a day later", figures(t, s, now.Add(24*time.Hour)).Stands, map[console.Stand]int{console.Waiting: console.MaxCount})
}

func testMedian(t *testing.T, s Store) {
	after := func(took time.Duration) func(*onboarding.Setup) {
		return func(s *onboarding.Setup) { s.CompletedAt, s.OpenedAt = s.ChangedAt, s.ChangedAt.Add(-took) }
	}
	want := func(median time.Duration, of int) {
		t.Helper()
		f := figures(t, s, now)
		wantEqual(t, "the median", f.Median, median)
		wantEqual(t, "of", f.Of, of)
	}
	made(t, s, now, isOpened)
	want(0, 0)
	made(t, s, now.Add(-time.Minute), after(5*time.Hour))
	want(5*time.Hour, 1)
	made(t, s, now.Add(-time.Minute), after(time.Hour))
	want(3*time.Hour, 2)
	made(t, s, now.Add(-time.Minute), after(2*time.Hour), func(s *onboarding.Setup) { s.ClosedAt = now })
	want(2*time.Hour, 3)
	made(t, s, now, func(s *onboarding.Setup) { s.CompletedAt = now }) // never opened
	want(2*time.Hour, 3)
	for n := range console.MedianOf { // newer ones put the others out
		made(t, s, now.Add(time.Duration(n)*time.Second), after(10*time.Minute))
	}
	want(10*time.Minute, console.MedianOf)
}

func testProblems(t *testing.T, s Store) {
	setup := created(t, s)
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	failed := func(at time.Time, kind string, detail map[string]string) {
		t.Helper()
		must(t, s.AddNote(t.Context(), console.Note{Setup: setup.ID, At: at}, onboarding.Event{At: at, Kind: kind, Detail: detail}))
	}
	problem := func(id string) map[string]string { return map[string]string{"problem": id, "reference": "7F3A"} }
	failed(first.Add(-1), "token.failed", problem("of.october"))
	failed(first, "token.failed", problem("b"))
	failed(first.Add(30*24*time.Hour-1), "register.failed", problem("b"))
	failed(first.Add(30*24*time.Hour), "token.failed", problem("of.december"))
	failed(first.Add(time.Hour).In(time.FixedZone("east", 2*3600)), "token.failed", problem("a")) // the month of UTC counts
	failed(now, "secret.checked", problem("c"))                                                   // of whatever kind the entry is
	failed(now, "signin.tested", map[string]string{"outcome": "good"})
	failed(now, "token.failed", nil)
	failed(now, "token.failed", map[string]string{"reference": "7F3A"})
	failed(now, "token.failed", problem(""))
	failed(time.Time{}, "token.failed", problem("without a time"))
	wantEqual(t, "problems of November", figures(t, s, now).Problems, []console.Count{{ID: "b", N: 2}, {ID: "a", N: 1}, {ID: "c", N: 1}})
	wantEqual(t, "problems of October", figures(t, s, first.Add(-1)).Problems, []console.Count{{ID: "of.october", N: 1}})
	december := first.Add(30 * 24 * time.Hour)
	wantEqual(t, "problems of December", figures(t, s, december.In(time.FixedZone("west", -3600))).Problems, []console.Count{{ID: "of.december", N: 1}})
	wantEqual(t, "problems of a later year", figures(t, s, now.AddDate(1, 0, 0)).Problems, []console.Count(nil))

	refused := load(t, s, setup.ID)
	refused.Version++
	_, err := s.Save(t.Context(), onboarding.Change{Setup: refused, Events: []onboarding.Event{{At: now, Kind: "token.failed", Detail: problem("refused")}}})
	wantError(t, err, onboarding.ErrConflict)
	var want []console.Count
	for n := range 12 {
		for range 20 - n {
			failed(now, "register.failed", problem(fmt.Sprintf("problem.%02d", n)))
		}
		if n < 10 {
			want = append(want, console.Count{ID: fmt.Sprintf("problem.%02d", n), N: 20 - n})
		}
	}
	wantEqual(t, "the ten most frequent", figures(t, s, now).Problems, want)
}
