package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/outbound"
)

// checkConfiguration says what was read: it could be, or nothing would be looked at.
func (d *doctor) checkConfiguration(context.Context) finding {
	c := d.config
	parts := []string{"read", "setup links lead to signing in"}
	if c.LinkAuthority == config.AuthorityLink {
		parts[1] = "setup links let people in"
	}
	if c.ConsoleTenant == "" {
		parts = append(parts, "the console is off")
	} else {
		parts = append(parts, "the console is for "+c.ConsoleTenant)
	}
	if c.AllowLoopback {
		return finding{doubtful, strings.Join(parts, "; ") + "; upstreams may be http on loopback addresses (ONBOARD_ALLOW_LOOPBACK)", "Remove that variable where real companies are connected"}
	}
	return ok("%s", strings.Join(parts, "; "))
}

// checkPublicAddress asks the service for its health as a browser would.
func (d *doctor) checkPublicAddress(ctx context.Context) finding {
	public := d.config.PublicURL
	if public.Port() == "0" {
		return finding{doubtful, "the port is given by the system at each start, so the address is not known", "Name a port in ONBOARD_LISTEN, or set ONBOARD_PUBLIC_URL"}
	}
	client := outbound.New(outbound.Options{Allow: []*url.URL{public}, AllowLoopback: config.IsLoopback(public.Hostname())})
	defer client.CloseIdleConnections()
	const todo = "Start the service where it does not run; else check the DNS record of the host, its certificate, and that the proxy in front leads to ONBOARD_LISTEN"
	got, err := get(outbound.Once(ctx), client, public.JoinPath("healthz"))
	switch {
	case errors.Is(err, outbound.ErrRefused):
		return finding{doubtful, fmt.Sprintf("not tried, since %s is not at a public address as seen from here", public.Host), fmt.Sprintf("Open %s in a browser: it says ok", public.JoinPath("healthz"))}
	case err != nil:
		return finding{doubtful, fmt.Sprintf("%s does not answer: %s", public, reason(err)), todo}
	case got.status != http.StatusOK || strings.TrimSpace(got.body) != "ok":
		return finding{doubtful, fmt.Sprintf("%s/healthz answers %d, and not as the service does", public, got.status), todo}
	}
	return ok("%s answers", public)
}

// checkEnvironments compares the environments that the hosts of Aritma are of.
func (d *doctor) checkEnvironments(context.Context) finding {
	hosts := map[string]*url.URL{"ONBOARD_IAM_URL": d.config.IAMURL, "ONBOARD_ID_URL": d.config.IDURL, "ONBOARD_SCIM_URL_TEMPLATE": d.config.SCIMOrigin()}
	if redirect, err := url.Parse(strings.NewReplacer("{tenant}", "t", "{scheme}", "s").Replace(d.config.RedirectURITemplate)); err == nil {
		hosts["ONBOARD_REDIRECT_URI_TEMPLATE"] = redirect
	}
	if strings.EqualFold(d.config.IAMURL.Hostname(), "developer.aritma.com") {
		return finding{doubtful, "ONBOARD_IAM_URL is the mock server of the documentation, which keeps nothing and answers with examples", "Name the IAM API where real companies are connected"}
	}
	of := environmentOf(d.config.IDURL)
	for _, name := range []string{"ONBOARD_IAM_URL", "ONBOARD_SCIM_URL_TEMPLATE", "ONBOARD_REDIRECT_URI_TEMPLATE"} {
		if other := environmentOf(hosts[name]); other != of {
			return finding{doubtful, fmt.Sprintf("%s is of %s (%s), ONBOARD_ID_URL of %s (%s)", name, other, hosts[name].Host, of, d.config.IDURL.Host), "Let both be of the same environment: one does not take the tokens and tenants of the other"}
		}
	}
	if of == otherOperator {
		return ok("no host is one of Aritma's own, so there is nothing to compare")
	}
	return ok("all hosts of Aritma are of %s", of)
}

const otherOperator = "another operator"

// environmentOf reads an environment off a host: id.dev.aritma.io is of "dev", id.aritma.io of production.
func environmentOf(u *url.URL) string {
	host, own := strings.CutSuffix(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), ".aritma.io")
	if !own {
		return otherOperator
	}
	if _, environment, named := strings.Cut(host, "."); named {
		return `"` + environment + `"`
	}
	return "production"
}
