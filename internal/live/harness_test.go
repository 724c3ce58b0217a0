package live_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/aritma/entra-onboard/internal/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tick is how late a change may be told that nobody poked for.
const tick = time.Second

var errAway = errors.New("the database is away")

// trail is a Source that the test writes; the place of an entry is its number.
type trail struct {
	mu      sync.Mutex
	entries []string // setups
	away    bool
	asked   int // how often Changes was
	most    int // the highest limit that was asked for
}

// write adds an entry of each setup.
func (s *trail) write(setups ...string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, setups...)
	return int64(len(s.entries))
}

func (s *trail) goAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *trail) askedFor() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *trail) Newest(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return 0, errAway
	}
	return int64(len(s.entries)), nil
}

func (s *trail) Changes(_ context.Context, after int64, limit int) ([]live.Change, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.most = s.asked+1, max(s.most, limit)
	if s.away {
		return nil, 0, errAway
	}
	next := min(after+int64(limit), int64(len(s.entries)))
	newest := map[string]int64{}
	for at := after; at < next; at++ {
		newest[s.entries[at]] = at + 1
	}
	var changes []live.Change
	for at := after; at < next; at++ {
		if setup := s.entries[at]; newest[setup] == at+1 {
			changes = append(changes, live.Change{Setup: setup, At: at + 1})
		}
	}
	return changes, max(next, after), nil
}

// running is a hub that runs until the test ends, in a bubble whose clock the test moves.
type running struct {
	*live.Hub
	t     *testing.T
	trail *trail
	log   *bytes.Buffer // read it only when everything rests
	stop  func()        // and wait
}

func inBubble(t *testing.T, test func(t *testing.T, h *running)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &running{t: t, trail: &trail{}, log: &bytes.Buffer{}}
		h.Hub = live.New(h.trail, slog.New(slog.NewTextHandler(h.log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); h.Run(ctx) }()
		h.stop = func() { cancel(); <-ended }
		defer h.stop()
		test(t, h)
	})
}

func (h *running) subscribe(after int64) *live.Subscription {
	h.t.Helper()
	sub, err := h.Subscribe(h.t.Context(), after)
	if err != nil {
		h.t.Fatal(err)
	}
	return sub
}

// told demands that a subscription has something to say at once, and what that is.
func (h *running) told(sub *live.Subscription, want map[string]int64, place int64) {
	h.t.Helper()
	synctest.Wait()
	select {
	case <-sub.Changed():
	default:
		h.t.Errorf("nothing is told, want %v", want)
		return
	}
	changes, at := sub.Take()
	got := map[string]int64{}
	for _, c := range changes {
		if _, twice := got[c.Setup]; twice {
			h.t.Errorf("%s is told twice", c.Setup)
		}
		got[c.Setup] = c.At
	}
	if !maps.Equal(got, want) || at != place {
		h.t.Errorf("told %v up to %d, want %v up to %d", got, at, want, place)
	}
}

func (h *running) untold(sub *live.Subscription) {
	h.t.Helper()
	synctest.Wait()
	select {
	case <-sub.Changed():
		changes, _ := sub.Take()
		h.t.Errorf("told %v, want nothing", changes)
	default:
	}
}
