package work

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
)

const (
	// Patience is how long a request waits for the work it began before it answers "under way".
	Patience = 800 * time.Millisecond
	// Limit ends one piece of work; every upstream call inside has a shorter deadline of its own.
	Limit = 60 * time.Second
)

// Group is the work of one service. Close it to let what is under way finish.
type Group struct {
	log *slog.Logger

	mu      sync.Mutex
	running map[string]chan struct{} // by name; closed when the work has ended
	wait    sync.WaitGroup
	ctx     context.Context // ends all work
	stop    context.CancelFunc
}

// New returns a Group that logs crashes.
func New(log *slog.Logger) *Group {
	ctx, stop := context.WithCancel(context.Background())
	return &Group{log: log, running: map[string]chan struct{}{}, ctx: ctx, stop: stop}
}

// Close waits until the work under way has ended, at most until ctx ends; then it is cut off.
func (g *Group) Close(ctx context.Context) {
	done := make(chan struct{})
	go func() { g.wait.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	g.stop()
	<-done
}

// Do begins the work, or joins the one of that name that is under way, and waits for it: at most Patience, and no longer
// than ctx. The work goes on when the wait or the request ends. It fails with service.stopping, of kind Unavailable, when
// the group was closed.
func (g *Group) Do(ctx context.Context, name string, work func(ctx context.Context)) error {
	g.mu.Lock()
	done, joined := g.running[name]
	if !joined {
		if g.ctx.Err() != nil {
			g.mu.Unlock()
			return fault.New(fault.Unavailable, "service.stopping", nil)
		}
		done = make(chan struct{})
		g.running[name] = done
		g.wait.Add(1)
	}
	g.mu.Unlock()
	if !joined {
		go g.work(ctx, name, done, work)
	}
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	case <-ctx.Done():
	}
	return nil
}

// work runs under the group's own end, and with the values of the request that began it: what it logs can be told apart.
func (g *Group) work(ctx context.Context, name string, done chan struct{}, work func(ctx context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Limit)
	cut := context.AfterFunc(g.ctx, cancel)
	defer func() {
		cut()
		cancel()
		g.mu.Lock()
		delete(g.running, name)
		g.mu.Unlock()
		close(done)
		g.wait.Done()
	}()
	defer func() {
		if crash := recover(); crash != nil { // what was intended is stored, and the next attempt settles it
			g.log.ErrorContext(ctx, "work crashed", "work", name, "panic", fmt.Sprintf("%T", crash), "stack", string(debug.Stack()))
		}
	}()
	work(ctx)
}

// Running is how much work is under way.
func (g *Group) Running() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.running)
}

// Runs reports whether work of that name is under way.
func (g *Group) Runs(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, running := g.running[name]
	return running
}

// Await returns when no work of that name, or of one that begins with it and a slash, is under way.
func (g *Group) Await(name string) {
	for {
		var done chan struct{}
		g.mu.Lock()
		for each, running := range g.running {
			if each == name || strings.HasPrefix(each, name+"/") {
				done = running
			}
		}
		g.mu.Unlock()
		if done == nil {
			return
		}
		<-done
	}
}
