package message

import (
	"slices"

	"golang.org/x/text/language"
)

// Language is a language of the wizard.
type Language struct {
	// Tag is its BCP 47 tag, a primary subtag alone.
	Tag string
	// Name is what the language calls itself.
	Name string
}

// languages are those that the wizard is written in, English first: what English says, the others say, too.
var languages = []Language{{"en", "English"}, {"nb", "Norsk bokmål"}, {"sv", "Svenska"}, {"da", "Dansk"}, {"fi", "Suomi"}}

// offered are the languages that people can choose: those whose every sentence is written. A test holds them complete.
var offered = languages

// bokmal is the primary subtag of the one Norwegian that is written here. Whoever asks for Norwegian (no) or nynorsk (nn) reads it.
const bokmal = "nb"

// Known are all the languages that the wizard is written in, English first, whether they are offered yet or not.
func Known() []Language { return slices.Clone(languages) }

// Languages are those that a Printer can be had in, English first.
func (c *Catalogue) Languages() []Language { return c.languages }

// Offers reports whether tag is the tag of one of Languages.
func (c *Catalogue) Offers(tag string) bool {
	return slices.ContainsFunc(c.languages, func(l Language) bool { return l.Tag == tag })
}

// For returns a Printer in the first language that is offered of those preferred: BCP 47 tags or values of Accept-Language
// (RFC 9110, section 12.5.4), the most wanted first. What cannot be read is passed over. English when nothing fits: a language that is
// merely near, as Finnish is to Estonian by CLDR, is not what was asked for.
func (c *Catalogue) For(preferences ...string) Printer {
	for _, preference := range preferences {
		tags, _, err := language.ParseAcceptLanguage(preference)
		if err != nil {
			continue
		}
		for _, tag := range tags {
			base, _ := tag.Base()
			name := base.String()
			if name == "no" || name == "nn" {
				name = bokmal
			}
			if p, ok := c.printers[name]; ok {
				return p
			}
		}
	}
	return c.printers["en"]
}
