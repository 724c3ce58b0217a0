package web

import (
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// standing is a visitor of a setup whose state the test chose, at noon.
func standing(t *testing.T, state wizard.State) (*Server, *visit) {
	t.Helper()
	messages, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Options: Options{Onboarding: onboarding.New(onboarding.Options{Log: slog.New(slog.DiscardHandler)}), Messages: messages, PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1"}, Now: func() time.Time { return noon }}}
	r := httptest.NewRequest("GET", "/", nil)
	setup := onboarding.Setup{ID: "setup", State: state}
	session := &sessions.Session{Values: map[any]any{tokenKey + "setup": secret.New("token")}}
	return s, &visit{w: httptest.NewRecorder(), r: r, t: s.printer(r), setup: setup, session: session}
}

func html(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// demand checks what stands in a panel and what does not.
func demand(t *testing.T, got string, says, never []string) {
	t.Helper()
	for _, words := range says {
		if !strings.Contains(got, words) {
			t.Errorf("does not say %q", words)
		}
	}
	for _, words := range never {
		if strings.Contains(got, words) {
			t.Errorf("says %q", words)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

const kari = "kari@nordlysbygg.example"

// ago is a state in which Entra got the token that long before noon, and Aritma was asked a moment ago.
func ago(wait time.Duration, change func(*wizard.State)) wizard.State {
	state := wizard.State{Answers: wizard.Answers{FirstPerson: kari}}
	state.Token.PastedAt = noon.Add(-wait)
	state.Arrivals = wizard.Arrivals{Since: noon.Add(-wait), Users: 3, CheckedAt: noon.Add(-time.Second), Checks: 1}
	if change != nil {
		change(&state)
	}
	return state
}

func TestArrivalsPanel(t *testing.T) {
	here := &wizard.Arrived{Name: "Kari", UserName: kari, At: noon.Add(-time.Minute)}
	const polls, done, hints = "hx-trigger", `name="arrived"`, "What to look at now"
	for name, c := range map[string]struct {
		state       wizard.State
		says, never []string
	}{
		"at first":         {ago(3*time.Minute, nil), []string{polls, "Nobody new yet. 3 people", "next at 12:00 UTC", "by about 12:37 UTC at the latest"}, []string{hints, done}},
		"after 5 minutes":  {ago(5*time.Minute, nil), []string{"Nobody after 5 minutes", "Provision on demand"}, []string{"inner group"}},
		"after 20 minutes": {ago(20*time.Minute, nil), []string{"Nobody after 20 minutes", "first cycle may still be under way"}, []string{"inner group"}},
		"after 45 minutes": {ago(45*time.Minute, nil), []string{"Nobody after 45 minutes", "inner group", "Quarantine", "Provisioning logs", "was to be expected by about 11:55 UTC"}, nil},
		"after a day":      {ago(26*time.Hour, nil), []string{"Nobody after 26 hours"}, nil},
		"enough for a day": {ago(10*time.Hour, func(s *wizard.State) { s.Arrivals.Spent = []wizard.Spent{{Hour: noon.Unix() / 3600, Requests: 189}} }), []string{"enough for one day"}, []string{polls, `name="now"`}},
		"known before":     {ago(time.Minute, func(s *wizard.State) { s.Arrivals.Person, s.Arrivals.PersonBefore = here, true }), []string{"Kari was in Aritma already", polls, "Not proven"}, []string{done}},
		"known before, and a new one": {ago(time.Minute, func(s *wizard.State) {
			s.Arrivals.Person, s.Arrivals.PersonBefore, s.Arrivals.First, s.Arrivals.People = here, true, noon, 1
		}), []string{"Somebody new arrived at 12:00 UTC", "One person more", done}, nil},
		"never counted":                  {ago(time.Minute, func(s *wizard.State) { s.Arrivals.Since = time.Time{} }), []string{"only the person above counts"}, []string{done}},
		"never counted and nobody named": {ago(time.Minute, func(s *wizard.State) { s.Arrivals.Since, s.Answers.FirstPerson = time.Time{}, "" }), []string{"nobody was named to look for"}, []string{done}},
		"arrived, a group may follow":    {ago(time.Minute, func(s *wizard.State) { s.Arrivals.Person = here }), []string{"Kari arrived at 11:59 UTC", done, polls}, []string{hints}},
		"arrived, no group came": {ago(time.Hour, func(s *wizard.State) {
			s.Arrivals.Person = &wizard.Arrived{Name: "Kari", UserName: kari, At: noon.Add(-11 * time.Minute)}
		}), []string{done}, []string{polls, hints}},
		"all there": {ago(time.Minute, func(s *wizard.State) {
			s.Arrivals.Person, s.Arrivals.Group = here, &wizard.Arrived{Name: "Staff", At: noon}
		}), []string{done, "Staff", "arrived at 12:00 UTC"}, []string{polls}},
		"another userName": {ago(time.Minute, func(s *wizard.State) {
			s.Arrivals.Person = &wizard.Arrived{Name: "Kari", UserName: "kn1", Email: kari, At: noon}
		}), []string{"Another userName than the e-mail address", "kn1", done}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, v := standing(t, c.state)
			demand(t, html(t, page.Arrivals(v.t, s.arrivalsView(v, false))), c.says, c.never)
		})
	}
}

func TestTrialPanel(t *testing.T) {
	known := &wizard.Arrived{Name: "Kari N.", UserName: "kn1"}
	claims := []string{"email", "name", "preferred_username", "sub"}
	tried := func(change func(*wizard.State)) wizard.State {
		state := wizard.State{Answers: wizard.Answers{FirstPerson: kari}}
		state.Trial = wizard.SigninTrial{Check: wizard.Check{At: noon}, BeganAt: noon.Add(-time.Minute), Name: "Kari", Email: kari, UserName: kari, Claims: claims}
		change(&state)
		return state
	}
	good := func(match wizard.Match) wizard.State {
		return tried(func(s *wizard.State) { s.Trial.Outcome, s.Trial.Match, s.Trial.Known = wizard.Good, match, known })
	}
	unknown := func(change func(*wizard.State)) wizard.State {
		return tried(func(s *wizard.State) {
			s.Trial.Outcome = wizard.Doubt
			change(s)
		})
	}
	for name, c := range map[string]struct {
		state       wizard.State
		says, never []string
	}{
		"not begun":      {wizard.State{}, []string{"Test the sign-in", "Finish anyway", "every 4s"}, []string{"Test again", "Passed"}},
		"under way":      {wizard.State{Trial: wizard.SigninTrial{BeganAt: noon.Add(-9 * time.Minute)}}, []string{"under way", "11:51 UTC", "every 2s"}, []string{"button primary"}},
		"no return":      {wizard.State{Trial: wizard.SigninTrial{BeganAt: noon.Add(-10 * time.Minute)}}, []string{"Nobody came back", "Test again"}, []string{"under way"}},
		"subject":        {good(wizard.MatchSubject), []string{"Passed", "Kari N. has the same subject id", "kn1", ">Finish<"}, []string{"Finish anyway", "missing"}},
		"e-mail":         {good(wizard.MatchEmail), []string{"found in Aritma by the e-mail address"}, nil},
		"user name":      {good(wizard.MatchUserName), []string{"by the name at sign-in"}, nil},
		"externally":     {good(wizard.MatchExternalID), []string{"number for them"}, nil},
		"nobody came":    {unknown(func(*wizard.State) {}), []string{"half a pass", "Nobody has arrived"}, nil},
		"another person": {unknown(func(s *wizard.State) { s.Arrivals.Since, s.Arrivals.First = noon.Add(-time.Hour), noon }), []string{kari, "has not arrived yet"}, nil},
		"other userName": {unknown(func(s *wizard.State) { s.Arrivals.Person = known }), []string{"Entra sent this person as", "kn1"}, nil},
		"not assigned": {unknown(func(s *wizard.State) {
			s.Arrivals.Since, s.Arrivals.First, s.Trial.Email, s.Trial.UserName = noon.Add(-time.Hour), noon, "ola@nordlysbygg.example", "ola@nordlysbygg.example"
		}), []string{"Others have arrived", "Users and groups"}, nil},
		"not asked": {unknown(func(s *wizard.State) {
			s.Trial.Problem = &wizard.Problem{ID: "iam.unavailable", Kind: fault.Unavailable, Reference: "ABCD2345"}
		}), []string{"could not be asked", "ABCD2345"}, nil},
		"no e-mail claim": {tried(func(s *wizard.State) {
			s.Trial.Outcome, s.Trial.Match, s.Trial.Known, s.Trial.Email = wizard.Good, wizard.MatchSubject, known, ""
			s.Trial.Claims = []string{"name"}
		}), []string{"The claim email is missing", "email, preferred_username", "Not sent"}, nil},
		"Microsoft refused": {wizard.State{Trial: wizard.SigninTrial{
			Check:   wizard.Check{Outcome: wizard.Bad, At: noon, Problem: &wizard.Problem{ID: "signin.person.refused", Kind: fault.Forbidden, Data: fault.Data{"Error": "access_denied"}, Reference: "ABCD2345"}},
			BeganAt: noon.Add(-time.Minute), Shown: "AADSTS50105: not assigned",
		}}, []string{"Failed", "access_denied", "ABCD2345", "AADSTS50105", "Test again"}, []string{"Name at sign-in"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, v := standing(t, c.state)
			demand(t, html(t, page.Trial(v.t, s.trialOfStep(v))), c.says, c.never)
		})
	}
}
