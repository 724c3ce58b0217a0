package entra

import (
	"net/url"
	"strings"
	"time"
)

// Diagnosis is what can be said of an error that Microsoft showed somebody. Of what was pasted it holds numbers, GUIDs, a
// time and one address, nothing else.
type Diagnosis struct {
	Code  int  // AADSTS number; 0 when there is none in what was pasted
	Known bool // whether the table has it
	Kind  Kind // where the remedy lies; empty when it is not known
	// Meaning and Fix are message ids, also for an unknown and for a missing number. Their data is Code.
	Meaning, Fix string
	Place        string // one of the Place constants; empty when there is no such place
	// RedirectURI is the address that Microsoft was asked to send people back to, for the errors that are about it. It
	// is foreign text: offer it for copying only when OnHost says so, and never as a link.
	RedirectURI        string
	Correlation, Trace string // lower-case GUIDs for Microsoft's support, or empty
	At                 time.Time
}

// Diagnose reads the text, the source or the address of a page on which Microsoft shows an error, or the JSON of an error
// answer, or a bare number. Of several numbers the first that is known counts. It fetches nothing.
func Diagnose(pasted string) Diagnosis {
	p := readPaste(pasted)
	d := Diagnosis{
		Code: p.code(), Correlation: strings.ToLower(unspaced(p.first(correlationID))),
		Trace: strings.ToLower(unspaced(p.first(traceID))), At: p.at(),
	}
	found, known := table[d.Code]
	switch {
	case known:
		d.Known = true
	case d.Code != 0:
		found = unknownError
	default:
		found = noError
	}
	d.Kind, d.Meaning, d.Fix, d.Place = found.kind, found.meaning, found.fix, found.place
	switch d.Code {
	case 50011, 500113, 900971:
		d.RedirectURI = p.redirectURI()
	}
	return d
}

// maxRedirectURI is the longest redirect URI that Entra stores.
const maxRedirectURI = 256

// OnHost reports whether a redirect URI lies on the host of base, Aritma ID: the very same scheme, host and port, nothing
// in front of the host, nothing behind a #, and no character that programs read differently. The scheme is https unless
// base itself is http, as in the sandbox.
func OnHost(uri string, base *url.URL) bool {
	if base == nil || base.Hostname() == "" || len(uri) > maxRedirectURI || strings.ContainsFunc(uri, treacherous) {
		return false
	}
	u, err := url.Parse(uri)
	if err != nil || u.Opaque != "" || u.User != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") {
		return false
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Scheme == base.Scheme &&
		strings.EqualFold(u.Hostname(), base.Hostname()) && portOf(u) == portOf(base)
}

// treacherous are characters that have no place in a redirect URI: whatever is not printable ASCII, what browsers take
// for a slash, and what begins a fragment or ends an attribute.
func treacherous(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\\#\"'<>`{}|^", r) }

// portOf is the port of an address. A named port that is not the usual one counts as it is written.
func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
