package wizard_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aritma/entra-onboard/internal/wizard"
)

func TestCleanSecret(t *testing.T) {
	const value = "abc8Q~AbCd.eF-gh_Ij12kL"
	for name, pasted := range map[string]string{
		"as it is":              value,
		"blanks":                "  " + value + "\t ",
		"line break after":      value + "\r\n",
		"line break inside":     value[:9] + "\n" + value[9:],
		"no-break space":        "\u00a0" + value + "\u00a0",
		"zero-width":            "\u200b" + value[:4] + "\u200d" + value[4:] + "\ufeff",
		"direction marks":       "\u202a" + value + "\u202c",
		"soft hyphen":           value[:4] + "\u00ad" + value[4:],
		"double quotes":         `"` + value + `"`,
		"single quotes":         "'" + value + "'",
		"typographic quotes":    "“" + value + "”",
		"Norwegian quotes":      "«" + value + "»",
		"backticks":             "`" + value + "`",
		"braces":                "{" + value + "}",
		"brackets":              "[" + value + "]",
		"angle brackets":        "<" + value + ">",
		"quoted, with a blank":  `" ` + value + ` "`,
		"one quote left over":   value + `"`,
		"JSON, with everything": "\ufeff {\"" + value + "\"} \n",
	} {
		if got := wizard.CleanSecret(pasted); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for pasted, want := range map[string]string{"": "", " \n\t": "", `""`: "", "a b": "a b", `a"b`: `a"b`, "Ab": "Ab"} {
		if got := wizard.CleanSecret(pasted); got != want {
			t.Errorf("CleanSecret(%q) = %q, want %q", pasted, got, want)
		}
	}
}

func TestCleanID(t *testing.T) {
	for pasted, want := range map[string]string{
		directoryID:                               directoryID,
		strings.ToUpper(directoryID):              directoryID,
		" {" + strings.ToUpper(directoryID) + "}": directoryID,
		"\u200b" + directoryID + "\r\n":           directoryID,
		"Nordlys.Example ":                        "nordlys.example",
		"":                                        "",
	} {
		if got := wizard.CleanID(pasted); got != want {
			t.Errorf("CleanID(%q) = %q, want %q", pasted, got, want)
		}
	}
}

func TestCleanText(t *testing.T) {
	for pasted, want := range map[string]string{
		"Nordlys Bygg AS":               "Nordlys Bygg AS",
		"  Nordlys   Bygg \u00a0 AS ":   "Nordlys Bygg AS",
		"Nordlys\tBygg\r\nAS":           "Nordlys Bygg AS",
		"Nord\u200blys\ufeff":           "Nordlys",
		"\u202eAS ggyB\u202c":           "AS ggyB",
		"\u2066Nordlys\u2069":           "Nordlys",
		"Nord\x00lys\x1b[31m\x7f":       "Nordlys[31m",
		"Ærlig & Ånd «Øst» {x}":         "Ærlig & Ånd «Øst» {x}",
		"\u0085Nordlys\u2028Bygg\u2029": "Nordlys Bygg",
		"":                              "",
	} {
		if got := wizard.CleanText(pasted); got != want {
			t.Errorf("CleanText(%q) = %q, want %q", pasted, got, want)
		}
	}
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		name string
		is   func(string) bool
		yes  []string
		no   []string
	}{
		{
			"GUID", wizard.IsGUID,
			[]string{directoryID, "00000000-0000-0000-0000-000000000000"},
			[]string{"", strings.ToUpper(directoryID), directoryID + "\n", "{" + directoryID + "}", directoryID[:35], strings.ReplaceAll(directoryID, "-", ""), directoryID[:35] + "g"},
		},
		{
			"scheme", wizard.IsScheme,
			[]string{"a", "nordlys-entra", "a1-2b", strings.Repeat("a", wizard.MaxSchemeLength)},
			[]string{"", "-a", "a-", "a--b", "A", "a_b", "a b", "a.b", "a/b", "ø", "a\n", strings.Repeat("a", wizard.MaxSchemeLength+1)},
		},
		{
			"domain", wizard.IsDomain,
			[]string{"nordlys.example", "a.b.no", "nordlys.onmicrosoft.com", "xn--blbr-roah.example", "1and1.example", strings.Repeat("a", 63) + ".example"},
			[]string{"", "nordlys", "Nordlys.example", ".example", "nordlys.", "a..b", "-a.example", "a-.example", "a.b", "10.0.0.10", "169.254.169.254", "a.--", "a.e-", "a b.example", "a.example/x", "a.example:443", "a@b.example", strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 126) + "example"},
		},
		{
			"e-mail", wizard.IsEmail,
			[]string{"kari@nordlys.example", "kari.o'nordmann+x@a.b.example", "ærlig@nordlys.example"},
			[]string{"", "kari", "kari@", "@nordlys.example", "kari@nordlys", "kari@@nordlys.example", "ka ri@nordlys.example", "kari@nordlys.example\n", strings.Repeat("a", 250) + "@b.example"},
		},
	} {
		for _, s := range c.yes {
			if !c.is(s) {
				t.Errorf("%q is no %s", s, c.name)
			}
		}
		for _, s := range c.no {
			if c.is(s) {
				t.Errorf("%q is a %s", s, c.name)
			}
		}
	}
}

