package onboarding_test

import (
	"testing"

	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/signin"
	"github.com/aritma/entra-onboard/internal/wizard"
)

func TestIdentityJoin(t *testing.T) {
	t.Parallel()
	kari := signin.Person{Subject: "user-1", Email: "Kari@nordlys.example", UserName: "kari.nordmann@nordlys.example", ExternalID: "oid-1", Name: "Kari Nordmann"}
	for name, c := range map[string]struct {
		person signin.Person
		found  []iam.Subject
		match  wizard.Match
		known  string // SubjectID of who it is
	}{
		"nobody":                        {kari, nil, wizard.MatchNone, ""},
		"somebody else":                 {kari, []iam.Subject{{SubjectID: "user-2", Email: "ola@nordlys.example", UserName: "ola"}}, wizard.MatchNone, ""},
		"by subject":                    {kari, []iam.Subject{{SubjectID: "user-1"}}, wizard.MatchSubject, "user-1"},
		"subject goes before e-mail":    {kari, []iam.Subject{{SubjectID: "user-2", Email: "kari@nordlys.example"}, {SubjectID: "user-1"}}, wizard.MatchSubject, "user-1"},
		"subjects are exact":            {kari, []iam.Subject{{SubjectID: "USER-1"}}, wizard.MatchNone, ""},
		"by e-mail, in any case":        {kari, []iam.Subject{{SubjectID: "user-2", Email: "kari@NORDLYS.example"}}, wizard.MatchEmail, "user-2"},
		"e-mail goes before user name":  {kari, []iam.Subject{{SubjectID: "user-3", UserName: "kari.nordmann@nordlys.example"}, {SubjectID: "user-2", Email: "kari@nordlys.example"}}, wizard.MatchEmail, "user-2"},
		"by user name":                  {kari, []iam.Subject{{SubjectID: "user-3", UserName: "Kari.Nordmann@nordlys.example"}}, wizard.MatchUserName, "user-3"},
		"user name is the e-mail":       {kari, []iam.Subject{{SubjectID: "user-3", UserName: "kari@nordlys.example"}}, wizard.MatchUserName, "user-3"},
		"by external id":                {kari, []iam.Subject{{SubjectID: "user-4", ExternalID: "OID-1"}}, wizard.MatchExternalID, "user-4"},
		"a name alone is no match":      {kari, []iam.Subject{{SubjectID: "user-5", DisplayName: "Kari Nordmann"}}, wizard.MatchNone, ""},
		"nothing is not nothing's like": {signin.Person{Name: "Kari"}, []iam.Subject{{DisplayName: "Ola"}}, wizard.MatchNone, ""},
		"no e-mail, no match by it":     {signin.Person{Subject: "user-1"}, []iam.Subject{{SubjectID: "user-2"}}, wizard.MatchNone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			match, known := onboarding.Matched(c.person, c.found)
			if match != c.match || known.SubjectID != c.known {
				t.Errorf("matched %q by %q, want %q by %q", known.SubjectID, match, c.known, c.match)
			}
		})
	}
}
