package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// mistaken demands a page that says what is wrong: status, title, the summary with the focus, and the same sentence at
// the field.
func (b *tab) mistaken(sentence string) *tab {
	b.t.Helper()
	if b.status() != http.StatusUnprocessableEntity {
		b.t.Errorf("a wrong form is answered %d", b.status())
	}
	if title := evaluate[string](b, "document.title"); !strings.HasPrefix(title, "Error: ") {
		b.t.Errorf("the title of a wrong form is %q", title)
	}
	// Without JavaScript the browser itself moves the focus there, with the first picture that it draws.
	b.until("the focus on the summary", `document.activeElement.id == "error-summary"`)
	if got := b.text("#error-summary li"); got != sentence {
		b.t.Errorf("the summary says %q, want %q", got, sentence)
	}
	if got := b.text(".field .error, fieldset .error"); got != "Error: "+sentence {
		b.t.Errorf("at the field stands %q, want %q", got, sentence)
	}
	return b.fits(320)
}

// TestWrongFormsInBrowser sends every form wrong once, on the way through the wizard.
func TestWrongFormsInBrowser(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		sample := s.sandbox.Sample()
		b.open("/").press("Open setup").mistaken("Enter your setup link")
		b.enter()
		for _, stage := range stages(sample) {
			b.at(stage.step, stage.title)
			switch stage.step {
			case "directory":
				b.press(stage.primary).mistaken("Enter the Directory (tenant) ID")
				b.fill("directory", sample.ClientID).fill("client", sample.ClientID).press(stage.primary)
				b.mistaken("Application (client) ID and Directory (tenant) ID are the same. Copy each one again")
				b.click("#error-summary a")
				if focused := b.focused(); focused != "client" {
					t.Errorf("the link in the summary leads to %q", focused)
				}
			case "signin":
				b.fill("name", "").press(stage.primary).mistaken("Enter the name on the login button")
			case "secret":
				b.fill("secret", sample.SecretID).press(stage.primary).mistaken("This is the Secret ID. Copy the Value from the same row")
			case "assign":
				b.fill("person", "kari").press(stage.primary).mistaken("Enter an e-mail address, such as kari@contoso.com")
			}
			if stage.answer != nil {
				stage.answer(b)
			}
			b.press(stage.primary).arrived()
		}
		// Without the tick the browser itself keeps the page: sending it would take the token off the screen.
		b.click("Continue")
		if focused := b.focused(); focused != "pasted" || !evaluate[bool](b, `document.activeElement.validity.valueMissing`) {
			t.Errorf("Continue without the tick leads to %q", focused)
		}
		b.at("token", "Connect provisioning").click("I have pasted it in Entra, and Test Connection succeeded").press("Continue")
		b.click("Continue without waiting").press("Continue").mistaken("Choose whether the first person arrived in Aritma")
		b.click("Not yet, go on without").press("Continue").mistaken("Say in a line what you saw, so that somebody can look at it later")
		b.fill("reason", "The log was empty").press("Continue").at("signin-test", "Try to sign in")
		b.open(strings.TrimSuffix(b.path(), "signin-test") + "start-over")
		b.press("#content .danger").mistaken("Tick to confirm that this is to be deleted")
	})
}

// tabTo presses Tab until the focus is where a person wants it. On the way every stop must be seen.
func (b *tab) tabTo(what string) *tab {
	b.t.Helper()
	for range 60 {
		b.keys(kb.Tab)
		if faint := evaluate[string](b, `(() => {
			const e = document.activeElement, style = getComputedStyle(e), r = e.getBoundingClientRect();
			if (e == document.body) return "";
			if (style.outlineStyle == "none" || parseFloat(style.outlineWidth) < 2) return "has no outline";
			if (r.bottom < 0 || r.top > innerHeight) return "is outside the window";
			const r0 = e.getClientRects()[0], top = document.elementFromPoint(r0.left + r0.width / 2, r0.top + Math.min(r0.height / 2, 20));
			return !top || e.contains(top) || top.contains(e) || top.htmlFor == e.id ? "" : "lies under " + top.outerHTML.slice(0, 80);
		})()`); faint != "" {
			b.t.Errorf("on %s the focus on %q %s", b.path(), b.focused(), faint)
		}
		if b.focused() == what {
			return b
		}
	}
	b.t.Fatalf("Tab never reaches %q on %s", what, b.path())
	return b
}

