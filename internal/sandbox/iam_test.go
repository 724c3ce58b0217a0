package sandbox_test

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

func itoa(id int64) string { return strconv.FormatInt(id, 10) }

func TestRegisterAnswersTheDocumentedLinks(t *testing.T) {
	r := start(t)
	links := r.iam(tenantA, "POST", "/v1/sso/azuread", providerBody("nordlys"), 201).list(t)
	id := r.Snapshot(tenantA).Providers[0].ID
	want := []map[string]any{{"rel": "self", "href": "/v0/sso/custom/" + itoa(id), "method": "GET"}}
	if diff := cmp.Diff(want, links); diff != "" {
		t.Error(diff)
	}
	got := r.iam(tenantA, "GET", "/v1/sso/azuread/"+itoa(id), nil, 200).json(t)
	if diff := cmp.Diff(providerBody("nordlys")["properties"], got["properties"]); diff != "" {
		t.Error(diff)
	}
	if _, there := r.iam(tenantA, "GET", "/v1/sso", nil, 200).list(t)[0]["properties"]; there {
		t.Error("the list shows properties")
	}
}

func TestRequestsAreReadStrictly(t *testing.T) {
	r := start(t)
	id := r.register(tenantA, "taken")
	properties := func(change func(p map[string]any)) map[string]any {
		body := providerBody("fresh")
		change(body["properties"].(map[string]any))
		return body
	}
	top := func(change func(b map[string]any)) map[string]any {
		body := providerBody("fresh")
		change(body)
		return body
	}
	for name, test := range map[string]struct {
		method, path string
		body         any
		key          string // that the answer must name
	}{
		"not JSON":              {"POST", "/v1/sso/azuread", "hello", ""},
		"two objects":           {"POST", "/v1/sso/azuread", "{} {}", ""},
		"an array":              {"POST", "/v1/sso/azuread", "[]", ""},
		"a key twice":           {"POST", "/v1/sso/azuread", `{"scheme":"a","scheme":"b"}`, "scheme"},
		"unknown key":           {"POST", "/v1/sso/azuread", top(func(b map[string]any) { b["colour"] = "blue" }), "colour"},
		"key in another case":   {"POST", "/v1/sso/azuread", top(func(b map[string]any) { b["Scheme"] = "x" }), "Scheme"},
		"unknown property":      {"POST", "/v1/sso/azuread", properties(func(p map[string]any) { p["tenant"] = "x" }), "properties.tenant"},
		"missing displayName":   {"POST", "/v1/sso/azuread", top(func(b map[string]any) { delete(b, "displayName") }), "displayName"},
		"missing visible":       {"POST", "/v1/sso/azuread", properties(func(p map[string]any) { delete(p, "visible") }), "properties.visible"},
		"text for a boolean":    {"POST", "/v1/sso/azuread", properties(func(p map[string]any) { p["usePkce"] = "true" }), "properties.usePkce"},
		"number for a text":     {"POST", "/v1/sso/azuread", top(func(b map[string]any) { b["scheme"] = 7 }), "scheme"},
		"null for a text":       {"POST", "/v1/sso/azuread", top(func(b map[string]any) { b["displayName"] = nil }), "displayName"},
		"empty clientId":        {"POST", "/v1/sso/azuread", properties(func(p map[string]any) { p["clientId"] = " " }), "properties.clientId"},
		"properties a text":     {"POST", "/v1/sso/azuread", top(func(b map[string]any) { b["properties"] = "x" }), "properties"},
		"wrong type":            {"POST", "/v1/sso/azuread", top(func(b map[string]any) { b["type"] = "saml" }), "type"},
		"wrong responseType":    {"POST", "/v1/sso/azuread", properties(func(p map[string]any) { p["responseType"] = "codes" }), "properties.responseType"},
		"scheme not URL-safe":   {"POST", "/v1/sso/azuread", providerBody("nordlys bygg"), "scheme"},
		"authority no URL":      {"POST", "/v1/sso/azuread", properties(func(p map[string]any) { p["authority"] = "contoso" }), "properties.authority"},
		"id while creating":     {"POST", "/v1/sso/azuread", top(func(b map[string]any) { b["id"] = 1 }), "id"},
		"update without id":     {"PUT", "/v1/sso/azuread/" + itoa(id), providerBody("taken"), "id"},
		"update, another id":    {"PUT", "/v1/sso/azuread/" + itoa(id), top(func(b map[string]any) { b["id"] = id + 1 }), "id"},
		"update, scheme change": {"PUT", "/v1/sso/azuread/" + itoa(id), top(func(b map[string]any) { b["id"] = id }), "scheme"},
		"token, no provider":    {"POST", "/v1/scim", map[string]any{"providerDisplayName": "x"}, "provider"},
		"token, unknown scheme": {"POST", "/v1/scim", tokenBody("nobody"), "provider"},
		"token, unknown key":    {"POST", "/v1/scim", map[string]any{"provider": "taken", "providerDisplayName": "x", "expires": 1}, "expires"},
	} {
		t.Run(name, func(t *testing.T) {
			problem := r.iam(tenantA, test.method, test.path, test.body, 400).json(t)
			keys, _ := problem["errors"].(map[string]any)
			if _, named := keys[test.key]; test.key != "" && !named {
				t.Errorf("the problem does not name %q: %v", test.key, problem)
			}
		})
	}
	if got := r.do("POST", r.IAMURL()+"/v1/scim", r.AccessToken(tenantA), map[string][]string(nil)); got.status != 400 {
		t.Errorf("null as body: status %d, want 400", got.status)
	}
	if got := r.Snapshot(tenantA); len(got.Providers) != 1 || len(got.SCIMTokens) != 0 {
		t.Errorf("a refused request left something behind: %+v", got)
	}
}

