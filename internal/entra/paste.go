package entra

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// MaxPaste is how many bytes of what was pasted are read: enough for the source of a page, little enough to be read in a
// third of a second at worst.
const MaxPaste = 128 << 10

const (
	guidPart  = `([0-9a-fA-F]{8} ?- ?[0-9a-fA-F]{4} ?- ?[0-9a-fA-F]{4} ?- ?[0-9a-fA-F]{4} ?- ?[0-9a-fA-F]{12})`
	valuePart = `["']? ?[:=]? ?["']?` // between a label and its value: text, JSON or a query
	quotes    = `'"‘’‚‛“”„«»‹›` + "`"
	uriPart   = `([a-zA-Z][a-zA-Z0-9+.-]{1,30}:[^<>` + quotes + `]+)`
)

// What is looked for in a reading, which has single blanks only. Labels are Microsoft's in English and, as far as its
// page is translated, in the languages of the wizard.
var (
	errorNumber   = regexp.MustCompile(`(?i)AADSTS ?[:-]? ?([0-9]{4,9})\b`)
	labelledCode  = regexp.MustCompile(`(?i)error[ _-]?codes?` + valuePart + `\[? ?["']?([0-9]{4,9})\b`)
	errorPage     = regexp.MustCompile(`(?i)/error\?code=([0-9]{4,9})(?:[^0-9A-Za-z._-]|$)`)
	bareNumber    = regexp.MustCompile(`^[^0-9A-Za-z]*([0-9]{4,9})[^0-9A-Za-z]*$`)
	correlationID = regexp.MustCompile(`(?i)[ck]orrela\pL*[ _-]?(?:id)?` + valuePart + guidPart + `\b`)
	traceID       = regexp.MustCompile(`(?i)(?:trace|request|sporings?|spårnings?|foresp\pL+|anmodnings?|begär\pL+|jäljitys\pL*|pyyn\pL+)[ _-]?(?:id)?` + valuePart + guidPart + `\b`)
	timestamp     = regexp.MustCompile(`(?i)(?:timestamp|tidsst[eä]mpel|aikaleima)` + valuePart + `([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})`)

	// The address follows its label, in any quotes; or, in another language, the number, in single quotes: a double one
	// may belong to the JSON around.
	labelledURI = regexp.MustCompile(`(?i)(?:redirect|reply|return)[ _-]?(?:ur[il]|address)s?:? ?[` + quotes + `] ?` + uriPart + `[` + quotes + `]`)
	numberedURI = regexp.MustCompile(`(?i)AADSTS ?[:-]? ?(?:50011|500113|900971)\b[^` + quotes + `]{0,300}['‘’‚«‹] ?` + uriPart + `['‘’‛»›]`)
	queryURI    = regexp.MustCompile(`(?i)[?&]redirect_uri=([^&#<> ` + quotes + `]+)`)

	mayWrap = regexp.MustCompile(`(?i)<wbr ?/?>`)
	tag     = regexp.MustCompile(`</?[a-zA-Z!][^<>]*>`)
	entity  = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});`)
	escaped = regexp.MustCompile(`\\(?:u00[0-7][0-9a-fA-F]|[rnt/"'])`)
	percent = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
)

// paste is what was pasted in the ways in which it can be meant, the most literal first: as it stands, without markup, and
// percent-decoded once and twice.
type paste []string

func readPaste(pasted string) paste {
	if len(pasted) > MaxPaste {
		pasted = pasted[:MaxPaste]
	}
	pasted = strings.ToValidUTF8(pasted, "")
	readings := paste{tidy(pasted), tidy(tag.ReplaceAllString(mayWrap.ReplaceAllString(pasted, ""), " "))}
	for range 2 {
		if !percent.MatchString(pasted) && !strings.Contains(pasted, "+") {
			break
		}
		pasted = unquery(pasted)
		readings = append(readings, tidy(pasted))
	}
	return slices.Compact(readings)
}

// tidy resolves the escapes of HTML and JSON, takes out what cannot be seen, and makes every stretch of blanks and line
// breaks one blank.
func tidy(s string) string {
	s = entity.ReplaceAllStringFunc(s, html.UnescapeString)
	s = escaped.ReplaceAllStringFunc(s, unescape)
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// unescape resolves one escape of a JSON text.
func unescape(s string) string {
	switch s[1] {
	case 'u':
		code, _ := strconv.ParseUint(s[2:], 16, 8)
		return string(rune(code))
	case 'r', 'n', 't':
		return " "
	}
	return s[1:]
}

// unquery decodes what is percent-encoded and leaves the rest, broken sequences included.
func unquery(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	s = percent.ReplaceAllStringFunc(s, func(sequence string) string {
		code, _ := strconv.ParseUint(sequence[1:], 16, 8)
		return string([]byte{byte(code)})
	})
	return strings.ToValidUTF8(s, "")
}

// first is what the first reading in which it occurs has for the expression's group.
func (p paste) first(e *regexp.Regexp) string {
	for _, reading := range p {
		if match := e.FindStringSubmatch(reading); match != nil {
			return match[1]
		}
	}
	return ""
}

// code is the first number that the table knows, else the first, else 0.
func (p paste) code() int {
	first := 0
	for _, reading := range p {
		for _, match := range errorNumber.FindAllStringSubmatch(reading, -1) {
			number, _ := strconv.Atoi(match[1])
			if _, known := table[number]; known {
				return number
			}
			if first == 0 {
				first = number
			}
		}
	}
	for _, e := range []*regexp.Regexp{labelledCode, errorPage, bareNumber} {
		if first == 0 {
			first, _ = strconv.Atoi(p.first(e))
		}
	}
	return first
}

func (p paste) at() time.Time {
	stamp := strings.Replace(p.first(timestamp), "T", " ", 1)
	at, err := time.Parse(time.DateTime, stamp)
	if err != nil {
		return time.Time{}
	}
	return at
}

// redirectURI is the address in the text, or else in the address of the page.
func (p paste) redirectURI() string {
	for _, e := range []*regexp.Regexp{labelledURI, numberedURI} {
		if uri := joined(p.first(e)); uri != "" {
			return uri
		}
	}
	return joined(tidy(unquery(p.first(queryURI))))
}

// maxBreaks is how often an address may be broken by the line breaks of a mail; more blanks are a sentence.
const maxBreaks = 3

// maxURI bounds an address in bytes.
const maxURI = 2048

// joined takes the line breaks out of an address. What then has none of an address's shape gives nothing.
func joined(uri string) string {
	if strings.Count(strings.TrimSpace(uri), " ") > maxBreaks {
		return ""
	}
	uri = unspaced(uri)
	if !strings.Contains(uri, ":") || len(uri) > maxURI {
		return ""
	}
	return uri
}

func unspaced(s string) string { return strings.ReplaceAll(s, " ", "") }
