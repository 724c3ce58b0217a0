package message

import (
	"embed"
	"fmt"
	"io/fs"
	"sort"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/aritma/entra-onboard/internal/fault"
)

// files holds one catalogue file per room and language, named <room>.<language>.toml; keys are flat, quoted ids.
//
//go:embed catalogue/*.toml
var files embed.FS

// Catalogue knows every sentence.
type Catalogue struct {
	bundle    *i18n.Bundle
	ids       []string
	languages []Language
	printers  map[string]Printer // by tag
}

// New reads the embedded catalogue. It fails on a file that cannot be read and on an id that stands twice.
func New() (*Catalogue, error) { return Read(files, offered) }

// Read reads a catalogue in these languages, the first of which is English, from the folder "catalogue" of a file system. What is not
// written in another language is said in English.
func Read(files fs.FS, languages []Language) (*Catalogue, error) {
	c := &Catalogue{bundle: i18n.NewBundle(language.English), languages: languages, printers: map[string]Printer{}}
	c.bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, l := range languages {
		if err := c.read(files, l.Tag); err != nil {
			return nil, err
		}
	}
	for _, l := range languages {
		c.printers[l.Tag] = Printer{localizer: i18n.NewLocalizer(c.bundle, l.Tag), lang: l.Tag, plain: &sync.Map{}}
	}
	sort.Strings(c.ids)
	return c, nil
}

func (c *Catalogue) read(files fs.FS, tag string) error {
	paths, err := fs.Glob(files, "catalogue/*."+tag+".toml")
	if err != nil {
		return err
	}
	seen := map[string]string{}
	for _, path := range paths {
		file, err := c.bundle.LoadMessageFileFS(files, path)
		if err != nil {
			return fmt.Errorf("read catalogue: %w", err)
		}
		for _, m := range file.Messages {
			if first, twice := seen[m.ID]; twice {
				return fmt.Errorf("message %q stands in %s and in %s", m.ID, first, path)
			}
			seen[m.ID] = path
			if tag == "en" {
				c.ids = append(c.ids, m.ID)
			}
		}
	}
	return nil
}

// IDs lists every message id, sorted.
func (c *Catalogue) IDs() []string { return c.ids }

// Printer makes sentences in one language. The zero Printer prints ids.
type Printer struct {
	localizer *i18n.Localizer
	lang      string
	// plain are sentences without data as they were once printed, by id: most of a page's.
	plain *sync.Map
}

// Lang is the BCP 47 tag of the sentences.
func (p Printer) Lang() string { return p.lang }

// T returns the sentence id with its placeholders filled from key, value pairs; a time.Time is written as its Day. A value under "Count" chooses the
// plural form. An id that the catalogue does not hold is returned as it is; a test demands that none is missing.
func (p Printer) T(id string, pairs ...any) string {
	if len(pairs) == 0 {
		return p.print(id, nil)
	}
	data := make(fault.Data, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return p.print(id, data)
}

// Fault returns the sentence of a fault: what happened and what to do.
func (p Printer) Fault(f *fault.Error) string { return p.print(f.ID, f.Data) }

func (p Printer) print(id string, data fault.Data) string {
	if p.localizer == nil {
		return id
	}
	if text, known := p.plain.Load(id); known && len(data) == 0 {
		return text.(string) //nolint:forcetypeassert // nothing else is stored
	}
	data = p.written(data)
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: data}
	if count, ok := data["Count"]; ok {
		config.PluralCount = count
	}
	text, err := p.localizer.Localize(config)
	if err != nil && text == "" {
		return id
	}
	if err == nil && len(data) == 0 {
		p.plain.Store(id, text)
	}
	return text
}
