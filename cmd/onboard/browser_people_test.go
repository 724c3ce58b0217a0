package main

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// identify signs in at Aritma ID, on whose page the tab is about to arrive.
func (b *tab) identify(name string) *tab {
	b.t.Helper()
	b.until("Aritma ID's page", `!!document.querySelector("#login") && document.readyState == "complete"`).settle()
	b.press("[name=person][value='" + name + "']")
	return b
}

// home waits until Aritma ID has led back to the wizard.
func (b *tab) home(step string) *tab {
	b.t.Helper()
	return b.until("the step "+step, `location.pathname.endsWith("/`+step+`") && document.readyState == "complete"`).settle()
}

// TestSignInInBrowser is the way of an administrator through the real content security policy: from the setup link to
// Aritma ID and back, and out again.
func TestSignInInBrowser(t *testing.T) {
	for name, scripts := range map[string]bool{"JavaScript on": true, "JavaScript off": false} {
		t.Run(name, func(t *testing.T) {
			s := newSiteOfPeople(t, nil)
			b := s.browse(scripts)
			b.open(s.link()).press("Sign in with Aritma").identify(sandbox.Administrator).home("start")
			if who := b.text("header .person a"); who != sandbox.Administrator {
				t.Errorf("the header names %q", who)
			}
			b.walk("token").press("Create token").arrived()
			value := b.revealed(scripts)
			if s.testConnection(value) != http.StatusOK {
				t.Error("the token does not work")
			}
			b.open("/sessions").titled("Where you are signed in")
			b.press(".person button").until("the end of the session", `location.pathname == "/signed-out"`).settle().titled("You are signed out")
			b.open("/").fill("signin-tenant", s.sandbox.Sample().Tenant).press("Sign in with Aritma").identify(sandbox.Administrator)
			b.until("the first page", `location.pathname == "/" && document.readyState == "complete"`).press("Open")
			b.at("token", "Connect provisioning")
		})
	}
}

// TestFirefoxSignIn is the same in Firefox.
func TestFirefoxSignIn(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	b := startFirefox(t).browse(s)
	b.open(s.link()).press("Sign in with Aritma").until("Aritma ID's page", `!!document.querySelector("#login") && document.readyState == "complete"`)
	b.click("[name=person][value='"+sandbox.Administrator+"']").until("the first step", `location.pathname.endsWith("/start") && document.readyState == "complete"`)
	if who := b.text("header .person a"); who != sandbox.Administrator {
		t.Errorf("the header names %q", who)
	}
	b.walk()
	s.holds(1, 0)
	b.click(".person button").until("the end of the session", `location.pathname == "/signed-out" && document.readyState == "complete"`)
}

// sql is the database in plain SQL, beside the running program.
func (s *site) sql() *sql.DB {
	s.t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(s.environ["ONBOARD_DATABASE_URL"], "sqlite://"))
	if err != nil {
		s.t.Fatal(err)
	}
	return db
}

// expireIn moves the end of every session.
func (s *site) expireIn(left time.Duration) {
	s.t.Helper()
	db := s.sql()
	defer db.Close()
	now := time.Now()
	if _, err := db.ExecContext(s.t.Context(), `PRAGMA busy_timeout = 5000; UPDATE sessions SET seen_at = ?, expires_at = ?`,
		now.Add(left-time.Hour).UnixNano(), now.Add(left).UnixNano()); err != nil {
		s.t.Fatal(err)
	}
}

// left is how long the one session still lasts.
func (s *site) left() time.Duration {
	s.t.Helper()
	db := s.sql()
	defer db.Close()
	var ends int64
	if err := db.QueryRowContext(s.t.Context(), `SELECT max(expires_at) FROM sessions`).Scan(&ends); err != nil {
		s.t.Fatal(err)
	}
	return time.Until(time.Unix(0, ends))
}

