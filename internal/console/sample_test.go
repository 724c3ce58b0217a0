package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// one is a console.Setups of a single setup, and as much of a console.Store as it takes to read it.
type one struct {
	console.Store
	setup onboarding.Setup
	trail []onboarding.Event
}

func (o one) Setup(context.Context, string) (onboarding.Setup, error)   { return o.setup, nil }
func (o one) Links(context.Context, string) ([]onboarding.Link, error)  { return nil, nil }
func (o one) Trail(context.Context, string) ([]onboarding.Event, error) { return o.trail, nil }
func (o one) Notes(context.Context, string) ([]console.Note, error)     { return nil, nil }
func (o one) Row(context.Context, string) (console.Row, error) {
	return console.Row{
		ID: o.setup.ID, Company: o.setup.Company, Stand: console.StandOf(o.setup), Step: o.setup.State.Open(), Problem: console.ProblemOf(o.setup),
		Unwatched: o.setup.Unwatched, ChangedAt: o.setup.ChangedAt,
	}, nil
}

func (o one) Watch(context.Context, console.Watcher, ...onboarding.Event) error {
	if o.setup.Unwatched || !o.setup.ClosedAt.IsZero() {
		return onboarding.ErrConflict
	}
	return nil
}

func (o one) service() *console.Service {
	return console.New(o, o, func() time.Time { return noon })
}

