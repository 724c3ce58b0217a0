package config_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/seal"
)

// hidden is in every secret value of these tests: no message may show it.
const hidden = "canary-4f1d"

// enough is the least environment that works.
func enough() map[string]string {
	return map[string]string{
		"ONBOARD_SEALING_KEYS":          seal.Generate().Expose(),
		"ONBOARD_REDIRECT_URI_TEMPLATE": "https://id.dev.aritma.io/{tenant}/federation/{scheme}/signin",
	}
}

// with is enough with changes; "" takes a variable away.
func with(changes map[string]string) map[string]string {
	environ := enough()
	maps.Copy(environ, changes)
	return environ
}

// mistakes are the lines of Load's error.
func mistakes(t *testing.T, environ map[string]string) []string {
	t.Helper()
	c, err := config.Load(environ)
	if err == nil {
		t.Fatal("it is accepted")
	}
	if c != nil {
		t.Error("a configuration is given together with mistakes")
	}
	if strings.Contains(err.Error(), hidden) {
		t.Error("a mistake quotes a secret value")
	}
	return strings.Split(err.Error(), "\n")
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	c, err := config.Load(enough())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"ONBOARD_LISTEN": c.Listen, "ONBOARD_PUBLIC_URL": c.PublicURL.String(), "ONBOARD_DATABASE_URL": c.DatabaseURL.Expose(),
		"ONBOARD_IAM_URL": c.IAMURL.String(), "ONBOARD_ID_URL": c.IDURL.String(), "ONBOARD_LINK_AUTHORITY": c.LinkAuthority,
		"ONBOARD_SCIM_URL_TEMPLATE": c.SCIMURLTemplate, "ONBOARD_SUPPORT_CONTACT": c.SupportContact,
	}
	want := map[string]string{
		"ONBOARD_LISTEN": "127.0.0.1:8080", "ONBOARD_PUBLIC_URL": "http://127.0.0.1:8080", "ONBOARD_DATABASE_URL": "sqlite://onboard.db",
		"ONBOARD_IAM_URL": "https://api.dev.aritma.io/core/iam", "ONBOARD_ID_URL": "https://id.dev.aritma.io", "ONBOARD_LINK_AUTHORITY": "link",
		"ONBOARD_SCIM_URL_TEMPLATE": "https://id.dev.aritma.io/{tenant}/api/scim/v2", "ONBOARD_SUPPORT_CONTACT": "support@aritma.com",
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s = %q, want %q", name, got[name], want[name])
		}
	}
	if c.EntraLoginURL != nil || c.AllowLoopback || c.ServiceClientID != "" || !c.ServiceClientSecret.IsZero() {
		t.Errorf("something is set that has no default: %+v", c)
	}
	if !c.DomainRequired() || c.DatabasePath() != "onboard.db" || c.Keys == nil {
		t.Errorf("domain required %v, database at %q", c.DomainRequired(), c.DatabasePath())
	}
}

