package signin

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
)

func TestDiscoveryThatIsNotBelieved(t *testing.T) {
	elsewhere, hits := stranger(t)
	change := func(pairs ...any) func(p *openID) { return func(p *openID) { p.document = set(pairs...) } }
	say := func(status int, body string) func(p *openID) {
		return func(p *openID) {
			p.onDiscovery = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", elsewhere)
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}
		}
	}
	own := func(name string, make func(own string) string) func(p *openID) {
		return func(p *openID) { p.document = set(name, make(p.URL)) }
	}
	for name, test := range map[string]struct {
		provider func(p *openID)
		want     string
	}{
		"issuer of a stranger":      {change("issuer", "https://id.evil.example"), wrongIssuer},
		"issuer of another tenant":  {own("issuer", func(own string) string { return own + "/id/" + otherTenant }), wrongIssuer},
		"issuer with a slash more":  {own("issuer", func(own string) string { return own + "/id/" + ourTenant + "/" }), wrongIssuer},
		"issuer missing":            {change("issuer", nil), wrongIssuer},
		"login elsewhere":           {change("authorization_endpoint", elsewhere+"/authorize"), wrongIssuer},
		"codes elsewhere":           {change("token_endpoint", elsewhere+"/token"), wrongIssuer},
		"keys elsewhere":            {change("jwks_uri", elsewhere+"/keys"), wrongIssuer},
		"codes inside the network":  {change("token_endpoint", "http://169.254.169.254/latest"), wrongIssuer},
		"keys from a file":          {change("jwks_uri", "file:///etc/passwd"), wrongIssuer},
		"login with another scheme": {own("authorization_endpoint", func(own string) string { return strings.Replace(own, "http:", "https:", 1) }), wrongIssuer},
		"login as a script":         {change("authorization_endpoint", "javascript:alert(1)"), wrongIssuer},
		"codes on a like host":      {own("token_endpoint", func(own string) string { return own + ".evil.example/token" }), wrongIssuer},
		"codes with a name before":  {own("token_endpoint", func(own string) string { return strings.Replace(own, "http://", "http://me@", 1) + "/token" }), wrongIssuer},
		"login missing":             {change("authorization_endpoint", nil), wrongIssuer},
		"codes missing":             {change("token_endpoint", nil), wrongIssuer},
		"keys missing":              {change("jwks_uri", nil), wrongIssuer},
		"login relative":            {change("authorization_endpoint", "/connect/authorize"), wrongIssuer},
		"only shared keys":          {change("id_token_signing_alg_values_supported", []string{"none", "HS256"}), garbled},
		"keys of no kind":           {change("id_token_signing_alg_values_supported", "RS256"), garbled},
		"redirect":                  {say(302, ""), garbled},
		"page":                      {say(200, "<html>canary"), garbled},
		"empty":                     {say(200, ""), garbled},
		"list":                      {say(200, `["canary"]`), garbled},
		"10 MB":                     {say(200, `{"issuer":"`+strings.Repeat("x", 10<<20)+`"}`), garbled},
		"no content":                {say(204, ""), garbled},
		"forbidden":                 {say(403, "canary"), garbled},
		"no such tenant":            {say(404, "<html>canary"), "signin.tenant-unknown"},
		"limited":                   {say(429, "canary"), unavailable},
		"error":                     {say(500, "canary"), unavailable},
		"overloaded":                {say(503, "canary"), unavailable},
		"breaks off":                {func(p *openID) { p.onDiscovery = breakOff }, unavailable},
		"not HTTP":                  {func(p *openID) { p.onDiscovery = notHTTP }, unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOpenID(t)
			test.provider(p)
			client := p.client(elsewhere)
			_, to, err := client.Begin(t.Context(), ourTenant, "", "")
			demand(t, err, test.want)
			if to != nil || len(client.known) != 0 {
				t.Errorf("sent to %v, %d kept", to, len(client.known))
			}
			if f := fault.Of(err); strings.HasPrefix(name, "over") && f.RetryAfter != 30*time.Second {
				t.Errorf("RetryAfter %v", f.RetryAfter)
			}
		})
	}
	t.Cleanup(func() {
		if hits.Load() != 0 {
			t.Error("another origin was asked")
		}
	})
}

func TestAritmaIDThatIsSlowOrAway(t *testing.T) {
	p := newOpenID(t)
	p.onDiscovery = hang
	_, _, err := p.clientWith(200*time.Millisecond).Begin(t.Context(), ourTenant, "", "")
	demand(t, err, unavailable)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	client := p.client("http://" + listener.Addr().String())
	client.idBase = address(t, "http://"+listener.Addr().String())
	_, _, err = client.Begin(t.Context(), ourTenant, "", "")
	demand(t, err, unavailable)
}

func TestKeysThatCannotBeHad(t *testing.T) {
	elsewhere, hits := stranger(t)
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Location", elsewhere)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, test := range map[string]struct {
		keys http.HandlerFunc
		want string
	}{
		"none at all":  {say(200, `{"keys":[]}`), wrongToken},
		"only shared":  {say(200, `{"keys":[{"kty":"oct","kid":"ours","alg":"HS256","k":"Y2FuYXJ5"}]}`), wrongToken},
		"page":         {say(200, `<html>canary`), garbled},
		"redirect":     {say(302, ``), garbled},
		"10 MB":        {say(200, `{"keys":"`+strings.Repeat("x", 10<<20)+`"}`), garbled},
		"not found":    {say(404, `canary`), "signin.tenant-unknown"},
		"error":        {say(500, `canary`), unavailable},
		"breaks off":   {breakOff, unavailable},
		"hangs":        {hang, unavailable},
		"not HTTP":     {notHTTP, unavailable},
		"keys, broken": {say(200, `{"keys":[{"kty":"EC","kid":"ours","crv":"P-256","x":"canary"}]}`), garbled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOpenID(t)
			client := p.client(elsewhere)
			if name == "hangs" {
				client = p.clientWith(300 * time.Millisecond)
			}
			demand(t, attack{provider: func(p *openID) { p.onKeys = test.keys }}.run(t, client, p), test.want)
		})
	}
	t.Cleanup(func() {
		if hits.Load() != 0 {
			t.Error("keys were taken from elsewhere")
		}
	})
}
