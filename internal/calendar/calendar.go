package calendar

import (
	"io"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Day is one whole day in a calendar.
type Day struct {
	ID          string // the same for the same day to remember: a calendar replaces what it has by this name
	Day         time.Time
	Title, Text string
	Made        time.Time
}

// reminder is when a calendar reminds of the day: at nine in its morning.
const reminder = "PT9H"

// product names what makes the file (RFC 5545, section 3.7.3).
const product = "-//Aritma//Entra onboarding//EN"

// Write writes a calendar with that one day. It takes up no time in it.
func (d Day) Write(w io.Writer) error {
	calendar := ics.NewCalendar()
	calendar.SetProductId(product)
	calendar.SetMethod(ics.MethodPublish)
	event := calendar.AddEvent(d.ID)
	event.SetDtStampTime(d.Made)
	event.SetAllDayStartAt(d.Day)
	event.SetAllDayEndAt(d.Day.AddDate(0, 0, 1))
	event.SetSummary(d.Title)
	event.SetDescription(d.Text)
	event.SetTimeTransparency(ics.TransparencyTransparent)
	alarm := event.AddAlarm()
	alarm.SetAction(ics.ActionDisplay)
	alarm.SetDescription(d.Title)
	alarm.SetTrigger(reminder)
	return calendar.SerializeTo(w, ics.WithNewLineWindows) // on every system (RFC 5545, section 3.1)
}
