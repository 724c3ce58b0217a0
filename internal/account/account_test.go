package account_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/store/storetest"
)

const tenant = "nordlys"

// world is a sandbox, a database on disk and a Service between them.
type world struct {
	t     *testing.T
	box   *sandbox.Sandbox
	store *sqlite.Store
	keys  *seal.Keyring
	idURL *url.URL
	*account.Service
}

func newWorld(t *testing.T) *world {
	t.Helper()
	box, err := sandbox.Start(context.Background(), sandbox.Options{})
	must(t, err)
	t.Cleanup(func() { _ = box.Close() })
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "onboard.db"))
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	keys, err := seal.ParseKeyring(seal.Generate())
	must(t, err)
	idURL, err := url.Parse(box.IDURL())
	must(t, err)
	w := &world{t: t, box: box, store: store, keys: keys, idURL: idURL}
	w.Service = w.replica(func(context.Context, secret.Secret) error { return nil })
	return w
}

// replica is another process on the same database.
func (w *world) replica(accepted func(context.Context, secret.Secret) error) *account.Service {
	client := outbound.New(outbound.Options{Allow: []*url.URL{w.idURL}, AllowLoopback: true})
	w.t.Cleanup(client.CloseIdleConnections)
	return w.replicaOn(client, accepted)
}

func (w *world) replicaOn(client *http.Client, accepted func(context.Context, secret.Secret) error) *account.Service {
	back := &url.URL{Scheme: "http", Host: "127.0.0.1:65000", Path: "/signin/callback"}
	s := account.New(account.Options{
		Store: w.store, Signin: signin.NewClient(w.idURL, sandbox.SigninClientID, w.box.SigninClientSecret(), back, client), Keys: w.keys,
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Accepted: accepted,
	})
	w.t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// session is a stored browser session.
func (w *world) session(name string) []byte {
	w.t.Helper()
	return storetest.Session(w.t, w.store, name, time.Now())
}

// of gives a session that is there already.
func of(session []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return session, nil }
}

// answer signs the administrator in at Aritma ID, and returns with what the browser comes back.
func (w *world) answer(to *url.URL) url.Values {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form := to.Query()
	form.Set("person", sandbox.Administrator)
	at := *to
	at.RawQuery = ""
	answer, err := client.PostForm(at.String(), form)
	must(w.t, err)
	_ = answer.Body.Close()
	back, err := answer.Location()
	must(w.t, err)
	return back.Query()
}

// signedIn is an account that came all the way.
func (w *world) signedIn(session []byte) account.Account {
	w.t.Helper()
	to, err := w.Begin(w.t.Context(), tenant, of(session), account.Purpose{Setup: "s", Page: "review", Link: "l"}, false)
	must(w.t, err)
	name, err := w.Answer(w.t.Context(), session, w.answer(to))
	must(w.t, err)
	for {
		outcome, err := w.Look(w.t.Context(), session, name)
		must(w.t, err)
		if outcome.Ended {
			break
		}
	}
	a, purpose, err := w.Enter(w.t.Context(), session, name)
	must(w.t, err)
	if purpose != (account.Purpose{Setup: "s", Page: "review", Link: "l"}) {
		w.t.Errorf("the purpose is %+v", purpose)
	}
	return a
}

func TestSignedIn(t *testing.T) {
	w := newWorld(t)
	a := w.signedIn(w.session("one"))
	if a.Tenant != tenant || a.Name != sandbox.Administrator || a.Label() != sandbox.Administrator || !strings.HasPrefix(a.Subject, "user-") || a.Tokens.Access.IsZero() || a.Tokens.Refresh.IsZero() {
		t.Errorf("the account is %+v", a)
	}
	again, err := account.Unpack(a.Pack())
	must(t, err)
	if again.Owner() != a.Owner() || !again.Tokens.Access.Equal(a.Tokens.Access) || !again.Tokens.Refresh.Equal(a.Tokens.Refresh) || !again.Tokens.Expires.Equal(a.Tokens.Expires) || again.Email != a.Email {
		t.Errorf("unpacked it is %+v", again)
	}
	for _, wrong := range []string{"", "x", "{}", `{"tenant":"x"}`, "null"} {
		if _, err := account.Unpack(secret.New(wrong)); err == nil || strings.Contains(err.Error(), "tenant") {
			t.Errorf("%q was unpacked: %v", wrong, err)
		}
	}
}

// TestAcceptedLately: the word of the IAM API is good for a quarter of an hour, and gone with its refusal.
func TestAcceptedLately(t *testing.T) {
	w := newWorld(t)
	a := w.signedIn(w.session("one"))
	again, err := account.Unpack(a.Pack())
	must(t, err)
	for after, want := range map[time.Duration]bool{0: true, 14 * time.Minute: true, 16 * time.Minute: false} {
		if again.AcceptedLately(time.Now().Add(after)) != want {
			t.Errorf("after %v: %v", after, !want)
		}
	}
	if a.Refused().AcceptedLately(time.Now()) || (account.Account{}).AcceptedLately(time.Now()) {
		t.Error("a refused account, or nobody, was accepted lately")
	}
}