func TestProposeScheme(t *testing.T) {
	for company, want := range map[string]string{
		"Nordlys Bygg AS":           "nordlys-bygg-entra",
		"Ærfugl & Sønner":           "aerfugl-sonner-entra",
		"Åkeri Östgöta AB":          "akeri-ostgota-entra",
		"AS":                        "as-entra",
		"":                          "entra",
		"株式会社":                      "entra",
		"A/S Norsk  Hydro":          "a-s-norsk-hydro-entra",
		strings.Repeat("lang ", 20): "lang-lang-lang-lang-lang-lang-lang-entra",
		strings.Repeat("x", 80):     "entra",
	} {
		if got := wizard.ProposeScheme(company); got != want {
			t.Errorf("ProposeScheme(%q) = %q, want %q", company, got, want)
		}
	}
}

// seeds are pastes that have gone wrong somewhere.
func seeds(f *testing.F) {
	for _, seed := range []string{
		"", " ", "{" + directoryID + "}", `"abc8Q~x"`, "\u200b«x»\u00ad", "a\tb\r\nc", "\x00\xff\xfe", "İSTANBUL", "\u202ex\u2069",
		"nordlys.example", "10.0.0.10", "Nordlys Bygg AS", "'\"`[({<>})]`\"'", "Ⅷ Å é",
	} {
		f.Add(seed)
	}
}

func FuzzClean(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, pasted string) {
		for name, clean := range map[string]func(string) string{"CleanID": wizard.CleanID, "CleanSecret": wizard.CleanSecret, "CleanText": wizard.CleanText} {
			once := clean(pasted)
			if twice := clean(once); twice != once {
				t.Errorf("%s(%q) = %q, and again %q", name, pasted, once, twice)
			}
			if strings.ContainsFunc(once, unicode.IsControl) || strings.TrimSpace(once) != once {
				t.Errorf("%s(%q) = %q", name, pasted, once)
			}
			if utf8.ValidString(pasted) && !utf8.ValidString(once) {
				t.Errorf("%s(%q) = %q is no text", name, pasted, once)
			}
		}
	})
}

// FuzzShapes: what has the shape of an identifier is already clean, so that nothing is stored other than it was checked.
func FuzzShapes(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		if (wizard.IsGUID(s) || wizard.IsDomain(s)) && wizard.CleanID(s) != s {
			t.Errorf("CleanID(%q) = %q", s, wizard.CleanID(s))
		}
		if wizard.IsScheme(s) && (wizard.CleanID(s) != s || strings.ContainsAny(s, "/?#%&.: ")) {
			t.Errorf("%q is a scheme", s)
		}
		if proposed := wizard.ProposeScheme(s); !wizard.IsScheme(proposed) || len(proposed) > 40 {
			t.Errorf("ProposeScheme(%q) = %q", s, proposed)
		}
	})
}
