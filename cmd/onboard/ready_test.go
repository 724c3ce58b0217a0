package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/reseal"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

// says is what /readyz says.
func (s *site) says() (status int, text string) {
	s.t.Helper()
	v := s.visitor()
	got := v.once(v.request(http.MethodGet, "/readyz", nil))
	return got.status, got.body
}

// becomes waits until /readyz says something, within seconds.
func (s *site) becomes(status int, text string) {
	s.t.Helper()
	eventually(s.t, "/readyz saying "+text, func() bool {
		gotStatus, got := s.says()
		return gotStatus == status && got == text
	})
}

// sealProof seals the proof in the database of the service with keys, as a database of another service has it.
func (s *site) sealProof(keys string) {
	s.t.Helper()
	environ := map[string]string{"ONBOARD_PUBLIC_URL": s.public}
	for name, value := range s.environ {
		environ[name] = value
	}
	environ["ONBOARD_SEALING_KEYS"] = keys
	c, err := config.Load(environ)
	if err != nil {
		s.t.Fatal(err)
	}
	store, err := openStorage(s.t.Context(), c)
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := store.SealedRows(s.t.Context(), reseal.KeyProof, reseal.Row{}, 1)
	if err != nil || len(rows) != 1 {
		s.t.Fatalf("%d key proofs: %v", len(rows), err)
	}
	proof := c.Keys.Seal(secret.New("onboard"), onboarding.KeyProofPlace)
	_, err = store.SwapSealed(s.t.Context(), reseal.KeyProof, []reseal.Swap{{Row: rows[0], Next: proof}})
	if err := errors.Join(err, store.Close()); err != nil {
		s.t.Fatal(err)
	}
}

const ready = "ready\n"

// TestReadyzTellsReasons: each reason is a line, while it lasts, on both engines; nothing of an address is in it, and the
// service goes on by itself.
func TestReadyzTellsReasons(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	address := server.Database(t)
	engines := map[string]map[string]string{"sqlite": nil, "postgres": {"ONBOARD_DATABASE_URL": address}}
	for name, changes := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, changes)
			s.becomes(http.StatusOK, ready)
			s.sealProof(seal.Generate().Expose())
			s.becomes(http.StatusServiceUnavailable, reasonKeys+"\n")
			s.sealProof(s.environ["ONBOARD_SEALING_KEYS"])
			s.becomes(http.StatusOK, ready)

			away, back := func() { server.Crash(t) }, func() { server.Again(t) }
			if path, file := strings.CutPrefix(s.environ["ONBOARD_DATABASE_URL"], "sqlite://"); file {
				away = func() { must(t, os.Rename(path, path+"-moved")) }
				back = func() { must(t, os.Rename(path+"-moved", path)) }
			}
			away()
			s.becomes(http.StatusServiceUnavailable, reasonDatabase+"\n")
			back()
			since := time.Now()
			s.becomes(http.StatusOK, ready)
			if took := time.Since(since); took > 10*time.Second { // promised, however slow the machine
				t.Errorf("ready %v after the database was back", took)
			}
			for _, msg := range []string{`"msg":"not ready"`, `"msg":"ready again"`} {
				if n := strings.Count(s.log.String(), msg); n != 2 {
					t.Errorf("%d lines of %s, want one at each turn", n, msg)
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestReadinessIsCheap: the database is asked once in a while, however many want to know; that the service stops is told at once.
func TestReadinessIsCheap(t *testing.T) {
	t.Parallel()
	asked, now := 0, time.Now()
	answer := error(nil)
	r := &readiness{
		check: func(context.Context) error { asked++; return answer }, log: slog.New(slog.DiscardHandler), now: func() time.Time { return now },
	}
	said := func(wantAsked int, want ...string) {
		t.Helper()
		race(8, func(int) {
			if got := r.reasons(t.Context()); !slices.Equal(got, want) {
				t.Errorf("it says %q, want %q", got, want)
			}
		})
		if asked != wantAsked {
			t.Errorf("the database was asked %d times, want %d", asked, wantAsked)
		}
	}
	said(1)
	answer = errors.New("connect to secret.example: no route")
	said(1)
	now = now.Add(readyFor)
	said(2, reasonDatabase)
	r.stopping.Store(true)
	said(2, reasonStopping, reasonDatabase)
	now, answer = now.Add(readyFor), fmt.Errorf("keys: %w", seal.ErrOpen)
	said(3, reasonStopping, reasonKeys)
	now, answer = now.Add(readyFor), onboarding.ErrNotFound // restored from something that is none of ours
	said(4, reasonStopping, reasonKeys)
	r.stopping.Store(false)
	r.locked = true
	now, answer = now.Add(readyFor), nil
	said(5, reasonKeys)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	now = now.Add(readyFor)
	r.check = func(ctx context.Context) error { return ctx.Err() }
	r.locked = false
	if got := r.reasons(cancelled); len(got) != 0 {
		t.Errorf("who asks and goes away leaves %q to the others", got)
	}
}
