package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

// showActivity is the audit trail, newest first: who did what, when, and from where.
func (s *Server) showActivity(v *visit) error {
	events, err := s.Onboarding.Trail(v.ctx(), v.setup.ID)
	if err != nil {
		return err
	}
	view := page.ActivityView{Frame: s.aside(v, "activity.title", "activity.lead"), BackURL: v.step(v.setup.State.Open())}
	for _, e := range slices.Backward(events) {
		what := s.whatHappened(v.t, e)
		if what == "" {
			continue
		}
		view.Rows = append(view.Rows, page.ActivityRow{
			Time: v.t.Second(e.At), Machine: machineTime(e.At),
			What: what, Who: actorWords(v.t, e.Actor), From: e.From,
		})
	}
	return v.render(http.StatusOK, page.Activity(view))
}

// actorWords names an actor; a name of a person is their own.
func actorWords(t message.Printer, actor string) string {
	kind, name, _ := strings.Cut(actor, ":")
	switch kind {
	case "person":
		return nameOr(name, t.T("activity.who.person"))
	case "console":
		if name == "" {
			return t.T("activity.who.operator")
		}
		return t.T("activity.who.console", "Name", name)
	case "link":
		return t.T("activity.who.link", "Label", t.T("links.label."+name))
	case "token":
		return t.T("activity.who.token")
	case "system":
		return t.T("activity.who.system")
	}
	return t.T("activity.who.operator")
}

// whatHappened is the sentence of an event; empty for steps in between, which belong to another event.
func (s *Server) whatHappened(t message.Printer, e onboarding.Event) string {
	if step, ok := strings.CutPrefix(e.Kind, "step."); ok {
		each := wizard.Step(step)
		return t.T("activity.step", "Step", t.T(string(each)+".short"))
	}
	if !slices.Contains(told, e.Kind) {
		return ""
	}
	label := ""
	if name := e.Detail["label"]; name != "" {
		label = t.T("links.label." + name)
	}
	return t.T("activity."+e.Kind, "Reference", e.Detail["reference"], "Outcome", e.Detail["outcome"], "Replaces", e.Detail["replaces"], "Label", label)
}

// told are the kinds of events that are shown.
var told = []string{
	"setup.created", "setup.opened", "setup.completed", "setup.started-over", "person.signed-in", "link.created", "link.revoked",
	"secret.received", "secret.checked", "secret.dropped", "provider.registered", "provider.scheme-taken", "register.failed", "redirect.proven",
	"changes.discarded", "token.intended", "token.created", "token.probed", "token.revealed", "token.withheld", "token.pasted", "token.removed", "token.failed",
	"setup.closed", "setup.reopened", "setup.corrected", "sharing.began", "sharing.ended", "watching.began", "watching.refused", "watching.allowed",
	"token.orphan-found", "token.unlisted", "people.arrived", "signin.test-begun", "signin.tested", "start-over.failed",
	"data.removed",
}
