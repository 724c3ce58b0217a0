package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	wrongState   = "signin.person.state"
	wrongIssuer  = "signin.person.issuer"
	wrongToken   = "signin.person.token"
	wrongTenant  = "signin.person.tenant"
	wrongClient  = "signin.person.client"
	tooLate      = "signin.person.expired"
	refused      = "signin.person.refused"
	garbled      = "signin.garbled"
	unavailable  = "signin.unavailable"
	otherTenant  = "11111111-5d6f-4f7e-8a2c-1d2e3f405162"
	nothingWrong = ""
)

var kinds = map[string]fault.Kind{
	wrongState: fault.Forbidden, wrongIssuer: fault.Forbidden, wrongToken: fault.Forbidden, wrongTenant: fault.Forbidden, wrongClient: fault.Forbidden,
	tooLate: fault.Forbidden, refused: fault.Forbidden, garbled: fault.Upstream, unavailable: fault.Unavailable, "signin.tenant-unknown": fault.NotFound,
}

// attack is one thing that is not as it should be.
type attack struct {
	provider    func(p *openID)
	attempt     func(a *Attempt)
	query       func(q url.Values)
	later       time.Duration // how long the answer takes
	want        string        // fault id
	redemptions int64         // requests at the token endpoint
	toAct       bool          // the person signs in to act, not to try
}

// run signs in; everything that happens before Finish has to go well.
func (k attack) run(t *testing.T, client *Client, p *openID) error {
	t.Helper()
	if k.provider != nil {
		k.provider(p)
	}
	begin := func() (Attempt, *url.URL, error) {
		return client.Begin(t.Context(), ourTenant, "nordlys-entra", "setup1")
	}
	if k.toAct {
		begin = func() (Attempt, *url.URL, error) { return client.BeginToAct(t.Context(), ourTenant, "setup1", false) }
	}
	attempt, to, err := begin()
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	query := visit(t, to)
	if k.query != nil {
		k.query(query)
	}
	if k.attempt != nil {
		k.attempt(&attempt)
	}
	client.now = func() time.Time { return time.Now().Add(k.later) }
	var person Person
	if k.toAct {
		var tokens Tokens
		person, tokens, err = client.FinishToAct(t.Context(), attempt, query)
		if tokens.Access.IsZero() != (err != nil) {
			t.Errorf("a token with %v", err)
		}
	} else {
		person, err = client.Finish(t.Context(), attempt, query)
	}
	if (person.Subject == "") != (err != nil) {
		t.Errorf("person %+v with %v", person, err)
	}
	return err
}

func demand(t *testing.T, err error, want string) {
	t.Helper()
	if want == nothingWrong {
		if err != nil {
			t.Error(err)
		}
		return
	}
	f := fault.Of(err)
	if f.ID != want || f.Kind != kinds[want] {
		t.Errorf("got %v (%v), want %s", err, f.Kind, want)
	}
	demandSilence(t, err)
}

// earlier is the one row that is no attack on somebody who signs in to act: a session at Aritma ID from before will do.
const earlier = "signed in long before"

// runAttacks makes each attack on a test sign-in, and on one of somebody who wants to act.
func runAttacks(t *testing.T, attacks map[string]attack) {
	t.Helper()
	both := map[string]attack{}
	for name, each := range attacks {
		both[name] = each
		if each.toAct = true; name == earlier {
			each.want = nothingWrong
		}
		both[name+", to act"] = each
	}
	for name, each := range both {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOpenID(t)
			demand(t, each.run(t, p.client(), p), each.want)
			if n := p.redemptions.Load(); n != each.redemptions {
				t.Errorf("the token endpoint was asked %d times, want %d", n, each.redemptions)
			}
		})
	}
}

func put(name string, values ...string) func(url.Values) {
	return func(q url.Values) { q[name] = values }
}

