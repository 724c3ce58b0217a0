package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// writes are the requests that changed something in Aritma, with how often they came.
func writes(snapshot sandbox.Snapshot) map[string]int {
	changing := maps.Clone(snapshot.Requests)
	maps.DeleteFunc(changing, func(operation string, _ int) bool {
		return !slices.Contains([]string{"POST /core/iam/v1/sso/azuread", "POST /core/iam/v1/scim", "DELETE /core/iam/v1/scim/{id}"}, operation)
	})
	return changing
}

// reveal walks to the token, creates it and takes it.
func (b *tab) reveal(scripts bool) string {
	b.t.Helper()
	return b.enter().walk("token").press("Create token").arrived().revealed(scripts)
}

// TestRevealHappensOnce: whatever a person does to the page that showed the token, it is not shown again, nothing is
// made again, and the way on is to replace it.
func TestRevealHappensOnce(t *testing.T) {
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		b.enter().walk("token")
		form := evaluate[string](b, `new URLSearchParams(new FormData(document.querySelector("main form"))).toString()`)
		address := b.path()
		value := b.press("Create token").arrived().revealed(scripts)
		before := s.holds(1, 1)
		gone := func(b *tab, way string) {
			t.Helper()
			if evaluate[string](b, "location.protocol") == "chrome-error:" {
				b.hides(value).reload() // the browser asks before it sends the form again; the person agrees
			}
			if b.hides(value); b.text("h1") != "Connect provisioning" || !b.find("Replace token").Found {
				t.Errorf("after %s the page at %s, %q, offers no Replace", way, b.path(), b.text("h1"))
			}
			now := s.holds(1, 1)
			if now.SCIMTokens[0].ID != before.SCIMTokens[0].ID || !maps.Equal(writes(now), writes(before)) {
				t.Errorf("after %s Aritma was asked to change something: %v, before %v", way, writes(now), writes(before))
			}
		}
		second := b.another()
		gone(second.open(address), "a second tab")
		duplicate := b.another() // sends the form of the first tab again, as a duplicated or restored tab does
		duplicate.open(address)
		duplicate.follow(func() {
			evaluate[bool](duplicate, fmt.Sprintf(`(() => {
				const form = document.createElement("form");
				form.method = "post"; form.action = %q;
				new URLSearchParams(%q).forEach((value, name) => { const i = document.createElement("input"); i.name = name; i.value = value; form.append(i); });
				document.body.append(form); HTMLFormElement.prototype.submit.call(form); return true;
			})()`, address, form))
		})
		gone(duplicate, "a duplicated tab")

		call(b, page.BringToFront, cdp.Empty{})
		gone(b.reload(), "reload")
		gone(b.reload(), "a second reload")
		b.back(1)
		gone(b, "Back")
		b.back(-1)
		gone(b, "Forward")
		gone(b.open("/").back(1), "leaving and Back")
		if status := s.testConnection(value); status != http.StatusOK {
			t.Errorf("the token that was handed over is answered %d afterwards", status)
		}
	})
}

// TestBackToTheRevealedPage leaves the page that shows the token directly, and comes back to it.
func TestBackToTheRevealedPage(t *testing.T) {
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		value := b.reveal(scripts)
		b.click("All steps").press("Check and register").hides(value).back(1).hides(value)
		t.Logf("Back shows %s, out of the back/forward cache: %v", evaluate[string](b, "location.protocol"), b.restored)
		b.reload().at("token", "Connect provisioning").hides(value)
		if !b.find("Replace token").Found {
			t.Error("Replace is not offered")
		}
		s.holds(1, 1)
	})
}

