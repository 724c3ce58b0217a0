package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// album takes a picture of every page and state where ONBOARD_SCREENSHOTS names a directory; elsewhere it only looks
// at the page. Either way nothing may need scrolling sideways.
type album struct {
	*tab
	dir string
}

func newAlbum(b *tab) album { return album{tab: b, dir: os.Getenv("ONBOARD_SCREENSHOTS")} }

func (a album) take(name, heading string) album {
	a.t.Helper()
	if got := a.text("h1"); !a.reads(got, heading) {
		a.t.Errorf("%s has the heading %q, want %q", name, got, heading)
	}
	a.visited()
	a.light(name).still(name)
	a.narrow(name)
	a.accessible(name)
	a.dictate(name)
	if a.dir == "" || a.lang() != "en" {
		return a
	}
	for _, width := range []int64{320, 768, 1280, 1920} {
		for _, scheme := range []string{"light", "dark"} {
			a.save(name, width, scheme)
		}
	}
	call(a.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	a.size(1280)
	return a
}

func (a album) save(name string, width int64, scheme string) {
	a.t.Helper()
	a.size(width)
	call(a.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	height := evaluate[float64](a.tab, "document.documentElement.scrollHeight")
	shot := call(a.tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true),
		Clip: &page.Viewport{Width: float64(width), Height: height, Scale: 1},
	})
	dir := filepath.Join(a.dir, fmt.Sprintf("%d-%s", width, scheme))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot.Data, 0o644); err != nil {
		a.t.Fatal(err)
	}
}

// walks lead over every page in every important state, each on a site of its own. In the other languages each is walked in
// the one that is named, or in all of them where everything is to be looked at.
var walks = []struct {
	name, also string
	alone      bool // copies, brings a tab to the front, or holds an answer of Aritma ID back
	site       func(t *testing.T) *site
	walk       func(t *testing.T, s *site)
}{
	{"way in", "nb", false, plainSite, picturesOfTheWayIn},
	{"steps", "sv", false, plainSite, picturesOfSteps},
	{"token", "", true, plainSite, picturesOfToken},
	{"proof", "", true, siteWithSignin, picturesOfTheEnd},
	{"trouble", "", false, plainSite, picturesOfTrouble},
	{"access token", "fi", false, func(t *testing.T) *site {
		return siteToStart(t, map[string]string{"ONBOARD_SERVICE_CLIENT_ID": "", "ONBOARD_SERVICE_CLIENT_SECRET": ""})
	}, picturesOfAccess},
	{"people", "", true, func(t *testing.T) *site { return siteOfPeople(t, nil) }, picturesOfPeople},
	{"console", "da", true, func(t *testing.T) *site { return siteWithConsole(t, nil) }, picturesOfConsole},
	{"sandbox", "nb", false, func(t *testing.T) *site { return &site{t: t, log: &lockedBuffer{}} }, picturesOfSandbox},
}

func plainSite(t *testing.T) *site { return siteToStart(t, nil) }

// TestPictures visits every page in every important state, in English.
func TestPictures(t *testing.T) {
	routes := newSiteWithConsole(t, nil).routes()
	var walked atomic.Int32
	t.Cleanup(func() { // when all have ended
		if int(walked.Load()) == len(walks) {
			everyScreenWasVisited(t, routes)
		}
	})
	for _, w := range walks {
		t.Run(w.name, func(t *testing.T) {
			if !w.alone {
				t.Parallel()
			}
			w.walk(t, w.site(t).in("en"))
			walked.Add(1)
		})
	}
}

// TestPicturesInEveryLanguage visits them in the others. What is said in two languages alike is looked at as closely.
func TestPicturesInEveryLanguage(t *testing.T) {
	for _, language := range message.Known()[1:] {
		for _, w := range walks {
			if w.also == language.Tag || everything() {
				t.Run(language.Tag+" "+w.name, func(t *testing.T) {
					if !w.alone {
						t.Parallel()
					}
					w.walk(t, w.site(t).in(language.Tag))
				})
			}
		}
	}
}

