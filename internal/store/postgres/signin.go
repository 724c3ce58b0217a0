package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/seal"
)

// BeginSignin implements account.Store; account.ErrNotFound when the session is not there.
func (s *Store) BeginSignin(ctx context.Context, in account.Signin) error {
	return s.write(ctx, "begin sign-in", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `INSERT INTO signins (id, session, stage, sealed, expires_at) VALUES ($1, $2, 'begun', $3, $4)`,
			in.ID, in.Session, []byte(in.Sealed), stamp(in.ExpiresAt))
		return orMissing(err, account.ErrNotFound)
	})
}

// TakeAttempt implements account.Store.
func (s *Store) TakeAttempt(ctx context.Context, id, session []byte, now time.Time) (seal.Sealed, error) {
	var sealed []byte
	err := s.write(ctx, "take sign-in attempt", func(tx *sql.Tx) error {
		const begun = ` FROM signins WHERE id = $1 AND session = $2 AND stage = 'begun' AND expires_at > $3`
		if err := one(ctx, tx, `SELECT sealed`+begun+` FOR UPDATE`, id, session, now.UnixNano()).Scan(&sealed); err != nil {
			return orMissing(err, account.ErrNotFound)
		}
		_, err := exec(ctx, tx, `UPDATE signins SET stage = 'taken', sealed = '' WHERE id = $1`, id)
		return err
	})
	return sealed, err
}

// EndSignin implements account.Store.
func (s *Store) EndSignin(ctx context.Context, id []byte, outcome seal.Sealed) error {
	return s.write(ctx, "end sign-in", func(tx *sql.Tx) error {
		ended, err := exec(ctx, tx, `UPDATE signins SET stage = 'ended', sealed = $1 WHERE id = $2 AND stage = 'taken'`, []byte(outcome), id)
		if err == nil && ended == 0 {
			return account.ErrNotFound
		}
		return err
	})
}

// TakeOutcome implements account.Store.
func (s *Store) TakeOutcome(ctx context.Context, id, session []byte, now time.Time) (seal.Sealed, error) {
	var sealed []byte
	err := s.write(ctx, "take outcome of sign-in", func(tx *sql.Tx) error {
		err := one(ctx, tx, `DELETE FROM signins WHERE id = $1 AND session = $2 AND stage = 'ended' AND expires_at > $3 RETURNING sealed`,
			id, session, now.UnixNano()).Scan(&sealed)
		return orMissing(err, account.ErrNotFound)
	})
	return sealed, err
}

// SigninStage implements account.Store.
func (s *Store) SigninStage(ctx context.Context, id, session []byte, now time.Time) (account.Stage, seal.Sealed, error) {
	var stage account.Stage
	var outcome []byte
	err := one(ctx, s.db, `
		SELECT stage, CASE stage WHEN 'ended' THEN sealed ELSE '' END FROM signins WHERE id = $1 AND session = $2 AND expires_at > $3`,
		id, session, now.UnixNano()).Scan(&stage, &outcome)
	if errors.Is(err, sql.ErrNoRows) {
		return account.Gone, nil, nil
	}
	if err != nil {
		return account.Gone, nil, fmt.Errorf("look for sign-in: %w", err)
	}
	return stage, outcome, nil
}

// DeleteExpiredSignins implements account.Store.
func (s *Store) DeleteExpiredSignins(ctx context.Context, now time.Time) error {
	return s.write(ctx, "delete expired sign-ins", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `DELETE FROM signins WHERE expires_at <= $1`, now.UnixNano())
		return err
	})
}
