package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// fox is one tab of Firefox, as a person uses it. Whatever the page reports to its console, every breach of the content
// security policy and every failed request makes the test fail.
type fox struct {
	t       testing.TB
	browser *firefox
	site    *site
	user    string // the user context: cookies and storage of its own
	context string

	mu         sync.Mutex
	moved      chan struct{} // closed and replaced by every event of navigation
	loads      int           // documents that came and are complete
	navigation string        // the one under way; empty when nothing is loading
	committed  bool          // and its document is there, if not complete
	refused    bool          // the last document is Firefox's own page of an error
	restored   bool          // the last document came out of the back/forward cache
	answered   int           // status of the document that came last
	wrong      []string
}

// browse opens a tab that shares nothing with the others.
func (f *firefox) browse(s *site) *fox {
	s.t.Helper()
	return f.tab(s, order[struct{ UserContext string }](s.t, f, "browser.createUserContext", object{}).UserContext)
}

// another opens a second tab with the same cookies, in front of this one.
func (b *fox) another() *fox { b.t.Helper(); return b.browser.tab(b.site, b.user) }

func (f *firefox) tab(s *site, user string) *fox {
	s.t.Helper()
	b := &fox{t: s.t, browser: f, site: s, user: user, moved: make(chan struct{})}
	b.context = order[struct{ Context string }](s.t, f, "browsingContext.create", object{"type": "tab", "userContext": user}).Context
	f.mu.Lock()
	f.tabs[b.context] = b
	f.mu.Unlock()
	s.t.Cleanup(func() {
		for _, wrong := range b.complaints() {
			s.t.Errorf("Firefox reports: %s", wrong)
		}
		if s.t.Failed() {
			s.t.Logf("Firefox was at %s (%d): %s %s", b.path(), b.status(), b.text("h1"), b.text("#error-summary"))
		}
	})
	return b
}

// do sends a command to the tab.
func (b *fox) do(method string, parameters object) *fox {
	b.t.Helper()
	parameters["context"] = b.context
	order[any](b.t, b.browser, method, parameters)
	return b
}

// front brings the tab to the front.
func (b *fox) front() *fox { b.t.Helper(); return b.do("browsingContext.activate", object{}) }

// complaints are what was wrong so far; each is told once.
func (b *fox) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	wrong := b.wrong
	b.wrong = nil
	return wrong
}

// hear notes what Firefox tells.
func (b *fox) hear(m reply) {
	var e struct {
		Navigation, URL, Level, Text string
		Request                      struct{ URL string }
		Response                     struct{ Status int }
	}
	err := json.Unmarshal(m.Params, &e)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err != nil:
		b.wrong = append(b.wrong, err.Error())
	case m.Method == "log.entryAdded":
		if e.Level == "error" || e.Level == "warn" {
			b.wrong = append(b.wrong, e.Level+": "+e.Text)
		}
	case m.Method == "network.responseCompleted":
		b.hearAnswer(e.Navigation != "", e.Request.URL, e.Response.Status)
	default:
		b.hearMove(strings.TrimPrefix(m.Method, "browsingContext."), e.Navigation, e.URL)
		close(b.moved)
		b.moved = make(chan struct{})
	}
}

func (b *fox) hearAnswer(document bool, address string, status int) {
	switch {
	case document:
		if b.answered = status; status >= 500 {
			b.wrong = append(b.wrong, fmt.Sprintf("%d for a page", status))
		}
	case status >= 400:
		b.wrong = append(b.wrong, fmt.Sprintf("%d for %s", status, address))
	}
}

func (b *fox) hearMove(event, navigation, address string) {
	if event == "navigationStarted" {
		b.navigation, b.committed, b.answered = navigation, false, 0
	}
	if navigation != b.navigation {
		return // the empty page of a new tab, or one that was given up
	}
	switch event {
	case "navigationCommitted":
		b.committed, b.restored, b.refused = true, false, strings.HasPrefix(address, "about:neterror")
	case "navigationFailed":
		b.navigation = ""
	case "domContentLoaded", "load":
		if b.refused == (event == "domContentLoaded") { // no event tells that Firefox's own page is complete
			b.navigation = ""
			b.loads++
		}
	}
}

