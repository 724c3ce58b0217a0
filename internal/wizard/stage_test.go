package wizard_test

import (
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/wizard"
)

const (
	directoryID = "11111111-aaaa-4bbb-8ccc-222222222222"
	clientID    = "33333333-aaaa-4bbb-8ccc-444444444444"
	otherClient = "55555555-aaaa-4bbb-8ccc-666666666666"
)

var began = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// The answers of a company that does nothing unusual.
var (
	directoryGiven = wizard.DirectoryGiven{
		DirectoryID: directoryID, ClientID: clientID, Region: "EU", Proven: true,
		Authority: "https://login.microsoftonline.com/" + directoryID + "/v2.0",
	}
	otherApplication = wizard.DirectoryGiven{
		DirectoryID: directoryID, ClientID: otherClient, Region: "EU", Proven: true,
		Authority: "https://login.microsoftonline.com/" + directoryID + "/v2.0",
	}
	signinChosen    = wizard.SigninChosen{DisplayName: "Nordlys Bygg", Scheme: "nordlys-entra"}
	otherName       = wizard.SigninChosen{DisplayName: "Nordlys Bygg AS", Scheme: "nordlys-entra"}
	otherScheme     = wizard.SigninChosen{DisplayName: "Nordlys Bygg", Scheme: "nordlys-two"}
	clash           = wizard.Clash{Scheme: "nordlys-entra", ProviderID: 7, DisplayName: "Somebody else's"}
	arrived         = wizard.Arrived{Name: "Kari Nordmann", UserName: "kari@nordlys.example", SubjectID: "user-1", At: began}
	redirectDiffers = wizard.RedirectProven{Check: wizard.Check{Outcome: wizard.Bad}, URI: "https://id.aritma.example/other", Differs: true}
	problem         = wizard.Problem{ID: "iam.unauthorized", Kind: fault.Unauthorized, Reference: "ABCD1234", At: began}
)

// intended is the intent of an act on the provider.
func intended(act wizard.Act) wizard.RegistrationIntended {
	return wizard.RegistrationIntended{Act: act, Operation: "operation-" + string(act), Looked: act == wizard.Create}
}

// secretChecked is Microsoft's word on the secret that is there.
func secretChecked(s wizard.State, outcome wizard.Outcome) wizard.Event {
	return wizard.SecretChecked{Received: s.ClientSecret.ReceivedAt, Check: wizard.Check{Outcome: outcome}}
}

func asked(replaces int) wizard.TokenAsked {
	return wizard.TokenAsked{Operation: "operation-token", Before: []string{"foreign"}, Listed: true, Replaces: replaces}
}

// stage is a state with the events that lead to it from another stage.
type stage struct {
	name, from string
	events     []wizard.Event
}

