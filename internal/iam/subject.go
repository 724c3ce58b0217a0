package iam

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/aritma/entra-onboard/internal/secret"
)

// subjectsShown is how many subjects are asked for: the least that the API gives (documented: 10 to 200).
const subjectsShown = 10

// Subject is somebody, or a group, that exists in Aritma. Texts are as the API gives them, at most 200 characters each.
type Subject struct {
	SubjectID   string // the sub of a sign-in, "user-<guid>"
	DisplayName string
	UserName    string
	Email       string
	ExternalID  string // only where the API tells it
}

// Subjects are those found, at most ten, and how many there are altogether.
type Subjects struct {
	Found []Subject
	Total int
}

// Users finds people by a search over their names; an empty query finds everybody. Deactivated people may be among them.
func (c *Client) Users(ctx context.Context, token secret.Secret, query string) (Subjects, error) {
	return c.subjects(ctx, token, "find people", usersPath, query)
}

// Groups finds groups as Users finds people.
func (c *Client) Groups(ctx context.Context, token secret.Secret, query string) (Subjects, error) {
	return c.subjects(ctx, token, "find groups", groupsPath, query)
}

func (c *Client) subjects(ctx context.Context, token secret.Secret, action, path, query string) (Subjects, error) {
	act := call{
		action: action, method: http.MethodGet, path: path, token: token, missing: notOffered,
		query: url.Values{"page": {"1"}, "pageSize": {strconv.Itoa(subjectsShown)}},
	}
	if query != "" {
		act.query.Set("searchQuery", query)
	}
	got, err := c.do(ctx, act)
	if err != nil {
		return Subjects{}, err
	}
	found, err := decodeSubjects(got)
	if err != nil {
		return Subjects{}, act.garbled(got, err)
	}
	return found, nil
}

// subjectJSON is tolerant of where a name stands.
type subjectJSON struct {
	SubjectID   text
	DisplayName text
	ExternalID  text
	Properties  struct{ Username, Email, ExternalID text }
}

func (s subjectJSON) subject() Subject {
	external := s.ExternalID
	if external == "" {
		external = s.Properties.ExternalID
	}
	return Subject{
		SubjectID: shown(s.SubjectID), DisplayName: shown(s.DisplayName), UserName: shown(s.Properties.Username),
		Email: shown(s.Properties.Email), ExternalID: shown(external),
	}
}

// shown is a name that can be stored and shown: one short line.
func shown(t text) string { return oneLine(string(t)) }

// decodeSubjects reads a page of subjects, or a bare array, whose length then is the total. Nothing but an explicit
// emptiness is nobody.
func decodeSubjects(got answer) (Subjects, error) {
	body := trim(got.body)
	if len(body) == 0 {
		return Subjects{}, errEmpty
	}
	total := 0
	if body[0] == '{' {
		var wrapped envelope
		if json.Unmarshal(body, &wrapped) != nil {
			return Subjects{}, errJSON
		}
		total = int(max(wrapped.Total, wrapped.TotalCount))
		if body = wrapped.Data; wrapped.Items != nil && (body == nil || string(body) == "null") {
			body = wrapped.Items
		}
	}
	var rows []*subjectJSON
	if body == nil || json.Unmarshal(body, &rows) != nil || rows == nil {
		return Subjects{}, errJSON
	}
	found := Subjects{Total: max(total, len(rows))}
	for _, row := range rows {
		if row != nil && len(found.Found) < subjectsShown {
			found.Found = append(found.Found, row.subject())
		}
	}
	return found, nil
}
