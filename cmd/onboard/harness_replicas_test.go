package main

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

// replicas are several programs on one PostgreSQL, behind an address that sends every request to the next of them.
type replicas struct {
	*site // its public address is the one that they share

	mu     sync.Mutex
	all    []*replica
	turn   int
	pinned *replica // nil: whoever's turn it is
}

// replica is one of the programs.
type replica struct {
	*site
	address *url.URL
	served  int
}

// newReplicas starts so many programs, on whose console the sandbox's customer success is. Links let people in, unless changed.
func newReplicas(t *testing.T, n int, changes map[string]string) *replicas {
	t.Helper()
	c := &replicas{}
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(c.next())
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(front.Close)
	c.site = newSite(t, map[string]string{"ONBOARD_PUBLIC_URL": front.URL, "ONBOARD_DATABASE_URL": postgrestest.Database(t)})
	c.stop()
	maps.Copy(c.environ, map[string]string{
		"ONBOARD_ID_CLIENT_ID": sandbox.SigninClientID, "ONBOARD_ID_CLIENT_SECRET": c.sandbox.SigninClientSecret().Expose(),
		"ONBOARD_CONSOLE_TENANT": sandbox.ConsoleTenant, "ONBOARD_LINK_AUTHORITY": "link",
	})
	maps.Copy(c.environ, changes)
	for range n {
		c.add((*site).start)
	}
	return c
}

// add starts one more program.
func (c *replicas) add(start func(*site)) *replica {
	c.t.Helper()
	r := &replica{site: &site{t: c.t, sandbox: c.sandbox, environ: c.environ, log: &lockedBuffer{}}}
	start(r.site)
	c.t.Cleanup(func() { r.stop() })
	eventually(c.t, "the program saying where it listens", func() bool { return r.listens(0) != "" })
	r.address = &url.URL{Scheme: "http", Host: r.listens(0)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, r)
	return r
}

// next is where the next request goes.
func (c *replicas) next() *url.URL {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.pinned
	if r == nil {
		c.turn++
		r = c.all[c.turn%len(c.all)]
	}
	r.served++
	return r.address
}

// pin sends every request to one replica; nil: to each in its turn again.
func (c *replicas) pin(r *replica) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinned = r
}

// kill ends a spawned replica without warning; the address sends nothing to it any more.
func (c *replicas) kill(dead *replica) {
	c.t.Helper()
	dead.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinned = nil
	for i, r := range c.all {
		if r == dead {
			c.all = append(c.all[:i:i], c.all[i+1:]...)
			return
		}
	}
}

// roll replaces every replica by a fresh one with the environment as it is now. For a while both kinds serve; the old ones
// leave as behind a load balancer: nothing new is sent to them, and they finish what is under way.
func (c *replicas) roll() {
	c.t.Helper()
	c.mu.Lock()
	old := c.all
	c.mu.Unlock()
	for range old {
		c.add(func(s *site) { s.linger = 200 * time.Millisecond; s.start() })
	}
	c.mu.Lock()
	c.all = c.all[len(old):]
	c.mu.Unlock()
	race(len(old), func(i int) { old[i].stop() })
}

// leasesEnd is the passing of the time for which a dead replica holds its leases.
func (c *replicas) leasesEnd() {
	c.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.environ["ONBOARD_DATABASE_URL"])
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, `UPDATE leases SET until = 0`); err != nil {
		c.t.Fatal(err)
	}
}

// allServed demands that every replica had its part.
func (c *replicas) allServed(least int) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range c.all {
		if r.served < least {
			c.t.Errorf("replica %d served %d requests, want at least %d", i+1, r.served, least)
		}
	}
}

// finely demands that pages were answered, by none of ours that failed.
func finely(t *testing.T, tabs []*visitor) {
	t.Helper()
	for _, tab := range tabs {
		if tab.status >= http.StatusInternalServerError {
			t.Errorf("%s answered %d: %s", tab.path, tab.status, tab.text("main"))
		}
	}
}
