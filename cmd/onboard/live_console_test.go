package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestStreamTellsTheList: what a customer does is a row of the list a moment later, as the page itself shows it.
func TestStreamTellsTheList(t *testing.T) {
	s := newSiteWithConsole(t, nil)
	g := s.guide()
	customer := s.began("Nordlys Bygg AS", "nordlys")
	setup := customer.setup()
	stream := g.listen("/console/live")
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Encoding": ""} {
		if got := stream.answer.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	customer.saves()
	e := stream.next()
	if e.name != "rows" || e.id == 0 || len(e.rows(t)) != 1 {
		t.Fatalf("told %+v", e)
	}
	got, want := markup(t, e.rows(t)[setup]), markup(t, g.get("/console").page.Find("#row-"+setup))
	if got != want || !strings.Contains(got, "Step 2 of 12") {
		t.Errorf("the stream tells\n%s\nthe page\n%s", got, want)
	}
	for _, hidden := range []string{s.sandbox.Sample().DirectoryID, "access-token"} {
		if strings.Contains(e.data, hidden) {
			t.Errorf("the stream tells %s", hidden)
		}
	}

	// Every change waits for the one before to be told: were they found by looking each second, these would take as many.
	began := time.Now()
	const times = 9
	for range times {
		customer.saves()
		stream.row(setup)
	}
	if took := time.Since(began); took > (times-2)*time.Second {
		t.Errorf("%d changes one after the other took %v: nobody pokes the hub", times, took)
	}
	s.link("--company", "Fjordkraft AS", "--tenant", "fjordkraft") // a setup that no page shows yet
	if e := stream.next(); !strings.Contains(e.data, "Fjordkraft AS") {
		t.Errorf("told %+v", e)
	}
}

// TestStreamOfASetup says only that this setup has changed.
func TestStreamOfASetup(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	one, other := s.began("Nordlys Bygg AS", "nordlys"), s.began("Fjordkraft AS", "fjordkraft")
	stream, all := s.guide().listen("/console/live?setup="+one.setup()), s.guide().listen("/console/live")
	var before int64
	for range 3 {
		other.saves()
		all.row(other.setup())
		one.saves()
		e := stream.next()
		if e.name != "changed" || e.data != one.setup() || e.id <= before {
			t.Errorf("told %+v, want that %s has changed", e, one.setup())
		}
		before = e.id
	}
}

// TestStreamGoesOnWhereItBroke: what was missed is told first, by what the browser heard last or else by what the page knew.
func TestStreamGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	g := s.guide()
	one, other, third := s.began("Nordlys Bygg AS", "nordlys"), s.began("Fjordkraft AS", "fjordkraft"), s.began("Hav og Fisk AS", "hav")
	address := g.get("/console").page.Find("[data-live]").AttrOr("data-live", "")
	one.saves()
	stream := g.listen(address)
	missed := stream.next()
	if rows := missed.rows(t); len(rows) != 1 || rows[one.setup()] == nil {
		t.Fatalf("between page and stream: told %+v", missed)
	}
	stream.stop()
	stream.ended()
	other.saves()
	third.saves()
	for name, again := range map[string]*listening{
		"by what was heard":         g.listen(address, "Last-Event-ID", strconv.FormatInt(missed.id, 10)),
		"by what the page knew":     g.listen("/console/live?since=" + strconv.FormatInt(missed.id, 10)),
		"nonsense, then the page's": g.listen("/console/live?since="+strconv.FormatInt(missed.id, 10), "Last-Event-ID", "-7"),
	} {
		rows := again.next().rows(t)
		if len(rows) != 2 || rows[other.setup()] == nil || rows[third.setup()] == nil {
			t.Errorf("%s: told of %d setups", name, len(rows))
		}
	}
	fresh := g.listen("/console/live", "Last-Event-ID", "nonsense")
	one.saves()
	if rows := fresh.next().rows(t); len(rows) != 1 || rows[one.setup()] == nil {
		t.Errorf("whoever knew nothing is told of %d setups", len(rows))
	}
	page := g.get("/console/setups/"+one.setup()).page.Find("[data-live]").AttrOr("data-live", "")
	other.saves()
	one.saves()
	if e := g.listen(page).next(); e.name != "changed" || e.data != one.setup() {
		t.Errorf("between the page of a setup and its stream: told %+v", e)
	}
}