// TestMistakes holds one mistake per row: it names its variable, says what to do, and comes alone.
func TestMistakes(t *testing.T) {
	for name, row := range map[string]struct {
		environ map[string]string
		want    []string // what the one line holds
	}{
		"listen without a port":          {map[string]string{"ONBOARD_LISTEN": "127.0.0.1"}, []string{"ONBOARD_LISTEN", "host:port"}},
		"metrics without a port":         {map[string]string{"ONBOARD_METRICS_LISTEN": "10.0.0.5"}, []string{"ONBOARD_METRICS_LISTEN", "host:port"}},
		"a level that is none":           {map[string]string{"ONBOARD_LOG_LEVEL": "loud"}, []string{"ONBOARD_LOG_LEVEL", "debug, info, warn or error"}},
		"public listen, no address":      {map[string]string{"ONBOARD_LISTEN": "0.0.0.0:8080"}, []string{"ONBOARD_PUBLIC_URL", "required"}},
		"every interface, no address":    {map[string]string{"ONBOARD_LISTEN": ":8080"}, []string{"ONBOARD_PUBLIC_URL", "required"}},
		"public address over http":       {map[string]string{"ONBOARD_PUBLIC_URL": "http://onboard.example"}, []string{"ONBOARD_PUBLIC_URL", "https"}},
		"public address, other scheme":   {map[string]string{"ONBOARD_PUBLIC_URL": "ftp://onboard.example"}, []string{"ONBOARD_PUBLIC_URL", "https"}},
		"public address without a host":  {map[string]string{"ONBOARD_PUBLIC_URL": "onboard.example"}, []string{"ONBOARD_PUBLIC_URL", "https"}},
		"public address with a path":     {map[string]string{"ONBOARD_PUBLIC_URL": "https://onboard.example/setup"}, []string{"ONBOARD_PUBLIC_URL", "path"}},
		"public address with a query":    {map[string]string{"ONBOARD_PUBLIC_URL": "https://onboard.example?a=b"}, []string{"ONBOARD_PUBLIC_URL", "path"}},
		"public address with a person":   {map[string]string{"ONBOARD_PUBLIC_URL": "https://admin:" + hidden + "@onboard.example"}, []string{"ONBOARD_PUBLIC_URL"}},
		"public address, not an address": {map[string]string{"ONBOARD_PUBLIC_URL": "https://[::1"}, []string{"ONBOARD_PUBLIC_URL", "address"}},
		"no key":                         {map[string]string{"ONBOARD_SEALING_KEYS": ""}, []string{"ONBOARD_SEALING_KEYS", "required", "onboard keygen"}},
		"key of another program":         {map[string]string{"ONBOARD_SEALING_KEYS": hidden}, []string{"ONBOARD_SEALING_KEYS", "key 1", "oks1_"}},
		"key cut short":                  {map[string]string{"ONBOARD_SEALING_KEYS": seal.Generate().Expose() + ",oks1_" + hidden}, []string{"ONBOARD_SEALING_KEYS", "key 2"}},
		"comma at the end":               {map[string]string{"ONBOARD_SEALING_KEYS": seal.Generate().Expose() + ","}, []string{"ONBOARD_SEALING_KEYS", "key 2"}},
		"other engine":                   {map[string]string{"ONBOARD_DATABASE_URL": "mysql://onboard:" + hidden + "@db/onboard"}, []string{"ONBOARD_DATABASE_URL", "sqlite://", "postgres://"}},
		"server without an address":      {map[string]string{"ONBOARD_DATABASE_URL": "postgres://"}, []string{"ONBOARD_DATABASE_URL", "postgres://"}},
		"database without a path":        {map[string]string{"ONBOARD_DATABASE_URL": "sqlite://"}, []string{"ONBOARD_DATABASE_URL", "path"}},
		"IAM over http":                  {map[string]string{"ONBOARD_IAM_URL": "http://api.example/core/iam"}, []string{"ONBOARD_IAM_URL", "https"}},
		"IAM over http on loopback":      {map[string]string{"ONBOARD_IAM_URL": "http://127.0.0.1:9000"}, []string{"ONBOARD_IAM_URL", "ONBOARD_ALLOW_LOOPBACK"}},
		"IAM over http, loopback allowed": {
			map[string]string{"ONBOARD_IAM_URL": "http://api.example", "ONBOARD_ALLOW_LOOPBACK": "true"}, []string{"ONBOARD_IAM_URL", "https"},
		},
		"IAM in the private network": {
			map[string]string{"ONBOARD_IAM_URL": "http://10.0.0.7", "ONBOARD_ALLOW_LOOPBACK": "true"}, []string{"ONBOARD_IAM_URL", "https"},
		},
		"IAM without a host":           {map[string]string{"ONBOARD_IAM_URL": "/core/iam"}, []string{"ONBOARD_IAM_URL", "https"}},
		"IAM, not an address":          {map[string]string{"ONBOARD_IAM_URL": "https://[" + hidden}, []string{"ONBOARD_IAM_URL", "address"}},
		"IAM with a person":            {map[string]string{"ONBOARD_IAM_URL": "https://admin:" + hidden + "@api.example"}, []string{"ONBOARD_IAM_URL"}},
		"Aritma ID over http":          {map[string]string{"ONBOARD_ID_URL": "http://id.example"}, []string{"ONBOARD_ID_URL", "https"}},
		"Aritma ID, not an address":    {map[string]string{"ONBOARD_ID_URL": "https://[::1"}, []string{"ONBOARD_ID_URL", "address"}},
		"login host over http":         {map[string]string{"ONBOARD_ENTRA_LOGIN_URL": "http://login.example"}, []string{"ONBOARD_ENTRA_LOGIN_URL", "https"}},
		"login host, not an address":   {map[string]string{"ONBOARD_ENTRA_LOGIN_URL": "%zz"}, []string{"ONBOARD_ENTRA_LOGIN_URL", "address"}},
		"no redirect template":         {map[string]string{"ONBOARD_REDIRECT_URI_TEMPLATE": ""}, []string{"ONBOARD_REDIRECT_URI_TEMPLATE", "required", "https://id.dev.aritma.io/{tenant}/federation/{scheme}/signin"}},
		"redirect without the scheme":  {map[string]string{"ONBOARD_REDIRECT_URI_TEMPLATE": "https://id.example/{tenant}"}, []string{"ONBOARD_REDIRECT_URI_TEMPLATE", "{scheme}"}},
		"redirect over http":           {map[string]string{"ONBOARD_REDIRECT_URI_TEMPLATE": "http://id.example/{tenant}/{scheme}"}, []string{"ONBOARD_REDIRECT_URI_TEMPLATE", "https"}},
		"Tenant URL without a tenant":  {map[string]string{"ONBOARD_SCIM_URL_TEMPLATE": "https://id.example/api/scim/v2"}, []string{"ONBOARD_SCIM_URL_TEMPLATE", "{tenant}"}},
		"Tenant URL over http":         {map[string]string{"ONBOARD_SCIM_URL_TEMPLATE": "http://id.example/{tenant}/api/scim/v2"}, []string{"ONBOARD_SCIM_URL_TEMPLATE", "https"}},
		"Tenant URL, other scheme":     {map[string]string{"ONBOARD_SCIM_URL_TEMPLATE": "javascript:{tenant}"}, []string{"ONBOARD_SCIM_URL_TEMPLATE", "https"}},
		"client without its secret":    {map[string]string{"ONBOARD_SERVICE_CLIENT_ID": "onboard"}, []string{"ONBOARD_SERVICE_CLIENT_SECRET", "both or neither"}},
		"secret without its client":    {map[string]string{"ONBOARD_SERVICE_CLIENT_SECRET": hidden}, []string{"ONBOARD_SERVICE_CLIENT_ID", "both or neither"}},
		"sign-in secret alone":         {map[string]string{"ONBOARD_ID_CLIENT_SECRET": hidden}, []string{"ONBOARD_ID_CLIENT_SECRET", "ONBOARD_ID_CLIENT_ID"}},
		"proxies of no kind":           {map[string]string{"ONBOARD_TRUSTED_PROXIES": "10.0.0.0/8,proxy.example"}, []string{"ONBOARD_TRUSTED_PROXIES", "10.0.0.0/8"}},
		"authority of no kind":         {map[string]string{"ONBOARD_LINK_AUTHORITY": "admin"}, []string{"ONBOARD_LINK_AUTHORITY", "link or signin"}},
		"authority that is not there":  {map[string]string{"ONBOARD_LINK_AUTHORITY": "signin"}, []string{"ONBOARD_LINK_AUTHORITY", "ONBOARD_ID_CLIENT_ID"}},
		"loopback neither yes nor no":  {map[string]string{"ONBOARD_ALLOW_LOOPBACK": "perhaps"}, []string{"ONBOARD_ALLOW_LOOPBACK", "true or false"}},
		"loopback on a public address": {map[string]string{"ONBOARD_ALLOW_LOOPBACK": "true", "ONBOARD_PUBLIC_URL": "https://onboard.example"}, []string{"ONBOARD_ALLOW_LOOPBACK", "ONBOARD_PUBLIC_URL"}},
		"keys twice":                   {map[string]string{"ONBOARD_SEALING_KEYS_FILE": "keys"}, []string{"ONBOARD_SEALING_KEYS", "ONBOARD_SEALING_KEYS_FILE", "keep one"}},
		"client secret twice": {
			map[string]string{"ONBOARD_SERVICE_CLIENT_ID": "onboard", "ONBOARD_SERVICE_CLIENT_SECRET": hidden, "ONBOARD_SERVICE_CLIENT_SECRET_FILE": "secret"},
			[]string{"ONBOARD_SERVICE_CLIENT_SECRET_FILE", "keep one"},
		},
		"keys in a file that is not there": {map[string]string{"ONBOARD_SEALING_KEYS": "", "ONBOARD_SEALING_KEYS_FILE": "no-such-file"}, []string{"ONBOARD_SEALING_KEYS_FILE", "no-such-file"}},
		"keys in an empty file":            {map[string]string{"ONBOARD_SEALING_KEYS": "", "ONBOARD_SEALING_KEYS_FILE": file(t, " \n")}, []string{"ONBOARD_SEALING_KEYS", "empty"}},
		"client secret in an empty file":   {map[string]string{"ONBOARD_SERVICE_CLIENT_ID": "onboard", "ONBOARD_SERVICE_CLIENT_SECRET_FILE": file(t, "")}, []string{"ONBOARD_SERVICE_CLIENT_SECRET_FILE", "empty"}},
		"wrong keys in a file":             {map[string]string{"ONBOARD_SEALING_KEYS": "", "ONBOARD_SEALING_KEYS_FILE": file(t, hidden)}, []string{"ONBOARD_SEALING_KEYS", "key 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			lines := mistakes(t, with(row.environ))
			if len(lines) != 1 {
				t.Errorf("%d mistakes are told, want one:\n%s", len(lines), strings.Join(lines, "\n"))
			}
			for _, part := range row.want {
				if !strings.Contains(lines[0], part) {
					t.Errorf("%q does not say %q", lines[0], part)
				}
			}
		})
	}
}

