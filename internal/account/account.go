package account

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
)

const (
	// freshFor is how long an access token has to last so that an act may begin with it.
	freshFor = 2 * time.Minute
	// leastLife is how long an access token that cannot be renewed has to last.
	leastLife = 15 * time.Second
)

// acceptedFor is how long the word of the IAM API is good while it cannot be asked.
const acceptedFor = 15 * time.Minute

// longAgo is the expiry of an access token that the IAM API refused before its time; the zero time would mean "not said".
var longAgo = time.Unix(1, 0).UTC()

// Account is somebody who signed in with Aritma. The zero Account is nobody.
type Account struct {
	Tenant  string // of the person; the tid of the ID token is this tenant
	Subject string // Aritma's own id of the person
	Name    string // may be empty, as may Email
	Email   string
	At      time.Time // of the sign-in here
	// Accepted is when the IAM API accepted the access token last; zero when it has refused it since.
	Accepted time.Time
	// Console is true for somebody of customer success who signed in to the console: without tokens, and without a way into a
	// setup.
	Console bool
	Tokens  signin.Tokens
}

// IsZero reports whether nobody is signed in.
func (a Account) IsZero() bool { return a.Tenant == "" }

// Full names the person in the audit trail, where two may have one name.
func (a Account) Full() string {
	if a.Name != "" && a.Email != "" {
		return a.Name + ", " + a.Email
	}
	return a.Label()
}

// Label names the person on screens.
func (a Account) Label() string {
	for _, name := range []string{a.Name, a.Email} {
		if name != "" {
			return name
		}
	}
	return a.Subject
}

// Owner names the person among all tenants, for the list of their sessions.
func (a Account) Owner() string { return "person:" + strings.ToLower(a.Tenant) + "/" + a.Subject }

// CanAct reports whether there is an access token to act with, or a way to a new one.
func (a Account) CanAct(now time.Time) bool {
	return a.Usable(now) || (!a.IsZero() && !a.Tokens.Refresh.IsZero())
}

// Usable reports whether the access token can be used now.
func (a Account) Usable(now time.Time) bool {
	return !a.Tokens.Access.IsZero() && a.lasts(now, leastLife)
}

// Due reports whether the access token is to be renewed before an act.
func (a Account) Due(now time.Time) bool {
	return !a.IsZero() && !a.Tokens.Refresh.IsZero() && !a.lasts(now, freshFor)
}

// lasts reports whether the access token is good for so long, as far as Aritma ID said.
func (a Account) lasts(now time.Time, life time.Duration) bool {
	return a.Tokens.Expires.IsZero() || a.Tokens.Expires.After(now.Add(life))
}

// Refused is the account after the IAM API refused its access token: it has to be renewed before the next act.
func (a Account) Refused() Account {
	a.Tokens.Expires, a.Accepted = longAgo, time.Time{}
	return a
}

// AcceptedLately reports whether the IAM API accepted the account so short a time ago that it need not be asked again for what
// makes nothing.
func (a Account) AcceptedLately(now time.Time) bool { return now.Sub(a.Accepted) < acceptedFor }

// open is an Account in plain sight.
type open struct {
	Tenant  string    `json:"tenant"`
	Subject string    `json:"subject"`
	Name    string    `json:"name,omitempty"`
	Email   string    `json:"email,omitempty"`
	At      time.Time `json:"at"`
	Console bool      `json:"console,omitempty"`
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Expires time.Time `json:"expires"`

	Accepted time.Time `json:"accepted,omitzero"`
}

// Pack returns the account in the form that Unpack reads, to be kept sealed.
func (a Account) Pack() secret.Secret {
	// Strings and times of this era always marshal.
	raw, _ := json.Marshal(open{
		a.Tenant, a.Subject, a.Name, a.Email, a.At, a.Console, a.Tokens.Access.Expose(), a.Tokens.Refresh.Expose(), a.Tokens.Expires, a.Accepted,
	})
	return secret.New(string(raw))
}

// Unpack reads what Pack wrote. Its error says nothing about the value.
func Unpack(s secret.Secret) (Account, error) {
	var o open
	if json.Unmarshal([]byte(s.Expose()), &o) != nil || o.Tenant == "" || o.Subject == "" {
		return Account{}, errors.New("kept account cannot be read")
	}
	return Account{
		Tenant: o.Tenant, Subject: o.Subject, Name: o.Name, Email: o.Email, At: o.At, Accepted: o.Accepted, Console: o.Console,
		Tokens: signin.Tokens{Access: secret.New(o.Access), Refresh: secret.New(o.Refresh), Expires: o.Expires},
	}, nil
}
