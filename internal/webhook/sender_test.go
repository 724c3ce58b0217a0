package webhook_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/webhook"
	"github.com/aritma/entra-onboard/internal/wizard"
)

func TestDelivered(t *testing.T) {
	w := newWorld(t)
	s := w.sender(w.store, w.receiver.URL+"/aritma/hook")
	at := w.clock().Format(time.RFC3339Nano)
	id := w.opened(func(s *onboarding.Setup) {
		s.Company = `Contoso "AS" & Søn`
		s.State.Token.Problem = &wizard.Problem{ID: "iam.forbidden", At: w.clock()}
	})
	other := w.opened(func(s *onboarding.Setup) {
		s.CompletedAt = w.clock()
		s.State.Token.Problem = &wizard.Problem{ID: "without", At: w.clock()}
	})
	for range 4 {
		w.next(s, true)
	}
	w.next(s, false)
	about := `"company":"Contoso \"AS\" \u0026 Søn","tenant":"contoso","step":"start"`
	short := `"company":"Contoso AS","tenant":"contoso","step":"start"`
	var bodies []string
	for _, r := range w.receiver.requests() {
		bodies = append(bodies, r.body)
		same(t, "the path", r.path, "POST /aritma/hook")
		same(t, "the content type", r.header.Get("Content-Type"), "application/json")
	}
	same(t, "the bodies", bodies, []string{
		`{"type":"setup.opened","timestamp":"` + at + `","data":{"setup":"` + id + `",` + about + `}}`,
		`{"type":"setup.problem","timestamp":"` + at + `","data":{"setup":"` + id + `",` + about + `,"problem":{"id":"iam.forbidden","sentence":"Sentence of iam.forbidden"}}}`,
		`{"type":"setup.opened","timestamp":"` + at + `","data":{"setup":"` + other + `",` + short + `}}`,
		`{"type":"setup.completed","timestamp":"` + at + `","data":{"setup":"` + other + `",` + short + `}}`,
	})
	same(t, "what is undelivered", len(w.undelivered()), 0)
	if log := w.log.String(); strings.Contains(log, "/aritma/hook") || strings.Contains(log, "Contoso") || strings.Contains(log, key[6:]) || !strings.Contains(log, id) {
		t.Errorf("the log:\n%s", log)
	}
}

func TestProblemWithoutASentence(t *testing.T) {
	w := newWorld(t)
	w.opened(func(s *onboarding.Setup) { s.State.Token.Problem = &wizard.Problem{ID: "without", At: w.clock()} })
	s := w.sender(w.store, w.receiver.URL)
	w.next(s, true)
	w.next(s, true)
	if body := w.receiver.requests()[1].body; !strings.HasSuffix(body, `"problem":{"id":"without"}}}`) {
		t.Errorf("the body is %s", body)
	}
}

func TestRetriedWithTheSameID(t *testing.T) {
	w := newWorld(t)
	s := w.sender(w.store, w.receiver.URL)
	w.opened()
	began := w.clock()
	w.receiver.answers(http.StatusInternalServerError)
	w.next(s, true)
	w.next(s, false) // not before its time
	same(t, "why", w.undelivered()[0].Reason, "answered 500")
	w.pass(5 * time.Second * 11 / 10)
	w.receiver.answers(http.StatusNoContent)
	w.next(s, true)
	w.pass(100 * 24 * time.Hour)
	w.next(s, false)
	got := w.receiver.requests()
	if len(got) != 2 || got[0].id != got[1].id || got[0].body != got[1].body {
		t.Fatalf("%+v", got)
	}
	if first, second := got[0].header, got[1].header; first.Get("webhook-timestamp") == second.Get("webhook-timestamp") || first.Get("webhook-signature") == second.Get("webhook-signature") {
		t.Errorf("the attempts are signed alike: %v, %v, begun %v", first, second, began)
	}
}

// TestSchedule follows the whole schedule of the specification, against a receiver that is down: nobody listens.
func TestSchedule(t *testing.T) {
	w := newWorld(t)
	s := w.sender(w.store, w.receiver.URL+"/secret-path")
	w.receiver.Close()
	w.opened()
	schedule := webhook.Schedule()
	for attempt, wait := range append(schedule, 0) {
		w.next(s, true)
		u := w.undelivered()[0]
		if last := attempt == len(schedule); u.GivenUp != last || u.Attempt != attempt+1 || !strings.Contains(u.Reason, "refused") {
			t.Fatalf("after attempt %d: %+v", attempt+1, u)
		}
		if waits := u.Next.Sub(w.clock()); wait > 0 && (waits < wait || waits > wait+wait/10+1) {
			t.Errorf("after attempt %d it waits %v, want %v and up to a tenth more", attempt+1, waits, wait)
		}
		w.pass(wait * 11 / 10)
	}
	w.pass(365 * 24 * time.Hour)
	w.next(s, false)
	log := w.log.String()
	if warned, gave := strings.Count(log, "webhook message not delivered"), strings.Count(log, "webhook message given up"); warned != len(schedule) || gave != 1 {
		t.Errorf("%d attempts and %d given up in the log:\n%s", warned, gave, log)
	}
	if strings.Contains(log, "secret-path") || strings.Contains(w.undelivered()[0].Reason, "secret-path") {
		t.Errorf("the path is in the log or in the reason:\n%s", log)
	}
	must(t, s.Sweep(t.Context()))
	same(t, "what is undelivered after it was swept", len(w.undelivered()), 0)
}

