package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/reseal"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/web/session"
)

// vault is a store whose values are sealed: by old alone, until rotated says otherwise.
type vault struct {
	Store
	t *testing.T
	// both knows the two keys and seals with the fresh one.
	old, both, fresh *seal.Keyring
}

func newVault(t *testing.T, s Store) *vault {
	t.Helper()
	old, fresh := seal.Generate().Expose(), seal.Generate().Expose()
	ring := func(keys ...string) *seal.Keyring {
		r, err := seal.ParseKeyring(secret.New(strings.Join(keys, ",")))
		must(t, err)
		return r
	}
	return &vault{Store: s, t: t, old: ring(old), both: ring(fresh, old), fresh: ring(fresh)}
}

// places are the suite's own; those of the rooms are tried where everything runs together.
var places = reseal.Places{
	reseal.SetupSecrets: placeOf(reseal.SetupSecrets), reseal.Signins: placeOf(reseal.Signins),
	reseal.Sessions: placeOf(reseal.Sessions), reseal.KeyProof: placeOf(reseal.KeyProof),
}

func placeOf(kind reseal.Kind) func(reseal.Row) []byte {
	return func(r reseal.Row) []byte { return seal.Place(string(kind), r.ID, r.Name) }
}

// sealed is a value that tells where it belongs.
func (v *vault) sealed(by *seal.Keyring, kind reseal.Kind, id, name string) seal.Sealed {
	return by.Seal(secret.New(id+"/"+name), placeOf(kind)(reseal.Row{ID: id, Name: name}))
}

func hashOf(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// setup stores a setup with two secrets.
func (v *vault) setup(by *seal.Keyring) onboarding.Setup {
	v.t.Helper()
	setup := created(v.t, v)
	put := map[string]onboarding.SealedSecret{}
	for _, name := range []string{"client-secret", "scim-token"} {
		put[name] = onboarding.SealedSecret{Value: v.sealed(by, reseal.SetupSecrets, setup.ID, name), DropAt: now.Add(time.Hour)}
	}
	setup, err := v.Save(v.t.Context(), onboarding.Change{Setup: setup, Put: put})
	must(v.t, err)
	return setup
}

// session stores a session with a sign-in of each stage, and returns its record.
func (v *vault) session(by *seal.Keyring, name string) session.Record {
	v.t.Helper()
	hash := hashOf(name)
	record := session.Record{
		Hash: hash, Values: v.sealed(by, reseal.Sessions, hex.EncodeToString(hash), ""),
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour),
	}
	must(v.t, v.SaveSession(v.t.Context(), record))
	record.Version = 1
	for _, stage := range []account.Stage{account.Begun, account.Taken, account.Ended} {
		v.signin(by, record.Hash, name, stage)
	}
	return record
}

// signin stores a sign-in that has come to a stage, under the hash of name and stage.
func (v *vault) signin(by *seal.Keyring, session []byte, name string, stage account.Stage) {
	v.t.Helper()
	id := hashOf(name + string(stage))
	seals := func(at account.Stage) seal.Sealed {
		return v.sealed(by, reseal.Signins, hex.EncodeToString(id), string(at))
	}
	must(v.t, v.BeginSignin(v.t.Context(), account.Signin{ID: id, Session: session, Sealed: seals(account.Begun), ExpiresAt: now.Add(time.Hour)}))
	if stage == account.Begun {
		return
	}
	_, err := v.TakeAttempt(v.t.Context(), id, session, now)
	must(v.t, err)
	if stage == account.Ended {
		must(v.t, v.EndSignin(v.t.Context(), id, seals(account.Ended)))
	}
}

// fill stores so many setups and sessions, and the key proof, and returns how many values of each kind are sealed then.
func (v *vault) fill(n int) map[reseal.Kind]int {
	v.t.Helper()
	for i := range n {
		v.setup(v.old)
		v.session(v.old, fmt.Sprint(i))
	}
	must(v.t, v.AddKeyProof(v.t.Context(), v.sealed(v.old, reseal.KeyProof, "proof", "")))
	return map[reseal.Kind]int{reseal.SetupSecrets: 2 * n, reseal.Signins: 2 * n, reseal.Sessions: n, reseal.KeyProof: 1}
}

