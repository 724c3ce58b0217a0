package sandbox

import (
	"context"
	"sort"
	"sync"
	"time"
)

// UntilCleared as the number of times keeps a switch set until Clear.
const UntilCleared = -1

// HoldLimit is the longest that a slow switch holds a request; then the request goes on as if released.
const HoldLimit = 30 * time.Second

// Active is a switch that is set.
type Active struct {
	Switch    Switch
	Operation string // method and path template it is limited to; empty: every request it matches
	Left      int    // requests still to come, or UntilCleared
}

// Faults are the fault switches of one sandbox. All methods may be called from several goroutines.
type Faults struct {
	mu      sync.Mutex
	set     map[Switch]Active
	held    int
	release chan struct{} // closed and replaced by Release
	changed chan struct{} // closed and replaced whenever held changes
}

func newFaults() *Faults {
	return &Faults{set: map[Switch]Active{}, release: make(chan struct{}), changed: make(chan struct{})}
}

// Set puts a switch on for the next so many requests that it matches, or UntilCleared. Zero times clears it.
func (f *Faults) Set(sw Switch, times int) { f.SetOn(sw, "", times) }

// SetOn is Set for one operation alone, named as in Snapshot.Requests, for example "POST /core/iam/v1/scim".
// A switch is set once: the later call replaces the earlier.
func (f *Faults) SetOn(sw Switch, operation string, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if times == 0 {
		delete(f.set, sw)
		return
	}
	f.set[sw] = Active{Switch: sw, Operation: operation, Left: max(times, UntilCleared)}
}

// Clear puts a switch off.
func (f *Faults) Clear(sw Switch) { f.Set(sw, 0) }

// ClearAll puts every switch off and releases what is held.
func (f *Faults) ClearAll() {
	f.mu.Lock()
	clear(f.set)
	f.mu.Unlock()
	f.Release()
}

// Active lists the switches that are set, sorted by name.
func (f *Faults) Active() []Active {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Active, 0, len(f.set))
	for _, a := range f.set {
		list = append(list, a)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Switch < list[j].Switch })
	return list
}

// Release lets every request go on that a slow switch holds at this moment.
func (f *Faults) Release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.release)
	f.release = make(chan struct{})
}

// Held is how many requests are held.
func (f *Faults) Held() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.held
}

// AwaitHeld returns once at least n requests are held, or with ctx's error.
func (f *Faults) AwaitHeld(ctx context.Context, n int) error {
	for {
		f.mu.Lock()
		held, changed := f.held, f.changed
		f.mu.Unlock()
		if held >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take reports whether sw is on for a request to this operation, and counts the request.
func (f *Faults) take(sw Switch, operation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, on := f.set[sw]
	if !on || (a.Operation != "" && a.Operation != operation) {
		return false
	}
	if a.Left > 0 {
		a.Left--
		f.set[sw] = a
	}
	if a.Left == 0 {
		delete(f.set, sw)
	}
	return true
}

// hold waits for Release, at most HoldLimit. It reports false when ctx ended first: the client is gone or the
// sandbox is closing.
func (f *Faults) hold(ctx context.Context) bool {
	f.mu.Lock()
	release := f.release
	f.countHeld(+1)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.countHeld(-1)
	}()
	limit := time.NewTimer(HoldLimit)
	defer limit.Stop()
	select {
	case <-release:
		return true
	case <-limit.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// countHeld must be called with mu held.
func (f *Faults) countHeld(by int) {
	f.held += by
	close(f.changed)
	f.changed = make(chan struct{})
}
