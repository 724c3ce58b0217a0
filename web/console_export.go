package web

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) showFigures(d *desk) error {
	f, err := s.Console.Figures(d.r.Context())
	if err != nil {
		return err
	}
	view := page.FiguresView{
		Frame: s.deskFrame(d, "figures.title", "", "Time", s.clock(d.t, s.Now())), CSVURL: consolePath + "/figures.csv", JSONURL: consolePath + "/figures.json",
		Median: d.t.T("figures.median.none"),
	}
	most := 1
	for _, n := range f.Steps {
		most = max(most, n)
	}
	for _, stand := range console.Stands() {
		view.Stands = append(view.Stands, page.Figure{Label: standWord(d.t, stand), Value: counted(d.t, f.Stands[stand]), URL: consolePath + "?state=" + string(stand)})
	}
	for _, step := range wizard.Steps() {
		if step != wizard.Done {
			n := f.Steps[step]
			view.Steps = append(view.Steps, page.Figure{Label: d.t.T(string(step) + ".short"), Value: counted(d.t, n), Share: 100 * n / most})
		}
	}
	if f.Of > 0 {
		view.Median = d.t.T("figures.median", "Duration", durationWords(d, f.Median), "Count", f.Of)
	}
	for _, c := range f.Problems {
		view.Problems = append(view.Problems, page.Figure{Label: plainWords(d, console.Trouble{ID: c.ID}), Detail: c.ID, Value: d.t.Number(c.N)})
	}
	return render(d.w, d.r, http.StatusOK, page.Figures(view))
}

// counted writes a count that goes as far as MaxCount.
func counted(t message.Printer, n int) string {
	if n >= console.MaxCount {
		return t.Number(console.MaxCount) + "+"
	}
	return t.Number(n)
}

// durationWords says a length of time in its two largest units.
func durationWords(d *desk, t time.Duration) string {
	minutes := int(t.Round(time.Minute) / time.Minute)
	switch {
	case minutes < 60:
		return d.t.T("duration.minutes", "Count", minutes)
	case minutes < 48*60:
		return d.t.T("duration.hours", "Hours", minutes/60, "Minutes", minutes%60)
	}
	return d.t.T("duration.days", "Days", minutes/60/24, "Hours", minutes/60%24)
}

// figure is a line of the figures as they are exported: machine names, plain numbers.
type figure struct {
	Figure string `json:"figure"`
	Of     string `json:"of,omitempty"`
	Value  int64  `json:"value"`
	Unit   string `json:"unit"`
}

func figuresOf(f console.Figures) (all []figure) {
	for _, stand := range console.Stands() {
		all = append(all, figure{"setups by state", string(stand), int64(f.Stands[stand]), "setups"})
	}
	for _, step := range wizard.Steps() {
		all = append(all, figure{"setups by open step", string(step), int64(f.Steps[step]), "setups"})
	}
	all = append(all, figure{"median from opened to completed", "", int64(f.Median / time.Second), "seconds"}, figure{"setups in the median", "", int64(f.Of), "setups"})
	for _, c := range f.Problems {
		all = append(all, figure{"mistakes this month", c.ID, int64(c.N), "times"})
	}
	return all
}

func (s *Server) exportFigures(d *desk) error {
	f, err := s.Console.Figures(d.r.Context())
	if err != nil {
		return err
	}
	all := figuresOf(f)
	if strings.HasSuffix(d.r.URL.Path, ".json") {
		return d.json("figures", map[string]any{"at": machineTime(s.Now()), "figures": all})
	}
	rows := [][]string{d.header("figure", "of", "value", "unit")}
	for _, each := range all {
		rows = append(rows, []string{each.Figure, each.Of, strconv.FormatInt(each.Value, 10), each.Unit})
	}
	return d.csv("figures", rows)
}

// entry is an entry of the audit trail as it is exported.
type entry struct {
	At     string            `json:"at"`
	Actor  string            `json:"actor"`
	From   string            `json:"from,omitempty"`
	Kind   string            `json:"kind"`
	Detail map[string]string `json:"detail,omitempty"`
}

func (s *Server) exportTrail(d *desk) error {
	events, err := s.Console.Trail(d.r.Context(), d.setup())
	if err != nil {
		return err
	}
	all, rows := make([]entry, 0, len(events)), [][]string{d.header("at", "actor", "from", "kind", "detail")}
	for _, e := range events {
		all = append(all, entry{At: e.At.UTC().Format(time.RFC3339Nano), Actor: e.Actor, From: e.From, Kind: e.Kind, Detail: e.Detail})
		rows = append(rows, []string{e.At.UTC().Format(time.RFC3339Nano), e.Actor, e.From, e.Kind, detailText(e.Detail)})
	}
	name := "trail-" + d.setup()
	if strings.HasSuffix(d.r.URL.Path, ".json") {
		return d.json(name, map[string]any{"setup": d.setup(), "events": all})
	}
	return d.csv(name, rows)
}

// header are the heads of columns in the language of whoever exports.
func (d *desk) header(columns ...string) []string {
	for i, column := range columns {
		columns[i] = d.t.T("export." + column)
	}
	return columns
}

func detailText(detail map[string]string) string {
	names := make([]string, 0, len(detail))
	for name := range detail {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = name + "=" + detail[name]
	}
	return strings.Join(names, "; ")
}

// json answers with a file. Errors of writing mean that nobody reads.
func (d *desk) json(name string, value any) error {
	d.attachment(name+".json", "application/json")
	encoder := json.NewEncoder(d.w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value)
	return nil
}

func (d *desk) csv(name string, rows [][]string) error {
	d.attachment(name+".csv", "text/csv; charset=utf-8")
	w := csv.NewWriter(d.w)
	w.UseCRLF = true // RFC 4180, section 2
	for _, row := range rows {
		for i, cell := range row {
			row[i] = inert(cell)
		}
		_ = w.Write(row)
	}
	w.Flush()
	return nil
}

// inert keeps spreadsheets from taking a cell for a formula: what begins like one gets an apostrophe before it
// (https://owasp.org/www-community/attacks/CSV_Injection).
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func (d *desk) attachment(name, kind string) {
	d.w.Header().Set("Content-Type", kind)
	d.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	d.w.WriteHeader(http.StatusOK)
}
