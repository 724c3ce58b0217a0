package sandbox

import (
	"slices"

	"github.com/google/uuid"
)

// assign gives a person or a group, by object id, access to an application; to do it again changes nothing. It reports
// false for an id that the directory does not know. It must be called with mu held.
func (s *Sandbox) assign(d *directory, a *application, id string) bool {
	if p, known := d.person(id); known {
		if !slices.Contains(a.people, p.id) {
			a.people = append(a.people, p.id)
		}
		return true
	}
	if _, known := d.group(id); !known {
		return false
	}
	if !slices.Contains(a.assigned, id) {
		a.assigned = append(a.assigned, id)
		if s.faults.take(MistakeNobodyInScope, opAssign) {
			d.hollow(a, len(a.assigned)-1)
		}
	}
	return true
}

// hollow puts an outer shell in place of an assigned group: a group of the same name that holds nobody but the group
// itself, nested, as groups of groups do in many directories.
func (d *directory) hollow(a *application, i int) {
	inner, known := d.group(a.assigned[i])
	if !known || len(inner.people) == 0 {
		return
	}
	shell := &group{id: uuid.NewString(), displayName: inner.displayName, groups: []string{inner.id}}
	d.groups = append(d.groups, shell)
	a.assigned[i] = shell.id
}

// unassign takes a person or a group out again.
func (a *application) unassign(id string) {
	is := func(assigned string) bool { return assigned == id }
	a.people, a.assigned = slices.DeleteFunc(a.people, is), slices.DeleteFunc(a.assigned, is)
}