func TestNullSecretClearsOnUpdate(t *testing.T) {
	r := start(t)
	path := "/v1/sso/azuread/" + itoa(r.register(tenantA, "nordlys"))
	body := providerBody("nordlys")
	body["id"] = r.Snapshot(tenantA).Providers[0].ID
	body["displayName"] = "Nordlys Bygg"
	properties := maps.Clone(body["properties"].(map[string]any))
	properties["clientSecret"] = nil
	body["properties"] = properties
	r.iam(tenantA, "PUT", path, body, 200)
	got := r.iam(tenantA, "GET", path, nil, 200).json(t)
	if got["displayName"] != "Nordlys Bygg" || got["properties"].(map[string]any)["clientSecret"] != nil {
		t.Errorf("after an update with a null secret: %v", got)
	}
}

func TestAccessTokensAreVerified(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	r := startWith(t, sandbox.Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	other := start(t)
	good := r.AccessToken(tenantA)
	head, rest, _ := strings.Cut(good.Expose(), ".")
	payload, signature, _ := strings.Cut(rest, ".")
	_, otherRest, _ := strings.Cut(r.AccessToken(tenantB).Expose(), ".")
	otherPayload, _, _ := strings.Cut(otherRest, ".")
	status := func(token secret.Secret) int { return r.do("GET", r.IAMURL()+"/v1/sso", token, nil).status }
	if got := status(good); got != 200 {
		t.Errorf("a good token: status %d", got)
	}
	for name, bad := range map[string]secret.Secret{
		"none":                         {},
		"not a token":                  secret.New("abc"),
		"of another sandbox":           other.AccessToken(tenantA),
		"payload of another tenant":    secret.New(head + "." + otherPayload + "." + signature),
		"without a signature":          secret.New(head + "." + payload + "."),
		"algorithm none":               secret.New("eyJhbGciOiJub25lIn0." + payload + "."),
		"a SCIM token or other secret": r.ServiceClientSecret(),
	} {
		if got := status(bad); got != 401 {
			t.Errorf("%s: status %d, want 401", name, got)
		}
	}
	mu.Lock()
	now = now.Add(time.Hour + time.Second)
	mu.Unlock()
	if got := status(good); got != 401 {
		t.Errorf("after an hour: status %d, want 401", got)
	}
	if !r.AccessToken("../alpha").IsZero() {
		t.Error("a token was made for something that is no tenant")
	}
}

func TestTenantsDoNotSeeEachOther(t *testing.T) {
	r := start(t)
	id := r.register(tenantA, "nordlys")
	value, tokenID := r.scimToken(tenantA, "nordlys")
	r.createUser(tenantA, value, "kari@nordlysbygg.example")
	r.iam(tenantA, "POST", "/v1/domains?domain=nordlysbygg.example", nil, 200)

	for _, path := range []string{"/v1/sso", "/v1/scim", "/v1/domains"} {
		if got := r.iam(tenantB, "GET", path, nil, 200).list(t); len(got) != 0 {
			t.Errorf("%s shows what belongs to another tenant", path)
		}
	}
	if got := r.iam(tenantB, "GET", "/v1/subjects/users", nil, 200).json(t); got["total"] != 0.0 {
		t.Error("users of another tenant are listed")
	}
	update := providerBody("nordlys")
	update["id"] = id
	r.iam(tenantB, "GET", "/v1/sso/azuread/"+itoa(id), nil, 404)
	r.iam(tenantB, "PUT", "/v1/sso/azuread/"+itoa(id), update, 404)
	r.iam(tenantB, "DELETE", "/v1/sso/azuread/"+itoa(id), nil, 404)
	r.iam(tenantB, "DELETE", "/v1/scim/"+tokenID, nil, 404)
	r.iam(tenantB, "POST", "/v1/scim", tokenBody("nordlys"), 400)
	if got := r.do("GET", r.scimURL(tenantB)+"/Users", value, nil); got.status != 401 {
		t.Errorf("a SCIM token of another tenant: status %d, want 401", got.status)
	}
	r.register(tenantB, "nordlys")
	if a, b := r.Snapshot(tenantA), r.Snapshot(tenantB); len(a.SCIMTokens) != 1 || len(a.Providers) != 1 || len(b.Users) != 0 || a.Providers[0].ID == b.Providers[0].ID {
		t.Errorf("tenants got mixed up: %+v, %+v", a, b)
	}
}

func TestSnapshotCountsRequests(t *testing.T) {
	r := start(t)
	r.register(tenantA, "nordlys")
	r.iam(tenantA, "GET", "/v1/sso/azuread/4711", nil, 404)
	r.iam(tenantA, "GET", "/v1/sso/azuread/4712", nil, 404)
	r.do("GET", r.IAMURL()+"/v1/sso", secret.Secret{}, nil)
	want := map[string]int{"POST /core/iam/v1/sso/azuread": 1, "GET /core/iam/v1/sso/azuread/{id}": 2}
	if diff := cmp.Diff(want, r.Snapshot(tenantA).Requests); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"GET /core/iam/v1/sso": 1}, r.Snapshot("").Requests); diff != "" {
		t.Error(diff)
	}
	r.Reset()
	if got := r.Snapshot(tenantA); len(got.Providers) != 0 || len(got.Requests) != 0 {
		t.Errorf("after Reset: %+v", got)
	}
}