// follow does something that leads to another page, and waits until that page is there.
func (b *fox) follow(act func()) *fox {
	b.t.Helper()
	b.mu.Lock()
	before := b.loads
	b.mu.Unlock()
	act()
	deadline := time.After(patience)
	for {
		b.mu.Lock()
		there, moved := b.loads > before && b.navigation == "", b.moved
		b.mu.Unlock()
		if there {
			return b
		}
		select {
		case <-moved:
		case <-deadline:
			b.t.Fatalf("no page came within %v; still at %s", patience, b.path())
		}
	}
}

// open types an address.
func (b *fox) open(path string) *fox { b.t.Helper(); return b.visit(b.site.public + path) }

// visit types an address anywhere.
func (b *fox) visit(address string) *fox {
	b.t.Helper()
	return b.follow(func() { b.do("browsingContext.navigate", object{"url": address, "wait": "none"}) })
}

// reload reloads, and agrees to send a form again.
func (b *fox) reload() *fox {
	b.t.Helper()
	return b.follow(func() { b.do("browsingContext.reload", object{"wait": "none"}) })
}

// back goes that many pages back; forward when negative.
func (b *fox) back(pages int) *fox {
	b.t.Helper()
	read[bool](b, restored+" = false")
	b.mu.Lock()
	b.committed = false
	b.mu.Unlock()
	return b.follow(func() {
		b.do("browsingContext.traverseHistory", object{"delta": -pages})
		b.restore()
	})
}

// restore waits until a page is there out of the back/forward cache, or it is clear that none comes from there.
func (b *fox) restore() {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		there, err := b.evaluate(restored)
		b.mu.Lock()
		switch {
		case b.committed:
			b.mu.Unlock()
			return
		case err == nil && string(there) == "true":
			b.navigation, b.restored = "", true
			b.loads++
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		if time.Now().After(deadline) {
			b.t.Fatalf("no page of the history came within %v; %v", patience, err)
		}
	}
}

// evaluate computes an expression in the page, and returns the value as JSON.
func (b *fox) evaluate(expression string) (json.RawMessage, error) {
	raw, err := b.browser.send("script.evaluate", object{
		"expression": "Promise.resolve(" + expression + ").then((value) => JSON.stringify(value ?? null))", "target": object{"context": b.context}, "awaitPromise": true,
	})
	if err != nil {
		return nil, err
	}
	var result struct {
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return nil, err
	}
	if what := result.ExceptionDetails.Text; what != "" {
		return nil, errors.New(what)
	}
	return json.RawMessage(result.Result.Value), nil
}

// read looks into the page.
func read[T any](b *fox, expression string) T {
	b.t.Helper()
	var value T
	raw, err := b.evaluate(expression)
	if err == nil {
		err = json.Unmarshal(raw, &value)
	}
	if err != nil {
		b.t.Fatalf("look for %s: %v", expression, err)
	}
	return value
}

// until waits for something on the page that no event tells of.
func (b *fox) until(what, expression string) *fox {
	b.t.Helper()
	for deadline := time.Now().Add(patience); !read[bool](b, expression); {
		if time.Now().After(deadline) {
			b.t.Fatalf("never came: %s", what)
		}
	}
	return b
}

// path is the address without its host, and without the secret of a setup link.
func (b *fox) path() string {
	b.t.Helper()
	path := strings.TrimPrefix(read[string](b, "location.href"), b.site.public)
	if value, link := strings.CutPrefix(path, "/s/"); link && value != "" {
		return "/s/…"
	}
	return path
}

// text is what is to be read in the first element of a selector, as it is on the screen.
func (b *fox) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(read[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))), " ")
}

// status is that of the page that came last.
func (b *fox) status() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.answered
}

// at demands a step of the wizard: address, status, heading and title.
func (b *fox) at(step, title string) *fox {
	b.t.Helper()
	if got := b.path(); !strings.HasSuffix(got, "/"+step) {
		b.t.Fatalf("at %s, want step %s", got, step)
	}
	if b.status() >= 400 {
		b.t.Fatalf("%s is answered %d", step, b.status())
	}
	return b.titled(title)
}

func (b *fox) titled(title string) *fox {
	b.t.Helper()
	if got := b.text("h1"); got != title {
		b.t.Errorf("heading %q, want %q", got, title)
	}
	if got, want := read[string](b, "document.title"), title+" – Aritma Entra onboarding"; got != want {
		b.t.Errorf("title %q, want %q", got, want)
	}
	return b
}
