package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/web"
)

// practice is the sandbox with the service pointed at it.
type practice struct {
	sandbox *sandbox.Sandbox
	service *service
	dir     string // of the temporary database; empty when the operator named one
}

// practiser is who makes setups for practice.
var practiser = onboarding.Actor{Who: "sandbox"}

// startPractice starts the sandbox and returns an environment in which it is the only upstream.
func startPractice(ctx context.Context, of process) (*practice, map[string]string, error) {
	p, environ := &practice{}, of.environ
	titles := make([]string, 0, len(wizard.Steps()))
	for _, step := range wizard.Steps() {
		titles = append(titles, string(step))
	}
	if public, err := url.Parse(environ["ONBOARD_PUBLIC_URL"]); err != nil || (public.Host != "" && !config.IsLoopback(public.Hostname())) {
		return nil, nil, errors.Join(errConfiguration, errors.New("ONBOARD_PUBLIC_URL must be a loopback address in the sandbox: leave it out"))
	}
	if hook, err := url.Parse(environ["ONBOARD_WEBHOOK_URL"]); err != nil || (hook.Host != "" && !config.IsLoopback(hook.Hostname())) {
		return nil, nil, errors.Join(errConfiguration, errors.New("ONBOARD_WEBHOOK_URL must be a loopback address in the sandbox: practice is told to nobody else"))
	}
	var err error
	p.sandbox, err = sandbox.Start(ctx, sandbox.Options{StepTitles: titles, NewSetup: p.newSetup, Messages: of.messages, LanguageCookie: web.LanguageCookie})
	if err != nil {
		return nil, nil, fmt.Errorf("start sandbox: %w", err)
	}
	environ = maps.Clone(environ)
	maps.Copy(environ, map[string]string{
		"ONBOARD_IAM_URL": p.sandbox.IAMURL(), "ONBOARD_ID_URL": p.sandbox.IDURL(), "ONBOARD_ENTRA_LOGIN_URL": p.sandbox.EntraLoginURL(),
		"ONBOARD_SERVICE_CLIENT_ID": sandbox.ServiceClientID, "ONBOARD_SERVICE_CLIENT_SECRET": p.sandbox.ServiceClientSecret().Expose(),
		"ONBOARD_ID_CLIENT_ID": sandbox.SigninClientID, "ONBOARD_ID_CLIENT_SECRET": p.sandbox.SigninClientSecret().Expose(),
		"ONBOARD_ALLOW_LOOPBACK":        "true",
		"ONBOARD_SCIM_URL_TEMPLATE":     p.sandbox.IDURL() + "/{tenant}/api/scim/v2",
		"ONBOARD_REDIRECT_URI_TEMPLATE": p.sandbox.IDURL() + "/{tenant}/federation/{scheme}/signin",
	})
	delete(environ, "ONBOARD_SERVICE_CLIENT_SECRET_FILE")
	delete(environ, "ONBOARD_ID_CLIENT_SECRET_FILE")
	if environ["ONBOARD_SEALING_KEYS"] == "" && environ["ONBOARD_SEALING_KEYS_FILE"] == "" {
		environ["ONBOARD_SEALING_KEYS"] = seal.Generate().Expose()
	}
	if environ["ONBOARD_LINK_AUTHORITY"] == "" { // practice begins without a sign-in
		environ["ONBOARD_LINK_AUTHORITY"] = config.AuthorityLink
	}
	if environ["ONBOARD_CONSOLE_TENANT"] == "" {
		environ["ONBOARD_CONSOLE_TENANT"] = sandbox.ConsoleTenant
	}
	if environ["ONBOARD_DATABASE_URL"] == "" && environ["ONBOARD_DATABASE_URL_FILE"] == "" {
		if p.dir, err = os.MkdirTemp("", "onboard-sandbox-"); err != nil {
			return nil, nil, errors.Join(err, p.sandbox.Close())
		}
		environ["ONBOARD_DATABASE_URL"] = "sqlite://" + filepath.Join(p.dir, "onboard.db")
	}
	return p, environ, nil
}

func (p *practice) close() error {
	err := p.sandbox.Close()
	if p.dir != "" {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}

// portal is the address of the practice portal.
func (p *practice) portal() *url.URL {
	at, err := url.Parse(p.sandbox.PortalURL())
	if err != nil {
		return nil
	}
	return at
}

func (p *practice) newSetup(ctx context.Context, company, tenant, domain string) (string, error) {
	setup, err := p.service.onboarding.CreateSetup(ctx, onboarding.NewSetup{Company: company, Tenant: tenant, Domain: domain, Actor: practiser})
	if err != nil {
		return "", err
	}
	value, _, err := p.service.onboarding.MakeLink(ctx, onboarding.NewLink{Setup: setup.ID, Label: onboarding.LinkAdmin, Actor: practiser, Life: onboarding.DefaultLinkLife})
	if err != nil {
		return "", err
	}
	return linkURL(p.service.config.PublicURL, value), nil
}

// announce makes a setup ready to open and prints where.
func (p *practice) announce(ctx context.Context, out io.Writer, s *service) error {
	sample := p.sandbox.Sample()
	link, err := p.newSetup(ctx, sample.Company, sample.Tenant, sample.Domain)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `Aritma Entra onboarding, sandbox: practice only, nothing real is reached.

  Open this address    %s
  Portal and values    %s
  Console              %s   (sign in as %s)

Stop it with Ctrl+C.
`, link, s.config.PublicURL.JoinPath("sandbox/"), s.config.PublicURL.JoinPath("console"), sandbox.Guide)
	return err
}
