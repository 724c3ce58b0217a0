package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"github.com/aritma/entra-onboard/internal/message/messagetest"
	"github.com/aritma/entra-onboard/internal/sandbox"
)

// reader reads pages in a made-up language, and keeps what in them is in no language of the catalogue.
type reader struct {
	t     testing.TB
	names *strings.Replacer // what is a name or a value of the sandbox
	pages map[string]bool   // that were read, without their ids
	found map[string]string // words in ordinary letters, and where they stand
}

// newSiteIn is a site with everything that speaks made-up languages. Its visitors want this one.
func newSiteIn(t testing.TB, tag string) *site {
	t.Helper()
	s := siteWithConsole(t, nil)
	s.messages, s.language = messagetest.Catalogue(t), tag
	s.start()
	return s
}

// reads begins to read every page that a visitor gets from now on.
func (s *site) reads() *reader {
	s.t.Helper()
	r := &reader{t: s.t, pages: map[string]bool{}, found: map[string]string{}}
	sample := s.sandbox.Sample()
	names := []string{
		sample.Company, sample.Person, sample.Tenant, sample.Domain, person, "Kari", sandbox.Guide, sandbox.Administrator, sandbox.Member, s.public,
		"Norsk bokmål", "English", "Svenska", "Dansk", "Suomi", "support@aritma.com", "Fjordkraft AS", otherTenant, "another-tenant", "UTC", "Aritma", "Ida Strand", "Go-http-client", "EU",
		"Secret Token", "Tenant URL", "Redirect URI", // in sentences that a screen reader alone says
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, name := range names {
		if name != "" {
			pairs = append(pairs, name, "")
		}
	}
	r.names = strings.NewReplacer(pairs...)
	s.read = r.look
	return r
}

var (
	// word is what a person would read as one.
	word = regexp.MustCompile(`[A-Za-z]{2,}|\*\*|__`)
	// machine is text for machines: ids, addresses, codes, e-mail addresses, months of the made-up Norwegian.
	machine = regexp.MustCompile(`https?://\S+|[\w.+-]+@[\w.-]+|AADSTS\d+|[0-9A-Z]{8}\b|[0-9a-f]{8}-[0-9a-f-]{27}|januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember`)
	ids     = regexp.MustCompile(`[a-z2-7]{26}|[0-9A-Za-z_-]{43}`)
)

// spoken are attributes that are read to somebody.
var spoken = []string{"aria-label", "title", "alt", "placeholder", "aria-description", "data-say", "data-over", "data-extended", "data-hide", "data-copied", "data-resume", "data-changed", "data-others", "data-on", "data-off", "data-paused"}

func (r *reader) look(v *visitor) {
	kind := v.header.Get("Content-Type")
	if !strings.HasPrefix(kind, "text/html") {
		return
	}
	where := ids.ReplaceAllString(strings.Split(v.path, "?")[0], "…")
	r.pages[where] = true
	if lang := v.page.Find("html").AttrOr("lang", v.site.language); lang != v.site.language {
		r.t.Errorf("%s is in %q", where, lang)
	}
	for _, root := range v.page.Nodes {
		r.node(root, where, false)
	}
}

// node reads an element and what is in it; foreign says that it is marked as of another language, or of none.
func (r *reader) node(n *html.Node, where string, foreign bool) {
	if n.Type == html.ElementNode {
		if slices.Contains([]string{"script", "style", "code", "pre"}, n.Data) {
			return
		}
		e := goquery.NewDocumentFromNode(n).Selection
		if n.Data == "noscript" { // whose content is text to a parser with scripts
			inner, err := goquery.NewDocumentFromReader(strings.NewReader(e.Text()))
			if err != nil {
				r.t.Fatal(err)
			}
			e, n = inner.Find("body"), inner.Find("body").Nodes[0]
		}
		for _, name := range spoken {
			if text, ok := e.Attr(name); ok && (!foreign || name == "aria-label") {
				r.text(text, where+" "+name)
			}
		}
		_, marked := e.Attr("lang")
		foreign = foreign || marked && n.Data != "html" || e.HasClass("mono")
	}
	if n.Type == html.TextNode && !foreign {
		r.text(n.Data, where)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		r.node(child, where, foreign)
	}
}

func (r *reader) text(text, where string) {
	if word.MatchString(r.names.Replace(machine.ReplaceAllString(text, ""))) {
		r.found[strings.Join(strings.Fields(text), " ")] = where
	}
}

// demand reports what was found, and that enough was read.
func (r *reader) demand(pages int, allowed ...string) {
	r.t.Helper()
	for _, text := range slices.Sorted(maps.Keys(r.found)) {
		if !slices.ContainsFunc(allowed, func(a string) bool { return strings.Contains(text, a) }) {
			r.t.Errorf("%s says in no language of the catalogue: %q", r.found[text], text)
		}
	}
	if len(r.pages) < pages {
		r.t.Errorf("only %d pages were read: %v", len(r.pages), slices.Sorted(maps.Keys(r.pages)))
	}
	r.t.Logf("%d pages read", len(r.pages))
}
