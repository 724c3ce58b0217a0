package signin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
)

const action = "get service token"

func fail(kind fault.Kind, id, cause string, data fault.Data) *fault.Error {
	return fault.Wrap(fmt.Errorf("%s: %s", action, cause), kind, id, data)
}

func errTenant() error {
	return fail(fault.Invalid, "signin.tenant", "not a tenant", nil)
}

func errGarbled(cause string) error {
	return fail(fault.Upstream, "signin.garbled", cause, nil)
}

// errGivenUp is a caller who left before the answer came; err is its context's.
func errGivenUp(err error) error {
	return fault.Wrap(fmt.Errorf("%s: %w", action, err), fault.Unavailable, "signin.unavailable", nil)
}

// explain tells what x/oauth2's error means and drops the error, whose text may hold the answer's body, or what a
// broken answer began with.
func explain(err error) error {
	if answered, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return explainAnswer(answered.Response)
	}
	switch {
	case outbound.TimedOut(err):
		return fail(fault.Unavailable, "signin.unavailable", "no answer in time", nil)
	case outbound.DialFailed(err):
		return fail(fault.Unavailable, "signin.unavailable", "cannot be reached: "+err.Error(), nil)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return fail(fault.Unavailable, "signin.unavailable", "connection lost", nil)
	}
	return errGarbled("answer cannot be understood")
}

func explainAnswer(answer *http.Response) error {
	data := fault.Data{"Status": answer.StatusCode}
	cause := fmt.Sprintf("answered %d", answer.StatusCode)
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound:
		return fail(fault.NotFound, "signin.tenant-unknown", cause, data)
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		e := fail(fault.Unavailable, "signin.unavailable", cause, data)
		e.RetryAfter, _ = outbound.RetryAfter(answer.Header, time.Now())
		return e
	case status >= 300 && status < 400:
		return fail(fault.Upstream, "signin.garbled", cause, data)
	}
	// 400 and 401 with an OAuth error (RFC 6749 section 5.2), and the 200 with one that some servers give.
	return fail(fault.Forbidden, "signin.service-refused", cause, data)
}
