package message_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// idArguments says which arguments of a function are message ids: by package and name, or by name alone. Templates
// are read in their generated form.
var idArguments = map[string][]int{
	"T":         {0},
	"fault.New": {1}, "fault.Wrap": {2},
	"web.add": {1}, "web.oneOf": {1}, "web.problem": {3}, "web.waiting": {2}, "web.byLink": {1, 2},
	"web.frame": {1, 2}, "web.aside": {1, 2}, "web.deskFrame": {1, 2},
	"signin.fail": {1}, "web.problemView": {2}, "web.notOpen": {3}, "web.tooMany": {2}, "sandbox.index": {3}, "entra.told": {0, 1}, "onboarding.askAgain": {2},
}

// passedOn are arguments whose ids are counted where they are written: in a call above, an assignment, a composite.
var passedOn = []string{"id", "c.ID", "t.ID", "missing", "title", "lead", "wrong", "v.id", "f.ID", "p.ID", "notOfferedHere", "d.Meaning", "d.Fix", "message", "result.Fault"}

// made lists, for each id that is put together, what it can be.
func made() map[string][]string {
	var titles, leads, shorts, switches []string
	for _, step := range wizard.Steps() {
		titles, leads, shorts = append(titles, string(step)+".title"), append(leads, string(step)+".lead"), append(shorts, string(step)+".short")
	}
	for _, sw := range sandbox.Switches() {
		switches = append(switches, sw.MessageID())
	}
	var events []string
	for _, kind := range strings.Fields(`
		setup.created setup.opened setup.completed setup.started-over person.signed-in link.created link.revoked
		secret.received secret.checked secret.dropped provider.registered provider.scheme-taken register.failed redirect.proven
		changes.discarded token.intended token.created token.probed token.revealed token.withheld token.pasted token.removed token.failed
		token.orphan-found token.unlisted people.arrived signin.test-begun signin.tested start-over.failed data.removed
		sharing.began sharing.ended setup.closed setup.reopened setup.corrected watching.began watching.refused watching.allowed`) {
		events = append(events, "activity."+kind)
	}
	var says, watches []string
	for _, step := range wizard.Steps() {
		says, watches = append(says, "guide.say."+string(step)), append(watches, "call.watch."+string(step))
	}
	var moments []string
	for _, moment := range console.Moments() {
		moments = append(moments, "guide.say."+string(moment))
	}
	var checks, stands []string
	for _, name := range console.Checks() {
		checks = append(checks, "console.check."+string(name))
	}
	for _, stand := range console.Stands() {
		stands = append(stands, "console.state."+string(stand))
	}
	return map[string][]string{
		`"export." + column`: {
			"export.figure", "export.of", "export.value", "export.unit", "export.at", "export.actor", "export.from", "export.kind", "export.detail",
		},
		`string(row.Step) + ".short"`:             shorts,
		`string(step.Step) + ".short"`:            shorts,
		`string(step) + ".short"`:                 shorts,
		`string(each.step) + ".short"`:            shorts,
		`"guide.say." + string(step)`:             says,
		`"guide.say." + string(each.step)`:        says,
		`"guide.say." + string(detail.Moment)`:    moments,
		`"guide.say." + string(l.detail.Moment)`:  moments,
		`"call.watch." + string(each.step)`:       watches,
		`"console.check." + string(c.Name)`:       checks,
		`"console.state." + string(stand)`:        stands,
		`"console.age." + age.name`:               {"console.age.day", "console.age.week", "console.age.over-week", "console.age.over-month"},
		`"console.began." + string(detail.Began)`: {"console.began.link", "console.began.token", "console.began.signin"},
		`"console.done." + id`:                    {"console.done.note", "console.done.revoked", "console.done.closed", "console.done.reopened", "console.done.made", "console.done.about"},
		`string(step) + ".title"`:                 titles,
		`string(step) + ".lead"`:                  leads,
		`string(each) + ".short"`:                 shorts,
		`sw.MessageID()`:                          switches,
		`a.Switch.MessageID()`:                    switches,
		`"sandbox.faults." + upstream`:            {"sandbox.faults.id", "sandbox.faults.iam", "sandbox.faults.scim", "sandbox.faults.entra", "sandbox.faults.mistake"},
		`"component.notice." + v.Kind.class()`:    {"component.notice.info", "component.notice.good", "component.notice.doubt", "component.notice.failed"},
		`"component.state." + v.State.class()`:    {"component.state.waiting", "component.state.running", "component.state.good", "component.state.doubt", "component.state.failed"},
		`"provisioning.arrived." + arrived`:       {"provisioning.arrived.yes", "provisioning.arrived.no"},
		`id + ".title"` /* of a waiting step */ :  {"review.title", "token.title"},
		`id + ".running"`:                         {"review.running", "token.running"},
		`"theme." + theme`:                        {"theme.system", "theme.light", "theme.dark"},
		`"links.label." + name`:                   {"links.label.admin", "links.label.deputy", "links.label.resume"},
		`"links.label." + links[i].Label`:         {"links.label.admin", "links.label.deputy", "links.label.resume"},
		`"links.label." + link.Label`:             {"links.label.admin", "links.label.deputy", "links.label.resume"},
		`"activity." + e.Kind`:                    events,
		`id + ".text"` /* of what is awaited */ :  {"review.running.text", "token.running.text", "start-over.running.text", "secret.running.text"},
	}
}