// TestAnswerBelongsToItsSession: another session, another sign-in, a second time.
func TestAnswerBelongsToItsSession(t *testing.T) {
	w := newWorld(t)
	mine, other := w.session("mine"), w.session("other")
	to, err := w.Begin(t.Context(), tenant, of(mine), account.Purpose{}, false)
	must(t, err)
	query := w.answer(to)
	if _, err := w.Answer(t.Context(), other, query); !errors.Is(err, account.ErrForeign) {
		t.Errorf("another session: %v", err)
	}
	name, err := w.Answer(t.Context(), mine, query)
	must(t, err)
	if _, err := w.Answer(t.Context(), mine, query); !errors.Is(err, account.ErrForeign) {
		t.Errorf("a second time: %v", err)
	}
	for _, c := range []struct {
		session []byte
		name    string
	}{{other, name}, {mine, "x"}, {mine, strings.Repeat("ab", sha256.Size)}, {nil, name}} {
		if _, err := w.Look(t.Context(), c.session, c.name); !errors.Is(err, account.ErrForeign) {
			t.Errorf("looked at: %v", err)
		}
		if _, _, err := w.Enter(t.Context(), c.session, c.name); !errors.Is(err, account.ErrForeign) {
			t.Errorf("entered: %v", err)
		}
	}
	if _, err := w.Begin(t.Context(), tenant, of([]byte("gone")), account.Purpose{}, false); err == nil {
		t.Error("a session that is not there begins a sign-in")
	}
}

// TestAnotherReplicaTakesTheAnswer: nothing of a sign-in is in the memory of the process that began it.
func TestAnotherReplicaTakesTheAnswer(t *testing.T) {
	w := newWorld(t)
	mine := w.session("mine")
	to, err := w.Begin(t.Context(), tenant, of(mine), account.Purpose{}, false)
	must(t, err)
	second := w.replica(func(context.Context, secret.Secret) error { return nil })
	name, err := second.Answer(t.Context(), mine, w.answer(to))
	must(t, err)
	third := w.replica(nil)
	for outcome := (account.Outcome{}); !outcome.Ended; {
		outcome, err = third.Look(t.Context(), mine, name)
		must(t, err)
	}
	a, _, err := third.Enter(t.Context(), mine, name)
	must(t, err)
	if a.Name != sandbox.Administrator {
		t.Errorf("%+v", a)
	}
}

func TestNotAccepted(t *testing.T) {
	for id, c := range map[string]struct {
		said error
		kind fault.Kind
	}{
		"account.not-admin": {fault.New(fault.Forbidden, "iam.forbidden", nil), fault.Forbidden},
		"account.unasked":   {fault.New(fault.Unavailable, "iam.unavailable", nil), fault.Unavailable},
	} {
		w := newWorld(t)
		s := w.replica(func(context.Context, secret.Secret) error { return c.said })
		mine := w.session("mine")
		to, err := s.Begin(t.Context(), tenant, of(mine), account.Purpose{Setup: "s"}, false)
		must(t, err)
		name, err := s.Answer(t.Context(), mine, w.answer(to))
		must(t, err)
		var outcome account.Outcome
		for !outcome.Ended {
			outcome, err = s.Look(t.Context(), mine, name)
			must(t, err)
		}
		if outcome.Fault == nil || outcome.Fault.ID != id || outcome.Fault.Kind != c.kind || outcome.Purpose.Setup != "s" {
			t.Errorf("%s: %+v", id, outcome)
		}
		if a, _, err := s.Enter(t.Context(), mine, name); err == nil || !a.IsZero() {
			t.Errorf("%s: entered as %+v", id, a)
		}
	}
}

// shelf keeps an account as a browser session does.
type shelf struct {
	mu sync.Mutex
	a  account.Account
}

func (s *shelf) kept() account.Kept {
	return account.Kept{
		Name: []byte("session"),
		Load: func(context.Context) (account.Account, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.a, nil
		},
		Save: func(_ context.Context, a account.Account) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.a = a
			return nil
		},
	}
}

