package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/layout"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/session"
)

// guide is set on a visit that shows the customer's screen to a guide: its addresses lead to other guide views, and what
// stands above the screen.
type guide struct {
	base string
	view *layout.GuideView
}

// submitWatch begins to look at a setup. The customer is told from their next page on.
func (s *Server) submitWatch(d *desk) error {
	if err := s.Console.Watch(d.r.Context(), d.setup(), watcherOf(session.Hash(d.session)), d.person.Label(), d.actor()); err != nil {
		return err
	}
	return d.redirect(deskURL(d.setup(), "guide"))
}

func (s *Server) stopWatch(d *desk) error {
	if err := s.Console.StopWatching(d.r.Context(), watcherOf(session.Hash(d.session))); err != nil {
		return err
	}
	return d.redirect(deskURL(d.setup(), ""))
}

// showGuide is the customer's screen with sample values: the step that they are on, or another that the guide looks up. Who
// has not said that they watch is asked to first, because the customer is told.
func (s *Server) showGuide(d *desk) error {
	l, err := s.look(d)
	if err != nil {
		return err
	}
	sample, err := s.Console.Sample(d.r.Context(), d.setup())
	switch {
	case errors.Is(err, console.ErrUnwatched):
		return s.guideDoor(d, l, true)
	case err != nil:
		return err
	case l.until.IsZero():
		return s.guideDoor(d, l, false)
	}
	step := wizard.Step(chi.URLParam(d.r, "page"))
	switch {
	case step == "":
		step = sample.State.Open()
	case !slices.Contains(wizard.Steps(), step), !sample.State.Reachable(step): // a page of the customer's that is no step, or not yet
		return d.redirect(deskURL(d.setup(), "guide"))
	}
	v := &visit{
		w: d.w, r: d.r, t: d.t, session: d.session, setup: sample, role: onboarding.RoleHolder,
		guide: &guide{base: deskURL(d.setup(), "guide"), view: s.guideView(d, l, step, step == sample.State.Open())},
	}
	if step == wizard.Token && sample.State.Token.Status == wizard.TokenClaimed { // it is on the customer's screen, masked
		screen, err := s.revealed(v, secret.Secret{})
		if err != nil {
			return err
		}
		screen.Reveal.Sample = true
		return v.render(http.StatusOK, page.Token(screen))
	}
	return s.screen(step)(v)
}

// guideView is what stands above the customer's screen; open says that it shows the step that they are on.
func (s *Server) guideView(d *desk, l look, step wizard.Step, open bool) *layout.GuideView {
	view := &layout.GuideView{
		Title: d.t.T("guide.title", "Company", l.detail.Company, "Step", step.Number(), "Total", len(wizard.Steps())), Say: d.t.T("guide.say." + string(step)),
		Until: d.t.T("console.watching.until", "Time", s.clock(d.t, l.until)), BackURL: deskURL(l.detail.ID, ""), StopURL: deskURL(l.detail.ID, "watch/stop"),
		Live: l.live, Refresh: d.r.URL.Path,
	}
	if open {
		view.Say, view.Trouble = d.t.T("guide.say."+string(l.detail.Moment)), troubleWords(d, l.detail)
	} else {
		view.OpenURL = deskURL(l.detail.ID, "guide")
	}
	return view
}

// screen is what shows a step.
func (s *Server) screen(step wizard.Step) inSetup {
	for _, each := range s.steps() {
		if each.step == step {
			return each.show
		}
	}
	return s.showToken // has routes of its own
}

// troubleWords is what the customer reads in red: why their last form was refused, or the check that went wrong last; empty
// when nothing did.
func troubleWords(d *desk, detail console.Detail) string {
	found := detail.Refusal
	for _, c := range detail.Checks {
		if c.Outcome == wizard.Bad && c.Problem != nil && (found == nil || c.Problem.At.After(found.At)) {
			found = c.Problem
		}
	}
	if found == nil {
		return ""
	}
	return plainWords(d, *found)
}

// plainWords is a sentence without the values that are not known here.
func plainWords(d *desk, t console.Trouble) string {
	return strings.ReplaceAll(d.t.Fault(t.Fault()), "<no value>", "…")
}

// guideDoor stands before the guide view: it says what the customer will read, or that they have said no.
func (s *Server) guideDoor(d *desk, l look, refused bool) error {
	detail := l.detail
	view := page.GuideDoorView{
		Frame: s.deskFrame(d, "guide.door.title", "", "Company", detail.Company), Action: deskURL(detail.ID, "watch"), BackURL: deskURL(detail.ID, ""),
		Reads: d.t.T("watching.now", "Names", d.person.Label(), "Count", 1),
	}
	view.Frame.Wide, view.Frame.Console.Current = false, ""
	if refused { // it comes back by itself when the customer allows it
		view.Live, view.RefreshURL = l.live, d.r.URL.Path
		view.Refused = d.t.Fault(fault.Of(console.ErrUnwatched))
	}
	return render(d.w, d.r, http.StatusOK, page.GuideDoor(view))
}

// showCall is how to run a call in 20 minutes: a line for each step, with what to say.
func (s *Server) showCall(d *desk) error {
	view := page.ConsoleCallView{Frame: s.deskFrame(d, "call.title", "call.lead"), Before: []string{
		d.t.T("call.before.link"), d.t.T("call.before.role"), d.t.T("call.before.share"), d.t.T("call.before.record"),
	}}
	for _, each := range callMinutes {
		view.Steps = append(view.Steps, page.CallStep{
			Title: d.t.T(string(each.step) + ".short"), Minutes: d.t.T("call.minutes", "From", each.from, "To", each.to), Say: d.t.T("guide.say." + string(each.step)),
			Watch: d.t.T("call.watch." + string(each.step)),
		})
	}
	view.Frame.Wide = false
	return render(d.w, d.r, http.StatusOK, page.ConsoleCall(view))
}

// callMinutes is when which step is on the screen in a call that goes well.
var callMinutes = []struct {
	step     wizard.Step
	from, to int
}{
	{wizard.Start, 0, 1},
	{wizard.Application, 1, 3},
	{wizard.Directory, 3, 5},
	{wizard.Signin, 5, 6},
	{wizard.Redirect, 6, 8},
	{wizard.Secret, 8, 10},
	{wizard.Assign, 10, 11},
	{wizard.Review, 11, 12},
	{wizard.Token, 12, 15},
	{wizard.Provisioning, 15, 17},
	{wizard.SigninTest, 17, 19},
	{wizard.Done, 19, 20},
}
