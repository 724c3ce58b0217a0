package sqlite_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/store/sqlite"
)

// folder is what lies in one, but for the index of a write-ahead log.
func folder(t *testing.T, path string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if strings.HasSuffix(name, "-shm") {
			continue
		}
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestInspectChangesNothing: neither a database that is served, nor one whose process died, nor one that rests, nor none.
func TestInspectChangesNothing(t *testing.T) {
	path, died := newPath(t), newPath(t)
	if _, err := sqlite.Inspect(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if len(folder(t, path)) != 0 || sqlite.WhereToMake(path) != "" {
		t.Error("a file was made, or could not be")
	}
	if why := sqlite.WhereToMake(filepath.Join(path, "no", "x.db")); !strings.Contains(why, "is not there") {
		t.Errorf("no folder: %q", why)
	}
	s := open(t, path)
	if err := s.AddKeyProof(t.Context(), []byte("a proof")); err != nil {
		t.Fatal(err)
	}
	served := folder(t, path)
	for _, name := range []string{"", "-wal"} {
		if err := os.WriteFile(died+name, served["onboard.db"+name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inspect := func(what, at string) {
		t.Helper()
		before := folder(t, at)
		state, err := sqlite.Inspect(t.Context(), at)
		if err != nil || state.Schema == 0 || state.Schema != state.Program || string(state.Proof) != "a proof" || state.Unwritable != "" || !strings.HasPrefix(state.Engine, "SQLite 3.") {
			t.Errorf("%s: %+v, %v", what, state, err)
		}
		after := folder(t, at)
		if !maps.EqualFunc(before, after, bytes.Equal) {
			t.Errorf("%s: something changed: %q, were %q", what, slices.Collect(maps.Keys(after)), slices.Collect(maps.Keys(before)))
		}
	}
	inspect("served", path)
	inspect("its process died", died)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	inspect("at rest", path)
}
