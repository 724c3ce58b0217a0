package config_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/config"
)

// whsec is a signing secret of so many bytes, with the hidden value in it.
func whsec(bytes int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(hidden, 9)[:bytes]))
}

func TestWebhook(t *testing.T) {
	c, err := config.Load(enough())
	if err != nil {
		t.Fatal(err)
	}
	if c.WebhookURL != nil || !c.WebhookSecret.IsZero() {
		t.Error("somebody is told although nobody is named")
	}
	for name, environ := range map[string]map[string]string{
		"with a path":       {"ONBOARD_WEBHOOK_URL": "https://hooks.example/aritma/onboard", "ONBOARD_WEBHOOK_SECRET": whsec(32)},
		"least secret":      {"ONBOARD_WEBHOOK_URL": "https://hooks.example", "ONBOARD_WEBHOOK_SECRET": whsec(24)},
		"longest secret":    {"ONBOARD_WEBHOOK_URL": "https://hooks.example:8443/", "ONBOARD_WEBHOOK_SECRET": whsec(64)},
		"on loopback":       {"ONBOARD_WEBHOOK_URL": "http://127.0.0.1:9000/", "ONBOARD_WEBHOOK_SECRET": whsec(32), "ONBOARD_ALLOW_LOOPBACK": "true"},
		"secret in a file":  {"ONBOARD_WEBHOOK_URL": "https://hooks.example", "ONBOARD_WEBHOOK_SECRET_FILE": file(t, whsec(32)+"\n")},
		"both empty: unset": {"ONBOARD_WEBHOOK_URL": "", "ONBOARD_WEBHOOK_SECRET": ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Load(with(environ))
			if err != nil {
				t.Fatal(err)
			}
			if environ["ONBOARD_WEBHOOK_URL"] != "" && (c.WebhookURL.String() != environ["ONBOARD_WEBHOOK_URL"] || !strings.HasPrefix(c.WebhookSecret.Expose(), "whsec_")) {
				t.Errorf("address %v", c.WebhookURL)
			}
		})
	}
}

func TestWebhookMistakes(t *testing.T) {
	const address, secret = "ONBOARD_WEBHOOK_URL", "ONBOARD_WEBHOOK_SECRET"
	for name, row := range map[string]struct {
		address, secret string
		want            []string // what the one line holds
	}{
		"no secret":              {"https://hooks.example", "", []string{secret, "both or neither"}},
		"no address":             {"", whsec(32), []string{secret, "both or neither"}},
		"over http":              {"http://hooks.example", whsec(32), []string{address, "https", "ONBOARD_ALLOW_LOOPBACK"}},
		"over http on loopback":  {"http://127.0.0.1:9000", whsec(32), []string{address, "ONBOARD_ALLOW_LOOPBACK"}},
		"with a query":           {"https://hooks.example?key=" + hidden, whsec(32), []string{address, "query"}},
		"with a person":          {"https://admin:" + hidden + "@hooks.example", whsec(32), []string{address, "user"}},
		"with a fragment":        {"https://hooks.example#a", whsec(32), []string{address}},
		"without a host":         {"/hook", whsec(32), []string{address, "https"}},
		"other scheme":           {"ftp://hooks.example", whsec(32), []string{address, "https"}},
		"not an address":         {"https://[" + hidden, whsec(32), []string{address, "address"}},
		"secret without prefix":  {"https://hooks.example", strings.TrimPrefix(whsec(32), "whsec_"), []string{secret, "whsec_", "openssl rand"}},
		"secret of another kind": {"https://hooks.example", "whsk_" + hidden, []string{secret, "whsec_"}},
		"secret too short":       {"https://hooks.example", whsec(23), []string{secret, "24 to 64 bytes"}},
		"secret too long":        {"https://hooks.example", whsec(65), []string{secret, "24 to 64 bytes"}},
		"secret in base64url":    {"https://hooks.example", "whsec_" + strings.Repeat("-_-_", 11), []string{secret, "base64"}},
		"secret cut short":       {"https://hooks.example", strings.TrimRight(whsec(32), "="), []string{secret, "base64"}},
		"secret in two lines":    {"https://hooks.example", whsec(32)[:20] + "\n" + whsec(32)[20:], []string{secret, "base64"}},
	} {
		t.Run(name, func(t *testing.T) {
			lines := mistakes(t, with(map[string]string{address: row.address, secret: row.secret}))
			if len(lines) != 1 {
				t.Errorf("%d mistakes are told, want one:\n%s", len(lines), strings.Join(lines, "\n"))
			}
			for _, part := range row.want {
				if !strings.Contains(lines[0], part) {
					t.Errorf("%q does not say %q", lines[0], part)
				}
			}
		})
	}
}
