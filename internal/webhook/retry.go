package webhook

import (
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aritma/entra-onboard/internal/outbound"
)

// Schedule is how long each further attempt waits after the one before, as the specification has it ("Deliverability and
// reliability"): ten attempts within a little over three days.
func Schedule() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour,
		24 * time.Hour,
	}
}

// maxRest is the longest that a receiver that is too busy for one message is left alone with all others.
const maxRest = 5 * time.Minute

// wait is how long the message waits after its attempt failed; false when that was the last one. An answer may ask for
// more, up to 24 hours.
func (s *Sender) wait(attempt int, asked time.Duration) (time.Duration, bool) {
	if attempt > len(s.Schedule) {
		return 0, false
	}
	wait := s.Schedule[attempt-1]
	wait += rand.N(wait/10 + 1) //nolint:gosec // jitter: what failed together is not tried again together
	return max(wait, asked), true
}

// asks is how long an answer asks to be left alone: only where the receiver is too busy ("Delivery success and failure").
func asks(answer *http.Response, now time.Time) time.Duration {
	if answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	asked, _ := outbound.RetryAfter(answer.Header, now)
	return asked
}
