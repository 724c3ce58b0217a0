package messagetest

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"

	"github.com/aritma/entra-onboard/internal/message"
)

// kept is what stands in a sentence as it is: places for data, portal labels, values.
var kept = regexp.MustCompile("\\{\\{.*?\\}\\}|\\*\\*.*?\\*\\*|`[^`]*`")

// Catalogue is English and the other languages of the wizard, made up.
func Catalogue(t testing.TB) *message.Catalogue {
	t.Helper()
	made.once.Do(func() { made.catalogue = catalogue(t) })
	if made.catalogue == nil {
		t.Fatal("there are no made-up languages")
	}
	return made.catalogue
}

// made is the one catalogue of a test program: making it takes a second.
var made struct {
	once      sync.Once
	catalogue *message.Catalogue
}

func catalogue(t testing.TB) *message.Catalogue {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "catalogue", "*.en.toml"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no catalogue: ", err)
	}
	files := fstest.MapFS{}
	for _, path := range paths {
		english, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := "catalogue/" + filepath.Base(path)
		files[name] = &fstest.MapFile{Data: english}
		for _, l := range message.Known()[1:] {
			files[strings.TrimSuffix(name, "en.toml")+l.Tag+".toml"] = &fstest.MapFile{Data: translated(t, english, l.Tag)}
		}
	}
	catalogue, err := message.Read(files, message.Known())
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

func translated(t testing.TB, english []byte, tag string) []byte {
	t.Helper()
	var sentences map[string]any
	if err := toml.Unmarshal(english, &sentences); err != nil {
		t.Fatal(err)
	}
	for id, sentence := range sentences {
		switch sentence := sentence.(type) {
		case string:
			sentences[id] = Sentence(tag, sentence)
		case map[string]any:
			for form, text := range sentence {
				sentence[form] = Sentence(tag, text.(string)) //nolint:forcetypeassert // a plural form is a text
			}
		}
	}
	var out bytes.Buffer
	if err := toml.NewEncoder(&out).Encode(sentences); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Sentence is an English sentence of the catalogue in a made-up language.
func Sentence(tag, english string) string {
	var out strings.Builder
	out.WriteString(Letters(tag) + " ")
	last := 0
	for _, at := range kept.FindAllStringIndex(english, -1) {
		out.WriteString(Letters(english[last:at[0]]) + english[at[0]:at[1]])
		last = at[1]
	}
	out.WriteString(Letters(english[last:]))
	return out.String()
}

// Letters writes the letters of ASCII in their full width, which nobody else uses here (Unicode, U+FF21 on).
func Letters(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r - 'A' + 'Ａ'
		}
		return r
	}, text)
}
