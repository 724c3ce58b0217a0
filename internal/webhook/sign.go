package webhook

import (
	"errors"
	"fmt"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/aritma/entra-onboard/internal/secret"
)

// Headers of the specification ("Webhook headers").
const (
	headerID        = standardwebhooks.HeaderWebhookID
	headerTimestamp = standardwebhooks.HeaderWebhookTimestamp
	headerSignature = standardwebhooks.HeaderWebhookSignature
)

// sign returns the signature of a body ("Signature scheme": v1, HMAC-SHA256 over id, time in seconds and body). The key is
// decoded each time, so that it stands in no struct that somebody may print.
func sign(key secret.Secret, id string, at time.Time, body []byte) (string, error) {
	signer, err := standardwebhooks.NewWebhook(key.Expose())
	if err != nil {
		return "", errors.New("the secret is no base64") // the cause would quote it
	}
	signature, err := signer.Sign(id, at, body)
	if err != nil {
		return "", fmt.Errorf("sign message: %w", err)
	}
	return signature, nil
}
