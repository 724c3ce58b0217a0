package main

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// gone as a field's value leaves the field out of the form.
const gone = "\x00gone"

// secretFields are never written back into a page.
var secretFields = []string{"link", "token", "secret"}

// mistaken sends the form of the page with these fields and demands the page again: 422, one summary, the same sentence
// at each wrong field, and everything else still there.
func (v *visitor) mistaken(fields map[string]string, wrong ...string) {
	v.t.Helper()
	where := v.path
	action, values := v.form(fields)
	for name, value := range fields {
		if value == gone {
			values.Del(name)
		}
	}
	v.post(action, values)
	if v.status != 422 {
		v.t.Fatalf("%s with a wrong %v got %d: %s", where, wrong, v.status, v.text("main"))
	}
	if !strings.HasPrefix(v.text("title"), "Error: ") {
		v.t.Errorf("%s with a wrong %v: the title is %q", where, wrong, v.text("title"))
	}
	summary := v.page.Find("[role=alert]")
	if summary.Length() != 1 || summary.Find("li a").Length() != len(wrong) {
		v.t.Fatalf("%s with a wrong %v: %d summaries: %s", where, wrong, summary.Length(), v.text("[role=alert]"))
	}
	for _, name := range wrong {
		v.told(name)
	}
	for name, value := range values {
		field := v.page.Find("main [name='" + name + "']")
		switch kind := field.AttrOr("type", ""); {
		case slices.Contains(secretFields, name):
			if html, _ := v.page.Html(); strings.TrimSpace(value[0]) != "" && strings.Contains(html, value[0]) {
				v.t.Errorf("%s: what was entered under %s is written back", where, name)
			}
		case kind == "hidden":
		case kind == "radio":
			if field.Filter("[checked]").AttrOr("value", "") != value[0] && !slices.Contains(wrong, name) {
				v.t.Errorf("%s: the choice %s=%s is lost", where, name, value[0])
			}
		case goquery.NodeName(field) == "textarea":
			if strings.TrimSpace(field.Text()) != strings.TrimSpace(value[0]) {
				v.t.Errorf("%s: the text under %s is lost", where, name)
			}
		case kind != "checkbox" && field.AttrOr("value", "") != value[0]:
			v.t.Errorf("%s: under %s stands %q, entered was %q", where, name, field.AttrOr("value", ""), value[0])
		}
	}
}

// told demands that summary and field say the same of a wrong field, and that the field is tied to its sentence.
func (v *visitor) told(name string) {
	v.t.Helper()
	sentence := v.text("[role=alert] a[href='#" + name + "']")
	if sentence == "" {
		v.t.Errorf("%s: the summary does not lead to %s: %s", v.path, name, v.text("[role=alert]"))
	}
	if beside := strings.TrimPrefix(v.text("#"+name+"-error"), "Error: "); beside != sentence {
		v.t.Errorf("%s: the summary says %q, beside %s stands %q", v.path, sentence, name, beside)
	}
	field := v.page.Find("#" + name)
	tied := field
	if field.AttrOr("type", "") == "radio" { // the question as a whole is tied, each answer is right in itself
		tied = field.Closest("fieldset")
	} else if field.AttrOr("aria-invalid", "") != "true" {
		v.t.Errorf("%s: %s is not marked as invalid", v.path, name)
	}
	if !slices.Contains(strings.Fields(tied.AttrOr("aria-describedby", "")), name+"-error") {
		v.t.Errorf("%s: %s is described by %q", v.path, name, tied.AttrOr("aria-describedby", ""))
	}
}

// wrongInput is one mistake on one page.
type wrongInput struct {
	name, page string
	fields     map[string]string
	wrong      []string
}

