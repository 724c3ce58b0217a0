package live_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"strconv"
	"strings"
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

func TestEverySubscriptionIsToldOfEverySetupOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		h.trail.write("old", "old")
		first, second := h.subscribe(-1), h.subscribe(-1)
		defer first.Close()
		h.trail.write("a", "b", "a", "c", "a")
		h.Poke()
		want := map[string]int64{"a": 7, "b": 4, "c": 6}
		h.told(first, want, 7)
		h.told(second, want, 7)
		h.untold(first)
		second.Close()
		second.Close()
		time.Sleep(tick)
		h.trail.write("b")
		h.Poke()
		h.told(first, map[string]int64{"b": 8}, 8)
		h.untold(second)
	})
}

func TestSlowSubscriptionKeepsOneEntryOfEachSetup(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		slow := h.subscribe(-1)
		defer slow.Close()
		for n := range 300 {
			h.trail.write("a", "b"+strconv.Itoa(n%3))
			h.Poke()
			time.Sleep(100 * time.Millisecond)
		}
		h.told(slow, map[string]int64{"a": 599, "b0": 596, "b1": 598, "b2": 600}, 600)
	})
}

func TestPokesComeTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		sub := h.subscribe(-1)
		defer sub.Close()
		synctest.Wait()
		const pokes = 1000
		for range pokes { // within a fifth of a second
			h.trail.write("a")
			h.Poke()
			time.Sleep(200 * time.Microsecond)
		}
		if asked := h.trail.askedFor(); asked > 12 {
			t.Errorf("%d pokes within 200 ms had the trail read %d times", pokes, asked)
		}
		time.Sleep(50 * time.Millisecond) // less than a tick: the last poke is not forgotten
		h.told(sub, map[string]int64{"a": pokes}, pokes)
	})
}

func TestChangeOfAnotherProcessIsToldWithinATick(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		sub := h.subscribe(-1)
		defer sub.Close()
		for range 3 {
			at := h.trail.write("a")
			h.untold(sub)
			time.Sleep(tick)
			h.told(sub, map[string]int64{"a": at}, at)
		}
	})
}

func TestFirstChangeIsToldAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		sub := h.subscribe(-1)
		defer sub.Close()
		began := time.Now()
		h.trail.write("a")
		h.Poke()
		<-sub.Changed()
		if late := time.Since(began); late > 0 {
			t.Errorf("a change that somebody poked for waited %v", late)
		}
	})
}

func TestSubscribeTellsWhatWasMissed(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		h.trail.write("a", "b", "a", "c")
		alone := h.subscribe(1)
		defer alone.Close()
		h.told(alone, map[string]int64{"a": 3, "b": 2, "c": 4}, 4)
		h.trail.write("d") // the hub has not looked: it knows 4
		beside := h.subscribe(3)
		defer beside.Close()
		h.told(beside, map[string]int64{"c": 4, "d": 5}, 4)
		time.Sleep(tick)
		h.told(alone, map[string]int64{"d": 5}, 5)
		h.told(beside, map[string]int64{"d": 5}, 5) // twice is fine, never is not
		now := h.subscribe(5)
		defer now.Close()
		h.untold(now)
		ahead := h.subscribe(99) // of a database that was put back
		defer ahead.Close()
		h.untold(ahead)
		at := h.trail.write("e")
		h.Poke()
		h.told(ahead, map[string]int64{"e": at}, at)
	})
}

// What happened between the reading of a page and its subscription lies between two looks of the hub, too.
func TestNothingIsLostBetweenPageAndSubscription(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		for n := range 50 {
			h.trail.write("other")
			page, err := h.Newest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			at := h.trail.write("a")
			if n%2 == 0 {
				h.Poke()
				synctest.Wait()
			}
			sub := h.subscribe(page)
			time.Sleep(tick)
			h.told(sub, map[string]int64{"a": at}, at)
			sub.Close()
		}
	})
}

