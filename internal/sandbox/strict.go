package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// badKey says which key of a request body is wrong. It never quotes a value.
type badKey struct{ path, reason string }

func (e *badKey) Error() string { return fmt.Sprintf("%q %s", e.path, e.reason) }

type kind int

const (
	text kind = iota
	nullableText
	boolean
	integer
	object
)

func (k kind) String() string {
	return [...]string{"a string", "a string or null", "a boolean", "an integer", "an object"}[k]
}

// key is one key that a request body may have.
type key struct {
	name     string
	kind     kind
	required bool
	oneOf    []string // texts allowed; any when empty
	keys     []key    // of an object
}

// readStrict decodes body into v after every key has been checked: none unknown, none missing, none twice, each of
// its type. The error is a *badKey where a key is at fault.
func readStrict(body []byte, keys []key, v any) error {
	if err := checkObject(body, "", keys); err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}

func checkObject(raw []byte, path string, keys []key) error {
	values, err := splitObject(raw, path)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		k, known := findKey(keys, name)
		if !known {
			return &badKey{join(path, name), "is not a known key"}
		}
		if err := k.check(values[name], join(path, name)); err != nil {
			return err
		}
	}
	for _, k := range keys {
		if _, there := values[k.name]; k.required && !there {
			return &badKey{join(path, k.name), "is missing"}
		}
	}
	return nil
}

func (k key) check(raw json.RawMessage, path string) error {
	if k.kind == object {
		return checkObject(raw, path, k.keys)
	}
	wrong := &badKey{path, "must be " + k.kind.String()}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return wrong
	}
	switch v := value.(type) {
	case nil:
		if k.kind != nullableText {
			return wrong
		}
	case string:
		if k.kind != text && k.kind != nullableText {
			return wrong
		}
		return k.checkText(v, path)
	case bool:
		if k.kind != boolean {
			return wrong
		}
	case json.Number:
		if _, err := v.Int64(); err != nil || k.kind != integer {
			return wrong
		}
	default:
		return wrong
	}
	return nil
}

func (k key) checkText(value, path string) error {
	if k.required && strings.TrimSpace(value) == "" {
		return &badKey{path, "is empty"}
	}
	if len(k.oneOf) == 0 {
		return nil
	}
	for _, allowed := range k.oneOf {
		if value == allowed {
			return nil
		}
	}
	return &badKey{path, "must be one of " + strings.Join(k.oneOf, ", ")}
}

// splitObject reads exactly one JSON object and refuses a key that stands twice.
func splitObject(raw []byte, path string) (map[string]json.RawMessage, error) {
	wrong := errors.New("the body must be one JSON object")
	if path != "" {
		wrong = &badKey{path, "must be an object"}
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, wrong
	}
	values := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		name, isText := token.(string)
		if err != nil || !isText {
			return nil, wrong
		}
		if _, twice := values[name]; twice {
			return nil, &badKey{join(path, name), "stands twice"}
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, wrong
		}
		values[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, wrong
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, wrong
	}
	return values, nil
}

func findKey(keys []key, name string) (key, bool) {
	for _, k := range keys {
		if k.name == name {
			return k, true
		}
	}
	return key{}, false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
