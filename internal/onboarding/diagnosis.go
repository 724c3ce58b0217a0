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
	d.Ours = d.RedirectURI != "" && s.onAritmaID(d.RedirectURI)
	return d
}

// onAritmaID reports whether a redirect URI lies on Aritma ID's own host. The template stands for that host, with the tenant
// at most in its path.
func (s *Service) onAritmaID(uri string) bool {
	base, err := url.Parse(strings.NewReplacer("{tenant}", "tenant", "{scheme}", "scheme").Replace(s.RedirectURITemplate))
	return err == nil && entra.OnHost(uri, base)
}
