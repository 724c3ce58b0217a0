package scim

import "testing"

// FuzzParseList: whatever is answered, a list is only taken for empty when nothing in it says otherwise, and an error
// quotes nothing.
func FuzzParseList(f *testing.F) {
	for _, seed := range []string{
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:listresponse"],"totalResults":"7"}`,
		"\xef\xbb\xbf" + `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1e9}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":-0.0,"Resources":[{},[],null]}`,
		`{"schemas":"urn:ietf:params:scim:api:messages:2.0:ListResponse","totalResults":0}`,
		`{"schemas":[],"totalResults":99999999999999999999}`, `{"totalResults":1e999}`, `[]`, `null`, ``, `{`, `<html>`,
	} {
		f.Add([]byte(seed), "application/scim+json")
		f.Add([]byte(seed), "text/html;charset=utf-8")
	}
	errors := map[string]bool{
		"answer is not a JSON object of a list": true, "answer does not say that it is a ListResponse": true,
		"answer has no totalResults": true, "totalResults is not a count": true,
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		_ = isHTML(contentType, body)
		n, err := parseList(body)
		switch {
		case err != nil && (n != 0 || !errors[err.Error()]):
			t.Fatalf("%d, %v", n, err)
		case n < 0 || n > maxCount:
			t.Fatalf("%d people", n)
		}
	})
}