// TestRenewedOnce: many requests and two replicas that find the token about to run out renew it once, since a refresh token
// that comes twice would end the sign-in.
func TestRenewedOnce(t *testing.T) {
	w := newWorld(t)
	other := w.replica(nil)
	held := &shelf{a: w.signedIn(w.session("one"))}
	before := held.a
	asked := func() int { return w.box.Snapshot(tenant).Requests["POST /id/{tenant}/connect/token"] }
	n := asked()
	if _, err := w.Renew(t.Context(), held.kept()); err != nil || asked() != n {
		t.Errorf("a token that lasts was renewed: %v", err)
	}
	held.a = held.a.Refused()
	var done sync.WaitGroup
	for i := range 16 {
		done.Go(func() {
			s := w.Service
			if i%2 == 1 {
				s = other
			}
			if _, err := s.Renew(t.Context(), held.kept()); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	after, err := w.Renew(t.Context(), held.kept())
	must(t, err)
	if asked() != n+1 || after.Tokens.Access.Equal(before.Tokens.Access) || after.Tokens.Refresh.Equal(before.Tokens.Refresh) || !after.Usable(time.Now()) {
		t.Errorf("asked %d times; usable %v", asked()-n, after.Usable(time.Now()))
	}
	if after.Subject != before.Subject || after.Name != before.Name {
		t.Errorf("somebody else: %+v", after)
	}
}

func TestRenewalThatFails(t *testing.T) {
	for fault, keeps := range map[sandbox.Switch]bool{
		sandbox.IDRefreshRefused: false, sandbox.IDUnavailable: true, sandbox.IDGarbled: true, sandbox.IDClientRefused: true,
	} {
		w := newWorld(t)
		held := &shelf{a: w.signedIn(w.session("one")).Refused()}
		w.box.Faults().Set(fault, sandbox.UntilCleared)
		a, err := w.Renew(t.Context(), held.kept())
		must(t, err)
		if a.Usable(time.Now()) || a.CanAct(time.Now()) != keeps {
			t.Errorf("%s: usable %v, can act %v", fault, a.Usable(time.Now()), a.CanAct(time.Now()))
		}
		w.box.Faults().ClearAll()
		if a, err = w.Renew(t.Context(), held.kept()); err != nil || a.Usable(time.Now()) != keeps {
			t.Errorf("%s, later: usable %v, %v", fault, a.Usable(time.Now()), err)
		}
	}
}

// wall is a proxy in front of Aritma ID that turns everybody away, for a while.
type wall struct {
	next http.RoundTripper
	up   bool
}

// RoundTrip implements http.RoundTripper.
func (w *wall) RoundTrip(r *http.Request) (*http.Response, error) {
	if !w.up {
		return w.next.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("<h1>Blocked</h1>")), Request: r}, nil
}

// TestRenewalBehindAWall: a refusal that does not speak of the refresh token does not cost the person their sign-in.
func TestRenewalBehindAWall(t *testing.T) {
	w := newWorld(t)
	client := outbound.New(outbound.Options{Allow: []*url.URL{w.idURL}, AllowLoopback: true})
	between := &wall{next: client.Transport}
	client.Transport = between
	s := w.replicaOn(client, nil)
	held := &shelf{a: w.signedIn(w.session("one")).Refused()}
	if _, err := s.Begin(t.Context(), tenant, of(w.session("two")), account.Purpose{}, false); err != nil { // knows the tenant by now
		t.Fatal(err)
	}
	between.up = true
	if a, err := s.Renew(t.Context(), held.kept()); err != nil || !a.CanAct(time.Now()) {
		t.Errorf("behind the wall: can act %v, %v", a.CanAct(time.Now()), err)
	}
	between.up = false
	if a, err := s.Renew(t.Context(), held.kept()); err != nil || !a.Usable(time.Now()) {
		t.Errorf("later: usable %v, %v", a.Usable(time.Now()), err)
	}
}

func TestSignOutCarriesNoToken(t *testing.T) {
	w := newWorld(t)
	a := w.signedIn(w.session("one"))
	back := &url.URL{Scheme: "http", Host: "127.0.0.1:65000", Path: "/signed-out"}
	to := w.SignOut(t.Context(), a, back)
	if to == nil || to.Query().Get("post_logout_redirect_uri") != back.String() || strings.Contains(to.String(), "eyJ") {
		t.Errorf("signs out at %v", to)
	}
	none := newWorld(t)
	none.box.Faults().Set(sandbox.IDNoEndSession, sandbox.UntilCleared)
	if to := none.SignOut(t.Context(), account.Account{Tenant: tenant}, back); to != nil {
		t.Errorf("signs out at %v, where there is nothing", to)
	}
}

func TestSweepDropsWhatNeverCameBack(t *testing.T) {
	w := newWorld(t)
	mine := w.session("mine")
	to, err := w.Begin(t.Context(), tenant, of(mine), account.Purpose{}, false)
	must(t, err)
	must(t, w.Sweep(t.Context()))
	w.Now = func() time.Time { return time.Now().Add(time.Hour) }
	must(t, w.Sweep(t.Context()))
	w.Now = time.Now
	if _, err := w.Answer(t.Context(), mine, w.answer(to)); !errors.Is(err, account.ErrForeign) {
		t.Errorf("after the sweep: %v", err)
	}
}
