package entra_test

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/portal"
)

const (
	aritmaURI   = "https://id.aritma.io/nordlys-bygg/federation/nordlys/signin"
	correlation = "e2af9d80-f80a-4465-ac5b-3ce95baa4b9b"
	trace       = "8fdc0a48-915a-4099-b368-bf7ac719bf00"
)

var at = time.Date(2026, 11, 23, 12, 57, 42, 0, time.UTC)

// described is an error description as Microsoft words it.
func described(number int, text string) string {
	return fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: 2026-11-23 12:57:42Z", number, text, trace, correlation)
}

func mismatch(uri string) string {
	return "The redirect URI '" + uri + "' specified in the request does not match the redirect URIs configured for the application '" + clientID + "'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this."
}

func TestDiagnoseFindsEverything(t *testing.T) {
	text := described(50011, mismatch(aritmaURI))
	query := "https://id.aritma.io/cb?error=invalid_request&error_description=" + url.QueryEscape(text) + "&timestamp=x&state=s"
	page := "Sign in\nSorry, but we’re having trouble signing you in.\n\nAADSTS50011: " + mismatch(aritmaURI) + "\nTroubleshooting details\nIf you contact your administrator, send this info to them.\nCopy info to clipboard\n" +
		"Request Id: " + trace + "\nCorrelation Id: " + correlation + "\nTimestamp: 2026-11-23T12:57:42Z\nMessage: AADSTS50011: " + mismatch(aritmaURI)
	for name, pasted := range map[string]string{
		"text":                        text,
		"lines":                       strings.NewReplacer(" Trace", "\r\nTrace", " Correlation", "\r\nCorrelation", " Timestamp", "\r\nTimestamp").Replace(text),
		"page":                        page,
		"every blank a line break":    strings.ReplaceAll(page, " ", "\n"),
		"address broken by a mail":    strings.Replace(text, "/federation/", "/fede\r\n  ration/", 1),
		"ids broken by a mail":        strings.NewReplacer("-4465-", "-\n4465-", "-4099-", "-4099\n-").Replace(text),
		"zero width and hard blanks":  strings.NewReplacer(": ", ":\u00a0\u200b", "AADSTS", "AADSTS\u00ad").Replace(text),
		"typographic quotes":          strings.NewReplacer("URI '", "URI ‘", "' specified", "’ specified").Replace(text),
		"double quotes":               strings.ReplaceAll(text, "'", `"`),
		"capitals":                    strings.NewReplacer(correlation, strings.ToUpper(correlation), "AADSTS", "aadsts").Replace(text),
		"JSON":                        `{"error":"invalid_request","error_description":"` + strings.ReplaceAll(text, " Trace", `\r\nTrace`) + `","error_codes":[50011],"timestamp":"2026-11-23 12:57:42Z","trace_id":"` + trace + `","correlation_id":"` + correlation + `","error_uri":"https://login.microsoftonline.com/error?code=50011"}`,
		"JSON that escapes quotes":    `{"error_description":"` + strings.ReplaceAll(text, "'", `\u0027`) + `"}`,
		"HTML":                        "<html><body><p class='x'>" + strings.ReplaceAll(html.EscapeString(text), "/", "/<wbr>") + "</p></body></html>",
		"HTML with parts":             "<div>AADSTS<b>50011</b>: " + html.EscapeString(mismatch(aritmaURI)) + "</div><div>Request Id: <span>" + trace + "</span></div><div>Correlation Id: <span>" + correlation + "</span></div><div>Timestamp: <span>2026-11-23T12:57:42.123Z</span></div>",
		"address of a page":           query,
		"address with %20":            strings.ReplaceAll(query, "+", "%20"),
		"address, lower-case":         strings.NewReplacer("%3A", "%3a", "%2F", "%2f").Replace(query),
		"address in an address":       "https://id.aritma.io/error?return=" + url.QueryEscape(query),
		"address in a fragment":       strings.Replace(query, "?", "#", 1),
		"address in HTML":             html.EscapeString(query),
		"another language":            "AADSTS50011: Omadresserings-URI-en '" + aritmaURI + "' i forespørselen samsvarer ikke. Sporings-ID: " + trace + " Korrelasjons-ID: " + correlation + " Tidsstempel: 2026-11-23 12:57:42Z",
		"address parameter":           "https://login.microsoftonline.com/x/oauth2/v2.0/authorize?client_id=y&redirect_uri=" + url.QueryEscape(aritmaURI) + "&scope=openid\n" + described(50011, "The reply URL specified in the request does not match."),
		"behind an unknown number":    described(70000000, "New.") + " " + text,
		"angle brackets round it all": "<" + text + ">",
	} {
		t.Run(name, func(t *testing.T) {
			d := entra.Diagnose(pasted)
			d.At = d.At.UTC()
			want := entra.Diagnosis{
				Code: 50011, Known: true, Kind: entra.InPortal, Meaning: "entra.aadsts.50011.meaning", Fix: "entra.aadsts.50011.fix", Place: "authentication",
				RedirectURI: aritmaURI, Correlation: correlation, Trace: trace, At: at,
			}
			if d != want {
				t.Errorf("got\n%+v\nwant\n%+v", d, want)
			}
		})
	}
}

