package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
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

// TestDoctorOfAHealthySite: nothing fails, beside the running service and after it, and nothing is different afterwards.
func TestDoctorOfAHealthySite(t *testing.T) {
	t.Parallel()
	messages := &lockedBuffer{}
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { fmt.Fprintln(messages, r.Method, r.URL.Path) }))
	t.Cleanup(hook.Close)
	s := newSite(t, map[string]string{"ONBOARD_WEBHOOK_URL": hook.URL + "/told", "ONBOARD_WEBHOOK_SECRET": aWebhookSecret})
	tenant := s.sandbox.Sample().Tenant
	s.visitor().open(s.link()).walk("review").register()

	e := s.doctor(nil, "--tenant", tenant)
	if e.status != 0 || len(e.graded("ok")) != len(checkNames)-2 || e.log != "" {
		t.Errorf("status %d, said %q:\n%s", e.status, e.log, e.out)
	}
	e.demand(t, "public address", "ok", s.public+" answers")
	e.demand(t, "configuration", "warning", "ONBOARD_ALLOW_LOOPBACK")
	e.demand(t, "Microsoft", "warning", "in place of Microsoft")
	if e = s.doctor(nil); e.status != 0 || !strings.Contains(e.lines["IAM permission"], "--tenant T") {
		t.Errorf("without a tenant: status %d:\n%s", e.status, e.out)
	}
	eventually(t, "a message to the webhook", func() bool { return strings.Contains(messages.String(), "POST /told\n") })
	s.stop()
	told := messages.String()

	before, posted := s.files(), s.posts(tenant)
	e = s.doctor(nil, "--tenant", tenant)
	if e.status != 0 {
		t.Errorf("beside no service: status %d:\n%s", e.status, e.out)
	}
	e.demand(t, "public address", "warning", "does not answer")
	e.demand(t, "sealing keys", "ok", "they open what the database holds")
	after := s.files()
	for name := range after {
		if !bytes.Equal(before[name], after[name]) {
			t.Errorf("%s is different", name)
		}
	}
	if len(before) != len(after) {
		t.Errorf("there are %d files, were %d", len(after), len(before))
	}
	if now := s.posts(tenant); !maps.Equal(posted, now) {
		t.Errorf("requests that change something: %v, were %v", now, posted)
	}
	if more := strings.TrimPrefix(messages.String(), told); more != "HEAD /\n" {
		t.Errorf("the webhook's host was asked for %q", more)
	}
}

