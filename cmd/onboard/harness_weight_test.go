package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/network"

	"github.com/aritma/entra-onboard/static"
)

// Budgets in bytes. Those of a whole page are as it comes over the wire by HTTP/1.1, headers included, those of its parts are of the
// compressed body. A form page fits into the first window of TCP (RFC 6928: ten segments of 1,460 bytes), so that all of it is there
// after one round trip.
const (
	mostCold     = 14_600 // a form page with all that belongs to it, in a browser that has nothing yet
	mostColdLive = 34_000 // the same for a page of the console, and for one on which something changes by itself
	mostNext     = 5_000  // the next page, in a browser that has the rest
	mostBare     = 14_600 // the same where it is not compressed, because it may hold a secret
	mostHTML     = 5_000
	mostStyle    = 6_000
	mostScript   = 2_500
)

// firstCame is what each asset weighed when it came over the wire, by its path, which names its content.
var firstCame sync.Map // of size

// size of an answer, in bytes: with its headers, and of the compressed body alone.
type size struct{ wire, body float64 }

// scale weighs the pages that a tab loads.
type scale struct {
	pages     []*weighed
	exchanges map[network.RequestID]*exchange
	had       map[string]bool // stylesheets and scripts, by their path
}

// weighed is a page: a document, and what it made the browser ask for.
type weighed struct {
	document *exchange
	parts    []*exchange
}

// exchange is a request and its answer.
type exchange struct {
	method, address    string
	kind               network.ResourceType
	size                       // 0 when it was in the cache
	redirects, headers float64 // bytes: answers of this site that led to it, and the headers of the last answer
	cached, packed     bool
	again              bool // it had come before, and came once more
}

// hear notes what the browser tells about requests.
func (s *scale) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		s.sent(e)
	case *network.EventRequestServedFromCache:
		if x := s.exchanges[e.RequestID]; x != nil {
			x.cached = true
		}
	case *network.EventResponseReceived:
		if x := s.exchanges[e.RequestID]; x != nil {
			x.cached = x.cached || e.Response.FromDiskCache
			x.packed = e.Response.Headers["Content-Encoding"] != nil
			x.headers = e.Response.EncodedDataLength
		}
	case *network.EventLoadingFinished:
		if x := s.exchanges[e.RequestID]; x != nil {
			x.finished(e.EncodedDataLength)
			x.again = s.had[x.path()] && !x.cached
			if x.kind == network.ResourceTypeStylesheet || x.kind == network.ResourceTypeScript {
				s.had[x.path()] = true
			}
		}
	}
}

func (s *scale) sent(e *network.EventRequestWillBeSent) {
	if strings.HasPrefix(e.Request.URL, "data:") {
		return // the browser's own: the picture in a date field
	}
	if s.exchanges == nil {
		s.exchanges, s.had = map[network.RequestID]*exchange{}, map[string]bool{}
	}
	if x := s.exchanges[e.RequestID]; x != nil && e.RedirectResponse != nil {
		if x.method, x.address = e.Request.Method, e.Request.URL; sameSite(e.RedirectResponse.URL, x.address) {
			x.redirects += e.RedirectResponse.EncodedDataLength
		}
		return
	}
	x := &exchange{method: e.Request.Method, address: e.Request.URL, kind: e.Type}
	s.exchanges[e.RequestID] = x
	if e.Type == network.ResourceTypeDocument {
		s.pages = append(s.pages, &weighed{document: x})
	} else if n := len(s.pages); n > 0 {
		s.pages[n-1].parts = append(s.pages[n-1].parts, x)
	}
}

// finished notes how much came. What a page is told of an answer's headers may be less than what came: the most counts.
func (x *exchange) finished(wire float64) {
	x.size = size{wire, wire - x.headers}
	if x.cached || x.kind == network.ResourceTypeDocument {
		return
	}
	if before, ok := firstCame.Load(x.path()); !ok || before.(size).wire < wire {
		firstCame.Store(x.path(), x.size)
	}
}

