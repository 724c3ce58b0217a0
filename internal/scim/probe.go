package scim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	// MaxDocument is how many bytes of an answer are read; a longer one is not understood. An empty list has about 100.
	MaxDocument = 256 << 10

	userAgent = "aritma-entra-onboard"
)

// errNoAddress says that what should be the Tenant URL is no address.
var errNoAddress = errors.New("no address in place of the Tenant URL")

// Prober probes SCIM endpoints. It may be shared by any number of goroutines.
type Prober struct{ http *http.Client }

// New returns a Prober that sends through client, which gives it deadlines and has to allow the host of the Tenant URL.
func New(client *http.Client) *Prober {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Prober{http: &own}
}

// Probe does what Entra's Test Connection does: it asks the endpoint at the Tenant URL, with the token, for a person who
// does not exist. Nil means that the answer is what Entra wants: 200 and a list with nobody in it.
//
// Faults of kind Upstream, which trying again does not mend, with Status in Data where there is one:
//   - scim.unauthorized: 401 or 403, so the token is not accepted
//   - scim.not-found: 404 or 410, so the Tenant URL is wrong
//   - scim.html: a web page, so the Tenant URL leads to something else
//   - scim.redirect: an answer that leads elsewhere; Data has Host, which may be empty
//   - scim.certificate: no encrypted connection that can be trusted
//   - scim.not-a-list: some other answer than a list of RFC 7644
//   - scim.not-empty: a list with people in it, though nobody can match
//
// Faults of kind Unavailable: scim.slow, scim.unreachable, scim.server-error (5xx) and scim.limited (429).
func (p *Prober) Probe(ctx context.Context, tenantURL string, token secret.Secret) error {
	if token.IsZero() {
		return fault.Wrap(errors.New("probe SCIM endpoint: there is no token"), fault.Unknown, "fault.unknown", nil)
	}
	request, err := newRequest(ctx, tenantURL, token)
	if err != nil {
		return err
	}
	answer, err := p.http.Do(request)
	if err != nil {
		return lost(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if v, other := verdictOn(answer.StatusCode); other {
		data := fault.Data{"Status": answer.StatusCode}
		if v == redirect {
			data["Host"] = redirectHost(answer, token)
		}
		f := v.fault(fmt.Errorf("HTTP %d", answer.StatusCode), data)
		f.RetryAfter, _ = outbound.RetryAfter(answer.Header, time.Now())
		return f
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxDocument+1))
	defer clear(body) // the token may come back in it
	switch {
	case errors.Is(err, outbound.ErrTooLarge), len(body) > MaxDocument:
		return notAList.fault(errors.New("answer is too long"), status(answer))
	case err != nil:
		return lost(err)
	}
	return judge(answer, body)
}

// newRequest makes the request of Test Connection: GET {TenantURL}/Users?filter=userName+eq+"<random GUID>". A query that
// the Tenant URL has, such as Entra's flag, stays in front.
func newRequest(ctx context.Context, tenantURL string, token secret.Secret) (*http.Request, error) {
	base, err := url.Parse(tenantURL)
	if err != nil || base.Host == "" || base.User != nil {
		return nil, notFound.fault(errNoAddress, nil)
	}
	address := base.JoinPath("Users")
	address.RawQuery = url.Values{"filter": {`userName eq "` + randomGUID() + `"`}}.Encode()
	if base.RawQuery != "" {
		address.RawQuery = base.RawQuery + "&" + address.RawQuery
	}
	address.Fragment, address.RawFragment = "", ""
	request, err := http.NewRequestWithContext(outbound.Named(ctx, "scim", "probe"), http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, notFound.fault(errNoAddress, nil)
	}
	request.Header.Set("Authorization", "Bearer "+token.Expose())
	request.Header.Set("Accept", "application/scim+json")
	request.Header.Set("User-Agent", userAgent)
	return request, nil
}

// randomGUID is a GUID of version 4 (RFC 9562, 5.4).
func randomGUID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails (Go 1.24)
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}

// judge says what a 200 means.
func judge(answer *http.Response, body []byte) error {
	if isHTML(answer.Header.Get("Content-Type"), body) {
		return webPage.fault(errors.New("answer is HTML"), status(answer))
	}
	found, err := parseList(body)
	switch {
	case err != nil:
		return notAList.fault(err, status(answer))
	case found > 0:
		return notEmpty.fault(fmt.Errorf("%d results for a name that nobody has", found), status(answer))
	}
	return nil
}

func status(answer *http.Response) fault.Data { return fault.Data{"Status": answer.StatusCode} }

// redirectHost is the host that a redirect leads to, or empty when it has no host's shape or shows the token.
func redirectHost(answer *http.Response, token secret.Secret) string {
	to, err := answer.Location()
	if err != nil {
		return ""
	}
	host := strings.ToLower(to.Host)
	if !hostShape.MatchString(host) || strings.Contains(host, strings.ToLower(token.Expose())) {
		return ""
	}
	return host
}
