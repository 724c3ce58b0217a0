package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/webhook"
)

const webhookSecret = "whsec_Y2FuYXJ5IG9mIHRoZSB3ZWJob29rIDk5NGYxZA=="

// hook is a receiver: it checks every signature and passes on what it got.
type hook struct {
	t       *testing.T
	address string
	got     chan told
	held    chan struct{} // where it is not nil, an answer waits until it is closed
}

// told is one delivery.
type told struct {
	id, all string // all: headers and body
	body    struct {
		Type      string
		Timestamp time.Time
		Data      struct {
			Setup, Company, Tenant, Step string
			Problem                      *struct{ ID, Sentence string }
		}
	}
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{t: t, got: make(chan told, 100)}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.address = server.URL + "/aritma"
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var d told
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &d.body)
	}
	verifier, keyErr := standardwebhooks.NewWebhook(webhookSecret)
	if err != nil || keyErr != nil || verifier.Verify(body, r.Header) != nil || r.Method != http.MethodPost || r.URL.Path != "/aritma" {
		h.t.Errorf("%s %s with %v: %s (%v)", r.Method, r.URL, r.Header, body, err)
	}
	var header strings.Builder
	_ = r.Header.Write(&header)
	d.id, d.all = r.Header.Get("webhook-id"), header.String()+string(body)
	h.got <- d
	if h.held != nil {
		<-h.held
	}
}

// next waits for a delivery.
func (h *hook) next(kind string) told {
	h.t.Helper()
	select {
	case d := <-h.got:
		if d.body.Type != kind {
			h.t.Fatalf("told %q, want %q", d.body.Type, kind)
		}
		return d
	case <-time.After(20 * time.Second):
		h.t.Fatalf("never told: %s", kind)
		return told{}
	}
}

// environ are the changes for a program that tells the hook.
func (h *hook) environ() map[string]string {
	return map[string]string{"ONBOARD_WEBHOOK_URL": h.address, "ONBOARD_WEBHOOK_SECRET": webhookSecret}
}

