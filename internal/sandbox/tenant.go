package sandbox

import (
	"crypto/sha256"
	"maps"
	"regexp"
	"slices"
	"sync"
)

// tenantName is what the sandbox takes for the name of a tenant.
var tenantName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// tenants holds the state of every tenant. A tenant begins empty when it is first asked for.
type tenants struct {
	mu           sync.Mutex
	byName       map[string]*tenant
	lastProvider int64 // one sequence for all tenants, so that an id used in the wrong tenant is noticed
}

func (t *tenants) get(name string) *tenant {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byName == nil {
		t.byName = map[string]*tenant{}
	}
	if t.byName[name] == nil {
		t.byName[name] = &tenant{requests: map[string]int{}, users: resources{kind: userResource}, groups: resources{kind: groupResource}}
	}
	return t.byName[name]
}

// names lists the tenants that were asked for, sorted, without the one of requests that belong to none.
func (t *tenants) names() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := slices.Sorted(maps.Keys(t.byName))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

func (t *tenants) nextProvider() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastProvider++
	return t.lastProvider
}

func (t *tenants) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byName = nil
}

// tenant is one customer's environment. Its fields are guarded by mu.
type tenant struct {
	mu        sync.Mutex
	providers []*provider
	tokens    []*scimToken
	domains   []*domain
	users     resources
	groups    resources
	strangers map[string]string // subjects of people who signed in and do not exist here, by oid
	requests  map[string]int
}

func (t *tenant) resources(kind *resourceKind) *resources {
	if kind == groupResource {
		return &t.groups
	}
	return &t.users
}

func (t *tenant) count(operation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests[operation]++
}

// scimToken is kept without its value.
type scimToken struct {
	id, provider, displayName string
	digest                    [sha256.Size]byte
}

// acceptsSCIM reports whether value is a live SCIM token.
func (t *tenant) acceptsSCIM(value string) bool {
	digest := sha256.Sum256([]byte(value))
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, token := range t.tokens {
		if token.digest == digest {
			return true
		}
	}
	return false
}

// Snapshot is what exists in one tenant. It holds no secret.
type Snapshot struct {
	Providers  []Provider
	SCIMTokens []SCIMToken
	Domains    []Domain
	Users      []Person
	Groups     []string // display names
	// Requests counts what came in, under method and path template, for example "POST /core/iam/v1/sso/azuread" or
	// "GET /id/{tenant}/api/scim/v2/Users". IAM requests without a good access token and requests to the sign-in
	// host of Microsoft belong to no tenant: they are counted under the tenant "".
	Requests map[string]int
}

// Provider is a registered sign-in provider.
type Provider struct {
	ID          int64
	Scheme      string
	DisplayName string
	Enabled     bool
	Visible     bool
}

// SCIMToken is a live SCIM token without its value.
type SCIMToken struct {
	ID          string
	Provider    string // scheme
	DisplayName string
}

// Domain is an e-mail domain that was registered.
type Domain struct {
	Name      string
	Confirmed bool
}

// Person is somebody who came by SCIM.
type Person struct {
	UserName string
	Active   bool
}

// Snapshot returns a copy of what exists in tenant at this moment.
func (s *Sandbox) Snapshot(name string) Snapshot {
	t := s.tenants.get(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	snapshot := Snapshot{Requests: maps.Clone(t.requests)}
	for _, p := range t.providers {
		snapshot.Providers = append(snapshot.Providers, Provider{p.id, p.Scheme, p.DisplayName, p.Enabled, p.Properties.Visible})
	}
	for _, token := range t.tokens {
		snapshot.SCIMTokens = append(snapshot.SCIMTokens, SCIMToken{token.id, token.provider, token.displayName})
	}
	for _, d := range t.domains {
		snapshot.Domains = append(snapshot.Domains, Domain{d.name, d.confirmed})
	}
	for _, user := range t.users.all {
		snapshot.Users = append(snapshot.Users, Person{user.text("userName"), user.attributes["active"] != false})
	}
	for _, group := range t.groups.all {
		snapshot.Groups = append(snapshot.Groups, group.text("displayName"))
	}
	return snapshot
}