// TestAllMistakesAreToldTogether demands one line for each, in the same order every time.
func TestAllMistakesAreToldTogether(t *testing.T) {
	environ := map[string]string{
		"ONBOARD_LISTEN": "nowhere", "ONBOARD_PUBLIC_URL": "http://onboard.example", "ONBOARD_DATABASE_URL": "mysql://db",
		"ONBOARD_SEALING_KEYS": hidden, "ONBOARD_IAM_URL": "http://api.example", "ONBOARD_ID_URL": "http://id.example",
		"ONBOARD_ENTRA_LOGIN_URL": "https://[::1", "ONBOARD_SCIM_URL_TEMPLATE": "https://id.example", "ONBOARD_LINK_AUTHORITY": "admin",
		"ONBOARD_SERVICE_CLIENT_ID": "onboard", "ONBOARD_SERVICE_CLIENT_SECRET_FILE": "no-such-file", "ONBOARD_ALLOW_LOOPBACK": "perhaps",
	}
	first := mistakes(t, environ)
	for _, name := range append(slices.Collect(maps.Keys(environ)), "ONBOARD_REDIRECT_URI_TEMPLATE") {
		if name == "ONBOARD_SERVICE_CLIENT_ID" {
			continue // right in itself: what is wrong is its secret
		}
		if !slices.ContainsFunc(first, func(line string) bool { return strings.Contains(line, name) }) {
			t.Errorf("nothing is said of %s:\n%s", name, strings.Join(first, "\n"))
		}
	}
	if got, want := len(first), len(environ); got != want { // the redirect template is one more, the service client one less
		t.Errorf("%d lines, want %d:\n%s", got, want, strings.Join(first, "\n"))
	}
	for range 20 {
		if again := mistakes(t, environ); !slices.Equal(again, first) {
			t.Fatalf("told in another order:\n%s\n\n%s", strings.Join(first, "\n"), strings.Join(again, "\n"))
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	key := seal.Generate().Expose()
	c, err := config.Load(with(map[string]string{
		"ONBOARD_SEALING_KEYS": "", "ONBOARD_SEALING_KEYS_FILE": file(t, key+", "+seal.Generate().Expose()+"\n"),
		"ONBOARD_SERVICE_CLIENT_ID": "onboard", "ONBOARD_SERVICE_CLIENT_SECRET_FILE": file(t, hidden+"\r\n"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.SealingKeys.IsZero() || c.ServiceClientSecret.Expose() != hidden {
		t.Error("the values are not those in the files")
	}
	if shown := strings.Join([]string{c.SealingKeys.String(), c.ServiceClientSecret.String()}, " "); strings.Contains(shown, key) || strings.Contains(shown, hidden) {
		t.Error("a secret prints itself")
	}
}

// TestAccepted holds what an operator may rightly set.
func TestAccepted(t *testing.T) {
	for name, environ := range map[string]map[string]string{
		"public address":            {"ONBOARD_LISTEN": "0.0.0.0:8080", "ONBOARD_PUBLIC_URL": "https://onboard.example"},
		"public address, slash":     {"ONBOARD_PUBLIC_URL": "https://onboard.example/"},
		"metrics everywhere":        {"ONBOARD_METRICS_LISTEN": ":9090", "ONBOARD_LOG_LEVEL": "WARN"},
		"loopback by name":          {"ONBOARD_LISTEN": "localhost:0"},
		"loopback, version 6":       {"ONBOARD_LISTEN": "[::1]:8080"},
		"loopback behind https":     {"ONBOARD_PUBLIC_URL": "https://localhost:8443"},
		"client, people sign in":    {"ONBOARD_ID_CLIENT_ID": "onboard"},
		"proxies":                   {"ONBOARD_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32"},
		"client for test sign-ins":  {"ONBOARD_ID_CLIENT_ID": "onboard", "ONBOARD_LINK_AUTHORITY": "link"},
		"the same with its secret":  {"ONBOARD_ID_CLIENT_ID": "onboard", "ONBOARD_ID_CLIENT_SECRET": hidden, "ONBOARD_LINK_AUTHORITY": "link"},
		"several keys":              {"ONBOARD_SEALING_KEYS": seal.Generate().Expose() + " , " + seal.Generate().Expose()},
		"upstreams on loopback":     {"ONBOARD_ALLOW_LOOPBACK": "true", "ONBOARD_IAM_URL": "http://127.0.0.1:9000/iam", "ONBOARD_ID_URL": "http://[::1]:9001", "ONBOARD_ENTRA_LOGIN_URL": "http://localhost:9002"},
		"templates on loopback":     {"ONBOARD_ALLOW_LOOPBACK": "true", "ONBOARD_SCIM_URL_TEMPLATE": "http://127.0.0.1:9000/{tenant}", "ONBOARD_REDIRECT_URI_TEMPLATE": "http://localhost:9000/{tenant}/{scheme}"},
		"the documentation's mock":  {"ONBOARD_IAM_URL": "https://developer.aritma.com/_mock/apis/platform/iam/openapi/iam-openapi"},
		"empty is as good as unset": {"ONBOARD_LISTEN": "", "ONBOARD_IAM_URL": "", "ONBOARD_SEALING_KEYS_FILE": "", "ONBOARD_ALLOW_LOOPBACK": ""},
		"another's variables":       {"HOME": "/", "PATH": "/bin"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := config.Load(with(environ)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFollowsFromOtherVariables(t *testing.T) {
	c, err := config.Load(with(map[string]string{"ONBOARD_LISTEN": "[::1]:0", "ONBOARD_ID_URL": "https://id.aritma.io/", "ONBOARD_ALLOW_LOOPBACK": "true"}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.PublicURL.String(), "http://[::1]:0"; got != want {
		t.Errorf("public address = %q, want %q", got, want)
	}
	if got, want := c.SCIMURLTemplate, "https://id.aritma.io/{tenant}/api/scim/v2"; got != want {
		t.Errorf("Tenant URL = %q, want %q", got, want)
	}
	if c.DomainRequired() {
		t.Error("a domain is required although loopback is allowed")
	}
}
