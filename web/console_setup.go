package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/session"
)

// deskActs is all that the console does to setups. Two of them return a secret: that of a link which they have just made.
type deskActs interface {
	CreateSetup(ctx context.Context, n onboarding.NewSetup) (onboarding.Setup, error)
	MakeLink(ctx context.Context, n onboarding.NewLink) (secret.Secret, onboarding.Link, error)
	ReplaceLink(ctx context.Context, old string, n onboarding.NewLink) (secret.Secret, onboarding.Link, error)
	RevokeLink(ctx context.Context, setup, id string, actor onboarding.Actor) error
	Close(ctx context.Context, id string, actor onboarding.Actor) error
	Reopen(ctx context.Context, id string, actor onboarding.Actor) error
	Correct(ctx context.Context, id string, a onboarding.About, actor onboarding.Actor) error
}

func (s *Server) acts() deskActs { return s.Onboarding }

// look is one setup as it is when somebody looks at it.
type look struct {
	detail console.Detail
	until  time.Time // the reader watches; zero: not now
	live   component.LiveView
}

func (s *Server) look(d *desk) (l look, err error) {
	ctx, id := d.r.Context(), d.setup()
	at, err := s.liveAt(ctx) // first: what changes meanwhile is told again
	if err != nil {
		return l, err
	}
	l.live = liveView(livePath+"?setup="+id+"&since="+at, s.Now())
	if l.detail, err = s.Console.Setup(ctx, id); err != nil {
		return l, err
	}
	l.until, err = s.Console.Watching(ctx, id, watcherOf(session.Hash(d.session)))
	return l, err
}

// detailView is one setup as it stands.
func (s *Server) detailView(d *desk) (page.ConsoleSetupView, error) {
	l, err := s.look(d)
	if err != nil {
		return page.ConsoleSetupView{}, err
	}
	detail := l.detail
	view := page.ConsoleSetupView{
		Frame: s.deskFrame(d, "console.setup.title", "", "Company", detail.Company), Row: s.rowView(d.t, detail.Row), BaseURL: deskURL(detail.ID, ""),
		Live: l.live, RefreshURL: deskURL(detail.ID, ""), Operation: onboarding.NewOperation(),
		Closed: detail.Stand == console.Closed, MayLink: detail.MayLink, Unwatched: detail.Unwatched, Facts: s.facts(d, detail), Trail: s.deskTrail(d, detail.Trail),
	}
	view.Frame.Console.Current = ""
	if !l.until.IsZero() {
		view.Watching = d.t.T("console.watching.until", "Time", s.clock(d.t, l.until))
	}
	if !view.Closed && !detail.Unwatched {
		view.Say, view.Trouble = d.t.T("guide.say."+string(detail.Moment)), troubleWords(d, detail)
	}
	for _, c := range detail.Checks {
		view.Checks = append(view.Checks, s.checkView(d, c))
	}
	for _, step := range detail.Steps {
		view.Steps = append(view.Steps, s.deskStep(d, step, detail.Step))
	}
	for _, n := range detail.Notes {
		view.Notes = append(view.Notes, page.ConsoleNote{Text: n.Text, Who: n.Who, Time: s.clock(d.t, n.At), Machine: machineTime(n.At)})
	}
	s.deskLinks(d, &view, detail)
	return view, nil
}

// deskTrail is the timeline, newest first: what the customer reads under Activity, and why forms were refused.
func (s *Server) deskTrail(d *desk, trail []onboarding.Event) (rows []page.ActivityRow) {
	for _, e := range slices.Backward(trail) {
		what := s.whatHappened(d.t, e)
		if e.Kind == "form.refused" {
			what = d.t.T("console.refused", "Sentence", plainWords(d, console.Trouble{ID: e.Detail["problem"]}))
		}
		if what != "" {
			rows = append(rows, page.ActivityRow{Time: s.clock(d.t, e.At), Machine: machineTime(e.At), What: what, Who: actorWords(d.t, e.Actor)})
		}
	}
	return rows
}

