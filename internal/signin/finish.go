package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/outbound"
)

// maxCode bounds a code; Aritma ID documents no length.
const maxCode = 4096

// Finish checks the answer with which the browser came back, redeems its code and returns who signed in. The tokens are
// thrown away. That an attempt counts once is the caller's to see to.
//
// It fails with a *fault.Error. Kind Forbidden:
//   - signin.person.state: the answer does not belong to the attempt
//   - signin.person.expired: it came more than AttemptLife after Begin
//   - signin.person.issuer: it came from another issuer (RFC 9207)
//   - signin.person.refused: Aritma ID sent an error; Data has Error and Description
//   - signin.person.client: Aritma ID does not accept this client's id or secret
//   - signin.person.token: the code was not taken, or the ID token cannot be trusted
//   - signin.person.tenant: the person is of another tenant
//
// Kind Unavailable when Aritma ID cannot be reached or is too slow, Upstream when its answer cannot be understood, NotFound
// when it has no such tenant any more.
func (c *Client) Finish(ctx context.Context, a Attempt, query url.Values) (Person, error) {
	person, _, err := c.finish(ctx, a, query)
	return person, err
}

// FinishToAct is Finish of an attempt of BeginToAct that also returns the tokens.
func (c *Client) FinishToAct(ctx context.Context, a Attempt, query url.Values) (Person, Tokens, error) {
	person, answer, err := c.finish(ctx, a, query)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	return person, tokensOf(answer), nil
}

func (c *Client) finish(ctx context.Context, a Attempt, query url.Values) (Person, *oauth2.Token, error) {
	if err := c.belongs(a, query); err != nil {
		return Person{}, nil, err
	}
	at, err := c.providerOf(ctx, a.Tenant)
	if err != nil {
		return Person{}, nil, err
	}
	code, err := codeOf(at, query)
	if err != nil {
		return Person{}, nil, err
	}
	answer, err := c.redeem(ctx, at, a, code)
	if err != nil {
		c.forget(a.Tenant, at)
		return Person{}, nil, err
	}
	found, err := c.verify(ctx, at, a, answer)
	if err != nil {
		c.forget(a.Tenant, at)
		return Person{}, nil, err
	}
	return found.person(), answer, nil
}

// belongs compares the answer with the attempt.
func (c *Client) belongs(a Attempt, query url.Values) error {
	state := query["state"]
	switch {
	case !a.complete():
		return errState("attempt is not complete")
	case len(state) != 1 || subtle.ConstantTimeCompare([]byte(state[0]), []byte(a.State)) != 1:
		return errState("state is another one")
	case c.now().Sub(a.BeganAt) > AttemptLife, a.BeganAt.Sub(c.now()) > leeway:
		return errExpired()
	}
	return nil
}

// codeOf checks who answered and returns the code.
func codeOf(at *provider, query url.Values) (string, error) {
	issuer, code := query["iss"], query["code"]
	switch {
	case len(issuer) == 0 && at.saysIssuer:
		return "", finishing.errIssuer("answer does not say its issuer")
	case len(issuer) > 1, len(issuer) == 1 && issuer[0] != at.issuer:
		return "", finishing.errIssuer("answer names another issuer")
	case query.Has("error"):
		return "", errRefused(query)
	case len(code) != 1 || code[0] == "":
		return "", finishing.errGarbled("answer has not one code")
	case len(code[0]) > maxCode || strings.IndexFunc(code[0], func(r rune) bool { return r < ' ' || r > '~' }) >= 0:
		// RFC 6749 appendix A.11
		return "", finishing.errGarbled("answer has a code that cannot be one")
	}
	return code[0], nil
}

// redeem asks the token endpoint, once: a code counts once.
func (c *Client) redeem(ctx context.Context, at *provider, a Attempt, code string) (*oauth2.Token, error) {
	ctx = context.WithValue(outbound.Named(outbound.Once(ctx), "id", "redeem code"), oauth2.HTTPClient, c.reader(false))
	answer, err := c.config(at, nil).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier.Expose()))
	if err != nil {
		return nil, finishing.explainExchange(ctx, err)
	}
	if !isBearer(answer) {
		return nil, finishing.errGarbled("answer has no bearer token")
	}
	return answer, nil
}

// explainExchange drops x/oauth2's error, whose text may hold the answer's body.
func (act act) explainExchange(ctx context.Context, err error) error {
	if answered, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return act.explainRefusal(answered)
	}
	if gone := ctx.Err(); errors.Is(gone, context.Canceled) {
		return act.errGivenUp(gone)
	}
	if lost := act.lost(err); lost != nil {
		return lost
	}
	return act.errGarbled("answer cannot be understood")
}

// explainRefusal tells the errors of RFC 6749 section 5.2 apart: those of the code, and those of the client.
func (act act) explainRefusal(e *oauth2.RetrieveError) error {
	switch e.ErrorCode {
	case "invalid_grant":
		return act.errToken("code was not taken: invalid_grant")
	case "invalid_client", "unauthorized_client":
		return act.errClient("client was not accepted: " + e.ErrorCode)
	}
	if err := act.answered(e.Response); err != nil {
		return err
	}
	cause := fmt.Sprintf("token endpoint answered %d", e.Response.StatusCode)
	if e.Response.StatusCode == http.StatusUnauthorized {
		return act.errClient(cause)
	}
	if act == refreshing { // a proxy's word, or that of a server that refuses everybody: it says nothing about this token
		return act.errGarbled(cause)
	}
	return act.errToken(cause)
}
