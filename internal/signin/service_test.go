package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

const clientID = "onboard-service"

var clientSecret = secret.New("service-canary+/=&%")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serviceAt(t *testing.T, raw string) *Service {
	t.Helper()
	base, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Options{Allow: []*url.URL{base}, AllowLoopback: true, Timeout: 2 * time.Second})
	t.Cleanup(client.CloseIdleConnections)
	return NewService(base, clientID, clientSecret, client)
}

// aritmaID is a stand-in for the token endpoint; answer writes its answer to the n-th request.
func aritmaID(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int64)) (*Service, *atomic.Int64) {
	t.Helper()
	requests := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := requests.Add(1)
		w.Header().Set("Content-Type", "application/json")
		answer(w, r, n)
	}))
	t.Cleanup(server.Close)
	return serviceAt(t, server.URL+"/id"), requests
}

func give(body string) func(http.ResponseWriter, *http.Request, int64) {
	return func(w http.ResponseWriter, _ *http.Request, n int64) {
		_, _ = io.WriteString(w, strings.ReplaceAll(body, "#", fmt.Sprint(n)))
	}
}

const goodAnswer = `{"access_token":"token-#","token_type":"Bearer","expires_in":3600,"scope":"services.iam"}`

func TestTokenRequestIsWhatAritmaIDExpects(t *testing.T) {
	service, _ := aritmaID(t, func(w http.ResponseWriter, r *http.Request, n int64) {
		if r.Method != http.MethodPost || r.URL.Path != "/id/contoso/connect/token" || r.URL.RawQuery != "" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		// RFC 6749 section 2.3.1: both are form-encoded before they are put together
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte(clientID+":"+url.QueryEscape(clientSecret.Expose())))
		if r.Header.Get("Authorization") != want {
			t.Error("wrong client credentials")
		}
		body, _ := io.ReadAll(r.Body)
		if string(body) != "grant_type=client_credentials&scope=services.iam" {
			t.Errorf("body %q", body)
		}
		give(goodAnswer)(w, r, n)
	})
	token, err := service.Token(t.Context(), "contoso")
	if err != nil || token.Expose() != "token-1" {
		t.Errorf("%v, %v", token, err)
	}
}

func TestTokenIsKeptUntilAMinuteBeforeItsEnd(t *testing.T) {
	for _, test := range []struct {
		expiresIn string
		after     time.Duration
		requests  int64
	}{
		{`3600`, 58 * time.Minute, 1},
		{`"3600"`, 58 * time.Minute, 1},
		{`3600`, 59*time.Minute + time.Second, 2},
		{`60`, 0, 2},
		{`0`, 0, 2},
		{`-5`, 0, 2},
		{`null`, 0, 2},
		{`99999999999`, 23 * time.Hour, 1},
		{`99999999999`, 25 * time.Hour, 2},
	} {
		service, requests := aritmaID(t, give(strings.Replace(goodAnswer, "3600", test.expiresIn, 1)))
		first, err := service.Token(t.Context(), "contoso")
		if err != nil {
			t.Fatal(err)
		}
		service.now = func() time.Time { return time.Now().Add(test.after) }
		second, err := service.Token(t.Context(), "contoso")
		if err != nil {
			t.Fatal(err)
		}
		if requests.Load() != test.requests || first.Equal(second) != (test.requests == 1) {
			t.Errorf("expires_in %s, %v later: %d requests, want %d", test.expiresIn, test.after, requests.Load(), test.requests)
		}
	}
}

func TestTenantsDoNotShareTokens(t *testing.T) {
	service, requests := aritmaID(t, give(goodAnswer))
	a, _ := service.Token(t.Context(), "contoso")
	b, _ := service.Token(t.Context(), "fabrikam")
	if a.Equal(b) || requests.Load() != 2 {
		t.Errorf("two tenants, %d requests, same token %v", requests.Load(), a.Equal(b))
	}
}

func TestForgetDropsThatTokenOnly(t *testing.T) {
	service, _ := aritmaID(t, give(goodAnswer))
	first, _ := service.Token(t.Context(), "contoso")
	service.Forget("contoso", secret.New("another"))
	if again, _ := service.Token(t.Context(), "contoso"); !again.Equal(first) {
		t.Error("another token's end dropped this one")
	}
	service.Forget("contoso", first)
	if again, _ := service.Token(t.Context(), "contoso"); again.Equal(first) {
		t.Error("the refused token was given out again")
	}
}

