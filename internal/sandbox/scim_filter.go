package sandbox

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

// scimPath is an attribute path of RFC 7644 §3.10: [schema:]name[[condition]][.sub].
type scimPath struct {
	schema string // of an extension; empty for the core schemas
	name   string
	where  filter // of the values of a multi-valued attribute
	sub    string
}

// condition is `path eq value`, the only comparison that Entra sends.
type condition struct {
	path  scimPath
	value any
}

// filter is conditions joined by "and". The empty filter matches everything.
type filter []condition

var (
	pathShape  = regexp.MustCompile(`^(?:(urn:[A-Za-z0-9:._-]+):)?([A-Za-z$][\w$-]*)(?:\[([^\]]*)\])?(?:\.([A-Za-z$][\w$-]*))?$`)
	clauseHead = regexp.MustCompile(`^\s*((?:[^\s\[\]"]|\[[^\]]*\])+)\s+(?i:eq)\s+("(?:[^"\\]|\\.)*"|true|false|-?\d+(?:\.\d+)?)\s*`)
	andHead    = regexp.MustCompile(`^(?i:and)\s+`)
)

func parseFilter(given string) (filter, error) {
	wrong := &scimError{http.StatusBadRequest, "invalidFilter", "Only filters of the form name eq \"value\", joined by and, are understood."}
	var parsed filter
	for rest := strings.TrimSpace(given); rest != ""; {
		clause := clauseHead.FindStringSubmatch(rest)
		if clause == nil {
			return nil, wrong
		}
		path, err := parsePath(clause[1])
		if err != nil {
			return nil, wrong
		}
		var value any
		if err := json.Unmarshal([]byte(clause[2]), &value); err != nil {
			return nil, wrong
		}
		parsed = append(parsed, condition{path, value})
		rest = rest[len(clause[0]):]
		if rest == "" {
			break
		}
		and := andHead.FindString(rest)
		if rest = rest[len(and):]; and == "" || rest == "" {
			return nil, wrong
		}
	}
	return parsed, nil
}

func parsePath(given string) (scimPath, error) {
	parts := pathShape.FindStringSubmatch(strings.TrimSpace(given))
	if parts == nil {
		return scimPath{}, &scimError{http.StatusBadRequest, "invalidPath", "The path is not understood."}
	}
	path := scimPath{schema: parts[1], name: parts[2], sub: parts[4]}
	if path.schema == schemaUser || path.schema == schemaGroup {
		path.schema = ""
	}
	var err error
	path.where, err = parseFilter(parts[3])
	return path, err
}

func (f filter) matches(attributes map[string]any) bool {
	for _, c := range f {
		if !c.matches(attributes) {
			return false
		}
	}
	return true
}

func (c condition) matches(attributes map[string]any) bool {
	for _, value := range c.path.values(attributes) {
		if equal(c.path, value, c.value) {
			return true
		}
	}
	return false
}

// values are all values at the path. A multi-valued attribute without a sub-attribute stands for its "value"s.
func (p scimPath) values(attributes map[string]any) []any {
	if p.schema != "" {
		found, _ := attribute(attributes, p.schema)
		attributes, _ = attributes[found].(map[string]any)
	}
	found, there := attribute(attributes, p.name)
	if !there {
		return nil
	}
	entries, many := attributes[found].([]any)
	if !many {
		entries = []any{attributes[found]}
	}
	var values []any
	for _, entry := range entries {
		object, isObject := entry.(map[string]any)
		switch {
		case isObject && p.where.matches(object):
			sub := p.sub
			if sub == "" {
				sub = "value"
			}
			if found, there := attribute(object, sub); there {
				values = append(values, object[found])
			}
		case !isObject && p.sub == "" && len(p.where) == 0:
			values = append(values, entry)
		}
	}
	return values
}

// equal compares texts without regard to case, except ids (RFC 7643 §7, caseExact).
func equal(path scimPath, a, b any) bool {
	left, isText := a.(string)
	right, alsoText := b.(string)
	if !isText || !alsoText || path.name == "id" || path.name == "externalId" {
		return a == b
	}
	return strings.EqualFold(left, right)
}
