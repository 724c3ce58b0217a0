package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for the browser before it says that something never happened: a page looks for arrivals
// after 15 seconds at the earliest, on a machine that may be busy.
const patience = 45 * time.Second

// chromium is the one browser of the package, started by the first test that needs it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	status := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(status)
}

// findBrowser looks where Chromium usually is, after $CHROME.
func findBrowser() (string, error) {
	for _, name := range []string{os.Getenv("CHROME"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the browser tests need Chromium: install it (on Debian: apt-get install chromium), or name its program in CHROME")
}

// startBrowser starts Chromium without a way out: nothing but loopback is ever resolved.
func startBrowser() {
	path, err := findBrowser()
	if err != nil {
		chromium.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.WindowSize(1280, 900), chromedp.Flag("lang", "en-US"), chromedp.Flag("force-prefers-reduced-motion", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"), chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("disable-features", "Translate,MediaRouter,OptimizationHints,AutofillServerCommunication"))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	chromium.stop = func() { stopBrowser(); stopAllocator() }
	chromium.ctx, chromium.err = ctx, chromedp.Do(ctx)
}

// tab is one tab of a browser, as a person uses it. Whatever the page reports to its console, every breach of the
// content security policy and every failed request makes the test fail.
type tab struct {
	t       testing.TB
	site    *site
	ctx     context.Context
	scripts bool // JavaScript runs

	mu       sync.Mutex
	moved    chan struct{} // closed and replaced by every event of navigation
	loads    int           // documents that came and are complete
	loading  bool
	restored bool // the last document came out of the back/forward cache
	document *network.Response
	wrong    []string
	scale    scale
}

// browse opens a browser of its own, without cookies, with or without JavaScript.
func (s *site) browse(scripts bool) *tab {
	s.t.Helper()
	chromium.once.Do(startBrowser)
	if chromium.err != nil {
		s.t.Fatal(chromium.err)
	}
	return s.tab(chromium.ctx, scripts, chromedp.WithNewBrowserContext())
}

// another opens a second tab of the same browser, in front of this one.
func (b *tab) another() *tab {
	b.t.Helper()
	return b.site.tab(b.ctx, true, chromedp.WithNewWindow(false))
}

func (s *site) tab(parent context.Context, scripts bool, option chromedp.ContextOption) *tab {
	s.t.Helper()
	ctx, cancel := chromedp.NewContext(parent, option)
	b := &tab{t: s.t, site: s, ctx: ctx, scripts: scripts, moved: make(chan struct{})}
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("the browser was at %s (%d): %s %s", b.path(), b.status(), b.text("h1"), b.text("#error-summary"))
		}
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, wrong := range b.wrong {
			s.t.Errorf("the browser reports: %s", wrong)
		}
	})
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		s.t.Fatal(err)
	}
	call(b, audits.Enable, cdp.Empty{})
	if s.language != "" {
		b.wants()
	}
	b.allow(scripts)
	return b
}

// allow lets the pages of the tab run scripts, or not.
func (b *tab) allow(scripts bool) {
	b.t.Helper()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
}

// call sends a command to the tab.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// hear notes what the browser tells.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scale.hear(event)
	switch e := event.(type) {
	case *page.EventFrameStartedLoading:
		b.loading = true
	case *page.EventFrameStoppedLoading:
		b.loading = false
	case *page.EventFrameNavigated:
		if b.restored = e.Type == page.NavigationTypeBackForwardCacheRestore; b.restored {
			b.loads++
			b.loading = false
		}
	case *page.EventLoadEventFired:
		b.loads++
	case *network.EventResponseReceived:
		b.hearAnswer(e)
		return
	default:
		b.hearComplaint(event)
		return
	}
	close(b.moved)
	b.moved = make(chan struct{})
}

func (b *tab) hearAnswer(e *network.EventResponseReceived) {
	if e.Type == network.ResourceTypeDocument {
		b.document = e.Response
	}
	if e.Response.Status >= 500 || (e.Response.Status >= 400 && e.Type != network.ResourceTypeDocument) {
		b.wrong = append(b.wrong, fmt.Sprintf("%d for a %s", e.Response.Status, e.Type))
	}
}

