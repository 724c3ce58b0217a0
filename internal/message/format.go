package message

import (
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/da"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/fi"
	"github.com/go-playground/locales/nb"
	"github.com/go-playground/locales/sv"

	"github.com/aritma/entra-onboard/internal/fault"
)

// habits are how dates, times and numbers are written in a language, by CLDR. English is that of Europe: the day comes before the
// month, and a day has 24 hours.
var habits = map[string]locales.Translator{"en": en_GB.New(), "nb": nb.New(), "sv": sv.New(), "da": da.New(), "fi": fi.New()}

func (p Printer) habit() locales.Translator {
	if h, ok := habits[p.lang]; ok {
		return h
	}
	return habits["en"]
}

// Zone is the name of the zone in which times are told: the same in every language.
const Zone = " UTC"

// Day is the date of a moment in UTC, in words: 2 January 2027.
func (p Printer) Day(at time.Time) string { return p.habit().FmtDateLong(at.UTC()) }

// Hour is the time of day of a moment, to the minute: 15:04 UTC.
func (p Printer) Hour(at time.Time) string { return p.habit().FmtTimeShort(at.UTC()) + Zone }

// Moment is Day and Hour.
func (p Printer) Moment(at time.Time) string { return p.Day(at) + " " + p.Hour(at) }

// Second is a moment to the second.
func (p Printer) Second(at time.Time) string {
	return p.Day(at) + " " + p.habit().FmtTimeMedium(at.UTC()) + Zone
}

// Number is a whole number with its digits grouped.
func (p Printer) Number(n int) string { return p.habit().FmtNumber(float64(n), 0) }

// written returns data with its moments as dates in the language.
func (p Printer) written(data fault.Data) fault.Data {
	var out fault.Data
	for name, value := range data {
		at, ok := value.(time.Time)
		if !ok {
			continue
		}
		if out == nil {
			out = make(fault.Data, len(data))
			for name, value := range data {
				out[name] = value
			}
		}
		out[name] = p.Day(at)
	}
	if out == nil {
		return data
	}
	return out
}
