package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
)

// command runs the program to its end.
func command(t *testing.T, environ map[string]string, args ...string) (status int, out, log string) {
	t.Helper()
	var outBuffer, logBuffer bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	status = run(ctx, process{args: args, environ: environ, out: &outBuffer, log: &logBuffer})
	return status, outBuffer.String(), logBuffer.String()
}

// realEnvironment is the least that works against the real upstreams, which these commands never reach.
func realEnvironment(t *testing.T, changes map[string]string) map[string]string {
	t.Helper()
	environ := map[string]string{
		"ONBOARD_SEALING_KEYS":          seal.Generate().Expose(),
		"ONBOARD_DATABASE_URL":          "sqlite://" + filepath.Join(t.TempDir(), "onboard.db"),
		"ONBOARD_REDIRECT_URI_TEMPLATE": fixedRedirect,
		"ONBOARD_PUBLIC_URL":            "https://onboard.example",
	}
	maps.Copy(environ, changes)
	return environ
}

func TestConfigurationMistakesEndWithTwo(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"ONBOARD_LISTEN": "nowhere", "ONBOARD_LINK_AUTHORITY": "admin", "ONBOARD_SEALING_KEYS": "canary-of-a-key"}
	for _, args := range [][]string{{"serve"}, {"link", "--tenant", "nordlys", "--company", "Nordlys"}} {
		status, out, log := command(t, environ, args...)
		if status != 2 || out != "" {
			t.Errorf("%s: status %d, want 2; printed %q", args[0], status, out)
		}
		for _, name := range []string{"ONBOARD_LISTEN", "ONBOARD_LINK_AUTHORITY", "ONBOARD_SEALING_KEYS", "ONBOARD_REDIRECT_URI_TEMPLATE"} {
			if strings.Count(log, "  - "+name) != 1 {
				t.Errorf("%s: %s does not stand on one line of its own:\n%s", args[0], name, log)
			}
		}
		if strings.Contains(log, "canary") {
			t.Errorf("%s: a secret is printed", args[0])
		}
	}
}

func TestWrongCommandsEndWithTwo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"begin"},
		{"serve", "--practice"},
		{"keygen", "now"},
		{"link"},
		{"link", "--tenant", "nordlys"},
		{"link", "--company", "Nordlys"},
		{"link", "--tenant", "nordlys", "--company", "Nordlys", "--expires", "soon"},
	} {
		status, out, log := command(t, realEnvironment(t, nil), args...)
		if status != 2 || out != "" || !strings.HasPrefix(log, "onboard") {
			t.Errorf("%v: status %d, printed %q, said %q", args, status, out, log)
		}
	}
}

func TestHelpEndsWell(t *testing.T) {
	t.Parallel()
	status, out, _ := command(t, nil, "--help")
	if status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	for _, name := range []string{"serve", "doctor", "keygen", "link", "undelivered", "backup", "restored", "healthcheck", "version"} {
		if !strings.Contains(out, name) {
			t.Errorf("help does not name %s:\n%s", name, out)
		}
	}
}

func TestFailuresEndWithOne(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	for name, changes := range map[string]map[string]string{
		"address in use":         {"ONBOARD_LISTEN": taken.Addr().String()},
		"database without a dir": {"ONBOARD_LISTEN": "127.0.0.1:0", "ONBOARD_DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "no", "such", "dir", "onboard.db")},
	} {
		status, _, log := command(t, realEnvironment(t, changes), "serve")
		if status != 1 || !strings.HasPrefix(log, "onboard") {
			t.Errorf("%s: status %d, said %q", name, status, log)
		}
	}
}

func TestKeygen(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		status, out, log := command(t, nil, "keygen")
		key, ended := strings.CutSuffix(out, "\n")
		if status != 0 || log != "" || !ended || strings.ContainsAny(key, " \n") {
			t.Fatalf("status %d, %d bytes in %d lines, said %q", status, len(out), strings.Count(out, "\n"), log)
		}
		if _, err := seal.ParseKeyring(secret.New(key)); err != nil {
			t.Errorf("the key cannot be used: %v", err)
		}
		if seen[key] {
			t.Error("the same key twice")
		}
		seen[key] = true
	}
}

