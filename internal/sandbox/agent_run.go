package sandbox

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// plainID is what the agent takes for the id of a resource: it becomes part of an address.
var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// What the portal says without having asked the endpoint.
var (
	errNoID       = &agentError{text: "The endpoint did not answer with the id of what it made."}
	errNoUserName = &agentError{text: "The source attribute of userName is empty for this user. Nothing was sent."}
	errNotInScope = &agentError{text: "The user is not in scope: neither assigned nor a direct member of an assigned group."}
	errFlagOnOne  = &agentError{text: "Provision on demand does not work while the Tenant URL carries the flag " + patchFlag + "."}
	errNotSaved   = &agentError{text: "There is no configuration yet: pass Test Connection and choose Create."}
	errNotRunning = &agentError{text: "Provisioning is not running: choose Start provisioning."}
	errNoSuchApp  = &agentError{text: "There is no such application."}
	// errCannotProvision is about an application made by New registration, in the words of Microsoft's portal and of its
	// list of known issues.
	errCannotProvision = &agentError{text: "Out of the box automatic provisioning to this application is not supported today. An application made by App registrations > New registration won't be enabled for automatic user provisioning."}
	errQuarantined     = &agentError{text: "The provisioning job is in quarantine. " + credentialsWrong}
)

// run is the work of the agent at one time, on copies of what the directory holds, so that the model is free meanwhile.
type run struct {
	s       *Sandbox
	agent   *agent
	mapping mapping
	people  []person // in scope
	groups  []group  // assigned
	linked  map[string]link
	// known is the name of everything in the directory by object id, for the log.
	known map[string]string
	log   []provisioned
	// tried and failed count people and groups; refused says that the endpoint did not accept the token.
	tried, failed int
	refused       bool
}

// prepareRun copies what a run needs. It must be called with mu held.
func (s *Sandbox) prepareRun(d *directory, a *application) *run {
	if s.faults.take(MistakeUserNameDiffers, opProvisioning) {
		a.provisioning.userName = "extensionAttribute1"
	}
	if len(a.assigned) > 0 && s.faults.take(MistakeNobodyInScope, opProvisioning) {
		for i := range a.assigned {
			d.hollow(a, i)
		}
	}
	p := &a.provisioning
	r := &run{s: s, agent: s.agentAt(p.saved), mapping: mapping{p.externalID, p.userName}, linked: maps.Clone(p.linked), known: map[string]string{}}
	if r.linked == nil {
		r.linked = map[string]link{}
	}
	for _, one := range d.inScope(a) {
		r.people = append(r.people, *one)
	}
	for _, one := range d.people {
		r.known[one.id] = one.displayName
	}
	for _, one := range d.groups {
		r.known[one.id] = one.displayName
		if slices.Contains(a.assigned, one.id) {
			r.groups = append(r.groups, group{id: one.id, displayName: one.displayName, people: slices.Clone(one.people)})
		}
	}
	return r
}

// one finds the person in scope whom a name means: user principal name, object id, e-mail or display name.
func (r *run) one(name string) (person, *agentError) {
	for _, p := range r.people {
		if p.id == name || slices.ContainsFunc([]string{p.userPrincipalName, p.mail, p.displayName}, func(own string) bool { return own != "" && strings.EqualFold(own, name) }) {
			return p, nil
		}
	}
	return person{}, errNotInScope
}

// note writes one line of the log, and counts.
func (r *run) note(name, action string, err error) {
	line := provisioned{at: r.s.now(), name: name, action: action}
	r.tried++
	if err != nil {
		line.failed = err.Error()
		r.failed++
		r.refused = r.refused || statusOf(err) == http.StatusUnauthorized
	}
	r.log = append(r.log, line)
}

// all is one cycle: people in scope, people who left it, groups. It stops when the token is not accepted.
func (r *run) all(ctx context.Context) {
	for _, p := range r.people {
		if action, err := r.person(ctx, p); action != "" {
			r.note(p.displayName, action, err)
		} else {
			r.tried++
		}
		if r.refused {
			return
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.linked)) {
		if action, err := r.leaver(ctx, id); action != "" {
			r.note(r.known[id], action, err)
		}
		if r.refused {
			return
		}
	}
	for _, g := range r.groups {
		if action, err := r.group(ctx, g); action != "" {
			r.note(g.displayName, action, err)
		}
		if r.refused {
			return
		}
	}
}

