package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/secret"
)

const canary = "canary-4f1c"

type holder struct {
	Public  secret.Secret
	private secret.Secret
}

func TestSecretNeverPrints(t *testing.T) {
	s := secret.New(canary)
	h := holder{Public: s, private: s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p"} {
		for _, value := range []any{s, &s, h, &h, []holder{h}, map[string]holder{"a": h}} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", h)
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		text, err := marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the value showed as %q in:\n%s", form, out.String())
		}
	}
	if got := s.Expose(); got != canary {
		t.Errorf("Expose() = %q, want the value", got)
	}
}

func TestSecretReadsJSON(t *testing.T) {
	var answer struct{ Token secret.Secret }
	if err := json.Unmarshal([]byte(`{"token":"`+canary+`"}`), &answer); err != nil {
		t.Fatal(err)
	}
	if !answer.Token.Equal(secret.New(canary)) {
		t.Error("the value was not read")
	}
	if answer.Token.Equal(secret.New("other")) || answer.Token.IsZero() {
		t.Error("Equal or IsZero is wrong")
	}
}
