package main

import (
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// guide signs in to the console.
func (b *tab) guide() *tab {
	b.t.Helper()
	b.open("/console").press("Sign in with Aritma").identify(sandbox.Guide)
	return b.until("the console", `location.pathname == "/console" && document.readyState == "complete"`).settle()
}

// picturesOfConsole shows every page of the console.
func picturesOfConsole(_ *testing.T, s *site) {
	a := newAlbum(s.browse(true))
	a.open("/console")
	a.take("console-door", "Console").guide()
	a.take("console-empty", "Setups").press("New setup").arrived()
	a.take("console-new", "New setup").fill("domain", "https://x").press("Make setup and link").arrived()
	a.take("console-new-wrong", "New setup")
	sample := s.sandbox.Sample()
	a.fill("company", sample.Company).fill("tenant", sample.Tenant).fill("domain", sample.Domain).fill("contact", "Kari Nordmann").press("Make setup and link").arrived()
	a.take("console-made", "The setup is made")
	link := s.linkPath(a.copied())
	a.press("Go to the setup").arrived()
	a.take("console-not-opened", sample.Company)
	setup := a.path()

	customer := s.visitor().open(link).walk("secret")
	other := s.visitor().open(s.link("--company", "Fjordkraft AS", "--tenant", otherTenant)).walk("review").register()
	s.link("--company", "Hav og Fisk AS", "--tenant", "havogfisk", "--contact", "Per Hansen")
	_ = other.handOver()
	customer.send(map[string]string{"secret": sample.ExpiredSecret.Expose()})
	a.front().open("/console")
	a.take("console", "Setups").open("/console?q=nothing+like+this")
	a.take("console-none", "Setups").open(setup)
	a.take("console-setup", sample.Company).press("Watch along").arrived()
	a.take("console-guide", "Create a client secret").open(setup + "/guide/start")
	a.take("console-guide-elsewhere", a.text("h1")).open(setup + "/about")
	a.take("console-about", a.text("h1"))
	b := newAlbum(s.browse(true))
	b.open(link).press("Open setup").arrived()
	b.take("watched", "Create a client secret").open("/setup/" + customer.setup() + "/watching")
	b.take("watching", "Who can see this setup").press("Don't let anybody look").arrived()
	b.take("watching-refused", "Who can see this setup")
	a.front().open(setup)
	a.take("console-unwatched", sample.Company).open(setup + "/guide")
	a.take("console-guide-refused", "Watch "+sample.Company+" along?").open("/console/figures")
	a.take("console-figures", a.text("h1")).open("/console/call")
	a.take("console-call", "How to run this call in 20 minutes").open(setup).press("Close setup").arrived()
	a.take("console-close-wrong", sample.Company).click("Close it, also for whoever is in it now").press("Close setup").arrived()
	a.take("console-closed", sample.Company)
	b.front().open("/setup/" + customer.setup())
	b.take("closed", "Aritma has closed this setup")
}
