package metrics

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/aritma/entra-onboard/internal/store"
)

const (
	// stockFor is how long what the database said is told again, however many ask.
	stockFor = 10 * time.Second
	// stockTimeout is how long it may take; a scrape commonly waits ten seconds.
	stockTimeout = 2 * time.Second
)

// Now is what is asked at each scrape: how things stand at that moment.
type Now struct {
	// Ready reports whether the service can serve.
	Ready func(ctx context.Context) bool
	// Streams are live pages that are being told, Work is outside work under way.
	Streams, Work func() int
	// Stock counts what there is in the database.
	Stock func(ctx context.Context, now time.Time) (store.Stock, error)
}

// How things stand, with labels.
var (
	isReady = family{"onboard_ready", nil}
	streams = family{"onboard_streams_open", nil}
	working = family{"onboard_work_running", nil}

	setups   = family{"onboard_setups", []string{"stand", "step"}}
	sessions = family{"onboard_sessions", nil}
	messages = family{"onboard_webhook_messages", []string{"state"}}
)

// writeNow writes how things stand. While the database cannot be read nothing of what is in it is told: a figure of before would
// be taken for one of now.
func (m *Metrics) writeNow(ctx context.Context, to *bytes.Buffer, n Now) {
	last := ""
	gauge := func(value int, f family, labels ...string) {
		if f.name != last { // once for all its series
			vm.WriteMetadataIfNeeded(to, f.name, "gauge")
		}
		last = f.name
		fmt.Fprintf(to, "%s %d\n", f.series(labels...), value)
	}
	ready := 0
	if n.Ready(ctx) {
		ready = 1
	}
	gauge(ready, isReady)
	gauge(n.Streams(), streams)
	gauge(n.Work(), working)
	found, err := m.stock.read(ctx, time.Now(), n.Stock)
	if err != nil {
		return
	}
	for _, c := range found.Setups {
		gauge(c.N, setups, c.Stand, c.Step)
	}
	gauge(found.Sessions, sessions)
	gauge(found.Waiting, messages, "waiting")
	gauge(found.GivenUp, messages, "given_up")
}

// stock keeps what there is in the database for a while.
type stock struct {
	mu    sync.Mutex
	asked time.Time
	last  store.Stock
	err   error
}

func (s *stock) read(ctx context.Context, now time.Time, ask func(context.Context, time.Time) (store.Stock, error)) (store.Stock, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked.IsZero() || now.Sub(s.asked) >= stockFor {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stockTimeout) // others get the answer, too
		defer cancel()
		s.last, s.err = ask(ctx, now)
		s.asked = now
	}
	return s.last, s.err
}
