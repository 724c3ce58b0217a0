package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

func wantFound(t *testing.T, s Store, words string, want ...string) {
	t.Helper()
	wantEqual(t, fmt.Sprintf("found by %q", words), ids(rows(t, s, console.Query{Words: words})), newestFirst(t, s, want))
}

func testSearch(t *testing.T, s Store) {
	setup := newSetup()
	setup.Company, setup.Tenant, setup.Domain, setup.Contact, setup.Scheme = "Blåbærsyltetøy & Sønn AS", "syltetoy-42", "sylt.example", "Åse Ødegård", "scheme-of-its-own"
	must(t, s.CreateSetup(t.Context(), setup))
	other := made(t, s, now.Add(time.Minute))
	for _, words := range []string{
		"Blåbær", "bærsyl", "BÆRSYLTETØY", "& sønn as", "toy-42", "TOY-4", "lt.exa", "syltet", "ÅSE", "åse ødegård", "ØDEG", "  Sønn\t", "Sønn\tAS",
		setup.ID, setup.ID[:8], strings.ToUpper(setup.ID[9:20]),
	} {
		wantFound(t, s, words, setup.ID)
	}
	wantFound(t, s, "contoso", other)
	wantFound(t, s, " \t\n", setup.ID, other) // nothing but spaces: everything
	for _, words := range []string{"scheme-of-its-own", "AS syltetoy", "as\nsyl", "syltetøyy", "ase ødegård", strings.Repeat("blåbær", 1000)} {
		wantFound(t, s, words)
	}
}

// testSearchCharacters has no character mean anything but itself.
func testSearchCharacters(t *testing.T, s Store) {
	at := 0
	store := func(company string) string {
		at++
		return made(t, s, now.Add(time.Duration(at)*time.Minute), named(company))
	}
	for _, c := range []struct{ company, words string }{
		{`He said "hello" once`, `d "hello" o`},
		{"100% of it", "00% o"},
		{"under_score", "r_s"},
		{"a*b*c", "*b*"},
		{"this OR that", "s OR t"},
		{"one AND two", "e AND t"},
		{"not NOT near NEAR(x)", "near(x"},
		{"text : colon ^ caret {brace}", "t : colon ^ caret {"},
		{`it's; DROP TABLE setups --`, `'s; drop`},
		{`back\slash`, `k\s`},
		{"Party 🎉🎊🎈 AS", "🎉🎊🎈"},
		{"Family 👨‍👩‍👧 AS", "👨‍👩‍👧"},
		{"Ελλάς ΑΕ", "ελλάς"},
		{"日本語株式会社", "本語株"},
		{"plus + minus -x", "+ minus -"},
	} {
		id := store(c.company)
		wantFound(t, s, c.words, id)
	}
	all := len(rows(t, s, console.Query{}))
	for _, words := range []string{
		`"`, `""`, `"""`, "%%%", "___", "***", "%", "_", "*", "NEAR(", "con*", "c_ntoso", "AND", "x\x00y", "\x00\x00\x00\x00", "\x02\x02z", "\x03\x03\x03", "\xff\xfe\xfd", "'", "''';--", "(", "🎉",
	} {
		found := rows(t, s, console.Query{Words: words})
		if clean := strings.Trim(words, "\x00\x02\x03 "); clean != "" && len(found) == all {
			t.Errorf("%q finds everything", words)
		}
	}
	wantFound(t, s, "o%k") // wildcards of LIKE
	wantFound(t, s, "u*e") // and of GLOB
}

func testSearchShort(t *testing.T, s Store) {
	company := made(t, s, now, named("Øst & Vest"))
	tenant := made(t, s, now.Add(1), named("Zeta"), func(s *onboarding.Setup) { s.Tenant = "østfold" })
	inside := made(t, s, now.Add(2), named("Kongsøst"), func(s *onboarding.Setup) { s.Contact, s.Domain = "Østen", "øst.no" })
	one := made(t, s, now.Add(3), named("Q"))
	two := made(t, s, now.Add(4), named("😀 Smile"))
	for words, want := range map[string][]string{
		"ø": {company, tenant}, "Ø": {company, tenant}, "øs": {company, tenant}, "ØS": {company, tenant}, " øs ": {company, tenant},
		"k": {inside}, "K": {inside}, "q": {one}, "q ": {one}, "😀": {two}, "st": nil, "z": {tenant}, "no": nil, "ze": {tenant},
	} {
		wantFound(t, s, words, want...)
	}
	wantFound(t, s, "øst", company, tenant, inside) // three characters: anywhere
}