func TestDomainGoesFromPendingToConfirmed(t *testing.T) {
	r := start(t)
	const query = "?domain=nordlysbygg.example"
	if got := r.iam(tenantA, "GET", "/v1/domains/status"+query, nil, 200).json(t); got["status"] != "NotRegistered" {
		t.Errorf("before: %v", got)
	}
	first := r.iam(tenantA, "POST", "/v1/domains"+query, nil, 200).json(t)
	if proof, _ := first["verificationToken"].(string); first["status"] != "Pending" || !strings.HasPrefix(proof, "aritma-verify-") {
		t.Errorf("registered: %v", first)
	}
	if r.ConfirmDomain(tenantB, "nordlysbygg.example") || !r.ConfirmDomain(tenantA, "NordlysBygg.example") {
		t.Error("ConfirmDomain mistakes whose domain it is")
	}
	got := r.iam(tenantA, "GET", "/v1/domains/status"+query, nil, 200).json(t)
	if got["status"] != "Confirmed" || got["verificationToken"] != nil {
		t.Errorf("confirmed: %v", got)
	}
}

func TestSubjectsArePaged(t *testing.T) {
	r := start(t)
	r.register(tenantA, "nordlys")
	value, _ := r.scimToken(tenantA, "nordlys")
	for i := range 23 {
		r.createUser(tenantA, value, fmt.Sprintf("person%02d@nordlysbygg.example", i))
	}
	for query, want := range map[string][4]float64{ // pageSize, count, total, totalPages
		"":                             {10, 10, 23, 3},
		"?page=3&pageSize=1":           {10, 3, 23, 3},
		"?pageSize=5000":               {200, 23, 23, 1},
		"?page=99":                     {10, 0, 23, 3},
		"?searchQuery=PERSON2":         {10, 3, 3, 1},
		"?searchQuery=nobody&page=-10": {10, 0, 0, 0},
	} {
		got := r.iam(tenantA, "GET", "/v1/subjects/users"+query, nil, 200).json(t)
		if diff := cmp.Diff(want, [4]float64{got["pageSize"].(float64), got["count"].(float64), got["total"].(float64), got["totalPages"].(float64)}); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
	r.iam(tenantA, "GET", "/v1/subjects/users?page=first", nil, 400)
}

func TestUnknownOperationIsAProblem(t *testing.T) {
	r := start(t)
	if got := r.do("GET", r.IAMURL()+"/v1/nothing", r.AccessToken(tenantA), nil); got.status != 404 || got.json(t)["status"] != 404.0 {
		t.Errorf("unknown path: %d %s", got.status, got.body)
	}
	got := r.do("PATCH", r.IAMURL()+"/v1/sso", r.AccessToken(tenantA), nil)
	if got.status != 405 || got.json(t)["status"] != 405.0 || got.header.Get("Allow") == "" {
		t.Errorf("unknown method: %d %s", got.status, got.body)
	}
}

func TestOneSchemeOnceUnderLoad(t *testing.T) {
	r := start(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			_, _ = r.send(t.Context(), "POST", r.IAMURL()+"/v1/sso/azuread", r.AccessToken(tenantA), providerBody("nordlys"))
		})
	}
	group.Wait()
	if got := r.Snapshot(tenantA); len(got.Providers) != 1 || got.Requests["POST /core/iam/v1/sso/azuread"] != 16 {
		t.Errorf("16 creations at once: %+v", got)
	}
}
