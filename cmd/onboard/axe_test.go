package main

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// axeSource is axe-core, which finds what in a page somebody cannot perceive or operate.
//
//go:embed testdata/axe-4.14.1.min.js
var axeSource string

// axeRules are what a page has to keep: WCAG 2.2 A and AA, and what axe-core calls best practice. Of them, axeColours
// depend on the colours, so that they are looked at in the dark, too.
const (
	axeRules   = `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]}`
	axeColours = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
)

// objection is what axe-core has against a page: a violation, or something that it could not decide ("incomplete").
type objection struct{ Kind, Rule, Where, HTML, Why string }

// explained are objections that a person has looked at: they hold for elements whose HTML matches, in every page.
var explained = []struct {
	rule, html string
	why        string
}{}

func (f objection) explained() bool {
	for _, e := range explained {
		if e.rule == f.Rule && regexp.MustCompile(e.html).MatchString(f.HTML) {
			return true
		}
	}
	return false
}

// axe runs axe-core over what stands on the page, in a window so high that nothing sticks above anything else.
func (b *tab) axe(rules string) (found []objection) {
	b.t.Helper()
	b.window(1280, evaluate[int64](b, "Math.ceil(document.documentElement.scrollHeight)"))
	defer b.size(1280)
	if !b.scripts { // axe-core waits by timers, which rest with the scripts of the page
		b.allow(true)
		defer b.allow(false)
	}
	all := evaluate[[]objection](b, `(async () => {
		if (!window.axe) { `+axeSource+` }
		const result = await axe.run(document, {runOnly: `+rules+`, resultTypes: ["violations", "incomplete"]});
		const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ");
		return ["violations", "incomplete"].flatMap((kind) => result[kind].flatMap((rule) => rule.nodes.map((node) =>
			({Kind: kind, Rule: rule.id, Where: node.target.join(" "), HTML: node.html.slice(0, 200), Why: why(node)}))));
	})()`)
	for _, f := range all {
		if !f.explained() {
			found = append(found, f)
		}
	}
	return found
}

// accessible demands that axe-core has nothing against the page, in the light and in the dark.
func (a album) accessible(name string) {
	a.t.Helper()
	for _, scheme := range []struct{ name, rules string }{{"light", axeRules}, {"dark", axeColours}} {
		if scheme.name == "dark" {
			if a.lang() != "en" && !everything() { // the colours are those of the page in English
				break
			}
			call(a.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme.name}}})
		}
		for _, f := range a.axe(scheme.rules) {
			a.t.Errorf("%s (%s, %s): %s %s: %s\n  %s\n  %s", name, a.lang(), scheme.name, f.Kind, f.Rule, f.Where, f.HTML, f.Why)
		}
	}
	call(a.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
}

// everything reports whether every screen is to be looked at in every language, which takes minutes.
func everything() bool { return os.Getenv("ONBOARD_AXE") == "all" }

// TestAxeIsWhatItSaysItIs compares the file with its row in the README beside it.
func TestAxeIsWhatItSaysItIs(t *testing.T) {
	readme, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(axeSource))); !strings.Contains(string(readme), sum) {
		t.Errorf("axe-core has sha256 %s", sum)
	}
}