func testSearchChanged(t *testing.T, s Store) {
	id, other := made(t, s, now, named("Oldname AS")), made(t, s, now, named("Bystander"))
	for n := range 30 {
		changed(t, s, id, func(s *onboarding.Setup) {
			s.Company, s.ChangedAt = fmt.Sprintf("Newname%02d AS", n), now.Add(time.Duration(n%7)*time.Second)
		})
	}
	for _, words := range []string{"oldname", "ol", "newname28", "name AS"} {
		wantFound(t, s, words)
	}
	wantFound(t, s, "newname29", id)
	wantFound(t, s, "ne", id)
	wantFound(t, s, "bystander", other)
	changed(t, s, id, func(s *onboarding.Setup) { s.Tenant, s.Domain, s.Contact = "fabrikam", "fabrikam.example", "Lisebeth" })
	for _, words := range []string{"fabrikam", "am.exa", "lisebet"} {
		wantFound(t, s, words, id)
	}
	setup := load(t, s, id)
	setup.Version--
	setup.Company = "Refused"
	_, err := s.Save(t.Context(), onboarding.Change{Setup: setup})
	wantError(t, err, onboarding.ErrConflict)
	wantFound(t, s, "refused")
}

func testSearchPages(t *testing.T, s Store) {
	var want []string
	for n := range 40 {
		at := now.Add(-time.Duration(n/3) * time.Minute)
		if n%2 == 0 {
			at = at.Add(time.Duration(n) * 10) // nanoseconds apart
		}
		want = append(want, made(t, s, at, named(fmt.Sprintf("Fabrikam %d", n))))
		made(t, s, at, named("Northwind"))
	}
	before := newestFirst(t, s, want)
	for _, words := range []string{"fabrikam", "fa"} {
		for _, limit := range []int{1, 7, 40, 41} {
			wantEqual(t, "the pages of "+words, paged(t, s, console.Query{Words: words, Limit: limit}, func([]console.Row) {}), before)
		}
	}
	all := paged(t, s, console.Query{Words: "fabrikam", Limit: 7}, func(page []console.Row) {
		made(t, s, now.Add(time.Hour), named("Fabrikam new"))
		changed(t, s, page[0].ID, func(s *onboarding.Setup) { s.ChangedAt = now.Add(2 * time.Hour) })
		changed(t, s, page[len(page)-1].ID, func(s *onboarding.Setup) { s.ChangedAt = now.Add(3 * time.Hour) })
	})
	wantEqual(t, "the pages while others change", all, before)
}

func testSearchStands(t *testing.T, s Store) {
	all := stood(t, s)
	for _, stand := range console.Stands() {
		for _, words := range []string{"contoso", "co"} {
			q := console.Query{Stand: stand, Words: words}
			wantEqual(t, string(stand), ids(rows(t, s, q)), newestFirst(t, s, all[stand]))
			q.Limit = 1
			wantEqual(t, string(stand)+" in pages", paged(t, s, q, func([]console.Row) {}), newestFirst(t, s, all[stand]))
		}
	}
	for _, words := range []string{"problem", "closed", "in-pro", "not-op"} {
		wantFound(t, s, words) // where a setup stands is no word of it
	}
	wantEqual(t, "found at a stand that is none", rows(t, s, console.Query{Words: "contoso", Stand: "x"}), []console.Row(nil))
}

// testSearchWhole: words are found as they were typed, and not because their parts are somewhere; be the parts rare or common.
func testSearchWhole(t *testing.T, s Store) {
	want := made(t, s, now, named("Søndre Ås Elektro AS"))
	for n, company := range []string{"Elektro Ås Søndre AS", "Ås Elektro Søndre AS", "Søndre Åselektro AS", "Søndre Elektro Ås AS", "Elektro AS Søndre Å"} {
		made(t, s, now.Add(time.Duration(n)*time.Hour), named(company))
	}
	for _, words := range []string{"søndre ås elektro", "SØNDRE ÅS ELEKTRO AS", "ndre ås ele", "e ås e"} {
		wantFound(t, s, words, want)
		wantEqual(t, words+" of its stand", ids(rows(t, s, console.Query{Words: words, Stand: console.NotOpened})), []string{want})
		wantEqual(t, words+" of another stand", ids(rows(t, s, console.Query{Words: words, Stand: console.Completed})), []string(nil))
	}
	wantFound(t, s, "ås søndre elektro")
	wantEqual(t, "in pages", len(paged(t, s, console.Query{Words: "Søndre", Limit: 2}, func([]console.Row) {})), 6)
}
