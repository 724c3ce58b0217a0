package middleware

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	chimiddleware "github.com/go-chi/chi/v5/middleware"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Client finds out the address of the client. X-Forwarded-For is believed where the connection, and every hop after the
// client, is one of the proxies (CIDRs); without any it is never looked at.
func Client(proxies []string) func(http.Handler) http.Handler {
	if len(proxies) == 0 {
		return chimiddleware.ClientIPFromRemoteAddr
	}
	find := chimiddleware.ClientIPFromXFF(proxies...)
	return func(next http.Handler) http.Handler { return withoutPorts(find(next)) }
}

const forwardedFor = "X-Forwarded-For"

// withoutPorts takes the ports off the entries of X-Forwarded-For: some proxies add them ("203.0.113.7:50412",
// "[2001:db8::7]:50412"), and an entry that cannot be read ends the search for the client.
func withoutPorts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i, line := range r.Header[forwardedFor] {
			entries := strings.Split(line, ",")
			for j, entry := range entries {
				entries[j] = withoutPort(strings.TrimSpace(entry))
			}
			r.Header[forwardedFor][i] = strings.Join(entries, ", ")
		}
		next.ServeHTTP(w, r)
	})
}

// withoutPort is the address of an entry that is one, and any other entry as it is.
func withoutPort(entry string) string {
	if both, err := netip.ParseAddrPort(entry); err == nil {
		return both.Addr().String()
	}
	inner, opened := strings.CutPrefix(entry, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if address, err := netip.ParseAddr(inner); err == nil && opened && closed && address.Is6() {
		return address.String()
	}
	return entry
}

// Address is the address of the client as Client found it; empty when it is not known.
func Address(ctx context.Context) string { return chimiddleware.GetClientIP(ctx) }

const (
	// missBurst is how many wrong guesses a client has; the next is refused.
	missBurst = 19
	// missEvery is how long it takes until there is one more.
	missEvery = 30 * time.Second
	// maxClients bounds for how many clients misses are counted.
	maxClients = 10_000
	// networkBits is what one client has of IPv6 addresses (RFC 6177).
	networkBits = 64
)

// Misses counts wrong guesses at links and sessions, or what else a client may do only so often, for each client by itself.
// What is right is never counted and never refused: whoever shares an address with a guesser is not locked out.
type Misses struct {
	burst   int
	every   time.Duration
	mu      sync.Mutex
	clients *lru.Cache[netip.Prefix, *rate.Limiter]
	now     func() time.Time
}

// NewMisses returns a counter of wrong guesses that has counted nothing.
func NewMisses(now func() time.Time) *Misses { return NewMissesOf(missBurst, missEvery, now) }

// NewMissesOf returns a counter that lets a client have burst, and then one more every so often.
func NewMissesOf(burst int, every time.Duration, now func() time.Time) *Misses {
	clients, err := lru.New[netip.Prefix, *rate.Limiter](maxClients)
	if err != nil {
		panic(err) // for a size below one
	}
	return &Misses{burst: burst, every: every, clients: clients, now: now}
}

// Miss counts a wrong guess and reports whether it was one too many.
func (m *Misses) Miss(ctx context.Context) bool {
	key := networkOf(chimiddleware.GetClientIPAddr(ctx))
	m.mu.Lock()
	limiter, known := m.clients.Get(key)
	if !known {
		limiter = rate.NewLimiter(rate.Every(m.every), m.burst)
		m.clients.Add(key, limiter)
	}
	m.mu.Unlock()
	return !limiter.AllowN(m.now(), 1)
}

// networkOf is under what the misses of an address are counted.
func networkOf(address netip.Addr) netip.Prefix {
	bits := address.BitLen()
	if address.Is6() {
		bits = networkBits
	}
	network, _ := address.WithZone("").Prefix(bits) // the zero Prefix for an address that is not known
	return network
}
