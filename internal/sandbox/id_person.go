package sandbox

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// foreigner is a person as Microsoft tells of them.
type foreigner struct {
	profile
	oid string
}

// admit says which subject a person is in Aritma, or why the person is not let in. Somebody whom Aritma does not know is
// created when the provider says so; otherwise the person gets a subject that does not exist among the users. Local
// people are always let in.
func (s *Sandbox) admit(r *http.Request, who session) (string, *idRefusal) {
	if who.local != nil {
		return who.local.subject, nil
	}
	t := s.tenants.get(who.tenant)
	p, offered := t.loginProvider(who.scheme)
	if !offered {
		return "", &idRefusal{"access_denied", "the provider is not offered any more"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	user, known := t.recognise(who.foreigner)
	if !known && p.Properties.AutoProvisioningEnabled {
		var err error
		if user, err = t.users.add(who.foreigner.attributes()); err != nil {
			return "", &idRefusal{"server_error", "the person could not be created in Aritma"}
		}
		known = true
	}
	switch {
	case known && user.attributes["active"] == false:
		return "", &idRefusal{"access_denied", "the person is deactivated in Aritma"}
	case known:
		return user.subjectID(), nil
	case s.faults.take(IDRefusesUnknown, r.Pattern):
		return "", &idRefusal{"access_denied", "Aritma does not know the person"}
	}
	return t.stranger(who.foreigner.oid), nil
}

// subjectID is the subject of a user, as in GET /v1/subjects/users.
func (one *resource) subjectID() string { return "user-" + one.id }

// recognise joins by externalId, then by e-mail, then by userName. It must be called with mu held.
func (t *tenant) recognise(f foreigner) (*resource, bool) {
	for _, same := range []func(*resource) bool{
		func(user *resource) bool {
			name, _ := attribute(user.attributes, "externalId")
			return user.text(name) == f.oid
		},
		func(user *resource) bool { return f.email != "" && strings.EqualFold(user.email(), f.email) },
		func(user *resource) bool {
			return f.userName != "" && strings.EqualFold(user.text("userName"), f.userName)
		},
	} {
		for _, user := range t.users.all {
			if same(user) {
				return user, true
			}
		}
	}
	return nil, false
}

// stranger gives somebody who does not exist here the same subject at every sign-in. It must be called with mu held.
func (t *tenant) stranger(oid string) string {
	if t.strangers == nil {
		t.strangers = map[string]string{}
	}
	if t.strangers[oid] == "" {
		t.strangers[oid] = "user-" + uuid.NewString()
	}
	return t.strangers[oid]
}

// attributes are those of a user who is created at the first sign-in.
func (f foreigner) attributes() map[string]any {
	userName := f.userName
	if userName == "" {
		userName = f.oid
	}
	attributes := map[string]any{
		"schemas": []any{schemaUser}, "userName": userName, "externalId": f.oid, "displayName": f.name, "active": true,
	}
	if f.email != "" {
		attributes["emails"] = []any{map[string]any{"type": "work", "value": f.email, "primary": true}}
	}
	return attributes
}
