package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/metrics"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/scim"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
	"github.com/aritma/entra-onboard/web"
	"github.com/aritma/entra-onboard/web/session"
)

// service is everything wired together.
type service struct {
	config     *config.Config
	log        *slog.Logger
	store      storage
	onboarding *onboarding.Service
	accounts   *account.Service // nil without a client for signing people in
	iam        *iam.Client
	client     *http.Client
	sessions   *session.Store
	messages   *message.Catalogue
	live       *live.Hub
	metrics    *metrics.Metrics
	// stopMetrics ends the inner listener; nil where nobody listens.
	stopMetrics func()
	teller      *teller
	// locked is true when the sealing keys are not those of the database: nothing is served, swept or told then.
	locked bool
}

// newService opens the database and wires the rooms. The caller closes it.
func newService(ctx context.Context, c *config.Config, log *slog.Logger) (*service, error) {
	messages, err := message.New()
	if err != nil {
		return nil, err
	}
	store, err := openStorage(ctx, c)
	if err != nil {
		return nil, err
	}
	signinHosts := entra.Hosts(c.EntraLoginURL)
	if c.EntraLoginURL != nil {
		signinHosts = []*url.URL{c.EntraLoginURL} // its path tells it from what else lies on the origin
	}
	counted := metrics.New()
	client := newOutbound(c, counted.Call)
	aritma := iam.New(c.IAMURL, client)
	s := &service{
		config: c, log: log, store: store, iam: aritma, client: client, messages: messages, live: live.New(store, log),
		metrics: counted, teller: newTeller(c, counted, store, messages, log),
	}
	var people *signin.Client
	if c.IDClientID != "" {
		people = signin.NewClient(c.IDURL, c.IDClientID, c.IDClientSecret, c.PublicURL.JoinPath("signin", "callback"), client)
	}
	s.onboarding = onboarding.New(onboarding.Options{
		Store: counted.Setups(store), IAM: aritma, Directory: entra.New(client, c.EntraLoginURL), SCIM: scim.New(client), Signin: people, MicrosoftHosts: signinHosts, Keys: c.Keys, Log: log, Now: time.Now,
		SCIMURLTemplate: c.SCIMURLTemplate, RedirectURITemplate: c.RedirectURITemplate, LinksAct: c.LinkAuthority == config.AuthorityLink,
	})
	s.sessions = session.New(store, c.Keys, session.Options{Secure: c.PublicURL.Scheme == "https", Now: time.Now})
	if people != nil {
		s.accounts = account.New(account.Options{Store: store, Signin: people, Keys: c.Keys, Log: log, Now: time.Now, Accepted: s.acceptedByIAM, ConsoleTenant: c.ConsoleTenant, ConsoleRoles: c.ConsoleRoles})
	}
	return s, nil
}

// newOutbound is the client for every upstream but the webhook. Observe is told of each call; may be nil.
func newOutbound(c *config.Config, observe func(outbound.Call)) *http.Client {
	return outbound.New(outbound.Options{
		Allow:         append([]*url.URL{c.IAMURL, c.IDURL, c.SCIMOrigin()}, entra.Hosts(c.EntraLoginURL)...),
		AllowLoopback: c.AllowLoopback,
		Observe:       observe,
	})
}

func (s *service) close(ctx context.Context) error {
	s.onboarding.Shutdown(ctx)
	if s.accounts != nil {
		s.accounts.Close(ctx)
	}
	s.client.CloseIdleConnections()
	s.teller.close()
	if s.stopMetrics != nil {
		s.stopMetrics()
	}
	return s.store.Close()
}

// handler is the whole site. Practice is nil in live mode.
func (s *service) handler(ready *readiness, practice *practice) http.Handler {
	c := s.config
	options := web.Options{
		Onboarding: s.onboarding, Sessions: s.sessions, Messages: s.messages, Log: s.log, Now: time.Now,
		PublicURL: c.PublicURL, IDURL: c.IDURL, Support: c.SupportContact, CheckToken: s.acceptedByIAM, Ready: ready.reasons, Observe: s.metrics.Request, Locked: s.locked,
		Accounts: s.accounts, TrustedProxies: c.TrustedProxies,
	}
	if c.ConsoleTenant != "" {
		options.Console, options.ConsoleTenant = console.New(s.store, s.onboarding, time.Now), c.ConsoleTenant
		options.Live, options.DomainRequired = s.live, c.DomainRequired()
	}
	if practice != nil {
		options.Sandbox, options.Portal = practice.sandbox.Handler(), practice.portal()
	}
	if c.ServiceClientID != "" {
		options.Service = signin.NewService(c.IDURL, c.ServiceClientID, c.ServiceClientSecret, s.client)
	}
	return web.New(options)
}

// acceptedByIAM asks the IAM API for something harmless with the token.
func (s *service) acceptedByIAM(ctx context.Context, token secret.Secret) error {
	return accepts(ctx, s.iam, token)
}

// accepts asks for the list of providers. Where the API does not have it, it asks for people.
func accepts(ctx context.Context, aritma *iam.Client, token secret.Secret) error {
	_, err := aritma.Providers(ctx, token)
	if iam.NotOffered(err) {
		_, err = aritma.Users(ctx, token, "")
	}
	return err
}
