package signin

import (
	"context"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

// Tokens are what somebody who signed in to act holds.
type Tokens struct {
	Access  secret.Secret
	Refresh secret.Secret // zero: Aritma ID gave none
	Expires time.Time     // of Access; zero: not said
}

func tokensOf(answer *oauth2.Token) Tokens {
	return Tokens{Access: secret.New(answer.AccessToken), Refresh: secret.New(answer.RefreshToken), Expires: answer.Expiry.UTC()}
}

// Refresh obtains a new access token (RFC 6749 section 6). It is asked for once: many servers take a refresh token that comes
// twice for stolen. An ID token that comes with it is not looked at, since it says nothing new about who signed in. A refresh
// token that is not replaced stays good.
//
// It fails with a *fault.Error: Forbidden with signin.person.token when Aritma ID says that it does not take the
// refresh token any more (invalid_grant), and with signin.person.client when it does not take this client; Upstream when it
// refuses for another reason. Else Unavailable and Upstream are as with Finish.
func (c *Client) Refresh(ctx context.Context, tenant string, t Tokens) (Tokens, error) {
	if t.Refresh.IsZero() {
		return Tokens{}, refreshing.errToken("no refresh token was given")
	}
	at, err := c.providerOf(ctx, tenant)
	if err != nil {
		return Tokens{}, err
	}
	ctx = context.WithValue(outbound.Named(outbound.Once(ctx), "id", "renew token"), oauth2.HTTPClient, c.reader(false))
	answer, err := c.config(at, nil).TokenSource(ctx, &oauth2.Token{RefreshToken: t.Refresh.Expose()}).Token()
	if err != nil {
		return Tokens{}, refreshing.explainExchange(ctx, err)
	}
	if !isBearer(answer) {
		return Tokens{}, refreshing.errGarbled("answer has no bearer token")
	}
	fresh := tokensOf(answer)
	if fresh.Refresh.IsZero() {
		fresh.Refresh = t.Refresh
	}
	return fresh, nil
}

// EndSession is where a person signs out of the tenant's Aritma ID (OpenID Connect RP-Initiated Logout 1.0), on its own
// origin; nil when the discovery document names nothing of the kind.
func (c *Client) EndSession(ctx context.Context, tenant string) (*url.URL, error) {
	at, err := c.providerOf(ctx, tenant)
	if err != nil || at.endSession == "" {
		return nil, err
	}
	return url.Parse(at.endSession)
}

// ClientID is the wizard's own client at Aritma ID.
func (c *Client) ClientID() string { return c.clientID }
