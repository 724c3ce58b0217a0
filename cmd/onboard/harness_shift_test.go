package main

import (
	"slices"
	"strings"
)

// withoutScripts ends the names of screens where none run, until a test looks at them by one: then the page makes room for what
// scripts show.
const withoutScripts = "-without-scripts"

// verdicts are screens where the verdict came that somebody waited for: it is larger than what stood in its place, and moves what is
// below it (ADR 22).
var verdicts = []string{"signin-test-half", "signin-test-good"}

// shift is a layout shift that no person caused: its score, and what was moved.
type shift struct {
	Value float64
	What  []string
}

// still demands that nothing which can be seen on the page has moved by itself since it came, scripts and swaps included, to three
// places.
func (b *tab) still(name string) *tab {
	b.t.Helper()
	shifts := evaluate[[]shift](b, `(() => {
		const observer = new PerformanceObserver(() => {});
		observer.observe({type: "layout-shift", buffered: true});
		const at = (r) => [r.x, r.y, r.width, r.height].map(Math.round).join();
		const what = (s) => (s.node?.outerHTML ?? "").slice(0, 60) + " from " + at(s.previousRect) + " to " + at(s.currentRect);
		return observer.takeRecords().filter((e) => !e.hadRecentInput).map((e) => ({Value: e.value, What: e.sources.map(what)}));
	})()`)
	for _, s := range shifts {
		if s.Value >= 0.0005 && !slices.Contains(verdicts, name) && !strings.HasSuffix(name, withoutScripts) {
			b.t.Errorf("%s shifts by %.4f: %s", name, s.Value, strings.Join(s.What, "; "))
		}
	}
	return b
}
