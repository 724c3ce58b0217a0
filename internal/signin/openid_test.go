package signin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	wizardID    = "onboard-wizard"
	callback    = "https://onboard.example/signin/callback"
	ourTenant   = "7c0e1b9a-5d6f-4f7e-8a2c-1d2e3f405162"
	accessToken = "access-canary"
)

var (
	wizardSecret = secret.New("wizard-canary+/=&% that is 32 bytes long")
	ourKey       = newKey()
	strangersKey = newKey()
)

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

type object = map[string]any

// openID is a small OpenID provider over real HTTP: one tenant, one person who is always let in. Each field changes what it
// does; a handler replaces it.
type openID struct {
	*httptest.Server
	t *testing.T

	document func(object)
	claims   func(object)
	answer   func(object)
	sign     func(object) string

	onDiscovery, onKeys, onToken, onAuthorize http.HandlerFunc

	discoveries, keyRequests, redemptions atomic.Int64

	mu    sync.Mutex
	codes map[string]url.Values // authorization requests, by the code that they got
}

func newOpenID(t *testing.T) *openID {
	t.Helper()
	p := &openID{t: t, codes: map[string]url.Values{}}
	p.sign = func(c object) string { return signed(t, jose.ES256, ourKey, "ours", c) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /id/{tenant}/.well-known/openid-configuration", p.serveDiscovery)
	mux.HandleFunc("GET /id/{tenant}/keys", p.serveKeys)
	mux.HandleFunc("GET /id/{tenant}/connect/authorize", p.serveAuthorize)
	mux.HandleFunc("POST /id/{tenant}/connect/token", p.serveToken)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *openID) issuer(tenant string) string { return p.URL + "/id/" + tenant }

// client signs in here, and may reach the origins beside it.
func (p *openID) client(origins ...string) *Client {
	return p.clientWith(2*time.Second, origins...)
}

func (p *openID) clientWith(timeout time.Duration, origins ...string) *Client {
	p.t.Helper()
	allow := []*url.URL{address(p.t, p.URL)}
	for _, origin := range origins {
		allow = append(allow, address(p.t, origin))
	}
	client := outbound.New(outbound.Options{Allow: allow, AllowLoopback: true, Timeout: timeout})
	p.t.Cleanup(client.CloseIdleConnections)
	return NewClient(address(p.t, p.URL+"/id"), wizardID, wizardSecret, address(p.t, callback), client)
}

func address(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (p *openID) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	p.discoveries.Add(1)
	if p.onDiscovery != nil {
		p.onDiscovery(w, r)
		return
	}
	issuer := p.issuer(r.PathValue("tenant"))
	document := object{
		"issuer": issuer, "authorization_endpoint": issuer + "/connect/authorize", "token_endpoint": issuer + "/connect/token",
		"jwks_uri": issuer + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "ES256"},
		"authorization_response_iss_parameter_supported": true,
	}
	if p.document != nil {
		p.document(document)
	}
	writeJSON(w, http.StatusOK, document)
}

func (p *openID) serveKeys(w http.ResponseWriter, r *http.Request) {
	p.keyRequests.Add(1)
	if p.onKeys != nil {
		p.onKeys(w, r)
		return
	}
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: ourKey.Public(), KeyID: "ours", Use: "sig"}}})
}

func (p *openID) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	if p.onAuthorize != nil {
		p.onAuthorize(w, r)
		return
	}
	request := r.URL.Query()
	code := "code-canary-" + rand.Text()
	p.mu.Lock()
	p.codes[code] = request
	p.mu.Unlock()
	back := url.Values{"code": {code}, "state": {request.Get("state")}, "iss": {p.issuer(r.PathValue("tenant"))}}
	http.Redirect(w, r, request.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// take gives the authorization request of a code, once.
func (p *openID) take(code string) (url.Values, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	request, ok := p.codes[code]
	delete(p.codes, code)
	return request, ok
}

func (p *openID) serveToken(w http.ResponseWriter, r *http.Request) {
	p.redemptions.Add(1)
	if p.onToken != nil {
		p.onToken(w, r)
		return
	}
	_ = r.ParseForm()
	id, value, basic := r.BasicAuth()
	if !basic {
		id, value = r.PostForm.Get("client_id"), url.QueryEscape(r.PostForm.Get("client_secret"))
	}
	if id != wizardID || value != url.QueryEscape(wizardSecret.Expose()) {
		writeJSON(w, http.StatusUnauthorized, object{"error": "invalid_client", "error_description": "canary"})
		return
	}
	request, ok := p.take(r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !ok || r.PostForm.Get("grant_type") != "authorization_code" || request.Get("redirect_uri") != r.PostForm.Get("redirect_uri") ||
		request.Get("code_challenge_method") != "S256" || request.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
		writeJSON(w, http.StatusBadRequest, object{"error": "invalid_grant", "error_description": "canary"})
		return
	}
	answer := object{
		"access_token": accessToken, "token_type": "Bearer", "expires_in": 3600, "scope": "openid",
		"id_token": p.sign(p.claimsFor(r.PathValue("tenant"), request)),
	}
	if p.answer != nil {
		p.answer(answer)
	}
	writeJSON(w, http.StatusOK, answer)
}

func (p *openID) claimsFor(tenant string, request url.Values) object {
	now := time.Now()
	claims := object{
		"iss": p.issuer(tenant), "aud": wizardID, "sub": "user-4711", "nonce": request.Get("nonce"), "tid": tenant,
		"exp": now.Add(5 * time.Minute).Unix(), "iat": now.Unix(), "auth_time": now.Unix(),
		"name": "Kari Nordmann", "email": "kari@nordlys.example", "email_verified": true, "preferred_username": "kari",
		"external_id": "9f3a", "idp": "nordlys-entra",
	}
	if p.claims != nil {
		p.claims(claims)
	}
	return claims
}

// signed is a token in compact form; a header is name, value.
func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, id string, claims object, header ...any) string {
	t.Helper()
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{"kid": id}}
	for i := 0; i+1 < len(header); i += 2 {
		options.ExtraHeaders[jose.HeaderKey(header[i].(string))] = header[i+1]
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// encoded is one part of a token.
func encoded(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// visit goes where Begin sends the browser, and returns the query with which it comes back.
func visit(t *testing.T, to *url.URL) url.Values {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer browser.CloseIdleConnections()
	answer, err := browser.Get(to.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	back, err := answer.Location()
	if err != nil || !strings.HasPrefix(back.String(), callback+"?") {
		t.Fatalf("came back to %v: %v", back, err)
	}
	return back.Query()
}

// set changes claims, a document or an answer; a nil value takes the name out.
func set(pairs ...any) func(object) {
	return func(o object) {
		for i := 0; i+1 < len(pairs); i += 2 {
			name := pairs[i].(string)
			if pairs[i+1] == nil {
				delete(o, name)
				continue
			}
			maps.Copy(o, object{name: pairs[i+1]})
		}
	}
}
