package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
)

// How fast pages are on a slow phone. The network is Lighthouse's Slow 4G, 1.6 Mbit/s down with 150 ms for a round trip: as it is, and
// as Lighthouse has browsers put it on, with 3.75 round trips before each answer and a tenth less bandwidth, which stands for new
// connections and lost packets. The processor has a quarter of its speed:
//
//	go test -run '^$' -bench SlowPhone ./cmd/onboard

// slow gives the tab the network and the processor of a slow phone.
func (b *tab) slow(latency, bandwidth float64) *tab {
	b.t.Helper()
	call(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
		{Latency: latency, DownloadThroughput: 1.6e6 / 8 * bandwidth, UploadThroughput: 0.75e6 / 8 * bandwidth},
	}})
	call(b, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
	return b
}

// largestPaint is the largest contentful paint of the page, in ms since it was asked for.
func (b *tab) largestPaint() float64 {
	b.t.Helper()
	return evaluate[float64](b, `new Promise((resolve) => new PerformanceObserver((list) => resolve(Math.max(...list.getEntries().map((e) => e.startTime))))
		.observe({type: "largest-contentful-paint", buffered: true}))`)
}

// timed has the page note how long each input takes until the frame that answers it; what takes less than 16 ms is left out.
func (b *tab) timed() *tab {
	b.t.Helper()
	evaluate[bool](b, `(() => {
		window.inputs = {};
		const note = (list) => list.getEntries().forEach((e) => e.interactionId && (inputs[e.interactionId] = Math.max(inputs[e.interactionId] ?? 0, e.duration)));
		new PerformanceObserver(note).observe({type: "event", durationThreshold: 16});
		return true;
	})()`)
	return b
}

// BenchmarkSlowPhone: the largest contentful paint of pages that a browser has nothing of yet.
func BenchmarkSlowPhone(b *testing.B) {
	s := newSite(b, nil)
	v := s.visitor().open(s.link()).walk("review").register()
	setup := strings.TrimSuffix(v.path, "token")
	v.get(setup + "token/replace")
	pages := map[string]string{"home": "/", "link": s.link(), "start": setup + "start", "secret": setup + "secret", "review": setup + "review", "token": setup + "token"}
	for name, latency := range map[string]float64{"150ms": 150, "562ms": 562.5} {
		bandwidth := map[string]float64{"150ms": 1, "562ms": 0.9}[name]
		for page, path := range pages {
			b.Run(fmt.Sprintf("%s/%s", page, name), func(b *testing.B) {
				var paints []float64
				for b.Loop() {
					inner := *s
					inner.t = b
					paints = append(paints, inner.browse(true).lend(v).slow(latency, bandwidth).open(path).largestPaint())
				}
				slices.Sort(paints)
				b.ReportMetric(paints[len(paints)/2], "LCP-p50-ms")
				b.ReportMetric(paints[0], "LCP-least-ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkSlowPhoneInput: what a page does when it is used, from the click or key to the frame that answers.
func BenchmarkSlowPhoneInput(b *testing.B) {
	s := newSite(b, nil)
	v := s.visitor().open(s.link()).walk("secret")
	var slowest []float64
	for b.Loop() {
		inner := *s
		inner.t = b
		tab := inner.browse(true).lend(v).open(v.path).timed()
		call(tab, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
		tab.click("All steps").click("All steps").fill("secret", "half a word").click("Show").click("Show it")
		tab.until("the last frame", `new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(true), 100)))`)
		slowest = append(slowest, evaluate[float64](tab, "Math.max(0, ...Object.values(inputs))"))
	}
	slices.Sort(slowest)
	b.ReportMetric(slowest[len(slowest)/2], "slowest-p50-ms")
	b.ReportMetric(slowest[0], "slowest-least-ms")
	b.ReportMetric(0, "ns/op")
}