func TestSubscribeTooFarBack(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		entries := make([]string, 6000)
		for n := range entries {
			entries[n] = "s" + strconv.Itoa(n%700)
		}
		newest := h.trail.write(entries...)
		if sub, err := h.Subscribe(t.Context(), newest-5001); !errors.Is(err, live.ErrTooFar) {
			t.Errorf("subscribed %v, %v; want ErrTooFar", sub, err)
		}
		if asked := h.trail.askedFor(); asked != 0 {
			t.Errorf("the trail was read %d times for a place that is too far back", asked)
		}
		sub := h.subscribe(newest - 5000)
		defer sub.Close()
		synctest.Wait()
		changes, at := sub.Take()
		if len(changes) != 700 || at != newest {
			t.Errorf("%d setups up to %d, want 700 up to %d", len(changes), at, newest)
		}
	})
}

// TestManyChangesAtOnce: more than the hub reads at once are all told by one poke.
func TestManyChangesAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		sub := h.subscribe(-1)
		defer sub.Close()
		want := map[string]int64{}
		for n := range 3500 {
			setup := "s" + strconv.Itoa(n)
			want[setup] = h.trail.write(setup)
		}
		h.Poke()
		h.told(sub, want, 3500)
		if h.trail.most > 1000 {
			t.Errorf("%d entries were read at once", h.trail.most)
		}
	})
}

func TestEndOfRunEndsSubscriptions(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		before := h.subscribe(-1)
		select {
		case <-before.Over():
			t.Fatal("over while the hub runs")
		default:
		}
		h.stop()
		<-before.Over()
		before.Close()
		later := h.subscribe(-1)
		<-later.Over()
		later.Close()
		h.Poke()
		h.Poke() // nobody reads pokes any more: they must not wait
	})
}

func TestTrailThatCannotBeReadIsReadAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		sub := h.subscribe(-1)
		defer sub.Close()
		h.trail.goAway(true)
		if _, err := h.Subscribe(t.Context(), -1); !errors.Is(err, errAway) {
			t.Errorf("subscribed with %v while the trail is away", err)
		}
		at := h.trail.write("a", "b")
		h.Poke()
		h.untold(sub)
		time.Sleep(2 * tick)
		h.untold(sub)
		if said := h.log.String(); strings.Count(said, "trail not read") < 2 || !strings.Contains(said, errAway.Error()) {
			t.Errorf("the log says %q", said)
		}
		h.trail.goAway(false)
		time.Sleep(tick)
		h.told(sub, map[string]int64{"a": 1, "b": 2}, at)
	})
}

func TestNobodyWhoListensCostsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, h *running) {
		for range 50 {
			h.trail.write("a")
			h.Poke()
			time.Sleep(tick)
		}
		sub := h.subscribe(-1)
		sub.Close()
		time.Sleep(10 * tick)
		if asked := h.trail.askedFor(); asked != 0 {
			t.Errorf("the trail was read %d times for nobody", asked)
		}
	})
}

// TestSubscriptionsComeAndGo while the trail grows, with real time and the race detector: each hears of what happened after
// it came, whatever the others do.
func TestSubscriptionsComeAndGo(t *testing.T) {
	source := &trail{}
	hub := live.New(source, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var all, writer sync.WaitGroup
	all.Go(func() { hub.Run(ctx) })
	done := make(chan struct{})
	writer.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
				source.write("s" + strconv.Itoa(n%5))
				hub.Poke()
			}
		}
	})
	var listeners sync.WaitGroup
	for range 16 {
		listeners.Go(func() {
			for range 20 {
				sub, err := hub.Subscribe(ctx, -1)
				if err != nil {
					t.Error(err)
					return
				}
				<-sub.Changed()
				if changes, at := sub.Take(); len(changes) == 0 || at == 0 {
					t.Errorf("told %v up to %d", changes, at)
				}
				listeners.Go(sub.Close) // while the hub may be adding to it
				sub.Close()
			}
		})
	}
	listeners.Wait()
	close(done)
	writer.Wait()
	open, err := hub.Subscribe(ctx, -1)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-open.Over()
	open.Close()
	all.Wait()
}
