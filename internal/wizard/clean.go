package wizard

import (
	"regexp"
	"strings"
	"unicode"
)

// MaxSchemeLength limits a scheme, in characters; Aritma documents no limit, the Redirect URI may have 256 (Microsoft).
const MaxSchemeLength = 60

var (
	guid   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	scheme = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	domain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)
	email  = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	tenant = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// IsGUID reports whether s is a lower-case GUID of 36 characters.
func IsGUID(s string) bool { return guid.MatchString(s) }

// IsScheme reports whether s can be a scheme: lower-case letters, digits and single hyphens between them.
func IsScheme(s string) bool { return len(s) <= MaxSchemeLength && scheme.MatchString(s) }

// IsDomain reports whether s looks like a DNS name in lower case with at least two labels.
func IsDomain(s string) bool { return len(s) <= 253 && domain.MatchString(s) }

// IsTenant reports whether s can name a tenant of Aritma, which stands in addresses as one segment.
func IsTenant(s string) bool { return tenant.MatchString(s) }

// IsEmail reports whether s has the shape of an e-mail address; whether it exists shows later.
func IsEmail(s string) bool { return len(s) <= 254 && email.MatchString(s) }

// CleanID removes what copying from a portal adds around an identifier (blanks, zero-width characters, quotes,
// braces) and lowers its case.
func CleanID(s string) string { return strings.ToLower(CleanSecret(s)) }

// CleanSecret removes what copying adds around a secret: blanks, invisible characters, and surrounding quotes, braces and brackets.
// Line breaks and invisible characters inside are removed too: no client secret of Entra holds any.
func CleanSecret(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"'`´‘’“”„«»{}[]<>()", r)
	})
}

// CleanText trims a line of text, makes tabs, line breaks and runs of blanks one blank, and removes control and
// invisible characters.
func CleanText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == '\u200b' || r == '\u2060' || r == '\ufeff' || (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069') {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// ProposeScheme makes a scheme from a company's name: "Nordlys Bygg AS" → "nordlys-bygg-entra".
func ProposeScheme(company string) string {
	fold := strings.NewReplacer("æ", "ae", "ø", "o", "å", "a", "ä", "a", "ö", "o", "ü", "u", "é", "e", "è", "e", "ß", "ss", "&", " ")
	words := strings.FieldsFunc(fold.Replace(strings.ToLower(company)), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	if n := len(words); n > 1 {
		switch words[n-1] {
		case "as", "asa", "ab", "oy", "oyj", "aps", "gmbh", "ltd", "inc", "plc", "llc":
			words = words[:n-1]
		}
	}
	const suffix = "entra"
	name := ""
	for _, word := range words {
		if len(name)+len(word)+1+len(suffix) > 40 {
			break
		}
		name += word + "-"
	}
	return name + suffix
}
