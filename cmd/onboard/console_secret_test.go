package main

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestConsoleSeesNoSecret is promise 7: while everything secret that a setup may hold is there, the console's role asks every
// route in every way, and gets not a byte of it.
func TestConsoleSeesNoSecret(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	sample := s.sandbox.Sample()
	link := s.link("--contact", "Kari Nordmann")
	token := s.sandbox.AccessToken(sample.Tenant).Expose()
	canaries := []canary{
		{name: "link", value: strings.TrimPrefix(link, "/s/")},
		{name: "client secret", value: sample.ClientSecret.Expose()},
		{name: "expired client secret", value: sample.ExpiredSecret.Expose()},
		{name: "pasted access token", value: token},
		{name: "service client secret", value: s.environ["ONBOARD_SERVICE_CLIENT_SECRET"]},
		{name: "sign-in client secret", value: s.environ["ONBOARD_ID_CLIENT_SECRET"]},
		{name: "sealing key", value: s.environ["ONBOARD_SEALING_KEYS"]},
	}
	drafts := []string{sample.DirectoryID, sample.ClientID, sample.Person, "My own name for it"}

	refused := s.visitor().open(s.link("--scheme", "second")).walk("secret").send(map[string]string{"secret": sample.ExpiredSecret.Expose()})
	held := s.visitor().open(link).walk("signin").send(map[string]string{"name": "My own name for it"}).send(nil).at("secret")
	held.send(map[string]string{"secret": sample.ClientSecret.Expose()}).at("assign").send(map[string]string{"person": sample.Person}).at("review")
	begun := s.visitor().begin(token).walk("review")
	shown := s.visitor().open(s.link("--scheme", "third")).walk("review").register().handOver()
	canaries = append(canaries, canary{name: "SCIM token", value: shown.value()})
	done := s.visitor().open(s.link("--scheme", "fourth")).walk("review").register().handOver()
	canaries = append(canaries, canary{name: "second SCIM token", value: done.value()})
	done.send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).finish()
	for _, c := range canaries {
		if len(c.value) < 20 {
			t.Fatalf("the %s has %d characters", c.name, len(c.value))
		}
	}

	v := s.guide()
	read, searched := 0, 0
	look := func(what string, got answer) {
		t.Helper()
		read += len(got.body)
		text := []byte(got.body)
		for name, values := range got.header {
			text = append(text, name+strings.Join(values, "\n")...)
		}
		searched += sweep(t, what, text, canaries)
		for _, draft := range drafts {
			if strings.Contains(got.body, draft) {
				t.Errorf("%s shows what the customer entered: %s", what, draft)
			}
		}
	}
	for _, customer := range []*visitor{held, refused, begun, shown, done} {
		setup := customer.path
		setup = strings.Split(setup, "/")[2]
		v.post("/console/setups/"+setup+"/watch", url.Values{})
		for _, step := range []string{"start", "application", "directory", "signin", "redirect", "secret", "assign", "review", "token", "provisioning", "signin-test", "done"} {
			path := "/console/setups/" + setup + "/guide/" + step
			look(path, v.once(v.request(http.MethodGet, path, nil)))
		}
		for _, r := range s.routes() {
			if r.pattern == "/console/live" && r.method == http.MethodGet || strings.HasSuffix(r.pattern, "/signout") || strings.HasSuffix(r.pattern, "/close") ||
				strings.HasPrefix(r.pattern, "/console/setups/{setup}/links") || r.pattern == "/signin" || r.pattern == "/console/signin" {
				continue
			}
			look(r.method+" "+r.pattern, r.ask(v, setup, strings.Repeat("a", 26)))
		}
	}
	// An issued link is not shown again, whatever is asked; only the one that was just made is.
	setup := strings.Split(held.path, "/")[2]
	action := "/console/setups/" + setup + "/links"
	look("a new link", v.once(v.request(http.MethodPost, action, url.Values{"operation": {strings.Repeat("o", 26)}})))
	if read < 500_000 {
		t.Errorf("only %d bytes were read", read)
	}
	t.Logf("%d bytes of the console read, %d searches for %d secrets", read, searched, len(canaries))
}

