package main

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What a live console costs, and how fast it is. The program is the built one; its customers and the browser share the
// machine with it:
//
//	go test -run '^$' -bench Console ./cmd/onboard

const (
	movers  = 50 // setups that move at once: a page of the list
	rounds  = 4  // steps that each of them takes
	readers = 200
)

// moving is the built program with customers who stand on their first page.
func moving(b *testing.B) (s *site, customers []*visitor) {
	b.Helper()
	s = newSiteWithConsole(b, nil)
	s.stop()
	s.spawn(binary(b))
	for n := range movers {
		customers = append(customers, s.began(fmt.Sprintf("Company %02d AS", n), fmt.Sprintf("tenant%02d", n)))
	}
	return s, customers
}

// answers are what the first steps are answered with, one a round.
func (s *site) answers() [rounds]map[string]string {
	sample := s.sandbox.Sample()
	return [rounds]map[string]string{
		{"sharing": "yes", "applications": "one"}, {}, {"directory": sample.DirectoryID, "client": sample.ClientID}, {},
	}
}

// moves has every customer send the form of a round at the same moment, and returns when each was answered.
func moves(customers []*visitor, fields map[string]string) map[string]time.Time {
	var mu sync.Mutex
	answered := map[string]time.Time{}
	race(len(customers), func(i int) {
		v := customers[i]
		id, client := v.setup(), *v.client
		client.CheckRedirect = func(*http.Request, []*http.Request) error { // called with the answer to the form
			mu.Lock()
			defer mu.Unlock()
			if answered[id].IsZero() {
				answered[id] = time.Now()
			}
			return nil
		}
		other := *v
		other.client = &client
		other.send(fields)
		v.page, v.path, v.status = other.page, other.path, other.status
	})
	return answered
}

// watchFrames has the page note in which frame the cell of a setup first shows a step.
const watchFrames = `(() => {
	window.shown = {};
	let asked = false;
	const look = () => {
		asked = false;
		const now = performance.timeOrigin + performance.now();
		for (const cell of document.querySelectorAll("[data-key^=step-]")) {
			const key = cell.dataset.key.slice(5) + " " + (/Step (\d+)/.exec(cell.textContent)?.[1] ?? 0);
			shown[key] ??= now;
		}
	};
	new MutationObserver(() => asked || (asked = true, requestAnimationFrame(look))).observe(document.querySelector("tbody"), {childList: true, subtree: true});
	look();
	return true;
})()`

// clock is by how many milliseconds the browser's clock is ahead, and how far off that may be.
func (b *tab) clock() (ahead, within float64) {
	within = math.Inf(1)
	for range 30 {
		before := time.Now()
		at := evaluate[float64](b, "performance.timeOrigin + performance.now()")
		took := time.Since(before)
		if half := milliseconds(took) / 2; half < within {
			ahead, within = at-float64(before.UnixNano())/1e6-half, half
		}
	}
	return ahead, within
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// saved is when each setup's answer to a step was about to be stored, by setup and the number of the step after it.
func (s *site) saved(kinds ...string) map[string]time.Time {
	s.t.Helper()
	db := s.sql()
	defer db.Close()
	all := map[string]time.Time{}
	for n, kind := range kinds {
		rows, err := db.QueryContext(s.t.Context(), `SELECT setup, max(at) FROM events WHERE kind = ? GROUP BY setup`, kind)
		if err != nil {
			s.t.Fatal(err)
		}
		for rows.Next() {
			var setup string
			var at int64
			if err := rows.Scan(&setup, &at); err != nil {
				s.t.Fatal(err)
			}
			all[setup+" "+strconv.Itoa(n+2)] = time.Unix(0, at)
		}
		if err := rows.Err(); err != nil {
			s.t.Fatal(err)
		}
	}
	return all
}

// BenchmarkConsoleEventToFrame: 50 customers take four steps, all at the same moment each; for each of the 200 events, the
// time until the frame in which the list shows it: from when the form was answered, and from when it was about to be stored.
func BenchmarkConsoleEventToFrame(b *testing.B) {
	for b.Loop() {
		s, customers := moving(b)
		console := s.browse(true).guide().live("Live")
		evaluate[bool](console, watchFrames)
		answered := map[string]time.Time{}
		for round, fields := range s.answers() {
			for id, at := range moves(customers, fields) {
				answered[id+" "+strconv.Itoa(round+2)] = at
			}
			console.until("the round on the page", fmt.Sprintf(`Object.keys(shown).filter((k) => k.endsWith(" %d")).length == %d`, round+2, movers))
		}
		ahead, within := console.clock()
		shown := evaluate[map[string]float64](console, "shown")
		since := func(began map[string]time.Time) (all []float64) {
			for key, at := range began {
				all = append(all, shown[key]-ahead-float64(at.UnixNano())/1e6)
			}
			if len(all) != movers*rounds {
				b.Fatalf("%d events, want %d", len(all), movers*rounds)
			}
			slices.Sort(all)
			return all
		}
		b.Logf("the clocks differ by %.2f ms, ±%.2f", ahead, within)
		for name, all := range map[string][]float64{
			"answered": since(answered), "saved": since(s.saved("step.start", "step.application", "step.directory", "step.signin")),
		} {
			b.ReportMetric(all[len(all)/2], name+"-p50-ms")
			b.ReportMetric(all[len(all)*95/100], name+"-p95-ms")
			b.ReportMetric(all[len(all)-1], name+"-max-ms")
		}
		b.ReportMetric(0, "ns/op")
		s.stop()
	}
}

// memory reads a line of /proc/<pid>/status, in MiB.
func memory(b *testing.B, pid int, line string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("memory is read from /proc: ", err)
	}
	for each := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(each, line+":"); ok {
			kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				b.Fatal(err)
			}
			return float64(kilobytes) / 1024
		}
	}
	b.Fatalf("no %s", line)
	return 0
}

// BenchmarkConsoleStreams: what 200 open streams take, resting and while 50 setups move; before, the same setups have moved
// without anybody who listens.
func BenchmarkConsoleStreams(b *testing.B) {
	for b.Loop() {
		s, customers := moving(b)
		g := s.guide()
		walk := func() {
			for range rounds {
				race(len(customers), func(i int) { customers[i].saves() })
			}
		}
		walk()
		before := memory(b, s.pid, "VmRSS")
		var streams []*listening
		for range readers {
			streams = append(streams, g.listen("/console/live"))
		}
		resting := memory(b, s.pid, "VmRSS")
		walk()
		s.link("--company", "The last AS")
		var told sync.WaitGroup
		for _, stream := range streams {
			told.Go(func() {
				for !strings.Contains(stream.next().data, "The last AS") {
				}
			})
		}
		told.Wait()
		b.ReportMetric(before, "before-MiB")
		b.ReportMetric(resting-before, "resting-MiB-more")
		b.ReportMetric(memory(b, s.pid, "VmRSS")-before, "moving-MiB-more")
		b.ReportMetric(memory(b, s.pid, "VmHWM")-before, "peak-MiB-more")
		if err := syscall.Kill(s.pid, syscall.SIGQUIT); err != nil { // it says goodbye with all its goroutines
			b.Fatal(err)
		}
		for _, stream := range streams {
			stream.ended()
		}
		eventually(b, "the list of goroutines", func() bool { return strings.Contains(s.log.String(), "\ngoroutine 1 ") })
		s.stop()
		b.ReportMetric(float64(bytes.Count([]byte(s.log.String()), []byte("\ngoroutine "))), "goroutines")
		b.ReportMetric(0, "ns/op")
	}
}