func TestAnswersThatDoNotBelong(t *testing.T) {
	fail := func(pairs ...string) func(url.Values) {
		return func(q url.Values) {
			q.Del("code")
			for i := 0; i+1 < len(pairs); i += 2 {
				q.Set(pairs[i], pairs[i+1])
			}
		}
	}
	silent := func(p *openID) { p.document = set("authorization_response_iss_parameter_supported", nil) }
	runAttacks(t, map[string]attack{
		"state wrong":                        {query: put("state", "setup1.another"), want: wrongState},
		"state missing":                      {query: put("state"), want: wrongState},
		"state empty":                        {query: put("state", ""), want: wrongState},
		"state in other case":                {query: func(q url.Values) { q.Set("state", strings.ToUpper(q.Get("state"))) }, want: wrongState},
		"state twice":                        {query: func(q url.Values) { q.Add("state", q.Get("state")) }, want: wrongState},
		"state cut":                          {query: func(q url.Values) { q.Set("state", q.Get("state")[:8]) }, want: wrongState},
		"nothing began":                      {attempt: func(a *Attempt) { *a = Attempt{} }, query: put("state", ""), want: wrongState},
		"attempt without nonce":              {attempt: func(a *Attempt) { a.Nonce = secret.Secret{} }, want: wrongState},
		"attempt without verifier":           {attempt: func(a *Attempt) { a.Verifier = secret.Secret{} }, want: wrongState},
		"attempt of no tenant":               {attempt: func(a *Attempt) { a.Tenant = "../x" }, want: wrongState},
		"just in time":                       {later: 9*time.Minute + 50*time.Second, provider: func(p *openID) { p.claims = set("exp", time.Now().Add(time.Hour).Unix()) }, want: nothingWrong, redemptions: 1},
		"too late":                           {later: 10*time.Minute + time.Second, want: tooLate},
		"from the future":                    {attempt: func(a *Attempt) { a.BeganAt = a.BeganAt.Add(3 * time.Minute) }, want: tooLate},
		"iss of another tenant":              {query: func(q url.Values) { q.Set("iss", strings.ReplaceAll(q.Get("iss"), ourTenant, otherTenant)) }, want: wrongIssuer},
		"iss with a slash more":              {query: func(q url.Values) { q.Set("iss", q.Get("iss")+"/") }, want: wrongIssuer},
		"iss of a stranger":                  {query: put("iss", "https://id.evil.example"), want: wrongIssuer},
		"iss twice":                          {query: func(q url.Values) { q.Add("iss", q.Get("iss")) }, want: wrongIssuer},
		"iss missing though announced":       {query: put("iss"), want: wrongIssuer},
		"iss missing, not announced":         {provider: silent, query: func(q url.Values) { q.Del("iss") }, want: nothingWrong, redemptions: 1},
		"iss of a stranger, not announced":   {provider: silent, query: put("iss", "https://id.evil.example"), want: wrongIssuer},
		"attempt of another tenant":          {attempt: func(a *Attempt) { a.Tenant = otherTenant }, want: wrongIssuer},
		"error":                              {query: fail("error", "access_denied"), want: refused},
		"error beside a code":                {query: put("error", "access_denied"), want: refused},
		"error that is empty":                {query: fail("error", ""), want: refused},
		"error with another state":           {query: fail("error", "access_denied", "state", "setup1.another"), want: wrongState},
		"error of a stranger":                {query: fail("error", "access_denied", "iss", "https://id.evil.example"), want: wrongIssuer},
		"code missing":                       {query: put("code"), want: garbled},
		"code empty":                         {query: put("code", ""), want: garbled},
		"code twice":                         {query: func(q url.Values) { q.Add("code", q.Get("code")) }, want: garbled},
		"code with NUL":                      {query: put("code", "canary\x00"), want: garbled},
		"code with a line break":             {query: put("code", "canary\r\nX: y"), want: garbled},
		"code of 5000 characters":            {query: put("code", strings.Repeat("x", 5000)), want: garbled},
		"code made up":                       {query: put("code", "canary"), want: wrongToken, redemptions: 1},
		"verifier of another attempt (PKCE)": {attempt: func(a *Attempt) { a.Verifier = secret.New(random()) }, want: wrongToken, redemptions: 1},
		"nonce of another attempt":           {attempt: func(a *Attempt) { a.Nonce = secret.New(random()) }, want: wrongToken, redemptions: 1},
	})
}

func TestCodeIsRedeemedOnce(t *testing.T) {
	p := newOpenID(t)
	client := p.client()
	attempt, to, err := client.Begin(t.Context(), ourTenant, "", "")
	if err != nil {
		t.Fatal(err)
	}
	query := visit(t, to)
	if _, err := client.Finish(t.Context(), attempt, query); err != nil {
		t.Fatal(err)
	}
	_, err = client.Finish(t.Context(), attempt, query)
	demand(t, err, wrongToken)
}

