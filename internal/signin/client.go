package signin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	// AttemptLife is how long an attempt may take before its answer is no longer believed.
	AttemptLife = 10 * time.Minute
	// leeway is how far the clocks of Aritma ID and of the service may be apart.
	leeway = 2 * time.Minute
	// maxScheme bounds the scheme in acr_values.
	maxScheme = 128
)

// Client signs people in at Aritma ID, with the authorization code flow and PKCE. It may be shared by any number of
// goroutines.
type Client struct {
	idBase       *url.URL
	clientID     string
	clientSecret secret.Secret
	redirectURI  string
	client       *http.Client
	now          func() time.Time

	flights singleflight.Group
	mu      sync.Mutex
	known   map[string]*provider // by tenant
}

// NewClient returns the sign-in client at Aritma ID, whose tenants are in the path under idBase. RedirectURI is where
// Aritma ID sends the browser back to, exactly as it is registered there: {public url}/signin/callback. ClientSecret may
// be zero: a public client, which has PKCE alone.
func NewClient(idBase *url.URL, clientID string, clientSecret secret.Secret, redirectURI *url.URL, client *http.Client) *Client {
	return &Client{
		idBase: idBase, clientID: clientID, clientSecret: clientSecret, redirectURI: redirectURI.String(), client: client,
		now: time.Now, known: map[string]*provider{},
	}
}

// Begin makes an attempt and the address to which the browser goes with it. With a scheme the person is sent straight to
// that provider (acr_values=idp:{scheme}). A session at Aritma ID that exists already is not taken for an answer
// (prompt=login). The state is "{prefix}.{random}", or the random part alone.
//
// It fails with a *fault.Error: Invalid when tenant cannot be one, NotFound when Aritma ID has no such tenant,
// Unavailable when it cannot be reached or is too slow, Upstream when its answer cannot be understood, Forbidden when it
// gives itself out for another.
func (c *Client) Begin(ctx context.Context, tenant, scheme, prefix string) (Attempt, *url.URL, error) {
	return c.begin(ctx, Attempt{Tenant: tenant, Scheme: scheme}, prefix)
}

// BeginToAct is Begin for a person who wants to act on the IAM API: it asks for the scope services.iam and, where Aritma ID
// offers it, for a refresh token. A session at Aritma ID that exists already will do, unless they want to be somebody else.
// FinishToAct ends it.
func (c *Client) BeginToAct(ctx context.Context, tenant, prefix string, somebodyElse bool) (Attempt, *url.URL, error) {
	return c.begin(ctx, Attempt{Tenant: tenant, ToAct: true, AnySession: !somebodyElse}, prefix)
}

// BeginToSee is BeginToAct for a person whose roles are all that is wanted: no scope of the IAM API is asked for, and no
// refresh token. Finish ends it.
func (c *Client) BeginToSee(ctx context.Context, tenant, prefix string, somebodyElse bool) (Attempt, *url.URL, error) {
	return c.begin(ctx, Attempt{Tenant: tenant, AnySession: !somebodyElse}, prefix)
}

func (c *Client) begin(ctx context.Context, a Attempt, prefix string) (Attempt, *url.URL, error) {
	if !isTenant(a.Tenant) {
		return Attempt{}, nil, beginning.errTenant()
	}
	if !isScheme(a.Scheme) {
		return Attempt{}, nil, beginning.fail(fault.Unknown, "fault.unknown", "scheme cannot stand in acr_values", nil)
	}
	at, err := c.providerOf(ctx, a.Tenant)
	if err != nil {
		return Attempt{}, nil, err
	}
	a.State, a.Nonce, a.Verifier, a.BeganAt = random(), secret.New(random()), secret.New(oauth2.GenerateVerifier()), c.now().UTC()
	if prefix != "" {
		a.State = prefix + "." + a.State
	}
	to, err := url.Parse(c.config(at, scopes(at, a)).AuthCodeURL(a.State, c.parameters(a)...))
	if err != nil {
		return Attempt{}, nil, beginning.errGarbled("authorization endpoint is no address")
	}
	return a, to, nil
}

func (c *Client) parameters(a Attempt) []oauth2.AuthCodeOption {
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce.Expose()), oauth2.S256ChallengeOption(a.Verifier.Expose())}
	if !a.AnySession {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	}
	if a.Scheme != "" {
		options = append(options, oauth2.SetAuthURLParam("acr_values", "idp:"+a.Scheme))
	}
	return options
}

// scopes are what an attempt asks for. A refresh token is asked for where the discovery document offers one, or names no
// scopes at all.
func scopes(at *provider, a Attempt) []string {
	asked := []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail}
	if !a.ToAct {
		return asked
	}
	asked = append(asked, ScopeIAM)
	if len(at.scopes) == 0 || slices.Contains(at.scopes, oidc.ScopeOfflineAccess) {
		asked = append(asked, oidc.ScopeOfflineAccess)
	}
	return asked
}

func (c *Client) config(at *provider, scopes []string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: c.clientID, ClientSecret: c.clientSecret.Expose(), RedirectURL: c.redirectURI, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: at.authorize, TokenURL: at.token, AuthStyle: c.authStyle(at)},
	}
}

// authStyle is how the client shows its secret. A style that is found out by trying would redeem a code twice.
func (c *Client) authStyle(at *provider) oauth2.AuthStyle {
	if c.clientSecret.IsZero() || at.secretInForm {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// isScheme keeps a scheme one of the values of acr_values, which stand apart by blanks.
func isScheme(scheme string) bool {
	return len(scheme) <= maxScheme && strings.IndexFunc(scheme, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
