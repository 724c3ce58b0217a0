package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// enter follows a new setup link and opens it.
func (b *fox) enter() *fox {
	b.t.Helper()
	return b.open(b.site.link()).titled("Connect " + b.site.sandbox.Sample().Company + " to Aritma").press("Open setup")
}

// walk goes through the steps by mouse and keyboard, and stops where the token can be created.
func (b *fox) walk() *fox {
	b.t.Helper()
	sample := b.site.sandbox.Sample()
	b.at("start", "Before you start").click("A new one, for sign-in and provisioning").press("Start")
	b.at("application", "Create the application in Entra").press("I have created it")
	b.at("directory", "Your directory and application").fill("directory", sample.DirectoryID).fill("client", sample.ClientID).press("Save and continue")
	b.at("signin", "How sign-in looks in Aritma").fill("name", "Nordlys Bygg").fill("scheme", "nordlys").press("Save and continue")
	b.at("redirect", "Add the Redirect URI").press("I have added it")
	b.at("secret", "Create a client secret").fill("secret", sample.ClientSecret.Expose())
	expires := time.Now().AddDate(1, 0, 0)
	b.click("#expires").keys(expires.Format("01022006")) // as the date field of an American browser wants it
	if got, want := read[string](b, `document.getElementById("expires").value`), expires.Format(time.DateOnly); got != want {
		b.t.Errorf("typed into the date field, it holds %q, want %q", got, want)
	}
	b.press("Save and continue").arrived()
	b.at("assign", "Choose who may use it").fill("person", sample.Person).press("I have done it").arrived()
	b.at("review", "Check your answers").press("Register sign-in").arrived()
	return b.at("token", "Connect provisioning")
}

// elsewhere serves a page of another site, and returns its address without a path.
func elsewhere(t testing.TB, page string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">`+page)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// copied presses "Copy without showing" and pastes into the page of another site, as into Entra.
func (b *fox) copied() string {
	b.t.Helper()
	b.click("Copy without showing").until("the tick of Copy", `!!document.querySelector("[data-do=copy].done")`)
	entra := b.another().visit(elsewhere(b.t, `<textarea id="secret-token"></textarea>`)).click("#secret-token").control("v")
	value := read[string](entra, `document.getElementById("secret-token").value`)
	b.front()
	if value == "" {
		b.t.Fatal("nothing was copied")
	}
	return value
}

// hides demands that a value is nowhere: not in the document, a field, the address, or storage.
func (b *fox) hides(value string) *fox {
	b.t.Helper()
	for place, expression := range map[string]string{
		"the document": "document.documentElement.outerHTML", "what is to be read": "document.body.innerText",
		"a field":     "[...document.querySelectorAll('input, textarea')].map((e) => e.value).join()",
		"the address": "location.href + document.referrer + JSON.stringify(history.state)",
		"the storage": "document.documentURI.startsWith('http') ? JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie]) : ''",
	} {
		if value == "" || strings.Contains(read[string](b, expression), value) {
			b.t.Errorf("the value is in %s of %s", place, b.path())
		}
	}
	return b
}

// TestFirefoxWholeFlow walks a company from the setup link to done.
func TestFirefoxWholeFlow(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := startFirefox(t).browse(s).enter().walk()
	s.holds(1, 0)

	b.press("Create token").arrived().titled("Connect provisioning")
	value := b.copied()
	if status := s.testConnection(value); status != http.StatusOK {
		t.Errorf("Test Connection with what was copied is answered %d", status)
	}
	masked := func() {
		t.Helper()
		if got := b.hides(value).text("[data-state]"); got != "Secret Token: not visible on your screen" {
			t.Errorf("masked, it says %q", got)
		}
	}
	masked()
	b.click("Show").click("Show it")
	if b.text(".shown") != value {
		t.Error("Show does not show what Copy copied")
	}
	b.click("Hide")
	masked()

	b.click("I have pasted it in Entra, and Test Connection succeeded").press("Continue")
	b.at("provisioning", "Start provisioning").hides(value).click("Continue without waiting").click("Yes, I see them").press("Continue")
	b.at("signin-test", "Try to sign in").press("Finish").at("done", s.sandbox.Sample().Company+" is connected").hides(value)
	if p := s.holds(1, 1).Providers[0]; p.Scheme != "nordlys" || p.DisplayName != "Nordlys Bygg" || !p.Enabled || !p.Visible {
		t.Errorf("Aritma has the provider %+v", p)
	}
}

// TestFirefoxRevealIsNotShownAgain leaves the page that showed the token, and comes back to it in every way.
func TestFirefoxRevealIsNotShownAgain(t *testing.T) {
	t.Parallel()
	f := startFirefox(t)
	for name, leave := range map[string]func(b *fox){
		"pasted": func(b *fox) {
			b.click("I have pasted it in Entra, and Test Connection succeeded").press("Continue").at("provisioning", "Start provisioning")
		},
		"not pasted": func(b *fox) { b.click("All steps").press("Check and register") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			b := f.browse(s)
			cached := elsewhere(t, "<h1>Kept</h1>")
			if b.visit(cached + "/one").visit(cached + "/two").back(1); !b.restored {
				t.Fatal("the back/forward cache is off: nothing is proved about it")
			}
			b.enter().walk().press("Create token").arrived()
			value := b.copied()
			leave(b)
			left, before := b.hides(value).path(), s.holds(1, 1)
			gone := func(way string, refused bool) {
				t.Helper()
				if b.restored || b.refused != refused {
					t.Errorf("%s: out of the back/forward cache %v, refused by Firefox %v, want %v", way, b.restored, b.refused, refused)
				}
				if b.hides(value); !refused && b.text("h1") != "Connect provisioning" {
					t.Errorf("after %s the page at %s says %q", way, b.path(), b.text("h1"))
				}
				now := s.holds(1, 1)
				if now.SCIMTokens[0].ID != before.SCIMTokens[0].ID || !maps.Equal(writes(now), writes(before)) {
					t.Errorf("after %s Aritma was asked to change something: %v, before %v", way, writes(now), writes(before))
				}
			}
			b.back(1)
			gone("Back", true) // "Document Expired": Firefox sends a form again only when it is asked to
			b.back(-1)
			if b.hides(value); b.path() != left {
				t.Errorf("Forward leads to %s, want %s", b.path(), left)
			}
			b.back(1)
			gone("a second Back", true)
			b.reload() // and the person agrees to send the form again
			gone("reload", false)
			b.reload()
			gone("a second reload", false)
			if status := s.testConnection(value); status != http.StatusOK {
				t.Errorf("the token that was handed over is answered %d afterwards", status)
			}
		})
	}
}

