package web

import (
	"testing"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

// TestDomainOfANewSetup: where the link itself lets people in, the directory is pinned to a domain.
func TestDomainOfANewSetup(t *testing.T) {
	for _, c := range []struct {
		domain   string
		required bool
		mistakes int
	}{{"", false, 0}, {"", true, 1}, {"company.com", true, 0}, {"https://company.com", false, 1}, {"kari@company.com", true, 1}} {
		m := &mistakes{v: &visit{}}
		m.newSetup(onboarding.NewSetup{Domain: c.domain}, c.required)
		if len(m.errors) != c.mistakes {
			t.Errorf("%q, required %v: %v", c.domain, c.required, m.errors)
		}
	}
}

// TestInert: no cell of an export is taken for a formula.
func TestInert(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "Nordlys": "Nordlys", "=1+1": "'=1+1", "+47": "'+47", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "a=1": "a=1",
	} {
		if got := inert(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}
