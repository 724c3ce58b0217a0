package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// resourceKind is what differs between users and groups.
type resourceKind struct {
	name, plural, schema string
	required             string // attribute that must be a text
	unique               bool   // the required attribute differs from one to the next, without regard to case
}

var (
	userResource  = &resourceKind{"User", "Users", schemaUser, "userName", true}
	groupResource = &resourceKind{"Group", "Groups", schemaGroup, "displayName", false}
)

// resources are all of one kind in one tenant, in the order in which they came.
type resources struct {
	kind *resourceKind
	all  []*resource
}

// resource keeps its attributes as they were sent, without id and meta.
type resource struct {
	kind       *resourceKind
	id         string
	attributes map[string]any
}

func (rs *resources) find(id string) (*resource, error) {
	for _, one := range rs.all {
		if one.id == id {
			return one, nil
		}
	}
	return nil, &scimError{http.StatusNotFound, "", "There is no such " + strings.ToLower(rs.kind.name) + "."}
}

func (rs *resources) add(attributes map[string]any) (*resource, error) {
	one := &resource{kind: rs.kind, id: uuid.NewString()}
	if _, there := attribute(attributes, "active"); !there && rs.kind == userResource {
		attributes["active"] = true
	}
	if err := rs.change(one, attributes); err != nil {
		return nil, err
	}
	rs.all = append(rs.all, one)
	return one, nil
}

// change checks the new attributes and sets them, or leaves the resource as it was.
func (rs *resources) change(one *resource, attributes map[string]any) error {
	for _, name := range []string{"id", "meta"} {
		if found, there := attribute(attributes, name); there {
			delete(attributes, found)
		}
	}
	if err := rs.kind.normalise(attributes); err != nil {
		return err
	}
	name := attributes[rs.kind.required].(string)
	taken := func(other *resource) bool {
		return other.id != one.id && strings.EqualFold(other.text(rs.kind.required), name)
	}
	if rs.kind.unique && slices.ContainsFunc(rs.all, taken) {
		return &scimError{http.StatusConflict, "uniqueness", "A " + strings.ToLower(rs.kind.name) + " with this " + rs.kind.required + " exists already."}
	}
	one.attributes = attributes
	return nil
}

func (rs *resources) remove(id string) error {
	if _, err := rs.find(id); err != nil {
		return err
	}
	rs.all = slices.DeleteFunc(rs.all, func(one *resource) bool { return one.id == id })
	return nil
}

// normalise checks what every resource of the kind must have, and turns "active" into a boolean: Entra sends "False"
// unless the Tenant URL carries its flag.
func (k *resourceKind) normalise(attributes map[string]any) error {
	schemas, _ := attributes["schemas"].([]any)
	if !slices.Contains(schemas, any(k.schema)) {
		return &scimError{http.StatusBadRequest, "invalidValue", "schemas must name " + k.schema + "."}
	}
	found, there := attribute(attributes, k.required)
	name, isText := attributes[found].(string)
	if !there || !isText || name == "" {
		return &scimError{http.StatusBadRequest, "invalidValue", k.required + " must be a text."}
	}
	delete(attributes, found)
	attributes[k.required] = name
	if k != userResource {
		return nil
	}
	return normaliseActive(attributes)
}

func normaliseActive(attributes map[string]any) error {
	found, there := attribute(attributes, "active")
	if !there {
		return nil
	}
	value := attributes[found]
	delete(attributes, found)
	switch v := value.(type) {
	case bool:
		attributes["active"] = v
		return nil
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			attributes["active"] = strings.EqualFold(v, "true")
			return nil
		}
	}
	return &scimError{http.StatusBadRequest, "invalidValue", "active must be true or false."}
}

// view is the resource as it is answered: a copy, so that the answer can be cut down.
func (one *resource) view(base string) map[string]any {
	view := maps.Clone(one.attributes)
	view["id"] = one.id
	view["meta"] = map[string]any{"resourceType": one.kind.name, "location": base + "/" + one.id}
	return view
}

func (one *resource) text(name string) string {
	text, _ := one.attributes[name].(string)
	return text
}

func (one *resource) displayName() string {
	if name := one.text("displayName"); name != "" {
		return name
	}
	return one.text("userName")
}

// email is the first of the e-mail addresses, the primary one if one is marked so.
func (one *resource) email() string {
	emails, _ := one.attributes["emails"].([]any)
	first := ""
	for _, entry := range emails {
		email, _ := entry.(map[string]any)
		address, _ := email["value"].(string)
		if primary := email["primary"] == true || email["primary"] == "True"; first == "" || primary {
			first = address
		}
	}
	return first
}

// attribute finds a name without regard to case (RFC 7643 §2.1) and returns it as it is written there.
func attribute(attributes map[string]any, name string) (string, bool) {
	if _, there := attributes[name]; there {
		return name, true
	}
	for found := range attributes {
		if strings.EqualFold(found, name) {
			return found, true
		}
	}
	return name, false
}

// deepCopy copies a JSON value.
func deepCopy(attributes map[string]any) (map[string]any, error) {
	raw, err := json.Marshal(attributes)
	if err != nil {
		return nil, err
	}
	var copied map[string]any
	return copied, json.Unmarshal(raw, &copied)
}
