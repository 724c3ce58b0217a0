package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// tapped has every page count what its streams tell it, before the page itself reacts.
func (b *tab) tapped() *tab {
	b.t.Helper()
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.streams = [], window.heard = 0;
		window.EventSource = class extends EventSource {
			constructor(url) {
				super(url);
				streams.push(this);
				for (const name of ["rows", "changed"]) this.addEventListener(name, () => heard++);
			}
		}`})
	return b
}

// live waits until the page says what it is: "Live", or why not.
func (b *tab) live(state string) *tab {
	b.t.Helper()
	return b.until("the state "+state, fmt.Sprintf(`document.querySelector("[data-live-state]").textContent == %q`, state))
}

// hears waits until the stream has told something more.
func (b *tab) hears(act func()) *tab {
	b.t.Helper()
	before := evaluate[int](b, "heard")
	act()
	return b.until("word of the stream", fmt.Sprintf("heard > %d", before))
}

// step is what the list shows of a setup.
func (b *tab) step(setup string) string {
	b.t.Helper()
	return b.text("[data-key='step-" + setup + "']")
}

// stands waits until the list shows words about the step of a setup.
func (b *tab) stands(setup, words string) *tab {
	b.t.Helper()
	return b.until(words+" in the row", fmt.Sprintf(`document.querySelector("[data-key='step-%s']").innerText.includes(%q)`, setup, words))
}

// consoleWith is a browser on the list of a site with some customers, the first of whom was there first.
func consoleWith(t *testing.T, scripts bool, companies ...string) (s *site, b *tab, customers []*visitor) {
	t.Helper()
	s = newSiteWithConsole(t, nil)
	for n, company := range companies {
		customers = append(customers, s.began(company, fmt.Sprintf("tenant%d", n)))
	}
	b = s.browse(scripts).tapped().guide()
	if scripts {
		b.live("Live")
	}
	return s, b, customers
}

// TestRowChangesInPlace: what is under the pointer, the focus and the scroll position stay, and so does the order of rows.
func TestRowChangesInPlace(t *testing.T) {
	t.Parallel()
	_, b, customers := consoleWith(t, true, "Nordlys Bygg AS", "Fjordkraft AS", "Hav og Fisk AS")
	oldest, other := customers[0], customers[1]
	evaluate[bool](b, fmt.Sprintf(`(() => {
		document.body.style.minHeight = "4000px";
		window.row = document.getElementById("row-%s");
		window.anchor = row.querySelector("a");
		window.others = [...document.querySelectorAll("tbody td")].filter((e) => !row.contains(e));
		window.order = [...document.querySelectorAll("tbody tr")].map((e) => e.id).join();
		window.bars = document.querySelectorAll("[data-live], form, nav").length;
		anchor.focus({preventScroll: true});
		scrollTo({top: 137, behavior: "instant"});
		return true;
	})()`, oldest.setup()))
	if first := evaluate[string](b, `document.querySelector("tbody tr").id`); first == "row-"+oldest.setup() {
		t.Fatal("the oldest setup is listed first")
	}
	unchanged := func() {
		t.Helper()
		for what, is := range map[string]string{
			"the row and its link":      `row.isConnected && row.querySelector("a") === anchor`,
			"the focus":                 `document.activeElement === anchor`,
			"where the page scrolled":   `Math.round(scrollY) == 137`,
			"the order of rows":         `[...document.querySelectorAll("tbody tr")].map((e) => e.id).join() == order`,
			"everything else around":    `document.querySelectorAll("[data-live], form, nav").length == bars`,
			"the number of its cells":   `row.cells.length == 4`,
			"the keys, each there once": `new Set([...document.querySelectorAll("[data-key]")].map((e) => e.dataset.key)).size == document.querySelectorAll("[data-key]").length`,
		} {
			if !evaluate[bool](b, is) {
				t.Errorf("did not stay: %s", what)
			}
		}
	}
	oldest.saves()
	b.stands(oldest.setup(), "Step 2 of 12")
	unchanged()
	if !evaluate[bool](b, `others.every((e) => e.isConnected)`) {
		t.Error("cells of other rows were replaced")
	}
	other.saves()
	b.stands(other.setup(), "Step 2 of 12")
	unchanged()
	oldest.send(nil).at("directory")
	b.stands(oldest.setup(), "Step 3 of 12")
	unchanged()
	b.press("#row-" + oldest.setup() + " a").titled("Nordlys Bygg AS")
}

// TestPauseHolds what comes, and Resume shows the last of it.
func TestPauseHolds(t *testing.T) {
	t.Parallel()
	_, b, customers := consoleWith(t, true, "Nordlys Bygg AS", "Fjordkraft AS")
	goes, wavers := customers[0], customers[1]
	wavers.saves()
	b.stands(wavers.setup(), "Step 2 of 12").click("Pause").live("Paused")
	watching := func(may string) func() {
		return func() { wavers.post("/setup/"+wavers.setup()+"/watching", url.Values{"may": {may}}) }
	}
	b.hears(func() { goes.saves() }).hears(watching("no")).hears(watching("yes")).hears(func() { goes.get("/setup/" + goes.setup() + "/application").send(nil) })
	if got := b.step(goes.setup()); !strings.Contains(got, "Step 1 of 12") {
		t.Errorf("while paused the row changed to %q", got)
	}
	if got := b.step(wavers.setup()); !strings.Contains(got, "Step 2 of 12") {
		t.Errorf("while paused the other row changed to %q", got)
	}
	b.live("Paused").click("Resume").live("Live").stands(goes.setup(), "Step 3 of 12")
	if got := b.step(wavers.setup()); !strings.Contains(got, "Step 2 of 12") {
		t.Errorf("Resume shows %q, which is over", got)
	}
	goes.get("/setup/" + goes.setup() + "/directory").send(map[string]string{"directory": goes.site.sandbox.Sample().DirectoryID, "client": goes.site.sandbox.Sample().ClientID})
	b.stands(goes.setup(), "Step 4 of 12")
}

// TestSummaryIsSaidSeldom: one sentence for all that changed within ten seconds, and each change in one only.
func TestSummaryIsSaidSeldom(t *testing.T) {
	t.Parallel()
	s, b, customers := consoleWith(t, true, "Nordlys Bygg AS", "Fjordkraft AS")
	one, other := customers[0], customers[1]
	b.watchPage()
	said := func(n int, want ...string) {
		t.Helper()
		b.until("what is said", fmt.Sprintf("said.length >= %d", n))
		all := evaluate[[]string](b, "said")
		if len(all) != n {
			t.Fatalf("said %q, want %d sentences", all, n)
		}
		for _, words := range want {
			if !strings.Contains(all[n-1], words) {
				t.Errorf("said %q, not %q", all[n-1], words)
			}
		}
	}
	one.saves()
	said(1, "Changed: Nordlys Bygg AS.")
	b.hears(func() { one.send(nil) }).hears(func() { other.saves() }).hears(func() { other.send(nil) }).hears(func() { s.link("--company", "Hav og Fisk AS", "--tenant", "hav") })
	b.stands(one.setup(), "Step 3 of 12").stands(other.setup(), "Step 3 of 12")
	said(2, "Nordlys Bygg AS", "Fjordkraft AS", "Setups that are not on this page changed: 1.")
	if all := evaluate[[]string](b, "said"); strings.Count(all[1], "Fjordkraft AS") != 1 {
		t.Errorf("said %q", all)
	}
	if role := evaluate[string](b, `spoken.getAttribute("role") ?? spoken.ariaLive`); role != "status" && role != "polite" {
		t.Errorf("it is said in a %q", role)
	}
}

// TestListWhileTheServerIsAway: it says so, goes on by itself, and shows what happened meanwhile, be it little or very much.
func TestListWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	s, b, customers := consoleWith(t, true, "Nordlys Bygg AS", "Fjordkraft AS")
	one, other := customers[0], customers[1]
	setup := one.setup()
	s.environ["ONBOARD_LISTEN"] = strings.TrimPrefix(s.public, "http://")
	one.saves()
	b.stands(setup, "Step 2 of 12")
	s.stop()
	b.live("Not live: trying again")
	s.start()
	one.send(nil).at("directory") // perhaps before the browser is back
	b.live("Live").stands(setup, "Step 3 of 12")

	s.stop()
	b.live("Not live: trying again")
	db := s.sql()
	defer db.Close()
	s.start()
	sample := s.sandbox.Sample()
	one.send(map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}).at("signin")
	if _, err := db.ExecContext(t.Context(), `PRAGMA busy_timeout = 5000; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
		INSERT INTO events (setup, at, actor, kind) SELECT ?, 0, 'system', 'made.up' FROM n`, other.setup()); err != nil {
		t.Fatal(err)
	}
	b.live("Live").stands(setup, "Step 4 of 12")
}

// TestHiddenTabAsksForNothing, and catches up when somebody looks at it again.
func TestHiddenTabAsksForNothing(t *testing.T) {
	t.Parallel()
	s, b, customers := consoleWith(t, true, "Nordlys Bygg AS")
	setup := customers[0].setup()
	before := s.streamsEnded()
	b.another().front()
	b.until("that nobody sees the tab", "document.hidden")
	eventually(t, "the end of the stream", func() bool { return s.streamsEnded() == before+1 })
	if !evaluate[bool](b, "streams.every((s) => s.readyState == EventSource.CLOSED)") {
		t.Error("a stream is open in a tab that nobody sees")
	}
	customers[0].saves()
	b.front().live("Live").stands(setup, "Step 2 of 12")
	if open := evaluate[int](b, "streams.filter((s) => s.readyState != EventSource.CLOSED).length"); open != 1 {
		t.Errorf("%d streams are open", open)
	}
}

// TestListWithoutScript is refreshed by hand.
func TestListWithoutScript(t *testing.T) {
	t.Parallel()
	_, b, customers := consoleWith(t, false, "Nordlys Bygg AS")
	setup := customers[0].setup()
	customers[0].saves()
	if state := b.text("[data-live-state]"); state != "" || b.find("Pause").Found {
		t.Errorf("without JavaScript the page says %q and offers to pause: %v", state, b.find("Pause").Found)
	}
	if got := b.step(setup); !strings.Contains(got, "Step 1 of 12") {
		t.Errorf("the row says %q before it is refreshed", got)
	}
	if b.press("Refresh"); !strings.Contains(b.step(setup), "Step 2 of 12") || b.path() != "/console" {
		t.Errorf("Refresh shows %q at %s", b.step(setup), b.path())
	}
	customers[0].send(nil).at("directory")
	b.open("/console?q=nordlys").press("Refresh")
	if b.path() != "/console?q=nordlys" || !strings.Contains(b.step(setup), "Step 3 of 12") {
		t.Errorf("Refresh of a search leads to %s, and shows %q", b.path(), b.step(setup))
	}
}