func wrongInputs(s *site) []wrongInput {
	sample, long := s.sandbox.Sample(), func(n int) string { return strings.Repeat("x", n) }
	day := func(years int) string { return time.Now().AddDate(years, 0, 0).Format(time.DateOnly) }
	fields := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	const unknown, letters = "11111111-2222-4333-8444-555555555555", "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz"
	token := s.sandbox.AccessToken(sample.Tenant).Expose()
	begin := func(company, tenant, token string) map[string]string {
		return fields("company", company, "tenant", tenant, "token", token)
	}
	ids := func(directory, client string) map[string]string {
		return fields("directory", directory, "client", client)
	}
	return []wrongInput{
		{"no link", "/", fields("link", ""), []string{"link"}},
		{"blank link", "/", fields("link", "   "), []string{"link"}},
		{"unknown link", "/", fields("link", s.public+"/s/"+long(43)), []string{"link"}},
		{"no link at all", "/", fields("link", "hello there"), []string{"link"}},
		{"nothing", "/", begin("", "", ""), []string{"company", "tenant", "token"}},
		{"company too long", "/", begin(long(81), sample.Tenant, token), []string{"company"}},
		{"tenant with blanks", "/", begin("Acme", "no tenant", token), []string{"tenant", "token"}},
		{"token with blanks", "/", begin("Acme", sample.Tenant, "one two"), []string{"token"}},
		{"token too long", "/", begin("Acme", sample.Tenant, long(16<<10+1)), []string{"token"}},
		{"token of another tenant", "/", begin("Acme", sample.Tenant, s.sandbox.AccessToken("another-tenant").Expose()), []string{"token"}},
		{"token that nobody gave", "/", begin("Acme", sample.Tenant, long(40)), []string{"token"}},
		{"sharing missing", "start", fields("sharing", gone, "applications", "two"), []string{"sharing"}},
		{"applications missing", "start", fields("sharing", "no", "applications", gone), []string{"applications"}},
		{"applications unknown", "start", fields("applications", "three"), []string{"applications"}},
		{"no ids", "directory", ids("", ""), []string{"directory", "client"}},
		{"ids too short", "directory", ids("5b1d7f0e", "c93e2a64"), []string{"directory", "client"}},
		{"ids of wrong letters", "directory", ids(letters, letters), []string{"directory", "client"}},
		{"ids the same", "directory", ids(sample.ClientID, sample.ClientID), []string{"client"}},
		{"directory unknown", "directory", ids(unknown, sample.ClientID), []string{"directory"}},
		{"ids swapped", "directory", ids(sample.ClientID, sample.DirectoryID), []string{"directory"}},
		{"domain unknown", "directory", ids("nobody.example", sample.ClientID), []string{"directory"}},
		{"no name", "signin", fields("name", "", "button", "later"), []string{"name"}},
		{"name too long", "signin", fields("name", long(81), "create", "yes"), []string{"name"}},
		{"no scheme", "signin", fields("scheme", ""), []string{"scheme"}},
		{"scheme with capitals and blanks", "signin", fields("scheme", "My Scheme!"), []string{"scheme"}},
		{"scheme too long", "signin", fields("scheme", long(61)), []string{"scheme"}},
		{"create missing", "signin", fields("create", gone, "button", "later"), []string{"create"}},
		{"button missing", "signin", fields("button", gone, "create", "yes"), []string{"button"}},
		{"Secret ID", "secret", fields("secret", sample.SecretID), []string{"secret"}},
		{"Secret ID in braces", "secret", fields("secret", "{"+strings.ToUpper(sample.SecretID)+"}"), []string{"secret"}},
		{"masked secret", "secret", fields("secret", "••••••••••••"), []string{"secret"}},
		{"secret of stars", "secret", fields("secret", "************"), []string{"secret"}},
		{"secret with a blank", "secret", fields("secret", "Abc8Q~with a blank inside"), []string{"secret"}},
		{"secret too long", "secret", fields("secret", long(513)), []string{"secret"}},
		{"date is none", "secret", fields("expires", "tomorrow"), []string{"expires"}},
		{"date is over", "secret", fields("expires", day(-1)), []string{"expires"}},
		{"date is too far", "secret", fields("expires", day(9)), []string{"expires"}},
		{"secret and date", "secret", fields("secret", sample.SecretID, "expires", "31.12.2030"), []string{"secret", "expires"}},
		{"person is no address", "assign", fields("person", "kari"), []string{"person"}},
		{"not ticked", "token", fields("pasted", gone), []string{"pasted"}},
		{"arrived missing", "provisioning", fields("arrived", gone, "reason", "some words"), []string{"arrived"}},
		{"no reason", "provisioning", fields("arrived", "no", "reason", ""), []string{"reason"}},
		{"reason too long", "provisioning", fields("arrived", "no", "reason", long(1001)), []string{"reason"}},
		{"not sure", "start-over", fields("sure", gone), []string{"sure"}},
	}
}

// halfway is a browser in a setup that stands at signin with nothing registered; a second one at provisioning.
func halfway(s *site) (before, after *visitor) {
	before = s.visitor().open(s.link()).walk("review")
	other := s.visitor().open(s.link("--scheme", "second-entra")).walk("review").register()
	other.handOver().send(map[string]string{"pasted": "yes"}).at("provisioning")
	return before, other
}

