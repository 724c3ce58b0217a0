package console

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	// shaped is what some secrets look like: the value of an Entra client secret (three characters, a digit, "Q~" and more,
	// observed), a JSON Web Token (RFC 7519, section 3), a setup link.
	shaped = regexp.MustCompile(`[A-Za-z0-9_.~-]{3}\dQ~\S{20,}|eyJ[A-Za-z0-9_-]{10,}\.|/s/[A-Za-z0-9_-]{30,}`)
	// random is a run of characters as long as random values are.
	random = regexp.MustCompile(`[A-Za-z0-9_~+=-]{40,}`)
)

// looksSecret reports whether a text holds what looks like a secret: where it would be read by others, it is better asked for
// once too often.
func looksSecret(text string) bool {
	return shaped.MatchString(text) || slices.ContainsFunc(random.FindAllString(text, -1), func(run string) bool {
		return strings.ContainsFunc(run, unicode.IsUpper) && strings.ContainsFunc(run, unicode.IsLower) && strings.ContainsFunc(run, unicode.IsDigit)
	})
}
