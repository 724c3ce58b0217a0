package iam

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/aritma/entra-onboard/internal/secret"
)

// SCIMToken is what Entra presents to Aritma's SCIM endpoint.
type SCIMToken struct {
	ID                  string
	Value               secret.Secret // from CreateSCIMToken alone; it can never be fetched again
	Provider            string        // the scheme
	ProviderDisplayName string
}

// CreateSCIMToken makes a SCIM token for the provider with this scheme. It is sent at most once.
//
// An answer without a usable value is a failure of kind Upstream: a token exists, but nobody can ever use it. Its id,
// when the answer has it, is returned beside the error, so that the token can be removed.
func (c *Client) CreateSCIMToken(ctx context.Context, token secret.Secret, provider, displayName string) (SCIMToken, error) {
	act := call{
		action: "create SCIM token", method: http.MethodPost, path: tokensPath, token: token, missing: schemeUnknown,
		body: encode(struct {
			Provider            string `json:"provider"`
			ProviderDisplayName string `json:"providerDisplayName"`
		}{provider, displayName}),
	}
	got, err := c.do(ctx, act)
	if err != nil {
		return SCIMToken{}, err
	}
	var row struct {
		tokenJSON
		Value json.RawMessage `json:"token"`
	}
	if err := decodeObject(got.body, &row); err != nil {
		return SCIMToken{}, act.garbled(got, err)
	}
	created := row.token()
	created.Provider = orDefault(created.Provider, provider)
	created.ProviderDisplayName = orDefault(created.ProviderDisplayName, displayName)
	// A value of another type than string is no value; the decoder's error would quote it.
	if json.Unmarshal(row.Value, &created.Value) != nil || !isBearer(created.Value) || !isReal(created.Value) {
		created.Value = secret.Secret{}
		return created, act.without(got, errors.New("answer has no token value"))
	}
	return created, nil
}

// SCIMTokens lists the tenant's SCIM tokens without their values. NotOffered and incomplete lists are as in Providers.
func (c *Client) SCIMTokens(ctx context.Context, token secret.Secret) ([]SCIMToken, error) {
	act := call{
		action: "list SCIM tokens", method: http.MethodGet, path: tokensPath,
		token: token, missing: notOffered,
	}
	rows, err := list[tokenJSON](ctx, c, act)
	if err != nil {
		return nil, err
	}
	tokens := make([]SCIMToken, 0, len(rows))
	for _, row := range rows {
		tokens = append(tokens, row.token())
	}
	return tokens, nil
}

// DeleteSCIMToken removes the token with this id, as SCIMTokens gives it. One that does not exist counts as removed.
func (c *Client) DeleteSCIMToken(ctx context.Context, token secret.Secret, id string) error {
	act := call{action: "delete SCIM token", method: http.MethodDelete, path: tokensPath, id: id, token: token, missing: notOffered}
	// A server resolves dots in a path, escaped or not (RFC 3986 section 6.2.2): the id would be another address.
	if strings.Trim(id, ".") == "" {
		return act.local(noTokenID, "no token id")
	}
	return gone(c.doWithoutAnswer(ctx, act))
}