// TestSessionEndIsTold: two minutes before, what is being typed stays, and the session can be prolonged again and again.
func TestSessionEndIsTold(t *testing.T) {
	t.Parallel()
	const warning, shown = "in two minutes your session ends", `getComputedStyle(document.querySelector(".ending")).visibility == "visible" && !document.querySelector(".ending").hidden`
	t.Run("JavaScript on", func(t *testing.T) {
		s := newSite(t, nil)
		b := s.browse(true)
		// An hour passes in a moment.
		call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `{ const wait = setTimeout; window.setTimeout = (act, ms, ...more) => wait(act, ms > 200000 ? 400 : ms, ...more) }`,
		})
		b.enter().walk("directory")
		if evaluate[bool](b, shown) {
			t.Fatal("the end is told at the beginning")
		}
		b.fill("client", "half an id")
		for range 11 {
			s.expireIn(100 * time.Second)
			b.until("the warning", shown)
			if got := b.text(".ending"); !strings.Contains(got, warning) {
				t.Fatalf("the warning says %q", got)
			}
			b.click("Stay here").until("the end of the warning", "!("+shown+")")
			if left := s.left(); left < 59*time.Minute {
				t.Fatalf("after Stay here the session has %v", left)
			}
		}
		if got := evaluate[string](b, `document.querySelector("[name=client]").value`); got != "half an id" {
			t.Errorf("what was being typed is %q", got)
		}
		s.expireIn(time.Second)
		b.until("the end", `document.querySelector(".ending").innerText.includes("has ended")`)
	})
	t.Run("JavaScript off", func(t *testing.T) {
		s := newSite(t, nil)
		b := s.browse(false)
		b.enter().walk("directory").fill("client", "half an id")
		if evaluate[bool](b, shown) {
			t.Fatal("the end is told at the beginning")
		}
		// 57 minutes pass.
		evaluate[bool](b, `document.querySelector(".ending").getAnimations().every((a) => { a.currentTime = 3420001; return true })`)
		b.until("the warning", shown)
		for range 11 {
			s.expireIn(100 * time.Second)
			tab := album{tab: b}.opens("Stay here")
			if tab.text("h1") != "Your session goes on" {
				t.Fatalf("the other tab says %q", tab.text("h1"))
			}
			if left := s.left(); left < 59*time.Minute {
				t.Fatalf("after Stay here the session has %v", left)
			}
			b.front()
		}
		if got := evaluate[string](b, `document.querySelector("[name=client]").value`); got != "half an id" {
			t.Errorf("what was being typed is %q", got)
		}
	})
}

// TestSessionEndCoversNothing: on a small screen the box stands below the footer, and goes away without a trace.
func TestSessionEndCoversNothing(t *testing.T) {
	t.Parallel()
	const (
		bottom = `(() => { scrollTo(0, document.body.scrollHeight); const r = (s) => document.querySelector(s).getBoundingClientRect(); return `
		below  = bottom + `r(".foot").bottom <= r(".ending").top + 0.5 && r(".ending").height > 50 })()`
	)
	for name, scripts := range map[string]bool{"JavaScript on": true, "JavaScript off": false} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			b := s.browse(scripts)
			b.enter().walk("directory").size(320)
			before := evaluate[float64](b, "document.documentElement.scrollHeight")
			if scripts {
				evaluate[bool](b, `(() => { const box = document.querySelector(".ending"); box.hidden = false; box.classList.add("shown"); return true })()`)
			} else {
				evaluate[bool](b, `document.querySelector(".ending").getAnimations().every((a) => { a.currentTime = 3420001; return true })`)
			}
			if !evaluate[bool](b, below) {
				t.Errorf("the box covers the footer: %s", evaluate[string](b, bottom+`JSON.stringify([r(".foot"), r(".ending")]) })()`))
			}
			evaluate[bool](b, `(() => { scrollTo(0, 0); return true })()`)
			if !evaluate[bool](b, `document.querySelector(".ending").getBoundingClientRect().bottom <= innerHeight + 0.5`) {
				t.Error("at the top of the page the box is out of sight")
			}
			if !scripts {
				return
			}
			evaluate[bool](b, `document.querySelector(".ending").hidden = true`)
			if after := evaluate[float64](b, "document.documentElement.scrollHeight"); after != before {
				t.Errorf("the page was %v high and is %v", before, after)
			}
		})
	}
}

// TestLivePageOfARevokedLink tells whoever has it open, by itself.
func TestLivePageOfARevokedLink(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browse(true)
	b.enter().walk("token").press("Create token").arrived().click("I have pasted it in Entra, and Test Connection succeeded").press("Continue").at("provisioning", "Start provisioning")
	setup := strings.Split(b.path(), "/")[2]
	links, err := s.database().Links(t.Context(), setup)
	if err != nil || len(links) != 1 {
		t.Fatal(len(links), err)
	}
	s.command("revoke", setup, links[0].ID)
	b.until("the page saying that the link was taken back", `document.body.innerText.includes("was taken back")`)
	b.mu.Lock()
	b.wrong = nil // the answer 410 that told it
	b.mu.Unlock()
}