// stages are all the situations a setup can be in; each builds on an earlier one.
var stages = []stage{
	{"nothing", "", nil},
	{"started", "nothing", []wizard.Event{wizard.Started{SharingScreen: true}}},
	{"application", "started", []wizard.Event{wizard.ApplicationCreated{}}},
	{"directory", "application", []wizard.Event{directoryGiven}},
	{"signin", "directory", []wizard.Event{signinChosen}},
	{"redirect", "signin", []wizard.Event{wizard.RedirectAdded{}}},
	{"received", "redirect", []wizard.Event{wizard.SecretReceived{}}},
	{"secret", "received", []wizard.Event{wizard.SecretGiven{Expires: "2028-11-23"}}},
	{"assigned", "secret", []wizard.Event{wizard.Assigned{FirstPerson: "kari@nordlys.example"}}},
	{"dropped", "assigned", []wizard.Event{wizard.SecretDropped{}}},

	{"creating", "assigned", []wizard.Event{intended(wizard.Create)}},
	{"failed", "creating", []wizard.Event{wizard.RegistrationFailed{Problem: problem}}},
	{"unclear", "creating", []wizard.Event{wizard.RegistrationUnclear{Problem: problem}}},
	{"clash", "creating", []wizard.Event{wizard.SchemeTaken{Clash: clash}}},
	{"adopting", "clash", []wizard.Event{intended(wizard.Adopt)}},
	{"adopted", "adopting", []wizard.Event{wizard.RegistrationDone{ProviderID: 7}}},
	{"registered", "creating", []wizard.Event{wizard.RegistrationDone{ProviderID: 12}}},
	{"elsewhere", "registered", []wizard.Event{redirectDiffers}},
	{"renamed", "registered", []wizard.Event{otherName}}, // pending; the secret is still held
	{"moved", "registered", []wizard.Event{otherApplication}},
	{"updating", "renamed", []wizard.Event{intended(wizard.Update)}},
	{"removing", "registered", []wizard.Event{intended(wizard.Remove)}},
	{"removed", "removing", []wizard.Event{wizard.Removed{}}},

	{"asked", "registered", []wizard.Event{asked(0)}},
	{"lost", "asked", []wizard.Event{wizard.TokenUnclear{Problem: problem}}},
	{"orphaned", "lost", []wizard.Event{wizard.OrphanFound{ID: "orphan"}}},
	{"refused", "asked", []wizard.Event{wizard.TokenFailed{Problem: problem}}},
	{"sealed", "asked", []wizard.Event{wizard.TokenMade{ID: "token-1"}}},
	{"claimed", "sealed", []wizard.Event{wizard.TokenShown{}}},
	{"pasted", "claimed", []wizard.Event{wizard.TokenInEntra{Generation: 1}}},
	{"waiting", "pasted", []wizard.Event{wizard.ArrivalsChecked{Users: -1, Requests: 1}}},
	{"provisioned", "pasted", []wizard.Event{wizard.ProvisioningSeen{Arrived: true}}},
	{"finished", "provisioned", []wizard.Event{wizard.SigninSeen{}, wizard.SecretDropped{}}},
	{"changed", "finished", []wizard.Event{otherName}}, // pending; the secret is gone
	{"replacing", "finished", []wizard.Event{asked(1)}},
	{"resealed", "replacing", []wizard.Event{wizard.TokenMade{ID: "token-2"}}},
	{"reclaimed", "resealed", []wizard.Event{wizard.TokenShown{}}},
	{"replaced", "reclaimed", []wizard.Event{wizard.TokenInEntra{Generation: 2}}},
}

// at builds a stage.
func at(t *testing.T, name string) wizard.State {
	t.Helper()
	for i, s := range stages {
		if s.name != name {
			continue
		}
		state := wizard.State{}
		if s.from != "" {
			state = at(t, s.from)
		}
		return apply(t, state, began.Add(time.Duration(i)*time.Minute), s.events...)
	}
	t.Fatalf("there is no stage %q", name)
	return wizard.State{}
}

// apply applies events none of which may be refused.
func apply(t *testing.T, state wizard.State, now time.Time, events ...wizard.Event) wizard.State {
	t.Helper()
	for _, e := range events {
		next, err := state.Apply(e, now)
		if err != nil {
			t.Fatalf("%T refused: %v", e, err)
		}
		state = next
	}
	return state
}

// happening is an event with the name that the tables use. Some depend on the state, such as the current generation.
type happening struct {
	name string
	of   func(wizard.State) wizard.Event
}

func always(e wizard.Event) func(wizard.State) wizard.Event {
	return func(wizard.State) wizard.Event { return e }
}

