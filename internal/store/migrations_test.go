package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// permit is what the comment of a migration says when it may take away what an older program uses.
const permit = "-- contract: "

// narrowing are steps after which the program of the release before fails: it still reads and writes what is taken away, or
// leaves out what is demanded.
var narrowing = map[string]*regexp.Regexp{
	"drops a table":                    regexp.MustCompile(`(?i)\bDROP\s+(TABLE|VIEW)\b`),
	"drops a column":                   regexp.MustCompile(`(?i)\bALTER\s+TABLE\s[^;]*\bDROP\s+(COLUMN\b|[a-z_"]+\s*(;|,|CASCADE\b|$))`),
	"renames":                          regexp.MustCompile(`(?i)\bALTER\s+TABLE\s[^;]*\bRENAME\b`),
	"gives a column another type":      regexp.MustCompile(`(?i)\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b`),
	"demands a value":                  regexp.MustCompile(`(?i)\bSET\s+NOT\s+NULL\b`),
	"takes a default away":             regexp.MustCompile(`(?i)\bDROP\s+DEFAULT\b`),
	"constrains a table that is there": regexp.MustCompile(`(?i)\bALTER\s+TABLE\s[^;]*\bADD\s+(CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN)\b`),
}

var (
	comment   = regexp.MustCompile(`--[^\n]*`)
	addition  = regexp.MustCompile(`(?i)\bADD\s+(COLUMN\s+)?[a-z_"]+\s+[^;]*\bNOT\s+NULL\b[^;]*`)
	filled    = regexp.MustCompile(`(?i)\b(DEFAULT|GENERATED)\b`)
	unique    = regexp.MustCompile(`(?i)\bCREATE\s+UNIQUE\s+INDEX\s+\S+\s+ON\s+([a-z_]+)`)
	newTables = regexp.MustCompile(`(?i)\bCREATE\s+TABLE\s+([a-z_]+)`)
)

// narrowed names the steps of a migration that the program of the release before would not survive.
func narrowed(migration string) (steps []string) {
	up, _, _ := strings.Cut(migration, "-- +goose Down")
	up = comment.ReplaceAllString(up, "")
	for step, is := range narrowing {
		if is.MatchString(up) {
			steps = append(steps, step)
		}
	}
	for statement := range strings.SplitSeq(up, ";") {
		if added := addition.FindString(statement); added != "" && !filled.MatchString(added) {
			steps = append(steps, "adds a column that has to be filled")
		}
	}
	created := map[string]bool{}
	for _, table := range newTables.FindAllStringSubmatch(up, -1) {
		created[strings.ToLower(table[1])] = true
	}
	for _, index := range unique.FindAllStringSubmatch(up, -1) {
		if !created[strings.ToLower(index[1])] {
			steps = append(steps, "refuses doubles in a table that is there")
		}
	}
	return steps
}

// TestMigrationsExpand: the program of the release before runs on the schema of this one (expand). What it uses is taken away
// a release later (contract), by a migration whose comment says so.
func TestMigrationsExpand(t *testing.T) {
	files, err := filepath.Glob("*/migrations/*.sql")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if steps := narrowed(string(text)); len(steps) > 0 && !strings.Contains(string(text), permit) {
			t.Errorf("%s %s. The program of the release before still runs on this schema: take away in a later release, and say in the file %q and since which release nothing uses it", file, strings.Join(steps, ", "), permit)
		}
	}
}

func TestNarrowingIsSeen(t *testing.T) {
	const before = "-- +goose Up\n"
	for _, bad := range []string{
		"DROP TABLE notes;", "drop view setup_texts;", "ALTER TABLE setups DROP COLUMN words;", "ALTER TABLE setups DROP words;",
		"ALTER TABLE setups RENAME TO onboardings;", "ALTER TABLE setups RENAME COLUMN step TO page;", "ALTER TABLE setups RENAME step TO page;",
		"ALTER TABLE setups ADD COLUMN words TEXT NOT NULL;", "ALTER TABLE setups\n    ADD words text NOT NULL CHECK (words <> '');",
		"ALTER TABLE setups ALTER COLUMN contact SET NOT NULL;", "ALTER TABLE setups ALTER COLUMN step TYPE integer;",
		"ALTER TABLE setups ALTER words DROP DEFAULT;", "ALTER TABLE notes ADD CONSTRAINT short CHECK (length(text) < 10);",
		"CREATE UNIQUE INDEX notes_once ON notes (setup);",
	} {
		if len(narrowed(before+bad)) == 0 {
			t.Errorf("not seen: %s", bad)
		}
	}
	for _, good := range []string{
		"ALTER TABLE setups ADD COLUMN words TEXT NOT NULL DEFAULT '';", "ALTER TABLE setups ADD COLUMN words TEXT;",
		"ALTER TABLE setups ADD COLUMN n INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(changed_at, 0)) VIRTUAL;",
		"CREATE TABLE more (id TEXT NOT NULL); CREATE UNIQUE INDEX more_once ON more (id);", "-- DROP TABLE notes;\nCREATE INDEX a ON notes (at);",
		"DROP TRIGGER setups_tell ON setups;", "ALTER TABLE setups ADD COLUMN a TEXT;\n-- +goose Down\nALTER TABLE setups DROP COLUMN a;",
	} {
		if steps := narrowed(before + good); len(steps) > 0 {
			t.Errorf("%s: %v", good, steps)
		}
	}
}
