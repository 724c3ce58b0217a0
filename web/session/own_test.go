package session_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/web/session"
)

// ownedBy returns the cookie of a saved session of somebody.
func (s *site) ownedBy(t *testing.T, owner, device string) *http.Cookie {
	t.Helper()
	v := s.visit(t, nil)
	v.s.Values[session.OwnerKey], v.s.Values[session.DeviceKey], v.s.Values[session.FromKey] = owner, device, "192.0.2.7"
	return v.save()
}

func (s *site) owned(t *testing.T, cookie *http.Cookie) []session.Own {
	t.Helper()
	all, err := s.Owned(t.Context(), s.visit(t, cookie).s)
	must(t, err)
	return all
}

// TestExtendingWhatHasEnded says so: the other request that ended the session was faster.
func TestExtendingWhatHasEnded(t *testing.T) {
	s := newSite(t, true)
	v := s.visit(t, s.signedIn(t))
	must(t, s.db.DeleteSession(t.Context(), session.Hash(v.s)))
	if life, err := s.Extend(t.Context(), v.s); !errors.Is(err, session.ErrNotFound) || !v.s.IsNew || session.Hash(v.s) != nil {
		t.Errorf("extended until %v, %v; new %v", life.Ends, err, v.s.IsNew)
	}
}

func TestOwnSessions(t *testing.T) {
	s := newSite(t, true)
	first := s.ownedBy(t, "person:a/1", "Firefox, Windows")
	s.pass(time.Minute)
	second := s.ownedBy(t, "person:a/1", "Chrome, Linux")
	foreign, nobody := s.ownedBy(t, "person:b/1", "x"), s.signedIn(t)

	all := s.owned(t, first)
	if len(all) != 2 {
		t.Fatalf("%d sessions, want 2", len(all))
	}
	mine := all[1]
	if all[0].Current {
		mine = all[0]
	}
	if !mine.Current || mine.Device != "Firefox, Windows" || mine.From != "192.0.2.7" || mine.BeganAt.IsZero() || all[0].Handle == all[1].Handle {
		t.Errorf("the sessions are %+v", all)
	}
	if got := s.owned(t, nobody); len(got) != 1 || !got[0].Current {
		t.Errorf("a session of nobody sees %+v", got)
	}
	if got := s.owned(t, nil); len(got) != 0 {
		t.Errorf("without a session %+v is seen", got)
	}

	end := func(by *http.Cookie, handle string) bool {
		t.Helper()
		hash, err := s.End(t.Context(), s.visit(t, by).s, handle)
		must(t, err)
		return hash != nil
	}
	if end(foreign, mine.Handle) || end(nobody, mine.Handle) || end(first, mine.Handle) || end(second, "made up") {
		t.Error("a session was ended that is not another one of the same owner")
	}
	if !end(second, mine.Handle) || end(second, mine.Handle) {
		t.Error("the other session was not ended just once")
	}
	s.visit(t, first).wantAnonymous("the session that was ended")
	if s.visit(t, second).s.IsNew {
		t.Error("the one that ended it is gone, too")
	}
}

func TestOwnerFollowsRotation(t *testing.T) {
	s := newSite(t, true)
	s.ownedBy(t, "person:a/1", "x")
	v := s.visit(t, s.ownedBy(t, "link:1", "y"))
	v.s.Values[session.OwnerKey] = "person:a/1"
	must(t, s.Rotate(v.w, v.r, v.s))
	if got := s.owned(t, v.cookie()); len(got) != 2 {
		t.Errorf("after signing in %d sessions are seen, want 2", len(got))
	}
}

// quietly is a request that the page makes by itself.
func (s *site) quietly(t *testing.T, cookie *http.Cookie) *visit {
	t.Helper()
	v := &visit{t: t, r: session.Quiet(s.visitRequest(t, cookie))}
	var err error
	v.s, err = s.Session(v.r)
	must(t, err)
	return v
}

func (s *site) visitRequest(t *testing.T, cookie *http.Cookie) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	must(t, err)
	r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	return r
}

