package console

import (
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxWords is how many characters are looked for: of longer words only the first so many.
const MaxWords = 100

// Bounds are what a query means for rows in the order of the list, for an engine to put into its own words. Times are those of
// ListedAt.
type Bounds struct {
	Stand Stand // as it is stored; empty: all but Closed
	// Below is the place that every row comes after, with BelowID among the rows of one time; every row changed after Above.
	Below, Above int64
	BelowID      string
	Limit        int
}

// Bounds reports false when the query asks for a stand that is none.
func (q Query) Bounds() (Bounds, bool) {
	b := Bounds{Stand: q.Stand, Below: math.MaxInt64, Above: math.MinInt64, Limit: max(q.Limit, 1)}
	if q.After.ID != "" {
		b.Below, b.BelowID = ListedAt(q.After.ChangedAt), q.After.ID
	}
	if !q.Since.IsZero() {
		b.Above = q.Since.UnixNano() - 1
	}
	if before := q.Before.UnixNano(); !q.Before.IsZero() && before <= b.Below {
		b.Below, b.BelowID = before, ""
	}
	waits := q.Now.Add(-WaitingAfter).UnixNano()
	switch q.Stand {
	case InProgress:
		b.Above = max(b.Above, waits)
	case Waiting:
		b.Stand = InProgress
		if b.Below > waits {
			b.Below, b.BelowID = waits+1, ""
		}
	case "", NotOpened, Problem, Completed, Closed:
	default:
		return Bounds{}, false
	}
	return b, true
}

// ListedAt is where the time of a last change stands in the list: nanoseconds since 1970, and 0 without one.
func ListedAt(changed time.Time) int64 {
	if changed.IsZero() {
		return 0
	}
	return changed.UnixNano()
}

// Findable makes the words of a query findable: control characters, which separate the columns in an index, become spaces.
func (q Query) Findable() string {
	words := strings.TrimSpace(OneLine(q.Words))
	if utf8.RuneCountInString(words) > MaxWords {
		words = string([]rune(words)[:MaxWords])
	}
	return words
}

// OneLine is a text without control characters.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
