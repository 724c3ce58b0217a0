package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// patchOperation is one operation of RFC 7644 §3.5.2. Entra capitalises op.
type patchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

var errPatchValue = &scimError{http.StatusBadRequest, "invalidValue", "The value does not fit the path."}

// applyPatch returns the attributes as they are after all operations; those given stay as they are.
func applyPatch(attributes map[string]any, body []byte) (map[string]any, error) {
	var patch struct {
		Schemas    []string         `json:"schemas"`
		Operations []patchOperation `json:"Operations"`
	}
	if err := json.Unmarshal(body, &patch); err != nil || !slices.Contains(patch.Schemas, schemaPatch) || len(patch.Operations) == 0 {
		return nil, &scimError{http.StatusBadRequest, "invalidSyntax", "The body must be a PatchOp with Operations."}
	}
	patched, err := deepCopy(attributes)
	if err != nil {
		return nil, err
	}
	for _, o := range patch.Operations {
		if err := o.apply(patched); err != nil {
			return nil, err
		}
	}
	return patched, nil
}

func (o patchOperation) apply(attributes map[string]any) error {
	o.Op = strings.ToLower(o.Op)
	if o.Op != "add" && o.Op != "replace" && o.Op != "remove" {
		return &scimError{http.StatusBadRequest, "invalidSyntax", "op must be add, replace or remove."}
	}
	if o.Path != "" {
		return o.applyAt(attributes, o.Path, o.Value)
	}
	values, isObject := o.Value.(map[string]any)
	if o.Op == "remove" || !isObject {
		return &scimError{http.StatusBadRequest, "noTarget", "An operation without a path must add or replace an object."}
	}
	for path, value := range values {
		if err := o.applyAt(attributes, path, value); err != nil {
			return err
		}
	}
	return nil
}

func (o patchOperation) applyAt(attributes map[string]any, given string, value any) error {
	// An operation without a path may name an extension as a whole.
	if extension, isObject := value.(map[string]any); isObject && strings.HasPrefix(given, "urn:") {
		for name, v := range extension {
			if err := o.applyAt(attributes, given+":"+name, v); err != nil {
				return err
			}
		}
		return nil
	}
	path, err := parsePath(given)
	if err != nil {
		return err
	}
	if path.schema != "" {
		if attributes, err = child(attributes, path.schema); err != nil {
			return err
		}
	}
	switch {
	case len(path.where) > 0:
		return o.onEntries(attributes, path, value)
	case path.sub != "":
		parent, err := child(attributes, path.name)
		if err != nil {
			return err
		}
		return o.onAttribute(parent, path.sub, value)
	default:
		return o.onAttribute(attributes, path.name, value)
	}
}

// child returns the object under name and makes it when it is not there.
func child(attributes map[string]any, name string) (map[string]any, error) {
	found, there := attribute(attributes, name)
	if !there {
		attributes[found] = map[string]any{}
	}
	object, isObject := attributes[found].(map[string]any)
	if !isObject {
		return nil, errPatchValue
	}
	return object, nil
}

// onAttribute adds to, replaces or removes one attribute. Adding to many values adds those that are new; removing
// with a value removes the entries it names, as Entra takes members out of a group.
func (o patchOperation) onAttribute(attributes map[string]any, name string, value any) error {
	found, _ := attribute(attributes, name)
	present, isList := attributes[found].([]any)
	given, many := value.([]any)
	if o.Op == "add" && isList && !many {
		given, many = []any{value}, true
	}
	switch {
	case o.Op == "remove" && many:
		attributes[found] = slices.DeleteFunc(present, func(entry any) bool { return holds(given, entry) })
	case o.Op == "remove":
		delete(attributes, found)
	case o.Op == "add" && many:
		for _, entry := range given {
			if !holds(present, entry) {
				present = append(present, entry)
			}
		}
		attributes[found] = present
	default:
		attributes[found] = value
	}
	return nil
}

// holds reports whether entries has one with the same "value", or the same plain value.
func holds(entries []any, entry any) bool {
	key := entryKey(entry)
	return key != nil && slices.ContainsFunc(entries, func(other any) bool { return entryKey(other) == key })
}

// entryKey is nil for what cannot be compared.
func entryKey(entry any) any {
	if object, isObject := entry.(map[string]any); isObject {
		entry = object["value"]
	}
	switch entry.(type) {
	case string, float64, bool:
		return entry
	}
	return nil
}

// onEntries changes the entries of a multi-valued attribute that fit the path's condition. Adding or replacing where
// none fits makes one that does: so Entra sets emails[type eq "work"].value for the first time.
func (o patchOperation) onEntries(attributes map[string]any, path scimPath, value any) error {
	found, _ := attribute(attributes, path.name)
	entries, _ := attributes[found].([]any)
	fits := func(entry any) bool {
		object, isObject := entry.(map[string]any)
		return isObject && path.where.matches(object)
	}
	if o.Op == "remove" && path.sub == "" {
		attributes[found] = slices.DeleteFunc(entries, fits)
		return nil
	}
	if o.Op != "remove" && !slices.ContainsFunc(entries, fits) {
		made := map[string]any{}
		for _, c := range path.where {
			made[c.path.name] = c.value
		}
		entries = append(entries, made)
		attributes[found] = entries
	}
	for _, entry := range entries {
		if !fits(entry) {
			continue
		}
		if err := o.onEntry(entry.(map[string]any), path.sub, value); err != nil {
			return err
		}
	}
	return nil
}

func (o patchOperation) onEntry(entry map[string]any, sub string, value any) error {
	if sub != "" {
		return o.onAttribute(entry, sub, value)
	}
	object, isObject := value.(map[string]any)
	if !isObject {
		return errPatchValue
	}
	for name, v := range object {
		entry[name] = v
	}
	return nil
}
