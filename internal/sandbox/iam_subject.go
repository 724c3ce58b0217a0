package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	pageSizeMin = 10 // documented
	pageSizeMax = 200
)

// subject is somebody or a group that exists in Aritma, as GET /v1/subjects tells it.
type subject struct {
	ID          string         `json:"id"`
	DisplayName string         `json:"displayName"`
	Tenant      string         `json:"tenant"`
	SubjectID   string         `json:"subjectId"`
	Type        string         `json:"type"`
	Properties  map[string]any `json:"properties"`
}

// matches looks for query in every name, without regard to case.
func (s subject) matches(query string) bool {
	query = strings.ToLower(query)
	for _, value := range []any{s.DisplayName, s.Properties["username"], s.Properties["email"]} {
		if text, _ := value.(string); strings.Contains(strings.ToLower(text), query) {
			return true
		}
	}
	return false
}

// listUsers lists deactivated people too, as the real one may.
func (s *Sandbox) listUsers(c iamCall) {
	c.tenant.mu.Lock()
	subjects := make([]subject, 0, len(c.tenant.users.all))
	for _, user := range c.tenant.users.all {
		subjects = append(subjects, subject{
			ID: user.id, DisplayName: user.displayName(), Tenant: c.claims.TenantID, SubjectID: user.subjectID(), Type: "User",
			Properties: map[string]any{"username": user.text("userName"), "email": user.email()},
		})
	}
	c.tenant.mu.Unlock()
	s.page(c, subjects)
}

func (s *Sandbox) listGroups(c iamCall) {
	c.tenant.mu.Lock()
	subjects := make([]subject, 0, len(c.tenant.groups.all))
	for _, group := range c.tenant.groups.all {
		subjects = append(subjects, subject{
			ID: group.id, DisplayName: group.displayName(), Tenant: c.claims.TenantID, SubjectID: "group-" + group.id, Type: "Group",
			Properties: map[string]any{},
		})
	}
	c.tenant.mu.Unlock()
	s.page(c, subjects)
}

func (s *Sandbox) page(c iamCall, subjects []subject) {
	number, ok := s.queryInteger(c, "page", 1)
	if !ok {
		return
	}
	size, ok := s.queryInteger(c, "pageSize", pageSizeMin)
	if !ok {
		return
	}
	number, size = max(number, 1), min(max(size, pageSizeMin), pageSizeMax)
	found := make([]subject, 0, len(subjects))
	for _, one := range subjects {
		if one.matches(c.r.URL.Query().Get("searchQuery")) {
			found = append(found, one)
		}
	}
	pages := (len(found) + size - 1) / size
	from := min(min(number-1, pages)*size, len(found))
	data := found[from:min(from+size, len(found))]
	answer(c.w, http.StatusOK, typeJSON, map[string]any{
		"page": number, "pageSize": size, "count": len(data), "total": len(found), "totalPages": pages, "data": data,
	})
}

// queryInteger reads a parameter, or answers 400 and reports false.
func (s *Sandbox) queryInteger(c iamCall, name string, without int) (int, bool) {
	given := c.r.URL.Query().Get(name)
	if given == "" {
		return without, true
	}
	value, err := strconv.Atoi(given)
	if err != nil {
		s.refuse(c, &badKey{name, "must be an integer"})
		return 0, false
	}
	return value, true
}
