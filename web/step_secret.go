package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

const (
	// maxSecret bounds a client secret in characters; Entra makes them of 40.
	maxSecret = 512
	// secretLife is the longest life of a client secret that the portal offers: 24 months, and some slack for calendars.
	secretLife = 25 * 31 * 24 * time.Hour
)

func (s *Server) secretView(v *visit) page.SecretView {
	state := v.setup.State
	view := page.SecretView{
		Frame: s.stepFrame(v, wizard.Secret), Form: s.form(v, wizard.Secret), Expires: state.Answers.SecretExpires,
		PortalURL: s.portal(v, portal.Credentials),
	}
	switch {
	case state.ClientSecret.Held:
		view.Received = v.t.T("secret.received", "Time", s.clock(state.ClientSecret.ReceivedAt))
	case state.Registration.Exists && state.Pending():
		view.Why = v.t.T("secret.why.update")
	case state.Registration.Exists:
		view.Received = v.t.T("secret.sent")
	case !state.ClientSecret.ReceivedAt.IsZero():
		view.Why = v.t.T("secret.why.dropped")
	}
	return view
}

func (s *Server) showSecret(v *visit) error {
	return v.render(http.StatusOK, page.Secret(s.secretView(v)))
}

func (s *Server) submitSecret(v *visit) error {
	if err := readForm(v.r); err != nil {
		return err
	}
	value, expires := secretValue(v.r, "secret"), text(v.r, "expires")
	m := &mistakes{v: v}
	m.secret(value, v.setup.State.NeedsSecret())
	secretRight := !m.any()
	m.expires(expires, s.Now())
	if secretRight && !value.IsZero() {
		setup, err := s.Onboarding.ReceiveSecret(v.ctx(), v.setup.ID, v.sessionTag(), v.actor(), value)
		if err != nil {
			return s.saved(v, wizard.Secret, setup, err)
		}
		v.setup = setup
	}
	if m.any() {
		view := s.secretView(v)
		view.Expires = expires
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.Secret(view))
	}
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Secret, v.seen(), v.actor(), wizard.SecretGiven{Expires: expires})
	var changed *onboarding.ChangedError
	if errors.As(err, &changed) { // only the date can differ, and the newer one is on its way
		setup, err = s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Secret, changed.Setup.State.Marks[wizard.Secret].Revision, v.actor(), wizard.SecretGiven{Expires: expires})
	}
	return s.saved(v, wizard.Secret, setup, err)
}

// secret judges a pasted client secret by its shape; it is proven by the first sign-in.
func (m *mistakes) secret(value secret.Secret, needed bool) {
	plain := value.Expose()
	switch {
	case plain == "" && needed:
		m.add("secret", "secret.missing")
	case plain == "":
	case wizard.IsGUID(strings.ToLower(plain)):
		m.add("secret", "secret.is-id")
	case strings.Trim(plain, "*•●.") == "":
		m.add("secret", "secret.masked")
	case len(plain) > maxSecret:
		m.add("secret", "secret.long", "Max", maxSecret)
	case strings.ContainsFunc(plain, func(r rune) bool { return r <= ' ' || r > '~' }):
		m.add("secret", "secret.characters")
	}
}

func (m *mistakes) expires(text string, now time.Time) {
	if text == "" {
		return
	}
	day, err := time.Parse(time.DateOnly, text)
	switch {
	case err != nil:
		m.add("expires", "secret.expires.shape")
	case day.Before(now.UTC().Truncate(24 * time.Hour)):
		m.add("expires", "secret.expired")
	case day.After(now.Add(secretLife)):
		m.add("expires", "secret.expires.far")
	}
}
