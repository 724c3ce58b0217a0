package signin

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"github.com/aritma/entra-onboard/internal/outbound"
)

const (
	maxHops    = 5
	maxAddress = 8 << 10
)

// Sent is what Aritma ID sends to Microsoft at the beginning of a sign-in.
type Sent struct {
	RedirectURI, ClientID string
	Authority             string // the directory in the address: a GUID, a domain, or one of Microsoft's words such as "common"
}

// RedirectURI finds out what Aritma ID really sends to Microsoft for the scheme: it begins a sign-in without a person,
// follows Aritma ID's redirects within its own origin, at most five, and reads the first that leads to one of
// microsoftHosts. Of Microsoft nothing is asked. Where a host has a path, what is below it counts.
//
// Every failure is the fault signin.redirect.unproven of kind Unavailable: a page, an error, another host, no end, no
// Redirect URI, or nobody there. It says nothing about whether signing in works.
func (c *Client) RedirectURI(ctx context.Context, tenant, scheme string, microsoftHosts []*url.URL) (Sent, error) {
	if scheme == "" {
		return Sent{}, errUnproven("no scheme to ask for")
	}
	_, at, err := c.Begin(ctx, tenant, scheme, "")
	if err != nil {
		return Sent{}, errUnproven(err.Error())
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return Sent{}, errUnproven("no cookies can be kept")
	}
	browser := c.reader(false)
	browser.Jar = jar
	for range 1 + maxHops {
		if at, err = nextHop(ctx, browser, at); err != nil {
			return Sent{}, err
		}
		i := slices.IndexFunc(microsoftHosts, func(host *url.URL) bool { return below(at, host) })
		switch {
		case i >= 0:
			return readSent(at, microsoftHosts[i])
		case !sameOrigin(at, c.idBase):
			return Sent{}, errUnproven("sent to a host that is neither Aritma ID nor Microsoft")
		}
	}
	return Sent{}, errUnproven("too many redirects")
}

// nextHop asks at and returns where it is sent.
func nextHop(ctx context.Context, browser *http.Client, at *url.URL) (*url.URL, error) {
	request, err := http.NewRequestWithContext(outbound.Named(ctx, "id", "read Redirect URI"), http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, errUnproven("address cannot be asked")
	}
	request.Header.Set("Accept", "text/html")
	answer, err := browser.Do(request)
	if err != nil {
		return nil, unanswered(err)
	}
	_ = answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, errUnproven(fmt.Sprintf("answered %d", answer.StatusCode))
	}
	location := answer.Header.Values("Location")
	if len(location) != 1 || location[0] == "" || len(location[0]) > maxAddress {
		return nil, errUnproven("redirect has not one address")
	}
	next, err := at.Parse(location[0])
	if err != nil || next.User != nil || next.Opaque != "" {
		return nil, errUnproven("redirect leads to something that is no plain address")
	}
	return next, nil
}

// unanswered tells how a request was lost; the error itself has the address with all that was sent along.
func unanswered(err error) error {
	switch {
	case outbound.TimedOut(err):
		return errUnproven("no answer in time")
	case outbound.DialFailed(err):
		return errUnproven("cannot be reached")
	}
	return errUnproven("answer broke off, or is too large")
}

// below reports whether the address is on the host and below its path, if it has one.
func below(at, host *url.URL) bool {
	return sameOrigin(at, host) && strings.HasPrefix(at.Path, strings.TrimSuffix(host.Path, "/")+"/")
}

// readSent reads the request to Microsoft.
func readSent(at, host *url.URL) (Sent, error) {
	query, err := url.ParseQuery(at.RawQuery)
	if err != nil {
		return Sent{}, errUnproven("request to Microsoft cannot be read")
	}
	to, client := query["redirect_uri"], query["client_id"]
	if len(to) != 1 || len(client) != 1 {
		return Sent{}, errUnproven("request to Microsoft has not one redirect_uri and one client_id")
	}
	if u, err := url.Parse(to[0]); err != nil || u.Host == "" || plain(to[0]) == "" {
		return Sent{}, errUnproven("redirect_uri is no address")
	}
	authority, _, _ := strings.Cut(strings.TrimPrefix(at.Path, strings.TrimSuffix(host.Path, "/")+"/"), "/")
	return Sent{RedirectURI: to[0], ClientID: plain(client[0]), Authority: plain(authority)}, nil
}