var happenings = []happening{
	{"Started", always(wizard.Started{SharingScreen: true})},
	{"Started/two-apps", always(wizard.Started{TwoApps: true})},
	{"ApplicationCreated", always(wizard.ApplicationCreated{})},
	{"DirectoryGiven", always(directoryGiven)},
	{"DirectoryGiven/other", always(otherApplication)},
	{"SigninChosen", always(signinChosen)},
	{"SigninChosen/name", always(otherName)},
	{"SigninChosen/scheme", always(otherScheme)},
	{"RedirectAdded", always(wizard.RedirectAdded{})},
	{"SecretReceived", always(wizard.SecretReceived{})},
	{"SecretGiven", always(wizard.SecretGiven{Expires: "2028-11-23"})},
	{"SecretChecked/good", func(s wizard.State) wizard.Event { return secretChecked(s, wizard.Good) }},
	{"SecretChecked/bad", func(s wizard.State) wizard.Event { return secretChecked(s, wizard.Bad) }},
	{"SecretChecked/stale", always(wizard.SecretChecked{Received: began.Add(-time.Hour), Check: wizard.Check{Outcome: wizard.Bad}})},
	{"SecretDropped", always(wizard.SecretDropped{})},
	{"Assigned", always(wizard.Assigned{FirstPerson: "kari@nordlys.example"})},

	{"RegistrationIntended/create", always(intended(wizard.Create))},
	{"RegistrationIntended/update", always(intended(wizard.Update))},
	{"RegistrationIntended/adopt", always(intended(wizard.Adopt))},
	{"RegistrationIntended/remove", always(intended(wizard.Remove))},
	{"RegistrationIntended/unknown", always(intended("unknown"))},
	{"RegistrationDone", always(wizard.RegistrationDone{ProviderID: 12})},
	{"RedirectProven", always(wizard.RedirectProven{Check: wizard.Check{Outcome: wizard.Good}, URI: "https://id.aritma.example/x"})},
	{"RedirectProven/differs", always(redirectDiffers)},
	{"RegistrationFailed", always(wizard.RegistrationFailed{Problem: problem})},
	{"RegistrationUnclear", always(wizard.RegistrationUnclear{Problem: problem})},
	{"SchemeTaken", always(wizard.SchemeTaken{Clash: clash})},
	{"Removed", always(wizard.Removed{})},
	{"ChangesDiscarded", always(wizard.ChangesDiscarded{})},

	{"TokenAsked", func(s wizard.State) wizard.Event { return asked(s.Token.Generation) }},
	{"TokenAsked/stale", func(s wizard.State) wizard.Event { return asked(s.Token.Generation + 1) }},
	{"TokenMade", always(wizard.TokenMade{ID: "token-9"})},
	{"TokenFailed", always(wizard.TokenFailed{Problem: problem})},
	{"TokenUnclear", always(wizard.TokenUnclear{Problem: problem})},
	{"OrphanFound", always(wizard.OrphanFound{ID: "orphan-9"})},
	{"OrphanUnlisted", always(wizard.OrphanUnlisted{})},
	{"TokensRemoved", always(wizard.TokensRemoved{IDs: []string{"token-1", "orphan"}})},
	{"TokenShown", always(wizard.TokenShown{})},
	{"TokenInEntra", func(s wizard.State) wizard.Event { return wizard.TokenInEntra{Generation: s.Token.Generation} }},
	{"TokenInEntra/stale", func(s wizard.State) wizard.Event { return wizard.TokenInEntra{Generation: s.Token.Generation - 1} }},

	{"TokenProbed", func(s wizard.State) wizard.Event {
		return wizard.TokenProbed{Generation: s.Token.Generation, Check: wizard.Check{Outcome: wizard.Bad, Problem: &problem}}
	}},
	{"TokenProbed/stale", func(s wizard.State) wizard.Event { return wizard.TokenProbed{Generation: s.Token.Generation - 1} }},
	{"ArrivalsCounted", always(wizard.ArrivalsCounted{Users: 3})},
	{"ArrivalsChecked", always(wizard.ArrivalsChecked{Person: &arrived, Users: 4, Requests: 2})},
	{"TestBegan", always(wizard.TestBegan{ID: "1"})},
	{"TestEnded/stale", always(wizard.TestEnded{Trial: wizard.SigninTrial{ID: "another"}})},
	{"TestEnded", always(wizard.TestEnded{Trial: wizard.SigninTrial{Check: wizard.Check{Outcome: wizard.Good}, Match: wizard.MatchSubject}})},
	{"ProvisioningSeen", always(wizard.ProvisioningSeen{Reason: "first cycle still runs"})},
	{"SigninSeen", always(wizard.SigninSeen{})},
}
