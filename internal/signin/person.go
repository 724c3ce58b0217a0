package signin

import (
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	maxText   = 320 // characters of a claim that is passed on: the longest e-mail address
	maxClaims = 100
)

// Person is who signed in, as Aritma ID says. A text that is not plain or longer than 320 characters is left empty.
type Person struct {
	Subject       string // Aritma's own id, never empty
	Name, Email   string
	UserName      string // preferred_username
	ExternalID    string // the first of oid and external_id
	Provider      string // idp: the scheme of the provider that was used; empty: not said
	EmailVerified bool
	Roles         []string  // role or roles, as Aritma ID sends them
	AuthTime      time.Time // zero: not said
	Claims        []string  // the names of all claims that arrived, sorted; never values
}

// person reads claims that verify returned.
func (c claims) person() Person {
	verified := strings.Trim(string(c["email_verified"]), `"`) == "true"
	at, _ := c.time("auth_time")
	external := plain(c.text("oid"))
	if external == "" {
		external = plain(c.text("external_id"))
	}
	return Person{
		Subject: c.text("sub"), Name: printable(c.text("name"), maxText), Email: plain(c.text("email")),
		UserName: plain(c.text("preferred_username")), ExternalID: external, Provider: plain(c.text("idp")),
		EmailVerified: verified, Roles: c.roles(), AuthTime: at, Claims: c.names(),
	}
}

// roles reads both names that are in use for the claim; what is not plain is left out.
func (c claims) roles() []string {
	all := slices.Concat(c.texts("role"), c.texts("roles"))
	all = slices.DeleteFunc(all, func(role string) bool { return plain(role) == "" })
	return all[:min(len(all), maxClaims)]
}

func (c claims) names() []string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(c)), func(name string) bool { return plain(name) == "" })
	return names[:min(len(names), maxClaims)]
}

// plain drops what cannot be compared as it is seen.
func plain(s string) string {
	if len([]rune(s)) > maxText || printable(s, maxText) != s {
		return ""
	}
	return s
}
