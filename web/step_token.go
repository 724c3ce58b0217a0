package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

// tokenView is the token step as it stands; a value on the screen is added by revealToken alone.
func (s *Server) tokenView(v *visit) (page.TokenView, error) {
	t := v.setup.State.Token
	busy, err := s.Onboarding.Busy(v.ctx(), v.setup.ID)
	if err != nil {
		return page.TokenView{}, err
	}
	view := page.TokenView{
		Frame: s.stepFrame(v, wizard.Token), Form: s.form(v, wizard.Token), Operation: onboarding.NewOperation(), Generation: t.Generation,
		TenantURL: s.Onboarding.TenantURL(v.setup), ProvisioningURL: s.portal(v, portal.Provisioning), PortalText: s.portalText(v, v.t.T("token.link")), BaseURL: v.step(wizard.Token), TwoApps: v.setup.State.Answers.TwoApps,
		Access: s.accessNeed(v, wizard.Token), ReplaceURL: v.url("token/replace"), NextURL: v.step(v.setup.State.Open()),
	}
	if busy {
		view.Running = s.waiting(v, "token", "token.running")
		view.Frame.Live = true
		return view, nil
	}
	view.Form.Problem = s.problemNotice(v, t.Problem)
	view.Notices = s.redirectProblem(v)
	switch t.Status {
	case wizard.TokenSealed:
		if owner := t.Session; owner != "" && owner != v.sessionTag() {
			view.OnlyReplace = true
			view.Notices = append(view.Notices, component.NoticeView{Kind: component.NoticeWarning, Text: v.t.T("token.other-session")})
		} else {
			view.Again = s.signInAgain(v, wizard.Token)
			view.CanShow, view.InDoubt, view.Refused = true, t.Check.Outcome == wizard.Doubt, t.Check.Outcome == wizard.Bad
			view.Notices = append(view.Notices, s.tokenVerdict(v)...)
		}
	case wizard.TokenClaimed:
		view.CanPaste = true
		view.Notices = append(view.Notices, component.NoticeView{Title: v.t.T("token.claimed.title", "Time", s.clock(v.t, t.ClaimedAt)), Text: v.t.T("token.claimed")})
	case wizard.TokenPasted:
		view.Pasted, view.CanRemove = true, len(t.Old) > 0
		view.Notices = append(view.Notices, component.NoticeView{Kind: component.NoticeGood, Title: v.t.T("token.done.title", "Time", s.clock(v.t, t.PastedAt)), Text: v.t.T("token.done")})
	default:
		view.CanCreate = true
		if v.setup.State.Registration.Exists && t.Status == "" {
			view.Notices = append(view.Notices, component.NoticeView{Kind: component.NoticeGood, Title: v.t.T("token.registered.title")})
		}
	}
	view.Notices = append(view.Notices, s.tokenNotices(v)...)
	return view, nil
}

// tokenVerdict says how the SCIM endpoint answered with the token.
func (s *Server) tokenVerdict(v *visit) []component.NoticeView {
	check := v.setup.State.Token.Check
	switch {
	case check.Outcome == wizard.Good:
		return []component.NoticeView{{Kind: component.NoticeGood, Title: v.t.T("token.probed.title"), Text: v.t.T("token.probed", "Time", s.clock(v.t, check.At))}}
	case check.Problem == nil:
		return nil
	}
	notice := *s.problemNotice(v, check.Problem)
	notice.Title = v.t.T("token.refused.title")
	if check.Outcome == wizard.Doubt {
		notice.Kind, notice.Title = component.NoticeWarning, v.t.T("token.unproven.title")
	}
	return []component.NoticeView{notice}
}

// tokenNotices tell what else happened to this setup's tokens.
func (s *Server) tokenNotices(v *visit) []component.NoticeView {
	t := v.setup.State.Token
	var notices []component.NoticeView
	if t.Status == wizard.TokenIntended && t.Problem == nil {
		notices = append(notices, component.NoticeView{Kind: component.NoticeWarning, Title: v.t.T("token.interrupted.title"), Text: v.t.T("token.interrupted")})
	}
	if t.OrphansRemoved > 0 {
		notices = append(notices, component.NoticeView{Title: v.t.T("token.orphan.title"), Text: v.t.T("token.orphan", "Count", t.OrphansRemoved)})
	}
	if t.LostUnlisted {
		notices = append(notices, component.NoticeView{Kind: component.NoticeWarning, Title: v.t.T("token.unlisted.title"), Text: v.t.T("token.unlisted", "Reference", v.setup.Reference())})
	}
	if len(t.Old) > 0 && t.Status != wizard.TokenIntended {
		id := "token.old"
		if t.Status != wizard.TokenPasted && v.setup.State.Answers.FirstUserArrived {
			id = "token.old.working"
		}
		notices = append(notices, component.NoticeView{Kind: component.NoticeWarning, Text: v.t.T(id, "Count", len(t.Old), "IDs", strings.Join(t.Old, ", "))})
	}
	return notices
}

func (s *Server) showToken(v *visit) error {
	view, err := s.tokenView(v)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.Token(view))
}

