package console

import (
	"context"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

// Store is what a database does for the console. Every method is atomic, safe for concurrent use, and durable when it
// returns nil. Reading costs about the same for a thousand setups and for a hundred thousand.
type Store interface {
	// Rows lists setups in the order of Key.
	Rows(ctx context.Context, q Query) ([]Row, error)
	// Row returns one of them, or onboarding.ErrNotFound.
	Row(ctx context.Context, id string) (Row, error)
	// RowsOf returns those of the ids that there are, in no order.
	RowsOf(ctx context.Context, ids []string) ([]Row, error)
	// AddNote keeps a note; onboarding.ErrNotFound when the setup is not there.
	AddNote(ctx context.Context, n Note, events ...onboarding.Event) error
	// Notes lists the notes of a setup, newest first.
	Notes(ctx context.Context, setup string) ([]Note, error)
	// Figures counts.
	Figures(ctx context.Context, now time.Time) (Figures, error)
	// Watch notes until when somebody of customer success looks at a setup; the same watcher again moves the time.
	// onboarding.ErrNotFound when the setup is not there; onboarding.ErrConflict when it is closed, or the customer does not want
	// to be looked at. Either ends all watching of it.
	Watch(ctx context.Context, w Watcher, events ...onboarding.Event) error
	// StopWatching ends it for whatever a watcher looks at.
	StopWatching(ctx context.Context, id string) error
	// Watchers lists who looks at a setup at a time, by name.
	Watchers(ctx context.Context, setup string, now time.Time) ([]Watcher, error)
}

// Watcher is somebody of customer success who looks at a setup while the customer works in it.
type Watcher struct {
	Setup string
	ID    string // of the browser session, without telling how to enter it
	Name  string
	Until time.Time
}
