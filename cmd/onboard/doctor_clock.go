package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxOff is how far the clock may be off before lives of tokens and sign-ins are misjudged.
const maxOff = time.Minute

// clock gathers what upstreams say the time is.
type clock struct {
	mu       sync.Mutex
	readings []reading
}

// reading is how far one upstream is ahead, at least; negative where it is behind.
type reading struct {
	host  string
	ahead time.Duration
}

// dated passes requests on and reads the Date of the answers.
type dated struct {
	next  http.RoundTripper
	clock *clock
}

// RoundTrip implements http.RoundTripper.
func (t *dated) RoundTrip(request *http.Request) (*http.Response, error) {
	asked := time.Now()
	answer, err := t.next.RoundTrip(request)
	if err == nil {
		t.clock.read(request.URL.Host, answer.Header, asked, time.Now())
	}
	return answer, err
}

// CloseIdleConnections makes http.Client.CloseIdleConnections work.
func (t *dated) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// read notes the least by which a Date, which has whole seconds, differs from the time of the exchange.
func (c *clock) read(host string, header http.Header, asked, answered time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	if age, err := strconv.ParseUint(header.Get("Age"), 10, 31); err == nil { // a cache's copy
		date = date.Add(time.Duration(age) * time.Second) //nolint:gosec // 31 bits
	}
	r := reading{host: host}
	switch {
	case date.After(answered):
		r.ahead = date.Sub(answered)
	case date.Add(time.Second).Before(asked):
		r.ahead = date.Add(time.Second).Sub(asked)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readings = append(c.readings, r)
}

// checkClock believes the upstream that agrees best: where only some differ their clocks are wrong, not this one.
func (d *doctor) checkClock(context.Context) finding {
	d.clock.mu.Lock()
	defer d.clock.mu.Unlock()
	if len(d.clock.readings) == 0 {
		return finding{doubtful, "not compared, since no upstream said the time", "Run the check again when one answers"}
	}
	best := d.clock.readings[0]
	for _, r := range d.clock.readings {
		if r.ahead.Abs() < best.ahead.Abs() {
			best = r
		}
	}
	if best.ahead.Abs() <= maxOff {
		return ok("within a minute of %s", best.host)
	}
	side := "behind"
	if best.ahead < 0 {
		side = "ahead of"
	}
	return finding{broken, fmt.Sprintf("%s %s %s", best.ahead.Abs().Round(time.Second), side, best.host), "Have this machine's clock set by NTP: tokens and sign-ins are judged by it"}
}
