package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aritma/entra-onboard/internal/secret"
)

// provider is a registered sign-in provider.
type provider struct {
	id int64
	providerWrite
}

// providerWrite is the body that creates or updates a provider.
type providerWrite struct {
	ID          int64             `json:"id"` // of an update
	Scheme      string            `json:"scheme"`
	DisplayName string            `json:"displayName"`
	Enabled     bool              `json:"enabled"`
	Type        string            `json:"type"`
	Properties  azureADProperties `json:"properties"`
}

type azureADProperties struct {
	LoginEnabled            bool          `json:"loginEnabled"`
	Visible                 bool          `json:"visible"`
	DelegationEnabled       bool          `json:"delegationEnabled"`
	AutoProvisioningEnabled bool          `json:"autoProvisioningEnabled"`
	ClientID                string        `json:"clientId"`
	ClientSecret            secret.Secret `json:"clientSecret"` // null and missing leave it empty
	UsePKCE                 bool          `json:"usePkce"`
	Authority               string        `json:"authority"`
	ResponseType            string        `json:"responseType"`
	Scope                   string        `json:"scope"`
}

var createKeys = []key{
	{name: "scheme", required: true},
	{name: "displayName", required: true},
	{name: "enabled", kind: boolean, required: true},
	{name: "type", required: true, oneOf: []string{"oidc"}},
	{name: "properties", kind: object, required: true, keys: []key{
		{name: "loginEnabled", kind: boolean, required: true},
		{name: "visible", kind: boolean, required: true},
		{name: "delegationEnabled", kind: boolean, required: true},
		{name: "autoProvisioningEnabled", kind: boolean, required: true},
		{name: "clientId", required: true},
		{name: "clientSecret", kind: nullableText},
		{name: "usePkce", kind: boolean},
		{name: "authority", required: true},
		{name: "responseType", oneOf: []string{"code", "id_token", "token", "none"}},
		{name: "scope"},
	}},
}

var updateKeys = append([]key{{name: "id", kind: integer, required: true}}, createKeys...)

