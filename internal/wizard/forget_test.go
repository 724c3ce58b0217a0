package wizard_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// TestForget fills in every place of a state in which something personal may stand.
func TestForget(t *testing.T) {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	problem := func() *wizard.Problem {
		return &wizard.Problem{ID: "x", At: at, Reference: "7F3A", Data: fault.Data{"Person": "kari@example.com", "Code": "AADSTS50105", "Count": 3}}
	}
	bad := func() wizard.Check { return wizard.Check{Outcome: wizard.Bad, At: at, Problem: problem()} }
	person := func() *wizard.Arrived {
		return &wizard.Arrived{Name: "Kari", UserName: "kari", Email: "kari@example.com", SubjectID: "kari-1", At: at}
	}
	answers := wizard.Answers{FirstPerson: "kari@example.com", WithoutReason: "kari is away", Scheme: "contoso", DisplayName: "Contoso"}
	before := wizard.State{
		Answers: answers, ClientSecret: wizard.ClientSecret{Held: true, Session: "kari-session", Check: bad()},
		Registration: wizard.Registration{Exists: true, Sent: answers, Problem: problem(), Redirect: wizard.RedirectCheck{Check: bad()}},
		Token:        wizard.SCIMToken{Status: wizard.TokenSealed, ID: "token-1", Session: "kari-session", Generation: 2, Problem: problem(), Check: bad()},
		Arrivals:     wizard.Arrivals{Since: at, Counted: "kari@example.com", Person: person(), Group: person(), Problem: problem()},
		Trial: wizard.SigninTrial{
			Check: bad(), Name: "Kari", Email: "kari@example.com", UserName: "kari", Known: person(), Shown: "kari may not sign in", Claims: []string{"email"},
		},
	}
	text := func(s wizard.State) string {
		t.Helper()
		all, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ToLower(string(all))
	}
	was := text(before)
	after := before.Forget(at)
	if left := text(after); strings.Contains(left, "kari") {
		t.Errorf("left over: %s", left)
	}
	if text(before) != was {
		t.Error("the state before was changed as well")
	}
	if p := after.Registration.Problem; p.ID != "x" || p.Reference != "7F3A" || p.Data["Code"] != "AADSTS50105" || p.Data["Count"] != 3 {
		t.Errorf("a problem became %+v", p)
	}
	if after.Answers.Scheme != "contoso" || !after.Registration.Exists || !after.Arrivals.Somebody() || !after.Arrivals.Person.At.Equal(at) || after.Trial.Outcome != wizard.Bad {
		t.Errorf("what was set up, or what checks showed, is lost: %+v", after)
	}
	if tok := after.Token; tok.Status != wizard.TokenNone || len(tok.Old) != 1 || tok.Old[0] != "token-1" || tok.Generation != 2 {
		t.Errorf("the token that nobody fetched became %+v", tok)
	}
	if after.ClientSecret.Held || !after.ForgottenAt.Equal(at) {
		t.Errorf("the client secret counts as held, or the time is missing: %+v", after)
	}
}
