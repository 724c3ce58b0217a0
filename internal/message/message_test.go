package message_test

import (
	"testing"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
)

func printer(t *testing.T) message.Printer {
	t.Helper()
	c, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	return c.For("en")
}

func TestSentencesAreFilled(t *testing.T) {
	p := printer(t)
	if got, want := p.T("directory.length", "Length", 12), "Directory (tenant) ID must be 36 characters. This has 12"; got != want {
		t.Errorf("T = %q, want %q", got, want)
	}
	f := fault.New(fault.Gone, "link.expired", fault.Data{"Date": "1 May 2027"})
	if got, want := p.Fault(f), "This setup link was valid until 1 May 2027. Ask whoever sent it for a new one: what was entered is kept."; got != want {
		t.Errorf("Fault = %q, want %q", got, want)
	}
}

func TestPluralFollowsCount(t *testing.T) {
	p := printer(t)
	one, two := p.T("token.orphan", "Count", 1), p.T("token.orphan", "Count", 2)
	if one == two || one == "token.orphan" || two == "token.orphan" {
		t.Errorf("one = %q, two = %q", one, two)
	}
}

func TestUnknownLanguageIsEnglish(t *testing.T) {
	c, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"", "xx", "is;q=0.9, de", "\x00;;;=", "*"} {
		if got := c.For(header).T("yes"); got != "Yes" {
			t.Errorf("Accept-Language %q: %q", header, got)
		}
	}
}

func TestBareSentences(t *testing.T) {
	p := printer(t)
	for id, want := range map[string]string{
		"iam.forbidden":     "Aritma knows this account, but it has no IAM admin permissions. Ask Aritma to grant them, or continue with an account that has them.",
		"iam.secret-needed": "The client secret is needed for this. Enter its value again, as the Microsoft portal showed it once under Value.",
		"iam.refused":       "", // has a place for what Aritma says
		"token.orphan":      "", // has a plural
		"no.such-sentence":  "",
		"":                  "",
	} {
		if got, ok := p.Bare(id); got != want || ok != (want != "") {
			t.Errorf("Bare(%q) = %q, %v, want %q", id, got, ok, want)
		}
	}
	p.T("iam.refused", "Detail", "why") // what was printed before does not matter
	if got, ok := p.Bare("iam.refused"); ok {
		t.Errorf("a sentence with a place is bare: %q", got)
	}
	if got, ok := (message.Printer{}).Bare("iam.forbidden"); ok {
		t.Errorf("the zero Printer says %q", got)
	}
}
