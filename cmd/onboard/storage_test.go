package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

// TestPasswordOfTheDatabaseIsNeverTold, whatever is wrong with its address.
func TestPasswordOfTheDatabaseIsNeverTold(t *testing.T) {
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
