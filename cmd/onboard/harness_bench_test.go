package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// How the service is measured: the built program, the reference and, where there is one, the sandbox, on loopback and on the
// same processors. What counts is the ratio of two figures of one run. Where a figure misses its goal, the benchmark fails:
//
//	go test -run '^$' -bench Speed ./cmd/onboard
//
// ONBOARD_BENCH=long makes the long ones as long as they should be.

// long reports whether the long benchmarks were asked for.
func long() bool { return os.Getenv("ONBOARD_BENCH") == "long" }

// tick is the unit of processor time in /proc (USER_HZ, the same on every Linux).
const tick = 10 * time.Millisecond

// cpu is the processor time that a process has used, by itself and in the kernel.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		b.Skip("processor time is read from /proc: ", err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // the name may hold anything
	fields := strings.Fields(after)
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		b.Fatal(err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * tick
}

// reference is the program of .ci/reference.
type reference struct {
	pid     int
	address string
}

// newReference starts it with pages of so many bytes.
func newReference(b *testing.B, sizes ...int) reference {
	b.Helper()
	path := filepath.Join(b.TempDir(), "reference")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", path, "../../.ci/reference").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	var arguments []string
	for _, size := range sizes {
		arguments = append(arguments, strconv.Itoa(size))
	}
	command := exec.Command(path, arguments...) //nolint:gosec // built a line above
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	_, address, _ := strings.Cut(strings.TrimSpace(line), ": ")
	return reference{pid: command.Process.Pid, address: address}
}

// newSpawned is a site whose program is the built one.
func newSpawned(b *testing.B, changes map[string]string) *site {
	b.Helper()
	s := newSite(b, changes)
	s.stop()
	s.spawn(binary(b))
	return s
}

// page is what a benchmark asks for again and again, as a browser would: compressed, on a connection that stays.
type asked struct {
	url, cookie string
	client      *http.Client
}

// kept is a page of a visitor for a benchmark.
func (v *visitor) kept(path string) asked {
	v.t.Helper()
	r := v.request(http.MethodGet, path, nil)
	for _, cookie := range v.client.Jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	return asked{url: r.URL.String(), cookie: r.Header.Get("Cookie"), client: loader()}
}

// page is the one of so many bytes.
func (r reference) page(size int) asked {
	return asked{url: r.address + "/" + strconv.Itoa(size), client: loader()}
}

// loader is a client that keeps every connection and unpacks nothing.
func loader() *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConns: 4096, MaxIdleConnsPerHost: 4096, DisableCompression: true},
	}
}

// get asks once and reports whether the answer was the page.
func (a asked) get() bool {
	r, err := http.NewRequest(http.MethodGet, a.url, nil)
	if err != nil {
		return false
	}
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("Accept-Language", "en-GB,en;q=0.9,nb;q=0.8")
	if a.cookie != "" {
		r.Header.Set("Cookie", a.cookie)
	}
	answer, err := a.client.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}

// size is the length of the page as it is sent and as it is read.
func (a asked) size(b *testing.B) (sent, plain int) {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, a.url, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("Cookie", a.cookie)
	answer, err := a.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s answered %d, %v", a.url, answer.StatusCode, err)
	}
	if answer.Header.Get("Content-Encoding") == "" {
		return len(body), len(body)
	}
	unpacked, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		b.Fatal(err)
	}
	n, err := io.Copy(io.Discard, unpacked)
	if err != nil {
		b.Fatal(err)
	}
	return len(body), int(n)
}

// repeat asks n times, one after the other.
func (a asked) repeat(b *testing.B, n int) {
	b.Helper()
	for range n {
		if !a.get() {
			b.Fatal("no page at ", a.url)
		}
	}
}

// load is what became of requests at a fixed rate. The times are sorted, and count from when each request was due: one that
// had to wait for its turn has waited.
type load struct {
	times  []time.Duration
	failed int
}

// steadily asks at so many requests a second, whether or not earlier ones were answered, for so long.
func steadily(rate int, long time.Duration, get func(i int) bool) load {
	n := int(long.Seconds() * float64(rate))
	times := make([]time.Duration, n)
	var failed atomic.Int64
	var asking sync.WaitGroup
	start := time.Now()
	for i := range n {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		asking.Go(func() {
			if !get(i) {
				failed.Add(1)
			}
			times[i] = time.Since(due)
		})
	}
	asking.Wait()
	slices.Sort(times)
	return load{times: times, failed: int(failed.Load())}
}

// p is a percentile.
func (l load) p(percent int) time.Duration {
	return l.times[min(len(l.times)-1, len(l.times)*percent/100)]
}

// ratio is a figure with what it is compared with and what it has to be.
func ratio(b *testing.B, what string, got, reference time.Duration, most float64) {
	b.Helper()
	r := float64(got) / float64(reference)
	tell("%-45s %8v   reference %8v   ratio %6.2f   goal ≤ %g", what, got.Round(time.Microsecond), reference.Round(time.Microsecond), r, most)
	if r > most {
		b.Errorf("%s is %.2f times the reference, want at most %g", what, r, most)
	}
}

// tell prints a line. The log of a benchmark that passes is cut off after ten.
func tell(format string, values ...any) { fmt.Fprintf(os.Stdout, "\n    "+format, values...) }

// within is a figure with what it has to be.
func within(b *testing.B, what string, got float64, unit string, most float64) {
	b.Helper()
	tell("%-45s %8.1f %-4s goal ≤ %g", what, got, unit, most)
	if got > most {
		b.Errorf("%s: %.1f %s, want at most %g", what, got, unit, most)
	}
}

func (l load) String() string {
	return fmt.Sprintf("p50 %v, p99 %v, longest %v, %d of %d failed", l.p(50).Round(time.Microsecond), l.p(99).Round(time.Microsecond),
		l.p(100).Round(time.Microsecond), l.failed, len(l.times))
}