// TestKeyboardAlone goes from the setup link to the end without a mouse.
func TestKeyboardAlone(t *testing.T) {
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		sample := s.sandbox.Sample()
		enter := func() { t.Helper(); b.follow(func() { b.enterKey() }) }
		press := func(button string) { t.Helper(); b.tabTo(button); enter(); b.arrived() }
		b.open(s.link()).tabTo("Skip to the content").enterKey()
		press("Open setup")
		b.at("start", "Before you start").tabTo("sharing")
		b.keys(kb.ArrowDown)
		if !evaluate[bool](b, `document.querySelector("[name=sharing][value=no]").checked`) {
			t.Error("the arrow key does not choose the other answer")
		}
		b.keys(kb.ArrowUp)
		b.tabTo("applications")
		press("Start")
		b.at("application", "Create the application in Entra")
		press("I have created it")
		b.at("directory", "Your directory and application").tabTo("directory").keys(sample.DirectoryID)
		enter() // in the field: sends the form
		b.mistaken("Enter the Application (client) ID").keys(kb.Tab).enterKey()
		b.until("the field, from its link in the summary", `document.activeElement.id == "client"`)
		b.keys(sample.ClientID)
		press("Save and continue")
		b.at("signin", "How sign-in looks in Aritma").tabTo("name")
		press("Save and continue")
		b.at("redirect", "Add the Redirect URI")
		press("I have added it")
		b.at("secret", "Create a client secret").tabTo("secret").keys(sample.ClientSecret.Expose())
		press("Save and continue")
		b.at("assign", "Choose who may use it").tabTo("person").keys(sample.Person)
		press("I have done it")
		b.at("review", "Check your answers")
		press("Register sign-in")
		b.at("token", "Connect provisioning")
		press("Create token")
		if scripts {
			b.tabTo("Show").enterKey().until("the question, with the focus on No", `document.activeElement.dataset.do == "keep"`)
			b.keys(kb.Escape).until("the end of the question", `document.querySelector("[data-ask-panel]").hidden && document.activeElement != document.body`)
		} else {
			b.tabTo("Show token (visible to anyone who can see your screen)").enterKey()
		}
		b.tabTo("pasted").keys(" ")
		press("Continue")
		b.at("provisioning", "Start provisioning").tabTo("Continue without waiting").enterKey()
		b.tabTo("arrived").keys(" ")
		press("Continue")
		b.at("signin-test", "Try to sign in")
		press("Finish")
		b.at("done", sample.Company+" is connected")
	})
}

// TestDoubleClicks clicks every filled button twice: the outside objects exist once, and the person is one step further,
// however fast the next page comes under the second click.
func TestDoubleClicks(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		doubleClicks(t, s, b, scripts, 0)
	})
	t.Run("as people do", func(t *testing.T) {
		s := newSite(t, nil)
		doubleClicks(t, s, s.browse(true), true, 150*time.Millisecond)
	})
}

func doubleClicks(t *testing.T, s *site, b *tab, scripts bool, pause time.Duration) {
	twice := func(what string) *tab {
		t.Helper()
		return b.follow(func() { b.clicks(what, 2, pause) }).settle()
	}
	b.open(s.link())
	twice("Open setup")
	for _, stage := range stages(s.sandbox.Sample()) {
		b.at(stage.step, stage.title)
		if stage.answer != nil {
			stage.answer(b)
		}
		twice(stage.primary).arrived()
	}
	b.titled("Connect provisioning")
	for operation, times := range writes(s.holds(1, 1)) {
		if times != 1 {
			t.Errorf("%s came %d times", operation, times)
		}
	}
	value := b.revealed(scripts)
	if status := s.testConnection(value); status != http.StatusOK {
		t.Errorf("Test Connection is answered %d", status)
	}
	b.click("I have pasted it in Entra, and Test Connection succeeded")
	twice("Continue").at("provisioning", "Start provisioning").click("Continue without waiting").click("Yes, I see them")
	twice("Continue").at("signin-test", "Try to sign in")
	twice("Finish").at("done", s.sandbox.Sample().Company+" is connected")
	s.holds(1, 1)
}

// TestDoubleClickKeepsTheToken clicks twice, with pauses as people make them, on each button whose answer hands the
// token over. With JavaScript the token is always on the page that stays. Without, the browser gives up the first
// answer for the second: where the server had handed over by then, the page says so and offers Replace.
func TestDoubleClickKeepsTheToken(t *testing.T) {
	modes(t, func(t *testing.T, s *site, b *tab, scripts bool) {
		b.enter().walk("token")
		shown := map[bool]string{true: "[data-do=copy]", false: "#secret-token"}[scripts]
		button, handed := "Create token", 0
		pauses := []time.Duration{0, 0, 5, 5, 10, 10, 20, 20, 30, 30, 40, 40, 60, 60, 100, 100, 150, 150, 200, 200, 400, 400}
		for i, pause := range pauses {
			b.follow(func() { b.clicks(button, 2, pause*time.Millisecond) }).settle().arrived()
			s.holds(1, 1)
			switch {
			case evaluate[bool](b, fmt.Sprintf("!!document.querySelector(%q)", shown)):
				handed++
			case scripts || !b.find("Replace token").Found:
				t.Errorf("%q twice, with a pause of %d ms, ends on %s", button, pause, b.text("h1"))
			default:
				t.Logf("%q twice, with a pause of %d ms: the first click took the token with it", button, pause)
			}
			b.open("/setup/" + strings.Split(b.path(), "/")[2] + "/token/replace")
			button = "#content .primary"
			if i%2 == 0 { // next time by way of the page whose button only hands the token over
				s.sandbox.Faults().SetOn(sandbox.CreateTokenAnswerLost, "POST /core/iam/v1/scim", 1)
				b.press(button).waited()
				button = "Hand over the token"
			}
		}
		t.Logf("%d of %d double clicks ended with the token on the page", handed, len(pauses))
	})
}
