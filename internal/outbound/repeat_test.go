package outbound

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var quiet = log.New(io.Discard, "", 0)

func TestOnlyRepeatableRequestsAreRepeated(t *testing.T) {
	repeatedStatus := []int{429, 502, 503, 504}
	tests := []struct {
		name, method, body string
		mark               bool
		attempts           int64
	}{
		{"GET", http.MethodGet, "", false, 3},
		{"HEAD", http.MethodHead, "", false, 3},
		{"DELETE", http.MethodDelete, "", false, 3},
		{"PUT", http.MethodPut, "body", false, 1},
		{"PATCH", http.MethodPatch, "body", false, 1},
		{"POST", http.MethodPost, "body", false, 1},
		{"POST without a body", http.MethodPost, "", false, 1},
		{"POST marked repeatable", http.MethodPost, "body", true, 3},
	}
	for _, test := range tests {
		for _, status := range []int{200, 400, 401, 404, 408, 409, 429, 500, 501, 502, 503, 504} {
			t.Run(test.name+" "+strconv.Itoa(status), func(t *testing.T) {
				t.Parallel()
				want := int64(1)
				if slices.Contains(repeatedStatus, status) {
					want = test.attempts
				}
				if got := attemptsAt(t, status, test.method, test.body, test.mark); got != want {
					t.Errorf("%d attempts, want %d", got, want)
				}
			})
		}
	}
}

func TestOnceIsOnce(t *testing.T) {
	var attempts atomic.Int64
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		attempts.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	request, err := http.NewRequestWithContext(Once(Repeatable(t.Context())), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := toLoopback(t, server).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if attempts.Load() != 1 || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d attempts, answer %d, want one attempt and its own answer", attempts.Load(), answer.StatusCode)
	}
}

// attemptsAt counts the attempts that a server sees that always answers status. Each must bring the body whole.
func attemptsAt(t *testing.T, status int, method, body string, mark bool) int64 {
	t.Helper()
	var attempts atomic.Int64
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		attempts.Add(1)
		if got, _ := io.ReadAll(r.Body); string(got) != body {
			t.Errorf("attempt with body %q, want %q", got, body)
		}
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
	})
	ctx := t.Context()
	if mark {
		ctx = Repeatable(ctx)
	}
	request, err := http.NewRequestWithContext(ctx, method, server.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Idempotency-Key", "x")
	answer, err := toLoopback(t, server).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != status {
		t.Errorf("answer %d, want %d", answer.StatusCode, status)
	}
	return attempts.Load()
}

func TestRepetitionSucceedsAndReusesTheConnection(t *testing.T) {
	var attempts atomic.Int64
	addresses := make(chan string, maxAttempts)
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		addresses <- r.RemoteAddr
		if attempts.Add(1) < maxAttempts {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "answer "+strconv.FormatInt(attempts.Load(), 10))
	})
	answer, err := toLoopback(t, server).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || answer.StatusCode != 200 || string(body) != "answer 3" {
		t.Errorf("got %d %q, %v", answer.StatusCode, body, err)
	}
	if first, second, third := <-addresses, <-addresses, <-addresses; first != second || first != third {
		t.Error("the attempts did not share a connection: dropped answers were left open")
	}
}

func TestRetryAfterIsHonouredOrHandedBack(t *testing.T) {
	tests := []struct {
		after    string
		deadline time.Duration
		attempts int64
		atLeast  time.Duration
	}{
		{"1", DefaultTimeout, 2, time.Second},
		{"3", DefaultTimeout, 1, 0},
		{"3600", DefaultTimeout, 1, 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", DefaultTimeout, 1, 0},
		{"Thu, 01 Jan 1970 00:00:00 GMT", DefaultTimeout, 2, minBackoff},
		{"nonsense", DefaultTimeout, 2, minBackoff},
		{"", 500 * time.Millisecond, 1, 0}, // another attempt might not fit
	}
	for _, test := range tests {
		t.Run(test.after, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int64
			server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
				if attempts.Add(1) == 1 {
					w.Header().Set("Retry-After", test.after)
					w.WriteHeader(http.StatusTooManyRequests)
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
			defer cancel()
			request, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
			begun := time.Now()
			answer, err := toLoopback(t, server).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			took := time.Since(begun)
			if attempts.Load() != test.attempts || took < test.atLeast {
				t.Errorf("%d attempts in %v, want %d in at least %v", attempts.Load(), took, test.attempts, test.atLeast)
			}
			if test.attempts == 1 && (answer.StatusCode != 429 || took > time.Second) {
				t.Errorf("answer %d not handed back at once but after %v", answer.StatusCode, took)
			}
		})
	}
}

func TestRetryAfterForms(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"-5":                            0,
		"1.5":                           0,
		" 7 ":                           7 * time.Second,
		"99999999999999999":             24 * time.Hour,
		"99999999999999999999999999999": 0,
		"Mon, 23 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Mon, 23 Nov 2026 11:00:00 GMT": 0,
	} {
		if got, _ := RetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("RetryAfter(%q) = %v, want %v", value, got, want)
		}
	}
}

// rudeServer answers the first request of each connection, reads the second one whole and closes the connection
// without an answer. It reports each request's method.
func rudeServer(t *testing.T) (address string, methods <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	seen := make(chan string, 20)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				reader := bufio.NewReader(conn)
				for i := range 2 {
					request, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, request.Body)
					seen <- request.Method
					if i == 0 {
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String(), seen
}

// A dead keep-alive connection is where net/http itself replays what it takes for replayable.
func TestDeadConnectionNeverReplaysPOST(t *testing.T) {
	for name, test := range map[string]struct {
		method, body, header string
		sent                 int
	}{
		"POST":                             {http.MethodPost, "body", "", 1},
		"POST without a body":              {http.MethodPost, "", "", 1},
		"POST with Idempotency-Key":        {http.MethodPost, "body", "Idempotency-Key", 1},
		"empty POST with Idempotency-Key":  {http.MethodPost, "", "Idempotency-Key", 1},
		"POST with X-Idempotency-Key":      {http.MethodPost, "body", "X-Idempotency-Key", 1},
		"PUT":                              {http.MethodPut, "body", "", 1},
		"PUT with Idempotency-Key":         {http.MethodPut, "body", "Idempotency-Key", 1},
		"GET, to see that the server asks": {http.MethodGet, "", "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			address, methods := rudeServer(t)
			client := New(Options{Allow: []*url.URL{parse(t, address)}, AllowLoopback: true})
			defer client.CloseIdleConnections()
			prime, err := client.Head(address)
			if err != nil {
				t.Fatal(err)
			}
			_ = prime.Body.Close()
			<-methods
			request, err := http.NewRequestWithContext(t.Context(), test.method, address, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if test.header != "" {
				request.Header.Set(test.header, "key")
			}
			answer, err := client.Do(request)
			if err == nil {
				_ = answer.Body.Close()
			}
			// The connection was closed or the answer came after the method was reported: nothing more is under way.
			if len(methods) != test.sent {
				t.Errorf("the server saw %d requests, want %d (%v)", len(methods), test.sent, err)
			}
			if test.sent == 1 && (err == nil || DialFailed(err)) {
				t.Errorf("error %v must be one with an unknown outcome", err)
			}
		})
	}
}
