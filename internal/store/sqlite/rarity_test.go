package sqlite

import (
	"slices"
	"testing"
)

func TestRarest(t *testing.T) {
	known := rarity{fold("abc"): 900, fold("bcd"): 5, fold("cde"): 800, fold("def"): 7, fold("ef "): 400, fold("f g"): 6, fold("\x03\x03\x03"): 2000}
	for _, c := range []struct {
		text string
		want []string
	}{
		{"abcdef g", []string{"bcd", "f g", "def"}},
		{"ABCDEF G", []string{"BCD", "F G", "DEF"}},
		{"abcde", []string{"bcd", "cde", "abc"}},
		{"abc", []string{"abc", "\x03\x03\x03"}},
		{"abcd", []string{"abcd", "\x03\x03\x03"}}, // no more parts than are looked for anyhow
		{"never seen", []string{" se", "een", "er "}},
	} {
		if got, whole := known.rarest(c.text, "\x03\x03\x03"); !slices.Equal(got, c.want) || whole != (got[0] == c.text) {
			t.Errorf("%q: %q, whole %v; want %q", c.text, got, whole, c.want)
		}
	}
	common := rarity{}
	for _, part := range []string{"abc", "bcd", "cde", "def"} {
		common[fold(part)] = rare + 1
	}
	if got, whole := common.rarest("abcdef", "abc"); !whole || got[0] != "abcdef" {
		t.Errorf("of common parts %q is looked for, whole %v", got, whole)
	}
}

func TestFold(t *testing.T) {
	for _, same := range [][2]string{{"ÆØÅ æøå", "æøå ÆØÅ"}, {"Straße", "STRAßE"}, {"Σίσυφος", "ΣΊΣΥΦΟΣ"}, {"İ", "İ"}, {"k", "\u212a"}} {
		if fold(same[0]) != fold(same[1]) {
			t.Errorf("%q is not %q", same[0], same[1])
		}
	}
	if fold("é") == fold("e") || fold("\x02\x03\n") != "\x02\x03\n" {
		t.Error("more than the case is made the same")
	}
}