// schemeShape: a scheme stands in URLs as it is (RFC 3986 §2.3).
var schemeShape = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,200}$`)

func (p providerWrite) check() error {
	if !schemeShape.MatchString(p.Scheme) {
		return &badKey{"scheme", "must be letters, digits and .-_~ only"}
	}
	authority, err := url.Parse(p.Properties.Authority)
	if err != nil || authority.Host == "" || (authority.Scheme != "https" && authority.Scheme != "http") {
		return &badKey{"properties.authority", "must be an absolute URL"}
	}
	return nil
}

func (s *Sandbox) createProvider(c iamCall) {
	var p providerWrite
	if !s.read(c, createKeys, &p) {
		return
	}
	if err := p.check(); err != nil {
		s.refuse(c, err)
		return
	}
	created, ok := c.tenant.addProvider(p, s.tenants.nextProvider)
	if !ok {
		s.duplicate(c)
		return
	}
	s.registered(c, created)
}

// addProvider reports false when the scheme is taken. Schemes stand in URLs, so case does not tell them apart.
func (t *tenant) addProvider(p providerWrite, nextID func() int64) (provider, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hasScheme(p.Scheme) {
		return provider{}, false
	}
	created := &provider{nextID(), p}
	t.providers = append(t.providers, created)
	return *created, true
}

// hasScheme must be called with mu held.
func (t *tenant) hasScheme(scheme string) bool {
	return slices.ContainsFunc(t.providers, func(p *provider) bool { return strings.EqualFold(p.Scheme, scheme) })
}

func (s *Sandbox) duplicate(c iamCall) {
	status := http.StatusConflict
	switch {
	case s.faults.take(DuplicateAs400, c.r.Pattern):
		status = http.StatusBadRequest
	case s.faults.take(DuplicateAs500, c.r.Pattern):
		status = http.StatusInternalServerError
	}
	s.fail(c, status, "A provider with this scheme exists already.")
}

// registered answers a creation in the shape that is switched on. The documented one is an array of links whose href
// names another version and another provider kind than the one that was called.
func (s *Sandbox) registered(c iamCall, p provider) {
	links := []map[string]any{{"rel": "self", "href": fmt.Sprintf("/v0/sso/custom/%d", p.id), "method": http.MethodGet}}
	switch {
	case s.faults.take(NoProviderID, c.r.Pattern):
		c.w.WriteHeader(http.StatusCreated)
	case s.faults.take(RegisterAnswersLocation, c.r.Pattern):
		c.w.Header().Set("Location", fmt.Sprintf("%s/v1/sso/azuread/%d", s.IAMURL(), p.id))
		c.w.WriteHeader(http.StatusCreated)
	case s.faults.take(RegisterAnswersProvider, c.r.Pattern):
		answer(c.w, http.StatusOK, typeJSON, s.describe(c, p, true))
	case s.faults.take(RegisterAnswersLinksObject, c.r.Pattern):
		answer(c.w, http.StatusCreated, typeJSON, map[string]any{"links": links})
	default:
		answer(c.w, http.StatusCreated, typeJSON, links)
	}
}

// describe makes the answer for one provider. Properties hold the client secret, as the real ones may.
func (s *Sandbox) describe(c iamCall, p provider, withProperties bool) map[string]any {
	described := map[string]any{
		"id": p.id, "scheme": p.Scheme, "displayName": p.DisplayName, "enabled": p.Enabled, "providerName": "azuread", "type": p.Type,
	}
	if s.faults.take(IDsAsText, c.r.Pattern) {
		described["id"] = strconv.FormatInt(p.id, 10)
	}
	if withProperties {
		described["properties"] = p.Properties.describe()
	}
	return described
}

func (p azureADProperties) describe() map[string]any {
	described := map[string]any{
		"loginEnabled": p.LoginEnabled, "visible": p.Visible, "delegationEnabled": p.DelegationEnabled,
		"autoProvisioningEnabled": p.AutoProvisioningEnabled, "clientId": p.ClientID, "clientSecret": nil, "usePkce": p.UsePKCE,
		"authority": p.Authority, "responseType": p.ResponseType, "scope": p.Scope,
	}
	if !p.ClientSecret.IsZero() {
		described["clientSecret"] = p.ClientSecret.Expose()
	}
	return described
}

func (s *Sandbox) listProviders(c iamCall) {
	c.tenant.mu.Lock()
	providers := make([]provider, 0, len(c.tenant.providers))
	for _, p := range c.tenant.providers {
		providers = append(providers, *p)
	}
	c.tenant.mu.Unlock()
	items := make([]map[string]any, 0, len(providers))
	for _, p := range providers {
		items = append(items, s.describe(c, p, false))
	}
	s.list(c, items)
}

// providerID reads {id}, or answers and reports false.
func (s *Sandbox) providerID(c iamCall) (int64, bool) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		s.fail(c, http.StatusBadRequest, "The id must be an integer.")
		return 0, false
	}
	return id, true
}

func (s *Sandbox) noProvider(c iamCall) {
	s.fail(c, http.StatusNotFound, "There is no provider with this id.")
}

func (s *Sandbox) getProvider(c iamCall) {
	id, ok := s.providerID(c)
	if !ok {
		return
	}
	p, ok := c.tenant.provider(id)
	if !ok {
		s.noProvider(c)
		return
	}
	answer(c.w, http.StatusOK, typeJSON, s.describe(c, p, true))
}

func (t *tenant) provider(id int64) (provider, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.providers {
		if p.id == id {
			return *p, true
		}
	}
	return provider{}, false
}

// updateProvider takes the whole provider. A null secret clears the one that was there; the scheme is permanent.
func (s *Sandbox) updateProvider(c iamCall) {
	if s.faults.take(UpdateNotOffered, c.r.Pattern) {
		s.fail(c, http.StatusMethodNotAllowed, "There is no such operation.")
		return
	}
	id, ok := s.providerID(c)
	if !ok {
		return
	}
	var p providerWrite
	if !s.read(c, updateKeys, &p) {
		return
	}
	err := p.check()
	if err == nil && p.ID != id {
		err = &badKey{"id", "is not the id in the path"}
	}
	if err != nil {
		s.refuse(c, err)
		return
	}
	switch found, err := c.tenant.replaceProvider(id, p); {
	case !found:
		s.noProvider(c)
	case err != nil:
		s.refuse(c, err)
	case s.faults.take(UpdateAnswersNoContent, c.r.Pattern):
		c.w.WriteHeader(http.StatusNoContent)
	default:
		c.w.WriteHeader(http.StatusOK)
	}
}

func (t *tenant) replaceProvider(id int64, to providerWrite) (found bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.providers {
		if p.id != id {
			continue
		}
		if p.Scheme != to.Scheme {
			return true, &badKey{"scheme", "cannot be changed"}
		}
		p.providerWrite = to
		return true, nil
	}
	return false, nil
}

// deleteProvider leaves the SCIM tokens of the scheme alive: whoever starts over has to remove them too.
func (s *Sandbox) deleteProvider(c iamCall) {
	if s.faults.take(DeleteNotOffered, c.r.Pattern) {
		s.fail(c, http.StatusMethodNotAllowed, "There is no such operation.")
		return
	}
	id, ok := s.providerID(c)
	if !ok {
		return
	}
	c.tenant.mu.Lock()
	before := len(c.tenant.providers)
	c.tenant.providers = slices.DeleteFunc(c.tenant.providers, func(p *provider) bool { return p.id == id })
	gone := len(c.tenant.providers) < before
	c.tenant.mu.Unlock()
	if !gone {
		s.noProvider(c)
		return
	}
	s.deleted(c)
}
