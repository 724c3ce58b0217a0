package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/web/session"
)

func TestRotate(t *testing.T) {
	s := newSite(t, true)
	old := s.signedIn(t)
	v := s.visit(t, old)
	before, setup := session.Hash(v.s), s.grant(t, v)
	copied := s.visit(t, old) // a request that runs meanwhile
	copied.s.Values["late"] = "x"

	v.s.Values["who"] = "ola"
	must(t, s.Rotate(v.w, v.r, v.s))
	fresh := v.cookie()
	if fresh == nil || fresh.Value == old.Value {
		t.Fatal("the id did not change")
	}
	s.visit(t, old).wantAnonymous("the old cookie")
	after := s.visit(t, fresh)
	after.wantWho("the new cookie", "ola")
	if bytes.Equal(session.Hash(after.s), before) || !bytes.Equal(session.Hash(after.s), session.Hash(v.s)) {
		t.Error("the hash is not that of the new id")
	}
	if s.granted(t, before, setup) || !s.granted(t, session.Hash(v.s), setup) {
		t.Error("the grant did not move to the new id")
	}
	if err := copied.s.Save(copied.r, copied.w); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("saving under the old id: %v, want ErrNotFound", err)
	}
	if copied.cookie() != nil {
		t.Error("the late request was given a cookie")
	}
	v.s.Values["more"] = "y"
	must(t, v.s.Save(v.r, v.w)) // a Save after Rotate in one request
	if got := s.visit(t, fresh).s.Values["more"]; got != "y" {
		t.Errorf("saved after Rotate: %v", got)
	}
}

func TestRotateOfAnAnonymousSession(t *testing.T) {
	s := newSite(t, true)
	v := s.visit(t, nil)
	v.s.Values["who"] = "kari"
	first := v.save()
	must(t, s.Rotate(v.w, v.r, v.s))
	second := v.cookie() // fails when the answer sets two
	s.visit(t, first).wantAnonymous("the id before the rotation")
	s.visit(t, second).wantWho("the id after it", "kari")
	v = s.visit(t, nil)
	v.s.Values["who"] = "ola"
	must(t, s.Rotate(v.w, v.r, v.s))
	s.visit(t, v.cookie()).wantWho("rotated without a Save before", "ola")
}

func TestDestroy(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	late := s.visit(t, cookie)
	v := s.visit(t, cookie)
	hash, setup := session.Hash(v.s), s.grant(t, v)
	must(t, s.Destroy(v.w, v.r, v.s))
	if gone := v.cookie(); gone.Value != "" || gone.MaxAge >= 0 {
		t.Errorf("the browser was not told to forget the cookie: %v", gone)
	}
	s.visit(t, cookie).wantAnonymous("a copied cookie")
	if s.granted(t, hash, setup) {
		t.Error("the session's grant is still there")
	}
	late.s.Values["who"] = "ola"
	if err := late.s.Save(late.r, late.w); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a late Save: %v, want ErrNotFound", err)
	}
	if err := s.Rotate(late.w, late.r, late.s); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a late Rotate: %v, want ErrNotFound", err)
	}
	s.visit(t, cookie).wantAnonymous("a copied cookie after a late Save")
	must(t, s.Destroy(late.w, late.r, late.s)) // two tabs sign out

	v.s.AddFlash("You are signed out.")
	next := s.visit(t, v.save())
	if len(next.s.Flashes()) != 1 || next.s.Values["who"] != nil {
		t.Error("a session begun after the end does not hold just what was put into it")
	}
	next.s.Options.MaxAge = -1 // gorilla's own way to say it
	if gone := next.save(); gone == nil || gone.MaxAge >= 0 {
		t.Error("MaxAge < 0 did not end the session")
	}
}

func TestIdleEnd(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	for range 5 {
		s.pass(59 * time.Minute)
		s.visit(t, cookie).wantWho("a request within the hour", "kari")
	}
	s.pass(60 * time.Minute)
	s.visit(t, cookie).wantAnonymous("after an idle hour")
	if n, err := s.db.DeleteExpiredSessions(t.Context(), s.clock()); n != 1 || err != nil {
		t.Errorf("swept %d, %v; want 1", n, err)
	}
}

func TestAbsoluteEnd(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	for range 23 {
		s.pass(30 * time.Minute)
		v := s.visit(t, cookie)
		v.wantWho("a request within twelve hours", "kari")
		must(t, s.Rotate(v.w, v.r, v.s)) // neither use nor rotation prolongs it
		cookie = v.cookie()
	}
	s.pass(30*time.Minute - time.Second)
	s.visit(t, cookie).wantWho("the last second", "kari")
	s.pass(time.Second)
	s.visit(t, cookie).wantAnonymous("after twelve hours")
}

// counted counts what is written.
type counted struct {
	session.Storage
	touches, saves int
}

func (c *counted) TouchSession(ctx context.Context, hash []byte, seen, expires time.Time) error {
	c.touches++
	return c.Storage.TouchSession(ctx, hash, seen, expires)
}

