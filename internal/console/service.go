package console

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

const (
	// WatchingFor is how long somebody looks at a setup before they have to say again that they do: longer than a call.
	WatchingFor = 90 * time.Minute
	// MaxNote is how many characters a note has at most.
	MaxNote = 2000
)

// Setups is what the console reads of setups, beside its own Store.
type Setups interface {
	Setup(ctx context.Context, id string) (onboarding.Setup, error)
	Links(ctx context.Context, setup string) ([]onboarding.Link, error)
	Trail(ctx context.Context, id string) ([]onboarding.Event, error)
}

// Service answers customer success.
type Service struct {
	store  Store
	setups Setups
	now    func() time.Time
}

// New returns a Service.
func New(store Store, setups Setups, now func() time.Time) *Service {
	return &Service{store: store, setups: setups, now: now}
}

// Rows lists a page of setups, and reports whether there are more.
func (s *Service) Rows(ctx context.Context, q Query) (rows []Row, more bool, err error) {
	q.Now = s.now()
	limit := q.Limit
	q.Limit++
	if rows, err = s.store.Rows(ctx, q); err != nil {
		return nil, false, err
	}
	if more = len(rows) > limit; more {
		rows = rows[:limit]
	}
	for i := range rows {
		rows[i] = rows[i].told(q.Now)
	}
	return rows, more, nil
}

// RowsOf returns those of the ids that there are, in no order.
func (s *Service) RowsOf(ctx context.Context, ids []string) ([]Row, error) {
	rows, err := s.store.RowsOf(ctx, ids)
	for i := range rows {
		rows[i] = rows[i].told(s.now())
	}
	return rows, err
}

// Figures counts.
func (s *Service) Figures(ctx context.Context) (Figures, error) { return s.store.Figures(ctx, s.now()) }

// Note keeps what somebody wrote down. Faults: NotFound; Invalid when it is empty or too long.
func (s *Service) Note(ctx context.Context, setup string, actor onboarding.Actor, name, text string) error {
	switch n := len([]rune(text)); {
	case n == 0:
		return fault.New(fault.Invalid, "console.note.missing", nil)
	case n > MaxNote:
		return fault.New(fault.Invalid, "console.note.long", fault.Data{"Length": n, "Max": MaxNote})
	case looksSecret(text):
		return fault.New(fault.Invalid, "console.note.secret", nil)
	}
	now := s.now().UTC()
	return known(s.store.AddNote(ctx, Note{Setup: setup, At: now, Who: name, Text: text}, event(setup, now, actor, "note.added")))
}

// ErrUnwatched says that the customer does not want to be looked at.
var ErrUnwatched = fault.New(fault.Forbidden, "console.unwatched", nil)

// Watch begins to look at a setup: the customer is told from now on. Watching twice prolongs it. ErrUnwatched when the
// customer has said no, and a fault of kind Conflict when the setup is closed.
func (s *Service) Watch(ctx context.Context, setup, watcher, name string, actor onboarding.Actor) error {
	now := s.now().UTC()
	w := Watcher{Setup: setup, ID: watcher, Name: name, Until: now.Add(WatchingFor)}
	err := s.store.Watch(ctx, w, event(setup, now, actor, "watching.began"))
	if !errors.Is(err, onboarding.ErrConflict) {
		return known(err)
	}
	if row, err := s.store.Row(ctx, setup); err != nil || row.Stand == Closed {
		return errors.Join(errClosed, err)
	}
	return ErrUnwatched
}

// StopWatching ends it for whatever the watcher looks at.
func (s *Service) StopWatching(ctx context.Context, watcher string) error {
	return s.store.StopWatching(ctx, watcher)
}

// Watchers lists who looks at a setup now, each person once.
func (s *Service) Watchers(ctx context.Context, setup string) ([]Watcher, error) {
	all, err := s.store.Watchers(ctx, setup, s.now())
	var each []Watcher
	for _, w := range all { // by name
		if len(each) == 0 || each[len(each)-1].Name != w.Name {
			each = append(each, w)
		}
	}
	return each, err
}

// Watching is until when a watcher looks at a setup; zero: not now.
func (s *Service) Watching(ctx context.Context, setup, watcher string) (time.Time, error) {
	all, err := s.store.Watchers(ctx, setup, s.now())
	for _, w := range all {
		if w.ID == watcher {
			return w.Until, nil
		}
	}
	return time.Time{}, err
}

// Trail is the audit trail of a setup, oldest first: without what the customer does while they do not want to be looked at.
func (s *Service) Trail(ctx context.Context, setup string) ([]onboarding.Event, error) {
	row, err := s.store.Row(ctx, setup)
	if err != nil {
		return nil, known(err)
	}
	events, err := s.setups.Trail(ctx, setup)
	if err != nil {
		return nil, err
	}
	if row.Unwatched {
		events = watched(events)
	}
	told := make([]onboarding.Event, 0, len(events))
	for _, e := range events {
		e.Detail = maps.Clone(e.Detail)
		maps.DeleteFunc(e.Detail, func(name, _ string) bool { return !slices.Contains(plainDetail, name) })
		told = append(told, e)
	}
	return told, nil
}

// plainDetail are the facts in the trail that nobody entered.
var plainDetail = []string{"reference", "problem", "outcome", "label", "link", "expires", "replaces", "page", "match"}

func event(setup string, at time.Time, actor onboarding.Actor, kind string) onboarding.Event {
	return onboarding.Event{Setup: setup, At: at, Actor: actor.Who, From: actor.From, Kind: kind}
}

// known gives what the store says of a setup that is not there its sentence.
func known(err error) error {
	if errors.Is(err, onboarding.ErrNotFound) {
		return fault.Wrap(err, fault.NotFound, "console.unknown", nil)
	}
	return err
}
