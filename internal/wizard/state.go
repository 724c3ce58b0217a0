package wizard

import (
	"maps"
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
)

// Answers are what the admin entered; no secret is among them.
type Answers struct {
	SharingScreen bool `json:"sharingScreen"` // "Are you sharing your screen?"
	TwoApps       bool `json:"twoApps"`       // an existing app registration for sign-in, a second application for provisioning

	DirectoryID string `json:"directoryId,omitempty"` // Directory (tenant) ID, lower-case GUID
	ClientID    string `json:"clientId,omitempty"`    // Application (client) ID, lower-case GUID
	Authority   string `json:"authority,omitempty"`   // OpenID Connect authority of the directory and its cloud
	Region      string `json:"region,omitempty"`      // tenant_region_scope as Microsoft says it; empty when not proven
	Proven      bool   `json:"proven,omitempty"`      // Microsoft said that the directory exists

	DisplayName   string `json:"displayName,omitempty"` // on Aritma's login button
	Scheme        string `json:"scheme,omitempty"`      // permanent once registered; part of the Redirect URI
	AutoProvision bool   `json:"autoProvision"`         // create users at first sign-in
	HoldButton    bool   `json:"holdButton"`            // keep the login button hidden until sign-in was tested

	SecretExpires string `json:"secretExpires,omitempty"` // ISO date from the portal; empty when not given

	FirstPerson string `json:"firstPerson,omitempty"` // e-mail of whom will be provisioned first

	FirstUserArrived bool   `json:"firstUserArrived"` // the admin saw the first user in Aritma
	WithoutReason    string `json:"withoutReason,omitempty"`
}

// registered are the answers that Aritma IAM holds; when they differ from the registered ones, a PUT is due.
func (a Answers) registered() Answers {
	return Answers{
		DirectoryID: a.DirectoryID, ClientID: a.ClientID, Authority: a.Authority, DisplayName: a.DisplayName,
		Scheme: a.Scheme, AutoProvision: a.AutoProvision, HoldButton: a.HoldButton,
	}
}

// Mark says when a step was last submitted, and how often: the revision tells two tabs apart.
type Mark struct {
	At       time.Time `json:"at"`
	Revision int       `json:"revision"`
	// Open is true when the step has to be looked at again although it was submitted before.
	Open bool `json:"open,omitempty"`
}

// ClientSecret says what is known of the client secret. Its value is sealed elsewhere.
type ClientSecret struct {
	Held       bool      `json:"held"`
	ReceivedAt time.Time `json:"receivedAt,omitzero"`
	// Session is the browser session that entered it. Only under an access token of the same session, or the operator's
	// client, is it sent anywhere.
	Session string `json:"session,omitempty"`
	// Sent is true when Aritma holds this very secret; a newer one makes a PUT due.
	Sent bool `json:"sent"`
	// Check is Microsoft's word on it; bad ones are not held.
	Check Check `json:"check,omitzero"`
}

// Problem is a fault kept with the act that it ended, so that the page can say it later, in any language.
type Problem struct {
	ID        string     `json:"id"`
	Kind      fault.Kind `json:"kind"`
	Data      fault.Data `json:"data,omitempty"`
	At        time.Time  `json:"at"`
	Reference string     `json:"reference"` // the number that people quote; the log line carries it too
}

// Act is what a registration intent is about to do.
type Act string

// The acts on a provider.
const (
	Create Act = "create" // POST a new provider
	Update Act = "update" // PUT the provider that this setup made or took over
	Adopt  Act = "adopt"  // PUT an existing provider of the same scheme, chosen by the admin
	Remove Act = "remove" // DELETE everything that this setup made
)

// Registration is the provider in Aritma IAM.
type Registration struct {
	Intent     Act       `json:"intent,omitempty"` // an act without an outcome; empty when none is under way
	Operation  string    `json:"operation,omitempty"`
	IntendedAt time.Time `json:"intendedAt,omitzero"`
	Looked     bool      `json:"looked,omitempty"` // before the intent the list showed no provider of this scheme

	Exists       bool      `json:"exists,omitempty"`
	ProviderID   int64     `json:"providerId,omitempty"` // 0: Aritma did not tell
	Adopted      bool      `json:"adopted,omitempty"`    // not made by this setup: never deleted by it
	RegisteredAt time.Time `json:"registeredAt,omitzero"`
	Sent         Answers   `json:"sent,omitzero"` // the answers as they were when Aritma last accepted them
	// Uncertain is true when the answer to a PUT was lost: Aritma may hold the one or the other.
	Uncertain bool `json:"uncertain,omitempty"`

	Redirect RedirectCheck `json:"redirect,omitzero"`
	Clash    *Clash        `json:"clash,omitempty"`
	Problem  *Problem      `json:"problem,omitempty"`
}

// Clash is a provider that already has the scheme: the admin chooses another scheme or takes it over.
type Clash struct {
	Scheme      string `json:"scheme"`
	ProviderID  int64  `json:"providerId"`
	DisplayName string `json:"displayName"`
	// Perhaps is true when this setup may have made it itself: an answer was lost and Aritma did not list providers then.
	Perhaps bool `json:"perhaps,omitempty"`
}

