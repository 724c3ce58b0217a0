package console

import (
	"strings"
	"testing"
)

func TestLooksSecret(t *testing.T) {
	for text, want := range map[string]bool{
		"Called at two. Calls back.": false,
		"See https://learn.microsoft.com/en-us/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups#step-4": false,
		"correlation 179dc538-6b45-4d3d-a80c-94b51f729aba, reference 1CPN8TPA":                                                false,
		"the secret is abc8Q~" + strings.Repeat("x", 34):                                                                      true,
		"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.abc":                                                                            true,
		"http://onboard.example/s/" + strings.Repeat("aB3", 14):                                                               true,
		"token " + strings.Repeat("aB3-", 12):                                                                                 true,
		strings.Repeat("a", 200):                                                                                              false,
	} {
		if got := looksSecret(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
