package webhook_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/webhook"
)

const key = "whsec_Y2FuYXJ5IGNhbmFyeSBjYW5hcnkgY2FuYXJ5"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a store on disk, a receiver on loopback and a clock that stands still.
type world struct {
	t        *testing.T
	path     string
	store    *sqlite.Store
	receiver *receiver
	log      *bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "onboard.db"), log: &bytes.Buffer{}, now: time.Now().UTC()}
	w.store = w.open()
	w.receiver = newReceiver(t)
	return w
}

func (w *world) open() *sqlite.Store {
	w.t.Helper()
	s, err := sqlite.Open(w.t.Context(), w.path)
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, s.Close()) })
	return s
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// sender is one that may reach the origin of its address, as the program wires it.
func (w *world) sender(store webhook.Store, address string) *webhook.Sender {
	w.t.Helper()
	at, err := url.Parse(address)
	must(w.t, err)
	client := outbound.New(outbound.Options{Allow: []*url.URL{at}, AllowLoopback: true, Timeout: webhook.Timeout})
	w.t.Cleanup(client.CloseIdleConnections)
	sentence := func(id string) (string, bool) { return "Sentence of " + id, id != "without" }
	return webhook.New(webhook.Options{
		Store: store, Client: client, URL: at, Secret: secret.New(key), Sentence: sentence, Log: slog.New(slog.NewJSONHandler(w.log, nil)), Now: w.clock,
	})
}

// opened stores a setup that is opened now.
func (w *world) opened(with ...func(*onboarding.Setup)) string {
	w.t.Helper()
	setup := onboarding.Setup{ID: onboarding.NewOperation(), Version: 1, Company: "Contoso AS", Tenant: "contoso", ChangedAt: w.clock(), OpenedAt: w.clock()}
	for _, each := range with {
		each(&setup)
	}
	must(w.t, w.store.CreateSetup(w.t.Context(), setup))
	return setup.ID
}

// next makes one attempt; want says whether there was one to make.
func (w *world) next(s *webhook.Sender, want bool) time.Duration {
	w.t.Helper()
	more, rest, err := s.Next(w.t.Context())
	must(w.t, err)
	if more != want {
		w.t.Errorf("there was a message: %v, want %v", more, want)
	}
	return rest
}

func (w *world) undelivered() []webhook.Undelivered {
	w.t.Helper()
	all, err := w.store.Undelivered(w.t.Context(), 100)
	must(w.t, err)
	return all
}

// received is one request as the receiver got it.
type received struct {
	id     string
	path   string
	header http.Header
	body   string
}

// receiver answers as it is told, and checks every signature.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	got    []received
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(key)
	must(t, err)
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err == nil {
			err = verifier.VerifyIgnoringTimestamp(body, q.Header) // the clock of these tests runs ahead
		}
		if err != nil {
			t.Errorf("%s %s: %v", q.Method, q.URL, err)
		}
		r.mu.Lock()
		r.got = append(r.got, received{q.Header.Get("webhook-id"), q.Method + " " + q.URL.String(), q.Header, string(body)})
		answer := r.answer
		r.mu.Unlock()
		if answer != nil {
			answer(w, q)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(status int, header ...string) {
	r.answersWith(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	})
}

func (r *receiver) answersWith(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) requests() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
