package web

import (
	"errors"
	"net/http"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

const maxReason = 1000 // characters

func (s *Server) provisioningView(v *visit) (page.ProvisioningView, error) {
	looking, err := s.Onboarding.Looking(v.ctx(), v.setup.ID)
	a := v.setup.State.Answers
	view := page.ProvisioningView{
		Frame: s.stepFrame(v, wizard.Provisioning), Form: s.form(v, wizard.Provisioning), Reason: a.WithoutReason,
		PortalURL: s.portal(v, portal.Provisioning), PortalText: s.portalText(v, v.t.T("provisioning.link")), TenantURL: s.Onboarding.TenantURL(v.setup), Notices: s.tokenNotices(v), Arrivals: s.arrivalsView(v, looking),
	}
	if _, submitted := v.setup.State.Marks[wizard.Provisioning]; submitted {
		view.Arrived = "no"
		if a.FirstUserArrived {
			view.Arrived = "yes"
		}
	}
	view.Arrivals.Say = "" // a whole page says itself what it shows
	view.Frame.Live = view.Arrivals.Every != ""
	view.Form.Problem = s.problemNotice(v, v.setup.State.Token.Problem)
	return view, err
}

func (s *Server) showProvisioning(v *visit) error {
	view, err := s.provisioningView(v)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.Provisioning(view))
}

// submitLook asks Aritma who has arrived: with now=yes because a person wants to know, otherwise when it is time to.
func (s *Server) submitLook(v *visit) error {
	now := v.r.PostForm.Get("now") == "yes"
	if !s.needsAccess(v) {
		before := v.setup.State.Arrivals.CheckedAt
		if err := s.Onboarding.LookForArrivals(v.ctx(), v.setup.ID, now, s.access(v)); err != nil {
			return err
		}
		setup, err := s.Onboarding.Setup(v.ctx(), v.setup.ID)
		if err != nil {
			return err
		}
		v.setup = setup
		if a := setup.State.Arrivals; !a.CheckedAt.Equal(before) {
			if err := s.forgetRefused(v, a.Problem); err != nil {
				return err
			}
		}
	}
	if now {
		return v.redirect(v.step(wizard.Provisioning))
	}
	looking, err := s.Onboarding.Looking(v.ctx(), v.setup.ID)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.Arrivals(v.t, s.arrivalsView(v, looking)))
}

// submitProvisioning ends the step. That somebody arrived is believed to the wizard's own look, else to the admin.
func (s *Server) submitProvisioning(v *visit) error {
	m := &mistakes{v: v}
	reason := text(v.r, "reason")
	arrived := m.oneOf("arrived", "provisioning.arrived.missing", "yes", "no")
	if n := len([]rune(reason)); n > maxReason {
		m.add("reason", "provisioning.reason.long", "Length", n, "Max", maxReason)
	} else if arrived == "no" && reason == "" {
		m.add("reason", "provisioning.reason.missing")
	}
	view, err := s.provisioningView(v)
	if err != nil {
		return err
	}
	view.Arrived, view.Reason = arrived, v.r.PostForm.Get("reason")
	if m.any() {
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.Provisioning(view))
	}
	seen := arrived == "yes" || v.setup.State.Arrivals.Somebody()
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Provisioning, v.seen(), v.actor(), wizard.ProvisioningSeen{Arrived: seen, Reason: reason})
	var changed *onboarding.ChangedError
	if errors.As(err, &changed) {
		s.compare(v, &view.Form, wizard.Provisioning, changed,
			component.CompareRow{Label: v.t.T("provisioning.arrived"), Here: v.t.T("provisioning.arrived." + arrived), There: s.arrivedWord(v, changed.Setup.State.Answers)},
			component.CompareRow{Label: v.t.T("provisioning.reason"), Here: reason, There: changed.Setup.State.Answers.WithoutReason})
		return v.render(http.StatusConflict, page.Provisioning(view))
	}
	return s.saved(v, wizard.Provisioning, setup, err)
}

func (s *Server) arrivedWord(v *visit, a wizard.Answers) string {
	if a.FirstUserArrived {
		return v.t.T("provisioning.arrived.yes")
	}
	return v.t.T("provisioning.arrived.no")
}
