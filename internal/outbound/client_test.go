package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
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
)

func parse(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// toLoopback returns a client that may reach the server, whose certificate it trusts when it has one.
func toLoopback(t testing.TB, server *httptest.Server) *http.Client {
	t.Helper()
	client := New(Options{Allow: []*url.URL{parse(t, server.URL)}, AllowLoopback: true})
	if server.Certificate() != nil {
		pool := x509.NewCertPool()
		pool.AddCert(server.Certificate())
		client.Transport.(*transport).wire.secure.TLSClientConfig.RootCAs = pool
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func newServer(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// TestSilentHostTakesFewSockets: calls beyond the limit wait for a connection, and are surely not sent when none comes.
func TestSilentHostTakesFewSockets(t *testing.T) {
	var connections atomic.Int32
	const extra = 30
	opened := make(chan struct{}, maxConns+extra)
	silence := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { <-silence }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
			opened <- struct{}{}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(silence) })
	client := toLoopback(t, server)
	ctx, cancel := context.WithCancel(Once(t.Context()))
	defer cancel()
	var calls sync.WaitGroup
	var unsent atomic.Int32
	for range maxConns + extra {
		calls.Go(func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := client.Do(request); DialFailed(err) { //nolint:bodyclose // there is no answer
				unsent.Add(1)
			}
		})
	}
	for range maxConns {
		<-opened
	}
	select { // no other one comes while these are open
	case <-opened:
	case <-time.After(500 * time.Millisecond):
	}
	n := connections.Load()
	cancel()
	calls.Wait()
	if n != maxConns || unsent.Load() < extra/2 { // the last to be let in may find their call cancelled on the way
		t.Errorf("%d connections for %d calls, %d of them not sent", n, maxConns+extra, unsent.Load())
	}
}

func TestBodyIsReadToItsLimit(t *testing.T) {
	for size, want := range map[int]error{0: nil, MaxBody: nil, MaxBody + 1: ErrTooLarge, 10 << 20: ErrTooLarge} {
		server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, size))
		})
		answer, err := toLoopback(t, server).Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if !errors.Is(err, want) || read > MaxBody {
			t.Errorf("%d bytes: read %d, %v, want %v", size, read, err, want)
		}
	}
}

func TestRedirectIsGivenBackNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		followed := false
		server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				followed = true
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		answer, err := toLoopback(t, server).Post(server.URL, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != status || followed {
			t.Errorf("%d: answered %d, followed %v", status, answer.StatusCode, followed)
		}
	}
}

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	proxied := false
	proxy := newServer(t, func(http.ResponseWriter, *http.Request) { proxied = true })
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	server := newServer(t, func(http.ResponseWriter, *http.Request) {})
	answer, err := toLoopback(t, server).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if transport := toLoopback(t, server).Transport.(*transport); proxied || transport.wire.secure.Proxy != nil {
		t.Error("a proxy is used")
	}
}

func TestDeadlines(t *testing.T) {
	release := make(chan struct{})
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = w.Write([]byte("begun"))
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	})
	defer close(release)
	client := New(Options{Allow: []*url.URL{parse(t, server.URL)}, AllowLoopback: true, Timeout: 100 * time.Millisecond})
	defer client.CloseIdleConnections()

	_, err := client.Get(server.URL)
	if !TimedOut(err) || DialFailed(err) {
		t.Errorf("no headers: TimedOut %v, DialFailed %v: %v", TimedOut(err), DialFailed(err), err)
	}
	answer, err := client.Get(server.URL + "/body")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if !TimedOut(err) {
		t.Errorf("no end of the body: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request, _ := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, http.NoBody)
	_, err = client.Do(request)
	if !errors.Is(err, context.Canceled) || !DialFailed(err) {
		t.Errorf("cancelled before it began: DialFailed %v: %v", DialFailed(err), err)
	}
}

// A client that may take longer than others waits for the answer as long.
func TestTimeoutIsAlsoThatOfTheAnswer(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: headerTimeout, time.Second: headerTimeout, 15 * time.Second: 15 * time.Second} {
		wire := New(Options{Timeout: timeout}).Transport.(*transport).wire
		if wire.secure.ResponseHeaderTimeout != want || wire.plain.ResponseHeaderTimeout != want {
			t.Errorf("a timeout of %v: %v and %v, want %v", timeout, wire.secure.ResponseHeaderTimeout, wire.plain.ResponseHeaderTimeout, want)
		}
	}
}

func TestTLSBelow12IsRefused(t *testing.T) {
	for version, accepted := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.Config.ErrorLog = quiet
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}
		server.StartTLS()
		answer, err := toLoopback(t, server).Post(server.URL, "text/plain", strings.NewReader("x"))
		if err == nil {
			_ = answer.Body.Close()
		}
		if accepted != (err == nil) || DialFailed(err) == accepted {
			t.Errorf("%s: %v, DialFailed %v", tls.VersionName(version), err, DialFailed(err))
		}
		server.Close()
	}
}

func TestDialFailedKnowsWhatWasNeverSent(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + silent.Addr().String()
	client := New(Options{Allow: []*url.URL{parse(t, address)}, AllowLoopback: true})
	_ = silent.Close()
	_, err = client.Post(address, "text/plain", strings.NewReader("x"))
	if err == nil || !DialFailed(err) || TimedOut(err) {
		t.Errorf("nobody listens: DialFailed %v: %v", DialFailed(err), err)
	}
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	untrusted.Config.ErrorLog = quiet
	untrusted.StartTLS()
	defer untrusted.Close()
	client = New(Options{Allow: []*url.URL{parse(t, untrusted.URL)}, AllowLoopback: true})
	_, err = client.Post(untrusted.URL, "text/plain", strings.NewReader("x"))
	if err == nil || !DialFailed(err) {
		t.Errorf("certificate of a stranger: DialFailed %v: %v", DialFailed(err), err)
	}
	if DialFailed(nil) || DialFailed(io.EOF) {
		t.Error("an error from elsewhere is unknown")
	}
}
