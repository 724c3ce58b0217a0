package sandbox

import (
	"crypto/sha256"
	"net/http"
	"slices"

	"github.com/google/uuid"
)

var scimTokenKeys = []key{
	{name: "provider", required: true},
	{name: "providerDisplayName", required: true},
}

// createSCIMToken is the one place where a SCIM token's value exists; only its digest is kept.
func (s *Sandbox) createSCIMToken(c iamCall) {
	var request struct {
		Provider            string `json:"provider"`
		ProviderDisplayName string `json:"providerDisplayName"`
	}
	if !s.read(c, scimTokenKeys, &request) {
		return
	}
	value := randomValue()
	token := &scimToken{
		id: uuid.NewString(), provider: request.Provider, displayName: request.ProviderDisplayName,
		digest: sha256.Sum256([]byte(value.Expose())),
	}
	if !c.tenant.addSCIMToken(token) {
		s.refuse(c, &badKey{"provider", "is not the scheme of a provider"})
		return
	}
	described := token.describe()
	if !s.faults.take(CreateTokenWithoutValue, c.r.Pattern) {
		described["token"] = value.Expose()
	}
	answer(c.w, http.StatusOK, typeJSON, described)
}

// addSCIMToken reports false when no provider has the token's scheme, exactly.
func (t *tenant) addSCIMToken(token *scimToken) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.ContainsFunc(t.providers, func(p *provider) bool { return p.Scheme == token.provider }) {
		return false
	}
	t.tokens = append(t.tokens, token)
	return true
}

func (token *scimToken) describe() map[string]any {
	return map[string]any{"id": token.id, "provider": token.provider, "providerDisplayName": token.displayName}
}

func (s *Sandbox) listSCIMTokens(c iamCall) {
	c.tenant.mu.Lock()
	items := make([]map[string]any, 0, len(c.tenant.tokens))
	for _, token := range c.tenant.tokens {
		items = append(items, token.describe())
	}
	c.tenant.mu.Unlock()
	s.list(c, items)
}

func (s *Sandbox) deleteSCIMToken(c iamCall) {
	if s.faults.take(DeleteNotOffered, c.r.Pattern) {
		s.fail(c, http.StatusMethodNotAllowed, "There is no such operation.")
		return
	}
	id := c.r.PathValue("id")
	c.tenant.mu.Lock()
	before := len(c.tenant.tokens)
	c.tenant.tokens = slices.DeleteFunc(c.tenant.tokens, func(token *scimToken) bool { return token.id == id })
	gone := len(c.tenant.tokens) < before
	c.tenant.mu.Unlock()
	if !gone {
		s.fail(c, http.StatusNotFound, "There is no SCIM token with this id.")
		return
	}
	s.deleted(c)
}
