package entra

import (
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
