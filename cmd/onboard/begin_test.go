package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// count is how many rows of a table there are.
func (s *site) count(table string) (n int) {
	s.t.Helper()
	db := s.sql()
	defer db.Close()
	if err := db.QueryRowContext(s.t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// beginning are the fields with which a setup is begun with an access token.
func (s *site) beginning() map[string]string {
	sample := s.sandbox.Sample()
	return map[string]string{"company": sample.Company, "tenant": sample.Tenant, "token": s.sandbox.AccessToken(sample.Tenant).Expose()}
}

// TestBeginningWhileAritmaIsAway stores nothing: whoever could not be asked about is let in nowhere. The form stays.
func TestBeginningWhileAritmaIsAway(t *testing.T) {
	t.Parallel()
	for _, away := range []sandbox.Switch{sandbox.IAMUnavailable, sandbox.IAMGarbled, sandbox.IAMSlow} {
		t.Run(string(away), func(t *testing.T) {
			s := newSite(t, withoutService())
			fields := s.beginning()
			s.sandbox.Faults().Set(away, sandbox.UntilCleared)
			v := s.visitor().get("/").send(fields)
			if v.focused(http.StatusServiceUnavailable, "could not be asked"); s.count("setups")+s.count("sessions") != 0 {
				t.Errorf("%d setups and %d sessions are stored", s.count("setups"), s.count("sessions"))
			}
			if got := v.page.Find("main [name=company]").AttrOr("value", ""); got != fields["company"] {
				t.Errorf("the company became %q", got)
			}
			if html, _ := v.page.Html(); strings.Contains(html, fields["token"]) {
				t.Error("the token is written back")
			}
			s.sandbox.Faults().ClearAll()
			s.sandbox.Faults().Release()
			v.send(map[string]string{"token": fields["token"]}).at("start")
		})
	}
}

// TestBeginningSetupsWithoutEnd: a client that begins setups for ever is stopped before Aritma is asked and anything is stored,
// whatever cookies it keeps; whoever holds a setup link goes on.
func TestBeginningSetupsWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	link := s.link()
	v, values := s.visitor(), form(s.beginning())
	var last answer
	tries := 0
	for last.status != http.StatusTooManyRequests && tries < 100 {
		last = v.once(v.request(http.MethodPost, "/begin", values))
		tries++
	}
	if last.helpful(t, "too many setups", http.StatusTooManyRequests); tries > 80 {
		t.Fatalf("%d setups were begun", tries)
	}
	setups, asked := s.count("setups"), s.held().Requests["GET /core/iam/v1/sso"]
	for range 5 {
		s.visitor().once(v.request(http.MethodPost, "/begin", values))
	}
	if asked == 0 || s.count("setups") != setups || s.held().Requests["GET /core/iam/v1/sso"] != asked {
		t.Error("setups are begun all the same, or Aritma is asked")
	}
	s.visitor().open(link).at("start")
}

// TestWhoseSessionItIs: a browser that began a setup with an access token belongs to nobody who holds a link by which it came
// before or after, and one that is signed in stays the person's.
func TestWhoseSessionItIs(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "link"})
	link := s.link()
	other := s.visitor().open(link).at("start")
	sees := func(v *visitor, want int, who string) {
		t.Helper()
		if n := v.get("/sessions").page.Find("main li").Length(); n != want {
			t.Errorf("%s sees %d sessions, want %d: %s", who, n, want, v.text("main"))
		}
	}
	after := s.visitor().open(link).at("start")
	sees(other, 2, "whoever holds the link")
	after.post("/begin", form(s.beginning())).at("start")
	sees(after, 1, "who began a setup after opening a link")
	sees(other, 1, "whoever holds the link, after the other began a setup")

	before := s.visitor()
	before.post("/begin", form(s.beginning())).at("start")
	before.open(link).at("start")
	sees(before, 1, "who began a setup and then opened a link")
	sees(other, 1, "whoever holds the link, after somebody with a setup opened it")

	person := s.admin()
	person.open(link).at("start")
	second := s.admin()
	sees(person, 2, "a person who opened a link")
	sees(second, 2, "the same person in another browser")
	sees(other, 1, "whoever holds the link, after a person opened it")
}

func form(fields map[string]string) url.Values {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return values
}
