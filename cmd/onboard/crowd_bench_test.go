package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/wizard"
)

// goroutines has the program say goodbye with all its goroutines, and counts them; those of connections to upstreams, which stay
// open for a while, are not among them.
func (s *site) goroutines(b *testing.B) (count int) {
	b.Helper()
	if err := syscall.Kill(s.pid, syscall.SIGQUIT); err != nil {
		b.Fatal(err)
	}
	s.ended()
	for _, stack := range strings.Split(s.log.String(), "\n\n") {
		if strings.HasPrefix(stack, "goroutine ") && !strings.Contains(stack, "net/http.(*persistConn)") {
			count++
		}
	}
	if count == 0 {
		b.Fatal("no goroutines in the log")
	}
	return count
}

// stays has a customer walk up to the review with pauses, and look at pages until pause says that it is over.
func (v *visitor) stays(link string, pause func() bool) {
	sample := v.site.sandbox.Sample()
	answers := map[string]map[string]string{
		"start":     {"sharing": "yes", "applications": "one"},
		"directory": {"directory": sample.DirectoryID, "client": sample.ClientID},
		"secret":    {"secret": sample.ClientSecret.Expose(), "expires": time.Now().AddDate(1, 0, 0).Format(time.DateOnly)},
		"assign":    {"person": sample.Person},
	}
	v.open(link)
	setup := "/setup/" + v.setup() + "/"
	for pause() && !strings.HasSuffix(v.path, "/review") {
		if v.page.Find("#waiting").Length() == 1 {
			v.get(setup)
		} else {
			v.send(answers[strings.TrimPrefix(v.path, setup)])
		}
	}
	steps := wizard.Steps()[:8]
	for pause() {
		if v.get(setup + string(steps[rand.IntN(len(steps))])); v.status >= 500 { //nolint:gosec // any page
			v.t.Errorf("%s answered %d", v.path, v.status)
		}
	}
}

// BenchmarkSpeedCrowd: 500 customers go through their setups at once, and then look around, for a while (ONBOARD_BENCH=long: ten
// minutes). Memory is read every second; goroutines are those of a program that has done one setup, when all have gone.
func BenchmarkSpeedCrowd(b *testing.B) {
	const customers = 500
	lasting := 40 * time.Second
	if long() {
		lasting = 10 * time.Minute
	}
	for b.Loop() {
		s := newSite(b, nil)
		s.stop()
		path := binary(b)
		one := func() {
			s.log = &lockedBuffer{}
			s.spawn(path)
			v := s.visitor().open(s.link()).walk("review")
			v.client.CloseIdleConnections()
		}
		one()
		goroutines := s.goroutines(b)
		one()
		before := memory(b, s.pid, "VmRSS")
		var links []string
		for n := range customers {
			links = append(links, s.link("--company", fmt.Sprintf("Company %03d AS", n), "--tenant", fmt.Sprintf("tenant%03d", n)))
		}
		over := time.Now().Add(lasting)
		var all sync.WaitGroup
		for _, link := range links {
			all.Go(func() {
				v := s.visitor()
				defer v.client.CloseIdleConnections()
				v.stays(link, func() bool {
					time.Sleep(time.Duration(rand.Int64N(int64(8 * time.Second)))) //nolint:gosec // a pause
					return time.Now().Before(over)
				})
			})
		}
		var sizes []float64
		for time.Now().Before(over) {
			time.Sleep(time.Second)
			sizes = append(sizes, memory(b, s.pid, "VmRSS"))
		}
		all.Wait()
		half := len(sizes) / 2
		tell("memory before %.0f MiB, most in the first half %.0f, in the second %.0f", before, slices.Max(sizes[:half]), slices.Max(sizes[half:]))
		within(b, "memory with 500 setups", slices.Max(sizes), "MiB", 150)
		if long() {
			within(b, "second half of the time by the first", slices.Max(sizes[half:])/slices.Max(sizes[:half]), "", 1.1)
		}
		within(b, "goroutines more than after one setup", float64(s.goroutines(b)-goroutines), "", 3)
		b.ReportMetric(slices.Max(sizes), "most-MiB")
		b.ReportMetric(0, "ns/op")
	}
}
