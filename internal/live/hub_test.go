package live_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aritma/entra-onboard/internal/live"
)

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
