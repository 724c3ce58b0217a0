package iam

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/aritma/entra-onboard/internal/secret"
)

// UpdateURL is where UpdateAzureAD sends the provider with this id.
func (c *Client) UpdateURL(id int64) string {
	return c.url(azureADPath, strconv.FormatInt(id, 10)).String()
}

// PreviewUpdate is the JSON that UpdateAzureAD sends, indented, with secret.Placeholder for the client secret.
func (p AzureAD) PreviewUpdate(id int64) []byte {
	var out bytes.Buffer
	_ = json.Indent(&out, p.encode(id, secret.Placeholder), "", "  ") // encode gives valid JSON
	return out.Bytes()
}
