package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// listResponse is the message of RFC 7644, 3.4.2.
const listResponse = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

var hostShape = regexp.MustCompile(`^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$`)

// parseList reads a list and returns how many results it says that there are, what it counts in totalResults, or
// what it holds, whichever is more. Errors never quote the document.
func parseList(body []byte) (int, error) {
	var list struct {
		Schemas      []string          `json:"schemas"`
		TotalResults *json.Number      `json:"totalResults"`
		Resources    []json.RawMessage `json:"Resources"`
	}
	if err := json.Unmarshal(withoutBOM(body), &list); err != nil {
		return 0, errors.New("answer is not a JSON object of a list")
	}
	if !slices.ContainsFunc(list.Schemas, func(s string) bool { return strings.EqualFold(s, listResponse) }) {
		return 0, errors.New("answer does not say that it is a ListResponse")
	}
	if list.TotalResults == nil {
		return 0, errors.New("answer has no totalResults")
	}
	total, ok := count(list.TotalResults.String())
	if !ok {
		return 0, errors.New("totalResults is not a count")
	}
	return max(total, len(list.Resources)), nil
}

const maxCount = 1<<31 - 1 // more than anybody has

// count reads a number of things. A fraction or less than nothing is none.
func count(text string) (int, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n != math.Trunc(n) {
		return 0, false
	}
	return int(min(n, maxCount)), true
}

// isHTML tells a web page by what it says that it is, or else by how it begins.
func isHTML(contentType string, body []byte) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch strings.TrimSpace(kind) {
	case "text/html", "application/xhtml+xml":
		return true
	}
	return bytes.HasPrefix(bytes.TrimSpace(withoutBOM(body)), []byte("<"))
}

func withoutBOM(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }
