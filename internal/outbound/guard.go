package outbound

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// ErrRefused says that a destination is not allowed. Nothing was sent to it.
var ErrRefused = errors.New("destination is not allowed")

// azureHost is Azure's virtual address for the host of a machine. It is public by its number and answers with the
// machine's own configuration (Microsoft Learn, "What is IP address 168.63.129.16?").
var azureHost = netip.MustParsePrefix("168.63.129.16/32")

var (
	loopback4 = netip.MustParsePrefix("127.0.0.0/8")
	loopback6 = netip.MustParsePrefix("::1/128")
	every4    = netip.MustParsePrefix("0.0.0.0/0")
	every6    = netip.MustParsePrefix("::/0")
)

// origin is scheme, host and port (RFC 6454), the host in lower case and without brackets, the port always there.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) (origin, bool) {
	o := origin{scheme: u.Scheme, host: strings.ToLower(u.Hostname()), port: u.Port()}
	if o.port == "" {
		o.port = map[string]string{"http": "80", "https": "443"}[o.scheme]
	}
	return o, o.host != "" && o.port != "" && (o.scheme == "http" || o.scheme == "https")
}

func allowed(o Options) map[origin]bool {
	origins := make(map[origin]bool, len(o.Allow))
	for _, u := range o.Allow {
		if u == nil {
			continue
		}
		if at, ok := originOf(u); ok && (at.scheme == "https" || o.AllowLoopback) {
			origins[at] = true
		}
	}
	return origins
}

// admit refuses everything that is not plainly a request to an allowed origin.
func (t *transport) admit(request *http.Request) error {
	u := request.URL
	if u == nil || u.Opaque != "" || u.User != nil {
		return fmt.Errorf("%w: not a plain address", ErrRefused)
	}
	if request.Host != "" && !strings.EqualFold(request.Host, u.Host) {
		return fmt.Errorf("%w: Host header differs from the address", ErrRefused)
	}
	at, ok := originOf(u)
	if !ok || !t.origins[at] {
		return fmt.Errorf("%w: origin %q", ErrRefused, at.scheme+"://"+at.host+":"+at.port)
	}
	return nil
}

// controlFunc is called for each resolved address, before the first packet (net.Dialer.Control).
type controlFunc = func(network, address string, conn syscall.RawConn) error

// guardSecure permits public addresses, and loopback ones where o says so.
func guardSecure(o Options) controlFunc {
	options := []ssrf.Option{ssrf.WithPorts(portsOf(o)...), ssrf.WithDeniedV4Prefixes(azureHost)}
	if o.AllowLoopback {
		options = append(options, ssrf.WithAllowedV4Prefixes(loopback4), ssrf.WithAllowedV6Prefixes(loopback6))
	}
	return guard(options)
}

// guardPlain permits loopback addresses where o says so, and nothing else.
func guardPlain(o Options) controlFunc {
	options := []ssrf.Option{
		ssrf.WithPorts(portsOf(o)...),
		ssrf.WithDeniedV4Prefixes(every4), ssrf.WithDeniedV6Prefixes(every6),
	}
	if o.AllowLoopback {
		options = append(options, ssrf.WithAllowedV4Prefixes(loopback4), ssrf.WithAllowedV6Prefixes(loopback6))
	}
	return guard(options)
}

func guard(options []ssrf.Option) controlFunc {
	guardian := ssrf.New(options...)
	return func(network, address string, conn syscall.RawConn) error {
		if err := guardian.Safe(network, address, conn); err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return nil
	}
}

// portsOf lists the ports of the allowed origins. It is never empty, since no ports mean every port to the guard.
func portsOf(o Options) []uint16 {
	ports := []uint16{443}
	for at := range allowed(o) {
		if port, err := strconv.ParseUint(at.port, 10, 16); err == nil {
			ports = append(ports, uint16(port))
		}
	}
	return ports
}
