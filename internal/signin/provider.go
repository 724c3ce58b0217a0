package signin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
)

const (
	// providerLife is how long a discovery document, with the keys beside it, is believed.
	providerLife = time.Hour
	// maxProviders bounds how many are kept.
	maxProviders = 1000
)

// signatures are the algorithms that an ID token may be signed with: those where only Aritma ID has the key.
var signatures = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512,
}

// provider is one tenant's Aritma ID, as it describes itself (OpenID Connect Discovery 1.0, section 3).
type provider struct {
	issuer           string
	authorize, token string
	keys             oidc.KeySet
	signatures       []string
	secretInForm     bool // the client's secret goes into the form, and nowhere else
	saysIssuer       bool // answers carry iss (RFC 9207)
	scopes           []string
	endSession       string // empty: none that can be used
	until            time.Time
}

// document is what go-oidc does not give out by itself.
type document struct {
	Keys        string    `json:"jwks_uri"`
	Signatures  []string  `json:"id_token_signing_alg_values_supported"`
	AuthMethods *[]string `json:"token_endpoint_auth_methods_supported"`
	SaysIssuer  bool      `json:"authorization_response_iss_parameter_supported"`
	Scopes      []string  `json:"scopes_supported"`
	EndSession  string    `json:"end_session_endpoint"`
}

// providerOf returns the tenant's provider. Callers who ask at the same time share one request.
func (c *Client) providerOf(ctx context.Context, tenant string) (*provider, error) {
	if at := c.lookup(tenant); at != nil {
		return at, nil
	}
	flight := c.flights.DoChan(tenant, func() (any, error) {
		if at := c.lookup(tenant); at != nil {
			return at, nil
		}
		// The caller who happens to be first may leave; the others still wait.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
		defer cancel()
		at, err := c.discover(ctx, tenant)
		if err != nil {
			return nil, err
		}
		c.keep(tenant, at)
		return at, nil
	})
	select {
	case <-ctx.Done():
		return nil, discovery.errGivenUp(ctx.Err())
	case result := <-flight:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*provider), nil
	}
}

func (c *Client) lookup(tenant string) *provider {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.known[tenant]; at != nil && c.now().Before(at.until) {
		return at
	}
	return nil
}

func (c *Client) keep(tenant string, at *provider) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxProviders {
		for other, kept := range c.known {
			if !c.now().Before(kept.until) {
				delete(c.known, other)
			}
		}
	}
	if c.known[tenant] != nil || len(c.known) < maxProviders {
		c.known[tenant] = at
	}
}

// forget makes the next sign-in discover anew: this provider led to a failure.
func (c *Client) forget(tenant string, at *provider) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[tenant] == at {
		delete(c.known, tenant)
	}
}

func (c *Client) discover(ctx context.Context, tenant string) (*provider, error) {
	issuer := c.idBase.JoinPath(url.PathEscape(tenant)).String()
	strict := c.reader(true)
	found, err := oidc.NewProvider(oidc.ClientContext(outbound.Named(ctx, "id", "discover"), strict), issuer)
	if err != nil {
		return nil, explainDiscovery(err)
	}
	var said document
	if err := found.Claims(&said); err != nil {
		return nil, discovery.errGarbled("discovery document cannot be understood")
	}
	at := &provider{
		issuer: issuer, authorize: found.Endpoint().AuthURL, token: found.Endpoint().TokenURL,
		keys:       oidc.NewRemoteKeySet(oidc.ClientContext(outbound.Named(context.WithoutCancel(ctx), "id", "fetch keys"), strict), said.Keys),
		signatures: commonSignatures(said.Signatures), saysIssuer: said.SaysIssuer, scopes: said.Scopes, until: c.now().Add(providerLife),
	}
	if methods := said.AuthMethods; methods != nil {
		at.secretInForm = slices.Contains(*methods, "client_secret_post") && !slices.Contains(*methods, "client_secret_basic")
	}
	// Another origin would get the code, or say whose keys count (mix-up, RFC 9700 section 4.4).
	for name, raw := range map[string]string{"authorization_endpoint": at.authorize, "token_endpoint": at.token, "jwks_uri": said.Keys} {
		if !c.isOwn(raw) {
			return nil, discovery.errIssuer(name + " is not on Aritma ID's origin")
		}
	}
	if c.isOwn(said.EndSession) {
		at.endSession = said.EndSession
	}
	if len(at.signatures) == 0 {
		return nil, discovery.errGarbled("no asymmetric signature is offered")
	}
	return at, nil
}

// commonSignatures are those of the discovery document that are accepted here; where it names none, all of them.
func commonSignatures(said []string) []string {
	if len(said) == 0 {
		return signatures
	}
	return slices.DeleteFunc(slices.Clone(signatures), func(name string) bool { return !slices.Contains(said, name) })
}

// explainDiscovery drops go-oidc's error, which quotes what was answered.
func explainDiscovery(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if _, ok := errors.AsType[*oidc.IssuerMismatchError](err); ok {
		return discovery.errIssuer("discovery document names another issuer")
	}
	if lost := discovery.lost(err); lost != nil {
		return lost
	}
	return discovery.errGarbled("discovery document cannot be understood")
}

// isOwn reports whether raw is an address on Aritma ID's own origin.
func (c *Client) isOwn(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.User == nil && u.Opaque == "" && u.Fragment == "" && sameOrigin(u, c.idBase)
}

// sameOrigin compares scheme, host and port (RFC 6454), where a port that is not named is the scheme's own.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && a.Hostname() != "" && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// reader is the client whose answers are read to their end before anybody sees them, so that an answer that breaks off is
// an error with its cause, which go-oidc and x/oauth2 would make text of. With only200 so is every other status.
func (c *Client) reader(only200 bool) *http.Client {
	own := *c.client
	own.Transport = &reading{next: c.client.Transport, only200: only200}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

type reading struct {
	next    http.RoundTripper
	only200 bool
}

// RoundTrip implements http.RoundTripper.
func (t *reading) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return nil, err
	}
	if t.only200 && answer.StatusCode != http.StatusOK {
		if err := discovery.answered(answer); err != nil {
			return nil, err
		}
		return nil, discovery.errGarbled(fmt.Sprintf("answered %d", answer.StatusCode))
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}