// TestDoctorNamesWhatIsWrong: each trouble is on the line of its check, and nothing else fails.
func TestDoctorNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	tenant, box := s.sandbox.Sample().Tenant, s.sandbox
	path := strings.TrimPrefix(s.environ["ONBOARD_DATABASE_URL"], "sqlite://")
	s.stop()
	folder := t.TempDir()
	altered := func(statement string) string {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "onboard.db")
		if err := os.WriteFile(copied, content, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", copied)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		return "sqlite://" + copied
	}
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("These are notes and no database.\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		changes map[string]string
		fault   sandbox.Switch
		grade   string
		line    string
		says    string
		more    []string // what else fails of it
	}{
		"wrong sealing key":           {changes: map[string]string{"ONBOARD_SEALING_KEYS": seal.Generate().Expose()}, grade: "failed", line: "sealing keys", says: "not those of this database"},
		"database missing":            {changes: map[string]string{"ONBOARD_DATABASE_URL": "sqlite://" + filepath.Join(folder, "new.db")}, grade: "warning", line: "database", says: "is not there yet"},
		"folder of database missing":  {changes: map[string]string{"ONBOARD_DATABASE_URL": "sqlite://" + filepath.Join(folder, "no", "new.db")}, grade: "failed", line: "database", says: "is not there"},
		"another file":                {changes: map[string]string{"ONBOARD_DATABASE_URL": "sqlite://" + text}, grade: "failed", line: "database", says: "cannot be read"},
		"database is a folder":        {changes: map[string]string{"ONBOARD_DATABASE_URL": "sqlite://" + folder}, grade: "failed", line: "database", says: "it is not a file"},
		"newer schema":                {changes: map[string]string{"ONBOARD_DATABASE_URL": altered(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)}, grade: "warning", line: "database", says: "schema 99 is newer"},
		"older schema":                {changes: map[string]string{"ONBOARD_DATABASE_URL": altered(`DELETE FROM goose_db_version WHERE version_id > 5`)}, grade: "warning", line: "database", says: "schema 5 is older"},
		"IAM down":                    {changes: map[string]string{"ONBOARD_IAM_URL": closedPort(t) + "/core/iam"}, grade: "failed", line: "IAM API", says: "does not answer", more: []string{"IAM permission"}},
		"IAM troubled":                {fault: sandbox.IAMUnavailable, grade: "failed", line: "IAM API", says: "answers 503", more: []string{"IAM permission"}},
		"IAM elsewhere":               {changes: map[string]string{"ONBOARD_IAM_URL": box.IAMURL() + "/v2"}, grade: "failed", line: "IAM API", says: "no IAM API", more: []string{"IAM permission"}},
		"ID down":                     {changes: map[string]string{"ONBOARD_ID_URL": closedPort(t), "ONBOARD_SCIM_URL_TEMPLATE": box.IDURL() + "/{tenant}/api/scim/v2"}, grade: "failed", line: "Aritma ID", says: "does not answer", more: []string{"service client"}},
		"ID elsewhere":                {changes: map[string]string{"ONBOARD_ID_URL": box.IDURL() + "/x", "ONBOARD_SCIM_URL_TEMPLATE": box.IDURL() + "/{tenant}/api/scim/v2"}, grade: "failed", line: "Aritma ID", says: "does not know tenant", more: []string{"service client"}},
		"wrong service client secret": {changes: map[string]string{"ONBOARD_SERVICE_CLIENT_SECRET": "canary-of-another-client-secret"}, grade: "failed", line: "service client", says: "Aritma ID refuses it"},
		"IAM refuses":                 {fault: sandbox.IAMUnauthorized, grade: "failed", line: "IAM permission", says: "does not take the token"},
		"IAM forbids":                 {fault: sandbox.IAMForbidden, grade: "failed", line: "IAM permission", says: "has no IAM admin permissions"},
		"SCIM host down":              {changes: map[string]string{"ONBOARD_SCIM_URL_TEMPLATE": closedPort(t) + "/{tenant}/scim"}, grade: "failed", line: "SCIM endpoint", says: "does not answer"},
		"SCIM troubled":               {fault: sandbox.SCIMUnavailable, grade: "failed", line: "SCIM endpoint", says: "answers 503"},
		"Microsoft down":              {changes: map[string]string{"ONBOARD_ENTRA_LOGIN_URL": closedPort(t)}, grade: "failed", line: "Microsoft", says: "does not answer"},
		"Microsoft cut":               {fault: sandbox.EntraUnreachable, grade: "failed", line: "Microsoft", says: "does not answer"},
		"webhook host down":           {changes: map[string]string{"ONBOARD_WEBHOOK_URL": closedPort(t) + "/told", "ONBOARD_WEBHOOK_SECRET": aWebhookSecret}, grade: "failed", line: "webhook", says: "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.fault != "" {
				box.Faults().Set(row.fault, sandbox.UntilCleared)
				defer box.Faults().ClearAll()
			}
			one := *s
			one.t = t
			e := one.doctor(row.changes, "--tenant", tenant)
			e.demand(t, row.line, row.grade, row.says)
			want := row.more
			if row.grade == "failed" {
				want = append([]string{row.line}, row.more...)
			}
			got := e.graded("failed")
			slices.Sort(want)
			slices.Sort(got)
			status := min(len(want), 1)
			if !slices.Equal(got, want) || e.status != status || (e.log == "") != (status == 0) {
				t.Errorf("failed: %q, want %q; status %d, said %q:\n%s", got, want, e.status, e.log, e.out)
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != 1 {
		t.Errorf("the doctor made %q", left)
	}
}

// TestDoctorReadsTheClock off the upstreams: one that differs has a wrong clock itself, all of them mean that ours is wrong.
func TestDoctorReadsTheClock(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	behind := func(base string, off time.Duration) string {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(&url.URL{Scheme: u.Scheme, Host: u.Host}) },
			ModifyResponse: func(r *http.Response) error {
				r.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
				return nil
			},
		})
		t.Cleanup(front.Close)
		return front.URL + u.Path
	}
	for off, row := range map[time.Duration]struct{ grade, says string }{
		time.Hour: {"failed", "behind"}, -time.Hour: {"failed", "ahead of"}, 30 * time.Second: {"ok", "within a minute"},
	} {
		changes := map[string]string{
			"ONBOARD_IAM_URL": behind(s.sandbox.IAMURL(), off), "ONBOARD_ID_URL": behind(s.sandbox.IDURL(), off),
			"ONBOARD_ENTRA_LOGIN_URL": behind(s.sandbox.EntraLoginURL(), off),
		}
		e := s.doctor(changes)
		e.demand(t, "clock", row.grade, row.says)
		if (e.status == 1) != (row.grade == "failed") || len(e.graded("failed")) != e.status {
			t.Errorf("off by %v: status %d:\n%s", off, e.status, e.out)
		}
	}
	e := s.doctor(map[string]string{"ONBOARD_ENTRA_LOGIN_URL": behind(s.sandbox.EntraLoginURL(), time.Hour)})
	e.demand(t, "clock", "ok", "within a minute")
}

