package iam

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aritma/entra-onboard/internal/secret"
)

// What the API documentation shows in every example; used where an AzureAD leaves them empty.
const (
	DefaultResponseType = "code"
	DefaultScope        = "openid profile email"
)

// AzureAD is an Entra ID sign-in provider as it is written to the API.
type AzureAD struct {
	Scheme      string // permanent short name, chosen by us
	DisplayName string // on the sign-in button
	Enabled     bool

	LoginEnabled, Visible   bool
	DelegationEnabled       bool
	AutoProvisioningEnabled bool // create users at first sign-in; not needed with SCIM
	UsePKCE                 bool
	ClientID                string // Application (client) ID
	ClientSecret            secret.Secret
	Authority               string // https://login.microsoftonline.com/{directory}/v2.0
	ResponseType            string // "" means DefaultResponseType
	Scope                   string // space-separated; "" means DefaultScope
}

// Provider is a sign-in provider as the API gives it back. It has no field for the client secret, so that none is kept.
type Provider struct {
	ID           int64 // 0 when there is none to be had
	Scheme       string
	DisplayName  string
	Enabled      bool
	ProviderName string // the API's own name of the kind of provider
	Type         string // "oidc"; other values are possible
}

// RegisterAzureAD creates the provider and returns its id, or 0 when the answer holds none, which is legal: look for
// the scheme in Providers then. It is sent at most once. After any failure of which SurelyNotDone is false, look too.
func (c *Client) RegisterAzureAD(ctx context.Context, token secret.Secret, p AzureAD) (int64, error) {
	act := call{
		action: "register provider", method: http.MethodPost, path: azureADPath,
		token: token, holds: p.ClientSecret, missing: notOffered,
	}
	public := p.ClientSecret.IsZero() && p.UsePKCE // null is documented for public clients with PKCE
	if !public && !isReal(p.ClientSecret) {
		return 0, act.local(secretNeeded, "client secret is empty or masked")
	}
	act.body = p.encode(0, p.ClientSecret.Expose())
	got, err := c.do(ctx, act)
	if err != nil {
		return 0, err
	}
	id, err := registeredID(got)
	if err != nil {
		return 0, act.garbled(got, err)
	}
	return id, nil
}

// Providers lists the tenant's sign-in providers of every kind. NotOffered tells when the API has no such list. A list
// that says that it is longer than what it shows is a failure: what is missing from it must not count as absent.
func (c *Client) Providers(ctx context.Context, token secret.Secret) ([]Provider, error) {
	act := call{
		action: "list providers", method: http.MethodGet, path: providersPath,
		token: token, missing: notOffered,
	}
	rows, err := list[providerJSON](ctx, c, act)
	if err != nil {
		return nil, err
	}
	providers := make([]Provider, 0, len(rows))
	for _, row := range rows {
		providers = append(providers, row.provider())
	}
	return providers, nil
}

// AzureAD reads the provider with this id.
func (c *Client) AzureAD(ctx context.Context, token secret.Secret, id int64) (Provider, error) {
	act := azureADCall("read provider", http.MethodGet, token, id)
	if id <= 0 {
		return Provider{}, act.local(noProviderID, "no provider id")
	}
	got, err := c.do(ctx, act)
	if err != nil {
		return Provider{}, err
	}
	var row providerJSON
	if err := decodeObject(got.body, &row); err != nil {
		return Provider{}, act.garbled(got, err)
	}
	p := row.provider()
	if p.ID == 0 {
		p.ID = id
	}
	return p, nil
}

// UpdateAzureAD replaces the provider with this id. The client secret must be the real one: the API may take none as
// an order to forget it, so an empty or masked one is refused here. It is sent at most once.
func (c *Client) UpdateAzureAD(ctx context.Context, token secret.Secret, id int64, p AzureAD) error {
	act := azureADCall("update provider", http.MethodPut, token, id)
	act.holds = p.ClientSecret
	if id <= 0 {
		return act.local(noProviderID, "no provider id")
	}
	if !isReal(p.ClientSecret) {
		return act.local(secretNeeded, "client secret is empty or masked")
	}
	act.body = p.encode(id, p.ClientSecret.Expose())
	return c.doWithoutAnswer(ctx, act)
}

