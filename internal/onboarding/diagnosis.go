package onboarding

import (
	"net/url"
	"strings"

	"github.com/aritma/entra-onboard/internal/entra"
)

// Diagnosis is what a page of Microsoft's that somebody pasted says.
type Diagnosis struct {
	entra.Diagnosis
	// Ours is true when the redirect URI in it lies on Aritma ID's own host: only then may it be added in Entra.
	Ours bool
}

// Diagnose explains an error that Microsoft showed. It asks nobody and stores nothing.
func (s *Service) Diagnose(pasted string) Diagnosis {
	d := Diagnosis{Diagnosis: entra.Diagnose(pasted)}
	if d.RedirectURI != "" {
		// The template stands for Aritma ID's own host, with the tenant at most in its path.
		base, err := url.Parse(strings.NewReplacer("{tenant}", "tenant", "{scheme}", "scheme").Replace(s.RedirectURITemplate))
		d.Ours = err == nil && entra.OnHost(d.RedirectURI, base)
	}
	return d
}