// TestFirefoxFormsAreAccepted: what our own page sends is accepted, and the same form on another site's page is not,
// whether the browser sends the cookies along (another port) or not (another host).
func TestFirefoxFormsAreAccepted(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := startFirefox(t).browse(s).enter().at("start", "Before you start")
	start := b.path()
	forged := fmt.Sprintf(`<form method="post" action="%s%s"><input name="sharing" value="yes"><input name="applications" value="one"><button>Win a prize</button></form>`, s.public, start)
	address := elsewhere(t, forged)
	for _, address := range []string{address, strings.Replace(address, "127.0.0.1", "localhost", 1)} {
		b.visit(address).press("Win a prize")
		if got := b.text("main"); b.status() != http.StatusForbidden || !strings.Contains(got, "This request did not come from a page of this wizard, so it was refused") {
			t.Errorf("a form from %s is answered %d: %s", address, b.status(), got)
		}
		b.open(strings.TrimSuffix(start, "start")).at("start", "Before you start")
	}
	b.click("A new one, for sign-in and provisioning").press("Start").at("application", "Create the application in Entra")
}

// TestFirefoxComplains: that no complaint came proves something only if it would have been heard.
func TestFirefoxComplains(t *testing.T) {
	t.Parallel()
	b := startFirefox(t).browse(newSite(t, nil)).open("/")
	for _, c := range []struct{ act, complaint string }{
		{`document.body.append(Object.assign(document.createElement("script"), {textContent: "1"}))`, "error: Content-Security-Policy: "},
		{`console.warn("look here")`, "warn: look here"},
		{`setTimeout(() => { throw new Error("thrown") })`, "error: Error: thrown"},
		{`fetch("/static/none").then(() => null)`, "404 for http"},
	} {
		heard := strings.Join(b.complaints(), "\n")
		read[any](b, c.act)
		for deadline := time.Now().Add(patience); !strings.Contains(heard, c.complaint) && time.Now().Before(deadline); {
			heard += strings.Join(b.complaints(), "\n")
			b.path() // lets Firefox tell
		}
		if !strings.Contains(heard, c.complaint) {
			t.Errorf("%s is not heard, only %q", c.act, heard)
		}
	}
}
