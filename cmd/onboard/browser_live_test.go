package main

import (
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// lend gives the browser the cookies of a visitor, who has done the steps before.
func (b *tab) lend(v *visitor) *tab {
	b.t.Helper()
	at, _ := url.Parse(v.site.public)
	for _, cookie := range v.client.Jar.Cookies(at) {
		call(b, network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: v.site.public, HTTPOnly: new(true)})
	}
	return b
}

// watchPage notes how often the status element speaks.
func (b *tab) watchPage() *tab {
	b.t.Helper()
	evaluate[bool](b, `(() => {
		window.said = [];
		window.spoken = document.getElementById("status");
		new MutationObserver(() => window.spoken.textContent && window.said.push(window.spoken.textContent)).observe(window.spoken, {childList: true});
		return true;
	})()`)
	return b
}

// kept demands that swaps kept the focus, the status element and the layout.
func (b *tab) kept(focus string, said int) *tab {
	b.t.Helper()
	if got := evaluate[string](b, `document.activeElement.innerText.replace(/\s+/g, " ").trim()`); got != focus {
		b.t.Errorf("the focus is on %q, want %q", got, focus)
	}
	if !evaluate[bool](b, `window.spoken === document.getElementById("status")`) {
		b.t.Error("the status element was swapped")
	}
	if got := evaluate[[]string](b, "window.said"); len(got) != said {
		b.t.Errorf("the status element said %q, want %d sentences", got, said)
	}
	return b
}

// TestArrivalsAppearByThemselves: looks change nothing else on the page, and the news are said once.
func TestArrivalsAppearByThemselves(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v, token := s.provisioning()
	b := s.browse(true).lend(v).open(v.path).at("provisioning", "Start provisioning").watchPage()
	b.click("Nothing happens?").click("Continue without waiting")
	evaluate[bool](b, `(document.getElementById("reason").value = "half a word", document.querySelector("#look button").focus(), true)`)
	b.shows("Asked last at").kept("Check again", 0)
	b.still("a look that shows nothing new")
	s.arrive(token, s.sandbox.Sample().Person, s.sandbox.Sample().Person, "Kari Nordmann")
	b.shows("Kari Nordmann arrived at").until("it is said", "window.said.length > 0")
	if evaluate[string](b, `document.getElementById("reason").value`) != "half a word" || !evaluate[bool](b, `document.querySelectorAll("details[open]").length == 2`) {
		t.Error("what was typed or opened is gone")
	}
	if evaluate[bool](b, "document.activeElement == document.body") {
		t.Error("the focus is lost")
	}
	b.press("Continue").at("signin-test", "Try to sign in")
}

// TestTrialVerdictAppearsByItself: the wizard's tab sees that another one began a test and how it ended, and says it once.
func TestTrialVerdictAppearsByItself(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	v := s.visitor().open(s.link()).walk("token").provisioned()
	b := s.browse(true).lend(v).open(v.path).at("signin-test", "Try to sign in").watchPage()
	signin := b.opens("Test the sign-in")
	signin.until("Microsoft's page", `location.pathname.startsWith("/login/") && document.readyState == "complete"`)
	b.front().shows("The test sign-in is under way")
	signin.front().press("[value='" + s.sandbox.Sample().Person + "']")
	signin.until("the way back", `location.pathname.endsWith("/signin-test/result")`)
	signin.shows("You can close this tab")
	b.front().shows("it is the same person").until("it is said", "window.said.length > 0")
	if said := evaluate[[]string](b, "window.said"); len(said) != 1 {
		t.Errorf("the status element said %q", said)
	}
	b.press("Finish").at("done", s.sandbox.Sample().Company+" is connected")
}
