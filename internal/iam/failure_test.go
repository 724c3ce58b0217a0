package iam_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/outbound"
)

func TestEveryStatusHasItsVerdict(t *testing.T) {
	type verdict struct {
		kind    fault.Kind
		id      string
		notDone bool
	}
	verdicts := map[int]verdict{
		301: {fault.Upstream, "iam.garbled", false},
		302: {fault.Upstream, "iam.garbled", false},
		304: {fault.Upstream, "iam.garbled", false},
		400: {fault.Invalid, "iam.refused", true},
		401: {fault.Unauthorized, "iam.unauthorized", true},
		402: {fault.Upstream, "iam.garbled", true},
		403: {fault.Forbidden, "iam.forbidden", true},
		404: {fault.NotFound, "", true},
		405: {fault.NotFound, "iam.not-offered", true},
		408: {fault.Unavailable, "iam.slow", false},
		409: {fault.Conflict, "iam.conflict", false},
		413: {fault.Upstream, "iam.garbled", true},
		415: {fault.Upstream, "iam.garbled", true},
		418: {fault.Upstream, "iam.garbled", true},
		422: {fault.Invalid, "iam.refused", true},
		429: {fault.Unavailable, "iam.limited", false},
		499: {fault.Upstream, "iam.garbled", false},
		500: {fault.Unavailable, "iam.unavailable", false},
		501: {fault.NotFound, "iam.not-offered", false},
		502: {fault.Unavailable, "iam.unavailable", false},
		503: {fault.Unavailable, "iam.unavailable", false},
		504: {fault.Unavailable, "iam.unavailable", false},
		599: {fault.Unavailable, "iam.unavailable", false},
	}
	missing := map[string]string{
		"register": "iam.not-offered", "providers": "iam.not-offered", "tokens": "iam.not-offered",
		"provider": "iam.provider-gone", "update": "iam.provider-gone", "create token": "iam.scheme-unknown",
	}
	for act, do := range acts {
		isDelete := strings.HasPrefix(act, "delete")
		for status, want := range verdicts {
			if status == 404 {
				if want.id = missing[act]; isDelete {
					continue // done
				}
			}
			for _, body := range []string{"", "<html><body>busy</body></html>", `{"title":"t"}`, "text", "\x00\xff"} {
				// a long Retry-After keeps the client from waiting here
				u := newUpstream(t, status, body, "Retry-After", "60", "Location", "/elsewhere/9")
				err := do(u.client, t.Context())
				f := fault.Of(err)
				if f.Kind != want.kind || f.ID != want.id || f.Data["Status"] != status || u.count() != 1 {
					t.Errorf("%s answered %d: %v after %d requests", act, status, err, u.count())
				}
				if got := iam.SurelyNotDone(err); got != (want.notDone && !isDelete) {
					t.Errorf("%s answered %d: SurelyNotDone = %v", act, status, got)
				}
				if got := iam.NotOffered(err); got != (want.id == "iam.not-offered") {
					t.Errorf("%s answered %d: NotOffered = %v", act, status, got)
				}
				if waits := f.RetryAfter == time.Minute; waits != (want.kind == fault.Unavailable) {
					t.Errorf("%s answered %d: RetryAfter %v", act, status, f.RetryAfter)
				}
			}
		}
	}
}

func TestErrorNamesTheAction(t *testing.T) {
	_, err := newUpstream(t, 403, "").client.CreateSCIMToken(t.Context(), accessToken, "contoso-entra", "Contoso")
	if want := "iam.forbidden: create SCIM token: POST /v1/scim answered 403"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestRefusalIsExplainedInWords(t *testing.T) {
	long := strings.Repeat("long ", 100)
	for body, want := range map[string]string{
		`{"title":"Bad Request","detail":"Scheme is already taken.","status":400}`: "Scheme is already taken.",
		`{"title":"Bad Request","status":400}`:                                     "Bad Request",
		`{"message":"Scheme is   already\r\n taken."}`:                             "Scheme is already taken.",
		`{"error":"invalid_scheme"}`:                                               "invalid_scheme",
		`"Scheme is already taken."`:                                               "Scheme is already taken.",
		`Scheme is already taken.`:                                                 "Scheme is already taken.",
		`{"detail":"Skjemaet ` + "`a`" + ` er **tatt**"}`:                          "Skjemaet 'a' er *tatt*",
		`{"detail":"` + long + `","title":"Bad Request"}`:                          "Bad Request",
		`<html><title>Bad Request</title></html>`:                                  "",
		`{"detail":"<script>alert(1)</script>"}`:                                   "",
		`{"detail":"\u0000\u001b[31m"}`:                                            "",
		`{"detail":{"a":1},"title":["b"]}`:                                         "",
		`[1]`:                                                                      "",
		``:                                                                         "",
		"\xff\xfe":                                                                 "",
	} {
		for _, status := range []int{400, 422} {
			_, err := newUpstream(t, status, body).client.RegisterAzureAD(t.Context(), accessToken, provider)
			got, told := fault.Of(err).Data["Detail"]
			if told != (want != "") || told && got != want {
				t.Errorf("%q: Detail %q, want %q", body, got, want)
			}
		}
	}
}

func TestReferenceIsHandedOn(t *testing.T) {
	trace := "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, test := range []struct{ name, value, body, want string }{
		{"Traceparent", "00-" + trace + "-00f067aa0ba902b7-01", "", trace},
		{"X-Correlation-ID", "abc-123", "", "abc-123"},
		{"X-Request-Id", "0HMVD1:00000002", "", "0HMVD1:00000002"},
		{"Request-Id", "|abc.1.", "", "|abc.1."},
		{"X-Request-Id", "other", `{"traceId":"00-` + trace + `-00f067aa0ba902b7-00"}`, trace},
		{"X-Request-Id", "<script>", "", ""},
		{"X-Request-Id", strings.Repeat("x", 200), "", ""},
		{"X-Request-Id", accessToken.Expose(), "", ""},
	} {
		_, err := newUpstream(t, 500, test.body, test.name, test.value).client.Providers(t.Context(), accessToken)
		if got, _ := fault.Of(err).Data["Reference"].(string); got != test.want {
			t.Errorf("%s %q: Reference %q, want %q", test.name, test.value, got, test.want)
		}
	}
}

