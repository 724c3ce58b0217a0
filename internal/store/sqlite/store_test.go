package sqlite_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if act := os.Getenv(actVariable); act != "" {
		os.Exit(actAsChild(act))
	}
	goleak.VerifyTestMain(m)
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, newPath(t)) })
}

func TestReopen(t *testing.T) {
	storetest.RunReopen(t, func(t *testing.T) func() (storetest.Store, error) {
		path := newPath(t)
		return func() (storetest.Store, error) { return sqlite.Open(t.Context(), path) }
	})
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "onboard.db") }

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSetup() onboarding.Setup {
	return onboarding.Setup{ID: onboarding.NewOperation(), Version: 1, Company: "Contoso AS", CreatedAt: time.Now()}
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	must(t, s.CreateSetup(t.Context(), newSetup()))
	files, err := filepath.Glob(path + "*")
	must(t, err)
	if len(files) != 4 {
		t.Errorf("files = %v, want database, log, index and migration lock", files)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", filepath.Base(file), info.Mode().Perm())
		}
	}
}

func TestClaimedCiphertextLeavesTheFiles(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	ciphertext := bytes.Repeat([]byte("claimed ciphertext."), 400) // longer than a page, so that it lies on pages of its own
	small := []byte("a short ciphertext 9d1f")
	setup := newSetup()
	must(t, s.CreateSetup(t.Context(), setup))
	setup, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Put: map[string]onboarding.SealedSecret{
		"scim-token": {Value: ciphertext}, "client-secret": {Value: small},
	}})
	must(t, err)
	must(t, s.Checkpoint(t.Context()))
	if !inFiles(t, path, ciphertext[:200]) || !inFiles(t, path, small) {
		t.Fatal("the ciphertexts are not in the files: this test looks in the wrong place")
	}
	setup, _, err = s.Claim(t.Context(), onboarding.Change{Setup: setup}, "scim-token")
	must(t, err)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup, Drop: []string{"client-secret"}})
	must(t, err)
	must(t, s.Checkpoint(t.Context()))
	if inFiles(t, path, ciphertext[:38]) {
		t.Error("a claimed ciphertext is still in the files after a checkpoint")
	}
	if inFiles(t, path, small) {
		t.Error("a dropped ciphertext is still in the files after a checkpoint")
	}
}

// inFiles reports whether the bytes are in the database, its log or its index.
func inFiles(t *testing.T, path string, want []byte) bool {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	must(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(t, err)
		if bytes.Contains(content, want) {
			return true
		}
	}
	return false
}

func TestCloseEmptiesTheLog(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	must(t, s.CreateSetup(t.Context(), newSetup()))
	must(t, s.Close())
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the log is there after the last handle was closed: %v", err)
	}
}

func TestOpenTakesAnyPath(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"onboard.db", "a b?c#d%41&e=f.db", "ø:ü.db", "./x.db"} {
		s := open(t, path)
		must(t, s.Close())
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the database is not where it was asked for: %v", err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	garbage := filepath.Join(folder, "garbage.db")
	must(t, os.WriteFile(garbage, []byte(strings.Repeat("not a database ", 1000)), 0o600))
	for name, path := range map[string]string{
		"no path": "", "memory": ":memory:", "no folder": filepath.Join(folder, "missing", "onboard.db"), "folder": folder, "garbage": garbage,
	} {
		s, err := sqlite.Open(t.Context(), path)
		if err == nil {
			t.Errorf("%s: opened", name)
			must(t, s.Close())
		}
	}
	content, err := os.ReadFile(garbage)
	must(t, err)
	if !bytes.HasPrefix(content, []byte("not a database ")) {
		t.Error("a file that is no database was written to")
	}
}

// An older program meets the schema of a newer one during a rolling update, and after a roll-back.
func TestOpenTakesANewerSchema(t *testing.T) {
	path := newPath(t)
	setup := newSetup()
	s := open(t, path)
	must(t, s.CreateSetup(t.Context(), setup))
	must(t, s.Close())
	raw, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = raw.ExecContext(t.Context(), `
		ALTER TABLE setups ADD COLUMN later TEXT NOT NULL DEFAULT '';
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1);
		UPDATE setups SET state = json_set(state, '$.later', 1)`)
	must(t, err)
	must(t, raw.Close())
	s = open(t, path)
	setup, err = s.Setup(t.Context(), setup.ID)
	must(t, err)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup})
	must(t, err)
	must(t, s.CreateSetup(t.Context(), newSetup()))
}

// TestBegunBySigningInIsSelfBegunToOldPrograms: the program before 00002 reads self_begun alone, and would let a link act with
// the operator's client.
func TestBegunBySigningInIsSelfBegunToOldPrograms(t *testing.T) {
	path, db := before(t)
	_, err := db.ExecContext(t.Context(), insertBefore, "old", "Old AS", "nordlys", "", "", "", false, true, 1, 1, nil, nil, noState)
	must(t, err)
	_, err = db.ExecContext(t.Context(), insertBefore, "operator", "Operator AS", "nordlys", "", "", "", false, false, 1, 1, nil, nil, noState)
	must(t, err)
	must(t, db.Close())
	s := open(t, path)
	fresh := newSetup()
	fresh.ID, fresh.Tenant, fresh.BegunBySignin = "fresh", "nordlys", true
	must(t, s.CreateSetup(t.Context(), fresh))
	for id, bySignin := range map[string]bool{"old": true, "fresh": true, "operator": false} {
		var self bool
		must(t, raw(t, path).QueryRowContext(t.Context(), `SELECT self_begun FROM setups WHERE id = ?`, id).Scan(&self))
		setup, err := s.Setup(t.Context(), id)
		must(t, err)
		if self != bySignin || setup.SelfBegun || setup.BegunBySignin != bySignin {
			t.Errorf("%s: stored as self-begun %v; read as self-begun %v, begun by signing in %v", id, self, setup.SelfBegun, setup.BegunBySignin)
		}
	}
	found, err := s.SetupsOfTenant(t.Context(), "nordlys", 10)
	if must(t, err); len(found) != 3 {
		t.Errorf("the administrator finds %d setups, want 3", len(found))
	}
}

func TestPingNoticesThatTheFileIsAway(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	must(t, s.Ping(t.Context()))
	must(t, os.Rename(path, path+".away"))
	if s.Ping(t.Context()) == nil {
		t.Error("Ping succeeds while the file is away")
	}
	must(t, os.WriteFile(path, nil, 0o600))
	if s.Ping(t.Context()) == nil {
		t.Error("Ping succeeds on another file")
	}
	must(t, os.Rename(path+".away", path))
	must(t, s.Ping(t.Context())) // ready again without a restart
	must(t, s.Close())
	if s.Ping(t.Context()) == nil {
		t.Error("Ping succeeds on a closed store")
	}
}

func TestForgetLeases(t *testing.T) {
	s := open(t, newPath(t))
	now := time.Now()
	for _, setup := range []string{"a", "b"} {
		_, err := s.AcquireLease(t.Context(), setup, "dead", now, now.Add(time.Hour))
		must(t, err)
	}
	must(t, s.ForgetLeases(t.Context()))
	for _, setup := range []string{"a", "b"} {
		held, err := s.Leased(t.Context(), setup, now)
		must(t, err)
		if held {
			t.Errorf("the lease of %s is still held", setup)
		}
	}
}