func (s *Server) facts(d *desk, detail console.Detail) []component.SummaryRow {
	none := d.t.T("not-given")
	contact := none
	if !detail.ForgottenAt.IsZero() {
		contact = d.t.T("console.fact.removed")
	}
	rows := []component.SummaryRow{
		{Label: d.t.T("console.fact.tenant"), Value: detail.Tenant, Mono: true},
		{Label: d.t.T("console.fact.domain"), Value: nameOr(detail.Domain, none), Mono: detail.Domain != ""},
		{Label: d.t.T("console.fact.contact"), Value: nameOr(detail.Contact, contact)},
		{Label: d.t.T("console.fact.began"), Value: d.t.T("console.began."+string(detail.Began), "Time", s.clock(d.t, detail.CreatedAt))},
		{Label: d.t.T("console.fact.reference"), Value: detail.Reference, Mono: true},
	}
	for _, each := range []struct {
		label string
		at    time.Time
	}{
		{d.t.T("console.fact.opened"), detail.OpenedAt}, {d.t.T("console.fact.completed"), detail.CompletedAt}, {d.t.T("console.fact.closed"), detail.ClosedAt},
	} {
		if !each.at.IsZero() {
			rows = append(rows, component.SummaryRow{Label: each.label, Value: s.clock(d.t, each.at)})
		}
	}
	if !detail.ForgottenAt.IsZero() {
		rows = append(rows, component.SummaryRow{
			Label: d.t.T("console.fact.forgotten"), Value: d.t.T("console.fact.forgotten.at", "Time", s.clock(d.t, detail.ForgottenAt)),
		})
	}
	return rows
}

// checkView is a check with its sentence, which says what to do as well, and the numbers to quote.
func (s *Server) checkView(d *desk, c console.Check) component.StatusView {
	view := component.StatusView{Title: d.t.T("console.check." + string(c.Name))}
	switch c.Outcome {
	case wizard.Good:
		view.State = component.StateGood
	case wizard.Doubt:
		view.State = component.StateDoubt
	case wizard.Bad:
		view.State = component.StateFailed
	case wizard.Unchecked:
	}
	if c.Problem != nil {
		view.Fix = d.t.Fault(c.Problem.Fault())
		view.Text = d.t.T("console.check.at", "Time", s.clock(d.t, c.Problem.At), "Reference", c.Problem.Reference)
		if c.Problem.Correlation != "" {
			view.Text += " " + d.t.T("console.check.correlation", "Correlation", c.Problem.Correlation)
		}
	} else if !c.At.IsZero() {
		view.Text = d.t.T("console.check.when", "Time", s.clock(d.t, c.At))
	}
	return view
}

func (s *Server) deskStep(d *desk, step console.Step, open wizard.Step) page.ConsoleStep {
	view := page.ConsoleStep{Title: d.t.T(string(step.Step) + ".short"), State: "todo"}
	switch {
	case step.Step == open:
		view.State = "current"
	case step.Done:
		view.State = "done"
	}
	if !step.At.IsZero() {
		view.Time = s.clock(d.t, step.At)
	}
	return view
}

func (s *Server) deskLinks(d *desk, view *page.ConsoleSetupView, detail console.Detail) {
	for _, link := range slices.Backward(detail.Links) {
		row := page.ConsoleLink{Name: d.t.T("links.label." + link.Label)}
		switch {
		case !link.RevokedAt.IsZero():
			row.State = d.t.T("links.revoked", "Time", s.clock(d.t, link.RevokedAt))
		case !link.Usable(s.Now()):
			row.State = d.t.T("links.expired", "Time", s.clock(d.t, link.ExpiresAt))
		default:
			row.State = d.t.T("links.usable", "Created", s.clock(d.t, link.CreatedAt), "Time", s.clock(d.t, link.ExpiresAt))
			to := deskURL(detail.ID, "links/"+link.ID)
			if row.RevokeAction = to + "/revoke"; detail.MayLink {
				row.ReplaceAction = to + "/replace"
			}
		}
		view.Links = append(view.Links, row)
	}
}

func (s *Server) showDetail(d *desk) error {
	view, err := s.detailView(d)
	if err != nil {
		return err
	}
	s.told(d, &view)
	return render(d.w, d.r, http.StatusOK, page.ConsoleSetup(view))
}

// told says what the last act did, once.
func (s *Server) told(d *desk, view *page.ConsoleSetupView) {
	id := d.r.URL.Query().Get("done")
	if slices.Contains([]string{"note", "revoked", "closed", "reopened", "made", "about"}, id) {
		view.Notice = &component.NoticeView{Focus: true, Kind: component.NoticeGood, Title: d.t.T("console.done." + id)}
	}
}

