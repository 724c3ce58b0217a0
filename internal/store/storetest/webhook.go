package storetest

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/webhook"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// claim takes the next message for a minute; false when none is due.
func claim(t *testing.T, s Store, at time.Time) (webhook.Message, bool) {
	t.Helper()
	m, claimed, err := s.ClaimMessage(t.Context(), at, at.Add(time.Minute))
	must(t, err)
	return m, claimed
}

// told takes and drops every message that is due in a year, and says what each tells.
func told(t *testing.T, s Store) (all []string) {
	t.Helper()
	for {
		m, claimed := claim(t, s, now.AddDate(1, 0, 0))
		if !claimed {
			return all
		}
		if len(all) > 10 {
			t.Fatalf("there is no end to what is told: %q", all)
		}
		must(t, s.DropMessage(t.Context(), m.ID))
		all = append(all, strings.TrimSpace(m.Type+" "+m.Problem))
	}
}

func refusedWith(id string) func(*onboarding.Setup) {
	return func(s *onboarding.Setup) {
		s.State.Token.Problem = &wizard.Problem{ID: id, At: now, Reference: "7F3A"}
	}
}

func testMessage(t *testing.T, s Store) {
	id := made(t, s, now)
	if _, claimed := claim(t, s, now); claimed {
		t.Error("a setup that was only made is told")
	}
	changed(t, s, id, func(s *onboarding.Setup) { s.OpenedAt, s.ChangedAt = now, now })
	changed(t, s, id, func(s *onboarding.Setup) { refusedWith("iam.forbidden")(s); s.ChangedAt = now.Add(time.Second) })
	changed(t, s, id, func(s *onboarding.Setup) {
		s.State.Token.Problem, s.CompletedAt, s.Company = nil, now.Add(2*time.Second), "Fabrikam AS"
		s.State.Marks[wizard.Application] = wizard.Mark{At: now, Revision: 1}
	})
	if _, claimed := claim(t, s, now.Add(-1)); claimed {
		t.Error("a message is due before it happened")
	}
	want := []webhook.Message{
		{Type: webhook.Opened, At: now, Setup: id, Company: "Contoso AS", Tenant: "contoso", Step: "application", Attempt: 1},
		{Type: webhook.Problem, At: now.Add(time.Second), Setup: id, Company: "Contoso AS", Tenant: "contoso", Step: "application", Problem: "iam.forbidden", Attempt: 1},
		{Type: webhook.Completed, At: now.Add(2 * time.Second), Setup: id, Company: "Fabrikam AS", Tenant: "contoso", Step: "directory", Attempt: 1},
	}
	seen := map[string]bool{}
	for _, w := range want {
		m, claimed := claim(t, s, now.Add(time.Hour))
		if !claimed || seen[m.ID] || !regexp.MustCompile(`^msg_[0-9a-f]{32}$`).MatchString(m.ID) {
			t.Fatalf("claimed %v: %+v", claimed, m)
		}
		seen[m.ID] = true
		m.ID = ""
		wantEqual(t, "the message", m, w)
	}
	if m, claimed := claim(t, s, now.Add(time.Hour)); claimed {
		t.Errorf("one too many: %+v", m)
	}
}

func testMessagesOfChanges(t *testing.T, s Store) {
	for name, row := range map[string]struct {
		from []func(*onboarding.Setup) // as it is stored first
		to   func(*onboarding.Setup)
		want []string
	}{
		"opened":                       {nil, isOpened, []string{webhook.Opened}},
		"opened with a problem":        {nil, isRefused, []string{webhook.Opened, "setup.problem iam.forbidden"}},
		"opened and completed":         {nil, isCompleted, []string{webhook.Opened, webhook.Completed}},
		"problem before it was opened": {nil, refusedWith("iam.forbidden"), nil},
		"nothing":                      {[]func(*onboarding.Setup){isRefused}, func(*onboarding.Setup) {}, nil},
		"the same problem again":       {[]func(*onboarding.Setup){isRefused}, isRefused, nil},
		"another problem":              {[]func(*onboarding.Setup){isRefused}, refusedWith("iam.slow"), []string{"setup.problem iam.slow"}},
		"a problem goes away":          {[]func(*onboarding.Setup){isRefused}, func(s *onboarding.Setup) { s.State.Token.Problem = nil }, nil},
		"opened once more":             {[]func(*onboarding.Setup){isOpened}, func(s *onboarding.Setup) { s.OpenedAt = now }, nil},
		"closed":                       {[]func(*onboarding.Setup){isRefused}, isClosed, nil},
		"reopened with its problem":    {[]func(*onboarding.Setup){isRefused, isClosed}, func(s *onboarding.Setup) { s.ClosedAt = time.Time{} }, []string{"setup.problem iam.forbidden"}},
		"completed with a problem":     {[]func(*onboarding.Setup){isOpened}, func(s *onboarding.Setup) { isRefused(s); isCompleted(s) }, []string{webhook.Completed}},
		"begun anew":                   {[]func(*onboarding.Setup){isCompleted}, func(s *onboarding.Setup) { s.CompletedAt = time.Time{} }, nil},
		"begun anew with a problem":    {[]func(*onboarding.Setup){isRefused, isCompleted}, func(s *onboarding.Setup) { s.CompletedAt = time.Time{} }, []string{"setup.problem iam.forbidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			id := made(t, s, now, row.from...)
			told(t, s)
			changed(t, s, id, row.to)
			wantEqual(t, "what is told", told(t, s), row.want)
		})
	}
	made(t, s, now, isRefused)
	wantEqual(t, "what is told of a setup that begins with a problem", told(t, s), []string{webhook.Opened, "setup.problem iam.forbidden"})
	made(t, s, now, isCompleted)
	wantEqual(t, "what is told of a setup that begins completed", told(t, s), []string{webhook.Opened, webhook.Completed})
}