func TestQuietRequestsDoNotProlong(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	for range 59 {
		s.pass(time.Minute)
		v := s.quietly(t, cookie)
		v.wantWho("a page that asks by itself", "kari")
	}
	kept, err := s.Kept(s.quietly(t, cookie).s).Load(t.Context())
	must(t, err)
	kept.Values["renewed"] = "yes"
	must(t, s.Kept(kept).Save(t.Context(), kept)) // nor does work that outlasts its request
	if got := s.quietly(t, cookie).s.Values["renewed"]; got != "yes" {
		t.Errorf("what was kept is %v", got)
	}
	s.pass(time.Minute)
	s.visit(t, cookie).wantAnonymous("after an hour of nothing but that")
}

func TestExtend(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	for range 11 {
		s.pass(59*time.Minute + 59*time.Second)
		v := s.quietly(t, cookie)
		life, err := s.Extend(t.Context(), v.s)
		must(t, err)
		if left := life.Ends.Sub(s.clock()); left != time.Hour {
			t.Fatalf("after Extend %v are left", left)
		}
	}
	s.pass(50 * time.Minute)
	v := s.quietly(t, cookie)
	life, err := s.Extend(t.Context(), v.s)
	must(t, err)
	if !life.Ends.Equal(life.Last) || life.Ends.Sub(s.clock()) >= time.Hour {
		t.Errorf("Extend reaches beyond twelve hours: %+v", life)
	}
	if _, err := s.Extend(t.Context(), s.visit(t, nil).s); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("no session was prolonged: %v", err)
	}
	if life := s.Life(s.visit(t, nil).s); !life.Ends.IsZero() {
		t.Errorf("no session ends at %v", life.Ends)
	}
}

// TestExtendWithinTheMinute counts even where a request is not written down.
func TestExtendWithinTheMinute(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	s.pass(30 * time.Second)
	_, err := s.Extend(t.Context(), s.visit(t, cookie).s)
	must(t, err)
	s.pass(59*time.Minute + 59*time.Second)
	s.visit(t, cookie).wantWho("within the hour after it", "kari")
}

// TestKeptSavesBesideRequests: what work keeps and what a request saves meanwhile both stay.
func TestKeptSavesBesideRequests(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	v := s.visit(t, cookie)
	kept := s.Kept(v.s)
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			loaded, err := kept.Load(t.Context())
			if err == nil {
				loaded.Values["token"] = "fresh"
				err = kept.Save(t.Context(), loaded)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	v.s.Values["page"] = "done"
	v.save()
	done.Wait()
	got := s.visit(t, cookie)
	if got.s.Values["token"] != "fresh" || got.s.Values["page"] != "done" || got.s.Values["who"] != "kari" {
		t.Errorf("the session holds %v, %v, %v", got.s.Values["token"], got.s.Values["page"], got.s.Values["who"])
	}
	must(t, s.Destroy(got.w, got.r, got.s))
	if _, err := kept.Load(t.Context()); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a session that has ended is loaded: %v", err)
	}
}

func TestUnknownCookies(t *testing.T) {
	s := newSite(t, true)
	good := s.signedIn(t)
	for what, c := range map[string]struct {
		cookie *http.Cookie
		want   bool
	}{
		"none": {nil, false}, "good": {good, false}, "made up": {&http.Cookie{Name: good.Name, Value: "x"}, true},
		"another cookie": {&http.Cookie{Name: "theme", Value: "dark"}, false},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		must(t, err)
		if c.cookie != nil {
			r.AddCookie(&http.Cookie{Name: c.cookie.Name, Value: c.cookie.Value})
		}
		if unknown, err := s.Unknown(r); err != nil || unknown != c.want {
			t.Errorf("%s: unknown %v, %v", what, unknown, err)
		}
	}
}

// TestDestroyFollowsARename: signing out ends the session even when another request gave it another id meanwhile, and what
// comes after finds nothing to rename.
func TestDestroyFollowsARename(t *testing.T) {
	s := newSite(t, true)
	s.ownedBy(t, "person:a/1", "another browser")
	s.pass(time.Minute)
	cookie := s.ownedBy(t, "person:a/1", "x")
	out, opening := s.visit(t, cookie), s.visit(t, cookie)
	must(t, s.Rotate(opening.w, opening.r, opening.s))
	must(t, s.Destroy(out.w, out.r, out.s))
	s.visit(t, opening.cookie()).wantAnonymous("the id that it was given meanwhile")
	if err := s.Rotate(opening.w, opening.r, opening.s); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("renamed after its end: %v", err)
	}
}
