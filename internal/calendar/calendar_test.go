package calendar_test

import (
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/aritma/entra-onboard/internal/calendar"
)

// A calendar that reads the file finds the day, whatever stands in its texts.
func TestDayIsRead(t *testing.T) {
	title, text := "Replace the secret; of Nordlys, Bygg", "Line one\nEND:VEVENT\nhttps://onboard.example/ "+strings.Repeat("long ", 40)
	var file strings.Builder
	day := calendar.Day{ID: "a@b", Day: time.Date(2027, 11, 11, 0, 0, 0, 0, time.UTC), Title: title, Text: text, Made: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)}
	if err := day.Write(&file); err != nil {
		t.Fatal(err)
	}
	read, err := ics.ParseCalendar(strings.NewReader(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	events := read.Events()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	start, err := events[0].GetAllDayStartAt()
	if err != nil || start.Format(time.DateOnly) != "2027-11-11" {
		t.Errorf("it is on %v (%v)", start, err)
	}
	if got := events[0].GetProperty(ics.ComponentPropertySummary).Value; got != title {
		t.Errorf("it is called %q", got)
	}
	if got := events[0].GetProperty(ics.ComponentPropertyDescription).Value; got != text {
		t.Errorf("it says %q", got)
	}
	if !strings.Contains(file.String(), "\r\nPRODID:-//Aritma//Entra onboarding//EN\r\n") {
		t.Errorf("it says of another product that it made it:\n%s", file.String())
	}
	if len(events[0].Alarms()) != 1 {
		t.Error("nothing reminds of it")
	}
	for line := range strings.Lines(file.String()) {
		if content, ended := strings.CutSuffix(line, "\r\n"); !ended || strings.Contains(content, "\r") {
			t.Errorf("%q does not end with CRLF (RFC 5545, section 3.1)", line)
		}
		if len(strings.TrimRight(line, "\r\n")) > 75 {
			t.Errorf("a line of %d bytes (RFC 5545, section 3.1)", len(line))
		}
	}
}
