package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/web/middleware"
)

// Timeouts of the HTTP server.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 32 << 10
	drainTimeout      = 25 * time.Second
	lingerTime        = 2 * time.Second
	sweepEvery        = time.Minute
	releaseTimeout    = 5 * time.Second

	// sweepLease is what the replica holds that sweeps.
	sweepLease = "sweep"

	// retainAtOnce is how many batches of setups one sweep looks through for what is no longer needed; retainEvery is how long it
	// rests when it has been through all.
	retainAtOnce = 10
	retainEvery  = time.Hour
)

// serve runs the service until ctx ends.
func serve(ctx context.Context, p process, sandboxed bool) (err error) {
	level := new(slog.LevelVar)
	log := newLog(p, sandboxed, level)
	var practice *practice
	environ := p.environ
	if sandboxed {
		if practice, environ, err = startPractice(ctx, p); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, practice.close()) }()
	}
	c, err := config.Load(environ)
	if err != nil {
		return errors.Join(errConfiguration, err)
	}
	level.Set(c.LogLevel)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (ONBOARD_LISTEN): %w", c.Listen, err)
	}
	defer func() { _ = listener.Close() }()
	servePort(c, listener)
	s, err := newService(ctx, c, log)
	if err != nil {
		return err
	}
	if p.messages != nil {
		s.messages = p.messages
	}
	defer func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		err = errors.Join(err, s.close(drain))
	}()
	if err := takeOver(ctx, s.store); err != nil {
		return err
	}
	s.store.OnEvents(func() { s.live.Poke(); s.teller.poke() })
	if err := s.lock(ctx); err != nil {
		return err
	}
	ready := s.newReadiness()
	if err := s.serveMetrics(ctx, ready); err != nil {
		return err
	}
	if practice != nil {
		practice.service = s
		if err := practice.announce(ctx, p.out, s); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(p.out, "Aritma Entra onboarding: %s\n", c.PublicURL)
	}
	return s.listen(ctx, p, listener, ready, practice)
}

// lock has nothing served but that, when the sealing keys are not those of the database.
func (s *service) lock(ctx context.Context) error {
	if err := s.onboarding.ProveKeys(ctx); err != nil {
		return err
	}
	err := s.onboarding.CheckKeys(ctx)
	if s.locked = errors.Is(err, seal.ErrOpen); s.locked {
		s.log.ErrorContext(ctx, "locked: nothing is changed until the right keys are there", "error", err)
		return nil
	}
	return err
}

// servePort puts the port that was given by the system into the public address that follows from it.
func servePort(c *config.Config, listener net.Listener) {
	if c.PublicURL.Port() == "0" {
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		c.PublicURL.Host = net.JoinHostPort(c.PublicURL.Hostname(), port)
	}
}

// newLog writes a line of JSON for each thing that happens, or of plain text in the sandbox, from a level on.
func newLog(p process, sandboxed bool, level slog.Leveler) *slog.Logger {
	var lines slog.Handler = slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: level})
	if sandboxed {
		lines = slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: level})
	}
	return slog.New(middleware.LogID(lines))
}

// listen serves until ctx ends, then lets requests under way finish.
func (s *service) listen(ctx context.Context, p process, listener net.Listener, ready *readiness, practice *practice) error {
	server := &http.Server{
		Handler: s.handler(ready, practice), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	aside, stopAside := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(debug.FreeOSMemory)           // what reading the catalogue and the migrations took: as much as is kept
	beside.Go(func() { s.live.Run(aside) }) // streams end before the server waits for them
	if !s.locked {
		beside.Go(func() { s.sweep(aside) })
		beside.Go(func() { s.teller.run(aside) })
	}
	defer func() { stopAside(); beside.Wait() }()

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	s.log.InfoContext(ctx, "serving", "listen", listener.Addr().String(), "public", s.config.PublicURL.String(), "keys", fmt.Sprint(s.config.Keys.KeyIDs()))
	if p.started != nil {
		p.started(s.config.PublicURL.String())
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ready.stopping.Store(true)
	s.log.InfoContext(ctx, "stopping")
	if practice == nil {
		<-time.After(p.linger)
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	return server.Shutdown(drain)
}

// sweep drops what has had its time, again and again, until ctx ends. Of several replicas one does, since two would record twice
// what they drop; another takes over when that one has not come back for a while.
func (s *service) sweep(ctx context.Context) {
	holder := onboarding.NewOperation()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	keeper := &keeper{service: s}
	for ctx.Err() == nil {
		now := time.Now().UTC()
		held, err := s.store.AcquireLease(ctx, sweepLease, holder, now, now.Add(2*sweepEvery))
		if held {
			err = s.sweepOnce(ctx, keeper)
		}
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "sweep failed", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	giving, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := s.store.ReleaseLease(giving, sweepLease, holder); err != nil {
		s.log.WarnContext(ctx, "lease of the sweep not released", "error", err)
	}
}

// sweepOnce drops sealed secrets, sign-ins, sessions, what was to be told, and what setups no longer need.
func (s *service) sweepOnce(ctx context.Context, keeper *keeper) error {
	err := s.onboarding.Sweep(ctx)
	if s.accounts != nil {
		err = errors.Join(err, s.accounts.Sweep(ctx))
	}
	_, sessions := s.store.DeleteExpiredSessions(ctx, time.Now().UTC())
	err = errors.Join(err, sessions, s.teller.sweep(ctx), keeper.retain(ctx))
	if kept, ok := s.store.(file); ok { // what was deleted may stand in the write-ahead log until it is folded in
		err = errors.Join(err, kept.Checkpoint(ctx))
	}
	return err
}

// keeper goes through all setups, again and again, and lets go of what they no longer need.
type keeper struct {
	service *service
	after   string    // the last setup that it has been through
	next    time.Time // when it begins again
}

// retain goes on with a few batches, so that the lease of the sweep is not outlasted. A keeper that takes over begins anew.
func (k *keeper) retain(ctx context.Context) (err error) {
	c, now := k.service.config, time.Now()
	kept := onboarding.Retention{Completed: c.RetainCompleted, Abandoned: c.RetainAbandoned, Setups: c.RetainSetups}
	if kept == (onboarding.Retention{}) || now.Before(k.next) {
		return nil
	}
	for range retainAtOnce {
		if k.after, err = k.service.onboarding.Retain(ctx, kept, k.after); err != nil {
			return err
		}
		if k.after == "" {
			k.next = now.Add(retainEvery)
			return nil
		}
	}
	return nil
}

// linkURL is the address of a setup link.
func linkURL(public *url.URL, value secret.Secret) string {
	return public.JoinPath("s", value.Expose()).String()
}