// TestReplaceInBrowser leaves exactly one token alive: at once before the first sync, and after it as soon as the new
// one was pasted.
func TestReplaceInBrowser(t *testing.T) {
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		alive := func(value string, status int) {
			t.Helper()
			if got := s.testConnection(value); got != status {
				t.Errorf("a token is answered %d, want %d", got, status)
			}
		}
		first := b.reveal(scripts)
		b.reload().press("Replace token").titled("Replace the token?").press("Replace token").arrived().titled("Connect provisioning")
		second := b.revealed(scripts)
		s.holds(1, 1)
		alive(first, http.StatusUnauthorized)
		alive(second, http.StatusOK)
		b.reload().hides(second) // sends the Replace again: it must not be repeated
		s.holds(1, 1)
		alive(second, http.StatusOK)

		pasted := "I have pasted it in Entra, and Test Connection succeeded"
		b.click(pasted).press("Continue").click("Continue without waiting").click("Yes, I see them").press("Continue").press("Finish")
		b.press("Replace token").titled("Replace the token?").press("Replace token").arrived().titled("Connect provisioning")
		third := b.revealed(scripts)
		s.holds(1, 2)
		alive(second, http.StatusOK)
		alive(third, http.StatusOK)
		b.reload().hides(third)
		s.holds(1, 2)
		b.click(pasted).press("Continue").hides(third)
		s.holds(1, 1)
		alive(second, http.StatusUnauthorized)
		alive(third, http.StatusOK)
	})
}

// shown is what stands in place of the dots; empty while the token is masked.
const shown = `(document.querySelector(".shown")?.hidden ?? true) ? "" : document.querySelector(".shown").textContent`

// TestTokenHides shows the token and then does each thing that must cover it again.
func TestTokenHides(t *testing.T) {
	s := newSite(t, nil)
	b := s.browse(true)
	value := b.reveal(true)
	b.hides(value)
	if got := b.text("[data-state]"); got != "Secret Token: not visible on your screen" {
		t.Errorf("masked, it says %q", got)
	}
	b.click("Show")
	if got := b.text(".ask"); got != "People on your call may see this. Show it? Keep it hidden Show it" || evaluate[string](b, shown) != "" {
		t.Errorf("while the screen is shared, Show asks %q", got)
	}
	b.click("Keep it hidden").hides(value)

	show := func() {
		t.Helper()
		b.click("Show").click("Show it").until("the token on the screen", fmt.Sprintf("(%s) == %q", shown, value))
	}
	hidden := func(way string) {
		t.Helper()
		b.until("masked again by "+way, fmt.Sprintf("(%s) == ''", shown)).hides(value)
	}
	show()
	b.click("Hide")
	hidden("Hide")
	show()
	b.keys(kb.Escape)
	hidden("Esc")
	show()
	evaluate[bool](b, `dispatchEvent(new FocusEvent("blur"))`) // a browser without a screen does not tell windows apart
	hidden("another window")
	show()
	other := b.another()
	call(other, target.ActivateTarget, target.ActivateTargetParams{TargetID: chromedp.FromContext(other.ctx).Target.TargetID})
	hidden("another tab")
	call(b, page.BringToFront, cdp.Empty{})
	show()
	call(b, page.PrintToPDF, page.PrintToPDFParams{})
	hidden("printing")

	// What is on the screen when the form is sent and when the page goes is noted after our own listeners ran.
	note := func(event string) {
		evaluate[bool](b, fmt.Sprintf(`(addEventListener(%q, () => sessionStorage.setItem(%q, "shown: " + (%s))), true)`, event, event, shown))
	}
	note("submit")
	note("pagehide")
	b.click("I have pasted it in Entra, and Test Connection succeeded")
	show()
	b.press("Continue")
	for _, event := range []string{"submit", "pagehide"} {
		if got := evaluate[string](b, fmt.Sprintf("sessionStorage.getItem(%q)", event)); got != "shown: " {
			t.Errorf("at %s the token was still on the screen, or nothing was noted", event)
		}
	}
	b.hides(value)
	b.at("provisioning", "Start provisioning")
}

// TestTokenShowsAtOnce: who shares no screen is not asked.
func TestTokenShowsAtOnce(t *testing.T) {
	s := newSite(t, nil)
	b := s.browse(true).enter()
	b.click("No").walk("token").press("Create token").arrived()
	value := b.copied()
	b.click("Show")
	if got := evaluate[string](b, shown); got != value {
		t.Error("Show does not show what Copy copied")
	}
	b.keys(kb.Escape).hides(value)
}
