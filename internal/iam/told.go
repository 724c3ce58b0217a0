package iam

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
)

const (
	maxDetail = 200 // characters shown of an upstream's explanation
	maxCause  = 500 // bytes logged of a transport's error
	// overlap is how many bytes a text may share with a secret.
	overlap = 8
)

// dataOf is what a fault may tell of any answer.
func (act call) dataOf(got answer) fault.Data {
	data := fault.Data{"Status": got.status}
	if reference := act.referenceOf(got); reference != "" {
		data["Reference"] = reference
	}
	return data
}

// problem is what an error body may hold: problem+json (RFC 9457), plain JSON, or an OAuth error.
type problem struct {
	Title       text
	Detail      text
	Message     text
	Description text `json:"error_description"`
	Error       text
	TraceID     text
}

func problemOf(got answer) problem {
	var p problem
	_ = json.Unmarshal(trim(got.body), &p) // another shape explains nothing
	return p
}

// referenceForm is what a correlation id looks like; anything else is not shown.
var referenceForm = regexp.MustCompile(`^[A-Za-z0-9._:|/+=-]{4,128}$`)

// traceparentForm has the trace id in its second field (W3C Trace Context, section 3.2).
var traceparentForm = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-`)

// referenceOf finds the id under which the upstream's people find the call in their logs.
func (act call) referenceOf(got answer) string {
	candidates := []string{string(problemOf(got).TraceID), got.header.Get("Traceparent")}
	for _, name := range []string{"X-Correlation-Id", "Correlation-Id", "X-Request-Id", "Request-Id"} {
		candidates = append(candidates, got.header.Get(name))
	}
	for _, candidate := range candidates {
		if trace := traceparentForm.FindStringSubmatch(candidate); trace != nil {
			candidate = trace[1]
		}
		if referenceForm.MatchString(candidate) && !act.leaks(candidate) {
			return candidate
		}
	}
	return ""
}

// detailOf finds the upstream's own words, when they are a short line of plain text without anything secret.
func (act call) detailOf(got answer) string {
	p := problemOf(got)
	candidates := []text{p.Detail, p.Title, p.Message, p.Description, p.Error}
	if body := trim(got.body); len(body) > 0 && body[0] != '{' && body[0] != '[' {
		plain := text(body)
		var quoted string
		if json.Unmarshal(body, &quoted) == nil {
			plain = text(quoted)
		}
		candidates = append(candidates, plain)
	}
	for _, candidate := range candidates {
		if line := oneLine(string(candidate)); line != "" && !act.leaks(line) {
			return line
		}
	}
	return ""
}

// oneLine gives s on one line, or "" when it is long, is markup or holds what cannot be printed.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxDetail || strings.ContainsAny(s, "<>\ufffd") {
		return ""
	}
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return ""
	}
	return strings.NewReplacer("`", "'", "**", "*", "__", "_").Replace(s) // our own marks in sentences
}

// causeOf describes a call without an answer. Once connected, net/http's errors may quote what the other side sent,
// which may be a secret that nobody knows yet: only the kind of failure is told then.
func (act call) causeOf(err error) string {
	if text := err.Error(); outbound.DialFailed(err) && len(text) <= maxCause && !act.leaks(text) {
		return text
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	switch {
	case outbound.TimedOut(err):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "given up while waiting for the answer"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed before the answer was complete"
	}
	return "answer is not HTTP"
}

// leaks reports whether s shares a stretch of text with a secret of this call, in any form that it may come back in.
func (act call) leaks(s string) bool {
	for _, held := range []string{act.token.Expose(), act.holds.Expose()} {
		if held == "" {
			continue
		}
		for _, form := range formsOf(held) {
			if shares(s, form) {
				return true
			}
		}
	}
	return false
}

func formsOf(held string) []string {
	raw := []byte(held)
	quoted, _ := json.Marshal(held) // strings always encode
	return []string{
		held, url.QueryEscape(held), url.PathEscape(held), string(quoted[1 : len(quoted)-1]),
		base64.StdEncoding.EncodeToString(raw), base64.URLEncoding.EncodeToString(raw),
		hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
	}
}

func shares(s, form string) bool {
	if len(form) <= overlap {
		return strings.Contains(s, form)
	}
	for i := 0; i+overlap <= len(s); i++ {
		if strings.Contains(form, s[i:i+overlap]) {
			return true
		}
	}
	return false
}
