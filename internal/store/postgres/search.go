package postgres

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

const (
	// maxWords is how many characters are looked for: of longer words only the first so many.
	maxWords = 100
	// anywhere is how many characters are looked for anywhere; fewer are looked for at the beginning of company and tenant.
	anywhere = 3
)

// mark stands before what fewer characters are looked for in; nobody can type it.
const mark = "\x02"

// clean makes words findable: control characters, of which marks and ends of lines are some, become spaces.
func clean(words string) string {
	words = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(words, "\uFFFD")))
	if utf8.RuneCountInString(words) > maxWords {
		words = string([]rune(words)[:maxWords])
	}
	return words
}

// wordsOf is what is searched of a setup: a line for each column, in small letters. Which letter is the small one is decided
// here and not by the database, whose locale may know ASCII alone.
func wordsOf(s onboarding.Setup) string {
	lines := []string{mark + mark + line(s.Company), mark + mark + line(s.Tenant), line(s.Domain), line(s.Contact), line(s.ID)}
	return strings.ToLower(strings.Join(lines, "\n"))
}

// line is a column without control characters.
func line(column string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(column, "\uFFFD"))
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
	args := append([]any{pgx.QueryExecModeExec}, append(c.args(), pattern(words), c.limit)...)
	return list(ctx, s.db, scanRow, c.searching(), args...)
}

// searching is the query for the chosen setups in which words are found; takes args, the pattern and the limit.
func (c choice) searching() string {
	return `
		SELECT ` + rowColumns + ` FROM setups s WHERE ` + c.where + ` AND s.words LIKE ` + c.place(1) + `
		ORDER BY s.listed_at DESC, s.id DESC LIMIT ` + c.place(2)
}