// rows lists a kind in batches of three.
func (v *vault) rows(kind reseal.Kind) (all []reseal.Row) {
	v.t.Helper()
	var at reseal.Row
	for {
		rows, err := v.SealedRows(v.t.Context(), kind, at, 3)
		must(v.t, err)
		if len(rows) > 3 {
			v.t.Fatalf("%d rows, want 3 at most", len(rows))
		}
		if len(rows) == 0 {
			return all
		}
		all = append(all, rows...)
		at = rows[len(rows)-1]
	}
}

// opens demands that a key opens everything, each value at its own place, and returns how many values there are.
func (v *vault) opens(by *seal.Keyring) map[reseal.Kind]int {
	v.t.Helper()
	n := map[reseal.Kind]int{}
	for _, kind := range reseal.Kinds {
		for _, row := range v.rows(kind) {
			n[kind]++
			value, err := by.Open(row.Value, places[kind](row))
			if err != nil || value.Expose() != row.ID+"/"+row.Name {
				v.t.Errorf("%s %s %s does not open as what it was: %v", kind, row.ID, row.Name, err)
			}
		}
	}
	return n
}

func testSealedRows(t *testing.T, s Store) {
	v := newVault(t, s)
	for _, kind := range reseal.Kinds {
		wantEqual(t, string(kind)+" of an empty database", v.rows(kind), []reseal.Row(nil))
	}
	filled := v.fill(5)
	wantEqual(t, "what is sealed, listed in batches", v.opens(v.old), filled)
}

// testSwapSealed: what was taken, replaced, renamed or deleted after it was listed is left as it is, and nothing of a row but
// its ciphertext changes.
func testSwapSealed(t *testing.T, s Store) {
	v := newVault(t, s)
	claimed, dropped, replaced, kept := v.setup(v.old), v.setup(v.old), v.setup(v.old), v.setup(v.old)
	renamed, deleted, saved, still := v.session(v.old, "renamed"), v.session(v.old, "deleted"), v.session(v.old, "saved"), v.session(v.old, "still")
	swaps := map[reseal.Kind][]reseal.Swap{}
	for _, kind := range reseal.Kinds {
		for _, row := range v.rows(kind) {
			next, err := v.both.Reseal(row.Value, places[kind](row))
			must(t, err)
			swaps[kind] = append(swaps[kind], reseal.Swap{Row: row, Next: next})
		}
	}
	ctx := t.Context()
	_, _, err := s.Claim(ctx, onboarding.Change{Setup: claimed}, "scim-token")
	must(t, err)
	_, err = s.Save(ctx, onboarding.Change{Setup: dropped, Drop: []string{"client-secret"}})
	must(t, err)
	newer := v.sealed(v.old, reseal.SetupSecrets, replaced.ID, "scim-token")
	replaced, err = s.Save(ctx, onboarding.Change{Setup: replaced, Put: map[string]onboarding.SealedSecret{"scim-token": {Value: newer}}})
	must(t, err)
	old := renamed.Hash
	renamed.Hash = []byte("fresh")
	must(t, s.RenameSession(ctx, old, renamed))
	must(t, s.DeleteSession(ctx, deleted.Hash))
	saved.Values = v.sealed(v.old, reseal.Sessions, hex.EncodeToString(saved.Hash), "")
	must(t, s.SaveSession(ctx, saved))

	want := map[reseal.Kind]int{reseal.SetupSecrets: 8 - 3, reseal.Sessions: 1, reseal.Signins: 6, reseal.KeyProof: 0} // the sign-ins of one session went with it
	for _, kind := range reseal.Kinds {
		for _, expected := range []int{want[kind], 0} { // a second time nothing is as it was
			n, err := s.SwapSealed(ctx, kind, swaps[kind])
			must(t, err)
			wantEqual(t, string(kind)+" swapped", n, expected)
		}
	}
	for _, gone := range []struct{ setup, name string }{{claimed.ID, "scim-token"}, {dropped.ID, "client-secret"}} {
		_, err := s.Sealed(ctx, gone.setup, gone.name)
		wantError(t, err, onboarding.ErrNotFound)
	}
	got, err := s.Sealed(ctx, replaced.ID, "scim-token")
	must(t, err)
	wantEqual(t, "the secret that was replaced", got, newer)
	_, err = s.LoadSession(ctx, deleted.Hash, now)
	wantError(t, err, session.ErrNotFound)
	_, err = s.LoadSession(ctx, old, now)
	wantError(t, err, session.ErrNotFound)
	renamed.Version++
	wantEqual(t, "the session that was renamed", loadSession(t, s, renamed.Hash), renamed)
	saved.Version++
	wantEqual(t, "the session that was saved", loadSession(t, s, saved.Hash), saved)
	after := loadSession(t, s, still.Hash)
	wantEqual(t, "the key of a session that stayed", after.Values.KeyID(), v.fresh.KeyIDs()[0])
	still.Values = after.Values
	wantEqual(t, "that session otherwise", after, still)
	wantEqual(t, "the version of a setup that stayed", load(t, s, kept.ID).Version, kept.Version)
	expired, err := s.ExpiredSecrets(ctx, now.Add(time.Hour))
	must(t, err)
	wantEqual(t, "secrets that end by time", len(expired), 8-3)
}