// DeleteAzureAD removes the provider. One that does not exist counts as removed.
func (c *Client) DeleteAzureAD(ctx context.Context, token secret.Secret, id int64) error {
	act := azureADCall("delete provider", http.MethodDelete, token, id)
	if id <= 0 {
		return act.local(noProviderID, "no provider id")
	}
	return gone(c.doWithoutAnswer(ctx, act))
}

func azureADCall(action, method string, token secret.Secret, id int64) call {
	return call{
		action: action, method: method, path: azureADPath, id: strconv.FormatInt(id, 10),
		token: token, missing: providerGone,
	}
}

// doWithoutAnswer performs an act whose answer may be anything but a page for people, such as a sign-in page.
func (c *Client) doWithoutAnswer(ctx context.Context, act call) error {
	got, err := c.do(ctx, act)
	if err != nil {
		return err
	}
	if got.isHTML() {
		return act.garbled(got, errHTML)
	}
	return nil
}

// Preview is the JSON that RegisterAzureAD sends, indented, with secret.Placeholder for the client secret. It comes
// from the same encoder.
func (p AzureAD) Preview() []byte {
	shown := ""
	if !p.ClientSecret.IsZero() {
		shown = secret.Placeholder
	}
	var out bytes.Buffer
	_ = json.Indent(&out, p.encode(0, shown), "", "  ") // encode gives valid JSON
	return out.Bytes()
}

// azureADJSON has the documented keys in the documented order; the id stands in updates only.
type azureADJSON struct {
	ID          int64                 `json:"id,omitempty"`
	Scheme      string                `json:"scheme"`
	DisplayName string                `json:"displayName"`
	Enabled     bool                  `json:"enabled"`
	Type        string                `json:"type"`
	Properties  azureADPropertiesJSON `json:"properties"`
}

type azureADPropertiesJSON struct {
	LoginEnabled            bool    `json:"loginEnabled"`
	Visible                 bool    `json:"visible"`
	DelegationEnabled       bool    `json:"delegationEnabled"`
	AutoProvisioningEnabled bool    `json:"autoProvisioningEnabled"`
	ClientID                string  `json:"clientId"`
	ClientSecret            *string `json:"clientSecret"`
	UsePKCE                 bool    `json:"usePkce"`
	Authority               string  `json:"authority"`
	ResponseType            string  `json:"responseType"`
	Scope                   string  `json:"scope"`
}

// encode writes the request. An empty clientSecret is written as null.
func (p AzureAD) encode(id int64, clientSecret string) []byte {
	properties := azureADPropertiesJSON{
		LoginEnabled: p.LoginEnabled, Visible: p.Visible,
		DelegationEnabled: p.DelegationEnabled, AutoProvisioningEnabled: p.AutoProvisioningEnabled,
		ClientID: p.ClientID, UsePKCE: p.UsePKCE, Authority: p.Authority,
		ResponseType: orDefault(p.ResponseType, DefaultResponseType), Scope: orDefault(p.Scope, DefaultScope),
	}
	if clientSecret != "" {
		properties.ClientSecret = &clientSecret
	}
	return encode(azureADJSON{
		ID: id, Scheme: p.Scheme, DisplayName: p.DisplayName, Enabled: p.Enabled, Type: "oidc", Properties: properties,
	})
}

// encode writes v as JSON without the escapes that are meant for HTML.
func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // strings, booleans and integers always encode
	return bytes.TrimRight(out.Bytes(), "\n")
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// isReal reports whether s can be a client secret's value: not empty, not a mask, and what JSON can carry unchanged.
func isReal(s secret.Secret) bool {
	value := s.Expose()
	masked := value == secret.Placeholder || strings.Trim(value, "*•●·xX.… ") == ""
	return !masked && utf8.ValidString(value)
}
