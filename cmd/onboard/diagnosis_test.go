package main

import (
	"net/url"
	"strings"
	"testing"
)

// TestMicrosoftErrorIsExplained pastes what Microsoft's page says into the sign-in test.
func TestMicrosoftErrorIsExplained(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("token")
	v.send(map[string]string{"replaces": "0"}).send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).at("signin-test")
	ours := s.sandbox.IDURL() + "/nordlys-bygg/federation/other/signin"
	for name, c := range map[string]struct {
		shown      string
		want, card string
		never      string
	}{
		"not assigned":         {"Sorry, but we're having trouble. AADSTS50105: Your administrator has configured …", "is not assigned", "", ""},
		"Aritma's own address": {"AADSTS50011: The redirect URI '" + ours + "' specified in the request does not match", "AADSTS50011", ours, ""},
		"a foreign address":    {"AADSTS50011: The redirect URI 'https://evil.example/cb' specified in the request does not match", "do not add it in Entra", "", "evil.example/cb</code></div>"},
		"as an address":        {"https://login.microsoftonline.com/error?error_description=" + url.QueryEscape("AADSTS65001: consent. Correlation ID: 11111111-aaaa-4bbb-8ccc-222222222222"), "11111111-aaaa-4bbb-8ccc-222222222222", "", ""},
		"an unknown number":    {"AADSTS999999: new", "AADSTS999999 is not among the errors", "", ""},
		"no number":            {"It does not work <script>alert(1)</script>", "no number", "", "<script>alert"},
	} {
		t.Run(name, func(t *testing.T) {
			v.get("/setup/" + v.setup() + "/signin-test").send(map[string]string{"shown": c.shown})
			html, _ := v.page.Html()
			switch {
			case v.status != 200 || !strings.Contains(v.text("main"), c.want):
				t.Errorf("(%d) does not say %q:\n%s", v.status, c.want, v.text("main .notice"))
			case v.text("#sent-uri") != c.card:
				t.Errorf("offers %q to add, want %q", v.text("#sent-uri"), c.card)
			case c.never != "" && strings.Contains(html, c.never):
				t.Errorf("the page holds %q", c.never)
			}
		})
	}
	v.get("/setup/" + v.setup() + "/signin-test").send(map[string]string{"shown": " "})
	if v.status != 422 || v.text("#error-summary a") != "Paste the text or the address of Microsoft's page" {
		t.Errorf("nothing pasted: %d, %q", v.status, v.text("#error-summary"))
	}
}
