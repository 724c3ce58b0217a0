package main

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// prefers makes the browser tell pages what a person has set in the system.
func (b *tab) prefers(feature, value string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: feature, Value: value}}})
}

// TestNothingMovesForWhoWantsNoMotion; for the others something does.
func TestNothingMovesForWhoWantsNoMotion(t *testing.T) {
	b := practiceSite(t).browse(true)
	// How many elements would move, and whether pages give way to each other in a transition.
	const moving = `[...document.querySelectorAll("*")].flatMap((e) => [null, "::before", "::after"].map((pseudo) => getComputedStyle(e, pseudo)).filter((style) =>
		!e.matches(".ending") && (style.animationName != "none" || style.transitionDuration.split(",").some((d) => parseFloat(d) > 0)))).length`
	const transition = `(() => {
		let last = "none";
		const look = (rules) => { for (const r of rules) { if (r.constructor.name == "CSSViewTransitionRule") last = r.navigation; else if (r.cssRules && (!r.media || matchMedia(r.media.mediaText).matches)) look(r.cssRules); } };
		look([...document.styleSheets].flatMap((s) => [...s.cssRules]));
		return last;
	})()`
	b.open("/sandbox/components")
	b.prefers("prefers-reduced-motion", "reduce")
	if n, last := evaluate[int](b, moving), evaluate[string](b, transition); n != 0 || last != "none" {
		t.Errorf("%d parts move; pages give way by %q", n, last)
	}
	b.prefers("prefers-reduced-motion", "no-preference")
	if n, last := evaluate[int](b, moving), evaluate[string](b, transition); n == 0 || last != "auto" {
		t.Errorf("where motion is welcome %d parts move; pages give way by %q", n, last)
	}
}

// seen is a picture of an element and a little around it, and how many colours are in it.
func (b *tab) seen(selector string) (picture []byte, colours int) {
	b.t.Helper()
	type box struct{ X, Y, W, H float64 }
	at := evaluate[box](b, `(() => {
		const e = document.querySelector(`+quote(selector)+`);
		if (!e) return {};
		const r = e.getBoundingClientRect();
		return {X: r.left + scrollX - 4, Y: r.top + scrollY - 4, W: r.width + 8, H: r.height + 8};
	})()`)
	if at.W < 9 {
		b.t.Fatalf("there is no %s", selector)
	}
	shot := call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true), Clip: &page.Viewport{X: at.X, Y: at.Y, Width: at.W, Height: at.H, Scale: 1},
	})
	drawn, err := png.Decode(bytes.NewReader(shot.Data))
	if err != nil {
		b.t.Fatal(err)
	}
	found := map[[3]uint32]bool{}
	for x := drawn.Bounds().Min.X; x < drawn.Bounds().Max.X; x++ {
		for y := drawn.Bounds().Min.Y; y < drawn.Bounds().Max.Y; y++ {
			r, g, b, _ := drawn.At(x, y).RGBA()
			found[[3]uint32{r, g, b}] = true
		}
	}
	return shot.Data, len(found)
}

// TestForcedColours: where the system chooses the colours, as in Windows' contrast themes, every state can still be seen.
func TestForcedColours(t *testing.T) {
	s := newSite(t, nil)
	b := s.browse(true)
	b.enter()
	b.prefers("forced-colors", "active")
	// differs demands that something is seen, and that it looks otherwise after an act.
	differs := func(what, selector string, act func()) {
		t.Helper()
		before, colours := b.seen(selector)
		if colours < 2 {
			t.Errorf("%s is not seen", what)
		}
		act()
		if after, _ := b.seen(selector); bytes.Equal(before, after) {
			t.Errorf("%s looks the same in both states", what)
		}
	}
	differs("a circle", "[name=sharing][value=no]", func() { b.click("#" + evaluate[string](b, `document.querySelector("[name=sharing][value=no]").id`)) })
	b.keys(kb.ArrowUp).keys(kb.ArrowDown)
	differs("the focus on a circle", "[name=sharing][value=no]", func() { evaluate[bool](b, `(document.activeElement.blur(), true)`) })
	b.click("[name=sharing][value=yes]").press("Start")
	differs("the switch", ".sharing", func() {
		b.click("Sharing my screen").until("the switch turns", `document.querySelector("[role=switch]").ariaChecked == "false"`)
	})
	one, colours := b.seen(".rail .done")
	if two, _ := b.seen(".rail .todo"); colours < 2 || bytes.Equal(one, two) {
		t.Error("how far the setup is cannot be seen")
	}
	b.press("I have created it")
	differs("a field", "#directory", func() { b.press("Save and continue") })
	for _, selector := range []string{".summary-wrong", ".field .error .icon", "main .primary", ".rail .current"} {
		if _, colours := b.seen(selector); colours < 2 {
			t.Errorf("%s is not seen", selector)
		}
	}
}

