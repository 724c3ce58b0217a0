package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/web/middleware"
	"github.com/aritma/entra-onboard/web/session"
)

// ServiceTokens gives access tokens of the operator's own client, for setups that came by an operator's link.
type ServiceTokens interface {
	Token(ctx context.Context, tenant string) (secret.Secret, error)
	// Forget drops a kept token that Aritma refused.
	Forget(tenant string, token secret.Secret)
}

// TokenCheck asks the IAM API whether it accepts an access token, before the token is kept.
type TokenCheck func(ctx context.Context, token secret.Secret) error

// Options are what the web needs.
type Options struct {
	Onboarding *onboarding.Service
	Sessions   *session.Store
	Messages   *message.Catalogue
	Log        *slog.Logger
	Now        func() time.Time
	// PublicURL is the address that browsers use; its host is the only one answered.
	PublicURL *url.URL
	// IDURL is Aritma ID; browsers may be sent there after a POST.
	IDURL   *url.URL
	Support string
	// Service is nil when the operator configured no client of its own.
	Service    ServiceTokens
	CheckToken TokenCheck
	// Accounts signs people in with Aritma; nil when the operator configured no client for it.
	Accounts *account.Service
	// Console answers customer success, whose people are those of ConsoleTenant, and Live tells what changes; nil when the
	// operator named no tenant.
	Console       *console.Service
	ConsoleTenant string
	Live          *live.Hub
	// DomainRequired is true where a setup link must name the e-mail domain that its directory owns.
	DomainRequired bool
	// TrustedProxies are the networks (CIDRs) whose forwarding header is believed.
	TrustedProxies []string
	// Ready lists why the service cannot serve, in words for an operator without anything secret; none when it can.
	Ready func(ctx context.Context) []string
	// Observe is told of each request when it ends: the pattern of its route, empty when it has none, and whether the answer was a
	// stream; may be nil.
	Observe func(route, method string, status int, took time.Duration, stream bool)
	// Locked is true when the sealing keys are not those of the database: every page then says so and changes nothing.
	Locked bool
	// Sandbox is mounted at /sandbox/; nil in live mode.
	Sandbox http.Handler
	// Portal is the practice portal that links lead to in place of Microsoft's; nil in live mode.
	Portal *url.URL
}

// Server answers browsers.
type Server struct {
	Options
	misses *middleware.Misses // wrong guesses
	begun  *middleware.Misses // sign-ins that anybody begins
	rows   liveRows           // of the console's list, as they were last rendered
}

// New returns the handler of the whole site.
func New(o Options) http.Handler {
	s := &Server{Options: o, misses: middleware.NewMisses(o.Now), begun: middleware.NewMissesOf(60, 10*time.Second, o.Now)}
	return s.routes()
}

// errNotFound is answered with the page that helps to find the way.
var errNotFound = errors.New("no such page")

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

// readyz answers with one line for each reason not to be ready.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if reasons := s.Ready(r.Context()); len(reasons) > 0 {
		plain(w, http.StatusServiceUnavailable, strings.Join(reasons, "\n")+"\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}
