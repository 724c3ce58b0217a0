package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
)

// KeyProof implements onboarding.Store.
func (s *Store) KeyProof(ctx context.Context) (seal.Sealed, error) {
	var sealed []byte
	err := one(ctx, s.db, `SELECT sealed FROM key_proof`).Scan(&sealed)
	if err != nil {
		return nil, fmt.Errorf("load key proof: %w", orMissing(err, onboarding.ErrNotFound))
	}
	return sealed, nil
}

// AddKeyProof implements onboarding.Store.
func (s *Store) AddKeyProof(ctx context.Context, sealed seal.Sealed) error {
	return s.write(ctx, "store key proof", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `INSERT INTO key_proof (id, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING`, []byte(sealed))
		return err
	})
}