// A change that fails is not told.
func testMessageOfNothing(t *testing.T, s Store) {
	setup := created(t, s)
	changed(t, s, setup.ID, func(*onboarding.Setup) {})
	setup.OpenedAt = now
	_, err := s.Save(t.Context(), onboarding.Change{Setup: setup})
	wantError(t, err, onboarding.ErrConflict)
	setup = holding(t, s, "client-secret", value(1))
	setup.OpenedAt = now
	_, _, err = s.Claim(t.Context(), onboarding.Change{Setup: setup}, "scim-token")
	wantError(t, err, onboarding.ErrClaimed)
	wantEqual(t, "what is told", told(t, s), []string(nil))
}

func testMessageClaim(t *testing.T, s Store) {
	made(t, s, now, func(s *onboarding.Setup) { s.OpenedAt = now })
	first, claimed := claim(t, s, now)
	if !claimed {
		t.Fatal("nothing is due")
	}
	if _, again := claim(t, s, now.Add(time.Minute-1)); again {
		t.Error("a message is claimed twice")
	}
	second, claimed := claim(t, s, now.Add(time.Minute)) // the first sender died
	if !claimed || second.ID != first.ID || second.Attempt != 2 {
		t.Fatalf("after the claim ran out: claimed %v, %+v", claimed, second)
	}
	must(t, s.RetryMessage(t.Context(), first, now, "late")) // the claim is another's
	must(t, s.GiveUpMessage(t.Context(), first, "late"))
	if _, again := claim(t, s, now.Add(2*time.Minute-1)); again {
		t.Error("whoever is late gives the claim of another back")
	}
	at := now.Add(time.Hour)
	must(t, s.RetryMessage(t.Context(), second, at, "500"))
	want := []webhook.Undelivered{{Message: second, Next: at, Reason: "500"}}
	undelivered := func() []webhook.Undelivered {
		t.Helper()
		all, err := s.Undelivered(t.Context(), 10)
		must(t, err)
		return all
	}
	wantEqual(t, "what is undelivered", undelivered(), want)
	if _, early := claim(t, s, at.Add(-1)); early {
		t.Error("a message is due before its time")
	}
	third, claimed := claim(t, s, at)
	if !claimed || third.Attempt != 3 {
		t.Fatalf("at its time: claimed %v, %+v", claimed, third)
	}
	must(t, s.GiveUpMessage(t.Context(), third, "410"))
	want = []webhook.Undelivered{{Message: third, Next: at, GivenUp: true, Reason: "410"}}
	wantEqual(t, "what is undelivered", undelivered(), want)
	if _, again := claim(t, s, now.AddDate(1, 0, 0)); again {
		t.Error("a message that was given up is due")
	}
	must(t, s.DeleteMessages(t.Context(), now.Add(-1)))
	wantEqual(t, "what is kept", undelivered(), want)
	for _, want := range []int{1, 0} {
		revived, err := s.ReviveMessages(t.Context(), at.Add(time.Hour))
		must(t, err)
		wantEqual(t, "how many are revived", revived, want)
	}
	if _, early := claim(t, s, at.Add(time.Hour-1)); early {
		t.Error("a revived message is due before it was revived")
	}
	if again, claimed := claim(t, s, at.Add(time.Hour)); !claimed || again.ID != first.ID || again.Attempt != 1 {
		t.Errorf("revived: claimed %v, %+v", claimed, again)
	}
	must(t, s.DeleteMessages(t.Context(), now))
	wantEqual(t, "after its time", undelivered(), []webhook.Undelivered(nil))
	must(t, s.DropMessage(t.Context(), third.ID))
}

func testMessageOrder(t *testing.T, s Store) {
	var want []string
	for _, at := range []time.Time{now.Add(time.Second), now, now.Add(time.Second), now.Add(-time.Hour)} {
		want = append(want, made(t, s, at, func(s *onboarding.Setup) { s.OpenedAt = at }))
	}
	want = []string{want[3], want[1], want[0], want[2]}
	all, err := s.Undelivered(t.Context(), 3)
	must(t, err)
	var got []string
	for _, u := range all {
		got = append(got, u.Setup)
	}
	wantEqual(t, "the first ones", got, want[:3])
	got = nil
	for range len(want) + 1 {
		if m, claimed := claim(t, s, now.Add(time.Hour)); claimed {
			got = append(got, m.Setup)
		}
	}
	wantEqual(t, "the order in which they are due", got, want)
}

// Many senders at once: each message is claimed by one of them.
func testParallelMessage(t *testing.T, s Store) {
	const messages = 40
	for range messages {
		made(t, s, now, func(s *onboarding.Setup) { s.OpenedAt = now })
	}
	var mu sync.Mutex
	seen := map[string]int{}
	together(t, func(int) error {
		for range messages {
			m, claimed, err := s.ClaimMessage(t.Context(), now, now.Add(time.Minute))
			if err != nil {
				return err
			}
			if claimed {
				mu.Lock()
				seen[m.ID]++
				mu.Unlock()
			}
		}
		return nil
	})
	total := 0
	for id, n := range seen {
		if total++; n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	wantEqual(t, "messages", total, messages)
}
