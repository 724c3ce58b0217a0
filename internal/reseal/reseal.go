package reseal

import (
	"context"
	"fmt"

	"github.com/aritma/entra-onboard/internal/seal"
)

const (
	// batch is how many ciphertexts one transaction moves: others write in between.
	batch = 100
	// passes is how often a kind is gone through until nothing under another key turns up any more.
	passes = 5
)

// Kind is a kind of thing that is kept sealed.
type Kind string

// Kinds of what is kept sealed.
const (
	SetupSecrets Kind = "setup secrets"
	Signins      Kind = "sign-ins"
	Sessions     Kind = "sessions"
	KeyProof     Kind = "key proof"
)

// Kinds are all of them in the order in which they move.
var Kinds = []Kind{SetupSecrets, Signins, Sessions, KeyProof}

// Row is a ciphertext and where it is kept.
type Row struct {
	// ID is the id of the setup, the hash of the session in hex, or the id of the sign-in in hex; "proof" for the key proof.
	ID string
	// Name is the name of the secret, or the stage of the sign-in; empty for others.
	Name  string
	Value seal.Sealed
}

// Swap replaces the ciphertext of a row by another.
type Swap struct {
	Row
	Next seal.Sealed
}

// Store is what a database does for it.
type Store interface {
	// SealedRows lists what is kept sealed of a kind, after a row in the order of id and name, at most so many. The zero row
	// comes before all.
	SealedRows(ctx context.Context, kind Kind, after Row, limit int) ([]Row, error)
	// SwapSealed replaces, in one transaction, each ciphertext that is still the one of its row, and returns how many were. It
	// changes nothing else of them.
	SwapSealed(ctx context.Context, kind Kind, swaps []Swap) (int, error)
}

// Places tell what the ciphertext of a row is sealed for: see seal.Place.
type Places map[Kind]func(Row) []byte

// Count is how many values of a kind are sealed under a key.
type Count struct {
	Kind   Kind
	Key    seal.KeyID // the zero id: what is kept is no ciphertext
	Values int
}

// Tally is what became of a kind.
type Tally struct {
	Kind    Kind
	Moved   int
	Already int // under the first key when it was looked at first
	// Unopened are those that no key opens, by the key that they name: damaged where that key is there. They stay as they are.
	Unopened map[seal.KeyID]int
	// Left is how many turned up under another key to the last: somebody goes on sealing with it.
	Left int
}

// Run moves everything, and returns what became of each kind. The key proof is missing in it when it had to stay because of
// what was left of other kinds. After an error, run it again: it goes on where it was.
func Run(ctx context.Context, store Store, keys *seal.Keyring, places Places) ([]Tally, error) {
	m := mover{store, keys, places}
	var all []Tally
	left := 0
	for _, kind := range Kinds {
		if kind == KeyProof && left > 0 {
			break
		}
		t, err := m.move(ctx, kind)
		if err != nil {
			return all, fmt.Errorf("move %s: %w", kind, err)
		}
		all = append(all, t)
		left += t.Left
	}
	return all, nil
}

type mover struct {
	store  Store
	keys   *seal.Keyring
	places Places
}

// move goes through a kind until it finds nothing to move: a service may have sealed with another key behind its back.
func (m mover) move(ctx context.Context, kind Kind) (Tally, error) {
	total := Tally{Kind: kind}
	for n := range passes {
		seen, err := m.pass(ctx, kind)
		if err != nil {
			return total, err
		}
		total.Moved += seen.Moved
		total.Unopened, total.Left = seen.Unopened, seen.Left
		if n == 0 {
			total.Already = seen.Already
		}
		if seen.Left == 0 {
			break
		}
	}
	return total, nil
}

// pass goes through a kind once. Left is what it found under another key, moved or changed by somebody else meanwhile.
func (m mover) pass(ctx context.Context, kind Kind) (Tally, error) {
	t := Tally{Kind: kind, Unopened: map[seal.KeyID]int{}}
	first := m.keys.KeyIDs()[0]
	var at Row
	for {
		rows, err := m.store.SealedRows(ctx, kind, at, batch)
		if err != nil || len(rows) == 0 {
			return t, err
		}
		at = rows[len(rows)-1]
		var swaps []Swap
		for _, row := range rows {
			if row.Value.KeyID() == first {
				t.Already++
				continue
			}
			next, err := m.keys.Reseal(row.Value, m.places[kind](row))
			if err != nil {
				t.Unopened[row.Value.KeyID()]++
				continue
			}
			swaps = append(swaps, Swap{row, next})
		}
		if len(swaps) == 0 {
			continue
		}
		moved, err := m.store.SwapSealed(ctx, kind, swaps)
		if err != nil {
			return t, err
		}
		t.Moved += moved
		t.Left += len(swaps)
	}
}
