package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Schemas and message types of RFC 7643 and RFC 7644.
const (
	schemaUser  = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaList  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	schemaPatch = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaError = "urn:ietf:params:scim:api:messages:2.0:Error"
)

const scimPageMax = 200

// scimError is an error answer of RFC 7644 §3.12.
type scimError struct {
	status int
	kind   string // scimType, may be empty
	detail string
}

func (e *scimError) Error() string { return e.detail }

// scimCall is one authorised request to the SCIM endpoint for one kind of resource.
type scimCall struct {
	r    *http.Request
	base string     // address of the kind: …/Users
	all  *resources // guarded by the tenant's mu
	body []byte
}

// scimAnswer is written once the tenant is unlocked. Attributes of a resource are replaced, never changed in place,
// so that a body may refer to them.
type scimAnswer struct {
	status   int
	location string
	body     any // nil: no body
}

func (s *Sandbox) routeSCIM(mux *http.ServeMux) {
	const base = "/id/{tenant}/api/scim/v2"
	for _, kind := range []*resourceKind{userResource, groupResource} {
		path := base + "/" + kind.plural
		mux.HandleFunc("GET "+path, s.scimOperation(kind, listResources))
		mux.HandleFunc("POST "+path, s.scimOperation(kind, createResource))
		mux.HandleFunc("GET "+path+"/{id}", s.scimOperation(kind, getResource))
		mux.HandleFunc("PUT "+path+"/{id}", s.scimOperation(kind, replaceResource))
		mux.HandleFunc("PATCH "+path+"/{id}", s.scimOperation(kind, patchResource))
		mux.HandleFunc("DELETE "+path+"/{id}", s.scimOperation(kind, deleteResource))
	}
	mux.HandleFunc(base+"/", func(w http.ResponseWriter, _ *http.Request) { noSuchResource(w) })
}

// scimOperation authorises and counts a request, lets the faults act, and does the operation with the tenant locked.
func (s *Sandbox) scimOperation(kind *resourceKind, do func(scimCall) (scimAnswer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("tenant")
		if !tenantName.MatchString(name) {
			noSuchResource(w)
			return
		}
		t := s.tenants.get(name)
		t.count(r.Pattern)
		body, err := readBody(w, r)
		if err != nil {
			answerSCIMError(w, &scimError{http.StatusRequestEntityTooLarge, "", "The request cannot be read."})
			return
		}
		if s.disturbed(w, r, SCIMSlow, scimDisturbances) {
			return
		}
		if !t.acceptsSCIM(bearer(r)) {
			scimUnauthorized(w, r)
			return
		}
		call := scimCall{r: r, body: body, base: s.IDURL() + "/" + name + "/api/scim/v2/" + kind.plural, all: t.resources(kind)}
		t.mu.Lock()
		result, err := do(call)
		t.mu.Unlock()
		switch {
		case err != nil:
			answerSCIMError(w, err)
		case result.body == nil:
			w.WriteHeader(result.status)
		default:
			if result.location != "" {
				w.Header().Set("Location", result.location)
			}
			answer(w, result.status, typeSCIM, result.body)
		}
	}
}

var scimDisturbances = []disturbance{
	{SCIMUnavailable, func(w http.ResponseWriter, _ *http.Request) {
		answerSCIMError(w, &scimError{http.StatusServiceUnavailable, "", "The service is not available."})
	}},
	{SCIMHTML, func(w http.ResponseWriter, _ *http.Request) { answerHTML(w) }},
	{SCIMNotFound, func(w http.ResponseWriter, _ *http.Request) { noSuchResource(w) }},
	{SCIMUnauthorized, scimUnauthorized},
}

func scimUnauthorized(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	answerSCIMError(w, &scimError{http.StatusUnauthorized, "", "The SCIM token is missing or not live."})
}

func noSuchResource(w http.ResponseWriter) {
	answerSCIMError(w, &scimError{http.StatusNotFound, "", "There is nothing at this address."})
}

