package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

// rowsPerPage is how many setups a page lists.
const rowsPerPage = 50

const aDay = 24 * time.Hour

// ages are the choices of how long ago something happened last; at most so long ago, or at least.
var ages = []struct {
	name          string
	most, atLeast time.Duration
}{
	{name: "day", most: aDay},
	{name: "week", most: 7 * aDay},
	{name: "over-week", atLeast: 7 * aDay},
	{name: "over-month", atLeast: 30 * aDay},
}

// showConsole lists setups, last changed first.
func (s *Server) showConsole(d *desk) error {
	asked := d.r.URL.Query()
	q, chosen := s.query(asked)
	at, err := s.liveAt(d.r.Context()) // first: what changes meanwhile is told again
	if err != nil {
		return err
	}
	rows, more, err := s.Console.Rows(d.r.Context(), q)
	if err != nil {
		return err
	}
	view := page.ConsoleListView{
		Frame: s.deskFrame(d, "console.setups.title", ""), Words: q.Words, States: s.standOptions(d.t, chosen.Get("state")), Ages: ageOptions(d.t, chosen.Get("age")),
		Live: liveView(livePath+"?since="+at, s.Now()), RefreshURL: d.r.URL.RequestURI(), NewURL: consolePath + "/new", Filtered: len(chosen) > 0,
	}
	for _, row := range rows {
		view.Rows = append(view.Rows, s.rowView(d.t, row))
	}
	if more {
		last := rows[len(rows)-1]
		chosen.Set("after", strconv.FormatInt(last.ChangedAt.UnixNano(), 10)+"."+last.ID)
		view.NextURL = consolePath + "?" + chosen.Encode()
	}
	if q.After.ID != "" {
		chosen.Del("after")
		view.FirstURL = consolePath + "?" + chosen.Encode()
	}
	return render(d.w, d.r, http.StatusOK, page.ConsoleList(view))
}

// query reads what is asked for; chosen is that again, without what makes no difference.
func (s *Server) query(asked url.Values) (q console.Query, chosen url.Values) {
	q, chosen = console.Query{Limit: rowsPerPage}, url.Values{}
	if q.Words = wizard.CleanText(asked.Get("q")); q.Words != "" {
		chosen.Set("q", q.Words)
	}
	if stand := console.Stand(asked.Get("state")); slices.Contains(console.Stands(), stand) {
		q.Stand = stand
		chosen.Set("state", string(stand))
	}
	for _, age := range ages {
		if asked.Get("age") != age.name {
			continue
		}
		chosen.Set("age", age.name)
		if age.most > 0 {
			q.Since = s.Now().Add(-age.most)
		} else {
			q.Before = s.Now().Add(-age.atLeast)
		}
	}
	at, id, _ := strings.Cut(asked.Get("after"), ".")
	if nanos, err := strconv.ParseInt(at, 10, 64); err == nil && id != "" {
		q.After = console.Key{ChangedAt: time.Unix(0, nanos), ID: id}
	}
	return q, chosen
}

func (s *Server) standOptions(t message.Printer, chosen string) []component.Option {
	options := []component.Option{{Label: t.T("console.state.any"), Checked: chosen == ""}}
	for _, stand := range console.Stands() {
		options = append(options, component.Option{Value: string(stand), Label: standWord(t, stand), Checked: chosen == string(stand)})
	}
	return options
}

func ageOptions(t message.Printer, chosen string) []component.Option {
	options := []component.Option{{Label: t.T("console.age.any"), Checked: chosen == ""}}
	for _, age := range ages {
		options = append(options, component.Option{Value: age.name, Label: t.T("console.age." + age.name), Checked: chosen == age.name})
	}
	return options
}

func standWord(t message.Printer, stand console.Stand) string {
	return t.T("console.state." + string(stand))
}

// standState is the mark of a stand.
func standState(stand console.Stand) component.State {
	switch stand {
	case console.Completed:
		return component.StateGood
	case console.Problem:
		return component.StateFailed
	case console.InProgress:
		return component.StateRunning
	case console.Waiting:
		return component.StateDoubt
	case console.NotOpened, console.Closed:
	}
	return component.StateWaiting
}

func (s *Server) rowView(t message.Printer, row console.Row) page.ConsoleRow {
	view := page.ConsoleRow{
		ID: row.ID, URL: deskURL(row.ID, ""), Company: row.Company, Detail: row.Tenant, State: standState(row.Stand), StateText: standWord(t, row.Stand),
		Changed: s.clock(t, row.ChangedAt), Machine: machineTime(row.ChangedAt),
	}
	if row.Contact != "" {
		view.Detail += " · " + row.Contact
	}
	switch {
	case row.Unwatched:
		view.Step, view.Changed = t.T("console.row.unwatched"), "–"
	case row.Step != "" && row.Stand != console.Completed:
		view.Number, view.Step = t.T("console.row.step", "Number", row.Step.Number(), "Total", len(wizard.Steps())), t.T(string(row.Step)+".short")
	}
	return view
}

func machineTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }
