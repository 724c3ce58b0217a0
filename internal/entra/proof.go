package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

// AADSTS numbers that a token request can be refused with.
const (
	appUnknown       = 700016
	appDisabled      = 70001
	appDisabledNow   = 7000112
	appIsPublic      = 700025
	secretNotKnown   = 7000215
	secretHasExpired = 7000222
	principalMissing = 7000229
)

// settling are the pauses before a secret or application that may have been made a moment ago is asked for again.
// Microsoft's hosts agree on a new one within seconds, now and then within two minutes.
var settling = []time.Duration{2 * time.Second, 5 * time.Second}

// attemptRoom is how much of the context's time must be left after a pause, for the attempt itself.
const attemptRoom = time.Second

// ProveSecret shows with a real token request that the application exists in the directory and that the secret is its
// own. The token is thrown away unread. Nil means proven; it says nothing of redirect URI, consent or assignment.
//
// Of d only ID, Cloud or Authority, and GraphHost are used; without a cloud the global one is asked. With fresh, which
// says that secret or application may be less than two minutes old, "unknown" is believed only when it was said at least
// twice, within the deadline of ctx: a caller that can wait gives it 10 seconds.
//
// Faults of kind Invalid, with Code, Correlation and Fresh in Data:
//   - about the secret: entra.secret-missing (before anything is sent), entra.secret-wrong, entra.secret-expired
//   - about the Application (client) ID: entra.app-unknown, entra.app-disabled, entra.public-client,
//     entra.principal-missing
//   - about the directory: entra.directory-malformed, entra.directory-unknown, entra.directory-elsewhere
//
// Faults of kind Unavailable, which must never stop a step:
//   - entra.secret-policy: conditional access stopped the request; the secret may be right
//   - entra.secret-unproven: everything else; Code and Correlation are in Data where Microsoft gave them
func (c *Client) ProveSecret(ctx context.Context, d Directory, clientID string, value secret.Secret, fresh bool) error {
	switch {
	case value.IsZero():
		return fault.New(fault.Invalid, "entra.secret-missing", nil)
	case !isGUID(d.ID):
		return fault.New(fault.Invalid, "entra.directory-malformed", nil)
	}
	p := proof{client: c, directory: d, clientID: clientID, value: value, fresh: fresh}
	err := p.ask(ctx)
	if !fresh {
		return err
	}
	for i, pause := range settling {
		if !maybeTooNew(err) {
			return err
		}
		if !leaves(ctx, pause) || c.wait(ctx, pause) != nil {
			if i == 0 {
				return saidOnce(err)
			}
			return err
		}
		err = p.ask(ctx)
	}
	return err
}

// maybeTooNew reports whether the fault can come of asking too early.
func maybeTooNew(err error) bool {
	if err == nil {
		return false
	}
	id := fault.Of(err).ID
	return id == "entra.secret-wrong" || id == "entra.app-unknown"
}

// leaves reports whether ctx has time for a pause and another attempt.
func leaves(ctx context.Context, pause time.Duration) bool {
	deadline, limited := ctx.Deadline()
	return !limited || time.Until(deadline) >= pause+attemptRoom
}

// saidOnce is the verdict when there was no time to ask for something new again: none.
func saidOnce(err error) error {
	f := fault.Of(err)
	return unprovenSecret(f.Err, f.Data)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// proof is one secret to be proven.
type proof struct {
	client    *Client
	directory Directory
	clientID  string
	value     secret.Secret
	fresh     bool
}

// ask makes the one token request (RFC 6749, 4.4.2). It changes nothing, so it may be repeated on its way.
func (p proof) ask(ctx context.Context) error {
	in := cloudOf(p.directory)
	address := p.client.login(in).JoinPath(p.directory.ID, "oauth2", "v2.0", "token").String()
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"scope":         {"https://" + in.graph(p.directory.GraphHost) + "/.default"},
		"client_id":     {p.clientID},
		"client_secret": {p.value.Expose()},
	}
	request, err := http.NewRequestWithContext(outbound.Named(outbound.Repeatable(ctx), "entra", "prove client secret"), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return unprovenSecret(errors.New("prove client secret: no request can be made"), nil)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	answer, err := p.client.http.Do(request)
	if err != nil {
		return unprovenSecret(fmt.Errorf("prove client secret: %w", lost(err)), nil)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxDocument+1))
	defer clear(body) // it may hold a token
	switch {
	case err != nil:
		return unprovenSecret(fmt.Errorf("prove client secret: read answer: %w", lost(err)), nil)
	case len(body) > MaxDocument:
		return unprovenSecret(errors.New("prove client secret: answer is too long"), nil)
	}
	return p.judge(answer, body)
}

