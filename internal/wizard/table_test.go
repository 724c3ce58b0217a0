package wizard_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// cells reads a table into stage → event → cell.
func cells(t *testing.T, table string) map[string]map[string]string {
	t.Helper()
	rows := strings.Split(strings.TrimSpace(table), "\n")
	names := strings.Fields(rows[0])
	read := map[string]map[string]string{}
	for _, name := range names {
		read[name] = map[string]string{}
	}
	for _, row := range rows[1:] {
		fields := strings.Fields(row)
		if len(fields) != len(names)+1 {
			t.Fatalf("row has %d cells, want %d: %s", len(fields)-1, len(names), row)
		}
		for i, name := range names {
			if _, twice := read[name][fields[0]]; twice {
				t.Fatalf("%s stands twice", fields[0])
			}
			read[name][fields[0]] = fields[i+1]
		}
	}
	return read
}

func TestEveryEventInEveryStage(t *testing.T) {
	want := map[string]map[string]string{}
	for _, table := range []string{answersTable, registeringTable, registeredTable, tokenTable, laterTable} {
		for name, column := range cells(t, table) {
			if want[name] != nil {
				t.Fatalf("stage %s stands twice", name)
			}
			want[name] = column
		}
	}
	for _, s := range stages {
		column, known := want[s.name]
		if !known || len(column) != len(happenings)+1 {
			t.Fatalf("the tables have %d of %d events in stage %s", len(column)-1, len(happenings), s.name)
		}
		state := at(t, s.name)
		if got := string(state.Open()); got != column["(open)"] {
			t.Errorf("%s: open is %s, want %s", s.name, got, column["(open)"])
		}
		for _, h := range happenings {
			if got := outcome(t, state, h.of(state)); got != column[h.name] {
				t.Errorf("%s, then %s: %s, want %s", s.name, h.name, got, column[h.name])
			}
		}
		delete(want, s.name)
	}
	if len(want) > 0 {
		t.Errorf("the tables have stages that do not exist: %v", want)
	}
}

// outcome is a cell. It also holds that an event changes no state in place, and that a refused one changes nothing.
func outcome(t *testing.T, state wizard.State, e wizard.Event) string {
	t.Helper()
	before := deepCopy(state)
	next, err := state.Apply(e, began.Add(24*time.Hour))
	if diff := cmp.Diff(before, state, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%T changed its receiver:\n%s", e, diff)
	}
	if err == nil {
		return string(next.Open())
	}
	if diff := cmp.Diff(before, next, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%T was refused and changed the state:\n%s", e, diff)
	}
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("%T was refused with %v, want a fault of kind conflict", e, err)
	}
	return "!" + strings.TrimPrefix(fault.Of(err).ID, "wizard.")
}

// TestTablesKnowEveryEvent holds the list of events against the package's source.
func TestTablesKnowEveryEvent(t *testing.T) {
	tested := map[string]bool{}
	for _, h := range happenings {
		tested[reflect.TypeOf(h.of(wizard.State{})).Name()] = true
	}
	for _, name := range eventTypes(t) {
		if !tested[name] {
			t.Errorf("%s is in no table", name)
		}
		delete(tested, name)
	}
	if len(tested) > 0 {
		t.Errorf("events that the package does not have: %v", tested)
	}
}

// eventTypes lists the types of the package that have a method apply.
func eventTypes(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "apply" {
				names = append(names, f.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	return names
}
