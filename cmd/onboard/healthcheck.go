package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/aritma/entra-onboard/internal/config"
)

// healthTimeout is how long the service may take to say that it runs.
const healthTimeout = 3 * time.Second

// checkHealth asks the service that runs in the same container or machine for /healthz. It is for a HEALTHCHECK where there is
// no shell and no curl. Of the configuration it reads ONBOARD_LISTEN alone: it needs no secret.
func checkHealth(ctx context.Context, p process) error {
	address, err := ownAddress(config.ListenAddress(p.environ))
	if err != nil {
		return errors.Join(errConfiguration, err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return err
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // no proxy, whatever the environment says: it is this very machine
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("not healthy: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not healthy: /healthz answered %d", answer.StatusCode)
	}
	return nil
}

// ownAddress is where to reach what listens at an address: a service that listens on every address does so on loopback, too.
func ownAddress(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("ONBOARD_LISTEN is not host:port: %q", listen)
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsUnspecified() {
		host = "127.0.0.1"
		if addr.Is6() { // [::] takes IPv4 as well, but not where the kernel keeps them apart
			host = "::1"
		}
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