// judge says what an answer means. Statuses that no refusal has are never a verdict, whatever number comes with them.
func (p proof) judge(answer *http.Response, body []byte) error {
	status := answer.StatusCode
	if status == http.StatusOK {
		if !holdsToken(body) {
			return unprovenSecret(errors.New("prove client secret: answer holds no access token"), nil)
		}
		return nil
	}
	r := parseRefusal(body)
	cause := fmt.Errorf("prove client secret: HTTP %d, %s", status, r)
	data := fault.Data{"Code": r.code(), "Correlation": r.correlation, "Fresh": p.fresh}
	if status < 400 || status == http.StatusTooManyRequests || status >= 500 {
		f := unprovenSecret(cause, data)
		f.RetryAfter = retryAfter(answer.Header)
		return f
	}
	return p.refused(r, cause, data)
}

// refused turns Microsoft's refusal of a token request into a fault.
func (p proof) refused(r refusal, cause error, data fault.Data) error {
	switch r.number {
	case secretNotKnown:
		return fault.Wrap(cause, fault.Invalid, "entra.secret-wrong", data)
	case secretHasExpired:
		return fault.Wrap(cause, fault.Invalid, "entra.secret-expired", data)
	case appUnknown:
		return fault.Wrap(cause, fault.Invalid, "entra.app-unknown", data)
	case appDisabled, appDisabledNow:
		return fault.Wrap(cause, fault.Invalid, "entra.app-disabled", data)
	case appIsPublic:
		return fault.Wrap(cause, fault.Invalid, "entra.public-client", data)
	case principalMissing:
		return fault.Wrap(cause, fault.Invalid, "entra.principal-missing", data)
	case directoryNotFound:
		data["Directory"] = p.directory.ID
		return fault.Wrap(cause, fault.Invalid, "entra.directory-unknown", data)
	case directoryElsewhere:
		return fault.Wrap(cause, fault.Invalid, "entra.directory-elsewhere", data)
	}
	if isPolicy(r.number) {
		return fault.Wrap(cause, fault.Unavailable, "entra.secret-policy", data)
	}
	return unprovenSecret(cause, data)
}

// isPolicy reports whether the number is of the family of conditional access: 53000 to 53099 and, with one digit more,
// 530000 to 530999.
func isPolicy(number int) bool { return number/100 == 530 || number/1000 == 530 }

func unprovenSecret(cause error, data fault.Data) *fault.Error {
	return fault.Wrap(cause, fault.Unavailable, "entra.secret-unproven", data)
}

// presence is true for a text with at least one character, which it does not keep.
type presence bool

// UnmarshalJSON implements json.Unmarshaler.
func (p *presence) UnmarshalJSON(value []byte) error {
	*p = len(value) > len(`""`) && value[0] == '"'
	return nil
}

// holdsToken reports whether the answer has an access token (RFC 6749, 5.1).
func holdsToken(body []byte) bool {
	var answer struct {
		Token presence `json:"access_token"`
	}
	return json.Unmarshal(body, &answer) == nil && bool(answer.Token)
}

// lost is what may be told of a call without an answer: once connected, net/http's errors may quote what the other side
// sent, and that may be what we sent.
func lost(err error) error {
	switch {
	case outbound.DialFailed(err):
		return err
	case outbound.TimedOut(err):
		return errors.New("no answer in time")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	return errors.New("no connection, or an answer that is not HTTP")
}
