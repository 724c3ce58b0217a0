package main

import (
	"net/http"
	"testing"
)

// TestStaleFormsAreCompared: what another tab saved is shown beside what a form holds before that replaces it, also when the form was
// sent before and not accepted, or was read in another language meanwhile.
func TestStaleFormsAreCompared(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	sample := s.sandbox.Sample()
	v := s.visitor().open(s.link()).walk("review")
	for _, c := range []struct {
		step                        string
		first, others, own, mistake map[string]string
	}{
		{"signin", map[string]string{"name": "First"}, map[string]string{"name": "Saved by the other tab"}, map[string]string{"name": "Mine"}, map[string]string{"name": ""}},
		{
			"assign",
			map[string]string{"person": "first@nordlys.example"},
			map[string]string{"person": "other@nordlys.example"},
			map[string]string{"person": "mine@nordlys.example"},
			map[string]string{"person": "no address"},
		},
		{
			"directory",
			map[string]string{"client": sample.ClientID},
			map[string]string{"client": "11111111-2222-4333-8444-555555555555"},
			map[string]string{"client": sample.ClientID},
			map[string]string{"client": "x"},
		},
		{
			"start",
			map[string]string{"sharing": "no", "applications": "one"},
			map[string]string{"sharing": "yes", "applications": "one"},
			map[string]string{"sharing": "no", "applications": "two"},
			map[string]string{"applications": ""},
		},
	} {
		step, page := c.step, "/setup/"+v.setup()+"/"+c.step
		for _, way := range []string{"mistake", "language", "language of the comparison"} {
			v.get(page).send(c.first)
			own, other := v.tab().get(page), v.tab().get(page)
			other.send(c.others)
			if way == "language of the comparison" {
				own.send(c.own)
			}
			action, form := own.form(c.own)
			if way == "mistake" {
				for name, value := range c.mistake {
					form.Set(name, value)
				}
			} else {
				form.Set("language", "en")
			}
			own.post(action, form)
			if own.send(c.own); own.status != http.StatusConflict {
				t.Errorf("%s, %s: what another tab saved is replaced without a comparison (%d at %s)", step, way, own.status, own.path)
				continue
			}
			if own.send(c.own); own.status != http.StatusOK || own.path == page {
				t.Errorf("%s, %s: %d at %s after the comparison, which was seen", step, way, own.status, own.path)
			}
		}
	}
}
