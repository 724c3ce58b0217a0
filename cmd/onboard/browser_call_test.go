package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/secret"
)

// rehearsal is a call of a customer with a guide, each in a browser of their own. Pictures of both are taken at each step.
type rehearsal struct {
	*testing.T
	customer, guide album
	setup           string
	said, acts      int // sentences of the guide, clicks and fields of the customer
}

// step waits until the guide sees what the customer sees, and says the next sentence.
func (c *rehearsal) step(name, title string) *rehearsal {
	c.Helper()
	c.customer.until(title, `document.querySelector("h1")?.innerText == `+quote(title))
	c.guide.until("the guide's "+title, `document.querySelector("h1")?.innerText == `+quote(title)+` && !!document.querySelector(".guide-say q")`)
	if got := c.guide.text(".guide-say q"); len(got) < 20 {
		c.Errorf("%s: nothing to say: %q", name, got)
	}
	c.said++
	c.picture(name)
	return c
}

func (c *rehearsal) picture(name string) {
	c.Helper()
	if c.customer.dir == "" {
		return
	}
	for side, a := range map[string]album{"customer": c.customer, "guide": c.guide} {
		a.save(fmt.Sprintf("call-%02d-%s-%s", c.said, name, side), 1280, "light")
	}
}

// acting counts what the customer does.
func (c *rehearsal) acting(n int, act func(b *tab)) {
	c.Helper()
	c.acts += n
	act(c.customer.tab)
}

// TestCall rehearses a whole call in the sandbox, with the mistakes that people make: the guide's screen follows the customer's
// without a click, says what comes next and what went wrong, and shows nothing that was entered.
func TestCall(t *testing.T) {
	s := newSiteWithConsole(t, nil)
	box, sample := s.sandbox, s.sandbox.Sample()
	c := &rehearsal{T: t, customer: newAlbum(s.browse(true)), guide: newAlbum(s.browse(true))}
	c.guide.tab.guide().open("/console/new").fill("company", sample.Company).fill("tenant", sample.Tenant).fill("domain", sample.Domain).fill("contact", sample.Person)
	c.guide.press("Make setup and link").arrived()
	link := s.linkPath(c.guide.copied())
	c.guide.press("Go to the setup").arrived()
	c.acting(2, func(b *tab) { b.open(link).press("Open setup").arrived() })
	c.setup = strings.Split(c.customer.path(), "/")[2]
	c.guide.until("the opening", `document.querySelector("[data-key=now]").innerText.includes("In progress")`)
	c.picture("opened")
	c.guide.press("Watch along").arrived()

	for _, stage := range stages(sample) {
		c.step(stage.step, stage.title)
		switch stage.step {
		case "token":
			continue
		case "start":
			c.acting(0, func(b *tab) { b.reload() })
			if got := c.customer.text(".watched p"); !strings.Contains(got, "Ida Strand of Aritma can see") {
				t.Errorf("the customer reads %q", got)
			}
		case "secret":
			c.acting(2, func(b *tab) { b.fill("secret", sample.SecretID).press(stage.primary) })
			if got := c.customer.text("#error-summary"); !strings.Contains(got, "Secret ID") {
				t.Errorf("the Secret ID is answered with %s", got)
			}
			c.guide.until("why the form was refused", `document.querySelector(".guide-trouble")?.innerText.includes("Secret ID")`)
			c.acting(2, func(b *tab) { b.fill("secret", sample.ExpiredSecret.Expose()).press(stage.primary).arrived() })
			c.guide.until("what went wrong", `document.querySelector(".guide-trouble")?.innerText.includes("The secret has expired")`)
			c.said++
			c.picture("secret-expired")
		}
		c.acting(3, func(b *tab) {
			if stage.answer != nil {
				stage.answer(b)
			}
			b.press(stage.primary).arrived()
		})
	}

	uri := box.IDURL() + "/" + sample.Tenant + "/federation/" + s.held().Providers[0].Scheme + "/signin"
	if !box.RegisterRedirectURI(sample.ClientID, uri) || !box.AddEmailClaim(sample.ClientID) || !box.GrantConsent(sample.ClientID) || !box.Assign(sample.ClientID, person) {
		t.Fatal("Entra does not know the sample")
	}
	c.acting(1, func(b *tab) { b.press("Create token").arrived() })
	tenantURL, token := c.customer.text("#tenant-url"), secret.New(c.customer.copied())
	c.step("token-handed-over", "Connect provisioning")
	c.unseen(token.Expose())
	c.guide.until("the token's card at the guide's", `!!document.querySelector(".token")`)
	if got := c.guide.text(".token"); !strings.Contains(got, "Secret Token") || !strings.Contains(got, "not visible") {
		t.Errorf("the guide sees no masked token where the customer does: %q", got)
	}
	if said := box.ConfigureProvisioning(sample.ClientID, tenantURL, token); said != "" {
		t.Fatal(said)
	}
	c.acting(4, func(b *tab) {
		b.click("I have pasted it in Entra, and Test Connection succeeded").press("Continue").arrived()
	})
	c.step("provisioning", "Start provisioning")
	c.acts += 3
	if said := box.ProvisionOnDemand(sample.ClientID, person); said != "" {
		t.Fatal(said)
	}
	c.customer.until("the arrival", `!!document.querySelector("#arrivals .status.good")`)
	c.guide.until("the arrival at the guide's", `!!document.querySelector("#arrivals .status.good")`)
	c.picture("arrived")
	c.acting(1, func(b *tab) { b.press("Continue").arrived() })
	c.step("signin-test", "Try to sign in")
	c.acting(2, func(b *tab) {
		shown := b.opens("Test the sign-in").until("Microsoft's page", `!!document.querySelector("#accounts")`)
		shown.press("[value='"+sample.Person+"']").until("the result", `!!document.querySelector("#trial .status")`)
		b.front().until("the verdict", `document.querySelector("#trial").innerText.includes("it is the same person")`)
	})
	c.guide.front().until("the verdict at the guide's", `document.querySelector("#trial").innerText.includes("it is the same person")`)
	c.picture("signed-in")
	c.acting(1, func(b *tab) { b.press("Finish").arrived() })
	c.step("done", sample.Company+" is connected")
	c.unseen(sample.DirectoryID, sample.ClientID, sample.Person, sample.ClientSecret.Expose())

	c.guide.press("Back to the setup").arrived()
	c.guide.fill("note", "Done in one call. Renew the secret next year.").press("Keep note").arrived()
	c.guide.until("the end", `document.querySelector("[data-key=now]").innerText.includes("Completed")`)
	c.picture("completed")
	c.guide.press("Stop watching").arrived()
	t.Logf("%d sentences of the guide, %d acts of the customer in the wizard and the portal", c.said, c.acts)
}

// unseen demands that the guide's screen, as the browser has it, holds none of the values.
func (c *rehearsal) unseen(values ...string) {
	c.Helper()
	html := evaluate[string](c.guide.tab, "document.documentElement.outerHTML")
	for _, value := range values {
		if strings.Contains(html, value) {
			c.Errorf("the guide's screen holds %s", value)
		}
	}
}
