package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
)

var here = seal.Place("setup", "a", "client-secret")

func ring(t *testing.T, keys ...secret.Secret) *seal.Keyring {
	t.Helper()
	var list []string
	for _, k := range keys {
		list = append(list, k.Expose())
	}
	r, err := seal.ParseKeyring(secret.New(strings.Join(list, ", ")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealOpensOnlyAtItsPlace(t *testing.T) {
	r := ring(t, seal.Generate())
	value := secret.New("client secret canary")
	sealed := r.Seal(value, here)
	if bytes.Contains(sealed, []byte(value.Expose())) {
		t.Fatal("the ciphertext holds the plaintext")
	}
	got, err := r.Open(sealed, here)
	if err != nil || !got.Equal(value) {
		t.Fatalf("Open = %v, %v", got, err)
	}
	for name, place := range map[string][]byte{
		"another setup":       seal.Place("setup", "b", "client-secret"),
		"another field":       seal.Place("setup", "a", "scim-token"),
		"parts run together":  seal.Place("setupa", "", "client-secret"),
		"parts cut elsewhere": seal.Place("setup", "aclient-secret", ""),
	} {
		if _, err := r.Open(sealed, place); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: opened", name)
		}
	}
	if bytes.Equal(sealed, r.Seal(value, here)) {
		t.Error("sealing twice gave the same ciphertext: the nonce is not random")
	}
}

func TestSealRefusesEveryDamage(t *testing.T) {
	r := ring(t, seal.Generate())
	sealed := r.Seal(secret.New("value"), here)
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		if _, err := r.Open(damaged, here); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("byte %d flipped: opened", i)
		}
		if _, err := r.Open(sealed[:i], here); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("cut to %d bytes: opened", i)
		}
	}
}

func TestSealRotates(t *testing.T) {
	old, fresh := seal.Generate(), seal.Generate()
	sealed := ring(t, old).Seal(secret.New("value"), here)
	if _, err := ring(t, fresh, old).Open(sealed, here); err != nil {
		t.Errorf("old key second in the list: %v", err)
	}
	if _, err := ring(t, fresh).Open(sealed, here); !errors.Is(err, seal.ErrOpen) {
		t.Error("opened without its key")
	}
	if _, err := ring(t, fresh).Open(ring(t, fresh, old).Seal(secret.New("v"), here), here); err != nil {
		t.Errorf("the first key did not seal: %v", err)
	}
}

func TestReseal(t *testing.T) {
	old, fresh := seal.Generate(), seal.Generate()
	both := ring(t, fresh, old)
	sealed := ring(t, old).Seal(secret.New("value"), here)
	moved, err := both.Reseal(sealed, here)
	if err != nil {
		t.Fatal(err)
	}
	if ids := both.KeyIDs(); sealed.KeyID() != ids[1] || moved.KeyID() != ids[0] || ids[0] == ids[1] {
		t.Errorf("sealed under %s and moved to %s, with keys %v", sealed.KeyID(), moved.KeyID(), ids)
	}
	if got, err := ring(t, fresh).Open(moved, here); err != nil || got.Expose() != "value" {
		t.Errorf("moved, it opens with the first key alone: %v", err)
	}
	if _, err := ring(t, fresh).Open(moved, seal.Place("elsewhere")); err == nil {
		t.Error("moved, it opens at another place")
	}
	for name, resealed := range map[string]func() (seal.Sealed, error){
		"for another place": func() (seal.Sealed, error) { return both.Reseal(sealed, seal.Place("elsewhere")) },
		"without its key":   func() (seal.Sealed, error) { return ring(t, fresh).Reseal(sealed, here) },
		"nothing":           func() (seal.Sealed, error) { return both.Reseal(nil, here) },
	} {
		if got, err := resealed(); !errors.Is(err, seal.ErrOpen) || got != nil {
			t.Errorf("%s: resealed", name)
		}
	}
	for _, none := range []seal.Sealed{nil, {1, 2, 3, 4}, append(seal.Sealed{9}, sealed[1:]...)} {
		if none.KeyID() != (seal.KeyID{}) {
			t.Errorf("%d bytes that are no ciphertext name key %s", len(none), none.KeyID())
		}
	}
}

func TestParseKeyringNamesPositionNotKey(t *testing.T) {
	good := seal.Generate().Expose()
	for _, bad := range []string{"", "canary", "oks1_canary", good + ",", good + ",oks1_" + strings.Repeat("A", 50)} {
		_, err := seal.ParseKeyring(secret.New(bad))
		if err == nil {
			t.Errorf("%d characters: accepted", len(bad))
		} else if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), good) {
			t.Errorf("the error quotes the key: %v", err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	r, _ := seal.ParseKeyring(seal.Generate())
	f.Add([]byte{}, []byte{})
	f.Add([]byte(r.Seal(secret.New("x"), here)), []byte("elsewhere"))
	f.Fuzz(func(t *testing.T, sealed, place []byte) {
		if v, err := r.Open(sealed, place); err == nil {
			t.Fatalf("opened a ciphertext that nobody sealed for this place: %v", v)
		}
	})
}