func TestDescriptionIsThereForDiagnosisAlone(t *testing.T) {
	for name, test := range map[string]struct{ code, description, wantCode, want string }{
		"Microsoft's text":     {"access_denied", "AADSTS50105: not assigned.\r\nTrace ID: 1", "access_denied", "AADSTS50105: not assigned.  Trace ID: 1"},
		"nothing":              {"login_required", "", "login_required", ""},
		"unseen characters":    {"access_denied", "a\x00b\u202ec\u200bd\x1b[31m\xff", "access_denied", "abcd[31m"},
		"too long":             {"access_denied", strings.Repeat("å", 3000), "access_denied", strings.Repeat("å", 2000)},
		"code with markup":     {"<script>", "x", "", "x"},
		"code in upper case":   {"AccessDenied", "x", "", "x"},
		"code of 41 letters":   {strings.Repeat("a", 41), "x", "", "x"},
		"code with line break": {"access_denied\n", "x", "", "x"},
	} {
		p := newOpenID(t)
		err := attack{query: func(q url.Values) { q.Set("error", test.code); q.Set("error_description", test.description) }}.run(t, p.client(), p)
		f := fault.Of(err)
		if f.ID != refused || f.Data["Error"] != test.wantCode || f.Data["Description"] != test.want || len(f.Data) != 2 {
			t.Errorf("%s: %v with %q", name, err, f.Data)
		}
		if test.description != "" && strings.Contains(err.Error(), test.description) || test.wantCode == "" && strings.Contains(err.Error(), test.code) {
			t.Errorf("%s: told to the log: %v", name, err)
		}
	}
}

func TestTokenEndpointThatMisbehaves(t *testing.T) {
	elsewhere, hits := stranger(t)
	say := func(status int, body string) func(p *openID) {
		return func(p *openID) {
			p.onToken = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Location", elsewhere)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}
		}
	}
	answer := func(pairs ...any) func(p *openID) { return func(p *openID) { p.answer = set(pairs...) } }
	attacks := map[string]attack{
		"redirect":              {provider: say(307, ""), want: garbled},
		"code not taken":        {provider: say(400, `{"error":"invalid_grant","error_description":"canary"}`), want: wrongToken},
		"client unknown":        {provider: say(401, `{"error":"invalid_client","error_description":"canary"}`), want: wrongClient},
		"client not allowed":    {provider: say(400, `{"error":"unauthorized_client"}`), want: wrongClient},
		"401 with a page":       {provider: say(401, `<html>canary`), want: wrongClient},
		"400 with a page":       {provider: say(400, `<html>canary`), want: wrongToken},
		"refused with 200":      {provider: say(200, `{"error":"invalid_grant","error_description":"canary"}`), want: wrongToken},
		"not found":             {provider: say(404, `<html>canary`), want: "signin.tenant-unknown"},
		"limited":               {provider: say(429, `canary`), want: unavailable},
		"error":                 {provider: say(500, `canary`), want: unavailable},
		"overloaded":            {provider: say(503, `canary`), want: unavailable},
		"page":                  {provider: say(200, `<html>canary</html>`), want: garbled},
		"empty":                 {provider: say(200, ``), want: garbled},
		"10 MB":                 {provider: say(200, `{"access_token":"`+strings.Repeat("x", 10<<20)+`"}`), want: garbled},
		"breaks off":            {provider: func(p *openID) { p.onToken = breakOff }, want: unavailable},
		"not HTTP":              {provider: func(p *openID) { p.onToken = notHTTP }, want: unavailable},
		"ID token missing":      {provider: answer("id_token", nil), want: wrongToken},
		"ID token null":         {provider: answer("id_token", json.RawMessage("null")), want: wrongToken},
		"ID token a number":     {provider: answer("id_token", 4711), want: wrongToken},
		"ID token twice as one": {provider: answer("id_token", []string{"a.b.c"}), want: wrongToken},
		"token type wrong":      {provider: answer("token_type", "mac"), want: garbled},
		"token type DPoP":       {provider: answer("token_type", "DPoP"), want: garbled},
		"access token missing":  {provider: answer("access_token", nil), want: garbled},
		"access token broken":   {provider: answer("access_token", "canary\r\nX: y"), want: garbled},
	}
	for name, each := range attacks {
		each.redemptions = 1
		attacks[name] = each
	}
	runAttacks(t, attacks)
	t.Cleanup(func() {
		if hits.Load() != 0 {
			t.Error("a redirect was followed with the code")
		}
	})
}

func TestSlowTokenEndpoint(t *testing.T) {
	p := newOpenID(t)
	err := attack{provider: func(p *openID) { p.onToken = hang }}.run(t, p.clientWith(300*time.Millisecond), p)
	demand(t, err, unavailable)
	if p.redemptions.Load() != 1 {
		t.Error("a code was sent twice")
	}
}

// stranger is a server that nobody should ask, and how often it was.
func stranger(t *testing.T) (string, *atomic.Int64) {
	t.Helper()
	hits := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: strangersKey.Public(), KeyID: "theirs"}}})
	}))
	t.Cleanup(server.Close)
	return server.URL, hits
}

func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func breakOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "5000")
	_, _ = io.WriteString(w, `{"canary":`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func notHTTP(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 canary\r\n\r\n")
		_ = conn.Close()
	}
}

