package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/aritma/entra-onboard/internal/metrics"
)

const (
	// profileTimeout is how long an answer of the inner listener may take: a profile takes 30 seconds unless asked otherwise.
	profileTimeout = 2 * time.Minute
	// innerDrain is how long a scrape under way at the end may take.
	innerDrain = time.Second
)

// serveMetrics answers on the inner listener until the service is closed; without ONBOARD_METRICS_LISTEN nobody listens. It
// outlives the public one and the work under way, so that the end can be watched.
func (s *service) serveMetrics(ctx context.Context, ready *readiness) error {
	if s.config.MetricsListen == "" {
		return nil
	}
	handler := s.metrics.Handler(metrics.Now{
		Ready: func(ctx context.Context) bool { return len(ready.reasons(ctx)) == 0 }, Streams: s.live.Listening, Work: s.working, Stock: s.store.Stock,
	})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.config.MetricsListen)
	if err != nil {
		return fmt.Errorf("listen on %s (ONBOARD_METRICS_LISTEN): %w", s.config.MetricsListen, err)
	}
	if public := publicAddress(listener.Addr()); public != "" {
		s.log.WarnContext(ctx, "metrics and profiles can be read by whoever reaches a public address of this machine: ONBOARD_METRICS_LISTEN is for an inner network", "address", public)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: profileTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.ErrorContext(ctx, "metrics are not served any more", "error", err)
		}
	}()
	s.log.InfoContext(ctx, "serving metrics", "listen", listener.Addr().String())
	s.stopMetrics = func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), innerDrain)
		defer cancel()
		if server.Shutdown(drain) != nil {
			_ = server.Close() // a profile under way
		}
		<-ended
	}
	return nil
}

// working is how much outside work is under way in this process.
func (s *service) working() int {
	n := s.onboarding.Working()
	if s.accounts != nil {
		n += s.accounts.Working()
	}
	return n
}

// publicAddress is an address, of those that a listener has, which the whole internet may reach; "" when it has none. A listener
// on all addresses has those of the machine.
func publicAddress(at net.Addr) string {
	listening, err := netip.ParseAddrPort(at.String())
	if err != nil {
		return ""
	}
	found := []netip.Addr{listening.Addr()}
	if listening.Addr().IsUnspecified() {
		all, _ := net.InterfaceAddrs() // none where the system does not tell
		found = nil
		for _, each := range all {
			if network, err := netip.ParsePrefix(each.String()); err == nil {
				found = append(found, network.Addr())
			}
		}
	}
	for _, address := range found {
		if address = address.Unmap(); address.IsGlobalUnicast() && !address.IsPrivate() && !sharedSpace.Contains(address) {
			return address.String()
		}
	}
	return ""
}

// sharedSpace is what carriers and clusters use among themselves (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
