package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// stage is one step as a person goes through it.
type stage struct {
	step, title string
	answer      func(b *tab) // fills in what the step asks; nil where it asks nothing
	primary     string       // the words on its filled button
}

// stages are the steps up to token, in order.
func stages(sample sandbox.Sample) []stage {
	return []stage{
		{"start", "Before you start", func(b *tab) { b.click("A new one, for sign-in and provisioning") }, "Start"},
		{"application", "Create the application in Entra", nil, "I have created it"},
		{"directory", "Your directory and application", func(b *tab) {
			b.fill("directory", sample.DirectoryID).fill("client", sample.ClientID)
		}, "Save and continue"},
		{"signin", "How sign-in looks in Aritma", func(b *tab) { b.fill("name", "Nordlys Bygg").fill("scheme", "nordlys") }, "Save and continue"},
		{"redirect", "Add the Redirect URI", nil, "I have added it"},
		{"secret", "Create a client secret", func(b *tab) {
			b.fill("secret", sample.ClientSecret.Expose())
			b.click("#expires").keys(time.Now().AddDate(1, 0, 0).Format("01022006")) // as the date field of an American browser wants it
		}, "Save and continue"},
		{"assign", "Choose who may use it", func(b *tab) { b.fill("person", sample.Person) }, "I have done it"},
		{"review", "Check your answers", nil, "Register sign-in"},
		{"token", "Connect provisioning", nil, "Create token"},
	}
}

// enter follows a new setup link and opens it.
func (b *tab) enter() *tab {
	b.t.Helper()
	return b.open(b.site.link()).titled("Connect " + b.site.sandbox.Sample().Company + " to Aritma").press("Open setup")
}

// walk goes through the steps by mouse and keyboard, and stops on the page of the given one.
func (b *tab) walk(until string, look ...func(number int)) *tab {
	b.t.Helper()
	for i, stage := range stages(b.site.sandbox.Sample()) {
		b.at(stage.step, stage.title)
		for _, look := range look {
			look(i + 1)
		}
		if stage.step == until {
			return b
		}
		if stage.answer != nil {
			stage.answer(b)
		}
		b.press(stage.primary).arrived()
	}
	return b
}

// modes runs a test with and without JavaScript, each in a browser and on a site of its own.
func modes(t *testing.T, test func(t *testing.T, s *site, b *tab, scripts bool)) {
	for name, scripts := range map[string]bool{"JavaScript on": true, "JavaScript off": false} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			test(t, s, s.browse(scripts), scripts)
		})
	}
}

// holds demands what there is in Aritma.
func (s *site) holds(providers, tokens int) sandbox.Snapshot {
	s.t.Helper()
	snapshot := s.sandbox.Snapshot(s.sandbox.Sample().Tenant)
	if len(snapshot.Providers) != providers || len(snapshot.SCIMTokens) != tokens {
		s.t.Errorf("Aritma holds %d providers and %d tokens, want %d and %d", len(snapshot.Providers), len(snapshot.SCIMTokens), providers, tokens)
	}
	return snapshot
}

// testConnection sends what Entra's Test Connection sends, and returns the status of the answer.
func (s *site) testConnection(token string) int {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.sandbox.IDURL()+"/"+s.sandbox.Sample().Tenant+"/api/scim/v2/Users?filter=userName+eq+%22d3a1e2c4-5b6f-4c8d-9e0f-1a2b3c4d5e6f%22", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// copied presses "Copy without showing" and reads the clipboard.
func (b *tab) copied() string {
	b.t.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
			BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
		}); err != nil {
			b.t.Fatal(err)
		}
	}
	evaluate[bool](b, `navigator.clipboard.writeText("nothing").then(() => true)`)
	b.click("Copy without showing").until("the tick of Copy", `!!document.querySelector("[data-do=copy].done")`)
	return evaluate[string](b, "navigator.clipboard.readText()")
}

// revealed takes the token from the page that hands it over, in the way that the page offers.
func (b *tab) revealed(scripts bool) string {
	b.t.Helper()
	if scripts {
		return b.copied()
	}
	return b.click("Show token (visible to anyone who can see your screen)").text("#secret-token")
}

// hides demands that a value is nowhere: not in the document, a field, the accessibility tree, the address, or storage.
func (b *tab) hides(value string) *tab {
	b.t.Helper()
	tree, err := json.Marshal(call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}))
	if err != nil {
		b.t.Fatal(err)
	}
	places := map[string]string{
		"the document": evaluate[string](b, "document.documentElement.outerHTML"), "what is to be read": evaluate[string](b, "document.body.innerText"),
		"a field": evaluate[string](b, "[...document.querySelectorAll('input, textarea')].map((e) => e.value).join()"), "the accessibility tree": string(tree),
		"the address": evaluate[string](b, "location.href + document.referrer + JSON.stringify(history.state)"),
		"the storage": evaluate[string](b, "location.protocol.startsWith('http') ? JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie]) : ''"),
	}
	for place, content := range places {
		if value == "" || strings.Contains(content, value) {
			b.t.Errorf("the value is in %s", place)
		}
	}
	return b
}

