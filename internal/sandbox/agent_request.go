package sandbox

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strings"
)

// mapping is what the attribute mapping fills externalId and userName from.
type mapping struct{ externalID, userName string }

// legacyName is an account name that differs from the e-mail, as many companies have from older systems: "kn0417@…".
func (p person) legacyName() string {
	_, domain, _ := strings.Cut(p.userPrincipalName, "@")
	initials := strings.ToLower(firstLetter(p.givenName) + firstLetter(p.surname))
	return fmt.Sprintf("%s%04d@%s", initials, crc32.ChecksumIEEE([]byte(p.mailNickname))%10000, domain)
}

func firstLetter(name string) string {
	for _, letter := range name {
		return string(letter)
	}
	return ""
}

// attribute is the value of one of the mapping's sources; empty for a source that does not exist.
func (p person) attribute(source string) string {
	switch source {
	case "mailNickname":
		return p.mailNickname
	case "objectId":
		return p.id
	case "userPrincipalName":
		return p.userPrincipalName
	case "mail":
		return p.mail
	case "extensionAttribute1":
		return p.legacyName()
	}
	return ""
}

// target is one attribute as the agent wants it at the endpoint.
type target struct {
	path  string
	value any
}

// targets are the attributes that the agent keeps in step, in the order in which it sends them.
func (m mapping) targets(p person) []target {
	list := []target{
		{"userName", p.attribute(m.userName)},
		{"active", true},
		{"externalId", p.attribute(m.externalID)},
		{"displayName", p.displayName},
		{"name.givenName", p.givenName},
		{"name.familyName", p.surname},
		{"name.formatted", p.displayName},
	}
	if p.mail != "" {
		list = append(list, target{`emails[type eq "work"].value`, p.mail})
	}
	return list
}

// user is the body that makes a person.
func (m mapping) user(p person) map[string]any {
	body := map[string]any{
		"schemas": []string{schemaUser}, "externalId": p.attribute(m.externalID), "userName": p.attribute(m.userName), "active": true,
		"displayName": p.displayName, "name": map[string]any{"givenName": p.givenName, "familyName": p.surname, "formatted": p.displayName},
	}
	if p.mail != "" {
		body["emails"] = []map[string]any{{"type": "work", "value": p.mail, "primary": true}}
	}
	return body
}

// operation writes one operation in the manner of the agent: capitalised and with "False" for false, or as in RFC 7644
// where the Tenant URL carries the flag.
func (a *agent) operation(op, path string, value any) map[string]any {
	if a.strict {
		op = strings.ToLower(op)
	} else if truth, isBool := value.(bool); isBool {
		value = map[bool]string{true: "True", false: "False"}[truth]
	}
	return map[string]any{"op": op, "path": path, "value": value}
}

// differences are the operations that bring a person at the endpoint in step.
func (a *agent) differences(there map[string]any, want []target) ([]map[string]any, error) {
	var operations []map[string]any
	for _, one := range want {
		path, err := parsePath(one.path)
		if err != nil {
			return nil, err
		}
		present := path.values(there)
		if slices.Contains(present, one.value) {
			continue
		}
		op := "Replace"
		if len(present) == 0 {
			op = "Add"
		}
		operations = append(operations, a.operation(op, one.path, one.value))
	}
	return operations, nil
}

func (a *agent) patch(ctx context.Context, kind *resourceKind, id string, operations ...map[string]any) error {
	return a.send(ctx, http.MethodPatch, "/"+kind.plural+"/"+id, map[string]any{"schemas": []string{schemaPatch}, "Operations": operations}, nil)
}

// create makes a resource and returns its id.
func (a *agent) create(ctx context.Context, kind *resourceKind, body map[string]any) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	if err := a.send(ctx, http.MethodPost, "/"+kind.plural, body, &made); err != nil {
		return "", err
	}
	if !plainID.MatchString(made.ID) {
		return "", errNoID
	}
	return made.ID, nil
}

// members writes the operations that add people to a group and take others out.
func (a *agent) members(add, remove []string) []map[string]any {
	values := func(ids []string) []map[string]any {
		list := make([]map[string]any, 0, len(ids))
		for _, id := range ids {
			list = append(list, map[string]any{"value": id})
		}
		return list
	}
	var operations []map[string]any
	if len(add) > 0 {
		operations = append(operations, a.operation("Add", "members", values(add)))
	}
	switch {
	case len(remove) > 0 && a.strict:
		for _, id := range remove {
			operations = append(operations, map[string]any{"op": "remove", "path": fmt.Sprintf("members[value eq %q]", id)})
		}
	case len(remove) > 0:
		operations = append(operations, a.operation("Remove", "members", values(remove)))
	}
	return operations
}