// TestExports: figures and the trail as files, safe to open in a spreadsheet.
func TestExports(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	customer := s.visitor().open(s.link("--company", "=HYPERLINK(\"https://evil.example\")")).walk("secret")
	customer.send(map[string]string{"secret": s.sandbox.Sample().ExpiredSecret.Expose()})
	setup := customer.setup()
	v := s.guide()
	file := func(path, kind, name string) string {
		t.Helper()
		got := v.once(v.request(http.MethodGet, path, nil))
		if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), kind) || got.header.Get("Content-Disposition") != `attachment; filename="`+name+`"` {
			t.Fatalf("%s: %d, %v", path, got.status, got.header)
		}
		return got.body
	}
	rows, err := csv.NewReader(strings.NewReader(file("/console/figures.csv", "text/csv", "figures.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, row := range rows {
		found[row[0]+"/"+row[1]] = row[2]
	}
	if found["setups by state/problem"] != "1" || found["setups by open step/secret"] != "1" || found["mistakes this month/entra.secret-expired"] == "" {
		t.Errorf("the figures: %v", found)
	}
	var figures struct {
		Figures []struct {
			Figure, Of string
			Value      int
		}
	}
	if err := json.Unmarshal([]byte(file("/console/figures.json", "application/json", "figures.json")), &figures); err != nil || len(figures.Figures) != len(rows)-1 {
		t.Errorf("%v, %d figures as JSON, %d rows", err, len(figures.Figures), len(rows))
	}
	rows, err = csv.NewReader(strings.NewReader(file("/console/setups/"+setup+"/trail.csv", "text/csv", "trail-"+setup+".csv"))).ReadAll()
	if err != nil || len(rows) < 8 || rows[1][3] != "setup.created" || rows[0][0] != "at" {
		t.Errorf("%v, the trail: %v", err, rows)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a spreadsheet takes %q for a formula", cell)
			}
		}
	}
	var trail struct {
		Events []struct{ Kind, Actor string }
	}
	if err := json.Unmarshal([]byte(file("/console/setups/"+setup+"/trail.json", "application/json", "trail-"+setup+".json")), &trail); err != nil || len(trail.Events) != len(rows)-1 {
		t.Errorf("%v, %d entries as JSON", err, len(trail.Events))
	}
	if v.get("/console/figures"); !strings.Contains(v.text("main"), "The secret has expired") {
		t.Errorf("the figures' page: %s", v.text("main"))
	}
}

// TestListOfSetups: words, state, age and pages choose what is listed.
func TestListOfSetups(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	v := s.guide()
	for n := range 55 {
		v.made(map[string]string{"company": "Company " + strings.Repeat("x", n%3+1), "tenant": "tenant-" + strings.Repeat("a", n+1), "contact": ""})
	}
	v.made(map[string]string{"company": "Ærø Fisk AS", "tenant": "aeroe"})
	titles := func(path string) int { t.Helper(); return v.get(path).page.Find("tbody tr").Length() }
	if n := titles("/console"); n != 50 || v.page.Find("a[rel=next]").Length() != 1 {
		t.Errorf("%d on the first page", n)
	}
	if got := v.text("tbody tr:first-child th a"); got != "Ærø Fisk AS" {
		t.Errorf("first is %s", got)
	}
	next := v.page.Find("a[rel=next]").AttrOr("href", "")
	if n := titles(next); n != 6 || v.page.Find("a[rel=next]").Length() != 0 {
		t.Errorf("%d on the second page", n)
	}
	for path, want := range map[string]int{
		"/console?q=%C3%A6R%C3%B8": 1, "/console?q=nobody": 0, "/console?state=problem": 0, "/console?state=not-opened&q=aeroe": 1, "/console?age=day&q=aeroe": 1,
		"/console?age=over-week": 0, "/console?state=nonsense&q=aeroe": 1, "/console?age=week&q=%27%22%25_": 0, "/console?after=nonsense&q=aeroe": 1,
	} {
		if n := titles(path); n != want || v.status != http.StatusOK {
			t.Errorf("%s: %d setups (%d), want %d", path, n, v.status, want)
		}
	}
}
