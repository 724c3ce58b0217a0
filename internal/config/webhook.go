package config

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/aritma/entra-onboard/internal/secret"
)

// Bounds of a signing secret in bytes (Standard Webhooks, "Signature scheme": 192 to 512 bits).
const (
	minWebhookSecret = 24
	maxWebhookSecret = 64
)

// checkWebhook demands an address and a secret, or neither. The address itself is checked with those of the upstreams.
func (c *Config) checkWebhook() (wrong []error) {
	if (c.WebhookURL == nil) != c.WebhookSecret.IsZero() {
		wrong = append(wrong, errors.New("ONBOARD_WEBHOOK_SECRET and ONBOARD_WEBHOOK_URL belong together: set both or neither"))
	}
	if !c.WebhookSecret.IsZero() && !isWebhookSecret(c.WebhookSecret) {
		wrong = append(wrong, errors.New(`ONBOARD_WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64: make one with echo "whsec_$(openssl rand -base64 32)"`))
	}
	return wrong
}

func isWebhookSecret(s secret.Secret) bool {
	encoded, prefixed := strings.CutPrefix(s.Expose(), "whsec_")
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return prefixed && err == nil && len(key) >= minWebhookSecret && len(key) <= maxWebhookSecret && !strings.ContainsAny(encoded, "\r\n")
}