// What was given up stays for the operator to see, and goes with what nobody took.
func TestSweep(t *testing.T) {
	w := newWorld(t)
	s := w.sender(w.store, w.receiver.URL)
	w.opened()
	w.pass(webhook.Keep - 1)
	must(t, s.Sweep(t.Context()))
	same(t, "within its time", len(w.undelivered()), 1)
	w.pass(1)
	must(t, s.Sweep(t.Context()))
	same(t, "after its time", len(w.undelivered()), 0)
}

func TestReceiverComesBack(t *testing.T) {
	w := newWorld(t)
	s := w.sender(w.store, w.receiver.URL)
	w.receiver.answers(http.StatusBadGateway)
	for range 3 {
		w.opened()
	}
	for range 3 {
		w.next(s, true)
	}
	w.receiver.answers(http.StatusOK)
	w.pass(6 * time.Second)
	for range 3 {
		w.next(s, true)
	}
	w.next(s, false)
	same(t, "what is undelivered", len(w.undelivered()), 0)
}

func TestRetryAfter(t *testing.T) {
	for name, row := range map[string]struct {
		status     int
		header     string
		wait, rest time.Duration // at least, and with a tenth on top at most
	}{
		"429 asks for an hour":    {429, "3600", time.Hour, 5 * time.Minute},
		"503 asks for a minute":   {503, "60", time.Minute, time.Minute},
		"503 asks for a month":    {503, "2592000", 24 * time.Hour, 5 * time.Minute},
		"429 asks for less":       {429, "1", 5 * time.Second, time.Second},
		"503 asks for nonsense":   {503, "soon", 5 * time.Second, 0},
		"503 asks for nothing":    {503, "", 5 * time.Second, 0},
		"500 is not too busy":     {500, "3600", 5 * time.Second, 0},
		"a redirect is a failure": {302, "3600", 5 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.opened()
			w.receiver.answers(row.status, "Retry-After", row.header, "Location", "/elsewhere")
			rest := w.next(w.sender(w.store, w.receiver.URL), true)
			waits := w.undelivered()[0].Next.Sub(w.clock())
			if rest != row.rest || waits < row.wait || waits > row.wait*11/10+1 {
				t.Errorf("waits %v and rests %v, want %v and %v", waits, rest, row.wait, row.rest)
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		w := newWorld(t)
		elsewhere := newReceiver(t)
		w.opened()
		w.receiver.answers(status, "Location", elsewhere.URL)
		w.next(w.sender(w.store, w.receiver.URL), true)
		if len(w.receiver.requests()) != 1 || len(elsewhere.requests()) != 0 || len(w.undelivered()) != 1 {
			t.Errorf("%d: %d requests, %d elsewhere", status, len(w.receiver.requests()), len(elsewhere.requests()))
		}
	}
}

func TestGoneStops(t *testing.T) {
	w := newWorld(t)
	s := w.sender(w.store, w.receiver.URL)
	w.opened()
	w.opened()
	w.receiver.answers(http.StatusGone)
	s.Run(t.Context()) // ends by itself
	same(t, "requests", len(w.receiver.requests()), 1)
	all := w.undelivered()
	if len(all) != 2 || !all[0].GivenUp || all[0].Reason != "answered 410" || all[1].GivenUp || all[1].Attempt != 0 {
		t.Errorf("undelivered: %+v", all)
	}
	if !strings.Contains(w.log.String(), "webhook stopped") {
		t.Errorf("the log:\n%s", w.log)
	}
	w.receiver.answers(http.StatusOK)
	w.next(s, true) // another start
	w.next(s, false)
}

// A client for one origin never reaches another, whatever the address of the sender says.
func TestOtherHostIsRefused(t *testing.T) {
	w := newWorld(t)
	elsewhere := newReceiver(t)
	s := w.sender(w.store, w.receiver.URL)
	var err error
	s.URL, err = url.Parse(elsewhere.URL)
	must(t, err)
	w.opened()
	w.next(s, true)
	if reason := w.undelivered()[0].Reason; !strings.Contains(reason, outbound.ErrRefused.Error()) || len(elsewhere.requests()) != 0 {
		t.Errorf("reason %q, %d requests elsewhere", reason, len(elsewhere.requests()))
	}
}

// A loopback or private receiver is out of reach where loopback is not allowed.
func TestPrivateAddressIsRefused(t *testing.T) {
	for _, address := range []string{"https://127.0.0.1:1/", "https://10.0.0.7/", "https://169.254.169.254/", "https://[::1]/", "http://192.0.2.1/"} {
		w := newWorld(t)
		s := w.sender(w.store, address)
		client := outbound.New(outbound.Options{Allow: []*url.URL{s.URL}})
		s.Client = client
		w.opened()
		w.next(s, true)
		if reason := w.undelivered()[0].Reason; !strings.Contains(reason, outbound.ErrRefused.Error()) {
			t.Errorf("%s: %q", address, reason)
		}
	}
}

// A sender that dies between the answer and the note leaves a claim that runs out; the receiver gets the same id again.
func TestDiedBeforeTheNote(t *testing.T) {
	w := newWorld(t)
	w.opened()
	dying := &failing{Store: w.store, err: errors.New("the disk is full")}
	_, _, err := w.sender(dying, w.receiver.URL).Next(t.Context())
	if !errors.Is(err, dying.err) {
		t.Errorf("the error is %v", err)
	}
	s := w.sender(w.open(), w.receiver.URL)
	w.next(s, false) // still claimed
	w.pass(time.Minute - 1)
	w.next(s, false)
	w.pass(1)
	w.next(s, true)
	w.next(s, false)
	got := w.receiver.requests()
	if len(got) != 2 || got[0].id != got[1].id {
		t.Errorf("%+v", got)
	}
}

// failing drops no message.
type failing struct {
	webhook.Store
	err error
}

func (f *failing) DropMessage(context.Context, string) error { return f.err }

// Two processes on one database, several senders each: nothing is sent by two at a time, and everything is sent once.
func TestManySenders(t *testing.T) {
	w := newWorld(t)
	const messages = 60
	for range messages {
		w.opened()
	}
	var mu sync.Mutex
	under, sent := map[string]bool{}, map[string]int{}
	w.receiver.answersWith(func(_ http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("webhook-id")
		mu.Lock()
		defer mu.Unlock()
		if under[id] {
			t.Errorf("%s is sent by two at a time", id)
		}
		under[id] = true
		mu.Unlock()
		time.Sleep(time.Millisecond) // long enough for another to come along
		mu.Lock()
		under[id] = false
		sent[id]++
	})
	var wait sync.WaitGroup
	for _, store := range []*sqlite.Store{w.store, w.open()} {
		for range 3 {
			s := w.sender(store, w.receiver.URL)
			s.Log = slog.New(slog.DiscardHandler)
			wait.Go(func() {
				for len(w.undelivered()) > 0 {
					if _, _, err := s.Next(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wait.Wait()
	for id, n := range sent {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	same(t, "messages", len(sent), messages)
}

// TestRunEnds: what is under way when the service is told to stop is finished, and nothing is begun after it.
func TestRunEnds(t *testing.T) {
	w := newWorld(t)
	w.opened()
	w.opened()
	ctx, stop := context.WithCancel(t.Context())
	w.receiver.answersWith(func(http.ResponseWriter, *http.Request) { stop() })
	w.sender(w.store, w.receiver.URL).Run(ctx)
	same(t, "requests", len(w.receiver.requests()), 1)
	all := w.undelivered()
	if len(all) != 1 || all[0].Attempt != 0 {
		t.Errorf("undelivered: %+v", all)
	}
}

// A receiver that does not answer in time is tried again, like one that is down.
func TestReceiverHangs(t *testing.T) {
	w := newWorld(t)
	w.opened()
	release := make(chan struct{})
	w.receiver.answersWith(func(http.ResponseWriter, *http.Request) { <-release })
	s := w.sender(w.store, w.receiver.URL)
	s.Client = outbound.New(outbound.Options{Allow: []*url.URL{s.URL}, AllowLoopback: true, Timeout: 50 * time.Millisecond})
	w.next(s, true)
	close(release)
	s.Client.CloseIdleConnections()
	if u := w.undelivered()[0]; u.GivenUp || !strings.Contains(u.Reason, "deadline exceeded") {
		t.Errorf("undelivered: %+v", u)
	}
}

// What was poked for is told at once, what another process wrote within a second.
func TestRunWhilePoked(t *testing.T) {
	w := newWorld(t)
	s := w.sender(w.store, w.receiver.URL)
	told := make(chan struct{}, 10)
	w.receiver.answersWith(func(http.ResponseWriter, *http.Request) { told <- struct{}{} })
	ctx, stop := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { s.Run(ctx) })
	defer func() { stop(); run.Wait() }()
	w.opened() // nobody pokes
	<-told
	for range 3 {
		w.opened()
		s.Poke()
		s.Poke()
		<-told
	}
}

// A large answer is not read to its end, and does no harm.
func TestLargeAnswer(t *testing.T) {
	w := newWorld(t)
	w.opened()
	w.receiver.answersWith(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 8<<20)) })
	w.next(w.sender(w.store, w.receiver.URL), true)
	same(t, "what is undelivered", len(w.undelivered()), 0)
}
