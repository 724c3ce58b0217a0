package main

import (
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/aritma/entra-onboard/internal/message"
)

// known is the catalogue in every language, whether it is offered yet or not.
var known = sync.OnceValues(func() (*message.Catalogue, error) {
	return message.Read(os.DirFS("../../internal/message"), message.Known())
})

// in starts a site that speaks a language to all who come.
func (s *site) in(language string) *site {
	s.t.Helper()
	var err error
	if s.messages, err = known(); err != nil {
		s.t.Fatal(err)
	}
	s.language = language
	if s.environ == nil {
		s.practise()
	} else {
		s.start()
	}
	return s
}

// lang is the tag of the language that the site speaks to its visitors.
func (b *tab) lang() string {
	if b.site.language == "" {
		return "en"
	}
	return b.site.language
}

// wants makes the browser ask for the language of the site.
func (b *tab) wants() {
	b.t.Helper()
	call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": b.site.language}})
}

// words are what an English sentence of the catalogue may read as in the language of the site, and the sentence itself: names and labels of the
// portal are the same in every language.
func (b *tab) words(english string) []string {
	b.t.Helper()
	all := []string{english}
	if b.lang() == "en" {
		return all
	}
	catalogue, err := known()
	if err != nil {
		b.t.Fatal(err)
	}
	from, to := catalogue.For("en"), catalogue.For(b.lang())
	for _, id := range catalogue.IDs() {
		if text, ok := from.Bare(id); ok && text == english {
			if text, ok = to.Bare(id); ok && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// reads reports whether a text is an English sentence, in the language of the site. One with places for data is in no catalogue as it stands:
// then any text will do.
func (b *tab) reads(text, english string) bool {
	words := b.words(english)
	return slices.Contains(words, text) || b.lang() != "en" && len(words) == 1 && text != ""
}

// TestWordsAreFound holds for the lookup that the walks in other languages trust.
func TestWordsAreFound(t *testing.T) {
	b := &tab{t: t, site: &site{t: t, language: "fi"}}
	if got := b.words("Open setup"); len(got) < 2 {
		t.Errorf("in Finnish %q", got)
	}
	if b.reads("Something else", "Before you start") {
		t.Error("any heading will do")
	}
}
