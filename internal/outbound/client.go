package outbound

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

const (
	// DefaultTimeout caps a call from its first dial to the last byte of its answer, repetitions included.
	DefaultTimeout = 10 * time.Second
	// MaxBody is how many bytes of an answer can be read; the read after them fails with ErrTooLarge.
	MaxBody = 1 << 20

	dialTimeout    = 3 * time.Second
	tlsTimeout     = 3 * time.Second
	headerTimeout  = 8 * time.Second // or Options.Timeout, where that is longer
	idleTimeout    = 30 * time.Second
	maxHeaderBytes = 64 << 10
	// maxConns bounds the connections to one host: one that answers nobody takes no more sockets than that. Whoever waits for
	// one of them waits within the deadline of the call.
	maxConns = 64
)

// Options say where a client may go and for how long.
type Options struct {
	// Allow lists the origins that may be contacted; only scheme, host and port count. Without AllowLoopback an http
	// origin is left out. A port that is not named is the scheme's own.
	Allow []*url.URL
	// AllowLoopback lets http be used, to loopback addresses only, and https reach loopback addresses. It is for
	// development, the sandbox and tests; otherwise every connection is https to a public address.
	AllowLoopback bool
	// Timeout replaces DefaultTimeout. The context of a request can shorten it, never lengthen it.
	Timeout time.Duration
	// Observe is told of each call; may be nil. It must not wait.
	Observe func(Call)
}

// New returns a client for the origins in o. It may be shared by any number of goroutines.
//
// Errors: a destination that is not allowed fails with ErrRefused; DialFailed tells whether a failed request can have
// reached anybody. A redirect is given back as the answer that it is.
func New(o Options) *http.Client {
	return &http.Client{
		Transport:     newTransport(o),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport admits a request, gives it its deadline and sends it once or repeatedly.
type transport struct {
	origins map[origin]bool
	timeout time.Duration
	observe func(Call) // nil: nobody wants to know
	wire    *wire
	repeat  *repeating
}

func newTransport(o Options) *transport {
	t := &transport{origins: allowed(o), timeout: o.Timeout, observe: o.Observe, wire: newWire(o)}
	if t.timeout <= 0 {
		t.timeout = DefaultTimeout
	}
	t.repeat = newRepeating(t.wire)
	return t
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	start := time.Now()
	var attempts atomic.Int32
	answer, err := t.call(request, &attempts)
	if t.observe != nil {
		seen := callOf(request, answer, err)
		seen.Took, seen.Attempts = time.Since(start), int(attempts.Load())
		t.observe(seen)
	}
	return answer, err
}

func (t *transport) call(request *http.Request, attempts *atomic.Int32) (*http.Response, error) {
	if err := t.admit(request); err != nil {
		closeBody(request)
		return nil, &neverSentError{err}
	}
	ctx, cancel := context.WithTimeout(request.Context(), t.timeout)
	// Nothing is written before a connection is had, and a connection counts from the first attempt on.
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { attempts.Add(1) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	answer, err := t.send(request.Clone(ctx))
	if err != nil {
		cancel()
		if !connected.Load() {
			err = &neverSentError{err}
		}
		return nil, err
	}
	answer.Request = request
	answer.Body = &limitedBody{body: answer.Body, left: MaxBody, release: cancel}
	return answer, nil
}

func (t *transport) send(request *http.Request) (*http.Response, error) {
	if repeatable(request) {
		defer closeBody(request)
		return t.repeat.RoundTrip(request)
	}
	// net/http replays a request on its own when it takes it for replayable: no body or GetBody, together with a safe
	// method or one of these headers (net/http Request.isReplayable).
	request.GetBody = nil
	request.Header.Del("Idempotency-Key")
	request.Header.Del("X-Idempotency-Key")
	return t.wire.RoundTrip(request)
}

// CloseIdleConnections makes http.Client.CloseIdleConnections work.
func (t *transport) CloseIdleConnections() { t.wire.closeIdle() }

func closeBody(request *http.Request) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
}

// wire holds the two transports: https, and http for loopback addresses only.
type wire struct{ secure, plain *http.Transport }

func newWire(o Options) *wire {
	return &wire{
		secure: newHTTPTransport(o, guardSecure(o)),
		plain:  newHTTPTransport(o, guardPlain(o)),
	}
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme == "http" {
		return w.plain.RoundTrip(request)
	}
	return w.secure.RoundTrip(request)
}

func (w *wire) closeIdle() {
	w.secure.CloseIdleConnections()
	w.plain.CloseIdleConnections()
}

func newHTTPTransport(o Options, control controlFunc) *http.Transport {
	// HTTP/1.1 only: over HTTP/2 net/http resends a request by itself after REFUSED_STREAM, GOAWAY and PROTOCOL_ERROR,
	// and one stalled connection would stall everybody.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: dialTimeout, Control: control}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  max(headerTimeout, o.Timeout),
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    8,
		MaxConnsPerHost:        maxConns,
		IdleConnTimeout:        idleTimeout,
		DisableCompression:     true,
		Protocols:              protocols,
	}
}
