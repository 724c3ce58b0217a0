package console

import (
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// Stand is where a setup stands, as customer success looks at it.
type Stand string

// Where a setup may stand. What is stored is every one but Waiting, which time makes of InProgress.
const (
	NotOpened  Stand = "not-opened"
	InProgress Stand = "in-progress"
	Waiting    Stand = "waiting" // nothing happened for WaitingAfter: the customer's turn
	Problem    Stand = "problem" // the last thing that happened went wrong
	Completed  Stand = "completed"
	Closed     Stand = "closed"
)

// Stands lists them in the order in which they are shown.
func Stands() []Stand { return []Stand{Problem, InProgress, Waiting, NotOpened, Completed, Closed} }

// WaitingAfter is how long nothing happens until a setup in progress waits for the customer.
const WaitingAfter = 24 * time.Hour

// StandOf says where a setup stands, apart from the time that has passed.
func StandOf(s onboarding.Setup) Stand {
	switch {
	case !s.ClosedAt.IsZero():
		return Closed
	case !s.CompletedAt.IsZero():
		return Completed
	case s.OpenedAt.IsZero():
		return NotOpened
	case ProblemOf(s) != "":
		return Problem
	}
	return InProgress
}

// problemOf is the newest problem that stands between the customer and the next step; nil when there is none.
func problemOf(s wizard.State) *wizard.Problem {
	var newest *wizard.Problem
	for _, p := range []*wizard.Problem{
		s.Registration.Problem, s.Token.Problem, badly(s.ClientSecret.Check), badly(s.Registration.Redirect.Check), badly(s.Token.Check), badly(s.Trial.Check),
	} {
		if p != nil && (newest == nil || p.At.After(newest.At)) {
			newest = p
		}
	}
	return newest
}

// badly is the problem of a check that went wrong; a doubt is none.
func badly(c wizard.Check) *wizard.Problem {
	if c.Outcome != wizard.Bad {
		return nil
	}
	return c.Problem
}

// ProblemOf is the message id of what stands in the way; empty when nothing does, or when the customer does not want to be
// looked at.
func ProblemOf(s onboarding.Setup) string {
	if p := problemOf(s.State); p != nil && !s.Unwatched {
		return p.ID
	}
	return ""
}

// StepOf is the open step; empty when the customer does not want to be looked at.
func StepOf(s onboarding.Setup) wizard.Step {
	if s.Unwatched {
		return ""
	}
	return s.State.Open()
}

// Row is a setup in the list.
type Row struct {
	ID      string
	Company string
	Tenant  string
	Contact string
	Stand   Stand
	Step    wizard.Step // the open one
	Problem string      // message id of what stands in the way; empty when nothing does
	// Unwatched is true when the customer does not want to be looked at: neither Step nor Problem is told then.
	Unwatched bool

	CreatedAt   time.Time
	ChangedAt   time.Time // of the last thing that happened
	CompletedAt time.Time // zero: not completed
}

// At is where the setup stands at a time.
func (r Row) At(now time.Time) Stand {
	if r.Stand == InProgress && now.Sub(r.ChangedAt) >= WaitingAfter {
		return Waiting
	}
	return r.Stand
}

// Query chooses rows.
type Query struct {
	// Words are looked for in company, tenant, domain, contact and id, anywhere and in any case; empty: everything. Fewer than
	// three characters are looked for at the beginning of company and tenant.
	Words string
	Stand Stand // empty: all but Closed
	// After is the last row of the page before; the zero Key: the first page.
	After Key
	Limit int // at least 1
	Now   time.Time
	// Since and Before bound the last change; zero: no bound. A setup that changed at Since is in, one that did at Before is not.
	Since, Before time.Time
}

// Key is the place of a row in the list, which is ordered by the last change, newest first, then by id.
type Key struct {
	ChangedAt time.Time
	ID        string
}

// Note is what somebody of customer success wrote down.
type Note struct {
	Setup string
	At    time.Time
	Who   string
	Text  string
}

// Figures are what customer success counts.
type Figures struct {
	// Stands counts setups by where they stand, each to at most MaxCount.
	Stands map[Stand]int
	// Steps counts setups that are neither completed nor closed by the step that is open.
	Steps map[wizard.Step]int
	// Median is the time from opened to completed of the newest MedianOf completed setups; zero without any. Of says how many
	// there were.
	Median time.Duration
	Of     int
	// Problems are the problems of this calendar month (UTC) by message id, most frequent first, at most ten.
	Problems []Count
}

// Count is how often a problem came up.
type Count struct {
	ID string
	N  int
}

const (
	// MaxCount is as far as setups are counted: more are "1,000 or more", so that counting costs the same whatever is stored.
	MaxCount = 1000
	// MedianOf is how many completed setups the median is taken of.
	MedianOf = 200
)
