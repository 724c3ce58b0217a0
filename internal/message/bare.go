package message

import (
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// Bare returns the sentence id as plain text, for readers that have no data to fill in and show no labels: the marks of labels
// and values are left out. False when the catalogue has no such sentence, or when it has places for data.
func (p Printer) Bare(id string) (string, bool) {
	if p.localizer == nil {
		return "", false
	}
	// As it is written, with its places.
	text, err := p.localizer.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateParser: template.IdentityParser{}})
	if err != nil || text == "" || strings.Contains(text, "{{") {
		return "", false
	}
	return strings.NewReplacer("**", "", "__", "", "`", "").Replace(text), true
}