func TestClaimsThatAreNotBelieved(t *testing.T) {
	now := time.Now()
	in := func(d time.Duration) int64 { return now.Add(d).Unix() }
	hashOf := func(token string) string {
		sum := sha256.Sum256([]byte(token))
		return base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	attacks := map[string]attack{}
	for name, row := range map[string]struct {
		want  string
		pairs []any
	}{
		"expired":                        {wrongToken, []any{"exp", in(-3 * time.Minute)}},
		"expired within the leeway":      {nothingWrong, []any{"exp", in(-time.Minute)}},
		"exp missing":                    {wrongToken, []any{"exp", nil}},
		"exp a text":                     {wrongToken, []any{"exp", "tomorrow"}},
		"exp beyond all time":            {wrongToken, []any{"exp", 1e300}},
		"exp below zero":                 {wrongToken, []any{"exp", -1}},
		"exp in the year 10000":          {wrongToken, []any{"exp", int64(maxTime) + 1}},
		"issued later":                   {wrongToken, []any{"iat", in(3 * time.Minute)}},
		"issued later within the leeway": {nothingWrong, []any{"iat", in(time.Minute)}},
		"iat missing":                    {wrongToken, []any{"iat", nil}},
		"not yet valid":                  {wrongToken, []any{"nbf", in(3 * time.Minute)}},
		"nbf a text":                     {wrongToken, []any{"nbf", "x"}},
		"nbf below zero":                 {wrongToken, []any{"nbf", -1}},
		"valid since now":                {nothingWrong, []any{"nbf", in(0)}},
		earlier:                          {wrongToken, []any{"auth_time", in(-3 * time.Minute)}},
		"signed in within the leeway":    {nothingWrong, []any{"auth_time", in(-time.Minute)}},
		"signed in later":                {wrongToken, []any{"auth_time", in(3 * time.Minute)}},
		"auth_time a text":               {wrongToken, []any{"auth_time", "x"}},
		"auth_time missing":              {nothingWrong, []any{"auth_time", nil}},
		"issuer wrong":                   {wrongToken, []any{"iss", "https://id.evil.example"}},
		"issuer missing":                 {wrongToken, []any{"iss", nil}},
		"audience wrong":                 {wrongToken, []any{"aud", "another-client"}},
		"audience missing":               {wrongToken, []any{"aud", nil}},
		"audience empty":                 {wrongToken, []any{"aud", []string{}}},
		"audience only alike":            {wrongToken, []any{"aud", wizardID + "-2"}},
		"several without azp":            {wrongToken, []any{"aud", []string{wizardID, "another-client"}}},
		"several with another's azp":     {wrongToken, []any{"aud", []string{wizardID, "another-client"}, "azp", "another-client"}},
		"several with our azp":           {nothingWrong, []any{"aud", []string{"another-client", wizardID}, "azp", wizardID}},
		"one with another's azp":         {wrongToken, []any{"azp", "another-client"}},
		"one with azp null":              {wrongToken, []any{"azp", json.RawMessage("null")}},
		"nonce wrong":                    {wrongToken, []any{"nonce", "another"}},
		"nonce missing":                  {wrongToken, []any{"nonce", nil}},
		"nonce empty":                    {wrongToken, []any{"nonce", ""}},
		"subject missing":                {wrongToken, []any{"sub", nil}},
		"subject a number":               {wrongToken, []any{"sub", 4711}},
		"subject of 256 characters":      {wrongToken, []any{"sub", strings.Repeat("a", 256)}},
		"subject with NUL":               {wrongToken, []any{"sub", "a\x00"}},
		"tenant of others":               {wrongTenant, []any{"tid", otherTenant}},
		"tenant in capitals":             {nothingWrong, []any{"tid", strings.ToUpper(ourTenant)}},
		"tenant missing":                 {wrongToken, []any{"tid", nil}},
		"tenant a list":                  {wrongToken, []any{"tid", []string{ourTenant}}},
		"tenant under another name":      {wrongToken, []any{"tid", nil, "TID", ourTenant}},
		"at_hash right":                  {nothingWrong, []any{"at_hash", hashOf(accessToken)}},
		"at_hash of another token":       {wrongToken, []any{"at_hash", hashOf("another")}},
		"at_hash empty":                  {wrongToken, []any{"at_hash", ""}},
		"at_hash a number":               {wrongToken, []any{"at_hash", 1}},
		"both wrong tenant and nonce":    {wrongToken, []any{"tid", otherTenant, "nonce", "another"}},
	} {
		attacks[name] = attack{provider: func(p *openID) { p.claims = set(row.pairs...) }, want: row.want, redemptions: 1}
	}
	// encoding/json by itself would take the one for the other
	attacks["nonce in other letters"] = attack{
		provider: func(p *openID) {
			p.claims = func(c object) { c["NONCE"] = c["nonce"]; delete(c, "nonce") }
		}, want: wrongToken, redemptions: 1,
	}
	runAttacks(t, attacks)
}
