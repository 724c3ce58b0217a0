package web

import (
	"net/http"
	"regexp"
	"strings"
)

// pageInSetup is what a page of a setup is named in its address.
var pageInSetup = regexp.MustCompile(`^[a-z]+(-[a-z]+)*(/[a-z]+(-[a-z]+)*)?$`)

// within is the page of the setup that has an address, such as "token" or "token/replace".
func (v *visit) within(address string) string {
	return strings.TrimPrefix(address, "/setup/"+v.setup.ID+"/")
}

// submitSharing is the switch in the header: whether the screen is shared, so that what is secret is asked about before it is
// shown. A page that has to stay gets an empty answer (RFC 9110, section 15.3.5), which leaves it as it is.
func (s *Server) submitSharing(v *visit) error {
	m := &mistakes{v: v}
	sharing := m.oneOf("sharing", "start.sharing.missing", "yes", "no")
	refused := m.any()
	if !refused {
		if err := s.Onboarding.ShareScreen(v.ctx(), v.setup.ID, v.actor(), sharing == "yes"); err != nil {
			return err
		}
	}
	if v.r.PostForm.Get("stay") != "" {
		status := http.StatusNoContent
		if refused {
			status = http.StatusUnprocessableEntity
		}
		v.w.WriteHeader(status)
		return nil
	}
	back := v.r.PostForm.Get("back")
	if !pageInSetup.MatchString(back) {
		return v.next(v.setup)
	}
	return v.redirect(v.url(back))
}