func (c *counted) SaveSession(ctx context.Context, r session.Record) error {
	c.saves++
	return c.Storage.SaveSession(ctx, r)
}

func TestRequestsWriteSeldom(t *testing.T) {
	s := newSite(t, true)
	keys, err := seal.ParseKeyring(seal.Generate())
	must(t, err)
	count := &counted{Storage: s.db}
	st := session.New(count, keys, session.Options{Secure: true, Now: s.clock})
	v := visitOf(t, st, nil)
	v.s.Values["who"] = "kari"
	cookie := v.save()
	for range 120 { // two minutes of a page that asks every second, and saves what it did not change
		s.pass(time.Second)
		v := visitOf(t, st, cookie)
		v.save()
	}
	if count.touches != 2 || count.saves != 1 {
		t.Errorf("%d touches and %d saves in two minutes, want 2 and the first save", count.touches, count.saves)
	}
}

var errAway = errors.New("the database is away")

type away struct{ session.Storage }

func (away) LoadSession(context.Context, []byte, time.Time) (session.Record, error) {
	return session.Record{}, errAway
}

func TestStorageFaultIsNotAnonymous(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	keys, err := seal.ParseKeyring(seal.Generate())
	must(t, err)
	v := s.visit(t, cookie)
	got, err := session.New(away{s.db}, keys, session.Options{Secure: true, Now: s.clock}).New(v.r, s.Name())
	if !errors.Is(err, errAway) || got == nil {
		t.Errorf("session %v, error %v; want the fault, so that nobody is taken for signed out", got, err)
	}
	s.visit(t, cookie).wantWho("when it is back", "kari")
}

func TestConcurrentSavesKeepEachOthersKeys(t *testing.T) {
	s := newSite(t, true)
	v := s.visit(t, nil)
	v.s.Values["who"], v.s.Values["shared"] = "kari", "0"
	for n := range 16 {
		v.s.Values[fmt.Sprint("old", n)] = "x"
	}
	cookie := v.save()
	const writers = 32
	visits := make([]*visit, writers)
	for n := range visits {
		visits[n] = s.visit(t, cookie) // all of them load before any of them saves
	}
	var done sync.WaitGroup
	for n, v := range visits {
		done.Go(func() {
			v.s.Values[fmt.Sprint("key", n)] = fmt.Sprint(n)
			v.s.Values["shared"] = fmt.Sprint(n)
			if n < 16 {
				delete(v.s.Values, fmt.Sprint("old", n))
			}
			if err := v.s.Save(v.r, v.w); err != nil {
				t.Errorf("writer %d: %v", n, err)
			}
		})
	}
	done.Wait()
	got := s.visit(t, cookie)
	got.wantWho("after all", "kari")
	for n := range writers {
		if got.s.Values[fmt.Sprint("key", n)] != fmt.Sprint(n) {
			t.Errorf("the key of writer %d is lost", n)
		}
		if n < 16 && got.s.Values[fmt.Sprint("old", n)] != nil {
			t.Errorf("what writer %d took out is back", n)
		}
	}
	if got.s.Values["shared"] == "0" {
		t.Error("nobody's change of the shared key stands")
	}
}

func TestSecondSaveOfARequestKeepsWhatOthersSaved(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	a, b := s.visit(t, cookie), s.visit(t, cookie)
	b.s.Values["b"] = "1"
	b.save()
	a.s.Values["a"] = "1"
	a.save()
	a.s.Values["a"] = "2"
	a.save()
	got := s.visit(t, cookie).s.Values
	if got["a"] != "2" || got["b"] != "1" || got["who"] != "kari" {
		t.Errorf("a = %v, b = %v, who = %v", got["a"], got["b"], got["who"])
	}
}

func TestEmptiedValuesAreEmptied(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	v := s.visit(t, cookie)
	clear(v.s.Values)
	v.s.Values["only"] = "this"
	v.save()
	v = s.visit(t, cookie)
	if v.s.IsNew || v.s.Values["who"] != nil || v.s.Values["only"] != "this" {
		t.Error("the session does not hold just what it was left with")
	}
}

func TestConcurrentRotationsHaveOneWinner(t *testing.T) {
	s := newSite(t, true)
	cookie := s.signedIn(t)
	visits := make([]*visit, 16)
	for n := range visits {
		visits[n] = s.visit(t, cookie)
	}
	var done sync.WaitGroup
	for _, v := range visits {
		done.Go(func() {
			if err := s.Rotate(v.w, v.r, v.s); err != nil && !errors.Is(err, session.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	done.Wait()
	alive := 0
	for _, v := range visits {
		if c := v.cookie(); c != nil {
			s.visit(t, c).wantWho("the winner", "kari")
			alive++
		}
	}
	if alive != 1 {
		t.Errorf("%d rotations of one session gave out an id, want 1", alive)
	}
	s.visit(t, cookie).wantAnonymous("the old cookie")
}
