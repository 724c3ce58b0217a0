package session_test

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/web/session"
)

// site is a session store over a real database with a clock that the test moves.
type site struct {
	*session.Store
	db   *sqlite.Store
	path string

	mu  sync.Mutex
	now time.Time
}

func newSite(t *testing.T, secure bool) *site {
	t.Helper()
	keys, err := seal.ParseKeyring(seal.Generate())
	must(t, err)
	return newSiteWith(t, keys, secure)
}

func newSiteWith(t *testing.T, keys *seal.Keyring, secure bool) *site {
	t.Helper()
	path := filepath.Join(t.TempDir(), "onboard.db")
	db, err := sqlite.Open(t.Context(), path)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	s := &site{db: db, path: path, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	s.Store = s.with(keys, secure)
	return s
}

// with is another store over the same database, as a replica or a later start has it.
func (s *site) with(keys *seal.Keyring, secure bool) *session.Store {
	return session.New(s.db, keys, session.Options{Secure: secure, Now: s.clock})
}

func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// visit is one request with the cookie that a browser would send.
type visit struct {
	t *testing.T
	r *http.Request
	w *httptest.ResponseRecorder
	s *sessions.Session
}

func (s *site) visit(t *testing.T, cookie *http.Cookie) *visit {
	t.Helper()
	return visitOf(t, s.Store, cookie)
}

func visitOf(t *testing.T, st *session.Store, cookie *http.Cookie) *visit {
	t.Helper()
	v := &visit{t: t, r: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), w: httptest.NewRecorder()}
	if cookie != nil {
		v.r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	var err error
	v.s, err = st.Session(v.r)
	must(t, err)
	return v
}

func (v *visit) save() *http.Cookie {
	v.t.Helper()
	must(v.t, v.s.Save(v.r, v.w))
	return v.cookie()
}

// cookie is what the answer told the browser to keep, or nil.
func (v *visit) cookie() *http.Cookie {
	v.t.Helper()
	cookies := (&http.Response{Header: v.w.Header()}).Cookies() // Result would keep the first answer
	switch len(cookies) {
	case 0:
		return nil
	case 1:
		return cookies[0]
	default:
		v.t.Fatalf("the answer sets %d cookies", len(cookies))
		return nil
	}
}

func (v *visit) wantAnonymous(what string) {
	v.t.Helper()
	if !v.s.IsNew || session.Hash(v.s) != nil || v.s.Values["who"] != nil {
		v.t.Errorf("%s: the session is known", what)
	}
	if v.cookie() != nil {
		v.t.Errorf("%s: a cookie was set before a Save", what)
	}
}

func (v *visit) wantWho(what, want string) {
	v.t.Helper()
	if got := v.s.Values["who"]; got != want || v.s.IsNew {
		v.t.Errorf("%s: who = %v (new: %v), want %q", what, got, v.s.IsNew, want)
	}
}

// signedIn returns the cookie of a saved session.
func (s *site) signedIn(t *testing.T) *http.Cookie {
	t.Helper()
	v := s.visit(t, nil)
	v.s.Values["who"] = "kari"
	return v.save()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCookieAttributes(t *testing.T) {
	for secure, want := range map[bool]string{
		true:  "__Host-onboard=ID; Path=/; HttpOnly; Secure; SameSite=Lax",
		false: "onboard=ID; Path=/; HttpOnly; SameSite=Lax",
	} {
		s := newSite(t, secure)
		v := s.visit(t, nil)
		v.wantAnonymous("a first visit")
		id := v.save().Value
		if got := strings.Replace(v.w.Header().Get("Set-Cookie"), id, "ID", 1); got != want {
			t.Errorf("cookie %q, want %q", got, want)
		}
		if len(id) != 43 {
			t.Errorf("the id has %d characters, want 43 for 256 bits", len(id))
		}
		if other := s.visit(t, nil).save().Value; other == id {
			t.Error("two sessions have one id")
		}
		v = s.visit(t, &http.Cookie{Name: s.Name(), Value: id})
		must(t, s.Destroy(v.w, v.r, v.s))
		gone := strings.Replace(strings.Replace(want, "ID", "", 1), "Path=/;", "Path=/; Max-Age=0;", 1)
		if got := v.w.Header().Get("Set-Cookie"); got != gone {
			t.Errorf("cookie at the end %q, want %q", got, gone)
		}
	}
}

func TestValuesComeBack(t *testing.T) {
	s := newSite(t, true)
	token := secret.New("access token ÆØÅ \" \x01")
	v := s.visit(t, nil)
	v.s.Values["who"], v.s.Values["token"], v.s.Values["empty"] = "kari <&>", token, secret.Secret{}
	v.s.AddFlash("Saved.")
	v.s.AddFlash("Twice.")
	cookie := v.save()

	v = s.visit(t, cookie)
	v.wantWho("the next request", "kari <&>")
	if got, ok := v.s.Values["token"].(secret.Secret); !ok || !got.Equal(token) {
		t.Error("the secret did not come back as it was")
	}
	if got, ok := v.s.Values["empty"].(secret.Secret); !ok || !got.IsZero() {
		t.Error("the empty secret did not come back")
	}
	if got := v.s.Flashes(); len(got) != 2 || got[0] != "Saved." || got[1] != "Twice." {
		t.Errorf("flashes = %v", got)
	}
	delete(v.s.Values, "token")
	if v.save() != nil {
		t.Error("saving a known session set a cookie again")
	}
	v = s.visit(t, cookie)
	if len(v.s.Flashes()) != 0 || v.s.Values["token"] != nil {
		t.Error("what was taken out came back")
	}
	v.wantWho("the last request", "kari <&>")
	if again, err := s.Session(v.r); err != nil || again != v.s {
		t.Errorf("a second Session of one request is another one: %v", err)
	}
}

func TestSaveRefusesOtherValues(t *testing.T) {
	s := newSite(t, true)
	for name, put := range map[string]func(map[any]any){
		"number":         func(v map[any]any) { v["n"] = 7 },
		"bytes":          func(v map[any]any) { v["b"] = []byte("canary") },
		"key":            func(v map[any]any) { v[7] = "canary" },
		"not UTF-8":      func(v map[any]any) { v["s"] = secret.New("canary\xff") },
		"list of secret": func(v map[any]any) { v["l"] = []any{secret.New("canary")} },
	} {
		v := s.visit(t, nil)
		put(v.s.Values)
		err := v.s.Save(v.r, v.w)
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: error = %v, want one that names no value", name, err)
		}
		if v.cookie() != nil {
			t.Errorf("%s: a cookie was set for a session that was not stored", name)
		}
	}
	if _, err := s.Get(httptest.NewRequest(http.MethodGet, "/", nil), "other"); err == nil {
		t.Error("a session of another name was given out")
	}
}

func TestPlantedIDIsNotTaken(t *testing.T) {
	s := newSite(t, true)
	planted := &http.Cookie{Name: s.Name(), Value: strings.Repeat("A", 43)}
	v := s.visit(t, planted)
	v.wantAnonymous("a planted id")
	v.s.Values["who"] = "kari"
	if got := v.save(); got.Value == planted.Value {
		t.Error("the planted id became the session's")
	}
	s.visit(t, planted).wantAnonymous("the planted id after the sign-in")
}

func TestUnreadableCookiesAreAnonymous(t *testing.T) {
	s := newSite(t, true)
	good := s.signedIn(t)
	for name, value := range map[string]string{
		"empty": "", "short": good.Value[:42], "long": good.Value + "A", "other alphabet": "+" + good.Value[1:],
		"stray bits": good.Value[:42] + flipLastBit(good.Value[42]), "other id": strings.Repeat("z", 43), "huge": strings.Repeat("A", 4000),
	} {
		s.visit(t, &http.Cookie{Name: s.Name(), Value: value}).wantAnonymous(name)
	}
	s.visit(t, &http.Cookie{Name: "onboard", Value: good.Value}).wantAnonymous("the name of plain http")
	s.visit(t, good).wantWho("the good one", "kari")
}

// flipLastBit changes one of the two bits of the 43rd character that belong to no byte.
func flipLastBit(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}

func TestTamperedValuesAreAnonymous(t *testing.T) {
	s := newSite(t, true)
	cookie, other := s.signedIn(t), s.signedIn(t)
	mine, theirs := session.Hash(s.visit(t, cookie).s), session.Hash(s.visit(t, other).s)
	record, err := s.db.LoadSession(t.Context(), mine, s.clock())
	must(t, err)
	foreign, err := s.db.LoadSession(t.Context(), theirs, s.clock())
	must(t, err)

	flipped := record
	flipped.Values = bytes.Clone(record.Values)
	flipped.Values[len(flipped.Values)-1] ^= 1
	must(t, s.db.SaveSession(t.Context(), flipped))
	s.visit(t, cookie).wantAnonymous("a flipped bit")

	moved := record
	moved.Version, moved.Values = 2, foreign.Values
	must(t, s.db.SaveSession(t.Context(), moved))
	v := s.visit(t, cookie)
	v.wantAnonymous("the values of another session")
	v.s.Values["who"] = "ola"
	fresh := v.save()
	s.visit(t, fresh).wantWho("a new session after that", "ola")
	s.visit(t, other).wantWho("the other session", "kari")
}

func TestKeysRotate(t *testing.T) {
	old, fresh := seal.Generate(), seal.Generate()
	ring := func(keys ...string) *seal.Keyring {
		r, err := seal.ParseKeyring(secret.New(strings.Join(keys, ",")))
		must(t, err)
		return r
	}
	s := newSiteWith(t, ring(old.Expose()), true)
	cookie := s.signedIn(t)
	visitOf(t, s.with(ring(fresh.Expose()), true), cookie).wantAnonymous("a lost key")
	both := s.with(ring(fresh.Expose(), old.Expose()), true)
	v := visitOf(t, both, cookie)
	v.wantWho("both keys", "kari")
	v.s.Values["more"] = "x"
	v.save()
	visitOf(t, s.with(ring(fresh.Expose()), true), cookie).wantWho("the old key removed", "kari")
}

func TestNothingReadableIsStored(t *testing.T) {
	s := newSite(t, true)
	v := s.visit(t, nil)
	v.s.Values["who"] = "kari-canary-31f7"
	v.s.Values["token"] = secret.New("token-canary-77aa")
	v.s.AddFlash("flash-canary-00cc")
	cookie := v.save()
	v = s.visit(t, cookie)
	v.s.Values["more"] = secret.New("later-canary-5e5e")
	must(t, s.Rotate(v.w, v.r, v.s))
	id := v.cookie().Value
	files, err := filepath.Glob(s.path + "*")
	must(t, err)
	var found int
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(t, err)
		for _, text := range []string{"canary", cookie.Value, id, hex.EncodeToString([]byte("canary"))} {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s holds something that opens or names a session", filepath.Base(file))
			}
		}
		if bytes.Contains(content, session.Hash(v.s)) {
			found++
		}
	}
	if found == 0 {
		t.Error("the session is in none of the files: this test looks in the wrong place")
	}
}

func (s *site) grant(t *testing.T, v *visit) (setup string) {
	t.Helper()
	setup = onboarding.NewOperation()
	must(t, s.db.CreateSetup(t.Context(), onboarding.Setup{ID: setup}))
	must(t, s.db.AddGrant(t.Context(), onboarding.Grant{Session: session.Hash(v.s), Setup: setup, At: s.clock()}))
	return setup
}

func (s *site) granted(t *testing.T, hash []byte, setup string) bool {
	t.Helper()
	_, err := s.db.Granted(t.Context(), hash, setup, s.clock())
	return err == nil
}
