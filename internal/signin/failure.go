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

// act is what failed, for the log.
type act string

const (
	serviceToken  act = "get service token"
	discovery     act = "discover Aritma ID"
	beginning     act = "begin sign-in"
	finishing     act = "finish sign-in"
	refreshing    act = "refresh access token"
	redirectProof act = "read Redirect URI from Aritma ID"
)

func (a act) fail(kind fault.Kind, id, cause string, data fault.Data) *fault.Error {
	return fault.Wrap(fmt.Errorf("%s: %s", a, cause), kind, id, data)
}

func (a act) errTenant() error {
	return a.fail(fault.Invalid, "signin.tenant", "not a tenant", nil)
}

func (a act) errGarbled(cause string) error {
	return a.fail(fault.Upstream, "signin.garbled", cause, nil)
}

// errGivenUp is a caller who left before the answer came; err is its context's.
func (a act) errGivenUp(err error) error {
	return fault.Wrap(fmt.Errorf("%s: %w", a, err), fault.Unavailable, "signin.unavailable", nil)
}

// lost tells what the failure of a request means, without the text of an answer; nil when there was an answer.
func (a act) lost(err error) error {
	switch {
	case errors.Is(err, outbound.ErrTooLarge):
		return a.errGarbled("answer is too large")
	case outbound.TimedOut(err):
		return a.fail(fault.Unavailable, "signin.unavailable", "no answer in time", nil)
	case outbound.DialFailed(err):
		return fault.Wrap(fmt.Errorf("%s: cannot be reached: %w", a, err), fault.Unavailable, "signin.unavailable", nil)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return a.fail(fault.Unavailable, "signin.unavailable", "connection lost", nil)
	}
	return nil
}

// answered tells what a status means that has nothing to do with who asks; nil for any other.
func (a act) answered(answer *http.Response) error {
	data := fault.Data{"Status": answer.StatusCode}
	cause := fmt.Sprintf("answered %d", answer.StatusCode)
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound:
		return a.fail(fault.NotFound, "signin.tenant-unknown", cause, data)
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		e := a.fail(fault.Unavailable, "signin.unavailable", cause, data)
		e.RetryAfter, _ = outbound.RetryAfter(answer.Header, time.Now())
		return e
	case status >= 300 && status < 400:
		return a.fail(fault.Upstream, "signin.garbled", cause, data)
	}
	return nil
}

func errTenant() error { return serviceToken.errTenant() }

func errGarbled(cause string) error { return serviceToken.errGarbled(cause) }

func errGivenUp(err error) error { return serviceToken.errGivenUp(err) }

// explain tells what x/oauth2's error means and drops the error, whose text may hold the answer's body, or what a
// broken answer began with.
func explain(err error) error {
	if answered, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return explainAnswer(answered.Response)
	}
	if lost := serviceToken.lost(err); lost != nil {
		return lost
	}
	return errGarbled("answer cannot be understood")
}

func explainAnswer(answer *http.Response) error {
	if err := serviceToken.answered(answer); err != nil {
		return err
	}
	// 400 and 401 with an OAuth error (RFC 6749 section 5.2), and the 200 with one that some servers give.
	return serviceToken.fail(fault.Forbidden, "signin.service-refused", fmt.Sprintf("answered %d", answer.StatusCode), fault.Data{"Status": answer.StatusCode})
}