func TestConcurrentCallersShareOneRequest(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	service, requests := aritmaID(t, func(w http.ResponseWriter, r *http.Request, n int64) {
		arrived <- struct{}{}
		<-release
		give(goodAnswer)(w, r, n)
	})
	// the first caller leaves while the others wait
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := service.Token(ctx, "contoso")
		left <- err
	}()
	<-arrived
	var waiting sync.WaitGroup
	for range 32 {
		waiting.Go(func() {
			if token, err := service.Token(t.Context(), "contoso"); err != nil || token.Expose() != "token-1" {
				t.Errorf("%v, %v", token, err)
			}
		})
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) || fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("who left got %v", err)
	}
	close(release)
	waiting.Wait()
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestFailures(t *testing.T) {
	refusal := `{"error":"invalid_client","error_description":"service-canary is wrong"}`
	for name, test := range map[string]struct {
		status   int
		body     string
		kind     fault.Kind
		id       string
		requests int64
	}{
		"wrong secret":          {401, refusal, fault.Forbidden, "signin.service-refused", 1},
		"wrong scope":           {400, `{"error":"invalid_scope"}`, fault.Forbidden, "signin.service-refused", 1},
		"forbidden":             {403, `service-canary`, fault.Forbidden, "signin.service-refused", 1},
		"refused with 200":      {200, refusal, fault.Forbidden, "signin.service-refused", 1},
		"no such tenant":        {404, `<html>service-canary`, fault.NotFound, "signin.tenant-unknown", 1},
		"redirect":              {302, ``, fault.Upstream, "signin.garbled", 1},
		"limited":               {429, `service-canary`, fault.Unavailable, "signin.unavailable", 1},
		"error":                 {500, `service-canary`, fault.Unavailable, "signin.unavailable", 1},
		"overloaded":            {503, `service-canary`, fault.Unavailable, "signin.unavailable", 1},
		"page":                  {200, `<html>service-canary</html>`, fault.Upstream, "signin.garbled", 1},
		"empty":                 {200, ``, fault.Upstream, "signin.garbled", 1},
		"no token":              {200, `{"token_type":"Bearer","expires_in":3600}`, fault.Upstream, "signin.garbled", 1},
		"token null":            {200, `{"access_token":null}`, fault.Upstream, "signin.garbled", 1},
		"token a number":        {200, `{"access_token":4711}`, fault.Upstream, "signin.garbled", 1},
		"token with line break": {200, `{"access_token":"service-canary\r\nX: y"}`, fault.Upstream, "signin.garbled", 1},
		"another token type":    {200, `{"access_token":"service-canary","token_type":"mac"}`, fault.Upstream, "signin.garbled", 1},
		"huge":                  {200, `{"access_token":"` + strings.Repeat("x", 10<<20) + `"}`, fault.Upstream, "signin.garbled", 1},
	} {
		service, requests := aritmaID(t, func(w http.ResponseWriter, _ *http.Request, _ int64) {
			w.Header().Set("Retry-After", "30")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		})
		token, err := service.Token(t.Context(), "contoso")
		f := fault.Of(err)
		if f.Kind != test.kind || f.ID != test.id || !token.IsZero() || requests.Load() != test.requests {
			t.Errorf("%s: %v after %d requests", name, err, requests.Load())
		}
		if waits := f.RetryAfter == 30*time.Second; waits != (f.Kind == fault.Unavailable) {
			t.Errorf("%s: RetryAfter %v", name, f.RetryAfter)
		}
		demandSilence(t, err)
	}
}

func TestOverloadIsTriedAgainAndFailureIsNotKept(t *testing.T) {
	service, requests := aritmaID(t, func(w http.ResponseWriter, r *http.Request, n int64) {
		if n < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if n == 4 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		give(goodAnswer)(w, r, n)
	})
	if token, err := service.Token(t.Context(), "contoso"); err != nil || token.Expose() != "token-3" {
		t.Errorf("%v, %v after %d requests", token, err, requests.Load())
	}
	if _, err := service.Token(t.Context(), "fabrikam"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("refused: %v", err)
	}
	if token, err := service.Token(t.Context(), "fabrikam"); err != nil || token.Expose() != "token-5" {
		t.Errorf("%v, %v", token, err)
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	_, err = serviceAt(t, "http://"+listener.Addr().String()).Token(t.Context(), "contoso")
	if f := fault.Of(err); f.Kind != fault.Unavailable || f.ID != "signin.unavailable" {
		t.Errorf("nobody there: %v", err)
	}
	cut, _ := aritmaID(t, func(w http.ResponseWriter, _ *http.Request, _ int64) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 "+clientSecret.Expose()+"\r\n\r\n")
			_ = conn.Close()
		}
	})
	_, err = cut.Token(t.Context(), "contoso")
	if f := fault.Of(err); f.Kind != fault.Unavailable || f.ID != "signin.unavailable" {
		t.Errorf("not HTTP: %v", err)
	}
	demandSilence(t, err)
}

func TestOnlyTenantsAreAskedFor(t *testing.T) {
	service, requests := aritmaID(t, give(goodAnswer))
	for _, tenant := range []string{
		"", ".", "..", "../x", "a/b", "a\\b", "a%2fb", "a?b", "a#b", "a b", "a\n", "-a", "æ", "a@b", "a:b", strings.Repeat("a", 129),
	} {
		if _, err := service.Token(t.Context(), tenant); fault.Of(err).ID != "signin.tenant" {
			t.Errorf("%q: %v", tenant, err)
		}
	}
	if requests.Load() != 0 {
		t.Error("a request was made for something that is no tenant")
	}
	for _, tenant := range []string{"7c0e1b9a-5d6f-4f7e-8a2c-1d2e3f405162", "contoso_as", "Contoso.no", strings.Repeat("a", 128)} {
		if _, err := service.Token(t.Context(), tenant); err != nil {
			t.Errorf("%q: %v", tenant, err)
		}
	}
}

func TestEveryFaultHasItsSentence(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"tenant", "tenant-unknown", "service-refused", "unavailable", "garbled"} {
		if sentence := catalogue.For("en").T("signin." + id); sentence == "signin."+id {
			t.Errorf("%s has no sentence", id)
		}
	}
}

func demandSilence(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v", err, fault.Of(err).Data, errors.Unwrap(err))
	if strings.Contains(text, "canary") {
		t.Errorf("the error tells what must not be told: %s", text)
	}
}
