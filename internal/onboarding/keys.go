package onboarding

import (
	"context"
	"fmt"

	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
)

// KeyProofPlace is what the key proof is sealed for.
var KeyProofPlace = seal.Place("key-proof")

// ProveKeys is called once at start: it seals the proof when there is none. One that is there stays as it is, whichever key
// opens it: it moves to another key when everything else that is sealed has (package reseal). So whoever takes a key away too early
// is told by CheckKeys, rather than by secrets that do not open.
func (s *Service) ProveKeys(ctx context.Context) error {
	return s.Store.AddKeyProof(ctx, s.Keys.Seal(secret.New("onboard"), KeyProofPlace))
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
	if _, err := keys.Open(proof, KeyProofPlace); err != nil {
		return fmt.Errorf("ONBOARD_SEALING_KEYS are not the keys of this database: %w", err)
	}
	return nil
}
