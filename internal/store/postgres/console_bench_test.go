package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/store/postgres"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// Reading for customer success is to cost about the same for a thousand setups and for a hundred thousand:
//
//	go test -run '^$' -bench Console ./internal/store/postgres

var (
	benchNow   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	benchSizes = []int{1000, 100_000}
	beginnings = []string{"Nord", "Sør", "Øst", "Vest", "Fjord", "Berg", "Havn", "Skog", "Stein", "Bjørk", "Lille", "Stor", "Gran", "Furu", "Elv", "Sol", "Måne", "Ørn", "Ulv", "Rev"}
	endings    = []string{"dal", "vik", "nes", "heim", "stad", "by", "sund", "ås", "øya", "lund", "mark", "vang", "rud", "set", "land", "strand", "foss", "moen", "haug", "tun"}
	trades     = []string{"Elektro", "Bygg", "Rør", "Regnskap", "Transport", "Consult", "Eiendom", "Handel", "Data", "Maskin", "Mat", "Tekstil", "Design", "Energi", "Marin"}
	forms      = []string{"AS", "ASA", "AB", "Group", "ApS"}
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// benchSetup is one of a history with one change every ten minutes, the newest at benchNow: six in ten setups are completed,
// two closed, the others under way.
func benchSetup(r *rand.Rand, n, ago int) onboarding.Setup {
	name := pick(r, beginnings) + pick(r, endings)
	s := onboarding.Setup{
		ID: onboarding.NewOperation(), Company: name + " " + pick(r, trades) + " " + pick(r, forms), Tenant: fmt.Sprintf("%s-%06d", name, n),
		Domain: fmt.Sprintf("%s%d.no", name, n), Contact: "Kari " + pick(r, beginnings) + "mann <kari@" + name + ".no>",
		ChangedAt: benchNow.Add(-time.Duration(ago) * 10 * time.Minute),
	}
	s.CreatedAt = s.ChangedAt.Add(-48 * time.Hour)
	s.State.Marks = map[wizard.Step]wizard.Mark{}
	for _, step := range wizard.Steps()[:r.IntN(6)] {
		s.State.Marks[step] = wizard.Mark{At: s.ChangedAt, Revision: 1}
	}
	s.State.Answers = wizard.Answers{DirectoryID: "11111111-2222-3333-4444-555555555555", ClientID: "11111111-2222-3333-4444-555555555555", DisplayName: s.Company}
	s.State.Registration.Sent = s.State.Answers
	if what := r.IntN(20); what > 0 {
		s.OpenedAt = s.CreatedAt.Add(time.Duration(r.IntN(1000)) * time.Minute)
		switch {
		case what < 13:
			s.CompletedAt = s.ChangedAt
		case what < 17:
			s.ClosedAt = s.ChangedAt
		case what < 18:
			s.State.Token.Problem = &wizard.Problem{ID: "iam.forbidden", Kind: fault.Forbidden, At: s.ChangedAt}
		}
	}
	return s
}

// filled is a store with that many setups, copied in big transactions.
func filled(b *testing.B, size int) *postgres.Store {
	b.Helper()
	address := postgrestest.Database(b)
	s := open(b, address)
	conn, err := pgx.Connect(b.Context(), address)
	must(b, err)
	defer func() { must(b, conn.Close(context.Background())) }()
	r := rand.New(rand.NewPCG(1, 2))
	columns := []string{
		"id", "version", "company", "tenant", "domain", "contact", "scheme", "self_begun", "begun_by_signin", "unwatched", "created_at", "changed_at",
		"opened_at", "completed_at", "closed_at", "state", "stand", "step", "problem", "words",
	}
	const batch = 20_000
	for from := 0; from < size; from += batch {
		to := min(from+batch, size)
		_, err := conn.CopyFrom(b.Context(), pgx.Identifier{"setups"}, columns, pgx.CopyFromSlice(to-from, func(i int) ([]any, error) {
			s := benchSetup(r, from+i, size-from-i)
			state, err := json.Marshal(s.State)
			return []any{
				s.ID, 1, s.Company, s.Tenant, s.Domain, s.Contact, "", false, false, false, nanoseconds(s.CreatedAt), nanoseconds(s.ChangedAt),
				nanoseconds(s.OpenedAt), nanoseconds(s.CompletedAt), nanoseconds(s.ClosedAt), state, string(console.StandOf(s)), string(console.StepOf(s)),
				console.ProblemOf(s), postgres.WordsOf(s),
			}, err
		}))
		must(b, err)
	}
	for _, statement := range []string{`VACUUM FULL setup_counts`, `VACUUM ANALYZE`} { // no program counts so many in one transaction
		_, err = conn.Exec(b.Context(), statement)
		must(b, err)
	}
	return s
}

func nanoseconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

func perSize(b *testing.B, run func(b *testing.B, s *postgres.Store, size int)) {
	for _, size := range benchSizes {
		b.Run(strconv.Itoa(size), func(b *testing.B) { run(b, filled(b, size), size) })
	}
}

// measure repeats a query.
func measure(b *testing.B, s *postgres.Store, name string, q console.Query) {
	q.Limit, q.Now = 50, benchNow
	b.Run(name, func(b *testing.B) {
		found := 0
		for b.Loop() {
			rows, err := s.Rows(context.Background(), q)
			must(b, err)
			found = len(rows)
		}
		b.ReportMetric(float64(found), "rows")
	})
}

func BenchmarkConsole(b *testing.B) {
	perSize(b, func(b *testing.B, s *postgres.Store, size int) {
		rows, err := s.Rows(b.Context(), console.Query{Limit: 500, Now: benchNow})
		must(b, err)
		one := rows[len(rows)-1]
		measure(b, s, "list-first", console.Query{})
		measure(b, s, "list-middle", console.Query{After: console.Key{ChangedAt: benchNow.Add(-time.Duration(size/2) * 10 * time.Minute), ID: "m"}})
		for _, stand := range []console.Stand{console.Completed, console.Waiting, console.Problem} {
			measure(b, s, "list-"+string(stand), console.Query{Stand: stand})
		}
		measure(b, s, "search-everything", console.Query{Words: ".no"})
		measure(b, s, "search-many", console.Query{Words: "elektro"})
		measure(b, s, "search-many-problem", console.Query{Words: "elektro", Stand: console.Problem})
		measure(b, s, "search-company", console.Query{Words: one.Company})
		measure(b, s, "search-tenant", console.Query{Words: one.Tenant})
		measure(b, s, "search-id", console.Query{Words: one.ID})
		measure(b, s, "search-none", console.Query{Words: "nordelvmannhandel"})
		measure(b, s, "search-short", console.Query{Words: "nø"})
		measure(b, s, "search-short-many", console.Query{Words: "s"})
		b.Run("figures", func(b *testing.B) {
			for b.Loop() {
				_, err := s.Figures(context.Background(), benchNow)
				must(b, err)
			}
		})
		b.Run("save", func(b *testing.B) { // what keeping all of that current costs a change
			for n := 0; b.Loop(); n++ {
				setup, err := s.Setup(context.Background(), rows[n%len(rows)].ID)
				must(b, err)
				setup.ChangedAt = benchNow.Add(time.Duration(n) * time.Second)
				_, err = s.Save(context.Background(), onboarding.Change{Setup: setup, Events: []onboarding.Event{{At: setup.ChangedAt, Kind: "saved"}}})
				must(b, err)
			}
		})
	})
}
