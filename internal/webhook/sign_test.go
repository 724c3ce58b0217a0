package webhook

import (
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/secret"
)

// The vector is that of the specification's own libraries (libraries/go/webhook_test.go, TestWebhookSign; the others have
// the same).
func TestSignatureOfTheSpecification(t *testing.T) {
	got, err := sign(secret.New("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want || err != nil {
		t.Errorf("signature %q, %v, want %q", got, err, want)
	}
	const hidden = "no base64 4f1d"
	if _, err := sign(secret.New("whsec_"+hidden), "msg_a", time.Unix(0, 0), nil); err == nil || strings.Contains(err.Error(), "4f1d") {
		t.Errorf("a secret that is none: %v", err)
	}
}
