package entra

import (
	"html"
	"net/url"
	"strings"
	"testing"
)

const fuzzID = "11111111-aaaa-4bbb-8ccc-222222222222"

// FuzzParseDirectory: whatever is answered, a directory is only given whole, about what was asked, and with hosts of the
// fixed lists.
func FuzzParseDirectory(f *testing.F) {
	for _, seed := range []string{
		`{"issuer":"https://login.microsoftonline.com/` + fuzzID + `/v2.0","cloud_instance_name":"microsoftonline.com","tenant_region_scope":"EU","msgraph_host":"graph.microsoft.com"}`,
		`{"issuer":"https://login.microsoftonline.us/` + fuzzID + `/v2.0","token_endpoint":"https://login.microsoftonline.us/x","tenant_region_scope":"USGov","msgraph_host":"dod-graph.microsoft.us"}`,
		`{"issuer":"https://x/` + fuzzID + `/","cloud_instance_name":"chinacloudapi.cn"}`,
		`{"issuer":"https://x/{tenantid}/v2.0"}`, `{"issuer":"://"}`, `{"issuer":null}`, `[]`, `null`, ``, `{"issuer":"`,
	} {
		f.Add([]byte(seed), fuzzID)
		f.Add([]byte(seed), "nordlys.example")
	}
	f.Fuzz(func(t *testing.T, body []byte, asked string) {
		d, err := parseDirectory(body, asked)
		if err != nil {
			if d != (Directory{}) {
				t.Fatalf("a directory with an error: %+v", d)
			}
			return
		}
		if !isGUID(d.ID) || (isGUID(asked) && d.ID != asked) {
			t.Fatalf("directory %q, asked for %q", d.ID, asked)
		}
		known := false
		for _, c := range clouds {
			if c.name == d.Cloud {
				known = d.Authority == "https://"+c.login+"/"+d.ID+"/v2.0" && d.GraphHost == c.graph(d.GraphHost)
			}
		}
		if !known || len(d.Region) > 16 || strings.ContainsAny(d.Region, "<>&\"' ") {
			t.Fatalf("strange directory %+v", d)
		}
	})
}

func FuzzParseRefusal(f *testing.F) {
	for _, seed := range []string{
		`{"error":"invalid_tenant","error_description":"AADSTS90002: x","error_codes":[90002],"correlation_id":"` + fuzzID + `"}`,
		`{"error_description":"AADSTS900023: x"}`, `{"error_codes":["90002"]}`, `{"error_codes":[]}`, `{"error_codes":[-1]}`, `{}`, `<html>`, ``,
		`{"error_description":"AADSTS99999999999999999999"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := parseRefusal(body)
		if r.number < 0 || (r.correlation != "" && !isGUID(r.correlation)) {
			t.Fatalf("strange refusal %+v", r)
		}
		if (r.number == 0) != (r.code() == "") {
			t.Fatalf("code %q of %+v", r.code(), r)
		}
	})
}

// FuzzNames: what passes as a name can be one path segment, as it is.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{fuzzID, "nordlys.example", "10.0.0.10", "a..b", "%2e%2e", "a.b.c.onmicrosoft.com", "common"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !isGUID(name) && !isDomain(name) {
			return
		}
		if strings.ContainsAny(name, "/\\?#%:@ \t\r\n") || name != strings.ToLower(name) || name == "." || name == ".." {
			t.Fatalf("%q passed", name)
		}
		request := Hosts(nil)[0].JoinPath(name, "v2.0").String()
		if request != "https://login.microsoftonline.com/"+name+"/v2.0" {
			t.Fatalf("%q became %q", name, request)
		}
	})
}

// FuzzDiagnose: whatever is pasted, a diagnosis is whole, holds nothing but numbers, GUIDs and one address of bounded
// length, and that address is offered only when every reader takes it to lie on the host.
func FuzzDiagnose(f *testing.F) {
	const text = "AADSTS50011: The redirect URI 'https://id.aritma.io/x/signin' specified in the request does not match. Trace ID: " + fuzzID + " Correlation ID: " + fuzzID + " Timestamp: 2026-11-23 12:57:42Z"
	for _, seed := range []string{
		text, url.QueryEscape(text), url.QueryEscape(url.QueryEscape(text)), html.EscapeString(text), strings.ReplaceAll(text, " ", "\n"),
		`{"error_description":"` + strings.ReplaceAll(text, "'", `\u0027`) + `","error_codes":[50011]}`, "50105", "error?code=65001", "AADSTS", "%", "&#", `\u00`, "<b", "",
		"AADSTS500113 https://x/?redirect_uri=https%3A%2F%2Fid.aritma.io%40evil.example&y", "AADSTS50011: '" + strings.Repeat("%25", 40),
	} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "id.aritma.io"}
	f.Fuzz(func(t *testing.T, pasted string) {
		d := Diagnose(pasted)
		if d.Meaning == "" || d.Fix == "" || d.Code < 0 || d.Code > 999999999 {
			t.Fatalf("not whole: %+v", d)
		}
		if _, known := table[d.Code]; known != d.Known || known != (d.Kind != "") {
			t.Fatalf("known or not: %+v", d)
		}
		for _, id := range []string{d.Correlation, d.Trace} {
			if id != "" && !isGUID(id) {
				t.Fatalf("strange id %q", id)
			}
		}
		if len(d.RedirectURI) > maxURI || strings.ContainsAny(d.RedirectURI, " \t\r\n<>'\"`") {
			t.Fatalf("strange address %q", d.RedirectURI)
		}
		if OnHost(d.RedirectURI, base) {
			u, err := url.Parse(d.RedirectURI)
			if err != nil || u.Scheme != "https" || !strings.EqualFold(u.Host, base.Host) && !strings.EqualFold(u.Host, base.Host+":443") {
				t.Fatalf("%q passed", d.RedirectURI)
			}
		}
	})
}
