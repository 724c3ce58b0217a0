package iam_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
)

func TestSubjectsInEveryShape(t *testing.T) {
	kari := iam.Subject{SubjectID: "user-1", DisplayName: "Kari Nordmann", UserName: "kari@nordlys.example", Email: "kari@nordlys.example"}
	row := `{"id":"1","displayName":"Kari Nordmann","tenant":"t","subjectId":"user-1","type":"User","properties":{"username":"kari@nordlys.example","email":"kari@nordlys.example","phone":null}}`
	for name, test := range map[string]struct {
		body string
		want iam.Subjects
	}{
		"documented":            {`{"page":1,"pageSize":10,"count":1,"total":1,"totalPages":1,"data":[` + row + `]}`, iam.Subjects{Found: []iam.Subject{kari}, Total: 1}},
		"more than are shown":   {`{"page":1,"pageSize":10,"count":1,"total":20000,"totalPages":2000,"data":[` + row + `]}`, iam.Subjects{Found: []iam.Subject{kari}, Total: 20000}},
		"bare array":            {`[` + row + `]`, iam.Subjects{Found: []iam.Subject{kari}, Total: 1}},
		"items":                 {`{"items":[` + row + `]}`, iam.Subjects{Found: []iam.Subject{kari}, Total: 1}},
		"nobody":                {`{"total":0,"data":[]}`, iam.Subjects{}},
		"total as a string":     {`{"total":"3","data":[` + row + `]}`, iam.Subjects{Found: []iam.Subject{kari}, Total: 3}},
		"external id":           {`[{"subjectId":"user-2","properties":{"externalId":"abc"}}]`, iam.Subjects{Found: []iam.Subject{{SubjectID: "user-2", ExternalID: "abc"}}, Total: 1}},
		"no properties":         {`[{"subjectId":"user-2","properties":null}]`, iam.Subjects{Found: []iam.Subject{{SubjectID: "user-2"}}, Total: 1}},
		"null row":              {`[null]`, iam.Subjects{Total: 1}},
		"markup in a name":      {`[{"displayName":"<script>alert(1)</script>","subjectId":"user-2"}]`, iam.Subjects{Found: []iam.Subject{{SubjectID: "user-2"}}, Total: 1}},
		"a very long name":      {`[{"displayName":"` + strings.Repeat("x", 300) + `","subjectId":"user-2"}]`, iam.Subjects{Found: []iam.Subject{{SubjectID: "user-2"}}, Total: 1}},
		"more rows than wanted": {`[` + strings.Repeat(row+",", 30) + row + `]`, iam.Subjects{Found: repeated(kari, 10), Total: 31}},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUpstream(t, http.StatusOK, test.body)
			got, err := u.client.Users(t.Context(), accessToken, "kari@nordlys.example")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("found is different:\n%s", diff)
			}
		})
	}
}

func repeated(s iam.Subject, n int) (all []iam.Subject) {
	for range n {
		all = append(all, s)
	}
	return all
}

func TestSubjectsThatCannotBeTold(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   fault.Kind
	}{
		"empty":           {200, "", fault.Upstream},
		"a page":          {200, "<html>", fault.Upstream},
		"no list":         {200, `{"total":3}`, fault.Upstream},
		"strange rows":    {200, `["kari"]`, fault.Upstream},
		"not offered":     {404, "", fault.NotFound},
		"not allowed":     {403, "", fault.Forbidden},
		"not signed in":   {401, "", fault.Unauthorized},
		"not at present":  {500, "", fault.Unavailable},
		"half an answer":  {200, `{"data":[{"subjectId":"us`, fault.Upstream},
		"null for a list": {200, `{"data":null,"items":null}`, fault.Upstream},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUpstream(t, test.status, test.body)
			for _, ask := range []func() (iam.Subjects, error){
				func() (iam.Subjects, error) { return u.client.Users(t.Context(), accessToken, "") },
				func() (iam.Subjects, error) { return u.client.Groups(t.Context(), accessToken, "") },
			} {
				if got, err := ask(); !fault.Is(err, test.want) || got.Total != 0 {
					t.Errorf("got %+v, %v, want kind %s", got, err, test.want)
				}
			}
		})
	}
}
