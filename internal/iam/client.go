package iam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	providersPath = "/v1/sso"
	azureADPath   = "/v1/sso/azuread"
	tokensPath    = "/v1/scim"
	usersPath     = "/v1/subjects/users"
	groupsPath    = "/v1/subjects/groups"

	maxAnswer = 1 << 20 // bytes
)

// Client calls the Aritma IAM API. It may be shared by any number of goroutines.
//
// Every method takes the caller's access token (scope services.iam) and fails with a *fault.Error, whose Data has
// "Status" when there was an answer, "Reference" when the answer carried a correlation id, and "Detail" when a refusal
// was explained in words that can be shown.
type Client struct {
	base *url.URL
	http *http.Client
}

// New returns a client of the API at base, for example https://api.dev.aritma.io/core/iam; the path of base is kept.
// Deadlines, repetition of what may be repeated, and the limits of where to go are client's.
func New(base *url.URL, client *http.Client) *Client {
	at := &url.URL{Scheme: base.Scheme, Host: base.Host}
	path := strings.TrimRight(base.EscapedPath(), "/")
	at.RawPath = path
	at.Path, _ = url.PathUnescape(path) // EscapedPath is always a valid escape
	return &Client{base: at, http: client}
}

// RegisterURL is the address that RegisterAzureAD posts to.
func (c *Client) RegisterURL() string { return c.url(azureADPath, "").String() }

// url gives base + path, and "/" + id as one escaped segment when there is an id.
func (c *Client) url(path, id string) *url.URL {
	u := *c.base
	escaped := path
	if id != "" {
		path += "/" + id
		escaped += "/" + url.PathEscape(id)
	}
	u.Path, u.RawPath = u.Path+path, u.RawPath+escaped
	return &u
}

// call is one act at the API.
type call struct {
	action  string // for the cause: "create SCIM token"
	method  string
	path    string
	query   url.Values
	id      string // last path segment, "" when there is none
	token   secret.Secret
	body    []byte
	holds   secret.Secret // what body holds that must never come back in a text
	missing verdict       // what 404 means
}

// answer is what a successful call gave.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do performs the act once. Any status but 2xx is a failure.
func (c *Client) do(ctx context.Context, act call) (answer, error) {
	request, err := c.request(ctx, act)
	if err != nil {
		return answer{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, act.lost(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	got := answer{status: response.StatusCode, header: response.Header, body: body}
	switch {
	case got.status < 200 || got.status > 299:
		return answer{}, act.refused(got)
	case err != nil && len(body) < maxAnswer:
		return answer{}, act.lost(fmt.Errorf("read answer: %w", err))
	case err != nil || len(body) > maxAnswer:
		return answer{}, act.garbled(got, errors.New("answer is too large"))
	}
	return got, nil
}

func (c *Client) request(ctx context.Context, act call) (*http.Request, error) {
	if !isBearer(act.token) {
		return nil, act.local(unauthorized, "no usable access token")
	}
	address := c.url(act.path, act.id)
	address.RawQuery = act.query.Encode()
	request, err := http.NewRequestWithContext(outbound.Named(ctx, "iam", act.action), act.method, address.String(), nil)
	if err != nil {
		return nil, act.local(unknown, "address cannot be used")
	}
	if act.body != nil {
		// No GetBody: with it net/http may send the request again on its own.
		request.Body = io.NopCloser(bytes.NewReader(act.body))
		request.ContentLength = int64(len(act.body))
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "aritma-entra-onboard")
	request.Header.Set("Authorization", "Bearer "+act.token.Expose())
	return request, nil
}

// isBearer reports whether s can stand in an Authorization header: visible ASCII without spaces (RFC 6750 section 2.1
// allows less; a token of another alphabet is the upstream's to refuse).
func isBearer(s secret.Secret) bool {
	return !s.IsZero() && strings.IndexFunc(s.Expose(), func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
