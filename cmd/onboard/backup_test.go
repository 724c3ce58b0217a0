package main

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

// rehearse makes a backup while the service runs and people work, loses the database, restores, and goes on. What was there when
// the backup was made is there again, and no token is shown twice: neither one that was shown before, nor one that was shown after.
// Settled are the flags of "onboard restored".
func rehearse(t *testing.T, s *site, backup, lose, restore func(), settled ...string) {
	t.Helper()
	link, waiting := s.link(), s.link("--company", "Second AS", "--scheme", "second-entra")
	v := s.visitor().open(link).walk("review").register().handOver()
	before := v.value()
	late := s.visitor().open(waiting).walk("review").register()
	s.sandbox.Faults().SetOn(sandbox.IAMSlow, "POST /core/iam/v1/scim", 1)
	late.send(map[string]string{"replaces": "0"})
	s.sandbox.Faults().Release()
	late.idle("token")
	backup()
	since := s.link("--company", "Third AS", "--scheme", "third-entra")
	after := late.send(nil).value()
	if before == "" || after == "" {
		t.Fatalf("no token is shown: %s", late.text("main"))
	}
	s.stop()
	lose()
	restore()
	if said := s.command(append([]string{"restored"}, settled...)...); said != "SCIM tokens withheld: 1\nsessions ended: 2\n" {
		t.Errorf("restored says %q", said)
	}
	s.start()

	if v = v.again(); v.get("/setup/"+late.setup()+"/token").status != http.StatusNotFound {
		t.Errorf("a session of before is answered %d", v.status)
	}
	for at, value := range map[string]string{link: before, waiting: after} {
		v := s.visitor().open(at).at("token")
		if strings.Contains(v.text("body"), value) || v.page.Find("form[action$='/token/show']").Length() != 0 || !strings.Contains(v.text("main"), "cannot be shown again") {
			t.Errorf("a token that was shown: %s", v.text("main"))
		}
		setup := "/setup/" + v.setup()
		if v.once(v.request(http.MethodPost, setup+"/token/show", url.Values{})); strings.Contains(v.get(setup+"/token").text("body"), value) {
			t.Error("it is shown to who insists")
		}
		if v.get(setup + "/token/replace").handOver(); v.value() == "" || v.value() == value {
			t.Errorf("it cannot be replaced: %s", v.text("main"))
		}
	}
	if kinds := s.kindsOf(late.setup()); !slices.Contains(kinds, "token.withheld") {
		t.Errorf("the trail says %q", kinds)
	}
	if got := s.visitor().get(since); got.status != http.StatusNotFound {
		t.Errorf("a link that was made after the backup is answered %d", got.status)
	}
}