func TestWrongInputOfEveryField(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	before, after := halfway(s)
	claimed := s.visitor().open(s.link("--scheme", "third-entra")).walk("review").register()
	claimed.handOver()
	for _, c := range wrongInputs(s) {
		t.Run(c.page+"/"+c.name, func(t *testing.T) {
			v := before
			switch c.page {
			case "provisioning":
				v = after
			case "token":
				v = claimed
			}
			page := c.page
			if page != "/" {
				page = "/setup/" + v.setup() + "/" + c.page
			}
			v.as(t).get(page).mistaken(c.fields, c.wrong...)
		})
	}
	first := s.visitor().open(s.link("--scheme", "fourth-entra")).walk("secret")
	first.mistaken(map[string]string{"secret": "", "expires": time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}, "secret")
	if t.Logf("%d wrong inputs", len(wrongInputs(s))+1); len(s.held().Providers) != 2 {
		t.Errorf("wrong input changed what Aritma holds: %+v", s.held())
	}
}

// TestWrongAccessToken pastes every kind of wrong token where one is asked for.
func TestWrongAccessToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, withoutService())
	sample := s.sandbox.Sample()
	v := s.visitor().begin("Bearer " + s.sandbox.AccessToken(sample.Tenant).Expose()).at("start")
	page := "/setup/" + v.setup() + "/access?back=token"
	for _, token := range []string{"", "one two", s.sandbox.AccessToken("another-tenant").Expose(), strings.Repeat("x", 40), strings.Repeat("x", 17<<10)} {
		v.get(page).mistaken(map[string]string{"token": token}, "token")
	}
}

// TestWrongProviderNumber is asked for only where Aritma tells no number.
func TestWrongProviderNumber(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.sandbox.Faults().Set(sandbox.NoProviderID, 1)
	s.sandbox.Faults().Set(sandbox.ListNotOffered, sandbox.UntilCleared)
	v := s.visitor().open(s.link()).walk("review").register()
	v.get("/setup/" + v.setup() + "/signin").send(map[string]string{"name": "Another name"}).at("review").send(nil).at("review")
	for _, number := range []string{"abc", "-1", "0", "1.5", "99999999999999999999"} {
		v.tab().mistaken(map[string]string{"provider": number}, "provider")
	}
	v.send(map[string]string{"provider": "1"})
	if v.at("token"); s.held().Providers[0].DisplayName != "Another name" {
		t.Error("the right number does not update")
	}
}

// TestWhatCopyingAddsIsCleaned pastes values the way they come out of a portal, a mail or a spreadsheet.
func TestWhatCopyingAddsIsCleaned(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	sample := s.sandbox.Sample()
	v := s.visitor().open(s.link()).walk("directory")
	v.send(map[string]string{"directory": "\u200b{" + strings.ToUpper(sample.DirectoryID) + "}\r\n", "client": " \"" + sample.ClientID + "\"\t"}).at("signin")
	v.send(map[string]string{"scheme": " Acme-Entra "}).at("redirect").send(nil).at("secret")
	page := v.path
	for _, dressed := range []string{"{%}", "\"%\"", "'%'", " % ", "“%”", "\u200b%\n", "`%`", "<%>"} {
		v.get(page).send(map[string]string{"secret": strings.ReplaceAll(dressed, "%", sample.ClientSecret.Expose())})
		if v.status >= 400 {
			t.Errorf("a client secret dressed as %q is refused: %s", dressed, v.text("[role=alert]"))
		}
	}
	v.get("/setup/" + v.setup() + "/assign").send(map[string]string{"person": "\t" + sample.Person + " "}).at("review")
	for _, value := range []string{sample.DirectoryID, sample.ClientID, "acme-entra", sample.Person} {
		if !strings.Contains(v.text("main"), value) {
			t.Errorf("%q is not among the answers", value)
		}
	}
	if link := s.link(); s.visitor().get("/").send(map[string]string{"link": " <" + s.public + link + "> "}).status != 200 {
		t.Error("a setup link in brackets is not understood")
	}
}

// hostile is what an attacker, or a cat on a keyboard, enters.
var hostile = map[string]string{
	"script": `<script>alert(1)</script>`, "attribute": `x" onmouseover="alert(1)" y='`, "RTL": "abc\u202e\u2066def\u200f", "NUL": "a\x00b",
	"emoji": "👩‍👩‍👧‍👦🇳🇴", "not UTF-8": "\xff\xfe\xc3\x28", "template": "{{.}}${7*7}%s%n", "path": "../../../etc/passwd", "line breaks": "a\r\nSet-Cookie: x=y\r\n\r\n",
	"image": `<img src=x onerror=alert(1)>`, "url": "javascript:alert(1)", "SQL": `'; DROP TABLE setups; --`, "long": strings.Repeat("å", 25_000),
}