// TestDoctorComparesEnvironments without asking anybody: the hosts are Aritma's own.
func TestDoctorComparesEnvironments(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		iam, id, grade, says string
	}{
		"both dev":        {"https://api.dev.aritma.io/core/iam", "https://id.dev.aritma.io", "ok", `"dev"`},
		"both production": {"https://api.aritma.io/core/iam", "https://id.aritma.io", "ok", "production"},
		"mixed":           {"https://api.dev.aritma.io/core/iam", "https://id.aritma.io", "warning", `ONBOARD_IAM_URL is of "dev" (api.dev.aritma.io), ONBOARD_ID_URL of production`},
		"other way round": {"https://api.aritma.io/core/iam", "https://ID.DEV.aritma.io", "warning", "ONBOARD_IAM_URL is of production"},
		"one of another":  {"https://iam.example/core/iam", "https://id.aritma.io", "warning", "another operator"},
		"mock server":     {"https://developer.aritma.com/_mock/apis/platform/iam/openapi/iam-openapi", "https://id.dev.aritma.io", "warning", "mock server"},
		"neither":         {"https://iam.example", "https://aritma.io.example", "ok", "nothing to compare"},
	} {
		c, err := config.Load(realEnvironment(t, map[string]string{
			"ONBOARD_IAM_URL": row.iam, "ONBOARD_ID_URL": row.id, "ONBOARD_REDIRECT_URI_TEMPLATE": row.id + "/{tenant}/federation/{scheme}/signin",
		}))
		if err != nil {
			t.Fatal(err)
		}
		found := newDoctor(t.Context(), c, "").checkEnvironments(t.Context())
		if string(found.grade) != row.grade || !strings.Contains(found.found, row.says) {
			t.Errorf("%s: %s, %q", name, found.grade, found.found)
		}
	}
	c, err := config.Load(realEnvironment(t, map[string]string{
		"ONBOARD_REDIRECT_URI_TEMPLATE": "https://id.aritma.io/{tenant}/federation/{scheme}/signin",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if found := newDoctor(t.Context(), c, "").checkEnvironments(t.Context()); found.grade != doubtful || !strings.Contains(found.found, "ONBOARD_REDIRECT_URI_TEMPLATE") {
		t.Errorf("Redirect URI of another environment: %+v", found)
	}

	ended, cancel := context.WithCancel(t.Context()) // so that nobody is asked
	cancel()
	var out, log bytes.Buffer
	status := run(ended, process{args: []string{"doctor"}, out: &out, log: &log, environ: realEnvironment(t, map[string]string{
		"ONBOARD_ID_URL": "https://id.aritma.io", "ONBOARD_REDIRECT_URI_TEMPLATE": "https://id.aritma.io/{tenant}/federation/{scheme}/signin",
	})})
	if status != 1 || !strings.Contains(out.String(), "warning  environments    ONBOARD_IAM_URL is of \"dev\"") || !strings.Contains(out.String(), "warning  clock           not compared") {
		t.Errorf("the whole command: status %d:\n%s", status, &out)
	}
}

// TestDoctorEnds, whoever hangs, and says who.
func TestDoctorEnds(t *testing.T) {
	s := newSite(t, nil)
	for _, slow := range []sandbox.Switch{sandbox.IDSlow, sandbox.IAMSlow, sandbox.SCIMSlow, sandbox.EntraSlow} {
		s.sandbox.Faults().Set(slow, sandbox.UntilCleared)
	}
	defer s.sandbox.Faults().ClearAll()
	began := time.Now()
	e := s.doctor(map[string]string{
		"ONBOARD_WEBHOOK_URL": deaf(t) + "/told", "ONBOARD_WEBHOOK_SECRET": aWebhookSecret, "ONBOARD_PUBLIC_URL": deaf(t),
		"ONBOARD_DATABASE_URL": "postgres://onboard:canary@" + strings.TrimPrefix(deaf(t), "http://") + "/onboard?connect_timeout=60",
	}, "--tenant", s.sandbox.Sample().Tenant)
	if took := time.Since(began); took > 15*time.Second || e.status != 1 {
		t.Errorf("status %d after %v:\n%s", e.status, took, e.out)
	}
	for _, name := range []string{"database", "service client", "SCIM endpoint", "Microsoft", "webhook"} {
		e.demand(t, name, "failed", "no answer in time")
	}
	e.demand(t, "public address", "warning", "no answer in time")
	e.demand(t, "Aritma ID", "ok", "")
	if strings.Contains(e.out, "canary") {
		t.Error("the password of the database is told")
	}

	c, err := config.Load(s.with(map[string]string{"ONBOARD_ID_URL": deaf(t), "ONBOARD_PUBLIC_URL": s.public}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for _, tenant := range []string{"", "nordlys-bygg"} {
		if found := newDoctor(ctx, c, tenant).checkID(ctx); found.grade != broken || !strings.Contains(found.found, "no answer in time") {
			t.Errorf("Aritma ID hangs, tenant %q: %+v", tenant, found)
		}
	}
}

// TestDoctorEndsWithACheckThatDoesNot.
func TestDoctorEndsWithACheckThatDoesNot(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	stuck := check{"webhook", func(context.Context) finding { <-t.Context().Done(); return finding{} }}
	err := report(ctx, &out, []check{stuck}, check{"clock", func(context.Context) finding { return ok("right") }})
	if err == nil || !strings.HasPrefix(out.String(), "failed   webhook         not done in time.") || !strings.HasSuffix(out.String(), "ok       clock           right.\n") {
		t.Errorf("%v:\n%s", err, &out)
	}
}

// TestDoctorOnPostgres tells an empty database, one that is served, and one that nobody may reach; it writes to none.
func TestDoctorOnPostgres(t *testing.T) {
	t.Parallel()
	address := postgrestest.Database(t)
	environ := map[string]string{"ONBOARD_DATABASE_URL": address}
	s := newSite(t, nil)
	e := s.doctor(environ)
	e.demand(t, "database", "warning", "no tables yet")
	e.demand(t, "sealing keys", "ok", "holds nothing yet")
	if e = s.doctor(environ); e.status != 0 || !strings.Contains(e.lines["database"], "no tables yet") {
		t.Errorf("the doctor made tables:\n%s", e.out)
	}
	served := newSite(t, environ)
	e = served.doctor(nil)
	e.demand(t, "database", "ok", "PostgreSQL ")
	e.demand(t, "database", "ok", "is current")
	e.demand(t, "sealing keys", "ok", "they open")
	if e = served.doctor(map[string]string{"ONBOARD_SEALING_KEYS": seal.Generate().Expose()}); e.status != 1 {
		t.Errorf("wrong keys: status %d", e.status)
	}
	e.demand(t, "sealing keys", "failed", "ONBOARD_SEALING_KEYS")
	e = served.doctor(map[string]string{"ONBOARD_DATABASE_URL": "postgres://onboard:canary-password@127.0.0.1:1/onboard"})
	e.demand(t, "database", "failed", "Check that the server runs")
	if strings.Contains(e.out+e.log, "canary-password") {
		t.Error("the password of the database is told")
	}
}

// TestDoctorNeedsAConfiguration: all mistakes are listed as "serve" does, and nothing is asked.
func TestDoctorNeedsAConfiguration(t *testing.T) {
	t.Parallel()
	status, out, log := command(t, map[string]string{"ONBOARD_LISTEN": "nowhere", "ONBOARD_SEALING_KEYS": "canary-of-a-key"}, "doctor")
	if status != 2 || out != "" || strings.Count(log, "  - ONBOARD_") != 3 || strings.Contains(log, "canary") {
		t.Errorf("status %d, printed %q, said %q", status, out, log)
	}
	for want, changes := range map[string]map[string]string{
		"--tenant":             nil,
		"ONBOARD_DATABASE_URL": {"ONBOARD_DATABASE_URL": "postgres://onboard:canary@127.0.0.1:port/onboard"},
	} {
		args := []string{"doctor"}
		if changes == nil {
			args = append(args, "--tenant", "../other")
		}
		status, out, log := command(t, realEnvironment(t, changes), args...)
		if status != 2 || out != "" || !strings.Contains(log, "  - "+want) || strings.Contains(log, "canary") {
			t.Errorf("%s: status %d, printed %q, said %q", want, status, out, log)
		}
	}
}
