package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
)

const (
	// readyFor is how long an answer about the database is given again: however often /readyz is asked, the database is asked
	// once in that time.
	readyFor = time.Second
	// readyTimeout is how long the database may take. Probes commonly wait no longer.
	readyTimeout = 2 * time.Second
)

// Reasons not to be ready, as /readyz says them. They are sentences of their own, so that nothing of an address or a cause is
// in them; the cause is in the log.
const (
	reasonStopping = "shutting down"
	reasonDatabase = "the database cannot be read"
	reasonKeys     = "ONBOARD_SEALING_KEYS are not the keys of this database"
)

// readiness knows why the service cannot serve. A schema that is newer than the program is no reason: while replicas are
// brought up to date one by one, the old ones go on serving.
type readiness struct {
	check    func(ctx context.Context) error // reads what is sealed in the database
	locked   bool                            // as it was found at start, for as long as the process runs
	log      *slog.Logger
	now      func() time.Time
	stopping atomic.Bool

	mu    sync.Mutex // whoever asks while the database is being asked waits for the same answer
	asked time.Time
	found []string
}

// newReadiness reads the database by its proof of the sealing keys.
func (s *service) newReadiness() *readiness {
	check := func(ctx context.Context) error {
		if err := s.store.Ping(ctx); err != nil {
			return err
		}
		return s.onboarding.CheckKeys(ctx)
	}
	return &readiness{check: check, locked: s.locked, log: s.log, now: time.Now}
}

// reasons lists why the service cannot serve; none: it can.
func (r *readiness) reasons(ctx context.Context) []string {
	var all []string
	if r.stopping.Load() { // never a kept answer
		all = append(all, reasonStopping)
	}
	return append(all, r.ofDatabase(ctx)...)
}

func (r *readiness) ofDatabase(ctx context.Context) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.asked.IsZero() || now.Sub(r.asked) >= readyFor {
		found := r.ask(context.WithoutCancel(ctx)) // others get the answer, too
		r.asked, r.found = r.now(), found
	}
	return r.found
}

// ask asks the database, and logs when the answer is another one than before.
func (r *readiness) ask(ctx context.Context) (found []string) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	err := r.check(ctx)
	switch {
	case errors.Is(err, seal.ErrOpen), errors.Is(err, onboarding.ErrNotFound): // every program that serves has sealed a proof
		found = []string{reasonKeys}
	case err != nil:
		found = []string{reasonDatabase}
	case r.locked:
		found = []string{reasonKeys}
	}
	switch {
	case slices.Equal(found, r.found):
	case len(found) == 0:
		r.log.InfoContext(ctx, "ready again")
	default:
		r.log.WarnContext(ctx, "not ready", "reason", strings.Join(found, ", "), "error", err)
	}
	return found
}