// picturesOfPeople shows signing in, who can open a setup, what happened in it, and sessions.
func picturesOfPeople(_ *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	tenant := s.sandbox.Sample().Tenant
	a.open("/")
	a.take("home-sign-in", "Connect Entra ID to Aritma").press("Sign in with Aritma")
	a.take("home-sign-in-wrong", "Connect Entra ID to Aritma").open(s.link())
	a.take("link-sign-in", "Connect Nordlys Bygg AS to Aritma").press("Sign in with Aritma").until("Aritma ID's page", `!!document.querySelector("#login") && document.readyState == "complete"`).settle()
	newAlbum(a.tab).take("practice-aritma-id", a.text("h1"))
	a.press("[name=person][value='"+sandbox.Member+"']").until("the refusal", `location.pathname.startsWith("/signin/")`).settle()
	a.take("sign-in-refused", "You are not signed in").press("Sign in as somebody else").identify(sandbox.Administrator).home("start")
	a.take("start-signed-in", "Before you start").walk("review")
	setup := strings.TrimSuffix(a.path(), "review")
	a.open(setup + "links")
	a.take("links", "Who can open this setup").press("Make the link")
	a.take("links-made", "Who can open this setup").reload()
	a.take("links-made-already", "Who can open this setup").open(setup + "links").press("[href$='/replace']")
	a.take("links-replace", "Replace this link?").open(setup + "links").press("[href$='/revoke']")
	a.take("links-revoke", "Take this link back?").press("Take the link back")
	a.take("links-revoked", "Who can open this setup").open(setup + "activity")
	a.take("activity", "What happened in this setup").open("/sessions")
	a.take("sessions", "Where you are signed in").open("/")
	a.take("home-signed-in", "Connect Entra ID to Aritma").click("Begin another setup").press("Begin setup")
	a.take("home-signed-in-wrong", "Connect Entra ID to Aritma").open(setup + "later")
	a.take("later-signed-in", "Finish later").open(setup + "review")
	s.sandbox.Faults().Set(sandbox.IAMUnauthorized, 1)
	a.press("Register sign-in").waited()
	a.take("review-sign-in-refused", "Check your answers")
	s.sandbox.Faults().Set(sandbox.IDRefreshRefused, sandbox.UntilCleared)
	a.press("Try again").waited()
	a.take("review-sign-in-again", "Check your answers").open(setup + "review")
	evaluate[bool](a.tab, `(() => { const box = document.querySelector(".ending"); box.hidden = false; box.classList.add("shown"); return true })()`)
	a.take("session-ending", "Check your answers").press(".person button").until("the end of the session", `location.pathname == "/signed-out"`).settle()
	a.take("signed-out", "You are signed out").open(setup + "review")
	a.take("not-open", "This did not work").open("/")
	a.fill("signin-tenant", tenant).press("Sign in with Aritma").identify(sandbox.Administrator).until("the first page", `location.pathname == "/"`).settle()
	s.expireIn(-time.Second)
	a.open(setup + "review")
	a.take("session-ended", "Your session has ended")

	other := newAlbum(s.browse(true))
	other.open("/").fill("signin-tenant", tenant).press("Sign in with Aritma").identify(sandbox.Administrator).until("the first page", `location.pathname == "/"`).settle()
	other.take("home-found", "Connect Entra ID to Aritma").open(setup + "review")
	other.take("door", "Setup for Nordlys Bygg AS")
	s.sandbox.Faults().ClearAll()
	s.sandbox.Faults().SetOn(sandbox.IDSlow, tokenEndpoint, 1)
	slow := newAlbum(s.browse(true))
	slow.open("/").fill("signin-tenant", tenant).press("Sign in with Aritma").identify(sandbox.Administrator)
	slow.until("the waiting page", `!!document.querySelector("#waiting")`).settle()
	slow.take("sign-in-waiting", "Signing you in")
	s.sandbox.Faults().Release()
	slow.until("the result", `!document.querySelector(".running-work")`)
	slow.take("sign-in-over", "Signing you in").press("Continue").titled("Connect Entra ID to Aritma")

	guess := s.visitor()
	for range 20 {
		guess.get("/s/" + strings.Repeat("x", 43))
	}
	other.open("/s/" + strings.Repeat("y", 43))
	other.take("error-429", "This did not work")
}
