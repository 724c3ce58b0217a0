package iam_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/secret"
)

func TestRegisterFindsTheID(t *testing.T) {
	for name, test := range map[string]struct {
		status   int
		body     string
		location string
		want     int64
	}{
		"documented links":          {201, `[{"rel":"self","href":"/v0/sso/custom/1","method":"GET"}]`, "", 1},
		"answered 200":              {200, `[{"rel":"self","href":"/v0/sso/custom/12","method":"GET"}]`, "", 12},
		"method is an object":       {201, `[{"rel":"self","href":"/v1/sso/azuread/2","method":{"method":"GET"}}]`, "", 2},
		"absolute href":             {201, `[{"rel":"self","href":"https://api.example/core/iam/v3/sso/oidc/3?x=9#8"}]`, "", 3},
		"relative href":             {201, `[{"rel":"self","href":"4"}]`, "", 4},
		"href ends in a slash":      {201, `[{"rel":"self","href":"/v1/sso/azuread/5/"}]`, "", 5},
		"href null":                 {201, `[{"rel":"self","href":null,"method":"GET"}]`, "", 0},
		"href null with Location":   {201, `[{"rel":"self","href":null}]`, "/v1/sso/azuread/6", 6},
		"self after others":         {201, `[{"rel":"group","href":"/v1/x/99"},{"rel":"Self","href":"/v1/sso/7"}]`, "", 7},
		"no self":                   {201, `[{"rel":"list","href":"/v1/sso"},{"rel":"edit","href":"/v1/sso/azuread/8"}]`, "", 8},
		"object with links":         {201, `{"links":[{"rel":"self","href":"/v0/sso/custom/9"}]}`, "", 9},
		"object with links and id":  {201, `{"id":"10","links":[{"rel":"self","href":"/v0/sso/custom/99"}]}`, "", 10},
		"object with _links":        {201, `{"_links":{"self":{"href":"/v0/sso/custom/11"}}}`, "", 11},
		"one link":                  {201, `{"rel":"self","href":"/v0/sso/custom/12"}`, "", 12},
		"the provider":              {201, `{"id":13,"scheme":"contoso-entra","properties":{"clientSecret":"x"}}`, "", 13},
		"the provider, id a string": {201, `{"Id":"14","scheme":"contoso-entra"}`, "", 14},
		"the provider in data":      {200, `{"data":{"id":15}}`, "", 15},
		"the id alone":              {201, `16`, "", 16},
		"the id alone as a string":  {201, `"17"`, "", 17},
		"byte order mark":           {201, "\ufeff[{\"rel\":\"self\",\"href\":\"/v0/sso/custom/18\"}]", "", 18},
		"nothing":                   {201, ``, "", 0},
		"nothing, 200":              {200, ``, "", 0},
		"nothing, 204":              {204, ``, "", 0},
		"nothing but Location":      {201, ``, "https://api.example/core/iam/v0/sso/custom/19", 19},
		"text with Location":        {201, `Created`, "/v1/sso/azuread/20", 20},
		"foreign Location":          {201, ``, "/v1/sso/contoso-entra", 0},
		"unusable Location":         {201, ``, "::%zz", 0},
		"id is a GUID":              {201, `{"id":"7c0e1b9a-5d6f-4f7e-8a2c-1d2e3f405162"}`, "", 0},
		"null":                      {201, `null`, "", 0},
		"empty array":               {201, `[]`, "", 0},
		"empty object":              {201, `{}`, "", 0},
		"negative":                  {201, `{"id":-4}`, "", 0},
		"larger than an integer":    {201, `{"id":99999999999999999999}`, "", 0},
		"strange types":             {201, `{"id":{"a":1},"links":"x","href":[1],"data":7}`, "", 7},
		"nested without end":        {201, strings.Repeat(`{"data":`, 50) + `{"id":1}` + strings.Repeat(`}`, 50), "", 0},
	} {
		u := newUpstream(t, test.status, test.body)
		if test.location != "" {
			u.header["Location"] = test.location
		}
		got, err := u.client.RegisterAzureAD(t.Context(), accessToken, provider)
		if err != nil || got != test.want {
			t.Errorf("%s: id %d, %v, want %d", name, got, err, test.want)
		}
	}
}