func TestDiagnoseFindsTheNumber(t *testing.T) {
	for pasted, want := range map[string]int{
		"50105": 50105, " AADSTS 50105 ": 50105, "AADSTS-50105": 50105, "aadsts:50105.": 50105, "(50105)": 50105,
		"Sign-in error code: 50105":                            50105,
		"Error Code 50105\nMore":                               50105,
		`"sErrorCode":"50105","x":1`:                           50105,
		`{"error_codes":[50105]}`:                              50105,
		"login.microsoftonline.com/error?code=50105":           50105,
		"https://login.microsoftonline.com/error?code=50105&x": 50105,
		"AADSTS9999999: new":                                   9999999,
		"AADSTS9999999: new AADSTS8888888":                     9999999,
		"AADSTS9999999: new AADSTS65001":                       65001,
		"AADSTS65001 AADSTS50105":                              65001,
		"%41ADSTS65001":                                        65001,

		"": 0, " \n": 0, "AADSTS": 0, "AADSTS: x": 0, "AADSTS123": 0, "AADSTS0000": 0, "AADSTS1234567890123": 0, "404": 0, "Error code: 404": 0,
		"https://id.aritma.io/cb?code=123456": 0, "https://login.microsoftonline.com/error?code=1234.abc": 0,
		"We could not sign you in on 20261123": 0, "+47 22 33 44 55": 0, "\xff\xfe": 0, "%": 0, "%zz+%4": 0,
	} {
		d := entra.Diagnose(pasted)
		if d.Code != want {
			t.Errorf("%q: %d, want %d", pasted, d.Code, want)
		}
		switch {
		case want == 0 && (d.Known || d.Meaning != "entra.aadsts.none.meaning" || d.Fix != "entra.aadsts.none.fix"):
			t.Errorf("%q: %+v", pasted, d)
		case want > 8000000 && (d.Known || d.Kind != "" || d.Place != "" || d.Meaning != "entra.aadsts.unknown.meaning" || d.Fix != "entra.aadsts.unknown.fix"):
			t.Errorf("%q: %+v", pasted, d)
		}
	}
	unknown := entra.Diagnose(described(9999999, "The sandbox made this number up."))
	if unknown.Known || unknown.Correlation != correlation || unknown.Trace != trace || !unknown.At.Equal(at) {
		t.Errorf("an unknown error lost its ids: %+v", unknown)
	}
}

