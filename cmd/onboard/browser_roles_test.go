package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// practiceSite starts the program as "make run" does; its sandbox is reached through its pages alone.
func practiceSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, log: &lockedBuffer{}}
	s.practise()
	return s
}

// practise starts the program with its own sandbox, in the language of the site.
func (s *site) practise() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan string, 1), make(chan int, 1)
	go func() {
		ended <- run(ctx, process{args: []string{"serve", "--sandbox"}, environ: map[string]string{"ONBOARD_LISTEN": "127.0.0.1:0"}, out: io.Discard, log: s.log, messages: s.messages, started: func(a string) { started <- a }})
	}()
	s.t.Cleanup(func() { cancel(); <-ended })
	select {
	case s.public = <-started:
	case status := <-ended:
		s.t.Fatalf("serve ended with %d:\n%s", status, s.log)
	}
}

// visit types a whole address.
func (b *tab) visit(address string) *tab {
	b.t.Helper()
	return b.follow(func() { call(b, page.Navigate, page.NavigateParams{URL: address}) })
}

// front brings the tab in front of the others.
func (b *tab) front() *tab {
	b.t.Helper()
	call(b, page.BringToFront, cdp.Empty{})
	return b
}

// opens clicks what opens another tab, and returns that tab once its page is there.
func (b *tab) opens(what string) *tab {
	b.t.Helper()
	born := chromedp.WaitNewTarget(b.ctx, func(info *target.Info) bool { return info.URL != "" && info.Type == "page" })
	b.click(what)
	var id target.ID
	select {
	case id = <-born:
	case <-time.After(patience):
		b.t.Fatalf("%q opened no tab", what)
	}
	opened := b.site.tab(b.ctx, true, chromedp.WithTargetID(id))
	opened.until("the page of the new tab", `document.readyState == "complete" && location.href != "about:blank"`)
	return opened
}

// shows waits for words on the page.
func (b *tab) shows(words string) *tab {
	b.t.Helper()
	return b.until(words, `document.querySelector("main").innerText.replace(/\s+/g, " ").includes(`+quote(words)+`)`)
}

// choose clicks the box or the circle whose label begins with these words.
func (b *tab) choose(words string) *tab {
	b.t.Helper()
	return b.click("#" + evaluate[string](b, `[...document.querySelectorAll("main label")].find((l) => l.innerText.startsWith(`+quote(words)+`)).htmlFor`))
}

func quote(words string) string { return "`" + strings.ReplaceAll(words, "`", "\\`") + "`" }

// pictured takes the picture of a page on the way, whatever its heading.
func (b *tab) pictured(name string) *tab {
	b.t.Helper()
	return newAlbum(b).take(name, b.text("h1")).tab
}

// TestBothRoles walks the wizard in one tab and Entra's portal in another, from the setup link to "the first person arrived"
// and "the same person": whatever the wizard shows is pasted into the portal, and the other way round.
func TestBothRoles(t *testing.T) {
	s := practiceSite(t)
	wizard := s.browse(true)
	wizard.open("/sandbox/")
	portal := wizard.another()
	portal.front().visit(evaluate[string](wizard, `[...document.querySelectorAll("a")].find((a) => a.innerText.includes("practice portal")).href`))
	wizard.front().press("Start a new practice setup").press("Open setup")
	wizard.at("start", "Before you start").click("A new one, for sign-in and provisioning").press("Start")

	wizard.at("application", "Create the application in Entra")
	portal.front().press("Enterprise apps").pictured("portal-applications").press("New application").pictured("portal-new").fill("name", "Aritma").press("Create")
	wizard.front().press("I have created it").at("directory", "Your directory and application")
	portal.front().press("Overview").pictured("portal-overview")
	wizard.front().fill("directory", portal.text("#directory-id")).fill("client", portal.text("#client-id")).press("Save and continue")

	wizard.at("signin", "How sign-in looks in Aritma").press("Save and continue").at("redirect", "Add the Redirect URI")
	portal.front().press("Authentication").pictured("portal-authentication").fill("redirect_uri", wizard.text("#redirect-uri")).press("Configure")
	portal.press("Token configuration").pictured("portal-token").click("ID").click("email").press("Add")
	wizard.front().press("I have added it").at("secret", "Create a client secret")
	portal.front().press("Certificates & secrets").pictured("portal-secrets").fill("description", "Aritma").press("Add")
	wizard.front().fill("secret", portal.text("#secret-value")).press("Save and continue").arrived()

	wizard.at("assign", "Choose who may use it")
	portal.front().press("Users and groups").pictured("portal-users").choose("Kari Nordmann").choose("Aritma users").press("Assign").press("API permissions").pictured("portal-permissions").press("#content .primary")
	wizard.front().fill("person", "kari.nordmann@nordlysbygg.example").press("I have done it").at("review", "Check your answers").press("Register sign-in").arrived()

	wizard.at("token", "Connect provisioning").press("Create token").arrived()
	wizard.shows("The SCIM endpoint accepts this token")
	token := wizard.copied()
	portal.front().press("Provisioning").pictured("portal-provisioning").fill("tenant_url", wizard.text("#tenant-url")).fill("secret_token", token)
	portal.press("Test Connection").press("Create")
	wizard.front().click("I have pasted it in Entra, and Test Connection succeeded").press("Continue")

	wizard.at("provisioning", "Start provisioning").shows("Not in Aritma yet")
	portal.front().press("Provision on demand").pictured("portal-on-demand").choose("Kari Nordmann").press("Provision")
	wizard.front().shows("Kari Nordmann arrived at").press("Continue").arrived()

	wizard.at("signin-test", "Try to sign in")
	signin := wizard.opens("Test the sign-in")
	signin.until("Microsoft's page", `location.pathname.startsWith("/login/") && document.readyState == "complete"`)
	signin.press("[value='kari.nordmann@nordlysbygg.example']")
	signin.until("the way back", `location.pathname.endsWith("/signin-test/result")`)
	wizard.shows("the same person").press("Finish").at("done", "Nordlys Bygg AS is connected")

	portal.front().press("Provisioning").press("Start provisioning")
	if log := portal.text("#log"); strings.Contains(log, "Failure") || !strings.Contains(log, "Aritma users") {
		t.Errorf("the agent did not provision everybody:\n%s", log)
	}
}