func TestLinkPrintsOneLink(t *testing.T) {
	t.Parallel()
	environ := realEnvironment(t, nil)
	seen := map[string]bool{}
	for range 2 {
		status, out, log := command(t, environ, "link", "--tenant", "nordlys", "--company", "Nordlys Bygg AS", "--domain", " Nordlys.example ", "--scheme", "nordlys-entra", "--contact", "Kari", "--expires", "24h")
		value, ok := strings.CutPrefix(strings.TrimSuffix(out, "\n"), "https://onboard.example/s/")
		if status != 0 || !ok || len(value) < 22 || strings.ContainsAny(value, "/ \n") { // 22 characters of base64url are 132 bits
			t.Fatalf("status %d, %d bytes printed, said %q", status, len(out), log)
		}
		if strings.Contains(log, value) {
			t.Error("the log shows the link's secret")
		}
		if seen[value] {
			t.Error("the same link twice")
		}
		seen[value] = true
	}
}

func TestLinkFlags(t *testing.T) {
	t.Parallel()
	good := []string{"link", "--tenant", "nordlys", "--company", "Nordlys", "--domain", "nordlys.example"}
	for name, row := range map[string]struct {
		args    []string
		changes map[string]string
		want    string
	}{
		"no domain where the link acts": {good[:5], nil, "--domain is required"},
		"domain that is none":           {append(good[:5:5], "--domain", "https://nordlys.example/"), nil, "is not a domain name"},
		"scheme with capitals":          {append(good[:7:7], "--scheme", "Nordlys"), nil, "--scheme"},
		"scheme with a slash":           {append(good[:7:7], "--scheme", "nordlys/entra"), nil, "--scheme"},
		"no time":                       {append(good[:7:7], "--expires", "0s"), nil, "--expires"},
		"time gone by":                  {append(good[:7:7], "--expires=-1h"), nil, "--expires"},
		"empty company":                 {append(good[:7:7], "--company", " "), nil, "--company"},
		"empty tenant":                  {append(good[:7:7], "--tenant", " "), nil, "--tenant"},
		"tenant that cannot be one":     {append(good[:7:7], "--tenant", "../other"), nil, "--tenant"},
		"port that is not known yet":    {good, map[string]string{"ONBOARD_PUBLIC_URL": "", "ONBOARD_LISTEN": "127.0.0.1:0"}, "ONBOARD_PUBLIC_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, log := command(t, realEnvironment(t, row.changes), row.args...)
			if status != 2 || out != "" || !strings.Contains(log, row.want) {
				t.Errorf("status %d, printed %d bytes, said %q; want 2 and %q", status, len(out), log, row.want)
			}
		})
	}
	status, _, log := command(t, realEnvironment(t, nil), "link", "--tenant", " ", "--company", "Nordlys", "--domain", "x", "--scheme", "X", "--expires", "0s")
	if status != 2 || strings.Count(log, "  - ") != 4 {
		t.Errorf("four mistakes, status %d:\n%s", status, log)
	}
}

// TestLinkExpires demands that the life of a link is the one that was asked for, and a week otherwise.
func TestLinkExpires(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for want, args := range map[time.Duration][]string{7 * 24 * time.Hour: nil, 48 * time.Hour: {"--expires", "48h"}} {
		link := s.link(args...)
		text := s.visitor().get(link).text("main")
		now := time.Now().UTC()
		on, before := now.Add(want).Format("2 January 2006"), now.Add(want-time.Minute).Format("2 January 2006")
		if !strings.Contains(text, on) && !strings.Contains(text, before) {
			t.Errorf("a link of %v does not say that it works until %s:\n%s", want, on, text)
		}
	}
}

