package web

import (
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

const (
	// lookEvery is how often a page asks us; how often Aritma is asked is onboarding's to say.
	lookEvery = "5s"
	// entraCycle is about how long Entra takes from one cycle to the next; nobody can change it.
	entraCycle = 40 * time.Minute
)

// arrivalsView is the live panel of the provisioning step as the setup stands; looking says that Aritma is being asked.
func (s *Server) arrivalsView(v *visit, looking bool) page.ArrivalsView {
	state := v.setup.State
	arrived := onboarding.Arrived(state)
	next := onboarding.NextLook(state.Arrivals, s.Now().UTC())
	view := page.ArrivalsView{
		Title: s.arrivalsTitle(v, arrived), LookURL: v.url("provisioning/look"), Told: "waiting", Continue: s.form(v, wizard.Provisioning),
		Access: s.accessNeed(v, wizard.Provisioning), CanLook: !next.IsZero(),
	}
	view.Rows = s.arrivalRows(v, looking)
	view.Clock = s.arrivalsClock(v, looking, arrived, next)
	if !onboarding.Settled(state, s.Now()) && !next.IsZero() && !view.Access.Missing() {
		view.Every = lookEvery
	}
	s.arrivalNotices(v, &view, arrived)
	s.news(v, &view, arrived, next.IsZero())
	if said := v.r.PostForm.Get("told"); said == view.Told || said == "" {
		view.Say = ""
	}
	return view
}

func (s *Server) arrivalsTitle(v *visit, arrived bool) string {
	person := v.setup.State.Answers.FirstPerson
	switch {
	case arrived:
		return v.t.T("arrivals.there")
	case person == "":
		return v.t.T("arrivals.waiting.anybody")
	}
	return v.t.T("arrivals.waiting", "Person", person)
}

// arrivalRows are the person who was named, anybody, and the first group. What is still waited for is running while Aritma
// is asked.
func (s *Server) arrivalRows(v *visit, looking bool) []component.StatusView {
	waiting := component.StateWaiting
	if looking {
		waiting = component.StateRunning
	}
	var rows []component.StatusView
	if v.setup.State.Answers.FirstPerson != "" {
		rows = append(rows, s.personRow(v, waiting))
	}
	rows = append(rows, s.peopleRow(v, waiting))
	group := component.StatusView{Title: v.t.T("arrivals.group"), Text: v.t.T("arrivals.group.waiting")}
	if g := v.setup.State.Arrivals.Group; g != nil {
		group.State, group.Text = component.StateGood, v.t.T("arrivals.group.here", "Name", nameOr(g.Name, v.t.T("arrivals.group")), "Time", s.clock(v.t, g.At))
	}
	return append(rows, group)
}

func (s *Server) personRow(v *visit, waiting component.State) component.StatusView {
	a, name := v.setup.State.Arrivals, v.setup.State.Answers.FirstPerson
	row := component.StatusView{State: waiting, Title: v.t.T("arrivals.person"), Text: v.t.T("arrivals.person.waiting")}
	switch {
	case a.Person != nil && a.PersonBefore:
		row.State, row.Text = component.StateDoubt, v.t.T("arrivals.person.before", "Name", nameOr(a.Person.Name, name))
	case a.Person != nil:
		row.State, row.Text = component.StateGood, v.t.T("arrivals.person.here", "Name", nameOr(a.Person.Name, name), "Time", s.clock(v.t, a.Person.At))
	case a.Somebody():
		row.Text = v.t.T("arrivals.person.others")
	}
	return row
}

func (s *Server) peopleRow(v *visit, waiting component.State) component.StatusView {
	a := v.setup.State.Arrivals
	row := component.StatusView{State: waiting, Title: v.t.T("arrivals.people")}
	switch {
	case a.People > 0 && !a.First.IsZero():
		row.State, row.Text = component.StateGood, v.t.T("arrivals.people.here", "Count", a.People, "Time", s.clock(v.t, a.First))
	case !a.First.IsZero():
		row.State, row.Text = component.StateGood, v.t.T("arrivals.people.gone", "Time", s.clock(v.t, a.First))
	case a.Somebody():
		row.State, row.Text = component.StateGood, v.t.T("arrivals.people.person")
	case a.Since.IsZero() && v.setup.State.Answers.FirstPerson == "":
		row.State, row.Text = component.StateDoubt, v.t.T("arrivals.people.uncounted.nobody")
	case a.Since.IsZero():
		row.State, row.Text = component.StateDoubt, v.t.T("arrivals.people.uncounted")
	case a.Users == 0:
		row.Text = v.t.T("arrivals.people.nobody")
	default:
		row.Text = v.t.T("arrivals.people.waiting", "Count", a.Users)
	}
	return row
}

// arrivalsClock says when Aritma was asked and is asked again, and by when Entra can have sent somebody.
func (s *Server) arrivalsClock(v *visit, looking, arrived bool, next time.Time) []string {
	a := v.setup.State.Arrivals
	last := s.clock(v.t, a.CheckedAt)
	var asked string
	switch {
	case looking:
		asked = v.t.T("arrivals.asking")
	case a.CheckedAt.IsZero():
		asked = v.t.T("arrivals.never")
	case arrived || s.needsAccess(v):
		asked = v.t.T("arrivals.asked.last", "Last", last)
	case next.IsZero():
		asked = v.t.T("arrivals.enough", "Last", last)
	default:
		if now := s.Now(); next.Before(now) {
			next = now
		}
		asked = v.t.T("arrivals.asked", "Last", last, "Next", s.clock(v.t, next))
	}
	pasted := v.setup.State.Token.PastedAt
	if arrived || pasted.IsZero() {
		return []string{asked}
	}
	id := "arrivals.clock"
	if s.Now().Sub(pasted) > entraCycle {
		id = "arrivals.clock.late"
	}
	return []string{asked, v.t.T(id, "Since", s.clock(v.t, pasted), "Waited", s.waited(v), "By", s.clock(v.t, pasted.Add(entraCycle)))}
}

// waited is how long Entra has had the token, in words.
func (s *Server) waited(v *visit) string {
	since := s.Now().Sub(v.setup.State.Token.PastedAt)
	switch {
	case since < 2*time.Hour:
		return v.t.T("arrivals.minutes", "Count", max(int(since.Minutes()), 1))
	case since < 48*time.Hour:
		return v.t.T("arrivals.hours", "Count", int(since.Hours()))
	}
	return v.t.T("arrivals.days", "Count", int(since.Hours()/24))
}

// arrivalNotices adds the good news, what is odd, and, the longer nobody comes, what to look at.
func (s *Server) arrivalNotices(v *visit, view *page.ArrivalsView, arrived bool) {
	a, named := v.setup.State.Arrivals, v.setup.State.Answers.FirstPerson
	if arrived {
		view.Done = &component.NoticeView{Kind: component.NoticeGood, Title: s.arrivedTitle(v), Text: v.t.T("arrivals.done.text")}
	} else {
		s.hint(v, view)
	}
	if a.Problem != nil {
		notice := *s.problemNotice(v, a.Problem)
		notice.Title = v.t.T("arrivals.problem")
		view.Notices = append(view.Notices, notice)
	}
	if p := a.Person; p != nil && named != "" && p.UserName != "" && !strings.EqualFold(p.UserName, named) {
		view.PortalURL = s.portal(v, portal.Provisioning)
		view.Notices = append(view.Notices, component.NoticeView{
			Kind: component.NoticeWarning, Title: v.t.T("provisioning.username-differs.title"),
			Text: v.t.T("provisioning.username-differs", "UserName", p.UserName, "Person", named),
		})
	}
}

func (s *Server) arrivedTitle(v *visit) string {
	a := v.setup.State.Arrivals
	at := a.First
	if a.Person != nil && !a.PersonBefore {
		if name := nameOr(a.Person.Name, v.setup.State.Answers.FirstPerson); name != "" {
			return v.t.T("arrivals.done", "Name", name, "Time", s.clock(v.t, a.Person.At))
		}
		at = a.Person.At
	}
	return v.t.T("arrivals.done.anybody", "Time", s.clock(v.t, at))
}

// hint is what to look at after 5, 20 and 45 minutes with nobody.
func (s *Server) hint(v *visit, view *page.ArrivalsView) {
	pasted := v.setup.State.Token.PastedAt
	if pasted.IsZero() {
		return
	}
	switch since := s.Now().Sub(pasted); {
	case since >= 45*time.Minute:
		view.Hints = []string{
			v.t.T("provisioning.nothing.scope"), v.t.T("provisioning.nothing.nested"), v.t.T("provisioning.nothing.quarantine"), v.t.T("provisioning.nothing.log"),
		}
	case since >= 20*time.Minute:
		view.Hints = []string{v.t.T("arrivals.hint.cycle"), v.t.T("arrivals.hint.started"), v.t.T("arrivals.hint.demand")}
	case since >= 5*time.Minute:
		view.Hints = []string{v.t.T("arrivals.hint.demand"), v.t.T("arrivals.hint.started")}
	default:
		return
	}
	view.HintTitle = v.t.T("arrivals.hint", "Waited", s.waited(v))
}

// news names what the panel tells, and the sentence with which a swap says it.
func (s *Server) news(v *visit, view *page.ArrivalsView, arrived, enough bool) {
	a := v.setup.State.Arrivals
	switch {
	case arrived && a.Group != nil:
		view.Told, view.Say = "group", v.t.T("arrivals.done", "Name", nameOr(a.Group.Name, v.t.T("arrivals.group")), "Time", s.clock(v.t, a.Group.At))
	case arrived:
		view.Told, view.Say = "arrived", s.arrivedTitle(v)
	case a.Problem != nil:
		view.Told, view.Say = "problem", v.t.T("arrivals.problem")
	case enough:
		view.Told, view.Say = "enough", v.t.T("arrivals.enough", "Last", s.clock(v.t, a.CheckedAt))
	case a.Somebody():
		view.Told, view.Say = "others", v.t.T("arrivals.person.others")
	}
}
