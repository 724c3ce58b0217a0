package message_test

import (
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/message/messagetest"
)

func TestLanguageOfARequest(t *testing.T) {
	c := messagetest.Catalogue(t)
	for _, each := range []struct {
		preferences []string
		want        string
	}{
		{nil, "en"},
		{[]string{""}, "en"},
		{[]string{"nb"}, "nb"},
		{[]string{"NB-no"}, "nb"},
		{[]string{"no"}, "nb"},
		{[]string{"nn-NO, en;q=0.5"}, "nb"},
		{[]string{"sv-FI,sv;q=0.9,fi;q=0.8,en;q=0.7"}, "sv"},
		{[]string{"da-DK"}, "da"},
		{[]string{"fi"}, "fi"},
		{[]string{"fi;q=0.5, da;q=0.9"}, "da"},
		{[]string{"de, fr;q=0.9, fi;q=0.1"}, "fi"},
		{[]string{"fi;q=0, sv;q=0.1"}, "sv"},
		{[]string{"en-GB, nb;q=0.9"}, "en"},
		{[]string{"de"}, "en"},
		{[]string{"et, is, fo, kl, se"}, "en"}, // near, and another language
		{[]string{"*"}, "en"},
		{[]string{"fi;q=x"}, "en"},
		{[]string{"\x00;;;=", "sv"}, "sv"},
		{[]string{"nb", "fi"}, "nb"}, // a choice beats the header
		{[]string{"de", "fi"}, "fi"},
	} {
		p := c.For(each.preferences...)
		if p.Lang() != each.want {
			t.Errorf("For(%q) is %q, want %q", each.preferences, p.Lang(), each.want)
		}
		want := "Yes"
		if each.want != "en" {
			want = messagetest.Sentence(each.want, want)
		}
		if got := p.T("yes"); got != want {
			t.Errorf("For(%q) says %q, want %q", each.preferences, got, want)
		}
	}
}

// TestHabits: by CLDR 42, where the language has one way of its own.
func TestHabits(t *testing.T) {
	c, at := messagetest.Catalogue(t), time.Date(2027, 1, 2, 16, 4, 5, 0, time.FixedZone("elsewhere", 3600))
	for tag, want := range map[string][5]string{
		"en": {"2 January 2027", "15:04 UTC", "2 January 2027 15:04 UTC", "2 January 2027 15:04:05 UTC", "12,345"},
		"nb": {"2. januar 2027", "15:04 UTC", "2. januar 2027 15:04 UTC", "2. januar 2027 15:04:05 UTC", "12\u00a0345"},
		"sv": {"2 januari 2027", "15:04 UTC", "2 januari 2027 15:04 UTC", "2 januari 2027 15:04:05 UTC", "12\u00a0345"},
		"da": {"2. januar 2027", "15.04 UTC", "2. januar 2027 15.04 UTC", "2. januar 2027 15.04.05 UTC", "12.345"},
		"fi": {"2. tammikuuta 2027", "15.04 UTC", "2. tammikuuta 2027 15.04 UTC", "2. tammikuuta 2027 15.04.05 UTC", "12\u00a0345"},
	} {
		p := c.For(tag)
		if got := [5]string{p.Day(at), p.Hour(at), p.Moment(at), p.Second(at), p.Number(12345)}; got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}

func TestMomentsInDataAreDates(t *testing.T) {
	data := fault.Data{"Date": time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC)}
	want := message.Printer.Day(messagetest.Catalogue(t).For("fi"), time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC))
	if got := messagetest.Catalogue(t).For("en").Fault(fault.New(fault.Gone, "link.expired", data)); got != "This setup link was valid until 1 May 2027. Ask whoever sent it for a new one: what was entered is kept." {
		t.Error(got)
	}
	if _, still := data["Date"].(time.Time); !still || want != "1. toukokuuta 2027" {
		t.Error("the data was changed, or the date is", want)
	}
}