// person brings one person in step and says what was done: "create", "update", "skip", or nothing when all was well.
func (r *run) person(ctx context.Context, p person) (string, error) {
	userName := p.attribute(r.mapping.userName)
	if userName == "" {
		return "skip", errNoUserName
	}
	there, err := r.find(ctx, p.id, userName)
	if err != nil {
		return "update", err
	}
	if there == nil {
		id, err := r.agent.create(ctx, userResource, r.mapping.user(p))
		if err == nil {
			r.linked[p.id] = link{id: id}
		}
		return "create", err
	}
	id := r.linked[p.id].id
	operations, err := r.agent.differences(there, r.mapping.targets(p))
	if err != nil {
		return "update", err
	}
	action := ""
	if len(operations) > 0 {
		action = "update"
		if err := r.agent.patch(ctx, userResource, id, operations...); err != nil {
			return action, err
		}
	}
	r.linked[p.id] = link{id: id}
	return action, nil
}

// find returns a person as the endpoint has them, by the id that it gave earlier or by userName, and links them; nil
// when they are not there.
func (r *run) find(ctx context.Context, objectID, userName string) (map[string]any, error) {
	if earlier, known := r.linked[objectID]; known {
		var there map[string]any
		err := r.agent.send(ctx, http.MethodGet, "/"+userResource.plural+"/"+earlier.id, nil, &there)
		if statusOf(err) != http.StatusNotFound {
			return there, err
		}
		delete(r.linked, objectID)
	}
	found, err := r.agent.look(ctx, userResource, userName)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	id, _ := found[0]["id"].(string)
	if !plainID.MatchString(id) {
		return nil, errNoID
	}
	r.linked[objectID] = link{id: id}
	return found[0], nil
}

// leaver deactivates a person and deletes a group that the agent had made and that is out of scope now. It says "" for
// everything else.
func (r *run) leaver(ctx context.Context, objectID string) (string, error) {
	known := r.linked[objectID]
	isOne := func(p person) bool { return p.id == objectID }
	isGroup := func(g group) bool { return g.id == objectID }
	switch {
	case slices.ContainsFunc(r.people, isOne), slices.ContainsFunc(r.groups, isGroup), known.disabled:
		return "", nil
	case known.members != nil:
		err := r.agent.send(ctx, http.MethodDelete, "/"+groupResource.plural+"/"+known.id, nil, nil)
		if err == nil || statusOf(err) == http.StatusNotFound {
			delete(r.linked, objectID)
			err = nil
		}
		return "delete", err
	}
	err := r.agent.patch(ctx, userResource, known.id, r.agent.operation("Replace", "active", false))
	if err == nil || statusOf(err) == http.StatusNotFound {
		known.disabled = true
		r.linked[objectID] = known
		err = nil
	}
	return "disable", err
}

// group makes an assigned group, empty, and then fills it by PATCH with the people whom the endpoint knows.
func (r *run) group(ctx context.Context, g group) (string, error) {
	action := ""
	known, there := r.linked[g.id]
	if !there {
		var err error
		if known.id, err = r.makeGroup(ctx, g); err != nil {
			return "create", err
		}
		action, known.members = "create", []string{}
		r.linked[g.id] = known
	}
	members := []string{}
	for _, id := range g.people {
		if p, linked := r.linked[id]; linked && !p.disabled {
			members = append(members, p.id)
		}
	}
	operations := r.agent.members(missing(members, known.members), missing(known.members, members))
	if len(operations) == 0 {
		return action, nil
	}
	if action == "" {
		action = "update"
	}
	err := r.agent.patch(ctx, groupResource, known.id, operations...)
	switch {
	case err == nil:
		known.members = members
		r.linked[g.id] = known
	case statusOf(err) == http.StatusNotFound:
		delete(r.linked, g.id) // somebody deleted it there: the next cycle makes it again
	}
	return action, err
}

func (r *run) makeGroup(ctx context.Context, g group) (string, error) {
	found, err := r.agent.look(ctx, groupResource, g.displayName)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		id, _ := found[0]["id"].(string)
		if !plainID.MatchString(id) {
			return "", errNoID
		}
		return id, nil
	}
	return r.agent.create(ctx, groupResource, map[string]any{
		"schemas": []string{schemaGroup}, "externalId": g.id, "displayName": g.displayName, "members": []string{},
	})
}

// missing are the ids of want that have lacks.
func missing(want, have []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(id string) bool { return slices.Contains(have, id) })
}