// harmless demands that a page is ours and that nothing in it came alive.
func (v *visitor) harmless(what string) {
	v.t.Helper()
	if v.status >= 500 {
		v.t.Errorf("%s: %s answered %d", what, v.path, v.status)
	}
	v.page.Find("script").Each(func(_ int, script *goquery.Selection) {
		if !strings.HasPrefix(script.AttrOr("src", ""), "/static/") || script.Text() != "" {
			v.t.Errorf("%s: a script came alive at %s", what, v.path)
		}
	})
	if n := v.page.Find("[onmouseover], [onerror], img[src=x], [href^='javascript:'], iframe, object").Length(); n != 0 {
		v.t.Errorf("%s: %d elements came alive at %s", what, n, v.path)
	}
	if v.header.Get("Set-Cookie") == "x=y" {
		v.t.Errorf("%s: a header came alive at %s", what, v.path)
	}
}

func TestHostileTextInEveryField(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	sample, sent := s.sandbox.Sample(), 0
	for _, form := range []struct {
		page   string
		fields []string
		needed map[string]string
	}{
		{"/", []string{"link"}, nil},
		{"/", []string{"company", "tenant", "token", "operation"}, map[string]string{"company": "Acme", "tenant": sample.Tenant}},
		{"start", []string{"sharing", "applications", "revision"}, nil},
		{"directory", []string{"directory", "client"}, map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}},
		{"signin", []string{"name", "scheme", "create", "button"}, nil},
		{"secret", []string{"secret", "expires"}, nil},
		{"assign", []string{"person"}, nil},
		{"review", []string{"operation", "revision"}, nil},
		{"token", []string{"operation", "replaces"}, nil},
		{"provisioning", []string{"arrived", "reason", "revision"}, nil},
		{"start-over", []string{"sure", "operation"}, nil},
	} {
		v, page := s.visitor(), form.page
		switch {
		case page == "provisioning":
			v.open(s.link("--scheme", page)).walk("review").register().handOver().send(map[string]string{"pasted": "yes"})
		case page != "/":
			v.open(s.link("--scheme", page)).walk(page)
		}
		setup := ""
		if page != "/" {
			setup = "/setup/" + v.setup()
			page = setup + "/" + page
		}
		for _, field := range form.fields {
			for what, text := range hostile {
				if v.get(page); v.page.Find("[name='"+field+"']").Length() == 0 {
					break // it was accepted, and the act is done
				}
				fields := maps.Clone(form.needed)
				if fields == nil {
					fields = map[string]string{}
				}
				fields[field] = text
				v.send(fields).harmless(what + " as " + field)
				v.get(page).harmless(what + " as " + field + ", shown again")
				v.get(or(setup, "") + "/").harmless(what + " as " + field + ", next page")
				sent++
			}
		}
		for what, text := range hostile {
			for _, path := range []string{"/s/" + url.PathEscape(text), "/setup/" + url.PathEscape(text) + "/start", setup + "/" + url.PathEscape(text), setup + "/access?back=" + url.QueryEscape(text)} {
				v.get(path).harmless(what + " as address")
				sent++
			}
		}
	}
	t.Logf("%d hostile inputs", sent)
}

// TestHostileNameUpToTheEnd takes a name that is accepted through every page that shows it.
func TestHostileNameUpToTheEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	const name = `<script>alert(1)</script>"onmouseover=x ` + "`**" + `👩‍👩‍👧`
	v := s.visitor().open(s.link("--company", name, "--contact", name)).walk("signin")
	v.send(map[string]string{"name": name}).at("redirect").send(nil).at("secret")
	v.send(map[string]string{"secret": s.sandbox.Sample().ClientSecret.Expose()}).at("assign").send(nil).register()
	v.handOver().harmless("name, token")
	v.send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "no", "reason": name}).at("signin-test").send(nil).at("done")
	if got := s.held().Providers[0].DisplayName; got != name {
		t.Errorf("Aritma was told %q", got)
	}
	for _, step := range wizard.Steps() {
		v.get("/setup/" + v.setup() + "/" + string(step)).at(string(step)).harmless("name")
		if !strings.Contains(v.text("body"), "<script>alert(1)</script>") {
			t.Errorf("%s does not show the name of the company as it is", step)
		}
	}
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
