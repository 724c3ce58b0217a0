package signin

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/sync/singleflight"

	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	// ScopeIAM is the scope of the IAM API.
	ScopeIAM = "services.iam"

	// margin is how long before its end a token is no longer given out.
	margin = time.Minute
	// maxKept bounds how long a token is kept, whatever its answer says.
	maxKept = 24 * time.Hour
	// maxTenants bounds how many tokens are kept.
	maxTenants = 10_000
	// requestTimeout ends a shared request, which does not end with the caller who began it.
	requestTimeout = outbound.DefaultTimeout
)

// Service gives the access tokens with which the service acts for itself. It may be shared by any number of goroutines.
type Service struct {
	idBase       *url.URL
	clientID     string
	clientSecret secret.Secret
	client       *http.Client
	now          func() time.Time

	flights singleflight.Group
	mu      sync.Mutex
	kept    map[string]keptToken // by tenant
}

type keptToken struct {
	token secret.Secret
	until time.Time
}

// NewService returns the token source of one client at Aritma ID, whose tenants are in the path under idBase, for
// example https://id.aritma.io.
func NewService(idBase *url.URL, clientID string, clientSecret secret.Secret, client *http.Client) *Service {
	return &Service{
		idBase: idBase, clientID: clientID, clientSecret: clientSecret, client: client,
		now: time.Now, kept: map[string]keptToken{},
	}
}

// Token returns an access token for the tenant that is good for at least another minute, as far as Aritma ID said.
//
// It fails with a *fault.Error: Invalid when tenant cannot be one, NotFound when Aritma ID has no such tenant,
// Forbidden when it refuses this client, Unavailable when it cannot be reached or is too slow, Upstream when its answer
// cannot be understood.
func (s *Service) Token(ctx context.Context, tenant string) (secret.Secret, error) {
	if !isTenant(tenant) {
		return secret.Secret{}, errTenant()
	}
	if token, ok := s.lookup(tenant); ok {
		return token, nil
	}
	flight := s.flights.DoChan(tenant, func() (any, error) {
		// Whoever waited for the lock of a flight that just ended finds its token.
		if token, ok := s.lookup(tenant); ok {
			return token, nil
		}
		// The caller who happens to be first may leave; the others still wait.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
		defer cancel()
		return s.request(ctx, tenant)
	})
	select {
	case <-ctx.Done():
		return secret.Secret{}, errGivenUp(ctx.Err())
	case result := <-flight:
		if result.Err != nil {
			return secret.Secret{}, result.Err
		}
		return result.Val.(secret.Secret), nil
	}
}

// Forget drops the tenant's kept token if it is this one: the IAM API refused it before its time.
func (s *Service) Forget(tenant string, token secret.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.kept[tenant]; ok && kept.token.Equal(token) {
		delete(s.kept, tenant)
	}
}

func (s *Service) request(ctx context.Context, tenant string) (secret.Secret, error) {
	config := clientcredentials.Config{
		ClientID: s.clientID, ClientSecret: s.clientSecret.Expose(), TokenURL: s.tokenURL(tenant),
		Scopes: []string{ScopeIAM},
		// Found out by itself, every refusal would be two.
		AuthStyle: oauth2.AuthStyleInHeader,
	}
	ctx = context.WithValue(outbound.Named(outbound.Repeatable(ctx), "id", "get service token"), oauth2.HTTPClient, s.client)
	answer, err := config.Token(ctx)
	if err != nil {
		return secret.Secret{}, explain(err)
	}
	if !isBearer(answer) {
		return secret.Secret{}, errGarbled("answer has no bearer token")
	}
	token := secret.New(answer.AccessToken)
	s.keep(tenant, token, answer.Expiry)
	return token, nil
}

// tokenURL puts the tenant into the path; isTenant leaves nothing in it that would need an escape.
func (s *Service) tokenURL(tenant string) string {
	return s.idBase.JoinPath(url.PathEscape(tenant), "connect", "token").String()
}

func (s *Service) lookup(tenant string) (secret.Secret, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.kept[tenant]
	if !ok || !s.now().Before(kept.until) {
		return secret.Secret{}, false
	}
	return kept.token, true
}

// keep remembers the token until a minute before expiry. Without an expiry it is not kept at all.
func (s *Service) keep(tenant string, token secret.Secret, expiry time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if len(s.kept) >= maxTenants {
		for other, kept := range s.kept {
			if !now.Before(kept.until) {
				delete(s.kept, other)
			}
		}
	}
	until := expiry.Add(-margin)
	if limit := now.Add(maxKept); until.After(limit) {
		until = limit
	}
	delete(s.kept, tenant)
	if now.Before(until) && len(s.kept) < maxTenants {
		s.kept[tenant] = keptToken{token: token, until: until}
	}
}

// tenantForm is what stands in the path of Aritma ID: a GUID or a short name. It begins with a letter or a digit, so
// that it is never "." or "..".
var tenantForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$`)

func isTenant(tenant string) bool { return tenantForm.MatchString(tenant) }

// isBearer reports whether the token can stand in an Authorization header as a bearer token.
func isBearer(t *oauth2.Token) bool {
	visible := strings.IndexFunc(t.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	return t.AccessToken != "" && visible && t.Type() == "Bearer"
}