// submitToken creates or replaces the token. When that is done within the second, its answer hands the token over.
func (s *Server) submitToken(v *visit) error {
	op, began := operation(v.r), s.Now()
	if op == "" || s.needsAccess(v) {
		return v.redirect(v.step(wizard.Token))
	}
	replaces, _ := strconv.Atoi(v.r.PostForm.Get("replaces"))
	if err := s.Onboarding.CreateToken(v.ctx(), v.setup.ID, op, replaces, s.access(v)); err != nil {
		return err
	}
	setup, err := s.Onboarding.Setup(v.ctx(), v.setup.ID)
	if err != nil {
		return err
	}
	if err := s.forgetRefused(v, setup.State.Token.Problem); err != nil {
		return err
	}
	busy, err := s.Onboarding.Busy(v.ctx(), v.setup.ID)
	if err != nil {
		return err
	}
	if t := setup.State.Token; t.Status == wizard.TokenSealed && t.Operation == op && !busy && t.Check.Outcome == wizard.Good {
		if t.CreatedAt.Before(began) { // by the same form, sent before
			return s.submitShow(v)
		}
		return s.revealToken(v) // Aritma has just accepted whoever made it
	}
	return v.redirect(v.step(wizard.Token))
}

// submitProbe tries the SCIM endpoint again with the token that is still sealed.
func (s *Server) submitProbe(v *visit) error {
	if err := s.Onboarding.ProbeToken(v.ctx(), v.setup.ID, s.access(v)); err != nil {
		return err
	}
	return v.redirect(v.step(wizard.Token))
}

// doubleClick is how long the second click of a double click may take. It aborts the first request and sends the form
// again: the showing belongs to the request that is still waited for.
const doubleClick = 200 * time.Millisecond

// awaited is an error when nobody waits for the answer any more, because of a second click.
func (v *visit) awaited() error {
	select {
	case <-v.ctx().Done():
		return v.ctx().Err()
	case <-time.After(doubleClick):
		return nil
	}
}

// submitShow hands a token over that was made while nobody waited for it, if Aritma still accepts whoever asks: an administrator
// who was shut out since gets nothing, and the token stays sealed.
func (s *Server) submitShow(v *visit) error {
	err := s.vouchesLately(v)
	if err == nil {
		return s.revealToken(v)
	}
	f := fault.Of(err)
	if f.ID == "account.again" {
		return v.redirect(v.step(wizard.Token)) // which offers it
	}
	view, viewErr := s.tokenView(v)
	if viewErr != nil || f.Kind == fault.Unknown {
		return errors.Join(err, viewErr)
	}
	s.Log.InfoContext(v.ctx(), "token not handed over", "setup", v.setup.ID, "reference", reference(v.r), "kind", f.Kind.String(), "error", err)
	view.Form.Problem = v.notDone(f)
	view.Form.Problem.Reference = reference(v.r)
	return v.render(statusOf(f.Kind), page.Token(view))
}

// revealToken gives out the one showing, in the answer to this POST: browsers keep no such answer for Back.
func (s *Server) revealToken(v *visit) error {
	if err := v.awaited(); err != nil {
		return err
	}
	value, setup, err := s.Onboarding.RevealToken(v.ctx(), v.setup.ID, v.sessionTag(), v.actor())
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.Forbidden) {
		if errors.Is(err, onboarding.ErrShown) || errors.Is(err, onboarding.ErrOtherSession) {
			return v.redirect(v.step(wizard.Token))
		}
		return err
	}
	if err != nil {
		return err
	}
	v.setup = setup
	view, err := s.revealed(v, value)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.Token(view))
}

func (s *Server) revealed(v *visit, value secret.Secret) (page.TokenView, error) {
	view, err := s.tokenView(v)
	if err != nil {
		return view, err
	}
	view.Notices = append(s.tokenVerdict(v), s.tokenNotices(v)...)
	view.Running, view.Frame.Live, view.Frame.Keep = nil, false, true
	view.CanPaste = true
	view.Reveal = &component.SecretTokenView{
		Label: "Secret Token", Where: v.t.T("token.secret.where"), Value: value, SharingScreen: v.setup.State.Answers.SharingScreen,
	}
	return view, nil
}

// submitPasted records the tick. Without it the page says that the value is no longer on the screen.
func (s *Server) submitPasted(v *visit) error {
	if v.r.PostForm.Get("pasted") != "yes" {
		view, err := s.tokenView(v)
		if err != nil {
			return err
		}
		m := &mistakes{v: v}
		m.add("pasted", "token.pasted.missing")
		view.TickError = m.errors[0].Text
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.Token(view))
	}
	if len(v.setup.State.Token.Old) > 0 && v.setup.State.Token.Status == wizard.TokenPasted && s.needsAccess(v) {
		return v.redirect(v.url("access?back=token")) // removing again what is left of replaced tokens
	}
	generation, _ := strconv.Atoi(v.r.PostForm.Get("generation"))
	setup, err := s.Onboarding.TokenPasted(v.ctx(), v.setup.ID, generation, s.access(v))
	if fault.Is(err, fault.Conflict) {
		return v.redirect(v.step(wizard.Token)) // another token is there by now
	}
	if err != nil {
		return err
	}
	if err := s.forgetRefused(v, setup.State.Token.Problem); err != nil {
		return err
	}
	return v.next(setup)
}

func (s *Server) showReplace(v *visit) error {
	state := v.setup.State
	if state.Token.Status != wizard.TokenClaimed && state.Token.Status != wizard.TokenPasted && state.Token.Status != wizard.TokenSealed {
		return v.redirect(v.step(wizard.Token))
	}
	frame := s.aside(v, "token.replace.title", "")
	return v.render(http.StatusOK, page.Replace(page.ReplaceView{
		Frame: frame, Form: s.form(v, wizard.Token), Operation: onboarding.NewOperation(), Generation: state.Token.Generation,
		Working: state.Answers.FirstUserArrived, BackURL: v.step(wizard.Token),
		Access: s.accessNeed(v, wizard.Token),
	}))
}