func TestProvidersReadsEveryShape(t *testing.T) {
	rows := `[{"id":1,"scheme":"a","displayName":"A","enabled":true,"providerName":"AzureAd","type":"oidc",
		"properties":{"clientSecret":"canary-in-properties"},"unheardOf":[{}]},
		{"id":"2","scheme":"b","displayName":null,"enabled":"True","type":3}, null, {}]`
	want := []iam.Provider{
		{ID: 1, Scheme: "a", DisplayName: "A", Enabled: true, ProviderName: "AzureAd", Type: "oidc"},
		{ID: 2, Scheme: "b", Enabled: true, Type: "3"},
		{},
	}
	for name, test := range map[string]struct {
		body string
		want []iam.Provider
	}{
		"bare":                 {rows, want},
		"data":                 {`{"data":` + rows + `}`, want},
		"items":                {`{"items":` + rows + `}`, want},
		"other case":           {`{"DATA":` + rows + `}`, want},
		"data with paging":     {`{"page":1,"pageSize":200,"count":4,"total":4,"totalPages":1,"data":` + rows + `}`, want},
		"items beside null":    {`{"data":null,"Items":` + rows + `}`, want},
		"empty":                {`[]`, []iam.Provider{}},
		"empty data":           {`{"data":[]}`, []iam.Provider{}},
		"null":                 {`null`, []iam.Provider{}},
		"null data":            {`{"data":null}`, []iam.Provider{}},
		"with byte order mark": {"\ufeff" + rows, want},
	} {
		got, err := newUpstream(t, 200, test.body).client.Providers(t.Context(), accessToken)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// What is missing from a list counts as absent, so a list that is not surely whole is none.
func TestListThatSaysNothingIsNotEmpty(t *testing.T) {
	for name, body := range map[string]string{
		"empty body":     "",
		"empty object":   `{}`,
		"other object":   `{"message":"ok"}`,
		"a string":       `"none"`,
		"strings":        `["a"]`,
		"cut off":        `[{"id":"1"}`,
		"two documents":  `[] []`,
		"html":           `<!doctype html><title>Sign in</title>`,
		"more than that": `{"total":3,"data":[{"id":"1"}]}`,
		"more pages":     `{"totalPages":2,"items":[{"id":"1"}]}`,
		"nonsense":       "\x00\xff",
		"data an object": `{"data":{"id":1}}`,
	} {
		u := newUpstream(t, 200, body)
		_, first := u.client.SCIMTokens(t.Context(), accessToken)
		_, second := u.client.Providers(t.Context(), accessToken)
		for _, err := range []error{first, second} {
			if f := fault.Of(err); f.Kind != fault.Upstream || f.ID != "iam.garbled" || iam.NotOffered(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	got, err := newUpstream(t, 204, "").client.SCIMTokens(t.Context(), accessToken)
	if err != nil || len(got) != 0 {
		t.Errorf("204 says that there are none: %v, %v", got, err)
	}
}

func TestSCIMTokensHaveNoValue(t *testing.T) {
	u := newUpstream(t, 200, `[{"id":"a","token":"canary","provider":"contoso-entra","providerDisplayName":"Contoso"},{"id":42}]`)
	got, err := u.client.SCIMTokens(t.Context(), accessToken)
	want := []iam.SCIMToken{{ID: "a", Provider: "contoso-entra", ProviderDisplayName: "Contoso"}, {ID: "42"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAzureADReadsOneProvider(t *testing.T) {
	body := `{"id":7,"scheme":"contoso-entra","displayName":"Contoso","enabled":false,"providerName":"AzureAd","type":"oidc"}`
	want := iam.Provider{ID: 7, Scheme: "contoso-entra", DisplayName: "Contoso", ProviderName: "AzureAd", Type: "oidc"}
	for _, body := range []string{body, `{"data":` + body + `}`, strings.Replace(body, `"id":7,`, "", 1), strings.Replace(body, `7`, `"7"`, 1)} {
		got, err := newUpstream(t, 200, body).client.AzureAD(t.Context(), accessToken, 7)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", body, err, diff)
		}
	}
}

func TestCreateSCIMTokenGivesTheValueOnce(t *testing.T) {
	for name, body := range map[string]string{
		"documented": `{"id":"t1","token":"scim-canary-0001","provider":"contoso-entra","providerDisplayName":"Contoso (ab12)"}`,
		"sparse":     `{"ID":"t1","Token":"scim-canary-0001"}`,
		"wrapped":    `{"data":{"id":"t1","token":"scim-canary-0001"}}`,
	} {
		got, err := newUpstream(t, 200, body).client.CreateSCIMToken(t.Context(), accessToken, "contoso-entra", "Contoso (ab12)")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !got.Value.Equal(secret.New("scim-canary-0001")) {
			t.Errorf("%s: wrong value", name)
		}
		if got.ID != "t1" || got.Provider != "contoso-entra" || got.ProviderDisplayName != "Contoso (ab12)" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCreateSCIMTokenWithoutValueIsAFailureWithTheID(t *testing.T) {
	for name, body := range map[string]string{
		"none":     `{"id":"t1"}`,
		"null":     `{"id":"t1","token":null}`,
		"empty":    `{"id":"t1","token":""}`,
		"masked":   `{"id":"t1","token":"********"}`,
		"a number": `{"id":"t1","token":4711}`,
		"object":   `{"id":"t1","token":{"value":"scim-canary-0001"}}`,
		"spaces":   `{"id":"t1","token":"scim-canary 0001"}`,
		"lines":    `{"id":"t1","token":"scim-canary\n0001"}`,
	} {
		got, err := newUpstream(t, 200, body).client.CreateSCIMToken(t.Context(), accessToken, "contoso-entra", "Contoso")
		f := fault.Of(err)
		if f.Kind != fault.Upstream || f.ID != "iam.no-token-value" || iam.SurelyNotDone(err) || got.ID != "t1" || !got.Value.IsZero() {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error quotes the answer: %v", name, err)
		}
	}
	for _, body := range []string{"", "[]", "null", `"x"`, "<html>", "{"} {
		_, err := newUpstream(t, 200, body).client.CreateSCIMToken(t.Context(), accessToken, "contoso-entra", "Contoso")
		if fault.Of(err).ID != "iam.garbled" || iam.SurelyNotDone(err) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestUpdateAndDeleteAnswers(t *testing.T) {
	for _, act := range []string{"update", "delete provider", "delete token"} {
		for _, status := range []int{200, 202, 204} {
			for _, body := range []string{"", "{}", `{"id":7}`, "true", "done"} {
				if err := acts[act](newUpstream(t, status, body).client, t.Context()); err != nil {
					t.Errorf("%s answered %d %q: %v", act, status, body, err)
				}
			}
		}
		err := acts[act](newUpstream(t, 200, "<html>Sign in</html>").client, t.Context())
		if fault.Of(err).ID != "iam.garbled" || iam.SurelyNotDone(err) {
			t.Errorf("%s answered with a page: %v", act, err)
		}
		for _, status := range []int{404, 410} {
			err := acts[act](newUpstream(t, status, "").client, t.Context())
			if done := err == nil; done != strings.HasPrefix(act, "delete") {
				t.Errorf("%s answered %d: %v", act, status, err)
			}
		}
	}
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`[{"rel":"self","href":"/v0/sso/custom/1","method":"GET"}]`, `{"data":[{"id":"1"}],"total":9}`, `{"id":"t","token":"v"}`,
		`{"title":"t","detail":"d","traceId":"x"}`, `<html>`, `null`, `"\ud800"`, "\ufeff[]", `{"links":{"self":{"href":"%zz"}}}`,
	} {
		f.Add(200, seed, "/v0/1")
		f.Add(400, seed, "")
	}
	f.Fuzz(func(t *testing.T, status int, body, location string) {
		status = 200 + (status%400+400)%400
		answers := roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: status, Header: http.Header{"Location": {location}, "Retry-After": {location}},
				Body: io.NopCloser(strings.NewReader(body)), Request: r,
			}, nil
		})
		client := iam.New(&url.URL{Scheme: "https", Host: "api.example"}, &http.Client{
			Transport:     answers,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		})
		for name, act := range acts {
			err := act(client, t.Context())
			var known *fault.Error
			if err != nil && (!errors.As(err, &known) || known.Kind == fault.Unknown) {
				t.Errorf("%s: %v is no fault of a known kind", name, err)
			}
			if err == nil && status > 299 && !strings.HasPrefix(name, "delete") {
				t.Errorf("%s: %d was taken for a success", name, status)
			}
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
