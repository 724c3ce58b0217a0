package console

import (
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/wizard"
)

// MaxProblems is how many problems of a month are listed.
const MaxProblems = 10

// Tally is how many setups stand somewhere, with a step open.
type Tally struct {
	Stand Stand
	Step  wizard.Step
	N     int
}

// Counted is what an engine counts, for figures to be made of it.
type Counted struct {
	Setups []Tally
	// Busy is how many setups in progress changed of late, counted to MaxCount; Idle how many did not, counted to MaxCount, and
	// only when Busy got that far.
	Busy, Idle int
	Took       []time.Duration // of the newest MedianOf completed setups, from opened to completed
	Problems   []Count         // most frequent first
}

// Figures makes figures of what was counted.
func (c Counted) Figures() Figures {
	f := Figures{Stands: map[Stand]int{}, Steps: map[wizard.Step]int{}, Problems: c.Problems}
	for _, t := range c.Setups {
		f.Stands[t.Stand] += t.N
		if t.Stand != Completed && t.Stand != Closed && t.Step != "" {
			f.Steps[t.Step] += t.N
		}
	}
	f.wait(c.Busy, c.Idle)
	f.Median, f.Of = median(c.Took), len(c.Took)
	for stand, n := range f.Stands {
		f.Stands[stand] = min(n, MaxCount)
	}
	for step, n := range f.Steps {
		f.Steps[step] = min(n, MaxCount)
	}
	return f
}

// wait tells the setups in progress from those that wait: whoever did something of late is in progress.
func (f Figures) wait(busy, idle int) {
	all := f.Stands[InProgress]
	if all == 0 {
		return
	}
	if busy < MaxCount {
		idle = all - busy
	}
	delete(f.Stands, InProgress)
	if busy > 0 {
		f.Stands[InProgress] = busy
	}
	if idle > 0 {
		f.Stands[Waiting] = idle
	}
}

// median of an even number is the middle between the two in the middle; zero of none.
func median(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	took = slices.Sorted(slices.Values(took))
	low, high := took[(len(took)-1)/2], took[len(took)/2]
	return low + (high-low)/2
}
