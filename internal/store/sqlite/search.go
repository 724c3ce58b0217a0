package sqlite

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aritma/entra-onboard/internal/console"
)

const (
	// trigram is how many characters the index needs to find words anywhere.
	trigram = 3
	// docsPerTime is how many docids a time of setup_docs has: the nanoseconds of a millisecond.
	docsPerTime = 1_000_000
)

// findable is how clean words stand in the text of a setup, see setup_texts: fewer than three characters at a beginning.
func findable(words string) string {
	if short := utf8.RuneCountInString(words); short < trigram {
		return strings.Repeat("\x02", trigram-short) + words
	}
	return words
}

// match is the FTS5 expression for what stands in texts and a stand. Every word is inside a quoted string, where nothing but
// the quote has a meaning (https://www.sqlite.org/fts5.html#fts5_strings). See setup_texts for the byte 3. whole is
// true when it finds nothing but the text.
func match(text string, stand console.Stand, known rarity) (expression string, whole bool) {
	where := "\x03\x03\x03" // all but closed
	if stand != "" {
		where = "\x03" + string(stand)[:2]
	}
	words, whole := known.rarest(text, where)
	for n, word := range words {
		words[n] = `"` + strings.ReplaceAll(word, `"`, `""`) + `"`
	}
	return strings.Join(words, " AND "), whole
}

// search lists the chosen setups in which the words are found. The index is read in the order of the list, newest first,
// and no further than for the rows asked for, so words that every setup has cost no more among many setups than among few.
// Words that few setups have cost what the rarest three characters of them have entries: see rarity.
func (s *Store) search(ctx context.Context, words string, c choice) (found []console.Row, err error) {
	known, err := s.rarities.get(ctx, s.reader)
	if err != nil {
		return nil, err
	}
	first, last := docs(c)
	words = findable(words)
	expression, whole := match(words, c.Stand, known)
	rows, err := s.reader.QueryContext(ctx, c.searching(), append([]any{expression, first, last}, c.args()...)...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	words = fold(words)
	var before int64
	for rows.Next() {
		var doc int64
		var text string
		r, err := scanRow(after{rows, []any{&doc, &text}})
		if err != nil {
			return nil, err
		}
		if len(found) >= c.Limit && doc/docsPerTime != before/docsPerTime {
			break
		}
		if !whole && !strings.Contains(fold(text), words) {
			continue
		}
		before, found = doc, append(found, r)
	}
	slices.SortFunc(found, func(a, b console.Row) int { // the docids of one millisecond are in no order
		return -cmp.Or(cmp.Compare(console.ListedAt(a.ChangedAt), console.ListedAt(b.ChangedAt)), strings.Compare(a.ID, b.ID))
	})
	return found[:min(len(found), c.Limit)], rows.Err()
}

// searching is the query for the chosen setups in which words are found, with their docids and texts and without a limit; takes the
// match, the first and the last docid, and args. CROSS JOIN keeps the order of the tables.
func (c choice) searching() string {
	return `
		SELECT d.docid, d.text, ` + rowColumns + `
		FROM setup_search f CROSS JOIN setup_docs d ON d.docid = f.rowid CROSS JOIN setups s ON s.id = d.setup
		WHERE f.setup_search MATCH ? AND f.rowid BETWEEN ? AND ? AND ` + c.where + `
		ORDER BY f.rowid DESC`
}

// docs are the first and the last docid that chosen setups may have.
func docs(c choice) (first, last int64) {
	first, last = c.Above, c.Below
	if first != math.MinInt64 {
		first = first / docsPerTime * docsPerTime
	}
	if last != math.MaxInt64 {
		last = last/docsPerTime*docsPerTime + docsPerTime - 1
	}
	return first, last
}

// after is a row that has more columns before the others.
type after struct {
	row
	first []any
}

// Scan implements row.
func (a after) Scan(into ...any) error { return a.row.Scan(append(a.first, into...)...) }