var errKilled = errors.New("killed")

// mortal is a store whose process dies at the swap of that number, before it happens or after.
type mortal struct {
	reseal.Store
	dies  int
	after bool
}

func (m *mortal) SwapSealed(ctx context.Context, kind reseal.Kind, swaps []reseal.Swap) (int, error) {
	if m.dies--; m.dies == 0 && !m.after {
		return 0, errKilled
	}
	n, err := m.Store.SwapSealed(ctx, kind, swaps)
	if m.dies == 0 && err == nil {
		return 0, errKilled
	}
	return n, err
}

// SealedRows lists few at once, so that there are many swaps.
func (m *mortal) SealedRows(ctx context.Context, kind reseal.Kind, after reseal.Row, _ int) ([]reseal.Row, error) {
	return m.Store.SealedRows(ctx, kind, after, 3)
}

// testResealKilled kills at every swap in turn, one after the other: at each moment both keys open everything, the proof is
// never ahead of the rest, and the one that is let live finishes.
func testResealKilled(t *testing.T, s Store) {
	v := newVault(t, s)
	filled := v.fill(6)
	killed := 0
	for after := false; ; after = !after {
		tallies, err := reseal.Run(t.Context(), &mortal{v, 2, after}, v.both, places)
		wantEqual(t, "what is sealed while it moves", v.opens(v.both), filled)
		if proof, err := s.KeyProof(t.Context()); err != nil || proof.KeyID() == v.fresh.KeyIDs()[0] {
			must(t, err)
			wantEqual(t, "what the fresh key opens as soon as it opens the proof", v.opens(v.fresh), filled)
		}
		if err == nil {
			if killed < 5 {
				t.Errorf("killed %d times only: %v", killed, tallies)
			}
			break
		}
		wantError(t, err, errKilled)
		killed++
	}
	wantEqual(t, "what the fresh key opens in the end", v.opens(v.fresh), filled)
	again, err := reseal.Run(t.Context(), s, v.both, places)
	must(t, err)
	for _, each := range again {
		wantEqual(t, "moved once more", each, reseal.Tally{Kind: each.Kind, Already: filled[each.Kind]})
	}
	wantEqual(t, "kinds", len(again), len(reseal.Kinds))
}

