package outbound

import (
	"context"
	"net/http"
	"time"
)

// Call is one call as its caller sees it: with all its attempts, up to the head of the answer.
type Call struct {
	// Upstream and Operation are what Named said, never an address; empty when nobody said anything.
	Upstream, Operation string
	Outcome             Outcome
	Took                time.Duration
	// Attempts is how often a connection was wanted for it, 0 when it was refused before.
	Attempts int
}

// Outcome is what became of a call, for whoever counts.
type Outcome string

// The outcomes.
const (
	Answered    Outcome = "answered"     // below 400
	Refused     Outcome = "refused"      // 4xx, but for 429
	Limited     Outcome = "limited"      // 429
	ServerError Outcome = "server_error" // 5xx
	Timeout     Outcome = "timeout"      // no answer in time
	Unreachable Outcome = "unreachable"  // surely not sent: no connection, or no origin that is allowed
	Broken      Outcome = "broken"       // sent or not, but not answered
)

type nameKey struct{}

type name struct{ upstream, operation string }

// Named says what the calls made under ctx are: who is called, and for what. Both are words of the program, such as "iam" and
// "create SCIM token", since they are labels of metrics.
func Named(ctx context.Context, upstream, operation string) context.Context {
	return context.WithValue(ctx, nameKey{}, name{upstream, operation})
}

func callOf(request *http.Request, answer *http.Response, err error) Call {
	said, _ := request.Context().Value(nameKey{}).(name)
	return Call{Upstream: said.upstream, Operation: said.operation, Outcome: outcomeOf(answer, err)}
}

func outcomeOf(answer *http.Response, err error) Outcome {
	switch {
	case DialFailed(err):
		return Unreachable
	case TimedOut(err):
		return Timeout
	case err != nil:
		return Broken
	case answer.StatusCode == http.StatusTooManyRequests:
		return Limited
	case answer.StatusCode >= http.StatusInternalServerError:
		return ServerError
	case answer.StatusCode >= http.StatusBadRequest:
		return Refused
	}
	return Answered
}
