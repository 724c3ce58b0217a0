package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// unmoved demands that others have it as good while something goes on as without it. Both are measured in turns, and the best
// turn of each counts: what else the machine does only makes a turn worse. Of p99 it demands that only where the machine is
// quiet enough to tell: p99 without is within ten times p50.
func unmoved(b *testing.B, what string, get func(i int) bool, begin, end func()) {
	b.Helper()
	const rate, lasting, turns, most, noisy = 200, 3 * time.Second, 4, 1.2, 10
	var with, without []load
	for range turns {
		without = append(without, steadily(rate, lasting, get))
		begin()
		with = append(with, steadily(rate, lasting, get))
		end()
		tell("%s: without %v; with %v", what, without[len(without)-1], with[len(with)-1])
	}
	best := func(loads []load, percent int) time.Duration {
		least := loads[0].p(percent)
		for _, l := range loads {
			if least = min(least, l.p(percent)); l.failed > 0 {
				b.Errorf("%s: %d requests of others failed", what, l.failed)
			}
		}
		return least
	}
	ratio(b, what+", p50", best(with, 50), best(without, 50), most)
	if best(without, 99) > noisy*best(without, 50) {
		tell("%s, p99 %v, without %v: the machine is too busy to tell", what, best(with, 99), best(without, 99))
		return
	}
	ratio(b, what+", p99", best(with, 99), best(without, 99), most)
}

// BenchmarkSpeedSlowHeaders: a thousand connections send a byte of their headers now and then, and come again when they are
// cut off; others ask for form pages meanwhile.
func BenchmarkSpeedSlowHeaders(b *testing.B) {
	const connections = 1000
	for b.Loop() {
		s := newSpawned(b, nil)
		v := s.visitor().open(s.link()).walk("directory")
		page := v.kept(v.path)
		page.repeat(b, 200)
		stop, open := make(chan struct{}), atomic.Int64{}
		begin := func() {
			stop = make(chan struct{})
			for range connections {
				go dribble(strings.TrimPrefix(s.public, "http://"), &open, stop)
			}
			eventually(b, "all of them being connected", func() bool { return open.Load() > connections*9/10 })
		}
		end := func() {
			close(stop)
			eventually(b, "none of them being connected", func() bool { return open.Load() == 0 })
		}
		unmoved(b, "1,000 slow headers", func(int) bool { return page.get() }, begin, end)
		b.ReportMetric(memory(b, s.pid, "VmHWM"), "peak-MiB")
		b.ReportMetric(0, "ns/op")
	}
}

// dribble holds a connection with headers that never end, and opens the next when it is closed.
func dribble(address string, open *atomic.Int64, stop <-chan struct{}) {
	for {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		open.Add(1)
		_, err = fmt.Fprint(connection, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
		for err == nil {
			select {
			case <-stop:
				_ = connection.Close()
				open.Add(-1)
				return
			case <-time.After(time.Second):
				_, err = fmt.Fprint(connection, "a")
			}
		}
		_ = connection.Close()
		open.Add(-1)
	}
}

// BenchmarkSpeedHangingUpstream: Microsoft does not answer, and 50 customers wait for it; others ask for form pages meanwhile.
func BenchmarkSpeedHangingUpstream(b *testing.B) {
	const waiting = 50
	for b.Loop() {
		s := newSpawned(b, nil)
		v := s.visitor().open(s.link()).walk("directory")
		page := v.kept(v.path)
		page.repeat(b, 200)
		sample := s.sandbox.Sample()
		var customers []*visitor
		for n := range waiting {
			customers = append(customers, s.began(fmt.Sprintf("Company %02d AS", n), sample.Tenant).walk("directory"))
		}
		begin := func() {
			s.sandbox.Faults().Set(sandbox.EntraSlow, -1)
			race(len(customers), func(i int) {
				began := time.Now()
				customers[i].get("/setup/" + customers[i].setup() + "/directory").send(map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID})
				if took := time.Since(began); took > 2*time.Second {
					tell("who waits for Microsoft was answered after %v", took)
				}
			})
		}
		end := func() { s.sandbox.Faults().ClearAll() }
		unmoved(b, "an upstream that hangs", func(int) bool { return page.get() }, begin, end)
		b.ReportMetric(0, "ns/op")
	}
}

// BenchmarkSpeedStop: told to stop under 100 requests a second, pages and forms on connections that stay. Requests are sent
// until a look at /readyz, twice a second as a load balancer has it, says that there are to be no more.
func BenchmarkSpeedStop(b *testing.B) {
	const rate, before, after = 100, 2 * time.Second, 3 * time.Second
	for b.Loop() {
		s := newSpawned(b, nil)
		v := s.visitor().open(s.link()).walk("directory")
		page := v.kept(v.path)
		action, values := v.get("/setup/" + v.setup() + "/start").form(map[string]string{"sharing": "yes", "applications": "one"})
		form := func() bool {
			r := v.request(http.MethodPost, action, values)
			r.Header.Set("Cookie", page.cookie)
			answer, err := page.client.Do(r)
			if err != nil {
				return false
			}
			_ = answer.Body.Close()
			return answer.StatusCode < http.StatusInternalServerError
		}
		var refused atomic.Bool
		var sent atomic.Int64
		told := make(chan time.Time, 1)
		gone := make(chan time.Duration, 1)
		go func() {
			time.Sleep(before)
			told <- time.Now()
			_ = syscall.Kill(s.pid, syscall.SIGTERM)
			at := time.Now()
			s.ended()
			gone <- time.Since(at)
		}()
		go func() {
			at := <-told
			for time.Since(at) < after && !refused.Load() {
				answer, err := http.Get(s.public + "/readyz")
				if err != nil {
					return
				}
				_ = answer.Body.Close()
				refused.Store(answer.StatusCode != http.StatusOK)
				time.Sleep(500 * time.Millisecond)
			}
		}()
		l := steadily(rate, before+after, func(i int) bool {
			if refused.Load() {
				return true // sent to another
			}
			sent.Add(1)
			if i%5 == 0 {
				return form()
			}
			return page.get()
		})
		within(b, fmt.Sprintf("failed of %d requests until the end", sent.Load()), float64(l.failed), "", 0)
		within(b, "until the process had ended", (<-gone).Seconds(), "s", 30)
		b.ReportMetric(0, "ns/op")
	}
}
