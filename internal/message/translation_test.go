package message_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/BurntSushi/toml"

	"github.com/aritma/entra-onboard/internal/message"
)

// sentences are those of one language, by id and plural form; the form of a sentence without plural is "".
type sentences map[string]map[string]string

// written reads what the catalogue says in a language.
func written(t *testing.T, tag string) sentences {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("catalogue", "*."+tag+".toml"))
	if err != nil {
		t.Fatal(err)
	}
	all := sentences{}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for id, forms := range parsed(t, string(file)) {
			all[id] = forms
		}
	}
	return all
}

func parsed(t *testing.T, file string) sentences {
	t.Helper()
	var raw map[string]any
	if err := toml.Unmarshal([]byte(file), &raw); err != nil {
		t.Fatal(err)
	}
	all := sentences{}
	for id, sentence := range raw {
		all[id] = map[string]string{}
		switch sentence := sentence.(type) {
		case string:
			all[id][""] = sentence
		case map[string]any:
			for form, text := range sentence {
				all[id][form] = fmt.Sprint(text)
			}
		}
	}
	return all
}

var (
	action = regexp.MustCompile(`\{\{.*?\}\}`)
	part   = regexp.MustCompile(`\.[A-Z]\w*|"[^"]*"`) // a place for data, or what it is held against
	label  = regexp.MustCompile(`\*\*(.+?)\*\*`)
	value  = regexp.MustCompile("`([^`]+)`")
	name   = regexp.MustCompile(`Aritma|Microsoft|Entra|Azure|SCIM|IAM|API|CSV|JSON|TXT|DNS|OpenID Connect|Secret Token|Tenant URL|Redirect URI|Directory \(tenant\) ID|Application \(client\) ID|Client secret value`)
	words  = regexp.MustCompile(`\pL{2,}`)
	// never are the words that nobody is told with: they beg, regret or blame. By language.
	never = map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`(?i)\b(please|sorry|invalid)\b`),
		"nb": regexp.MustCompile(`(?i)\b(vennligst|beklager|ugyldige?)\b`),
		"sv": regexp.MustCompile(`(?i)(vänligen|tyvärr|ogiltig)`),
		"da": regexp.MustCompile(`(?i)\b(venligst|beklager|ugyldige?)\b`),
		"fi": regexp.MustCompile(`(?i)(ole hyvä|olkaa hyvä|valitettavasti|virheelli)`),
	}
)

// same are sentences that a language says as English does, by language.
var same = map[string][]string{}

// pluralForms are what CLDR distinguishes among whole numbers: the same two in every language of the wizard.
var pluralForms = []string{"one", "other"}

// flaws says what is wrong with a language, one line for each sentence.
func flaws(tag string, english, other sentences) (all []string) {
	for id := range other {
		if english[id] == nil {
			all = append(all, fmt.Sprintf("%s: English has no %q", tag, id))
		}
	}
	for id, want := range english {
		got := other[id]
		if got == nil {
			all = append(all, fmt.Sprintf("%s: %q is missing", tag, id))
			continue
		}
		forms := slices.Sorted(maps.Keys(got))
		if _, single := want[""]; single && !slices.Equal(forms, []string{""}) || !single && !slices.Equal(forms, pluralForms) {
			all = append(all, fmt.Sprintf("%s: %q has the plural forms %q", tag, id, forms))
			continue
		}
		if parts, wanted := partsOf(got), partsOf(want); !slices.Equal(parts, wanted) {
			all = append(all, fmt.Sprintf("%s: %q fills in %q, English %q", tag, id, parts, wanted))
		}
		for _, form := range forms {
			for _, flaw := range flawsOf(tag, want[form], got[form]) {
				all = append(all, fmt.Sprintf("%s: %q %s: %s", tag, id, flaw, got[form]))
			}
			if tag != "en" && got[form] == want[form] && translatable(want[form]) && !slices.Contains(same[tag], id) {
				all = append(all, fmt.Sprintf("%s: %q is English: %s", tag, id, got[form]))
			}
		}
	}
	return all
}

// flawsOf says what is wrong with one text.
func flawsOf(tag, english, text string) (all []string) {
	if _, err := template.New("").Parse(text); err != nil {
		all = append(all, "cannot be filled in ("+err.Error()+")")
	}
	if strings.TrimSpace(text) != text || text == "" {
		all = append(all, "is empty, or has blanks at an end")
	}
	for _, mark := range []string{"**", "__", "`"} {
		switch n := strings.Count(text, mark); {
		case n%2 != 0:
			all = append(all, "has a mark "+mark+" that is not closed")
		case n != strings.Count(english, mark):
			all = append(all, "has not the marks "+mark+" of English")
		}
	}
	for what, of := range map[string]*regexp.Regexp{"portal labels": label, "values": value} {
		if got, want := insides(of, text), insides(of, english); !slices.Equal(got, want) {
			all = append(all, fmt.Sprintf("has the %s %q, English %q", what, got, want))
		}
	}
	if word := never[tag].FindString(action.ReplaceAllString(text, " ")); word != "" {
		all = append(all, "says "+word)
	}
	return all
}

