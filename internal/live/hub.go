package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// lookEvery is how late a change is told that another process made, or whose poke was lost.
	lookEvery = time.Second
	// rest is how long the hub lets changes gather after it has looked: a burst costs one look.
	rest = 25 * time.Millisecond
)

// Change is the newest entry in the trail of a setup.
type Change struct {
	Setup string
	At    int64 // its place in the trail of all setups; grows
}

// Source is the trail of all setups.
type Source interface {
	// Newest is the place of the newest entry; 0 when there is none.
	Newest(ctx context.Context) (int64, error)
	// Changes lists the setups whose trail has grown after a place, each once with its newest entry, oldest first. It looks at
	// the next limit entries at most; next is the place up to which it has looked.
	Changes(ctx context.Context, after int64, limit int) (changes []Change, next int64, err error)
}

const (
	// batch is how many entries the hub reads at once.
	batch = 1000
	// reach is how far back a subscription may begin: what is older is better looked at anew.
	reach = 5000
)

// Hub tells its subscriptions what changes.
type Hub struct {
	source Source
	log    *slog.Logger
	poked  chan struct{}

	mu   sync.Mutex
	subs map[*Subscription]struct{}
	open atomic.Int32 // how many those are, for whoever must not wait for mu
	at   int64        // up to where the trail was read; only while somebody listens
	over bool
}

// New returns a Hub. It does nothing until Run.
func New(source Source, log *slog.Logger) *Hub {
	return &Hub{source: source, log: log, poked: make(chan struct{}, 1), subs: map[*Subscription]struct{}{}}
}

// Listening is how many subscriptions there are. It never waits.
func (h *Hub) Listening() int { return int(h.open.Load()) }

// Poke makes the hub look at the trail. It never waits.
func (h *Hub) Poke() {
	select {
	case h.poked <- struct{}{}:
	default:
	}
}

// Newest is the place of the newest entry in the trail: a page that is read after it knows all that came before.
func (h *Hub) Newest(ctx context.Context) (int64, error) { return h.source.Newest(ctx) }

// Run tells changes until ctx ends; then every subscription is over. Nobody who listens costs nothing.
func (h *Hub) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-h.poked:
			h.look(ctx)
			select { // let more gather
			case <-ctx.Done():
			case <-time.After(rest):
			}
		case <-tick.C:
			h.look(ctx)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	for s := range h.subs {
		s.end()
	}
}

func (h *Hub) look(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.subs) > 0 {
		changes, next, err := h.source.Changes(ctx, h.at, batch)
		if err != nil {
			if ctx.Err() == nil {
				h.log.ErrorContext(ctx, "trail not read", "error", err)
			}
			return
		}
		for s := range h.subs {
			s.add(changes, next)
		}
		full := next-h.at >= batch
		h.at = next
		if !full {
			return
		}
	}
}

// Subscription is what one listener has not heard yet. It keeps the newest change of each setup, so a slow listener costs no
// more than the setups that there are.
type Subscription struct {
	hub    *Hub
	wake   chan struct{}
	ended  chan struct{}
	mu     sync.Mutex
	waits  map[string]int64
	at     int64
	closed bool
}

// ErrTooFar says that too much has happened since a place in the trail to be told one by one.
var ErrTooFar = errors.New("too much has happened since")

// Subscribe listens to whatever happens after a place in the trail, or returns ErrTooFar; Close it. A place below 0: from now
// on.
func (h *Hub) Subscribe(ctx context.Context, after int64) (*Subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	newest, err := h.source.Newest(ctx)
	if err != nil {
		return nil, err
	}
	if after >= 0 && newest-after > reach {
		return nil, ErrTooFar
	}
	if len(h.subs) == 0 {
		h.at = newest
	}
	s := &Subscription{hub: h, wake: make(chan struct{}, 1), ended: make(chan struct{}), waits: map[string]int64{}, at: h.at}
	for after >= 0 && after < h.at { // what happened before the hub will tell
		changes, next, err := h.source.Changes(ctx, after, batch)
		if err != nil {
			return nil, err
		}
		s.add(changes, s.at)
		if next == after {
			break
		}
		after = next
	}
	if h.over {
		s.end()
		return s, nil
	}
	h.subs[s] = struct{}{}
	h.open.Store(int32(len(h.subs))) //nolint:gosec // far below
	return s, nil
}

func (s *Subscription) add(changes []Change, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = max(s.at, at)
	for _, c := range changes {
		s.waits[c.Setup] = max(s.waits[c.Setup], c.At)
	}
	if len(s.waits) > 0 {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

func (s *Subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.ended)
	}
}

// Changed is readable when Take has something to give.
func (s *Subscription) Changed() <-chan struct{} { return s.wake }

// Over is closed when there will be no more: the program stops.
func (s *Subscription) Over() <-chan struct{} { return s.ended }

// Take gives what changed since the last Take, in no order, and the place in the trail up to which that is all.
func (s *Subscription) Take() (changes []Change, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for setup, place := range s.waits {
		changes = append(changes, Change{Setup: setup, At: place})
	}
	clear(s.waits)
	return changes, s.at
}

// Close ends listening.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	delete(s.hub.subs, s)
	s.hub.open.Store(int32(len(s.hub.subs))) //nolint:gosec // far below
	s.hub.mu.Unlock()
	s.end()
}