// again shows the setup with what is wrong with a form of it.
func (s *Server) again(d *desk, status int, change func(view *page.ConsoleSetupView)) error {
	view, err := s.detailView(d)
	if err != nil {
		return err
	}
	change(&view)
	return render(d.w, d.r, status, page.ConsoleSetup(view))
}

func (s *Server) submitNote(d *desk) error {
	text := strings.TrimSpace(strings.ReplaceAll(d.r.PostForm.Get("note"), "\r\n", "\n"))
	err := s.Console.Note(d.r.Context(), d.setup(), d.actor(), d.person.Label(), text)
	if fault.Is(err, fault.Invalid) {
		return s.again(d, http.StatusUnprocessableEntity, func(view *page.ConsoleSetupView) {
			view.Frame.Wrong, view.Note = true, text
			view.Errors = []component.FieldError{{Field: "note", Text: d.t.Fault(fault.Of(err))}}
		})
	}
	if err != nil {
		return err
	}
	return d.redirect(deskURL(d.setup(), "") + "?done=note")
}

// lives are how long a link may open its setup, in days.
var lives = []int{1, 3, 7, 14, 30}

func (d *desk) newLink(life int) onboarding.NewLink {
	return onboarding.NewLink{Setup: d.setup(), Label: onboarding.LinkAdmin, Actor: d.actor(), Life: onboarding.Days(life), Operation: operation(d.r)}
}

func (s *Server) submitDeskLink(d *desk) error {
	if err := s.Console.MayLink(d.r.Context(), d.setup()); err != nil {
		return err
	}
	value, link, err := s.acts().MakeLink(d.r.Context(), d.newLink(defaultLife))
	return s.handDeskLink(d, value, link, err)
}

func (s *Server) replaceDeskLink(d *desk) error {
	if err := s.Console.MayLink(d.r.Context(), d.setup()); err != nil {
		return err
	}
	value, link, err := s.acts().ReplaceLink(d.r.Context(), chi.URLParam(d.r, "link"), d.newLink(defaultLife))
	return s.handDeskLink(d, value, link, err)
}

// handDeskLink shows a new link in the answer to the form that made it: the only time that anybody sees it.
func (s *Server) handDeskLink(d *desk, value secret.Secret, link onboarding.Link, err error) error {
	if errors.Is(err, onboarding.ErrLinkMade) || fault.Of(err).ID == "links.gone" {
		return s.again(d, http.StatusConflict, func(view *page.ConsoleSetupView) {
			view.Notice = &component.NoticeView{Focus: true, Kind: component.NoticeWarning, Title: d.t.T("console.link.again"), Text: d.t.Fault(fault.Of(err))}
		})
	}
	if err != nil {
		return err
	}
	return s.again(d, http.StatusOK, func(view *page.ConsoleSetupView) {
		view.Frame.Keep = true
		view.Made, view.MadeWhere = s.linkURL(value), d.t.T("console.link.where", "Date", d.t.Moment(link.ExpiresAt))
	})
}

// linkURL is the address of a setup link.
func (s *Server) linkURL(value secret.Secret) secret.Secret {
	return secret.New(s.PublicURL.JoinPath("s", value.Expose()).String())
}

func (s *Server) revokeDeskLink(d *desk) error {
	if err := s.acts().RevokeLink(d.r.Context(), d.setup(), chi.URLParam(d.r, "link"), d.actor()); err != nil {
		return err
	}
	return d.redirect(deskURL(d.setup(), "") + "?done=revoked")
}

func (s *Server) closeSetup(d *desk) error {
	if d.r.PostForm.Get("sure") != "yes" {
		return s.again(d, http.StatusUnprocessableEntity, func(view *page.ConsoleSetupView) {
			view.Frame.Wrong, view.Errors = true, []component.FieldError{{Field: "sure", Text: d.t.T("console.close.missing")}}
		})
	}
	if err := s.acts().Close(d.r.Context(), d.setup(), d.actor()); err != nil {
		return err
	}
	return d.redirect(deskURL(d.setup(), "") + "?done=closed")
}

func (s *Server) reopenSetup(d *desk) error {
	if err := s.acts().Reopen(d.r.Context(), d.setup(), d.actor()); err != nil {
		return err
	}
	return d.redirect(deskURL(d.setup(), "") + "?done=reopened")
}
