package postgres

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

const (
	// anywhere is how many characters are looked for anywhere; fewer are looked for at the beginning of company and tenant.
	anywhere = 3
)

// mark stands before what fewer characters are looked for in; nobody can type it.
const mark = "\x02"

// wordsOf is what is searched of a setup: a line for each column, in small letters. Which letter is the small one is decided
// here and not by the database, whose locale may know ASCII alone.
func wordsOf(s onboarding.Setup) string {
	lines := []string{mark + mark + console.OneLine(s.Company), mark + mark + console.OneLine(s.Tenant), console.OneLine(s.Domain), console.OneLine(s.Contact), console.OneLine(s.ID)}
	return strings.ToLower(strings.Join(lines, "\n"))
}

// pattern is the LIKE pattern for clean words; no character of them has a meaning in it.
func pattern(words string) string {
	if short := utf8.RuneCountInString(words); short < anywhere {
		words = strings.Repeat(mark, anywhere-short) + words
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(words)) + "%"
}

// search lists the chosen setups in which the words are found. It is planned anew each time, with the words known: those that
// many setups have are looked for in the order of the list, which ends early; rare ones in the index of trigrams.
func (s *Store) search(ctx context.Context, words string, c choice) ([]console.Row, error) {
	args := append([]any{pgx.QueryExecModeExec}, append(c.args(), pattern(words), c.Limit)...)
	return list(ctx, s.db, scanRow, c.searching(), args...)
}

// searching is the query for the chosen setups in which words are found; takes args, the pattern and the limit.
func (c choice) searching() string {
	return `
		SELECT ` + rowColumns + ` FROM setups s WHERE ` + c.where + ` AND s.words LIKE ` + c.place(1) + `
		ORDER BY s.listed_at DESC, s.id DESC LIMIT ` + c.place(2)
}