// TestFlowInBrowser walks a company from the setup link to done, as a person does.
func TestFlowInBrowser(t *testing.T) {
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		sample := s.sandbox.Sample()
		step := func(number int) {
			if got, want := b.text(".step"), "Step "+string(rune('0'+number))+" of 12"; got != want {
				t.Errorf("%s says %q, want %q", b.path(), got, want)
			}
			b.fits(320)
		}
		b.enter().walk("token", step)
		s.holds(1, 0)

		b.press("Create token").arrived().titled("Connect provisioning").fits(320)
		value := b.revealed(scripts)
		if status := s.testConnection(value); status != http.StatusOK {
			t.Errorf("Test Connection with what was handed over is answered %d", status)
		}
		if scripts {
			b.hides(value)
		}
		if got, want := b.text("#tenant-url"), s.sandbox.IDURL()+"/"+sample.Tenant+"/api/scim/v2"; got != want {
			t.Errorf("Tenant URL %q, want %q", got, want)
		}
		b.click("I have pasted it in Entra, and Test Connection succeeded").press("Continue").at("provisioning", "Start provisioning").fits(320).hides(value)
		b.click("Continue without waiting").click("Yes, I see them").press("Continue").at("signin-test", "Try to sign in").fits(320)
		b.press("Finish").at("done", sample.Company+" is connected").fits(320).hides(value)
		if expires := time.Now().AddDate(1, 0, 0).Format("2 January 2006"); !strings.Contains(b.text("main"), "The client secret expires on "+expires) {
			t.Errorf("done does not say that the client secret expires on %s", expires)
		}

		snapshot := s.holds(1, 1)
		if p := snapshot.Providers[0]; p.Scheme != "nordlys" || p.DisplayName != "Nordlys Bygg" || !p.Enabled || !p.Visible {
			t.Errorf("Aritma has the provider %+v", p)
		}
		if status := s.testConnection(value); status != http.StatusOK {
			t.Errorf("at the end Test Connection is answered %d", status)
		}
	})
}

// TestLinkLeavesTheAddressBar: where scripts run, the secret of a setup link is gone from the screen as soon as the
// page is there, and who reloads then is told what to do.
func TestLinkLeavesTheAddressBar(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browse(true)
	link := s.link()
	b.open(link)
	if b.path() != "/s/" {
		t.Errorf("the address bar shows %s", b.path())
	}
	b.reload()
	if got := b.text("main"); b.status() != http.StatusNotFound || !strings.Contains(got, "Open the link once more from where you got it.") {
		t.Errorf("reload is answered %d: %s", b.status(), got)
	}
	b.open(link).press("Open setup").at("start", "Before you start").hides(strings.TrimPrefix(link, "/s/"))
}

// TestSlowAritma holds Aritma's answers: the page says so within a second, and finds the result by itself or on demand.
func TestSlowAritma(t *testing.T) {
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		slowly := func(operation, button, says string) {
			s.sandbox.Faults().SetOn(sandbox.IAMSlow, operation, 1)
			b.press(button)
			if took := evaluate[float64](b, "performance.getEntriesByType('navigation')[0].responseEnd"); took > 1500 { // 800 ms of patience, and what a busy machine adds
				t.Errorf("%s is answered after %.0f ms", button, took)
			} else {
				t.Logf("%s is answered after %.0f ms", button, took)
			}
			if got := b.text(".running-work .status-title"); got != says {
				t.Errorf("while Aritma is slow the page says %q, want %q", got, says)
			}
			if !scripts {
				if b.press("Check again"); b.text(".running-work .status-title") != says {
					t.Error("Check again does not say that it still runs")
				}
			}
			s.sandbox.Faults().Release()
			if scripts {
				b.until("the result, by itself", `!document.querySelector(".running-work")`)
				b.until("the result, said to those who do not see it", `document.getElementById("status").textContent == "That is finished."`)
			}
			for !scripts && b.text(".running-work") != "" {
				b.press("Check again")
			}
		}
		b.enter().walk("review")
		slowly("POST /core/iam/v1/sso/azuread", "Register sign-in", "Saving in Aritma")
		b.at("review", "Check your answers").press(map[bool]string{true: "See the result", false: "Continue"}[scripts])
		b.at("token", "Connect provisioning")
		s.holds(1, 0)

		slowly("POST /core/iam/v1/scim", "Create token", "Creating the token")
		b.press("Hand over the token").at("token/show", "Connect provisioning")
		value := b.revealed(scripts)
		if status := s.testConnection(value); status != http.StatusOK {
			t.Errorf("Test Connection with what was handed over is answered %d", status)
		}
		s.holds(1, 1)
	})
}
