package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

// TestPasswordOfTheDatabaseIsNeverTold, whatever is wrong with its address.
func TestPasswordOfTheDatabaseIsNeverTold(t *testing.T) {
	t.Parallel()
	const password = "correct-horse-battery"
	for address, want := range map[string]int{
		"postgres://onboard:" + password + "@127.0.0.1:1/onboard":                            1, // nobody listens
		"postgresql://onboard:" + password + "@127.0.0.1:1/onboard?sslmode=disable":          1,
		"postgres://onboard:" + password + "@127.0.0.1:port/onboard":                         2,
		"postgres://onboard:" + password + "@127.0.0.1/onboard?sslmode=" + password:          2,
		"postgres//onboard:" + password + "@127.0.0.1/onboard":                               2,
		"mysql://onboard:" + password + "@127.0.0.1/onboard":                                 2,
		"postgres://onboard:%zz" + password + "@127.0.0.1:5432/onboard?password=" + password: 2,
	} {
		for _, args := range [][]string{{"serve"}, {"link", "--tenant", "nordlys", "--company", "Nordlys", "--domain", "nordlys.example"}} {
			status, out, log := command(t, realEnvironment(t, map[string]string{"ONBOARD_DATABASE_URL": address, "ONBOARD_LISTEN": "127.0.0.1:0"}), args...)
			if status != want || out != "" {
				t.Errorf("%s %s: status %d, want %d; printed %q, said %q", args[0], address, status, want, out, log)
			}
			if strings.Contains(log, password) {
				t.Errorf("%s: the password is told: %s", args[0], log)
			}
			if want == 2 && !strings.Contains(log, "  - ONBOARD_DATABASE_URL") {
				t.Errorf("%s %s: the variable is not named: %s", args[0], address, log)
			}
		}
	}
}

// TestDatabaseAddressFromAFile: the address holds a password, so it may be given as a file like every secret.
func TestDatabaseAddressFromAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "address")
	if err := os.WriteFile(path, []byte(postgrestest.Database(t)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := realEnvironment(t, map[string]string{"ONBOARD_DATABASE_URL": "", "ONBOARD_DATABASE_URL_FILE": path})
	status, out, log := command(t, environ, "link", "--tenant", "nordlys", "--company", "Nordlys", "--domain", "nordlys.example")
	if status != 0 || !strings.HasPrefix(out, "https://onboard.example/s/") {
		t.Fatalf("status %d, printed %q, said %q", status, out, log)
	}
	setup := strings.TrimSpace(strings.TrimPrefix(log, "setup "))
	if status, out, log = command(t, environ, "links", setup); status != 0 || strings.Count(out, "\n") != 2 {
		t.Errorf("the link is not there: status %d, printed %q, said %q", status, out, log)
	}
}

// TestCanariesOnPostgres is promise 4 on PostgreSQL: after a flow no secret is in anything that the server wrote: tables,
// indexes, its write-ahead log, which keeps what was deleted since, and its own log.
func TestCanariesOnPostgres(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	s := newSite(t, map[string]string{"ONBOARD_DATABASE_URL": server.Database(t)})
	sample, link := s.sandbox.Sample(), s.link()
	v := s.visitor().open(link).walk("review")
	s.sandbox.Faults().Set(sandbox.IAMForbidden, 1)
	v.send(nil).idle("review").register()
	canaries := []canary{
		{name: "client secret", value: sample.ClientSecret.Expose()},
		{name: "service client secret", value: s.environ["ONBOARD_SERVICE_CLIENT_SECRET"]},
		{name: "sealing key", value: s.environ["ONBOARD_SEALING_KEYS"]},
		{name: "link secret", value: strings.TrimPrefix(link, "/s/")},
		{name: "session id", value: v.cookie().Value},
	}
	setup := "/setup/" + v.setup()
	canaries = append(canaries, canary{name: "SCIM token", value: v.handOver().value()})
	v.get(setup + "/token/replace").handOver()
	canaries = append(canaries, canary{name: "second SCIM token", value: v.value()})
	token := s.sandbox.AccessToken(sample.Tenant).Expose()
	canaries = append(canaries, canary{name: "access token", value: token})
	s.visitor().begin(token).at("start")
	for _, c := range canaries {
		if len(c.value) < 20 {
			t.Fatalf("the %s is %q", c.name, c.value)
		}
	}
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")

	searched, found := 0, false
	for name, content := range server.Files(t) {
		searched += sweep(t, name, content, canaries)
		found = found || strings.HasPrefix(name, "data/pg_wal/") && strings.Contains(string(content), sample.Company)
	}
	searched += sweep(t, "log", []byte(s.log.String()), canaries)
	if !found {
		t.Error("the company's name is not in the write-ahead log: this test looks in the wrong place")
	}
	t.Logf("%d secrets, %d searches", len(canaries), searched)
}
