package sandbox

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/secret"
)

// entra is the stand-in of Microsoft Entra ID: its sign-in host, its portal and its provisioning agent share it. Every
// field behind it is guarded by mu.
type entra struct {
	mu          sync.Mutex
	sample      Sample
	directories []*directory
	codes       map[codeDigest]*signinCode
	// agent is held while the provisioning agent works, so that one run follows the other. It is taken before mu, and mu
	// is never held while the agent speaks to its endpoint.
	agent sync.Mutex
}

// directory is one Entra tenant.
type directory struct {
	id, domain, company string
	people              []*person
	groups              []*group
	applications        []*application
	shared              bool // "common" and the like, made for one request: it has no people
}

// person is an account of a directory.
type person struct {
	id                string // object id, the claim oid
	userPrincipalName string // the name at sign-in
	displayName       string
	givenName         string
	surname           string
	mail              string // empty for somebody without a mailbox: then there is no claim email either
	mailNickname      string
}

// group is a group of a directory. Groups in groups are nested: assigning the outer one does not reach their people.
type group struct {
	id, displayName string
	people          []string // object ids
	groups          []string // object ids of nested groups
}

// application is an app registration, and the enterprise application that goes with it.
type application struct {
	clientID, objectID string
	servicePrincipal   string // object id of the enterprise application
	name               string
	// bare is an app registration made by New registration: its enterprise application cannot provision.
	bare         bool
	redirectURIs []string // under Web
	secrets      []*clientSecret
	emailClaim   bool // the optional claim email of the ID token
	consented    bool // by an administrator, for the whole directory
	// assignmentRequired lets only assigned people sign in. Entra provisions assigned people whatever it says.
	assignmentRequired bool
	people, assigned   []string // object ids of assigned people, and of assigned groups
	provisioning       provisioning
}

// clientSecret is one client secret of an application.
type clientSecret struct {
	id, description string
	value           secret.Secret
	expires         time.Time
	shown           bool // the portal shows the Value once
}

// provisioning is the configuration of an enterprise application's provisioning, and what its agent did.
type provisioning struct {
	entered, saved credentials // as Test Connection had them last, and as Create saved them
	externalID     string      // source of externalId: "mailNickname", Entra's default, or "objectId"
	userName       string      // source of userName: "userPrincipalName", Entra's default, "mail" or "extensionAttribute1"
	running        bool
	startedAt      time.Time
	ranAt          time.Time // end of the last cycle
	nextCycle      time.Time // of a running one
	quarantined    bool
	linked         map[string]link // by object id of the person or group
	log            []provisioned
}

// credentials are a Tenant URL and a Secret Token.
type credentials struct {
	tenantURL string
	token     secret.Secret
	passed    bool // Test Connection passed with them
	spoilt    bool // a mistake switch changed them: they can be saved although Test Connection fails
}

// link is what the agent remembers of a person or group that it made or found at the endpoint.
type link struct {
	id       string   // at the endpoint
	members  []string // of a group: ids of people at the endpoint
	disabled bool     // a person who left the scope
}

// provisioned is one line of the provisioning log.
type provisioned struct {
	at     time.Time
	name   string // of the person or group
	action string // "create", "update", "disable", "delete", "skip", "quarantine"
	failed string // what the endpoint answered; empty when it worked
}

// cycleEvery is how often Entra's agent runs (Microsoft, "Application provisioning in quarantine status" and "How
// provisioning works"): about every 40 minutes.
const cycleEvery = 40 * time.Minute

// newEntra makes two directories. The sample application exists with two client secrets, a valid and an expired one;
// what the wizard's steps ask for in the portal has still to be done.
func newEntra(sample Sample, now time.Time) *entra {
	e := &entra{sample: sample}
	e.begin(now)
	return e
}

