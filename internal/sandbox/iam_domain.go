package sandbox

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// domain is an e-mail domain that somebody registered. Names are kept in lower case.
type domain struct {
	name      string
	confirmed bool
	proof     string // value of the TXT record
}

// describe leaves the TXT value out once the domain is confirmed, as documented.
func (d *domain) describe() map[string]any {
	if d.confirmed {
		return map[string]any{"domain": d.name, "status": "Confirmed", "verificationToken": nil}
	}
	return map[string]any{"domain": d.name, "status": "Pending", "verificationToken": d.proof}
}

// domain must be called with mu held.
func (t *tenant) domain(name string) *domain {
	for _, d := range t.domains {
		if d.name == name {
			return d
		}
	}
	return nil
}

// ConfirmDomain makes the sandbox see the TXT record of a registered domain. It reports false when the tenant has
// not registered the domain.
func (s *Sandbox) ConfirmDomain(tenant, name string) bool {
	t := s.tenants.get(tenant)
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.domain(strings.ToLower(name))
	if d != nil {
		d.confirmed = true
	}
	return d != nil
}

// domainName reads the parameter, or answers 400 and reports false.
func (s *Sandbox) domainName(c iamCall) (string, bool) {
	name := strings.ToLower(c.r.URL.Query().Get("domain"))
	if !domainShape.MatchString(name) {
		s.refuse(c, &badKey{"domain", "must be a domain name"})
		return "", false
	}
	return name, true
}

func (s *Sandbox) listDomains(c iamCall) {
	filter := strings.ToLower(c.r.URL.Query().Get("filter"))
	items := []map[string]any{}
	c.tenant.mu.Lock()
	for _, d := range c.tenant.domains {
		if strings.Contains(d.name, filter) {
			items = append(items, d.describe())
		}
	}
	c.tenant.mu.Unlock()
	answer(c.w, http.StatusOK, typeJSON, items)
}

// registerDomain registers once: again gives what is there.
func (s *Sandbox) registerDomain(c iamCall) {
	name, ok := s.domainName(c)
	if !ok {
		return
	}
	c.tenant.mu.Lock()
	d := c.tenant.domain(name)
	if d == nil {
		d = &domain{name: name, proof: "aritma-verify-" + uuid.NewString()}
		c.tenant.domains = append(c.tenant.domains, d)
	}
	described := d.describe()
	c.tenant.mu.Unlock()
	answer(c.w, http.StatusOK, typeJSON, described)
}

func (s *Sandbox) unregisterDomain(c iamCall) {
	name, ok := s.domainName(c)
	if !ok {
		return
	}
	c.tenant.mu.Lock()
	known := c.tenant.domain(name) != nil
	c.tenant.domains = slices.DeleteFunc(c.tenant.domains, func(d *domain) bool { return d.name == name })
	c.tenant.mu.Unlock()
	if !known {
		s.fail(c, http.StatusNotFound, "This domain is not registered.")
		return
	}
	c.w.WriteHeader(http.StatusNoContent)
}

func (s *Sandbox) domainStatus(c iamCall) {
	name, ok := s.domainName(c)
	if !ok {
		return
	}
	described := map[string]any{"domain": name, "status": "NotRegistered", "verificationToken": nil}
	c.tenant.mu.Lock()
	if d := c.tenant.domain(name); d != nil {
		described = d.describe()
	}
	c.tenant.mu.Unlock()
	answer(c.w, http.StatusOK, typeJSON, described)
}
