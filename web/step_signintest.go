package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) showSigninTest(v *visit) error {
	a := v.setup.State.Answers
	return v.render(http.StatusOK, page.SigninTest(page.SigninTestView{
		Frame: s.stepFrame(v, wizard.SigninTest), Form: s.form(v, wizard.SigninTest), ButtonName: a.DisplayName, HoldButton: a.HoldButton,
		SigninURL: v.step(wizard.Signin),
	}))
}

func (s *Server) submitSigninTest(v *visit) error {
	if err := readForm(v.r); err != nil {
		return err
	}
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.SigninTest, v.seen(), v.actor(), wizard.SigninSeen{})
	return s.saved(v, wizard.SigninTest, setup, err)
}
