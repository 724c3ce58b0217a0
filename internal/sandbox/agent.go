package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	// agentLimit is how long one run of the agent may take. It must be shorter than requestLimit, the page of the portal
	// waits for it.
	agentLimit = 20 * time.Second

	// patchFlag on a Tenant URL makes the agent's PATCH requests conform to RFC 7644 (Microsoft, "Known issues and
	// resolutions with SCIM 2.0 protocol compliance").
	patchFlag = "aadOptscim062020"

	// connected and credentialsWrong are Microsoft's words about Test Connection.
	connected        = "The supplied credentials are authorized to enable provisioning"
	credentialsWrong = "You appear to have entered invalid credentials. Please confirm you are using the correct information for an administrative account."
)

// agent is Entra's provisioning agent at one SCIM endpoint. It speaks to the sandbox's own listener and nowhere else.
type agent struct {
	client *http.Client
	base   string // Tenant URL without its query and without a slash at its end
	token  secret.Secret
	strict bool // the Tenant URL carries patchFlag
	// elsewhere says that the Tenant URL does not lead to the sandbox: then nothing is ever sent.
	elsewhere bool
}

// agentError is what an endpoint answered to the agent, in Microsoft's words. Status is 0 when nothing was answered.
type agentError struct {
	status int
	text   string
}

func (e *agentError) Error() string { return e.text }

var errElsewhere = &agentError{text: "The Tenant URL could not be reached: the practice portal connects to the sandbox alone."}

func (s *Sandbox) agentAt(c credentials) *agent {
	u, err := url.Parse(c.tenantURL)
	if err != nil || u.User != nil || !strings.EqualFold(u.Scheme+"://"+u.Host, s.base) {
		return &agent{elsewhere: true}
	}
	return &agent{
		client: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true}, // no proxy, and nothing stays open after a run
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		base: s.base + strings.TrimRight(u.EscapedPath(), "/"), token: c.token, strict: c.flagged(),
	}
}

// flagged reports whether the Tenant URL carries patchFlag, in whichever way it was appended.
func (c credentials) flagged() bool { return strings.Contains(c.tenantURL, patchFlag) }

// send does one request and decodes the answer into into unless that is nil. Every error is an *agentError: its text
// names the request and the status, and holds neither token nor body.
func (a *agent) send(ctx context.Context, method, path string, body, into any) error {
	if a.elsewhere {
		return errElsewhere
	}
	resource := a.base + path
	unexpected := func(status int, what string) error {
		return &agentError{status, fmt.Sprintf("We received this unexpected response from your application: Resource: %s Operation: %s Response Status Code: %s", resource, method, what)}
	}
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return unexpected(0, "the request cannot be written")
		}
		content = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, resource, content)
	if err != nil {
		return unexpected(0, "the Tenant URL cannot be read")
	}
	request.Header.Set("Authorization", "Bearer "+a.token.Expose())
	request.Header.Set("Accept", typeSCIM)
	if body != nil {
		request.Header.Set("Content-Type", typeSCIM+"; charset=utf-8")
	}
	response, err := a.client.Do(request)
	if err != nil {
		return unexpected(0, "none, the connection was cut or timed out")
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	status := strconv.Itoa(response.StatusCode) + " " + http.StatusText(response.StatusCode)
	switch {
	case err != nil:
		return unexpected(0, "none, the connection was cut or timed out")
	case response.StatusCode < 200 || response.StatusCode > 299:
		return unexpected(response.StatusCode, status)
	case into != nil && json.Unmarshal(raw, into) != nil:
		return unexpected(response.StatusCode, status+", and the content is not SCIM")
	}
	return nil
}

// scimList is a ListResponse of RFC 7644 §3.4.2.
type scimList struct {
	Schemas   []string         `json:"schemas"`
	Resources []map[string]any `json:"Resources"`
}

// look asks for the resources of a kind with this attribute value. Groups come without their members, as Entra asks.
func (a *agent) look(ctx context.Context, kind *resourceKind, value string) ([]map[string]any, error) {
	quoted, err := json.Marshal(value)
	if err != nil {
		return nil, &agentError{text: "The filter cannot be written."}
	}
	path := "/" + kind.plural + "?filter=" + url.QueryEscape(kind.required+" eq "+string(quoted))
	if kind == groupResource {
		path += "&excludedAttributes=members"
	}
	var list scimList
	if err := a.send(ctx, http.MethodGet, path, nil, &list); err != nil {
		return nil, err
	}
	if len(list.Schemas) != 1 || list.Schemas[0] != schemaList {
		return nil, &agentError{http.StatusOK, "We received this unexpected response from your application: the content is not a SCIM ListResponse."}
	}
	return list.Resources, nil
}

// testConnection looks for somebody who cannot exist. It returns nothing when the endpoint answers as it should, else
// what the portal says.
func (s *Sandbox) testConnection(ctx context.Context, c credentials) string {
	ctx, cancel := context.WithTimeout(ctx, agentLimit)
	defer cancel()
	if _, err := s.agentAt(c).look(ctx, userResource, uuid.NewString()); err != nil {
		return credentialsWrong + " " + err.Error()
	}
	return ""
}

// statusOf is the status of an *agentError, 0 for every other error.
func statusOf(err error) int {
	var e *agentError
	if errors.As(err, &e) {
		return e.status
	}
	return 0
}