// TestValuesCanBePasted: no field keeps anybody from pasting, a secret least of all (WCAG 2.2, 3.3.8).
func TestValuesCanBePasted(t *testing.T) {
	s := newSite(t, nil)
	b := s.browse(true)
	b.enter().walk("secret")
	setup := strings.TrimSuffix(b.path(), "secret")
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
		}); err != nil {
			t.Fatal(err)
		}
	}
	paste := func(field string) {
		t.Helper()
		b.fill(field, "")
		evaluate[bool](b, `navigator.clipboard.writeText("pasted-value").then(() => true)`)
		call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "v", Code: "KeyV", WindowsVirtualKeyCode: 86, Modifiers: 2, Commands: []string{"paste"}})
		if got := evaluate[string](b, "document.getElementById("+quote(field)+").value"); got != "pasted-value" {
			t.Errorf("what was pasted into %s is %q", field, got)
		}
	}
	paste("secret")
	b.open(setup + "signin")
	paste("name")
	paste("scheme")
	b.open(setup + "directory")
	paste("directory")
	paste("client")
}

// TestStatusIsNotSwapped: what a screen reader listens to is the same element before and after Copy, and says what happened.
func TestStatusIsNotSwapped(t *testing.T) {
	s := newSite(t, nil)
	b := s.browse(true)
	b.enter().walk("token").press("Create token").arrived().watchPage()
	b.copied()
	b.until("the sentence", `window.spoken === document.getElementById("status") && window.said.length == 1`)
	if focus := b.focused(); focus != "Copy without showing" {
		t.Errorf("after Copy the focus is on %q", focus)
	}
}

// TestPaperHoldsNoButtons: what is printed has values and ticks, and nothing to press.
func TestPaperHoldsNoButtons(t *testing.T) {
	s := newSite(t, nil)
	b := s.browse(true)
	b.enter().walk("token").press("Create token").arrived()
	value := b.copied()
	b.click("Show").click("Show it")
	call(b, page.PrintToPDF, page.PrintToPDFParams{}) // tells the page that it is printed
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	if strings.Contains(b.text("body"), value) {
		t.Error("the token is on the paper")
	}
	if got := evaluate[[]string](b, `[...document.querySelectorAll("button, .button")].filter((e) => e.checkVisibility({visibilityProperty: true})).map((e) => e.innerText)`); len(got) > 0 {
		t.Errorf("buttons are printed: %q", got)
	}
	if got := b.text("#tenant-url"); got == "" {
		t.Error("the Tenant URL is not on the paper")
	}
}

// TestPortalLabelsAreEnglish: a screen reader that speaks Finnish says the words of the portal in English (WCAG 2.2, 3.1.2).
func TestPortalLabelsAreEnglish(t *testing.T) {
	s := siteToStart(t, nil).in("fi")
	b := s.browse(true)
	b.enter().walk("directory", func(int) { b.speaksEnglishWhereThePortalDoes() })
	b.press("Save and continue").speaksEnglishWhereThePortalDoes()
	b.open(strings.TrimSuffix(b.path(), "directory") + "application").speaksEnglishWhereThePortalDoes()
}

// portalWords are labels of the portal that stand on the pages.
const portalWords = `/^(Directory \(tenant\) ID|Application \(client\) ID|App registrations|Object ID|Create your own application|Application Administrator|Redirect URI|Secret Token|Tenant URL)$/`

func (b *tab) speaksEnglishWhereThePortalDoes() {
	b.t.Helper()
	if got := evaluate[string](b, "document.documentElement.lang"); got != b.lang() {
		b.t.Errorf("%s is in %q", b.path(), got)
	}
	got := evaluate[map[string]string](b, `(() => {
		const found = {}, walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) if (`+portalWords+`.test(walk.currentNode.data.trim())) found[walk.currentNode.data.trim()] = walk.currentNode.parentElement.closest("[lang]").lang;
		return found;
	})()`)
	for words, lang := range got {
		if lang != "en" {
			b.t.Errorf("on %s %q is said in %q", b.path(), words, lang)
		}
	}
	if len(got) == 0 && !strings.HasSuffix(b.path(), "/signin") {
		b.t.Errorf("on %s no label of the portal was found", b.path())
	}
}

// TestOrderOfFocus holds for every step: the focus goes through the page as it is read, from top to bottom and back to the top, and
// never into what cannot be seen.
func TestOrderOfFocus(t *testing.T) {
	s := newSite(t, nil)
	b := s.browse(true)
	look := func(int) {
		const order = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")].filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true}))`
		if high := evaluate[[]string](b, order+`.filter((e) => e.tabIndex > 0).map((e) => e.outerHTML.slice(0, 80))`); len(high) > 0 {
			t.Errorf("on %s out of order: %q", b.path(), high)
		}
		// What comes later in the document never stands higher, but for two that stand side by side.
		up := evaluate[[]string](b, `(() => {
			const all = `+order+`.filter((e) => !e.matches(".skip, .unseen")), up = [];
			for (let i = 1; i < all.length; i++) {
				const before = all[i - 1].getBoundingClientRect(), after = all[i].getBoundingClientRect();
				if (after.bottom < before.top - 1) up.push(all[i - 1].innerText + " > " + all[i].innerText);
			}
			return up;
		})()`)
		if len(up) > 0 {
			t.Errorf("on %s the focus goes up: %q", b.path(), up)
		}
		t.Logf("%s: %s", b.path(), evaluate[string](b, order+`.map((e) => (e.labels?.[0] ?? e).innerText.trim().replace(/\s+/g, " ") || e.name).join(" · ")`))
	}
	b.enter().walk("token", look).press("Create token").arrived()
	look(9)
}
