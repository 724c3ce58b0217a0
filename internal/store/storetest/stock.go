package storetest

import (
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/store"
	"github.com/aritma/entra-onboard/web/session"
)

func stock(t *testing.T, s Store) store.Stock {
	t.Helper()
	found, err := s.Stock(t.Context(), now)
	must(t, err)
	return found
}

func testStock(t *testing.T, s Store) {
	wantEqual(t, "stock of nothing", stock(t, s), store.Stock{})
	made(t, s, now)
	made(t, s, now, isOpened)
	moves := made(t, s, now, isOpened)
	made(t, s, now, isOpened, func(s *onboarding.Setup) { s.ClosedAt = now })
	for hash, left := range map[string]time.Duration{"open": time.Second, "ended": 0} {
		must(t, s.SaveSession(t.Context(), session.Record{Hash: []byte(hash), Values: value(1), CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(left)}))
	}
	want := store.Stock{Setups: []store.Standing{
		{Stand: "closed", Step: "application", N: 1}, {Stand: "in-progress", Step: "application", N: 2}, {Stand: "not-opened", Step: "application", N: 1},
	}, Sessions: 1, Waiting: 3}
	wantEqual(t, "stock", stock(t, s), want)
	changed(t, s, moves, atDirectory)
	m, claimed, err := s.ClaimMessage(t.Context(), now.Add(time.Hour), now.Add(2*time.Hour))
	must(t, err)
	if !claimed {
		t.Fatal("no message is due")
	}
	must(t, s.GiveUpMessage(t.Context(), m, "nobody listens"))
	want.Setups[1].N = 1
	want.Setups = append(want.Setups[:2:2], store.Standing{Stand: "in-progress", Step: "directory", N: 1}, want.Setups[2])
	want.Waiting, want.GivenUp = 2, 1
	wantEqual(t, "stock after a change", stock(t, s), want)
}