func picturesOfTheWayIn(_ *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	a.open("/")
	a.take("home", "Connect Entra ID to Aritma").click("Begin with an access token instead")
	a.take("home-access-token", "Connect Entra ID to Aritma").press("Open setup")
	a.take("home-wrong", "Connect Entra ID to Aritma").open(s.link())
	a.take("link", "Connect Nordlys Bygg AS to Aritma").reload()
	a.take("link-hidden", "This setup link does not open").open("/nowhere")
	a.take("error-404", "This did not work").open(s.link("--expires", "1ns"))
	a.take("error-410", "This setup link does not open").open("/checklist")
	a.take("checklist", a.text("h1"))
}

// picturesOfAccess shows a setup that is opened with an access token.
func picturesOfAccess(_ *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	a.open("/").click("Begin with an access token instead").fill("company", "Nordlys Bygg AS").fill("tenant", s.sandbox.Sample().Tenant)
	a.fill("token", s.sandbox.AccessToken(s.sandbox.Sample().Tenant).Expose()).press("Begin setup")
	a.press("Finish later")
	a.take("later-no-link", "Finish later").press("Make a link to come back")
	a.take("later-link-made", "Finish later")
	a.enter().walk("review")
	a.take("review-access", "Check your answers").press("Paste an access token")
	a.take("access", "Paste an access token").press("Use this token")
	a.take("access-wrong", "Paste an access token")
}

// picturesOfSteps shows each step empty, wrong, filled in and answered.
func picturesOfSteps(_ *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	a.enter()
	for _, stage := range stages(s.sandbox.Sample()) {
		if stage.step == "token" {
			break
		}
		a.at(stage.step, stage.title)
		switch stage.step {
		case "start":
			a.click("All steps")
			a.take("start-all-steps", stage.title).click("All steps")
		case "application":
			a.click("Why not App registrations › New registration?")
		}
		a.take(stage.step, stage.title)
		switch stage.step {
		case "directory", "secret":
			a.press(stage.primary)
			a.take(stage.step+"-wrong", stage.title)
		case "signin":
			a.fill("name", "").fill("scheme", "Not a scheme!").press(stage.primary)
			a.take("signin-wrong", stage.title)
		case "assign":
			a.fill("person", "kari").press(stage.primary)
			a.take("assign-wrong", stage.title)
		case "review":
			a.click("The exact request to Aritma")
			a.take("review-request", stage.title)
		}
		if stage.answer != nil {
			stage.answer(a.tab)
			a.take(stage.step+"-filled", stage.title)
		}
		here := a.path()
		a.press(stage.primary).arrived()
		if stage.answer != nil {
			a.open(here)
			a.take(stage.step+"-answered", stage.title).press(stage.primary).arrived()
		}
	}
	setup := strings.TrimSuffix(a.path(), "token")
	a.open(setup + "review")
	a.take("review-registered", "Check your answers").open(setup+"signin").fill("name", "Nordlys").press("Save and continue")
	a.take("review-pending", "Check your answers").press("Update sign-in").arrived().open("/")
	a.take("home-going-on", "Connect Entra ID to Aritma").open("/sessions")
	a.take("sessions-link", "Where you are signed in").open(setup + "later")
	a.take("later", "Finish later").open(setup + "start-over")
	a.take("start-over", "Start over?").press("#content .danger")
	a.take("start-over-wrong", "Start over?")
}

