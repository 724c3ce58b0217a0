package signin

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/aritma/entra-onboard/internal/fault"
)

// maxDescription is how many characters of an error description are passed on.
const maxDescription = 2000

// errorForm is an error code of RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6.
var errorForm = regexp.MustCompile(`^[a-z_]{1,40}$`)

// errState is an answer that does not belong to the attempt.
func errState(cause string) error {
	return finishing.fail(fault.Forbidden, "signin.person.state", cause, nil)
}

// errExpired is an answer that came too late.
func errExpired() error {
	return finishing.fail(fault.Forbidden, "signin.person.expired", "attempt is too old", nil)
}

// errIssuer is an answer of somebody else than the tenant's Aritma ID.
func (a act) errIssuer(cause string) error {
	return a.fail(fault.Forbidden, "signin.person.issuer", cause, nil)
}

// errToken is an ID token that cannot be trusted, or a code that Aritma ID does not take.
func (a act) errToken(cause string) error {
	return a.fail(fault.Forbidden, "signin.person.token", cause, nil)
}

// errOtherTenant is a person of another tenant.
func errOtherTenant() error {
	return finishing.fail(fault.Forbidden, "signin.person.tenant", "tid is another tenant", nil)
}

// errClient is Aritma ID that does not accept this client's id or secret.
func (a act) errClient(cause string) error {
	return a.fail(fault.Forbidden, "signin.person.client", cause, nil)
}

// errRefused is an error that Aritma ID sent back with the browser (OpenID Connect Core, section 3.1.2.6). Data has Error,
// which is empty unless it looks like a code, and Description, to be read for diagnosis and shown as nothing but a quote.
func errRefused(query url.Values) error {
	code := query.Get("error")
	if !errorForm.MatchString(code) {
		code = ""
	}
	data := fault.Data{"Error": code, "Description": printable(query.Get("error_description"), maxDescription)}
	return finishing.fail(fault.Forbidden, "signin.person.refused", fmt.Sprintf("answered error %q", code), data)
}

// errUnproven is a Redirect URI that could not be read.
func errUnproven(cause string) error {
	return redirectProof.fail(fault.Unavailable, "signin.redirect.unproven", cause, nil)
}

// printable returns at most limit characters of s, with blanks for line breaks and without what cannot be seen.
func printable(s string, limit int) string {
	var b strings.Builder
	left := limit
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			continue
		}
		if left--; left < 0 {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