func (x *exchange) path() string {
	u, _ := url.Parse(x.address)
	return u.Path
}

func sameSite(a, b string) bool {
	x, _ := url.Parse(a)
	y, _ := url.Parse(b)
	return x.Host == y.Host
}

// later reports whether the page asked for it by itself, after it was there.
func (x *exchange) later() bool {
	return x.kind == network.ResourceTypeXHR || x.kind == network.ResourceTypeFetch || x.kind == network.ResourceTypeEventSource
}

// weight sums up a page, in bytes.
type weight struct {
	next, cold, html, style, script float64
	live                            bool     // a page of the console, or one that changes by itself
	bare                            bool     // not compressed
	answer                          bool     // to a form: it is never the first page that comes
	secretive                       bool     // may hold a secret: it is not compressed
	strange                         []string // what no page may ask for
}

func (w *weighed) weigh() weight {
	d := w.document
	sum := weight{next: d.wire, html: d.body, bare: !d.packed, answer: d.method == http.MethodPost}
	sum.secretive = sum.answer || strings.HasPrefix(d.path(), "/s/")
	assets := map[string]size{}
	if icon, ok := firstCame.Load(static.URL("favicon.svg")); ok { // browsers ask for it when they like
		assets[static.URL("favicon.svg")] = icon.(size)
	}
	for _, x := range w.parts {
		came, known := firstCame.Load(x.path())
		switch {
		case x.later() || sameSite(x.address, d.address) && x.path() == static.URL("favicon.svg"):
		case known && !x.again && sameSite(x.address, d.address) && (x.kind == network.ResourceTypeStylesheet || x.kind == network.ResourceTypeScript):
			assets[x.path()] = came.(size)
		default:
			sum.strange = append(sum.strange, string(x.kind)+" "+x.address)
		}
	}
	sum.cold = d.wire + d.redirects
	for path, size := range assets {
		sum.cold += size.wire
		switch path {
		case static.URL("app.css"):
			sum.style = size.body
		case static.URL("app.js"):
			sum.script = size.body
		case static.URL("favicon.svg"):
		default:
			sum.live = true
		}
	}
	return sum
}

func (w weight) String() string {
	return fmt.Sprintf("next %5.0f, cold %5.0f, HTML %5.0f, CSS %.0f, JS %.0f%s%s", w.next, w.cold, w.html, w.style, w.script,
		map[bool]string{true: ", live"}[w.live], map[bool]string{true: ", not compressed"}[w.bare])
}

// over are the budgets that a page does not keep to.
func (w weight) over() (all []string) {
	cold := map[bool]float64{true: mostColdLive, false: mostCold}[w.live]
	next := map[bool]float64{true: mostBare, false: mostNext}[w.secretive && w.bare]
	for what, is := range map[string]bool{
		"as the first page": !w.answer && w.cold > cold,
		"as the next page":  w.next > next,
		"HTML":              !w.live && !w.secretive && w.html > mostHTML,
		"CSS":               w.style > mostStyle,
		"JavaScript":        w.script > mostScript,
	} {
		if is {
			all = append(all, what)
		}
	}
	return all
}

// light demands that the page which the tab is on keeps to the budgets, and asks for nothing that it should not need.
func (b *tab) light(name string) *tab {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.scale.pages) == 0 {
		return b // opened by another tab, before anybody listened
	}
	page := b.scale.pages[len(b.scale.pages)-1]
	if !strings.HasPrefix(page.document.address, b.site.public) || strings.HasPrefix(page.document.path(), "/sandbox/") {
		return b
	}
	w := page.weigh()
	b.t.Logf("weighs: %-28s %v", name, w)
	if over := w.over(); len(over) > 0 {
		b.t.Errorf("%s is too heavy (%s): %v", name, strings.Join(over, ", "), w)
	}
	if len(w.strange) > 0 {
		b.t.Errorf("%s asks for %v", name, w.strange)
	}
	return b
}
