package main

import (
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/wizard"
)

// pages are those of one setup that a form stands on, in a setup that has come to the review.
func (s *site) pages() map[wizard.Step]asked {
	s.t.Helper()
	v := s.visitor().open(s.link()).walk("review")
	pages := map[wizard.Step]asked{}
	for _, step := range wizard.Steps() {
		if path := "/setup/" + v.setup() + "/" + string(step); strings.HasSuffix(v.get(path).path, path) {
			pages[step] = v.kept(path)
		}
	}
	return pages
}

// BenchmarkSpeedFormPage: the processor time of a form page, session, grant and setup read from the database, against the
// reference's page of the same size. Both are asked in turns.
func BenchmarkSpeedFormPage(b *testing.B) {
	for b.Loop() {
		s := newSpawned(b, nil)
		pages := s.pages()
		sent, plain := pages[wizard.Directory].size(b)
		ref := newReference(b, int(plain))
		refSent, refPlain := ref.asks().size(b)
		b.Logf("form page %d bytes, %d as read; reference %d, %d", sent, plain, refSent, refPlain)
		for _, page := range pages {
			page.repeat(b, 100)
		}
		ref.asks().repeat(b, 1000)
		for _, step := range wizard.Steps() {
			page, there := pages[step]
			if !there {
				continue
			}
			const turns, each = 4, 250
			var used, refUsed time.Duration
			refPage := ref.asks()
			for range turns {
				before, refBefore := cpu(b, s.pid), cpu(b, ref.pid)
				page.repeat(b, each)
				refPage.repeat(b, each)
				used, refUsed = used+cpu(b, s.pid)-before, refUsed+cpu(b, ref.pid)-refBefore
			}
			ratio(b, "processor time, "+string(step), used/(turns*each), refUsed/(turns*each), 2)
		}
		b.ReportMetric(0, "ns/op")
	}
}