// An upstream may send back what it was sent, in any form.
func TestSecretsInAnswersAreNeverToldOn(t *testing.T) {
	for _, value := range []string{accessToken.Expose(), clientSecret.Expose()} {
		forms := []string{
			value, value[8:20], url.QueryEscape(value), url.PathEscape(value), hex.EncodeToString([]byte(value)),
			base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
			strings.ToUpper(hex.EncodeToString([]byte(value))),
		}
		for _, form := range forms {
			for _, status := range []int{200, 400, 422, 500} {
				body := fmt.Sprintf(`{"title":%q,"detail":%q,"message":%q,"traceId":%q,"error":%q}`, form, "value "+form, form, form, form)
				for _, body := range []string{body, form, "<p>" + form, `["` + form + `"]`} {
					u := newUpstream(t, status, body, "X-Request-Id", "r-1", "Location", "/")
					_, err := u.client.RegisterAzureAD(t.Context(), accessToken, provider)
					demandSilence(t, err, form)
					demandSilence(t, u.client.UpdateAzureAD(t.Context(), accessToken, 7, provider), form)
				}
			}
		}
	}
}

func demandSilence(t *testing.T, err error, form string) {
	t.Helper()
	if err == nil {
		return
	}
	text := fmt.Sprintf("%v %+v %#v %v", err, fault.Of(err), fault.Of(err).Data, errors.Unwrap(err))
	if strings.Contains(text, form) {
		t.Errorf("the error tells the secret in the form %.4s…", form)
	}
}

func TestBrokenConnections(t *testing.T) {
	answers := map[string]string{
		"closed":          "",
		"cut header":      "HTTP/1.1 200 OK\r\nContent-Le",
		"cut body":        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":",
		"not HTTP":        accessToken.Expose() + "\r\n\r\n",
		"bad status":      "HTTP/1.1 " + clientSecret.Expose() + "\r\n\r\n",
		"endless headers": "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+strings.Repeat("x", 1000)+"\r\n", 100),
	}
	for name, raw := range answers {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
		}))
		client := clientAt(t, server.URL+prefix)
		for _, act := range []string{"register", "update", "create token"} {
			err := acts[act](client, t.Context())
			if f := fault.Of(err); f.Kind != fault.Unavailable || f.ID != "iam.unavailable" || iam.SurelyNotDone(err) {
				t.Errorf("%s, %s: %v", name, act, err)
			}
			demandSilence(t, err, "canary")
		}
		server.Close()
	}
}

func TestHugeAnswerIsGarbled(t *testing.T) {
	huge := `[{"id":"` + strings.Repeat("x", 10<<20) + `"}]`
	for act, do := range acts {
		if err := do(newUpstream(t, 500, huge).client, t.Context()); fault.Of(err).ID != "iam.unavailable" {
			t.Errorf("%s, 500: %v", act, err)
		}
		err := do(newUpstream(t, 200, huge).client, t.Context())
		if fault.Of(err).ID != "iam.garbled" || iam.SurelyNotDone(err) {
			t.Errorf("%s: %v", act, err)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	closed := clientAt(t, "http://"+listener.Addr().String())
	elsewhere := &url.URL{Scheme: "http", Host: "169.254.169.254"}
	refusing := iam.New(elsewhere, outbound.New(outbound.Options{Allow: []*url.URL{elsewhere}, AllowLoopback: true}))
	for act, do := range acts {
		for name, client := range map[string]*iam.Client{"closed port": closed, "refused destination": refusing} {
			err := do(client, t.Context())
			if f := fault.Of(err); f.Kind != fault.Unavailable || f.ID != "iam.unavailable" || !iam.SurelyNotDone(err) {
				t.Errorf("%s, %s: %v, SurelyNotDone %v", act, name, err, iam.SurelyNotDone(err))
			}
		}
	}
}

func TestSlowAndCancelled(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	client := clientAt(t, server.URL+prefix)

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := acts["create token"](client, ctx)
	if f := fault.Of(err); f.ID != "iam.slow" || iam.SurelyNotDone(err) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
	<-arrived
	ctx, cancel = context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	err = acts["create token"](client, ctx)
	if f := fault.Of(err); f.Kind != fault.Unavailable || iam.SurelyNotDone(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEveryFaultHasItsSentence(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	english := catalogue.For("en")
	for _, id := range []string{
		"unauthorized", "forbidden", "conflict", "refused", "unavailable", "slow", "limited", "garbled", "not-offered",
		"provider-gone", "scheme-unknown", "no-token-value", "secret-needed", "no-provider-id", "no-token-id",
	} {
		f := fault.New(fault.Invalid, "iam."+id, nil)
		if sentence := english.Fault(f); sentence == f.ID || strings.Contains(sentence, "<no value>") {
			t.Errorf("%s: %q", f.ID, sentence)
		}
	}
	told := english.Fault(fault.New(fault.Invalid, "iam.refused", fault.Data{"Detail": "Scheme is already taken."}))
	if !strings.Contains(told, "`Scheme is already taken.`") {
		t.Errorf("the explanation is not told: %q", told)
	}
}
