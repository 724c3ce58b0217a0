package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

const (
	maxAttempts = 3
	minBackoff  = 100 * time.Millisecond
	maxBackoff  = time.Second
	// maxWait is the longest Retry-After that is waited for here; a longer one is the caller's to judge.
	maxWait = 2 * time.Second
)

type (
	repeatableKey struct{}
	onceKey       struct{}
)

// Repeatable marks the requests made under ctx as safe to send again, whatever their method: token requests.
func Repeatable(ctx context.Context) context.Context {
	return context.WithValue(ctx, repeatableKey{}, true)
}

// Once marks the requests made under ctx to be sent once, whatever their method: what is asked again and again anyway has
// no need of repetition, and counts what it costs.
func Once(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, true)
}

// repeatable also demands that the body can be had again.
func repeatable(request *http.Request) bool {
	if request.Body != nil && request.Body != http.NoBody && request.GetBody == nil {
		return false
	}
	if request.Context().Value(onceKey{}) != nil {
		return false
	}
	switch request.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodDelete:
		return true
	}
	return request.Context().Value(repeatableKey{}) != nil
}

// repeating sends a request up to three times: when no connection could be made, when it broke without an answer, and
// when the answer is 429, 502, 503 or 504. Between the attempts it waits 100 ms to 1 s, or as long as Retry-After asks.
type repeating struct {
	next   http.RoundTripper
	policy retrypolicy.RetryPolicy[*http.Response]
}

func newRepeating(next http.RoundTripper) *repeating {
	policy := retrypolicy.NewBuilder[*http.Response]().
		HandleIf(worthRepeating).
		WithMaxAttempts(maxAttempts).
		WithDelayFunc(delay).
		OnRetryScheduled(func(e failsafe.ExecutionScheduledEvent[*http.Response]) { discard(e.LastResult()) }).
		ReturnLastFailure().
		Build()
	return &repeating{next: next, policy: policy}
}

// RoundTrip implements http.RoundTripper.
func (r *repeating) RoundTrip(request *http.Request) (*http.Response, error) {
	attempts := failsafe.With[*http.Response](r.policy).WithContext(request.Context())
	return attempts.Get(func() (*http.Response, error) {
		// A copy for each attempt: the transport may still read the last attempt's request when the next one begins.
		attempt := request.WithContext(request.Context())
		if request.GetBody != nil {
			body, err := request.GetBody()
			if err != nil {
				return nil, err
			}
			attempt.Body = body
		}
		return r.next.RoundTrip(attempt)
	})
}

func worthRepeating(answer *http.Response, err error) bool {
	if err != nil {
		return !permanent(err)
	}
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return false
	}
	wait, _ := RetryAfter(answer.Header, time.Now())
	if wait > maxWait {
		return false
	}
	// Better the answer at hand than a deadline that ends the wait for another one.
	deadline, limited := answer.Request.Context().Deadline()
	return !limited || time.Until(deadline) > max(wait, maxBackoff)
}

// permanent tells the failures that the next attempt would meet again, and those that have used up their time.
func permanent(err error) bool {
	if errors.Is(err, ErrRefused) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

func delay(attempt failsafe.ExecutionAttempt[*http.Response]) time.Duration {
	step := minBackoff << attempt.Retries()
	wait := min(step+rand.N(step), maxBackoff) //nolint:gosec // jitter
	if answer := attempt.LastResult(); answer != nil {
		asked, _ := RetryAfter(answer.Header, time.Now())
		wait = max(wait, asked)
	}
	return wait
}

// discard reads a little of a dropped answer, so that its connection can be used again, and closes it.
func discard(answer *http.Response) {
	if answer == nil {
		return
	}
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10)
	_ = answer.Body.Close()
}

// maxRetryAfter is the longest wait that RetryAfter reports.
const maxRetryAfter = 24 * time.Hour

// RetryAfter reads how long an answer asks to wait, in either form of RFC 9110 section 10.2.3. It reports false, and
// zero, when the header is absent or makes no sense, and never more than 24 hours.
func RetryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter), true
	}
	return 0, false
}