func (b *tab) hearComplaint(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.wrong = append(b.wrong, fmt.Sprintf("console.%s was called", e.Type))
	case *cdplog.EventEntryAdded:
		// The browser notes every page that is answered 4xx; whether it should be is for the test to say.
		if e.Entry.Source != cdplog.EntrySourceNetwork && (e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning) {
			b.wrong = append(b.wrong, fmt.Sprintf("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text))
		}
	case *audits.EventIssueAdded:
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			b.wrong = append(b.wrong, fmt.Sprintf("content security policy: %s of %s", d.ContentSecurityPolicyViolationType, d.ViolatedDirective))
		}
	}
}

// follow does something that leads to another page, and waits until that page is there.
func (b *tab) follow(act func()) *tab {
	b.t.Helper()
	b.mu.Lock()
	before := b.loads
	b.mu.Unlock()
	act()
	deadline := time.After(patience)
	for {
		b.mu.Lock()
		there, moved := b.loads > before && !b.loading, b.moved
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

// settle waits until nothing is on its way any more.
func (b *tab) settle() *tab {
	b.t.Helper()
	for {
		b.mu.Lock()
		loading, moved := b.loading, b.moved
		b.mu.Unlock()
		if !loading {
			return b
		}
		select {
		case <-moved:
		case <-time.After(patience):
			b.t.Fatalf("still loading after %v", patience)
		}
	}
}

// open types an address.
func (b *tab) open(path string) *tab {
	b.t.Helper()
	return b.follow(func() { call(b, page.Navigate, page.NavigateParams{URL: b.site.public + path}) })
}

// reload reloads, and agrees to send a form again.
func (b *tab) reload() *tab {
	b.t.Helper()
	return b.follow(func() { call(b, page.Reload, page.ReloadParams{}) })
}

// back goes that many pages back; forward when negative.
func (b *tab) back(pages int) *tab {
	b.t.Helper()
	history := call(b, page.GetNavigationHistory, cdp.Empty{})
	at := int(history.CurrentIndex) - pages
	if at < 0 || at >= len(history.Entries) {
		b.t.Fatalf("the history has no page %d back from %d of %d", pages, history.CurrentIndex, len(history.Entries))
	}
	return b.follow(func() {
		call(b, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[at].ID})
	})
}

// evaluate looks into the page; it works where the page itself may run no script. A page that gives way to another while it is
// looked into is not looked into any further, but the other is.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		value, err := tryToEvaluate[T](b, expression)
		if err == nil {
			return value
		}
		gone := slices.ContainsFunc(goneWords, func(words string) bool { return strings.Contains(err.Error(), words) })
		if !gone || time.Now().After(deadline) {
			b.t.Fatalf("look for %s: %v", expression, err)
		}
		b.settle()
	}
}

// goneWords are what Chromium says of a page that gave way to another.
var goneWords = []string{"Execution context was destroyed", "Cannot find context", "Inspected target navigated or closed", "uniqueContextId not found"}

func tryToEvaluate[T any](b *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// until waits for something on the page that no event tells of. While one page gives way to another there is nothing to
// look at.
func (b *tab) until(what, expression string) *tab {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		there, err := tryToEvaluate[bool](b, expression)
		if there {
			return b
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("never came: %s (%v)", what, err)
		}
	}
}

// path is the address without its host, and without the secret of a setup link.
func (b *tab) path() string {
	b.t.Helper()
	path := strings.TrimPrefix(evaluate[string](b, "location.href"), b.site.public)
	if value, link := strings.CutPrefix(path, "/s/"); link && value != "" {
		return "/s/…"
	}
	return path
}

// text is what is to be read in the first element of a selector, as it is on the screen.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(evaluate[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))), " ")
}

// status is that of the page that came last.
func (b *tab) status() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.document == nil {
		return 0
	}
	return b.document.Status
}

// at demands a step of the wizard, whole: address, status, title, heading and number.
func (b *tab) at(step, title string) *tab {
	b.t.Helper()
	if got := b.path(); !strings.HasSuffix(got, "/"+step) {
		b.t.Fatalf("at %s, want step %s", got, step)
	}
	if b.status() >= 400 {
		b.t.Fatalf("%s is answered %d", step, b.status())
	}
	return b.titled(title)
}

func (b *tab) titled(title string) *tab {
	b.t.Helper()
	if got := b.text("h1"); !b.reads(got, title) {
		b.t.Errorf("heading %q, want %q", got, title)
	}
	if b.lang() != "en" {
		return b
	}
	if got, want := evaluate[string](b, "document.title"), title+" – Aritma Entra onboarding"; got != want {
		b.t.Errorf("title %q, want %q", got, want)
	}
	return b
}