// TestStreamAfterTooLong: whoever missed too much to be told of is told to look anew.
func TestStreamAfterTooLong(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	g := s.guide()
	setup := s.began("Nordlys Bygg AS", "nordlys").setup()
	db := s.sql()
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `PRAGMA busy_timeout = 5000; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
		INSERT INTO events (setup, at, actor, kind) SELECT ?, 0, 'system', 'made.up' FROM n`, setup); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/console/live?since=1", "/console/live?since=1&setup=" + setup} {
		if e := g.listen(path).next(); e.name != "changed" || e.id < 6000 {
			t.Errorf("%s: told %+v", path, e)
		}
	}
}

func TestStreamAnswersHead(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	g := s.guide()
	for range 3 {
		if a := g.once(g.request(http.MethodHead, "/console/live", nil)); a.status != http.StatusOK || a.header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("HEAD is answered %d with %s", a.status, a.header.Get("Content-Type"))
		}
	}
}

// TestStreamEndsWithItsSession: who signs out in one tab is told nothing more in the others; other sessions go on.
func TestStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	g := s.guide()
	customer := s.began("Nordlys Bygg AS", "nordlys")
	stream, other := g.listen("/console/live"), s.guide().listen("/console/live")
	customer.saves()
	stream.row(customer.setup())
	if g.tab().post("/signout", map[string][]string{}); g.get("/console").status != http.StatusUnauthorized {
		t.Fatalf("still signed in: %d", g.status)
	}
	began, ended := time.Now(), make(chan struct{})
	go func() { defer close(ended); stream.ended() }()
	for over := false; !over; {
		customer.saves()
		select {
		case <-ended:
			over = true
		case <-time.After(50 * time.Millisecond):
		}
	}
	if took := time.Since(began); took > 10*time.Second { // it says that it lives after 15 seconds
		t.Errorf("told for %v after the end of the session", took)
	}
	other.row(customer.setup())
}

// TestStreamDoesNotProlongItsSession, and ends with it.
func TestStreamDoesNotProlongItsSession(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	g := s.guide()
	s.expireIn(30 * time.Minute)
	stream := g.listen("/console/live")
	for n := range 3 { // made beside the program: no session takes part
		s.link("--tenant", "tenant"+strconv.Itoa(n))
		stream.next()
	}
	if left := s.left(); left > 30*time.Minute {
		t.Errorf("the stream kept its session alive: %v left", left)
	}
	s.expireIn(-time.Second)
	eventually(t, "the end of the stream", func() bool {
		s.link()
		return s.streamsEnded() == 1
	})
	stream.ended()
	if a := g.once(g.request(http.MethodGet, "/console/live", nil)); a.status != http.StatusUnauthorized {
		t.Errorf("after its session the stream is answered %d", a.status)
	}
}

// TestStreamsEndAtShutdown: the program does not wait for those who listen.
func TestStreamsEndAtShutdown(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	g := s.guide()
	setup := s.began("Nordlys Bygg AS", "nordlys").setup()
	streams := []*listening{g.listen("/console/live"), g.listen("/console/live?setup=" + setup), s.guide().listen("/console/live")}
	began := time.Now()
	s.stop()
	if took := time.Since(began); took > drainTimeout/2 {
		t.Errorf("the program waited %v for streams", took)
	}
	for _, stream := range streams {
		stream.ended()
	}
	if n := s.streamsEnded(); n != len(streams) {
		t.Errorf("%d streams ended in order, want %d", n, len(streams))
	}
}

// TestStreamIsForTheConsole alone: neither a stranger, nor a customer, nor people of a tenant that was the console's before.
func TestStreamIsForTheConsole(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	g, customer := s.guide(), s.began("Nordlys Bygg AS", "nordlys")
	refused := func(v *visitor, who string, want ...int) {
		t.Helper()
		for _, path := range []string{"/console/live", "/console/live?since=0", "/console/live?setup=" + customer.setup()} {
			a := v.once(v.request(http.MethodGet, path, nil))
			if !slices.Contains(want, a.status) || a.header.Get("Content-Type") == "text/event-stream" {
				t.Errorf("%s is answered %d with %s", who, a.status, a.header.Get("Content-Type"))
			}
		}
	}
	refused(s.visitor(), "a stranger", http.StatusUnauthorized)
	refused(customer, "a customer", http.StatusUnauthorized)
	s.environ["ONBOARD_CONSOLE_TENANT"] = "elsewhere"
	s.restart()
	refused(g.again(), "the tenant of before", http.StatusUnauthorized)
	s.environ["ONBOARD_CONSOLE_TENANT"] = ""
	s.restart()
	refused(g.again(), "a console that is none", http.StatusNotFound)
}