// begin puts everything back as it was at start.
func (e *entra) begin(now time.Time) {
	at := func(given, surname, mail string) *person {
		nick := strings.ToLower(given + "." + surname)
		p := &person{id: uuid.NewString(), userPrincipalName: nick + "@" + e.sample.Domain, displayName: given + " " + surname, givenName: given, surname: surname, mailNickname: nick}
		if mail != "" {
			p.mail = mail + "@" + e.sample.Domain
		}
		return p
	}
	kari, ola, siri := at("Kari", "Nordmann", "kari.nordmann"), at("Ola", "Hansen", "ola.hansen"), at("Siri", "Berg", "")
	sites := &group{id: uuid.NewString(), displayName: "Site managers", people: []string{ola.id}}
	users := &group{id: uuid.NewString(), displayName: "Aritma users", people: []string{kari.id}, groups: []string{sites.id}}
	app := &application{
		clientID: e.sample.ClientID, objectID: uuid.NewString(), servicePrincipal: uuid.NewString(), name: "Aritma", assignmentRequired: true,
		secrets: []*clientSecret{
			{id: e.sample.SecretID, description: "Aritma", value: e.sample.ClientSecret, expires: now.AddDate(0, secretLife, 0), shown: true},
			{id: uuid.NewString(), description: "Last year's", value: e.sample.ExpiredSecret, expires: now.AddDate(0, -1, 0), shown: true},
		},
		provisioning: provisioning{externalID: "mailNickname", userName: "userPrincipalName"},
	}
	guest := &person{id: uuid.NewString(), userPrincipalName: "eva.fisker@" + e.sample.OtherDomain, displayName: "Eva Fisker", givenName: "Eva", surname: "Fisker", mail: "eva.fisker@" + e.sample.OtherDomain, mailNickname: "eva.fisker"}
	e.codes = map[codeDigest]*signinCode{}
	e.directories = []*directory{
		{id: e.sample.DirectoryID, domain: e.sample.Domain, company: e.sample.Company, people: []*person{kari, ola, siri}, groups: []*group{users, sites}, applications: []*application{app}},
		{id: e.sample.OtherDirectoryID, domain: e.sample.OtherDomain, company: e.sample.OtherCompany, people: []*person{guest}},
	}
}

// find looks a directory up by GUID or verified domain, or says which number Microsoft gives. It must be called with
// mu held, as everything below.
func (e *entra) find(name string) (*directory, *entraError) {
	for _, d := range e.directories {
		if strings.EqualFold(name, d.id) || strings.EqualFold(name, d.domain) {
			return d, nil
		}
	}
	if guidShape.MatchString(name) || domainShape.MatchString(strings.ToLower(name)) {
		return nil, errNoDirectory(name)
	}
	return nil, errNoDirectoryName(name)
}

func (d *directory) application(clientID string) (*application, bool) {
	i := slices.IndexFunc(d.applications, func(a *application) bool { return strings.EqualFold(a.clientID, clientID) })
	if i < 0 {
		return nil, false
	}
	return d.applications[i], true
}

func (d *directory) person(id string) (*person, bool) {
	i := slices.IndexFunc(d.people, func(p *person) bool { return p.id == id || strings.EqualFold(p.userPrincipalName, id) })
	if i < 0 {
		return nil, false
	}
	return d.people[i], true
}

func (d *directory) group(id string) (*group, bool) {
	i := slices.IndexFunc(d.groups, func(g *group) bool { return g.id == id })
	if i < 0 {
		return nil, false
	}
	return d.groups[i], true
}

// secretOf finds the client secret of this value.
func (a *application) secretOf(value secret.Secret) (*clientSecret, bool) {
	i := slices.IndexFunc(a.secrets, func(s *clientSecret) bool { return s.value.Equal(value) })
	if i < 0 {
		return nil, false
	}
	return a.secrets[i], true
}

// inScope lists the people whom the application is assigned to, directly or by a group; nested groups do not count.
func (d *directory) inScope(a *application) (people []*person) {
	ids := slices.Clone(a.people)
	for _, id := range a.assigned {
		if g, ok := d.group(id); ok {
			ids = append(ids, g.people...)
		}
	}
	for _, p := range d.people {
		if slices.Contains(ids, p.id) {
			people = append(people, p)
		}
	}
	return people
}