// entered fills every text with something that a customer may have entered, and every list, map and pointer with one.
func entered(v reflect.Value, n *int) {
	switch v.Kind() {
	case reflect.String:
		*n++
		v.SetString(fmt.Sprintf("entered-%d", *n))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Marks" && v.Type().Field(i).Name != "Claims" {
				entered(v.Field(i), n)
			}
		}
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*wizard.Problem]() {
			*n++
			v.Set(reflect.ValueOf(&wizard.Problem{ID: "iam.refused", Reference: "REF", Data: fault.Data{"Detail": fmt.Sprintf("entered-%d", *n), "Code": "AADSTS1"}}))
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		entered(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		entered(v.Index(0), n)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// TestSampleHoldsNothingEntered: a guide sees the step and the choices, and not one text that the customer entered or that came
// from their directory.
func TestSampleHoldsNothingEntered(t *testing.T) {
	real := onboarding.Setup{ID: "real", Company: "Nordlys Bygg AS", Tenant: "nordlys-bygg"}
	n := 0
	entered(reflect.ValueOf(&real.State).Elem(), &n)
	real.State.Answers.Authority = "https://login.microsoftonline.us/" + real.State.Answers.DirectoryID + "/v2.0"
	real.State.Answers.Region = "EU"
	real.State.Registration.Sent.Authority, real.State.Registration.Sent.Region = "", "EU"
	real.State.Registration.Intent, real.State.Token.Status, real.State.Trial.Match = wizard.Create, wizard.TokenSealed, wizard.MatchEmail
	for _, c := range []*wizard.Check{&real.State.ClientSecret.Check, &real.State.Registration.Redirect.Check, &real.State.Token.Check, &real.State.Trial.Check} {
		c.Outcome = wizard.Bad
	}
	real.State.Marks = map[wizard.Step]wizard.Mark{wizard.Start: {At: noon, Revision: 1}}
	if n < 40 {
		t.Fatalf("only %d texts were filled in", n)
	}
	sample, err := one{setup: real}.service().Sample(t.Context(), "real")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(sample)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "entered-") {
		t.Errorf("the sample has it: %s", text)
	}
	if sample.ID == real.ID || sample.State.Open() != real.State.Open() || !sample.State.Answers.TwoApps || sample.Company != real.Company {
		t.Errorf("the sample is not at the same place: %s", text)
	}
	if sample.State.Answers.Authority != "https://login.microsoftonline.us/"+sample.State.Answers.DirectoryID+"/v2.0" {
		t.Errorf("another cloud: %s", sample.State.Answers.Authority)
	}
}

func TestTroubleKeepsWordsAndNumbers(t *testing.T) {
	setup := onboarding.Setup{ID: "abcdefghijklmnopqrstuvwxyz", OpenedAt: noon}
	setup.State.Registration.Problem = &wizard.Problem{ID: "iam.forbidden", At: noon, Reference: "7F3A", Data: fault.Data{
		"Text": "words", "Number": 42.0, "Yes": true, "No": false, "Correlation": "1-2-3",
		"Secret": secret.New("canary"), "Bytes": []byte("canary"), "Anything": struct{ S string }{"canary"},
	}}
	detail, err := one{setup: setup}.service().Setup(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	var trouble *console.Trouble
	for _, c := range detail.Checks {
		if c.Name == console.CheckRegister {
			trouble = c.Problem
		}
	}
	want := map[string]string{"Text": "…", "Number": "42", "Yes": "true", "Correlation": "1-2-3"}
	if trouble == nil || !reflect.DeepEqual(trouble.Data, want) || trouble.Correlation != "1-2-3" {
		t.Errorf("got %+v", trouble)
	}
}

// TestUnwatched: what the customer does not want to show is not read.
func TestUnwatched(t *testing.T) {
	setup := onboarding.Setup{ID: "abcdefghijklmnopqrstuvwxyz", Company: "Nordlys Bygg AS", OpenedAt: noon, Unwatched: true, ChangedAt: noon}
	setup.State.Token.Problem = &wizard.Problem{ID: "iam.forbidden", At: noon}
	trail := []onboarding.Event{
		{Actor: "operator", Kind: "setup.created"},
		{Actor: "link:admin", Kind: "setup.opened"},
		{Actor: "console:Ida", Kind: "link.created"},
		{Actor: "person:Kari", Kind: "watching.refused"},
		{Actor: "system", Kind: "secret.dropped"},
	}
	s := one{setup: setup, trail: trail}.service()
	detail, err := s.Setup(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if detail.Stand != console.InProgress || detail.Step != "" || detail.Problem != "" || detail.Steps != nil || detail.Checks != nil {
		t.Errorf("shown all the same: %+v", detail)
	}
	var kinds []string
	for _, e := range detail.Trail {
		kinds = append(kinds, e.Kind)
	}
	if got := strings.Join(kinds, " "); got != "setup.created link.created watching.refused" {
		t.Errorf("the timeline has %s", got)
	}
	if _, err := s.Sample(t.Context(), "a"); !errors.Is(err, console.ErrUnwatched) {
		t.Errorf("the guide view: %v", err)
	}
	if err := s.Watch(t.Context(), "a", "w", "Ida", onboarding.Actor{}); !errors.Is(err, console.ErrUnwatched) {
		t.Errorf("watching: %v", err)
	}
}

// TestTrailHoldsNothingEntered: of the facts in the trail the console has those that nobody entered.
func TestTrailHoldsNothingEntered(t *testing.T) {
	s := one{setup: onboarding.Setup{ID: "a"}, trail: []onboarding.Event{
		{Actor: "link:admin", Kind: "provider.registered", Detail: map[string]string{"scheme": "typed", "uri": "https://typed", "reference": "7F3A", "problem": "iam.forbidden"}},
	}}.service()
	trail, err := s.Trail(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if got := trail[0].Detail; !reflect.DeepEqual(got, map[string]string{"reference": "7F3A", "problem": "iam.forbidden"}) {
		t.Errorf("got %v", got)
	}
}

// TestLinksOfTheConsole: none where a link could let somebody look who is not to.
func TestLinksOfTheConsole(t *testing.T) {
	for name, c := range map[string]struct {
		setup onboarding.Setup
		may   bool
	}{
		"its own": {onboarding.Setup{}, true}, "of an administrator": {onboarding.Setup{BegunBySignin: true}, true},
		"begun with a token": {onboarding.Setup{SelfBegun: true}, false}, "not looked at": {onboarding.Setup{Unwatched: true}, false},
		"closed": {onboarding.Setup{ClosedAt: noon}, false},
	} {
		if err := (one{setup: c.setup}).service().MayLink(t.Context(), "a"); (err == nil) != c.may {
			t.Errorf("%s: %v", name, err)
		}
	}
}
