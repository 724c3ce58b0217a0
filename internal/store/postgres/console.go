package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

const rowColumns = `s.id, s.company, s.tenant, s.contact, s.stand, s.step, s.problem, s.unwatched, s.created_at, s.changed_at, s.completed_at`

func scanRow(from row) (r console.Row, err error) {
	return r, from.Scan(&r.ID, &r.Company, &r.Tenant, &r.Contact, &r.Stand, &r.Step, &r.Problem, &r.Unwatched,
		stampInto{&r.CreatedAt}, stampInto{&r.ChangedAt}, stampInto{&r.CompletedAt})
}

// Rows implements console.Store. A Stand that is none has no rows. A setup without a last change comes last.
func (s *Store) Rows(ctx context.Context, q console.Query) ([]console.Row, error) {
	chosen, ok := choose(q)
	if !ok {
		return nil, nil
	}
	words := q.Findable()
	if words != "" {
		rows, err := s.search(ctx, words, chosen)
		if err != nil {
			return nil, fmt.Errorf("search setups: %w", err)
		}
		return rows, nil
	}
	rows, err := list(ctx, s.db, scanRow, chosen.listing(), append(chosen.args(), chosen.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list setups: %w", err)
	}
	return rows, nil
}

// choice is a query without its words.
type choice struct {
	console.Bounds
	where string // on setups s; takes args
}

func (c choice) args() []any {
	args := []any{c.Below, c.BelowID, c.Above}
	if c.Stand != "" {
		args = append(args, string(c.Stand))
	}
	return args
}

// place is the placeholder of an argument that comes so many after args.
func (c choice) place(after int) string { return "$" + strconv.Itoa(len(c.args())+after) }

// listing is the query for the chosen setups; takes args and the limit.
func (c choice) listing() string {
	return `SELECT ` + rowColumns + ` FROM setups s WHERE ` + c.where + ` ORDER BY s.listed_at DESC, s.id DESC LIMIT ` + c.place(1)
}

// choose reports false when the query asks for a stand that is none.
func choose(q console.Query) (choice, bool) {
	bounds, ok := q.Bounds()
	c := choice{Bounds: bounds, where: `(s.listed_at, s.id) < ($1, $2) AND s.listed_at > $3 AND s.stand = $4`}
	if c.Stand == "" {
		c.where = `(s.listed_at, s.id) < ($1, $2) AND s.listed_at > $3 AND NOT s.closed` // as in setups_listed
	}
	return c, ok
}

// Row implements console.Store.
func (s *Store) Row(ctx context.Context, id string) (console.Row, error) {
	r, err := scanRow(one(ctx, s.db, `SELECT `+rowColumns+` FROM setups s WHERE s.id = $1`, id))
	if err != nil {
		return console.Row{}, fmt.Errorf("load row of setup: %w", orMissing(err, onboarding.ErrNotFound))
	}
	return r, nil
}

// RowsOf implements console.Store.
func (s *Store) RowsOf(ctx context.Context, ids []string) ([]console.Row, error) {
	rows, err := list(ctx, s.db, scanRow, `SELECT `+rowColumns+` FROM setups s WHERE s.id = ANY ($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("list rows of setups: %w", err)
	}
	return rows, nil
}

// AddNote implements console.Store.
func (s *Store) AddNote(ctx context.Context, n console.Note, events ...onboarding.Event) error {
	return s.write(ctx, "add note", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `INSERT INTO notes (setup, at, who, text) VALUES ($1, $2, $3, $4)`, n.Setup, stamp(n.At), n.Who, n.Text)
		if err != nil {
			return orMissing(err, onboarding.ErrNotFound)
		}
		return addEvents(ctx, tx, n.Setup, events)
	})
}

// Notes implements console.Store. Of notes of the same time the one that was added last comes first; an unknown setup has
// none.
func (s *Store) Notes(ctx context.Context, setup string) ([]console.Note, error) {
	notes, err := list(ctx, s.db, func(from row) (n console.Note, err error) {
		return n, from.Scan(&n.Setup, stampInto{&n.At}, &n.Who, &n.Text)
	}, `SELECT setup, at, who, text FROM notes WHERE setup = $1 ORDER BY at DESC NULLS LAST, id DESC`, setup)
	if err != nil {
		return nil, fmt.Errorf("list notes: %w", err)
	}
	return notes, nil
}

// mayWatch keeps the customer's no, and closing, from coming in between: either deletes the watchers that it sees. It waits
// its turn as a change does: sharers could hold back a change for as long as more of them come.
const mayWatch = `SELECT unwatched OR closed_at IS NOT NULL FROM setups WHERE id = $1 FOR NO KEY UPDATE`

// forgetWatchers deletes the watchers of any setup that ended before a time, but for those that somebody else is at: waiting
// for them while holding one's own setup is how two come to wait for each other.
const forgetWatchers = `
	DELETE FROM watchers WHERE (setup, id) IN (SELECT setup, id FROM watchers WHERE until < $1 FOR UPDATE SKIP LOCKED)`

// watchersKept is how long an expired watcher stays at most while others watch.
const watchersKept = time.Hour

// Watch implements console.Store. It deletes the watchers of any setup
// that ended an hour before this one will end: by then nobody asks for them.
func (s *Store) Watch(ctx context.Context, w console.Watcher, events ...onboarding.Event) error {
	return s.write(ctx, "watch setup", func(tx *sql.Tx) error {
		var refused bool
		if err := one(ctx, tx, mayWatch, w.Setup).Scan(&refused); err != nil {
			return orMissing(err, onboarding.ErrNotFound)
		}
		if refused {
			return onboarding.ErrConflict
		}
		_, err := exec(ctx, tx, `
			INSERT INTO watchers (setup, id, name, until) VALUES ($1, $2, $3, $4)
			ON CONFLICT (setup, id) DO UPDATE SET name = excluded.name, until = excluded.until`,
			w.Setup, w.ID, w.Name, w.Until.UnixNano())
		if err != nil {
			return err
		}
		if _, err = exec(ctx, tx, forgetWatchers, w.Until.Add(-watchersKept).UnixNano()); err != nil {
			return err
		}
		return addEvents(ctx, tx, w.Setup, events)
	})
}

// StopWatching implements console.Store.
func (s *Store) StopWatching(ctx context.Context, id string) error {
	return s.write(ctx, "stop watching", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `DELETE FROM watchers WHERE id = $1`, id)
		return err
	})
}

// Watchers implements console.Store. A watcher is gone at its Until; an unknown setup has none.
func (s *Store) Watchers(ctx context.Context, setup string, now time.Time) ([]console.Watcher, error) {
	watchers, err := list(ctx, s.db, func(from row) (w console.Watcher, err error) {
		return w, from.Scan(&w.Setup, &w.ID, &w.Name, stampInto{&w.Until})
	}, `SELECT setup, id, name, until FROM watchers WHERE setup = $1 AND until > $2 ORDER BY lower(name), name, id`, setup, now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("list watchers: %w", err)
	}
	return watchers, nil
}