// scan collects the message ids in the sources.
type scan struct {
	t       *testing.T
	files   *token.FileSet
	pkg     string
	made    map[string][]string
	used    map[string]token.Position
	unknown map[string]token.Position // expressions that no table explains
	seen    map[string]bool           // of the tables
}

func scanSources(t *testing.T) *scan {
	t.Helper()
	s := &scan{t: t, files: token.NewFileSet(), made: made(), used: map[string]token.Position{}, unknown: map[string]token.Position{}, seen: map[string]bool{}}
	for _, root := range []string{"cmd", "web", "internal", "templates"} {
		err := filepath.WalkDir(filepath.Join("..", "..", root), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(s.files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			s.pkg = file.Name.Name
			ast.Inspect(file, s.visit)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *scan) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		for _, i := range s.argumentsOf(n) {
			if i < len(n.Args) {
				s.use(n.Args[i])
			}
		}
	case *ast.CompositeLit:
		s.composite(n)
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if i < len(n.Rhs) {
				s.named(left, n.Rhs[i])
			}
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i < len(n.Values) {
				s.named(name, n.Values[i])
			}
		}
	}
	return true
}

func (s *scan) argumentsOf(call *ast.CallExpr) []int {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return idArguments[s.pkg+"."+f.Name]
	case *ast.SelectorExpr:
		for _, name := range []string{types.ExprString(f), s.pkg + "." + f.Sel.Name, f.Sel.Name} {
			if arguments, ok := idArguments[name]; ok {
				return arguments
			}
		}
	}
	return nil
}

// composite takes the ids out of verdict{kind, id}, and of faults and problems that are written out.
func (s *scan) composite(c *ast.CompositeLit) {
	if c.Type == nil {
		return
	}
	kind := types.ExprString(c.Type)
	for _, element := range c.Elts {
		pair, keyed := element.(*ast.KeyValueExpr)
		switch {
		case !keyed && kind == "verdict":
			if _, literal := element.(*ast.BasicLit); literal {
				s.use(element)
			}
		case keyed && slices.Contains([]string{"fault.Error", "Error", "wizard.Problem"}, kind) && types.ExprString(pair.Key) == "ID":
			s.use(pair.Value)
		}
	}
}

// named takes the id that is given to a variable whose value is passed on.
func (s *scan) named(left, right ast.Expr) {
	literal, ok := right.(*ast.BasicLit)
	if ok && slices.Contains(passedOn, types.ExprString(left)) && strings.Contains(literal.Value, ".") {
		s.use(literal)
	}
}

func (s *scan) use(e ast.Expr) {
	at := s.files.Position(e.Pos())
	if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
		id, err := strconv.Unquote(literal.Value)
		if err != nil {
			s.t.Fatalf("%s: %v", at, err)
		}
		if id != "" {
			s.used[id] = at
		}
		return
	}
	text := types.ExprString(e)
	s.seen[text] = true
	for _, id := range s.made[text] {
		s.used[id] = at
	}
	if _, explained := s.made[text]; !explained && !slices.Contains(passedOn, text) {
		s.unknown[text] = at
	}
}

func TestEveryUsedSentenceExistsAndEveryoneIsUsed(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	s := scanSources(t)
	if len(s.used) < 100 {
		t.Fatalf("only %d ids found in the sources: the scan is broken", len(s.used))
	}
	for text, at := range s.unknown {
		t.Errorf("%s: what can the id %s be? Add it to the tables of this test", at, text)
	}
	for text := range s.made {
		if !s.seen[text] {
			t.Errorf("nothing in the sources says %s any more: take it out of this test", text)
		}
	}
	known := catalogue.IDs()
	for id, at := range s.used {
		if !slices.Contains(known, id) {
			t.Errorf("%s: the catalogue has no %q", at, id)
		}
	}
	for _, id := range known {
		if _, used := s.used[id]; !used {
			t.Errorf("nothing uses %q: take it out of the catalogue", id)
		}
	}
	t.Logf("%d sentences, %d ids in the sources", len(known), len(s.used))
}