// TokenStatus is how far the newest SCIM token has come. Each status is a commit of its own.
type TokenStatus string

// The life of a SCIM token.
const (
	TokenNone     TokenStatus = ""
	TokenIntended TokenStatus = "intended" // about to be created, or created with its answer lost
	TokenSealed   TokenStatus = "sealed"   // exists; its value is sealed here and was seen by nobody
	TokenClaimed  TokenStatus = "claimed"  // its one showing was given out; the ciphertext is gone
	TokenPasted   TokenStatus = "pasted"   // the admin says that Entra has it
)

// SCIMToken is the newest token and what is left of older ones.
type SCIMToken struct {
	Status     TokenStatus `json:"status,omitempty"`
	Operation  string      `json:"operation,omitempty"`
	IntendedAt time.Time   `json:"intendedAt,omitzero"`
	// Before holds the ids of all tokens that existed before this setup first asked for one: whatever else carries the
	// setup's reference is of its making, however late it appears. It is never overwritten.
	Before []string `json:"before,omitempty"`
	Listed bool     `json:"listed,omitempty"` // Before is known
	// Session is the browser session that asked with an access token of its own; empty when the operator's client did.
	Session string `json:"session,omitempty"`

	ID        string    `json:"id,omitempty"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
	ClaimedAt time.Time `json:"claimedAt,omitzero"`
	PastedAt  time.Time `json:"pastedAt,omitzero"`
	// Generation counts the tokens of this setup; a Replace names the one that it replaces.
	Generation int `json:"generation,omitempty"`
	// Old holds ids of tokens of this setup that are to be removed: a replaced one, or an orphan of a lost answer.
	Old []string `json:"old,omitempty"`
	// OrphansRemoved counts tokens whose value was lost on the way and that were removed since the last showing.
	OrphansRemoved int `json:"orphansRemoved,omitempty"`
	// LostUnlisted is true when an answer was lost and Aritma would not list its tokens: one may be left over.
	LostUnlisted bool     `json:"lostUnlisted,omitempty"`
	Problem      *Problem `json:"problem,omitempty"`
	// Check is how the SCIM endpoint answered with it.
	Check Check `json:"check,omitzero"`
}

// State is one setup's progress.
type State struct {
	Answers      Answers       `json:"answers"`
	Marks        map[Step]Mark `json:"marks"`
	ClientSecret ClientSecret  `json:"clientSecret"`
	Registration Registration  `json:"registration"`
	Token        SCIMToken     `json:"token"`
	Arrivals     Arrivals      `json:"arrivals,omitzero"`
	Trial        SigninTrial   `json:"trial,omitzero"`
	// ForgottenAt is when personal data was removed, since nothing had happened for long; zero: never.
	ForgottenAt time.Time `json:"forgottenAt,omitzero"`
}

// clone copies what an event may change in place.
func (s State) clone() State {
	s.Marks = maps.Clone(s.Marks)
	if s.Marks == nil {
		s.Marks = map[Step]Mark{}
	}
	s.Token.Before = slices.Clone(s.Token.Before)
	s.Token.Old = slices.Clone(s.Token.Old)
	return s
}

// Pending reports whether Aritma holds something else than the answers say: a PUT is due.
func (s State) Pending() bool {
	r := s.Registration
	return r.Exists && (r.Uncertain || r.Sent.registered() != s.Answers.registered() || !s.ClientSecret.Sent)
}

// NeedsSecret reports whether the client secret has to be entered: before registration unless it is held, afterwards
// only when a PUT is due, since Aritma must never be sent an empty one. An act without an outcome is settled first.
func (s State) NeedsSecret() bool {
	if s.Registration.Intent != "" {
		return false
	}
	if s.Registration.Exists && !s.Pending() {
		return false
	}
	return !s.ClientSecret.Held
}

// complete reports whether a step has nothing left to do.
func (s State) complete(step Step) bool {
	mark, submitted := s.Marks[step]
	switch step {
	case Secret:
		return submitted && !mark.Open && !s.NeedsSecret()
	case Review:
		return s.Registration.Exists && s.Registration.Intent == "" && !s.Pending()
	case Token:
		return s.Token.Status == TokenPasted
	case Done:
		return false
	default:
		return submitted && !mark.Open
	}
}

// Complete reports whether the step was done and nothing reopened it.
func (s State) Complete(step Step) bool { return s.complete(step) }

// Open is the first step with something left to do: where a person who comes back goes on.
func (s State) Open() Step {
	for _, step := range order {
		if !s.complete(step) {
			return step
		}
	}
	return Done
}

// Reachable reports whether the step's page may be seen: everything up to the open step.
func (s State) Reachable(step Step) bool {
	n := step.Number()
	return n > 0 && n <= s.Open().Number()
}

// Finished reports whether the whole setup is done.
func (s State) Finished() bool { return s.Open() == Done }

// SchemeFixed reports whether the scheme is permanent: registered, or perhaps registered.
func (s State) SchemeFixed() bool {
	return s.Registration.Exists || s.Registration.Intent != ""
}
