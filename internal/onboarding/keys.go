package onboarding

import (
	"context"
	"errors"
	"fmt"

	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
)

var keyProofPlace = seal.Place("key-proof")

// ProveKeys is called once at start: it seals the proof when there is none, and again with the first key when an
// older one opens it. With keys that do not open it nothing is written, and CheckKeys says so.
func (s *Service) ProveKeys(ctx context.Context) error {
	if err := s.CheckKeys(ctx); err != nil && !errors.Is(err, ErrNotFound) {
		if errors.Is(err, seal.ErrOpen) {
			return nil
		}
		return err
	}
	return s.Store.SetKeyProof(ctx, s.Keys.Seal(secret.New("onboard"), keyProofPlace))
}

// CheckKeys reports whether the database can be read and its secrets can be opened with the keys in use.
func (s *Service) CheckKeys(ctx context.Context) error {
	sealed, err := s.Store.KeyProof(ctx)
	if err != nil {
		return err
	}
	return OpenProof(s.Keys, sealed)
}

// OpenProof reports whether the keys open the proof of a database.
func OpenProof(keys *seal.Keyring, proof seal.Sealed) error {
	if _, err := keys.Open(proof, keyProofPlace); err != nil {
		return fmt.Errorf("ONBOARD_SEALING_KEYS are not the keys of this database: %w", err)
	}
	return nil
}
