package entra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
)

// MaxDocument is how many bytes of an answer are read; a longer one is not understood. Microsoft's are about 2 KB.
const MaxDocument = 256 << 10

// personalAccounts is the directory of all personal Microsoft accounts (Microsoft, "ID token claims reference", tid).
// A company that named it would let everybody sign in.
const personalAccounts = "9188040d-6c67-4c5b-b112-36a304b66dad"

// Client asks Microsoft. It may be shared by any number of goroutines.
type Client struct {
	http  *http.Client
	hosts []*url.URL                                       // login addresses; the first is asked first
	wait  func(ctx context.Context, d time.Duration) error // ends early with the error of ctx
}

// New returns a Client that sends through client, which gives it deadlines and keeps it to Hosts. The override replaces
// the Microsoft login hosts, for tests and the sandbox, and may have a path; nil means the fixed list.
func New(client *http.Client, override *url.URL) *Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	hosts := Hosts(nil)
	if override != nil {
		hosts = []*url.URL{override}
	}
	return &Client{http: &own, hosts: hosts, wait: pause}
}

// Directory is the customer's Entra tenant as Microsoft describes it.
type Directory struct {
	ID     string // Directory (tenant) ID, lower-case GUID
	Region string // tenant_region_scope, such as "EU"; at most 16 letters, empty when Microsoft does not say
	Cloud  string // Global, USGovernment or China
	// GraphHost is the cloud's host of Microsoft Graph, from a fixed list; GCC High and DoD have different ones.
	GraphHost string
	// Authority is the OpenID Connect authority, "https://{login host of the cloud}/{ID}/v2.0". The host is always
	// Microsoft's, even when an override was asked.
	Authority string
}

// Lookup finds a directory by its id or by one of its verified domains. Blanks around and capitals in it do not matter.
//
// Faults:
//   - Invalid "entra.directory-malformed": neither a GUID nor a domain name, by its shape or by Microsoft (AADSTS900023)
//   - Invalid "entra.directory-unknown": Microsoft has no such directory (AADSTS90002); Data has Directory and Code
//   - Invalid "entra.directory-personal": it is the directory of personal Microsoft accounts
//   - Unavailable "entra.unproven": no usable answer, for whatever reason; never a reason to stop the admin
//
// The global host knows the directories of the national clouds and says which cloud they are in. The national hosts are
// asked only when it refuses to say more (AADSTS90038).
func (c *Client) Lookup(ctx context.Context, idOrDomain string) (Directory, error) {
	name := strings.ToLower(strings.TrimSpace(idOrDomain))
	switch {
	case !isGUID(name) && !isDomain(name):
		return Directory{}, fault.New(fault.Invalid, "entra.directory-malformed", nil)
	case name == personalAccounts:
		return Directory{}, personal(name)
	}
	found, err := c.ask(ctx, c.hosts[0], name)
	if errors.Is(err, errElsewhere) && len(c.hosts) > 1 {
		return c.askNational(ctx, name, err)
	}
	return found, err
}

// askNational asks the national hosts at the same time and takes the one that knows the directory; at most one does.
// Without such a one the global host's word stands: the directory exists, and no more is known.
func (c *Client) askNational(ctx context.Context, name string, elsewhere error) (Directory, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan *Directory, len(c.hosts)-1)
	for _, host := range c.hosts[1:] {
		go func() {
			found, err := c.ask(ctx, host, name)
			if err != nil {
				answers <- nil
				return
			}
			answers <- &found
		}()
	}
	for range c.hosts[1:] {
		if found := <-answers; found != nil {
			return *found, nil
		}
	}
	return Directory{}, elsewhere
}

// ask makes the one request to one host. The name has been checked.
func (c *Client) ask(ctx context.Context, host *url.URL, name string) (Directory, error) {
	address := host.JoinPath(name, "v2.0", ".well-known", "openid-configuration").String()
	request, err := http.NewRequestWithContext(outbound.Named(ctx, "entra", "look up directory"), http.MethodGet, address, nil)
	if err != nil {
		return Directory{}, unproven(fmt.Errorf("look up directory: %w", err))
	}
	request.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(request)
	if err != nil {
		return Directory{}, unproven(fmt.Errorf("look up directory: %w", err))
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxDocument+1))
	if err != nil {
		return Directory{}, unproven(fmt.Errorf("look up directory: read answer: %w", err))
	}
	if len(body) > MaxDocument {
		return Directory{}, unproven(errors.New("look up directory: answer is too long"))
	}
	return judge(name, answer, body)
}

// judge says what an answer means.
func judge(name string, answer *http.Response, body []byte) (Directory, error) {
	status := answer.StatusCode
	switch {
	case status == http.StatusOK:
		found, err := parseDirectory(body, name)
		if err != nil {
			return Directory{}, unproven(fmt.Errorf("look up directory: %w", err))
		}
		if found.ID == personalAccounts {
			return Directory{}, personal(name)
		}
		return found, nil
	case status == http.StatusTooManyRequests || status < 400 || status >= 500:
		f := unproven(fmt.Errorf("look up directory: HTTP %d", status))
		f.RetryAfter = retryAfter(answer.Header)
		return Directory{}, f
	}
	return Directory{}, refused(name, status, parseRefusal(body))
}

// refused turns Microsoft's refusal of a lookup into a fault.
func refused(name string, status int, r refusal) error {
	cause := fmt.Errorf("look up directory: HTTP %d, %s", status, r)
	data := fault.Data{"Directory": name, "Code": r.code(), "Correlation": r.correlation}
	switch r.number {
	case directoryNotFound:
		return fault.Wrap(cause, fault.Invalid, "entra.directory-unknown", data)
	case directoryMalformed:
		return fault.Wrap(cause, fault.Invalid, "entra.directory-malformed", data)
	case directoryElsewhere:
		return unproven(errors.Join(cause, errElsewhere))
	}
	return unproven(cause)
}

func unproven(cause error) *fault.Error {
	return fault.Wrap(cause, fault.Unavailable, "entra.unproven", nil)
}

func personal(name string) error {
	return fault.New(fault.Invalid, "entra.directory-personal", fault.Data{"Directory": name})
}

// retryAfter reads the header in its form of seconds, which Microsoft uses; 0 when it is not there.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(h.Get("Retry-After")))
	if err != nil || seconds < 0 || seconds > int(time.Hour/time.Second) {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
