package static_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/aritma/entra-onboard/static"
)

var pack = flag.Bool("pack", false, "pack the assets anew")

var names = []string{"app.css", "app.js", "console.css", "console.js", "htmx.js", "favicon.svg"}

// codings are those in which assets are served: how a file in packed ends, and how it is made.
var codings = map[string]struct {
	ending string
	writer func(io.Writer) (io.WriteCloser, error)
}{
	"br": {".br", func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(w, brotli.BestCompression), nil
	}},
	"gzip": {".gz", func(w io.Writer) (io.WriteCloser, error) {
		return gzip.NewWriterLevel(w, gzip.BestCompression)
	}},
}

// TestPackedIsCurrent: every asset is served in either coding, and packed holds nothing else. What the codings unpack to is
// held against the plain form in TestCodingIsNegotiated.
func TestPackedIsCurrent(t *testing.T) {
	if *pack {
		packAll(t)
		return
	}
	var wanted []string
	for _, name := range names {
		for coding, c := range codings {
			wanted = append(wanted, path.Base(static.URL(name))+c.ending)
			if got := get(t, http.MethodGet, static.URL(name), coding).Header.Get("Content-Encoding"); got != coding {
				t.Errorf("%s is not packed as %s: run make generate", name, coding)
			}
		}
	}
	if held := packedFiles(t); len(held) != len(wanted) || slices.ContainsFunc(held, func(f string) bool { return !slices.Contains(wanted, f) }) {
		t.Errorf("packed holds %v, want %v: run make generate", held, wanted)
	}
}

func packedFiles(t *testing.T) (held []string) {
	t.Helper()
	entries, err := os.ReadDir("packed")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		held = append(held, entry.Name())
	}
	return held
}

// packAll writes the folder packed anew.
func packAll(t *testing.T) {
	t.Helper()
	for _, file := range packedFiles(t) {
		if err := os.Remove(filepath.Join("packed", file)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		plain := body(t, get(t, http.MethodGet, static.URL(name), "").Body)
		for _, c := range codings {
			var packed bytes.Buffer
			w, err := c.writer(&packed)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(plain); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join("packed", path.Base(static.URL(name))+c.ending), packed.Bytes(), 0o644); err != nil { //nolint:gosec // part of the source
				t.Fatal(err)
			}
		}
	}
}