func answerSCIMError(w http.ResponseWriter, err error) {
	e := &scimError{http.StatusInternalServerError, "", "Something went wrong."}
	_ = errors.As(err, &e)
	body := map[string]any{"schemas": []string{schemaError}, "status": strconv.Itoa(e.status), "detail": e.detail}
	if e.kind != "" {
		body["scimType"] = e.kind
	}
	answer(w, e.status, typeSCIM, body)
}

func listResources(c scimCall) (scimAnswer, error) {
	query := c.r.URL.Query()
	where, err := parseFilter(query.Get("filter"))
	if err != nil {
		return scimAnswer{}, err
	}
	start, count := max(queryNumber(query.Get("startIndex"), 1), 1), min(max(queryNumber(query.Get("count"), scimPageMax), 0), scimPageMax)
	found := []*resource{}
	for _, one := range c.all.all {
		if where.matches(one.view(c.base)) {
			found = append(found, one)
		}
	}
	from := min(start-1, len(found))
	page := []map[string]any{}
	for _, one := range found[from:min(from+count, len(found))] {
		page = append(page, without(one.view(c.base), query.Get("excludedAttributes")))
	}
	return scimAnswer{status: http.StatusOK, body: map[string]any{
		"schemas": []string{schemaList}, "totalResults": len(found), "startIndex": start, "itemsPerPage": len(page), "Resources": page,
	}}, nil
}

func createResource(c scimCall) (scimAnswer, error) {
	attributes, err := c.readResource()
	if err != nil {
		return scimAnswer{}, err
	}
	created, err := c.all.add(attributes)
	if err != nil {
		return scimAnswer{}, err
	}
	return scimAnswer{http.StatusCreated, c.base + "/" + created.id, created.view(c.base)}, nil
}

func getResource(c scimCall) (scimAnswer, error) {
	one, err := c.all.find(c.r.PathValue("id"))
	if err != nil {
		return scimAnswer{}, err
	}
	return scimAnswer{status: http.StatusOK, body: without(one.view(c.base), c.r.URL.Query().Get("excludedAttributes"))}, nil
}

func replaceResource(c scimCall) (scimAnswer, error) {
	one, err := c.all.find(c.r.PathValue("id"))
	if err != nil {
		return scimAnswer{}, err
	}
	attributes, err := c.readResource()
	if err != nil {
		return scimAnswer{}, err
	}
	if err := c.all.change(one, attributes); err != nil {
		return scimAnswer{}, err
	}
	return scimAnswer{status: http.StatusOK, body: one.view(c.base)}, nil
}

// patchResource answers 200 with a user and 204 for a group, whose members may be many.
func patchResource(c scimCall) (scimAnswer, error) {
	one, err := c.all.find(c.r.PathValue("id"))
	if err != nil {
		return scimAnswer{}, err
	}
	attributes, err := applyPatch(one.attributes, c.body)
	if err != nil {
		return scimAnswer{}, err
	}
	if err := c.all.change(one, attributes); err != nil {
		return scimAnswer{}, err
	}
	if c.all.kind == groupResource {
		return scimAnswer{status: http.StatusNoContent}, nil
	}
	return scimAnswer{status: http.StatusOK, body: one.view(c.base)}, nil
}

func deleteResource(c scimCall) (scimAnswer, error) {
	if err := c.all.remove(c.r.PathValue("id")); err != nil {
		return scimAnswer{}, err
	}
	return scimAnswer{status: http.StatusNoContent}, nil
}

func (c scimCall) readResource() (map[string]any, error) {
	var attributes map[string]any
	if err := json.Unmarshal(c.body, &attributes); err != nil || attributes == nil {
		return nil, &scimError{http.StatusBadRequest, "invalidSyntax", "The body must be one JSON object."}
	}
	return attributes, nil
}

func queryNumber(given string, without int) int {
	if n, err := strconv.Atoi(given); err == nil {
		return n
	}
	return without
}

// without leaves the named attributes out (RFC 7644 §3.9); Entra asks so for groups without members.
func without(view map[string]any, names string) map[string]any {
	for name := range strings.SplitSeq(names, ",") {
		if found, there := attribute(view, strings.TrimSpace(name)); there && found != "id" && found != "schemas" {
			delete(view, found)
		}
	}
	return view
}