// picturesOfToken shows the token step in each of its states, and what follows.
func picturesOfToken(_ *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	a.enter().walk("token")
	setup := strings.TrimSuffix(a.path(), "token")
	const title = "Connect provisioning"
	a.take("token", title).press("Create token").arrived()
	a.take("token-handed-over", title).click("Show")
	a.take("token-asks", title).click("Show it")
	a.take("token-shown", title).copied()
	a.take("token-copied", title).click("Continue") // without the tick: the browser keeps the page
	a.take("token-wrong", title).open(setup + "token")
	a.take("token-claimed", title).press("Replace token")
	a.take("token-replace", "Replace the token?")

	still := newAlbum(s.browse(false))
	still.enter().walk("review").press("Register sign-in").waited() // the scheme is taken by now
	still.take("review-clash", "Check your answers").press("Update this one").arrived().press("Create token").arrived()
	still.take("token-without-scripts", title).click("Show token (visible to anyone who can see your screen)")
	still.take("token-shown-without-scripts", title)

	a.open(setup + "token").click("I have pasted it in Entra, and Test Connection succeeded").press("Continue").click("Nothing happens?")
	a.take("provisioning", "Start provisioning").click("Continue without waiting")
	a.take("provisioning-by-hand", "Start provisioning").press("Continue")
	a.take("provisioning-wrong", "Start provisioning").click("Yes, I see them").press("Continue").click("Microsoft shows an error?")
	a.take("signin-test", "Try to sign in").press("Finish")
	a.take("done", "Nordlys Bygg AS is connected").open(setup + "token")
	a.take("token-pasted", title).press("Replace token")
	a.take("token-replace-working", "Replace the token?").press("Replace token").arrived()
	a.take("token-replaced-working", title)
}

// picturesOfTheEnd shows the waits for the first person and for a test sign-in, with every verdict.
func picturesOfTheEnd(t *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	a.enter().walk("token")
	box, sample, setup := s.sandbox, s.sandbox.Sample(), strings.TrimSuffix(a.path(), "token")
	scheme := s.held().Providers[0].Scheme
	uri := box.IDURL() + "/" + sample.Tenant + "/federation/" + scheme + "/signin"
	if !box.RegisterRedirectURI(sample.ClientID, uri+"/") || !box.GrantConsent(sample.ClientID) || !box.Assign(sample.ClientID, person) {
		t.Fatal("Entra does not know the sample")
	}
	a.press("Create token").arrived()
	tenantURL, token := a.text("#tenant-url"), secret.New(a.copied())
	a.click("I have pasted it in Entra, and Test Connection succeeded").press("Continue").at("provisioning", "Start provisioning")
	a.click("Continue without waiting").click("Not yet, go on without").fill("reason", "The first cycle still runs.").press("Continue").at("signin-test", "Try to sign in")
	a.take("signin-test-client", "Try to sign in")
	shown := a.opens("Test the sign-in").until("Microsoft's error", `!!document.querySelector("#error")`)
	newAlbum(shown.front()).take("practice-microsoft-error", shown.text("h1"))
	a.front().until("the test is seen to be under way", `!!document.querySelector(".running-work")`)
	a.take("signin-test-running", "Try to sign in")
	a.click("Microsoft shows an error?").fill("shown", shown.text("#error")).press("Explain it")
	a.take("signin-test-explained", "Try to sign in")
	box.RegisterRedirectURI(sample.ClientID, uri)
	a.open(setup + "signin-test")
	tryAgain := func(verdict string) *tab {
		tab := a.opens("Test again").until("Microsoft's page", `!!document.querySelector("#accounts")`)
		newAlbum(tab.front()).take("practice-microsoft-account", tab.text("h1"))
		tab.press("[value='"+sample.Person+"']").until("the result", `!!document.querySelector("#trial .status")`)
		a.front().until("the verdict", `!document.querySelector("#trial .running-work") && !!document.querySelector("#trial .status.`+verdict+`")`)
		return tab
	}
	newAlbum(tryAgain("doubt").front()).take("signin-test-result", "The test sign-in")
	a.front()
	a.take("signin-test-half", "Try to sign in")

	if said := box.ConfigureProvisioning(sample.ClientID, tenantURL, token); said != "" {
		t.Fatal(said)
	}
	box.Faults().Set(sandbox.MistakeUserNameDiffers, sandbox.UntilCleared)
	box.AddEmailClaim(sample.ClientID)
	if said := box.ProvisionOnDemand(sample.ClientID, person); said != "" {
		t.Fatal(said)
	}
	a.open(setup+"provisioning").until("the arrival", `!!document.querySelector("#arrivals .status.good")`)
	a.take("provisioning-arrived", "Start provisioning").press("Continue")
	tryAgain("good")
	a.take("signin-test-good", "Try to sign in").press("Finish")
	a.take("done-proven", "Nordlys Bygg AS is connected").downloaded(setup + "done/record.html")
}