// partsOf are the places for data of all forms together, and what they are held against.
func partsOf(forms map[string]string) []string {
	found := map[string]bool{}
	for _, text := range forms {
		for _, each := range action.FindAllString(text, -1) {
			for _, p := range part.FindAllString(each, -1) {
				found[p] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func insides(of *regexp.Regexp, text string) (all []string) {
	for _, match := range of.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	slices.Sort(all)
	return all
}

// translatable reports whether there is more in a text than a word that may be the same in another language: two words beside names,
// labels, values and places for data.
func translatable(text string) bool {
	for _, of := range []*regexp.Regexp{action, label, value, name} {
		text = of.ReplaceAllString(text, "")
	}
	return len(words.FindAllString(text, -1)) > 1
}

// TestEveryLanguageSaysWhatEnglishSays: the build fails by a sentence that an offered language does not have, or has otherwise.
func TestEveryLanguageSaysWhatEnglishSays(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	english := written(t, "en")
	if len(english) != len(catalogue.IDs()) {
		t.Fatalf("%d English sentences are read, the catalogue has %d", len(english), len(catalogue.IDs()))
	}
	for _, l := range message.Known() {
		if !catalogue.Offers(l.Tag) {
			t.Logf("%s is not offered yet: %d of %d sentences", l.Name, len(written(t, l.Tag)), len(english))
			continue
		}
		for _, flaw := range flaws(l.Tag, english, written(t, l.Tag)) {
			t.Error(flaw)
		}
	}
}

// TestFilesAreOfKnownLanguages: a file of any other name would be in nobody's pages.
func TestFilesAreOfKnownLanguages(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("catalogue", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		parts := strings.Split(filepath.Base(path), ".")
		known := len(parts) == 3 && parts[2] == "toml" && slices.ContainsFunc(message.Known(), func(l message.Language) bool { return l.Tag == parts[1] })
		if !known {
			t.Errorf("%s is no <room>.<language>.toml", path)
		}
	}
}

// TestFlawsAreFound breaks a language in every way.
func TestFlawsAreFound(t *testing.T) {
	const english = `
"a" = "Open **Provisioning** at ` + "`/x`" + ` until __{{.Date}}__ now"
"b" = { one = "a minute", other = "{{.Count}} minutes" }
"c" = "{{if eq .Outcome \"good\"}}It works{{else}}It does not{{end}}"
`
	const good = `
"a" = "Åpne **Provisioning** på ` + "`/x`" + ` nå, til __{{.Date}}__"
"b" = { one = "ett minutt", other = "{{.Count}} minutter" }
"c" = "{{if eq .Outcome \"good\"}}Det virker{{else}}Det virker ikke{{end}}"
`
	want := parsed(t, english)
	if got := flaws("nb", want, parsed(t, good)); len(got) != 0 {
		t.Errorf("what is right is wrong: %q", got)
	}
	for _, broken := range []struct{ old, now, flaw string }{
		{`"b" =`, `"d" =`, `English has no "d"`},
		{`"b" =`, `"d" =`, `"b" is missing`},
		{`one = "ett minutt", `, ``, "plural forms"},
		{`one = "ett`, `few = "ett`, "plural forms"},
		{"{{.Date}}", "{{.Day}}", "fills in"},
		{`\"good\"`, `\"bra\"`, "fills in"},
		{"{{.Count}}", "Noen", "fills in"},
		{"{{end}}", "", "cannot be filled in"},
		{"**Provisioning**", "**Provisioning", "not closed"},
		{"**Provisioning**", "Provisioning", "marks **"},
		{"**Provisioning**", "**Klargjøring**", "portal labels"},
		{"`/x`", "`/y`", "values"},
		{"__{{.Date}}__", "{{.Date}}", "marks __"},
		{"Det virker ikke", "Beklager, det virker ikke", "says Beklager"},
		{"Det virker{{else}}Det virker ikke", "It works{{else}}It does not", "is English"},
		{"nå, til", "nå, ugyldig til", "says ugyldig"},
		{`"ett minutt"`, `"ett minutt "`, "blanks"},
	} {
		if !strings.Contains(good, broken.old) {
			t.Fatalf("%q is not there to break", broken.old)
		}
		got := strings.Join(flaws("nb", want, parsed(t, strings.Replace(good, broken.old, broken.now, 1))), "\n")
		if !strings.Contains(got, broken.flaw) {
			t.Errorf("%q in place of %q: %q is not found in %q", broken.now, broken.old, broken.flaw, got)
		}
	}
}
