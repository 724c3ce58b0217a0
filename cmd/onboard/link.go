package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// beside runs a command on the database, beside the service that may be running, when check finds nothing against it.
func beside(ctx context.Context, p process, check func(ctx context.Context, c *config.Config) error, do func(s *service) error) (err error) {
	c, err := config.Load(p.environ)
	if err != nil {
		return errors.Join(errConfiguration, err)
	}
	if err := check(ctx, c); err != nil {
		return err
	}
	s, err := newService(ctx, c, newLog(p, false, slog.LevelInfo))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	return do(s)
}

// makeLink makes a setup, or another link to one, and prints the setup link.
func makeLink(ctx context.Context, p process, flags linkFlags) error {
	flags.Domain = strings.ToLower(strings.TrimSpace(flags.Domain))
	check := func(_ context.Context, c *config.Config) error { return checkLink(c, flags) }
	return beside(ctx, p, check, func(s *service) error {
		if err := s.onboarding.CheckKeys(ctx); err != nil && !errors.Is(err, onboarding.ErrNotFound) { // none: nothing serves it yet
			return err
		}
		setup, err := s.linked(ctx, flags)
		if err != nil {
			return err
		}
		if flags.Replace {
			if err := s.takeBack(ctx, setup.ID, flags.Label); err != nil {
				return err
			}
		}
		value, _, err := s.onboarding.MakeLink(ctx, onboarding.NewLink{Setup: setup.ID, Label: flags.Label, Actor: onboarding.Operator, Life: flags.Expires})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.log, "setup %s\n", setup.ID) // what "onboard links" and "revoke" want
		_, err = fmt.Fprintln(p.out, linkURL(s.config.PublicURL, value))
		return err
	})
}

// linked is the setup that a link leads to: the one that is named, or a new one.
func (s *service) linked(ctx context.Context, flags linkFlags) (onboarding.Setup, error) {
	if flags.Setup == "" {
		return s.onboarding.CreateSetup(ctx, onboarding.NewSetup{
			Company: wizard.CleanText(flags.Company), Tenant: strings.TrimSpace(flags.Tenant), Domain: flags.Domain,
			Contact: wizard.CleanText(flags.Contact), Scheme: flags.Scheme, Actor: onboarding.Operator,
		})
	}
	setup, err := s.onboarding.Setup(ctx, flags.Setup)
	if fault.Is(err, fault.NotFound) {
		return setup, fmt.Errorf("there is no setup %q: its id stands in the addresses of its pages", flags.Setup)
	}
	return setup, err
}

// takeBack takes the links with a label back.
func (s *service) takeBack(ctx context.Context, setup, label string) error {
	links, err := s.onboarding.Links(ctx, setup)
	if err != nil {
		return err
	}
	for _, link := range links {
		if link.Label == label && link.RevokedAt.IsZero() {
			if err := s.onboarding.RevokeLink(ctx, setup, link.ID, onboarding.Operator); err != nil {
				return err
			}
		}
	}
	return nil
}

// listLinks prints a line for each link of a setup; never the link itself, which nobody knows any more.
func listLinks(ctx context.Context, p process, setup string) error {
	return beside(ctx, p, databaseThere, func(s *service) error {
		if _, err := s.linked(ctx, linkFlags{Setup: setup}); err != nil {
			return err
		}
		links, err := s.onboarding.Links(ctx, setup)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "LINK\tLABEL\tCREATED\tSTATE")
		for _, link := range links {
			state := "expires " + link.ExpiresAt.Format(time.RFC3339)
			switch {
			case !link.RevokedAt.IsZero():
				state = "taken back " + link.RevokedAt.Format(time.RFC3339)
			case !link.Usable(time.Now()):
				state = "expired " + link.ExpiresAt.Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", link.ID, link.Label, link.CreatedAt.Format(time.RFC3339), state)
		}
		return table.Flush()
	})
}

// revokeLink takes one link back.
func revokeLink(ctx context.Context, p process, setup, link string) error {
	return beside(ctx, p, databaseThere, func(s *service) error {
		err := s.onboarding.RevokeLink(ctx, setup, link, onboarding.Operator)
		if fault.Of(err).ID == "links.gone" {
			return fmt.Errorf("setup %q has no link %q: \"onboard links\" lists them", setup, link)
		}
		return err
	})
}

// checkLink reports all that is wrong with the flags as errConfiguration.
func checkLink(c *config.Config, flags linkFlags) error {
	var wrong []error
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if flags.Expires <= 0 {
		add("--expires must be more than nothing, such as 168h")
	}
	if c.PublicURL.Port() == "0" {
		add("ONBOARD_PUBLIC_URL is required when ONBOARD_LISTEN names no port")
	}
	if flags.Setup != "" {
		if flags.Tenant+flags.Company+flags.Domain+flags.Scheme+flags.Contact != "" {
			add("--setup names a setup that is there: leave out --tenant, --company, --domain, --scheme and --contact")
		}
		return mistakes(wrong)
	}
	if flags.Replace {
		add("--replace needs --setup")
	}
	if flags.Domain == "" && c.DomainRequired() {
		add("--domain is required: the link itself acts (ONBOARD_LINK_AUTHORITY=link), so the directory must be pinned to the company's e-mail domain")
	}
	if flags.Domain != "" && !wizard.IsDomain(flags.Domain) {
		add("--domain %q is not a domain name", flags.Domain)
	}
	if flags.Scheme != "" && !wizard.IsScheme(flags.Scheme) {
		add("--scheme must be lower-case letters, digits and single hyphens between them")
	}
	if wizard.CleanText(flags.Company) == "" || strings.TrimSpace(flags.Tenant) == "" {
		add("--company and --tenant are required, unless --setup names a setup that is there")
	}
	if tenant := strings.TrimSpace(flags.Tenant); tenant != "" && !wizard.IsTenant(tenant) {
		add("--tenant %q is not the id of an Aritma tenant", tenant)
	}
	return mistakes(wrong)
}

// mistakes are errConfiguration; nil when there are none.
func mistakes(wrong []error) error {
	if len(wrong) == 0 {
		return nil
	}
	return errors.Join(append([]error{errConfiguration}, wrong...)...)
}