// picturesOfTrouble shows what a slow and a failing Aritma look like.
func picturesOfTrouble(_ *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	faults := s.sandbox.Faults()
	picturesOfProof(a, s)
	faults.Set(sandbox.IAMUnavailable, sandbox.UntilCleared)
	a.press("Register sign-in").waited()
	a.take("review-problem", "Check your answers")
	faults.ClearAll()
	faults.Set(sandbox.IAMSlow, 1)
	a.press("Try again")
	a.take("review-waiting", "Check your answers")
	faults.Release()
	a.until("the result", `!document.querySelector(".running-work")`)
	a.take("review-over", "Check your answers").press("See the result")
	faults.Set(sandbox.IAMForbidden, sandbox.UntilCleared)
	a.press("Create token").waited()
	a.take("token-problem", "Connect provisioning")
	faults.ClearAll()
	faults.SetOn(sandbox.CreateTokenAnswerLost, "POST /core/iam/v1/scim", 1)
	a.press("Try again").waited()
	a.take("token-answer-lost", "Connect provisioning")
	a.open(strings.TrimSuffix(a.path(), "token") + "token/replace")
	faults.SetOn(sandbox.IAMSlow, "POST /core/iam/v1/scim", 1)
	a.press("Replace token")
	a.take("token-waiting", "Connect provisioning")
	faults.Release()
	a.until("the result", `!document.querySelector(".running-work")`)
	a.take("token-over", "Connect provisioning").open(a.path())
	a.take("token-ready", "Connect provisioning").press("Hand over the token").arrived()
	for _, c := range []struct {
		name, on string
		fault    sandbox.Switch
	}{{"token-refused", "Hand over the token all the same", sandbox.SCIMUnauthorized}, {"token-unproven", "Hand over the token", sandbox.SCIMUnavailable}} {
		a.open(strings.TrimSuffix(a.path(), "/show") + "/replace")
		faults.Set(c.fault, sandbox.UntilCleared)
		a.press("Replace token").waited()
		a.take(c.name, "Connect provisioning")
		faults.ClearAll()
		a.press(c.on)
	}
}

// picturesOfProof shows what Microsoft may say of a client secret, and ends at the review.
func picturesOfProof(a album, s *site) {
	const title = "Create a client secret"
	sample, faults := s.sandbox.Sample(), s.sandbox.Faults()
	a.enter().walk("secret").fill("secret", sample.ExpiredSecret.Expose()).press("Save and continue").arrived()
	a.take("secret-refused", title)
	faults.Set(sandbox.EntraSlow, 1)
	a.fill("secret", sample.ClientSecret.Expose()).press("Save and continue")
	a.take("secret-waiting", title)
	faults.Set(sandbox.EntraConditionalAccess, sandbox.UntilCleared)
	faults.Release()
	a.until("the result", `!document.querySelector(".running-work")`)
	a.take("secret-over", title).press("See the result")
	a.take("secret-unproven", title)
	faults.ClearAll()
	faults.Set(sandbox.EntraClientUnknown, sandbox.UntilCleared)
	a.press("Try again").arrived()
	a.take("secret-other-fault", title)
	faults.ClearAll()
	a.press("Try again").arrived().at("assign", "Choose who may use it").fill("person", sample.Person).press("I have done it").arrived()
}

// picturesOfSandbox starts the program as "make run" does.
func picturesOfSandbox(_ *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	a.open("/sandbox/")
	a.take("sandbox", evaluate[string](a.tab, "document.querySelector('h1').innerText")).open("/sandbox/components")
	a.take("sandbox-components", a.text("h1")).open("/")
	a.take("sandbox-home", "Connect Entra ID to Aritma")
}
