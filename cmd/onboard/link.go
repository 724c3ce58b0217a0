package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// makeLink makes a setup and prints its setup link.
func makeLink(ctx context.Context, p process, flags linkFlags) (err error) {
	c, err := config.Load(p.environ)
	if err != nil {
		return errors.Join(errConfiguration, err)
	}
	flags.Domain = strings.ToLower(strings.TrimSpace(flags.Domain))
	if err := checkLink(c, flags); err != nil {
		return errors.Join(errConfiguration, err)
	}
	s, err := newService(ctx, c, newLog(p, false))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	setup, err := s.onboarding.CreateSetup(ctx, onboarding.NewSetup{
		Company: wizard.CleanText(flags.Company), Tenant: strings.TrimSpace(flags.Tenant), Domain: flags.Domain,
		Contact: wizard.CleanText(flags.Contact), Scheme: flags.Scheme, Actor: "operator",
	})
	if err != nil {
		return err
	}
	value, _, err := s.onboarding.MakeLink(ctx, setup.ID, "admin", "operator", flags.Expires)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, linkURL(c.PublicURL, value))
	return err
}

func checkLink(c *config.Config, flags linkFlags) error {
	var wrong []error
	if flags.Domain == "" && c.DomainRequired() {
		wrong = append(wrong, errors.New("--domain is required: the link itself acts (ONBOARD_LINK_AUTHORITY=link), so the directory must be pinned to the company's e-mail domain"))
	}
	if flags.Domain != "" && !wizard.IsDomain(flags.Domain) {
		wrong = append(wrong, fmt.Errorf("--domain %q is not a domain name", flags.Domain))
	}
	if flags.Scheme != "" && !wizard.IsScheme(flags.Scheme) {
		wrong = append(wrong, errors.New("--scheme must be lower-case letters, digits and single hyphens between them"))
	}
	if flags.Expires <= 0 {
		wrong = append(wrong, errors.New("--expires must be more than nothing, such as 168h"))
	}
	if wizard.CleanText(flags.Company) == "" || strings.TrimSpace(flags.Tenant) == "" {
		wrong = append(wrong, errors.New("--company and --tenant must not be empty"))
	}
	if tenant := strings.TrimSpace(flags.Tenant); tenant != "" && !wizard.IsTenant(tenant) {
		wrong = append(wrong, fmt.Errorf("--tenant %q is not the id of an Aritma tenant", tenant))
	}
	if c.PublicURL.Port() == "0" {
		wrong = append(wrong, errors.New("ONBOARD_PUBLIC_URL is required when ONBOARD_LISTEN names no port"))
	}
	return errors.Join(wrong...)
}
