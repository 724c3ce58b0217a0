package sqlite

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
	dueMessage = `SELECT id FROM webhook_messages WHERE dead = 0 AND next_at <= ? AND claimed_until <= ? ORDER BY next_at, rowid LIMIT 1`

	messageColumns = `id, type, at, setup, company, tenant, step, problem, attempts`
)

func scanMessage(from row, more ...any) (m webhook.Message, err error) {
	into := []any{&m.ID, &m.Type, stampInto{&m.At}, &m.Setup, &m.Company, &m.Tenant, &m.Step, &m.Problem, &m.Attempt}
	return m, from.Scan(append(into, more...)...)
}

// ClaimMessage implements webhook.Store. It looks without a lock first: mostly there is nothing, and it is asked often.
func (s *Store) ClaimMessage(ctx context.Context, now, until time.Time) (m webhook.Message, claimed bool, err error) {
	due, err := exists(ctx, s.reader, `SELECT EXISTS (`+dueMessage+`)`, now.UnixNano(), now.UnixNano())
	if err != nil {
		return webhook.Message{}, false, fmt.Errorf("look for messages: %w", err)
	}
	if !due {
		return webhook.Message{}, false, nil
	}
	err = s.write(ctx, "claim message", func(tx *tx) (err error) {
		m, err = scanMessage(tx.QueryRowContext(ctx, `
			UPDATE webhook_messages SET claimed_until = ?, attempts = attempts + 1 WHERE id = (`+dueMessage+`)
			RETURNING `+messageColumns, until.UnixNano(), now.UnixNano(), now.UnixNano()))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) { // somebody else was faster
		return webhook.Message{}, false, nil
	}
	return m, err == nil, err
}

// DropMessage implements webhook.Store.
func (s *Store) DropMessage(ctx context.Context, id string) error {
	return s.write(ctx, "drop message", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM webhook_messages WHERE id = ?`, id)
		return err
	})
}

// RetryMessage implements webhook.Store.
func (s *Store) RetryMessage(ctx context.Context, m webhook.Message, at time.Time, reason string) error {
	return s.write(ctx, "put off message", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE webhook_messages SET claimed_until = 0, next_at = ?, reason = ? WHERE id = ? AND attempts = ?`,
			at.UnixNano(), reason, m.ID, m.Attempt)
		return err
	})
}

// GiveUpMessage implements webhook.Store.
func (s *Store) GiveUpMessage(ctx context.Context, m webhook.Message, reason string) error {
	return s.write(ctx, "give up message", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE webhook_messages SET claimed_until = 0, dead = 1, reason = ? WHERE id = ? AND attempts = ?`,
			reason, m.ID, m.Attempt)
		return err
	})
}

// Undelivered implements webhook.Store.
func (s *Store) Undelivered(ctx context.Context, limit int) ([]webhook.Undelivered, error) {
	all, err := list(ctx, s.reader, func(from row) (u webhook.Undelivered, err error) {
		u.Message, err = scanMessage(from, stampInto{&u.Next}, &u.GivenUp, &u.Reason)
		return u, err
	}, `SELECT `+messageColumns+`, next_at, dead, reason FROM webhook_messages ORDER BY at, rowid LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return all, nil
}

// ReviveMessages implements webhook.Store.
func (s *Store) ReviveMessages(ctx context.Context, now time.Time) (int, error) {
	var revived int64
	err := s.write(ctx, "revive messages", func(tx *tx) (err error) {
		revived, err = tx.exec(ctx, `UPDATE webhook_messages SET dead = 0, attempts = 0, next_at = ? WHERE dead = 1`, now.UnixNano())
		return err
	})
	return int(revived), err
}

// DeleteMessages implements webhook.Store.
func (s *Store) DeleteMessages(ctx context.Context, upTo time.Time) error {
	return s.write(ctx, "delete messages", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM webhook_messages WHERE at <= ?`, upTo.UnixNano())
		return err
	})
}