// TestDiagnoseGivesAnAddressOnlyWhereOneIsMeant: neither other quoted things nor sentences are taken for it.
func TestDiagnoseGivesAnAddressOnlyWhereOneIsMeant(t *testing.T) {
	for name, c := range map[string]struct{ pasted, want string }{
		"the older text quotes the application": {described(50011, "The reply URL specified in the request does not match the reply URLs configured for the application: '"+clientID+"'."), ""},
		"an older text with the address":        {described(50011, "The reply address 'http://localhost:8080/cb' does not match the reply addresses configured for the application: "+clientID+"."), "http://localhost:8080/cb"},
		"documentation in JSON":                 {`{"error_description":"AADSTS50011: The reply URL does not match.","error_uri":"https://login.microsoftonline.com/error?code=50011"}`, ""},
		"not about an address":                  {described(50105, "The signed in user 'https://evil.example/' is not assigned; redirect URI '"+aritmaURI+"'."), ""},
		"foreign":                               {described(50011, mismatch("https://evil.example/steal")), "https://evil.example/steal"},
		"a script":                              {described(50011, mismatch("javascript:alert(1)")), "javascript:alert(1)"},
		"markup":                                {described(50011, mismatch("https://x/<script>alert(1)</script>")), "https://x/alert(1)"},
		"a quote that never ends":               {"AADSTS50011: The redirect URI 'https://x " + strings.Repeat("word ", 100), ""},
		"a quote that ends too late":            {"AADSTS50011: The redirect URI 'https://x specified in the request does not match the application's", ""},
		"too long":                              {described(50011, mismatch("https://x/"+strings.Repeat("a", 3000))), ""},
		"encoded parts stay":                    {described(50011, mismatch("https://id.aritma.io/a%20b+c")), "https://id.aritma.io/a%20b+c"},
		"no address registered":                 {"https://login.microsoftonline.com/x/oauth2/v2.0/authorize?redirect_uri=" + url.QueryEscape(aritmaURI) + "&x=y AADSTS500113: No reply address is registered for the application.", aritmaURI},
		"invisible letters":                     {described(50011, mismatch("https://id.aritma.io\u202e/x\u200b")), "https://id.aritma.io/x"},
	} {
		if got := entra.Diagnose(c.pasted).RedirectURI; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestTableIsTheContract holds the table against the numbers that have to be in it.
func TestTableIsTheContract(t *testing.T) {
	want := []int{
		50011, 500113, 900971, 50020, 90072, 50034, 50076, 50079, 50105, 50126, 50148, 50194, 500011, 500014, 500021, 500208, 500213,
		53000, 53003, 530032, 54005, 65001, 90094, 90095, 65004, 650056, 650059, 70001, 7000112, 70011, 700016, 700025, 700054, 7000215,
		7000218, 7000222, 7000229, 90002, 900023, 90038, 900144, 9002313,
	}
	got := entra.Numbers()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the table has %d, want %d", got, want)
	}
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	kinds := []entra.Kind{entra.InPortal, entra.InWizard, entra.ByPerson, entra.ByPolicy, entra.AtAritma}
	for _, number := range got {
		d := entra.Diagnose(fmt.Sprint("AADSTS", number))
		if d.Code != number || !d.Known || !slices.Contains(kinds, d.Kind) {
			t.Errorf("%d: %+v", number, d)
		}
		if d.Place != "" && !slices.Contains(portal.Targets(), portal.Target(d.Place)) {
			t.Errorf("%d: package portal has no %q", number, d.Place)
		}
		if (d.Kind == entra.InPortal) && d.Place == "" || (d.Kind == entra.AtAritma) && d.Place != "" {
			t.Errorf("%d: kind %s with place %q", number, d.Kind, d.Place)
		}
		for _, id := range []string{d.Meaning, d.Fix} {
			if !slices.Contains(catalogue.IDs(), id) {
				t.Errorf("%d: the catalogue has no %q", number, id)
			}
		}
	}
	t.Logf("%d numbers", len(got))
}

// TestSentencesQuoteThePortal: what is set in bold as the portal's words is what the portal says.
func TestSentencesQuoteThePortal(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	say, quoted := catalogue.For("en"), 0
	for _, id := range catalogue.IDs() {
		if !strings.HasPrefix(id, "entra.") && !strings.HasPrefix(id, "scim.") {
			continue
		}
		sentence := say.T(id, "Code", "AADSTS1", "Correlation", correlation, "Directory", otherID, "Status", 404, "Host", "id.example", "Fresh", true)
		for _, wrong := range []string{"<no value>", "{{", "please", "sorry", "invalid"} {
			if strings.Contains(strings.ToLower(sentence), wrong) {
				t.Errorf("%s: %q has %q", id, sentence, wrong)
			}
		}
		for i, part := range strings.Split(sentence, "**") {
			if i%2 == 0 {
				continue
			}
			for words := range strings.SplitSeq(part, "›") {
				if words = strings.TrimSpace(words); words != "" && !portal.Known(words) {
					t.Errorf("%s: the portal has no %q", id, words)
				}
				quoted++
			}
		}
	}
	if quoted < 50 {
		t.Errorf("only %d labels found: the test is broken", quoted)
	}
}

func TestOnHost(t *testing.T) {
	live, _ := url.Parse("https://id.aritma.io")
	odd, _ := url.Parse("https://id.aritma.io:8443/base")
	practice, _ := url.Parse("http://127.0.0.1:9000/id")
	for uri, base := range map[string]*url.URL{
		aritmaURI: live, "https://ID.Aritma.io/x": live, "HTTPS://id.aritma.io/x": live, "https://id.aritma.io:443/x": live, "https://id.aritma.io": live,
		"https://id.aritma.io/a%20b?x=y": live, "https://id.aritma.io:8443/x": odd, "http://127.0.0.1:9000/id/nordlys/federation/x/signin": practice,
	} {
		if !entra.OnHost(uri, base) {
			t.Errorf("%q is not on %s", uri, base)
		}
	}
	for _, uri := range []string{
		"", "x", "/x", "//id.aritma.io/x", "id.aritma.io/x", "http://id.aritma.io/x", "ftp://id.aritma.io/x", "javascript:alert(1)//id.aritma.io/",
		"https:id.aritma.io/x", "https:/id.aritma.io/x", "https:///id.aritma.io/x", "https://", "https:///", "https://:443/x",
		"https://id.aritma.io.evil.example/x", "https://evil.example/id.aritma.io", "https://evil.example/?https://id.aritma.io/", "https://xid.aritma.io/", "https://id.aritma.io./x",
		"https://id.aritma.io@evil.example/", "https://user@id.aritma.io/", "https://user:word@id.aritma.io/", "https://@id.aritma.io/", "https://evil.example#@id.aritma.io/", "https://id.aritma.io/#x",
		"https://id.aritma.io\\@evil.example/", "https://evil.example\\.id.aritma.io/", "https:\\\\id.aritma.io\\x",
		"https://id.aritma.io:80/x", "https://id.aritma.io:8443/x", "https://id.aritma.io:0443/x", "https://id.aritma.io:/x:1/../..:99", "https://id.aritma.io:x/",
		"https://id.aritma.io%2eevil.example/", "https://id%2earitma%2eio/", "https://ıd.aritma.io/x", "https://id.arıtma.io/x", "https://id.aritma。io/x", "https://іd.aritma.io/x",
		" https://id.aritma.io/x", "https://id.aritma.io/x ", "https://id.aritma.io/\u202ex", "https://id.aritma.io/\nx", "https://id.aritma.io/\x00", "https://id.aritma.io/ø",
		"https://id.aritma.io/<b>", `https://id.aritma.io/"x`, "https://id.aritma.io/'x", "https://id.aritma.io/" + strings.Repeat("a", 256), "https://[id.aritma.io]/x", "https://[::1]/x",
	} {
		if entra.OnHost(uri, live) {
			t.Errorf("%q passed", uri)
		}
	}
	if entra.OnHost(aritmaURI, nil) || entra.OnHost("https:///x", &url.URL{Scheme: "https"}) || entra.OnHost("https://127.0.0.1:9000/x", practice) || entra.OnHost("ftp://h/x", &url.URL{Scheme: "ftp", Host: "h"}) {
		t.Error("a base that is none, or another scheme, passed")
	}
}
