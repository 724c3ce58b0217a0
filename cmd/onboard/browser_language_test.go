package main

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// TestFinnishFitsAPhone: the longest words of the five languages need no scrolling sideways at 320 px, and the choice is made by a click.
func TestFinnishFitsAPhone(t *testing.T) {
	t.Parallel()
	catalogue, err := message.Read(os.DirFS("../../internal/message"), message.Known())
	if err != nil {
		t.Fatal(err)
	}
	s := siteWithConsole(t, nil)
	s.messages = catalogue
	s.start()
	b := s.browse(true)
	b.enter().walk("token").press("Create token").arrived()
	if target := evaluate[string](b, `document.querySelector("form.languages").target`); target != "_blank" {
		t.Errorf("the choice would leave the page with the token: target %q", target)
	}
	b.click("I have pasted it in Entra, and Test Connection succeeded").press("Continue")
	setup := strings.TrimSuffix(b.path(), "provisioning")
	b.open(setup + "start").press("Suomi").arrived()
	pages := []string{setup + "later", setup + "links", setup + "activity", setup + "start-over", "/", "/sessions", "/nowhere"}
	for _, step := range wizard.Steps()[:10] {
		pages = append(pages, setup+string(step))
	}
	b.size(320)
	for _, page := range pages {
		b.open(page).light(page)
		if wide := evaluate[float64](b, "document.documentElement.scrollWidth"); math.Round(wide) > 320 {
			t.Errorf("%s is %v px wide", page, wide)
		}
		if lang := evaluate[string](b, "document.documentElement.lang"); lang != "fi" {
			t.Errorf("%s is in %q", page, lang)
		}
	}
}
