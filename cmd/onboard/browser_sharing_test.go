package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// TestSharingIsSwitched: the switch in the header says whether the screen is shared, and changes it wherever it stands.
func TestSharingIsSwitched(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		shared := func() string {
			return evaluate[string](b, `document.querySelector("[role=switch]").getAttribute("aria-checked")`)
		}
		b.enter().walk("directory").fill("directory", "half typed")
		if shared() != "true" {
			t.Fatal("the screen is not said to be shared")
		}
		if !scripts { // the page comes again
			b.press("Sharing my screen").at("directory", "Your directory and application")
		} else {
			b.click("Sharing my screen").until("the switch turns", `document.querySelector("[role=switch]").ariaChecked == "false"`)
			if got := evaluate[string](b, `document.querySelector("[name=directory]").value`); got != "half typed" {
				t.Errorf("what was typed is %q", got)
			}
		}
		if b.reload(); shared() != "false" {
			t.Error("it is not kept")
		}
	})
}

// TestSharingKeepsTheToken: on the page that shows the token once, the switch takes nothing away, and Show asks again.
func TestSharingKeepsTheToken(t *testing.T) {
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		value := b.reveal(scripts)
		b.click("Sharing my screen")
		if !scripts {
			if b.text("#secret-token") != value {
				t.Error("the token is gone")
			}
			return
		}
		b.until("the switch turns", `document.querySelector("[role=switch]").ariaChecked == "false"`)
		if b.click("Show"); b.text(".shown") != value { // nobody looks: nothing is asked
			t.Error("the token is not shown")
		}
		b.click("Hide").click("Sharing my screen").until("the switch turns back", `document.querySelector("[role=switch]").ariaChecked == "true"`)
		if b.click("Show"); b.text(".shown") != "" || !b.find("Keep it hidden").Found {
			t.Error("Show does not ask")
		}
		s.holds(1, 1)
	})
}

// TestTypedSecretAsksFirst: a client secret is shown while it is typed as carefully as the token is.
func TestTypedSecretAsksFirst(t *testing.T) {
	b := newSite(t, nil).browse(true)
	kind := func() string { return evaluate[string](b, `document.querySelector("[name=secret]").type`) }
	b.enter().walk("secret").fill("secret", "something").click("Show")
	if kind() != "password" || b.focused() != "Keep it hidden" {
		t.Errorf("Show shows without asking; the focus is on %q", b.focused())
	}
	if b.click("Show it"); kind() != "text" {
		t.Error("it is not shown")
	}
	if b.keys("\x1b"); kind() != "password" {
		t.Error("Esc does not hide it")
	}
}

// TestRecordIsKept: what was set up can be taken along, on paper and as a file, and holds no secret.
func TestRecordIsKept(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review").register()
	v.handOver()
	token := v.value()
	v.send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).send(nil).at("done")
	base := "/setup/" + v.setup() + "/done"

	record := v.once(v.request(http.MethodGet, base+"/record.html", nil))
	if got := record.header.Get("Content-Disposition"); !regexp.MustCompile(`^attachment; filename="aritma-entra-[a-z0-9-]+\.html"$`).MatchString(got) {
		t.Errorf("the record is sent as %q", got)
	}
	sample := s.sandbox.Sample()
	for _, want := range []string{sample.Company + " is connected", sample.DirectoryID, sample.ClientID, "Tenant URL"} {
		if !strings.Contains(record.body, want) {
			t.Errorf("the record does not say %q", want)
		}
	}
	for _, unwanted := range []string{token, sample.ClientSecret.Expose(), "<script", "src=", "http-equiv"} {
		if strings.Contains(record.body, unwanted) {
			t.Errorf("the record holds %.12q", unwanted)
		}
	}

	day := v.once(v.request(http.MethodGet, base+"/secret-expires.ics", nil))
	if day.status != http.StatusOK || !strings.Contains(day.body, "BEGIN:VEVENT") || strings.Contains(day.body, token) {
		t.Errorf("the calendar is answered %d: %.80q", day.status, day.body)
	}

	b := s.browse(true).lend(v).open(base)
	paper := call(b, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: new(true), PreferCSSPageSize: new(true)})
	if pages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(paper.Data, -1)); pages != 1 {
		t.Errorf("the page fills %d sheets", pages)
	}
}
