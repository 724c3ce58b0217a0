package sandbox_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// sketch is the OpenAPI document that the IAM stand-in must fit.
type sketch struct {
	doc     *openapi3.T
	checked map[string]bool // operation ids whose answer was held against the document
}

func loadSketch(t *testing.T) *sketch {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/iam-openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return &sketch{doc, map[string]bool{}}
}

// route finds the operation of a path; exact paths win over templates.
func (k *sketch) route(t *testing.T, method, path string) (*routers.Route, map[string]string) {
	t.Helper()
	path, _, _ = strings.Cut(path, "?")
	templates := k.doc.Paths.InMatchingOrder()
	for _, template := range templates {
		params, ok := match(template, path)
		item := k.doc.Paths.Value(template)
		if operation := item.GetOperation(method); ok && operation != nil {
			return &routers.Route{Spec: k.doc, Path: template, PathItem: item, Method: method, Operation: operation}, params
		}
	}
	t.Fatalf("%s %s is not in the sketch", method, path)
	return nil, nil
}

func match(template, path string) (map[string]string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	params := map[string]string{}
	if len(want) != len(got) {
		return nil, false
	}
	for i := range want {
		if strings.HasPrefix(want[i], "{") {
			params[strings.Trim(want[i], "{}")] = got[i]
		} else if want[i] != got[i] {
			return nil, false
		}
	}
	return params, true
}

// check holds an answer against the document: status, type and body.
func (k *sketch) check(t *testing.T, method, path string, got reply) {
	t.Helper()
	route, params := k.route(t, method, path)
	address, err := url.Parse("http://iam.example" + path)
	if err != nil {
		t.Fatal(err)
	}
	request := &http.Request{Method: method, URL: address, Header: http.Header{}}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: params, Route: route},
		Status:                 got.status, Header: got.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	input.SetBodyBytes(got.body)
	if err := openapi3filter.ValidateResponse(context.Background(), input); err != nil {
		t.Errorf("%s %s: the answer does not fit the sketch: %v", method, path, err)
	}
	k.checked[route.Operation.OperationID] = true
}

func TestEveryOperationFitsTheSketch(t *testing.T) {
	r := start(t)
	id := r.register(tenantA, "nordlys")
	update := providerBody("nordlys")
	update["id"] = id
	provider := "/v1/sso/azuread/" + itoa(id)
	r.iam(tenantA, "GET", "/v1/sso", nil, 200)
	r.iam(tenantA, "GET", provider, nil, 200)
	r.iam(tenantA, "PUT", provider, update, 200)
	value, tokenID := r.scimToken(tenantA, "nordlys")
	r.iam(tenantA, "GET", "/v1/scim", nil, 200)
	r.createUser(tenantA, value, "kari@nordlysbygg.example")
	r.createGroup(tenantA, value, "Site managers")
	r.iam(tenantA, "GET", "/v1/subjects/users?searchQuery=kari&page=1&pageSize=10", nil, 200)
	r.iam(tenantA, "GET", "/v1/subjects/groups", nil, 200)
	r.iam(tenantA, "GET", "/v1/me", nil, 200)
	r.iam(tenantA, "POST", "/v1/domains?domain=nordlysbygg.example", nil, 200)
	r.iam(tenantA, "GET", "/v1/domains?filter=nordlys", nil, 200)
	r.iam(tenantA, "GET", "/v1/domains/status?domain=nordlysbygg.example", nil, 200)
	r.iam(tenantA, "DELETE", "/v1/domains?domain=nordlysbygg.example", nil, 204)
	r.iam(tenantA, "DELETE", "/v1/scim/"+tokenID, nil, 204)
	r.iam(tenantA, "DELETE", provider, nil, 204)

	var missing []string
	for path, item := range r.sketch.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if !r.sketch.checked[operation.OperationID] {
				missing = append(missing, method+" "+path)
			}
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		t.Errorf("operations of the sketch that were not checked: %v", missing)
	}
}

func TestErrorsFitTheSketch(t *testing.T) {
	r := start(t)
	r.register(tenantA, "nordlys")
	r.iam(tenantA, "POST", "/v1/sso/azuread", "{", 400)
	r.iam(tenantA, "POST", "/v1/sso/azuread", providerBody("nordlys"), 409)
	r.iam(tenantA, "GET", "/v1/sso/azuread/4711", nil, 404)
	r.iam(tenantA, "DELETE", "/v1/scim/nobody", nil, 404)
	r.iam(tenantA, "POST", "/v1/domains?domain=nowhere", nil, 400)
	got := r.do("GET", r.IAMURL()+"/v1/sso", r.ServiceClientSecret(), nil)
	r.sketch.check(t, "GET", "/v1/sso", got)
	if got.status != 401 {
		t.Errorf("without a good token: status %d, want 401", got.status)
	}
}
