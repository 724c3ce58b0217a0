package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deaf opens a stream on a connection that takes little, and reads nothing of it.
func (v *visitor) deaf() net.Conn {
	v.t.Helper()
	small := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var set error
		err := raw.Control(func(fd uintptr) { set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
		return errors.Join(err, set)
	}}
	r := v.request(http.MethodGet, "/console/live", nil)
	for _, cookie := range v.client.Jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	connection, err := small.DialContext(v.t.Context(), "tcp", r.URL.Host)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { _ = connection.Close() })
	if err := r.Write(connection); err != nil {
		v.t.Fatal(err)
	}
	return connection
}

// TestStreamLetsGoOfWhoDoesNotRead: a reader that takes nothing is let go after a while, and holds nobody up meanwhile.
func TestStreamLetsGoOfWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	g := s.guide()
	customer := s.began("Nordlys Bygg AS", "nordlys")
	db := s.sql()
	defer db.Close()
	const many = 100
	if _, err := db.ExecContext(t.Context(), `PRAGMA busy_timeout = 5000; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO setups (id, version, company, tenant, domain, contact, scheme, self_begun, created_at, changed_at, state)
		SELECT printf('long%22d', i), 1, printf('%05000d', i), 'x', '', '', '', 0, 1, 1, '{"answers":{},"marks":null,"clientSecret":{},"registration":{},"token":{}}' FROM n`, many); err != nil {
		t.Fatal(err)
	}
	deaf, reader := g.deaf(), g.listen("/console/live")
	began, rounds := time.Now(), 0
	for s.streamsEnded() == 0 { // each round is a megabyte, until nothing more goes into the connection, and its time is over
		if rounds++; time.Since(began) > patience {
			t.Fatal("whoever does not read is not let go")
		}
		if _, err := db.ExecContext(t.Context(), `INSERT INTO events (setup, at, actor, kind) SELECT id, 0, 'system', 'made.up' FROM setups WHERE id LIKE 'long%'`); err != nil {
			t.Fatal(err)
		}
		customer.saves()
		reader.row(customer.setup())
	}
	customer.saves()
	reader.row(customer.setup())
	if err := deaf.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(deaf)
	if rows := strings.Count(string(all), "<tr"); rows >= rounds*many || strings.HasSuffix(string(all), "0\r\n\r\n") {
		t.Errorf("who did not read was told of %d rows of %d (%v)", rows, rounds*many, err)
	}
	t.Logf("let go after %d rounds; the system had kept %d KB for it", rounds, len(all)>>10)
}
