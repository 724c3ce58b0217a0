package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
)

func TestHTTPSSite(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"ONBOARD_PUBLIC_URL": "https://localhost:4433"})
	address := ""
	for line := range strings.SplitSeq(s.log.String(), "\n") {
		if _, after, found := strings.Cut(line, `"msg":"serving","listen":"`); found {
			address, _, _ = strings.Cut(after, `"`)
		}
	}
	link := s.link()
	s.public = "http://" + address
	v := s.visitor()
	r := v.request(http.MethodPost, link, url.Values{})
	r.Host = "localhost:4433"
	r.Header.Set("Origin", "https://localhost:4433")
	got := v.once(r)
	cookie := got.header.Get("Set-Cookie")
	if got.status != http.StatusSeeOther || !strings.HasPrefix(cookie, "__Host-onboard=") {
		t.Fatalf("answered %d with %d bytes of cookie", got.status, len(cookie))
	}
	_, attributes, _ := strings.Cut(cookie, "; ")
	if attributes != "Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("the cookie's attributes are %q", attributes)
	}
	if got.header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	check := func(path string, want int, says string) {
		t.Helper()
		v := s.visitor()
		got := v.once(v.request(http.MethodGet, path, nil))
		if got.status != want || got.body != says+"\n" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s answered %d %s %q, want %d %q", path, got.status, got.header.Get("Content-Type"), got.body, want, says)
		}
	}
	check("/healthz", http.StatusOK, "ok")
	check("/readyz", http.StatusOK, "ready")
	v := s.visitor().open(s.link()).walk("review")
	right := s.environ["ONBOARD_SEALING_KEYS"]
	s.environ["ONBOARD_SEALING_KEYS"] = seal.Generate().Expose()
	s.restart()
	check("/healthz", http.StatusOK, "ok")
	check("/readyz", http.StatusServiceUnavailable, reasonKeys)
	s.environ["ONBOARD_SEALING_KEYS"] = right
	s.restart()
	check("/readyz", http.StatusOK, "ready")
	v.again().get("/setup/" + v.setup() + "/").register()
}

// TestNotReadyWhileStopping: a request under way is finished, and nobody is told meanwhile that all is well.
func TestNotReadyWhileStopping(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.linger = time.Second
	s.restart()
	v := s.visitor().open(s.link()).walk("directory")
	s.sandbox.Faults().Set(sandbox.EntraSlow, 1)
	finished := make(chan int)
	sample := s.sandbox.Sample()
	action, values := v.form(map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID})
	request := v.request(http.MethodPost, action, values)
	go func() { finished <- v.once(request).status }()
	if err := s.sandbox.Faults().AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { s.stop(); close(stopped) }()
	eventually(t, "the program stopping", func() bool { return strings.Count(s.log.String(), `"msg":"stopping"`) == 2 }) // the second time
	u, _ := url.Parse(s.public)
	told := 0
	for range 20 {
		connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", u.Host)
		if err != nil {
			continue // nobody listens any more: not ready either
		}
		fmt.Fprintf(connection, "GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", u.Host)
		_ = connection.SetReadDeadline(time.Now().Add(time.Second))
		answer, _ := io.ReadAll(connection)
		switch text := string(answer); {
		case strings.HasPrefix(text, "HTTP/1.1 200 "):
			t.Errorf("while stopping it says %q", text)
		case strings.HasPrefix(text, "HTTP/1.1 503 ") && strings.HasSuffix(text, "\r\n\r\n"+reasonStopping+"\n"):
			told++
		}
		_ = connection.Close()
	}
	if told == 0 {
		t.Error("nobody could read on /readyz that it stops")
	}
	if status := <-finished; status != http.StatusSeeOther {
		t.Errorf("the request under way was answered %d", status)
	}
	<-stopped
}