// TestServePrintsWhereItIs demands that an operator sees the address, and that a signal ends it well.
func TestServePrintsWhereItIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	read, write := io.Pipe()
	ended := make(chan int, 1)
	environ := realEnvironment(t, map[string]string{"ONBOARD_LISTEN": "127.0.0.1:0", "ONBOARD_PUBLIC_URL": ""})
	go func() {
		ended <- run(ctx, process{args: []string{"serve"}, environ: environ, out: write, log: io.Discard, started: func(string) { cancel() }})
		_ = write.Close()
	}()
	out, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	if status := <-ended; status != 0 {
		t.Errorf("serve ended with %d", status)
	}
	if !strings.Contains(string(out), "http://127.0.0.1:") || strings.Contains(string(out), ":0\n") {
		t.Errorf("serve prints %q", out)
	}
}

// TestNoDatabaseIsMade by a command beside a service that is not there: a wrong address tells nobody that all is well.
func TestNoDatabaseIsMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := seal.Generate().Expose() + "," + seal.Generate().Expose()
	empty := filepath.Join(dir, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{filepath.Join(dir, "typo.db"): "there is no database at", empty: "this is no database of a service"} {
		environ := realEnvironment(t, map[string]string{"ONBOARD_DATABASE_URL": "sqlite://" + path, "ONBOARD_SEALING_KEYS": keys})
		for _, args := range [][]string{
			{"links", "a"},
			{"revoke", "a", "b"},
			{"undelivered"},
			{"undelivered", "--again"},
			{"reseal"},
			{"reseal", "--check"},
			{"restored"},
			{"restored", "--yes"},
			{"backup", filepath.Join(dir, "backup.db")},
		} {
			if status, out, log := command(t, environ, args...); status != 1 || out != "" || !strings.Contains(log, want) {
				t.Errorf("%v of %s: status %d, printed %q, said %q", args, path, status, out, log)
			}
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d files are there, want the empty one: %v", len(entries), err)
	}
}

// TestNothingIsSealedYet in a database that "onboard link" made: there is nothing to move, and no key to take out.
func TestNothingIsSealedYet(t *testing.T) {
	t.Parallel()
	environ := realEnvironment(t, nil)
	if status, _, log := command(t, environ, "link", "--tenant", "nordlys", "--company", "Nordlys", "--domain", "nordlys.example"); status != 0 {
		t.Fatal(log)
	}
	for _, args := range [][]string{{"reseal"}, {"reseal", "--check"}, {"restored"}} {
		if status, out, log := command(t, environ, args...); status != 1 || out != "" || !strings.Contains(log, "nothing is sealed in it") {
			t.Errorf("%v: status %d, printed %q, said %q", args, status, out, log)
		}
	}
}

// TestLinkWithOtherKeys makes no setup, whose link would open a page that says that nothing works.
func TestLinkWithOtherKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	environ := s.with(map[string]string{"ONBOARD_PUBLIC_URL": s.public, "ONBOARD_SEALING_KEYS": seal.Generate().Expose()})
	status, out, log := command(t, environ, "link", "--tenant", "nordlys", "--company", "Nordlys", "--domain", "nordlys.example")
	if status != 1 || out != "" || !strings.Contains(log, "ONBOARD_SEALING_KEYS are not the keys of this database") {
		t.Errorf("status %d, printed %q, said %q", status, out, log)
	}
	if s.stored(`SELECT count(*) FROM setups WHERE tenant = ?`, "nordlys") {
		t.Error("a setup is made")
	}
}

// TestCommandsAreListed: asked for, and where none is named.
func TestCommandsAreListed(t *testing.T) {
	t.Parallel()
	_, asked, _ := command(t, nil, "help")
	status, out, bare := command(t, nil)
	if status != 2 || out != "" {
		t.Errorf("without a command: status %d, printed %q", status, out)
	}
	for _, name := range []string{"serve", "doctor", "keygen", "link", "links", "revoke", "reseal", "undelivered", "backup", "restored", "healthcheck", "version"} {
		if line := regexp.MustCompile(`(?m)^  ` + name + `( |$)`); !line.MatchString(asked) || !line.MatchString(bare) {
			t.Errorf("%s is not listed:\n%s\n%s", name, asked, bare)
		}
	}
	if status, out, _ := command(t, nil, "help", "link"); status != 0 || !strings.Contains(out, "--company") {
		t.Errorf("help link: status %d, printed %q", status, out)
	}
}
