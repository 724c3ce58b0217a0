package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/webhook"
)

const (
	// dueMessage goes by webhook_messages_by_next: of messages of one time, the one that was written first.
	dueMessage = `SELECT id FROM webhook_messages WHERE NOT dead AND next_at <= $1 AND claimed_until <= $1 ORDER BY next_at, number LIMIT 1`

	messageColumns = `id, type, at, setup, company, tenant, step, problem, attempts`
)

func scanMessage(from row, more ...any) (m webhook.Message, err error) {
	into := []any{&m.ID, &m.Type, stampInto{&m.At}, &m.Setup, &m.Company, &m.Tenant, &m.Step, &m.Problem, &m.Attempt}
	return m, from.Scan(append(into, more...)...)
}

// ClaimMessage implements webhook.Store. It looks without a transaction first: mostly there is
// nothing, and it is asked often. What another replica is claiming at this moment is left to it.
func (s *Store) ClaimMessage(ctx context.Context, now, until time.Time) (m webhook.Message, claimed bool, err error) {
	due, err := exists(ctx, s.db, `SELECT EXISTS (`+dueMessage+`)`, now.UnixNano())
	if err != nil {
		return webhook.Message{}, false, fmt.Errorf("look for messages: %w", err)
	}
	if !due {
		return webhook.Message{}, false, nil
	}
	err = s.write(ctx, "claim message", func(tx *sql.Tx) (err error) {
		m, err = scanMessage(one(ctx, tx, `
			UPDATE webhook_messages SET claimed_until = $2, attempts = attempts + 1 WHERE id = (`+dueMessage+` FOR UPDATE SKIP LOCKED)
			RETURNING `+messageColumns, now.UnixNano(), until.UnixNano()))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) { // somebody else was faster
		return webhook.Message{}, false, nil
	}
	return m, err == nil, err
}

// DropMessage implements webhook.Store.
func (s *Store) DropMessage(ctx context.Context, id string) error {
	return s.write(ctx, "drop message", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `DELETE FROM webhook_messages WHERE id = $1`, id)
		return err
	})
}

// RetryMessage implements webhook.Store.
func (s *Store) RetryMessage(ctx context.Context, m webhook.Message, at time.Time, reason string) error {
	return s.write(ctx, "put off message", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `UPDATE webhook_messages SET claimed_until = 0, next_at = $1, reason = $2 WHERE id = $3 AND attempts = $4`,
			at.UnixNano(), reason, m.ID, m.Attempt)
		return err
	})
}

// GiveUpMessage implements webhook.Store.
func (s *Store) GiveUpMessage(ctx context.Context, m webhook.Message, reason string) error {
	return s.write(ctx, "give up message", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `UPDATE webhook_messages SET claimed_until = 0, dead = true, reason = $1 WHERE id = $2 AND attempts = $3`,
			reason, m.ID, m.Attempt)
		return err
	})
}

// Undelivered implements webhook.Store.
func (s *Store) Undelivered(ctx context.Context, limit int) ([]webhook.Undelivered, error) {
	all, err := list(ctx, s.db, func(from row) (u webhook.Undelivered, err error) {
		u.Message, err = scanMessage(from, stampInto{&u.Next}, &u.GivenUp, &u.Reason)
		return u, err
	}, `SELECT `+messageColumns+`, next_at, dead, reason FROM webhook_messages ORDER BY at, number LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return all, nil
}

// ReviveMessages implements webhook.Store.
func (s *Store) ReviveMessages(ctx context.Context, now time.Time) (int, error) {
	var revived int64
	err := s.write(ctx, "revive messages", func(tx *sql.Tx) (err error) {
		revived, err = exec(ctx, tx, `UPDATE webhook_messages SET dead = false, attempts = 0, next_at = $1 WHERE dead`, now.UnixNano())
		return err
	})
	return int(revived), err
}

// DeleteMessages implements webhook.Store.
func (s *Store) DeleteMessages(ctx context.Context, upTo time.Time) error {
	return s.write(ctx, "delete messages", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `DELETE FROM webhook_messages WHERE at <= $1`, upTo.UnixNano())
		return err
	})
}
