package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

// rehearse makes a backup while the service runs and people work, loses the database, restores, and goes on: what was there
// when the backup was made is there again, the token that was shown before is not shown again, and what was done since is gone.
func rehearse(t *testing.T, s *site, backup, lose, restore func()) {
	t.Helper()
	link := s.link()
	v := s.visitor().open(link).walk("review").register().handOver()
	token, setup := v.value(), "/setup/"+v.setup()
	if token == "" {
		t.Fatal("no token is shown")
	}
	other := s.visitor().open(s.link("--company", "Second AS", "--scheme", "second-entra")).walk("directory")
	backup()
	since := s.link("--company", "Third AS", "--scheme", "third-entra")
	s.visitor().open(since).at("start")
	s.stop()
	lose()
	restore()
	s.start()

	if v = v.again(); v.get(setup+"/token").status != 200 || strings.Contains(v.text("body"), token) || v.page.Find("form[action$='/token/show']").Length() != 0 {
		t.Errorf("the token that was shown before the backup: %d %s", v.status, v.text("main"))
	}
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
	other.again().get("/setup/" + other.setup() + "/directory").at("directory")
	if got := s.visitor().get(since); got.status != 404 {
		t.Errorf("a link that was made after the backup is answered %d", got.status)
	}
	if got := s.visitor().open(link); !strings.HasSuffix(got.path, "/provisioning") {
		t.Errorf("the link leads to %s", got.path)
	}
}

func TestBackupAndRestoreOnSQLite(t *testing.T) {
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
	server := postgrestest.Start(t)
	s := newSite(t, map[string]string{"ONBOARD_DATABASE_URL": server.Database(t)})
	var dump []byte
	rehearse(t, s, func() {
		dump = server.Run(t, nil, "pg_dump", "--format=custom", s.environ["ONBOARD_DATABASE_URL"])
	}, func() {
		s.environ["ONBOARD_DATABASE_URL"] = server.Database(t)
	}, func() {
		server.Run(t, dump, "pg_restore", "--exit-on-error", "--no-owner", "--dbname", s.environ["ONBOARD_DATABASE_URL"])
	})
}

// TestBackupRefuses what would lose something, and leaves nothing behind.
func TestBackupRefuses(t *testing.T) {
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
		"no database":          {filepath.Join(dir, "new.db"), map[string]string{"ONBOARD_DATABASE_URL": "sqlite://" + filepath.Join(dir, "none.db")}, "no such file"},
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
