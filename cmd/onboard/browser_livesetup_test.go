package main

import (
	"fmt"
	"strings"
	"testing"
)

// desk opens the page of a customer's setup in the console.
func (b *tab) desk(customer *visitor) *tab {
	b.t.Helper()
	return b.open("/console/setups/" + customer.setup()).live("Live")
}

// tells waits for words in a part of the page.
func (b *tab) tells(part, words string) *tab {
	b.t.Helper()
	return b.until(words+" in "+part, fmt.Sprintf(`document.querySelector("[data-key=%s]").innerText.replace(/\s+/g, " ").includes(%s)`, part, quote(words)))
}

// directory has the customer come to the directory step and answer it, which is a check.
func (v *visitor) directory() *visitor {
	v.t.Helper()
	sample := v.site.sandbox.Sample()
	return v.get("/setup/" + v.setup() + "/directory").at("directory").send(map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}).at("signin")
}

// TestSetupChangesAroundANote: checks and timeline follow the customer while what is typed, opened and chosen stays.
func TestSetupChangesAroundANote(t *testing.T) {
	t.Parallel()
	_, b, customers := consoleWith(t, true, "Nordlys Bygg AS", "Fjordkraft AS")
	customer, other := customers[0], customers[1]
	b.desk(customer).click("All steps").fill("note", "half a word")
	evaluate[bool](b, `(() => {
		window.note = document.getElementById("note");
		window.trail = document.querySelector("[data-key=trail]");
		note.setSelectionRange(2, 4);
		return true;
	})()`)
	unchanged := func() {
		t.Helper()
		for what, is := range map[string]string{
			"the field":        `note === document.getElementById("note")`,
			"what is typed":    `note.value == "half a word"`,
			"the focus":        `document.activeElement === note`,
			"what is chosen":   `note.selectionStart == 2 && note.selectionEnd == 4`,
			"what is unfolded": `document.querySelector("[data-key=checks] details").open`,
		} {
			if !evaluate[bool](b, is) {
				t.Errorf("did not stay: %s", what)
			}
		}
	}
	customer.saves()
	b.tells("now", "Step 2 of 12").tells("trail", "Saved the step “Before you start”")
	unchanged()
	customer.send(nil).directory()
	b.tells("now", "Step 4 of 12").tells("trail", "Saved the step “Directory”")
	unchanged()
	if checks := b.text("[data-key=checks]"); !strings.Contains(checks, "Passed") {
		t.Errorf("the checks say %q", checks)
	}
	evaluate[bool](b, `(window.trail = document.querySelector("[data-key=trail]"), true)`)
	other.saves()
	customer.send(nil).at("redirect")
	b.tells("now", "Step 5 of 12")
	unchanged()
	b.keys(" and more").press("Keep note").live("Live").tells("notes", "and more")
}

// TestFocusInsideAPartPostponesIt: the button that somebody is about to press does not go away under the finger.
func TestFocusInsideAPartPostponesIt(t *testing.T) {
	t.Parallel()
	_, b, customers := consoleWith(t, true, "Nordlys Bygg AS")
	customer := customers[0]
	b.desk(customer)
	evaluate[bool](b, `(() => {
		window.button = [...document.querySelectorAll("[data-key=now] button")].find((e) => e.checkVisibility());
		button.focus();
		return true;
	})()`)
	customer.saves()
	b.tells("trail", "Saved the step “Before you start”")
	if !evaluate[bool](b, `button.isConnected && document.activeElement === button`) || !strings.Contains(b.text("[data-key=now]"), "Step 1 of 12") {
		t.Errorf("the part with the focus was replaced: %q", b.text("[data-key=now]"))
	}
	customer.send(nil).at("directory")
	b.tells("trail", "Saved the step “Application”")
	if !evaluate[bool](b, `button.isConnected`) {
		t.Error("the part with the focus was replaced by the second change")
	}
	evaluate[bool](b, `(document.getElementById("note").focus(), true)`)
	b.tells("now", "Step 3 of 12")
	if focused := b.focused(); focused != "note" {
		t.Errorf("the focus is on %q", focused)
	}
}

// TestGuideFollowsTheCustomer to the next step by itself, wherever the guide has clicked on the customer's screen.
func TestGuideFollowsTheCustomer(t *testing.T) {
	t.Parallel()
	_, b, customers := consoleWith(t, true, "Nordlys Bygg AS")
	customer := customers[0]
	b.desk(customer).press("Watch along")
	follows := func(number int, title string) {
		t.Helper()
		b.until("the next step", fmt.Sprintf(`document.querySelector("h1").innerText == %q`, title))
		if got := evaluate[string](b, "document.title"); !strings.Contains(got, fmt.Sprintf("%d of 12", number)) {
			t.Errorf("at step %d the title is %q", number, got)
		}
	}
	follows(1, "Before you start")
	customer.saves()
	follows(2, "Create the application in Entra")
	b.click("#content h1 ~ p") // the text of a page is pointed at in a call
	customer.send(nil)
	follows(3, "Your directory and application")
	customer.directory()
	follows(4, "How sign-in looks in Aritma")
	if b.path() != "/console/setups/"+customer.setup()+"/guide" {
		t.Errorf("at %s", b.path())
	}
}

// TestAnswerToAFormStaysWhileTheSetupChanges: a page that answers a form has the address of the form, which nobody can ask for
// again. Above all, a link that is shown only once stays.
func TestAnswerToAFormStaysWhileTheSetupChanges(t *testing.T) {
	t.Parallel()
	_, b, customers := consoleWith(t, true, "Nordlys Bygg AS")
	customer := customers[0]
	b.desk(customer).press("Make another link").live("Live")
	link := b.copied()
	if !strings.Contains(link, "/s/") {
		t.Fatalf("the page hands over %q", link)
	}
	customer.saves()
	b.tells("now", "Step 2 of 12")
	if again := b.copied(); again != link {
		t.Errorf("the page hands over %q after a change, %q before", again, link)
	}
	b.press("Keep note").live("Live")
	wrong := evaluate[string](b, "document.title")
	customer.send(nil).at("directory")
	b.tells("now", "Step 3 of 12")
	if title := evaluate[string](b, "document.title"); title != wrong || !strings.HasPrefix(title, "Error: ") || b.text("#error-summary") == "" {
		t.Errorf("after a change the title is %q, before it was %q; the summary says %q", title, wrong, b.text("#error-summary"))
	}
	if n := len(b.site.guide().desk(customer.setup()).page.Find("#links").Parent().Find("li").Nodes); n != 2 {
		t.Errorf("%d links were made, want 2", n)
	}
}