// kindsOf are the kinds of the events of a setup, on whichever engine.
func (s *site) kindsOf(setup string) (kinds []string) {
	s.t.Helper()
	c, err := config.Load(s.with(map[string]string{"ONBOARD_PUBLIC_URL": s.public}))
	if err != nil {
		s.t.Fatal(err)
	}
	store, err := openStorage(s.t.Context(), c)
	if err != nil {
		s.t.Fatal(err)
	}
	events, err := store.Events(s.t.Context(), setup)
	if err := errors.Join(err, store.Close()); err != nil {
		s.t.Fatal(err)
	}
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestBackupAndRestoreOnSQLite(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	path := strings.TrimPrefix(s.environ["ONBOARD_DATABASE_URL"], "sqlite://")
	to := filepath.Join(t.TempDir(), "backup.db")
	rehearse(t, s, func() { s.command("backup", to) }, func() {
		files, _ := filepath.Glob(path + "*")
		for _, file := range files {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}, func() {
		if err := os.Rename(to, path); err != nil {
			t.Fatal(err)
		}
	})
}

func TestBackupAndRestoreOnPostgres(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	s := newSite(t, map[string]string{"ONBOARD_DATABASE_URL": server.Database(t)})
	var dump []byte
	rehearse(t, s, func() {
		dump = server.Run(t, nil, "pg_dump", "--format=custom", s.environ["ONBOARD_DATABASE_URL"])
	}, func() {
		s.environ["ONBOARD_DATABASE_URL"] = server.Database(t)
	}, func() {
		server.Run(t, dump, "pg_restore", "--exit-on-error", "--no-owner", "--dbname", s.environ["ONBOARD_DATABASE_URL"])
		s.refusedWhileSwept(t)
	}, "--yes")
}

// TestBackupRefuses what would lose something, and leaves nothing behind.
func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	dir := t.TempDir()
	there := filepath.Join(dir, "there.db")
	if err := os.WriteFile(there, []byte("of yesterday"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		to      string
		changes map[string]string
		want    string
	}{
		"a file that is there": {there, nil, "is there already"},
		"a folder that is not": {filepath.Join(dir, "no", "backup.db"), nil, "no such file"},
		"no database":          {filepath.Join(dir, "new.db"), map[string]string{"ONBOARD_DATABASE_URL": "sqlite://" + filepath.Join(dir, "none.db")}, "there is no database at"},
		"PostgreSQL":           {filepath.Join(dir, "new.db"), map[string]string{"ONBOARD_DATABASE_URL": "postgres://onboard@127.0.0.1:1/onboard"}, "pg_dump"},
	} {
		environ := s.with(map[string]string{"ONBOARD_PUBLIC_URL": s.public})
		for variable, value := range row.changes {
			environ[variable] = value
		}
		status, out, log := command(t, environ, "backup", row.to)
		if status != 1 || out != "" || !strings.Contains(log, row.want) {
			t.Errorf("%s: status %d, printed %q, said %q", name, status, out, log)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are there afterwards, want the one of yesterday: %v", len(entries), err)
	}
	to := filepath.Join(dir, "new.db")
	s.command("backup", to)
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v", info, err)
	}
}

// refusedWhileSwept wants "onboard restored" to refuse while a replica holds the lease of the sweep, as a dump may say, too.
func (s *site) refusedWhileSwept(t *testing.T) {
	t.Helper()
	environ := s.with(map[string]string{"ONBOARD_PUBLIC_URL": s.public})
	c, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openStorage(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	_, err = store.AcquireLease(t.Context(), sweepLease, "another", now.Add(time.Hour), now.Add(2*time.Hour))
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	if status, out, log := command(t, environ, "restored"); status != 1 || out != "" || !strings.Contains(log, "a replica serves this database") {
		t.Errorf("restored, beside a replica: status %d, printed %q, said %q", status, out, log)
	}
}

// TestBackupsToOneName: one of several at once makes it, and nothing is left of the others.
func TestBackupsToOneName(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	dir := t.TempDir()
	environ := s.with(map[string]string{"ONBOARD_PUBLIC_URL": s.public})
	statuses := make([]int, 6)
	race(len(statuses), func(i int) { statuses[i], _, _ = command(t, environ, "backup", filepath.Join(dir, "same.db")) })
	slices.Sort(statuses)
	if !slices.Equal(statuses, []int{0, 1, 1, 1, 1, 1}) {
		t.Errorf("they end with %v, want one with 0", statuses)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d files are there: %v", len(entries), err)
	}
}

// TestRestoredRefuses what would end the sessions of people at work, or of another service's database.
func TestRestoredRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("application")
	for name, row := range map[string]struct{ keys, want string }{
		"a service that runs":      {s.environ["ONBOARD_SEALING_KEYS"], "another process serves"},
		"keys of another database": {seal.Generate().Expose(), "not the keys of this database"},
	} {
		environ := s.with(map[string]string{"ONBOARD_PUBLIC_URL": s.public, "ONBOARD_SEALING_KEYS": row.keys})
		for _, args := range [][]string{{"restored"}, {"restored", "--yes"}} {
			if status, out, log := command(t, environ, args...); status != 1 || out != "" || !strings.Contains(log, row.want) {
				t.Errorf("%s: status %d, printed %q, said %q", name, status, out, log)
			}
		}
	}
	if v.get("/setup/" + v.setup() + "/application").at("application"); v.status != http.StatusOK {
		t.Errorf("whoever was at work is answered %d", v.status)
	}
}