// testResealBusy moves everything, twice at once, while services claim, replace, rename, delete and take: each claims its
// token once, opens whatever it gets, and nothing that is gone comes back.
func testResealBusy(t *testing.T, s Store) {
	v := newVault(t, s)
	v.fill(4)
	const each = 4
	setups := make([][]onboarding.Setup, each)
	for i := range each {
		for n := range 2 {
			setups[i] = append(setups[i], v.setup(v.old))
			v.session(v.old, fmt.Sprint("busy", i, n))
		}
	}
	var working sync.WaitGroup
	for range 2 {
		working.Go(func() {
			for range 2 {
				if _, err := reseal.Run(t.Context(), &mortal{Store: v}, v.both, places); err != nil {
					t.Errorf("move: %v", err)
				}
			}
		})
	}
	for i := range each {
		working.Go(func() {
			for n, setup := range setups[i] {
				v.works(setup, fmt.Sprint("busy", i, n), n%2 == 0)
			}
		})
	}
	working.Wait()
	tallies, err := reseal.Run(t.Context(), s, v.both, places)
	must(t, err)
	for _, each := range tallies {
		if len(each.Unopened) > 0 || each.Left > 0 {
			t.Errorf("%s: %+v", each.Kind, each)
		}
	}
	left := v.opens(v.fresh)
	want := map[reseal.Kind]int{reseal.SetupSecrets: 8 + 2*each, reseal.Sessions: 4 + each, reseal.Signins: 8, reseal.KeyProof: 1}
	wantEqual(t, "what is left, under the fresh key", left, want)
}

// works does with a setup and a session what a service does while everything moves; a failure is a defect.
func (v *vault) works(setup onboarding.Setup, visitor string, signsOut bool) {
	ctx, t := v.t.Context(), v.t
	hash := hashOf(visitor)
	fine := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	opens := func(kind reseal.Kind, value seal.Sealed, id, name string) {
		if got, err := v.both.Open(value, placeOf(kind)(reseal.Row{ID: id, Name: name})); err != nil || got.Expose() != id+"/"+name {
			t.Errorf("%s of %s does not open: %v", kind, id, err)
		}
	}
	name := hex.EncodeToString(hash)
	loaded, err := v.LoadSession(ctx, hash, now)
	fine(err)
	opens(reseal.Sessions, loaded.Values, name, "")
	begun, ended := hashOf(visitor+string(account.Begun)), hashOf(visitor+string(account.Ended))
	value, err := v.TakeAttempt(ctx, begun, hash, now)
	fine(err)
	opens(reseal.Signins, value, hex.EncodeToString(begun), string(account.Begun))
	value, err = v.TakeOutcome(ctx, ended, hash, now)
	fine(err)
	opens(reseal.Signins, value, hex.EncodeToString(ended), string(account.Ended))
	if signsOut {
		fine(v.DeleteSession(ctx, hash))
	} else {
		loaded.Values = v.sealed(v.both, reseal.Sessions, name, "")
		fine(v.SaveSession(ctx, loaded))
	}
	held, err := v.Sealed(ctx, setup.ID, "client-secret")
	fine(err)
	opens(reseal.SetupSecrets, held, setup.ID, "client-secret")
	put := map[string]onboarding.SealedSecret{"client-secret": {Value: v.sealed(v.both, reseal.SetupSecrets, setup.ID, "client-secret")}}
	setup, err = v.Save(ctx, onboarding.Change{Setup: setup, Put: put})
	fine(err)
	_, token, err := v.Claim(ctx, onboarding.Change{Setup: setup}, "scim-token")
	fine(err)
	opens(reseal.SetupSecrets, token, setup.ID, "scim-token")
	if _, err := v.Sealed(ctx, setup.ID, "scim-token"); !errors.Is(err, onboarding.ErrNotFound) {
		t.Errorf("the claimed token is there: %v", err)
	}
}

func testResealUnopened(t *testing.T, s Store) {
	v := newVault(t, s)
	v.setup(v.old)
	foreign := newVault(t, s)
	lost := foreign.setup(foreign.old)
	before := v.rows(reseal.SetupSecrets)
	tallies, err := reseal.Run(t.Context(), s, v.both, places)
	must(t, err)
	wantEqual(t, "what became of the secrets", tallies[0], reseal.Tally{
		Kind: reseal.SetupSecrets, Moved: 2, Unopened: map[seal.KeyID]int{foreign.old.KeyIDs()[0]: 2},
	})
	for _, row := range before {
		if row.ID != lost.ID {
			continue
		}
		after, err := s.Sealed(t.Context(), row.ID, row.Name)
		must(t, err)
		wantEqual(t, "what does not open", after, row.Value)
	}
}
