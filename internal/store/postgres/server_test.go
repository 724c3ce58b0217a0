package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store/postgres"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

func newSetup() onboarding.Setup {
	return onboarding.Setup{ID: onboarding.NewOperation(), Version: 1, Company: "Contoso AS", CreatedAt: time.Now()}
}

// raw is a connection of its own, as somebody beside the program has it.
func raw(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close(context.Background())) })
	return conn
}

func TestNoErrorHoldsTheAddress(t *testing.T) {
	const password = "correct-horse-battery"
	for _, address := range []string{
		"postgres://onboard:" + password + "@127.0.0.1:1/onboard",                   // nobody listens
		"postgres://onboard:" + password + "@127.0.0.1:port/onboard",                // no port
		"postgres://onboard:" + password + "@[::1/onboard",                          // no address
		"postgres://onboard:" + password + "%zz@127.0.0.1/onboard",                  // not encoded
		"postgres://127.0.0.1:1/onboard?password=" + password,                       // elsewhere
		"postgres://127.0.0.1:1/onboard?sslmode=" + password,                        // in a wrong place
		"postgres://onboard:" + password + "/@127.0.0.1:1/onboard?connect_timeout=", // a slash
	} {
		s, err := postgres.Open(t.Context(), secret.New(address))
		if err == nil {
			t.Errorf("opened %s", address)
			must(t, s.Close())
			continue
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("the password is told: %v", err)
		}
	}
}

// TestConnectionsAskForWhatTheyNeed: whatever the server's defaults are.
func TestConnectionsAskForWhatTheyNeed(t *testing.T) {
	address := postgrestest.Database(t)
	for more, want := range map[string]string{
		"": "on onboard", "&synchronous_commit=off": "on onboard", "&synchronous_commit=remote_apply&application_name=blue": "remote_apply blue",
	} {
		s := open(t, address+more)
		must(t, s.CreateSetup(t.Context(), newSetup()))
		got, err := s.Setting(t.Context(), "synchronous_commit", "application_name")
		must(t, err)
		if got != want {
			t.Errorf("%s: %s, want %s", more, got, want)
		}
	}
	if def := defaultOf(t, address, "synchronous_commit"); def != "off" {
		t.Errorf("the server's default is %s: this test shows nothing", def)
	}
}

func defaultOf(t *testing.T, address, name string) (value string) {
	t.Helper()
	must(t, raw(t, address).QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&value))
	return value
}

// TestPowerCut: what was acknowledged is there after a server that wrote nothing any more, and the handle goes on by itself.
func TestPowerCut(t *testing.T) {
	server := postgrestest.Start(t)
	s := open(t, server.Database(t))
	poked := make(chan struct{}, 100)
	s.OnEvents(func() { poked <- struct{}{} })
	setup := newSetup()
	must(t, s.CreateSetup(t.Context(), setup))
	for range 20 {
		saved, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Events: []onboarding.Event{{Kind: "saved"}}})
		must(t, err)
		setup = saved
	}
	server.Crash(t)
	if s.Ping(t.Context()) == nil {
		t.Error("Ping succeeds without a server")
	}
	if _, err := s.Save(t.Context(), onboarding.Change{Setup: setup}); err == nil {
		t.Error("saved without a server")
	}
	server.Again(t)
	for len(poked) > 0 {
		<-poked
	}
	must(t, s.Ping(t.Context()))
	kept, err := s.Setup(t.Context(), setup.ID)
	must(t, err)
	if kept.Version != setup.Version {
		t.Errorf("version %d, %d was acknowledged", kept.Version, setup.Version)
	}
	select {
	case <-poked: // it listens again, and says that something may have been missed
	case <-time.After(20 * time.Second):
		t.Error("nobody listens any more")
	}
}

func TestOpenTakesANewerSchema(t *testing.T) {
	address := postgrestest.Database(t)
	setup := newSetup()
	s := open(t, address)
	must(t, s.CreateSetup(t.Context(), setup))
	conn := raw(t, address)
	for _, statement := range []string{
		`ALTER TABLE setups ADD COLUMN later text NOT NULL DEFAULT ''`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`,
		`UPDATE setups SET state = (state::jsonb || '{"later": 1}')::json`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		must(t, err)
	}
	for _, s := range []*postgres.Store{s, open(t, address)} { // one that was open, and one that is opened now
		kept, err := s.Setup(t.Context(), setup.ID)
		must(t, err)
		_, err = s.Save(t.Context(), onboarding.Change{Setup: kept})
		must(t, err)
		must(t, s.CreateSetup(t.Context(), newSetup()))
	}
}

// TestWhatATextCannotHold: PostgreSQL refuses NUL and bytes that are no UTF-8 in texts; nobody may meet a failure for that.
func TestWhatATextCannotHold(t *testing.T) {
	s := open(t, postgrestest.Database(t))
	for _, odd := range []string{"\x00", "a\x00b", "\xff\xfe", "\xc3", "\xed\xa0\x80"} {
		if _, err := s.Setup(t.Context(), odd); !isMissing(err) {
			t.Errorf("%q: %v", odd, err)
		}
		rows, err := s.RowsOf(t.Context(), []string{odd})
		must(t, err)
		if len(rows) != 0 {
			t.Errorf("%q: found %d", odd, len(rows))
		}
		setup := newSetup()
		setup.Company, setup.Contact, setup.State.Answers.DisplayName = "C"+odd, odd, odd
		must(t, s.CreateSetup(t.Context(), setup, onboarding.Event{Kind: odd, Actor: odd, Detail: map[string]string{"problem": odd, odd: odd}}))
		kept, err := s.Setup(t.Context(), setup.ID)
		must(t, err)
		if !strings.HasPrefix(kept.Company, "C") || strings.ContainsRune(kept.Company, 0) {
			t.Errorf("%q became %q", setup.Company, kept.Company)
		}
		if _, err := s.Events(t.Context(), setup.ID); err != nil {
			t.Errorf("%q: %v", odd, err)
		}
	}
}
