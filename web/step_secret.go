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
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

const (
	// maxSecret bounds a client secret in characters; Entra makes them of 40.
	maxSecret = 512
	// secretLife is the longest life of a client secret that the portal offers: 24 months, and some slack for calendars.
	secretLife = 25 * 31 * 24 * time.Hour
)

func (s *Server) secretView(v *visit) (page.SecretView, error) {
	state := v.setup.State
	view := page.SecretView{
		Frame: s.stepFrame(v, wizard.Secret), Form: s.form(v, wizard.Secret), Expires: state.Answers.SecretExpires,
		PortalURL: s.portal(v, portal.Credentials), DirectoryURL: v.step(wizard.Directory),
	}
	proving, err := s.Onboarding.Proving(v.ctx(), v.setup)
	if err != nil || proving {
		view.Running = s.waiting(v, "secret", "secret.running")
		view.Frame.Live = true
		return view, err
	}
	switch {
	case state.ClientSecret.Held:
		view.Received = v.t.T("secret.received", "Time", s.clock(v.t, state.ClientSecret.ReceivedAt))
	case state.ClientSecret.Check.Outcome == wizard.Bad:
	case state.Registration.Exists && state.Pending():
		view.Why = v.t.T("secret.why.update")
	case state.Registration.Exists:
		view.Received = v.t.T("secret.sent")
	case !state.ClientSecret.ReceivedAt.IsZero():
		view.Why = v.t.T("secret.why.dropped")
	}
	s.secretVerdict(v, &view)
	return view, nil
}

// secretVerdict shows what Microsoft made of the client secret: beside the field where the secret is at fault.
func (s *Server) secretVerdict(v *visit, view *page.SecretView) {
	secret := v.setup.State.ClientSecret
	switch outcome := secret.Check.Outcome; {
	case outcome == wizard.Good && secret.Held:
		view.Proven = v.t.T("secret.proven", "Time", s.clock(v.t, secret.Check.At))
	case outcome == wizard.Doubt && secret.Held:
		view.Form.Problem = s.problemNotice(v, secret.Check.Problem)
		view.Form.Problem.Kind = component.NoticeWarning
		view.Form.Problem.Title = v.t.T("secret.unproven")
		view.CanGoOn = true
	case outcome == wizard.Bad && secret.Held:
		view.Form.Problem = s.problemNotice(v, secret.Check.Problem)
		view.OtherFault = true
	case outcome == wizard.Bad && v.setup.State.NeedsSecret():
		m := &mistakes{v: v}
		m.problem("secret", secret.Check.Problem)
		wrong(&view.Frame, &view.Form, m)
		view.Reference = secret.Check.Problem.Reference
	}
}

func (s *Server) showSecret(v *visit) error {
	view, err := s.secretView(v)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.Secret(view))
}

func (s *Server) submitSecret(v *visit) error {
	value, expires := secretValue(v.r, "secret"), text(v.r, "expires")
	m := &mistakes{v: v}
	m.secret(value, v.setup.State.NeedsSecret())
	secretRight := !m.any()
	m.expires(expires, s.Now())
	if secretRight && !value.IsZero() {
		dated := expires
		if m.any() {
			dated = "" // wrong, and shown again beside its field
		}
		setup, err := s.Onboarding.ReceiveSecret(v.ctx(), v.setup.ID, v.sessionTag(), v.actor(), value, dated)
		if err != nil {
			return s.saved(v, wizard.Secret, setup, err)
		}
		v.setup = setup
	}
	if m.any() {
		view, err := s.secretView(v)
		if err != nil {
			return err
		}
		view.Expires = expires
		view.Form.Problem, view.Reference = nil, ""
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.Secret(view))
	}
	check := v.setup.State.ClientSecret.Check
	goOn := check.Outcome == wizard.Good || (check.Outcome == wizard.Doubt && value.IsZero() && v.r.PostForm.Get("anyway") == "yes")
	if v.setup.State.ClientSecret.Held && !goOn {
		return s.proveSecret(v, expires)
	}
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Secret, v.seen(), v.actor(), wizard.SecretGiven{Expires: expires})
	var changed *onboarding.ChangedError
	if errors.As(err, &changed) { // only the date can differ, and the newer one is on its way
		setup, err = s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Secret, changed.Setup.State.Marks[wizard.Secret].Revision, v.actor(), wizard.SecretGiven{Expires: expires})
	}
	return s.saved(v, wizard.Secret, setup, err)
}

// proveSecret asks Microsoft about the secret that is held and leads on when it is good. What else Microsoft says, and that
// it has not answered yet, is on the page of the step.
func (s *Server) proveSecret(v *visit, expires string) error {
	if err := s.Onboarding.ProveSecret(v.ctx(), v.setup.ID, v.actor(), expires); err != nil {
		return err
	}
	setup, err := s.Onboarding.Setup(v.ctx(), v.setup.ID)
	if err != nil {
		return err
	}
	v.setup = setup
	proving, err := s.Onboarding.Proving(v.ctx(), setup)
	if err != nil {
		return err
	}
	check := setup.State.ClientSecret.Check
	switch {
	case proving:
		return v.redirect(v.step(wizard.Secret))
	case check.Outcome == wizard.Good:
		return v.after(wizard.Secret, setup)
	}
	view, err := s.secretView(v)
	if err != nil {
		return err
	}
	view.Expires = expires
	status := http.StatusOK
	if check.Outcome == wizard.Bad {
		status = http.StatusUnprocessableEntity
	}
	return v.render(status, page.Secret(view))
}

// showSecretProgress answers the waiting page: Microsoft is still asked, or over with the way on.
func (s *Server) showSecretProgress(v *visit) error {
	proving, err := s.Onboarding.Proving(v.ctx(), v.setup)
	if err != nil {
		return err
	}
	over := v.step(wizard.Secret)
	switch {
	case proving:
		over = ""
	case v.setup.State.Complete(wizard.Secret):
		over = v.step(v.setup.State.Open())
	}
	return v.render(http.StatusOK, page.Progress(*s.waiting(v, "secret", "secret.running"), s.frame(v.r, "secret.title", ""), over))
}

// secret judges a pasted client secret by its shape, before Microsoft is asked.
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