// undelivered is what stands in the outbox.
func (s *site) undelivered() []webhook.Undelivered {
	s.t.Helper()
	store, err := sqlite.Open(s.t.Context(), strings.TrimPrefix(s.environ["ONBOARD_DATABASE_URL"], "sqlite://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	all, err := store.Undelivered(s.t.Context(), 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// TestWebhookTellsStateChanges: opened, problem and completed arrive, and nothing in them is anybody's secret or person.
func TestWebhookTellsStateChanges(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	s := newSite(t, h.environ())
	sample := s.sandbox.Sample()
	link := s.link("--contact", "Kari Nordmann <kari@nordlysbygg.example>")
	began := time.Now()
	v := s.visitor().open(link).at("start")
	all := []told{h.next(webhook.Opened)}
	v.walk("review")
	s.sandbox.Faults().Set(sandbox.IAMForbidden, 1)
	v.send(nil).idle("review")
	failed := h.next(webhook.Problem)
	if p := failed.body.Data.Problem; p == nil || p.ID != "iam.forbidden" || !strings.HasPrefix(p.Sentence, "Aritma knows this account, but") || failed.body.Data.Step != "review" {
		t.Errorf("the problem is told as %s", failed.all)
	}
	v.register().handOver()
	token := v.value()
	v.send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).send(nil).at("done")
	all = append(all, failed, h.next(webhook.Completed))

	canaries := []canary{
		{name: "client secret", value: sample.ClientSecret.Expose()},
		{name: "SCIM token", value: token},
		{name: "service client secret", value: s.environ["ONBOARD_SERVICE_CLIENT_SECRET"]},
		{name: "sealing key", value: s.environ["ONBOARD_SEALING_KEYS"]},
		{name: "link secret", value: strings.TrimPrefix(link, "/s/")},
		{name: "directory", value: sample.DirectoryID},
		{name: "client", value: sample.ClientID},
		{name: "person", value: sample.Person},
		{name: "contact", value: "Kari Nordmann"},
		{name: "address of the contact", value: "kari@nordlysbygg.example"},
	}
	own := canary{name: "webhook secret", value: webhookSecret, raw: []byte("canary of the webhook 994f1d")}
	for i, d := range all {
		if d.body.Data.Setup != v.setup() || d.body.Data.Company != sample.Company || d.body.Data.Tenant != sample.Tenant {
			t.Errorf("told: %s", d.all)
		}
		if d.body.Timestamp.Before(began) || d.body.Timestamp.After(time.Now()) || (i > 0 && d.id == all[i-1].id) {
			t.Errorf("told of %v: %s", d.body.Timestamp, d.all)
		}
		if (d.body.Data.Problem != nil) != (d.body.Type == webhook.Problem) {
			t.Errorf("a problem where there is none: %s", d.all)
		}
		sweep(t, d.body.Type, []byte(d.all), append(canaries, own))
	}
	s.stop()
	for name, content := range s.files() {
		sweep(t, name, content, []canary{own})
	}
	sweep(t, "log", []byte(s.log.String()), []canary{own, {name: "path of the webhook", value: "/aritma"}})
	if left := s.undelivered(); len(left) != 0 || strings.Count(s.log.String(), "webhook delivered") != 3 {
		t.Errorf("left: %+v\n%s", left, s.log)
	}
}

// TestWebhookReceiverComesBack: what nobody was there to hear is told by the next attempt, five seconds later.
func TestWebhookReceiverComesBack(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := away.Addr().String()
	_ = away.Close()
	h.address = "http://" + address + "/aritma"
	s := newSite(t, h.environ())
	s.visitor().open(s.link()).at("start")
	eventually(t, "an attempt that failed", func() bool { return strings.Contains(s.log.String(), "webhook message not delivered") })
	left := s.undelivered()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	if d := h.next(webhook.Opened); len(left) != 1 || left[0].ID != d.id || left[0].Attempt != 1 {
		t.Errorf("%s was told, and was undelivered before: %+v", d.id, left)
	}
	s.stop()
	if left := s.undelivered(); len(left) != 0 || len(h.got) != 0 {
		t.Errorf("left: %+v, told %d times more", left, len(h.got))
	}
}

// TestWebhookKilledBeforeTheNote kills the process when the receiver has the message and the outcome is not written: the
// next process tells it again, with the same id.
func TestWebhookKilledBeforeTheNote(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	h.held = make(chan struct{})
	s, kill := killable(t)
	s.stop()
	for name, value := range h.environ() {
		s.environ[name] = value
	}
	kill()
	s.visitor().open(s.link()).at("start")
	first := h.next(webhook.Opened)
	kill()
	again := h.next(webhook.Opened)
	close(h.held)
	if first.id != again.id {
		t.Errorf("told as %s, then as %s", first.id, again.id)
	}
	eventually(t, "the note", func() bool { return strings.Contains(s.log.String(), "webhook delivered") })
	if left := s.undelivered(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// TestWebhookOfNobody: where none is configured nothing is kept to be told, so that one that is named later hears no old news.
func TestWebhookOfNobody(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	s := newSite(t, nil)
	s.visitor().open(s.link()).at("start")
	s.restart() // it sweeps when it begins
	eventually(t, "the sweep", func() bool { return len(s.undelivered()) == 0 })
	s.stop()
	for name, value := range h.environ() {
		s.environ[name] = value
	}
	s.start()
	v := s.visitor().open(s.link()).at("start")
	if d := h.next(webhook.Opened); d.body.Data.Setup != v.setup() {
		t.Errorf("old news: %s", d.all)
	}
	s.stop()
	if len(h.got) != 0 {
		t.Errorf("told %d times more", len(h.got))
	}
}

// TestWebhookIsLockedToo: with sealing keys that are not those of the database nothing is told, and nothing is lost.
func TestWebhookIsLockedToo(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	s := newSite(t, nil)
	s.visitor().open(s.link()).at("start")
	s.stop()
	for name, value := range h.environ() {
		s.environ[name] = value
	}
	right := s.environ["ONBOARD_SEALING_KEYS"]
	s.environ["ONBOARD_SEALING_KEYS"] = seal.Generate().Expose()
	s.start()
	v := s.visitor()
	if got := v.once(v.request(http.MethodGet, "/readyz", nil)); got.status != http.StatusServiceUnavailable {
		t.Errorf("ready with other keys: %d", got.status)
	}
	s.stop()
	if left := s.undelivered(); len(left) != 1 || left[0].Attempt != 0 || len(h.got) != 0 {
		t.Errorf("left: %+v, told %d times", left, len(h.got))
	}
	s.environ["ONBOARD_SEALING_KEYS"] = right
	s.start()
	h.next(webhook.Opened)
}

// TestWebhookInTheSandbox: practice is told to nobody but a receiver on the same machine.
func TestWebhookInTheSandbox(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"ONBOARD_WEBHOOK_URL": "https://hooks.example/aritma", "ONBOARD_WEBHOOK_SECRET": webhookSecret}
	status, _, log := command(t, environ, "serve", "--sandbox")
	if status != 2 || !strings.Contains(log, "ONBOARD_WEBHOOK_URL must be a loopback address in the sandbox") || slices.Contains(strings.Fields(log), webhookSecret) {
		t.Errorf("ended with %d:\n%s", status, log)
	}
}

// TestUndelivered: the operator sees what was given up, and has it tried again.
func TestUndelivered(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	defer gone.Close()
	s := newSite(t, h.environ())
	s.stop()
	s.environ["ONBOARD_WEBHOOK_URL"] = gone.URL
	s.start()
	v := s.visitor().open(s.link()).at("start")
	eventually(t, "the end of telling", func() bool { return strings.Contains(s.log.String(), "webhook stopped") })
	if printed := s.command("undelivered"); strings.Count(printed, "\n") != 2 || !strings.Contains(printed, v.setup()) || !strings.Contains(printed, "given up  answered 410") {
		t.Errorf("it prints\n%s", printed)
	}
	s.stop()
	s.environ["ONBOARD_WEBHOOK_URL"] = h.address
	s.start()
	if printed := s.command("undelivered", "--again"); !strings.Contains(s.log.String(), "1 tried again") || strings.Contains(printed, "given up") {
		t.Errorf("it prints\n%s", printed)
	}
	h.next(webhook.Opened)
	eventually(t, "the note", func() bool { return strings.Count(s.command("undelivered"), "\n") == 1 })
}
