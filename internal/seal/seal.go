package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	keyPrefix = "oks1_" // onboard key, sealing, format 1: recognisable to secret scanners
	keyBytes  = 32
	version   = 1
	headBytes = 1 + 4 // version, key id
)

// ErrOpen says that a ciphertext is damaged, belongs to another place, or was sealed with a key that is not here.
var ErrOpen = errors.New("sealed value does not open with any of the keys at this place")

// Sealed is a ciphertext: one version byte, four bytes of key id, a 12-byte nonce, ciphertext and tag.
type Sealed []byte

// KeyID names a key without telling anything of it: the first four bytes of a SHA-256 over it.
type KeyID [4]byte

// String is the id as people read it: 8 characters of lower-case hex.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// KeyID is the id of the key that sealed the value; the zero id when it is no ciphertext of this format. The first five bytes
// are enough to tell.
func (s Sealed) KeyID() KeyID {
	if len(s) < headBytes || s[0] != version {
		return KeyID{}
	}
	return KeyID(s[1:headBytes])
}

// Place binds a ciphertext to where it is kept, for example Place("setup", id, "client-secret").
// Parts are length-prefixed, so that no two lists of parts give the same place.
func Place(parts ...string) []byte {
	var place []byte
	for _, part := range parts {
		place = binary.BigEndian.AppendUint32(place, uint32(len(part))) //nolint:gosec // parts are ids and field names
		place = append(place, part...)
	}
	return place
}

type key struct {
	id   KeyID
	aead cipher.AEAD
}

// Keyring seals with its first key and opens with each.
type Keyring struct{ keys []key }

// Generate returns a new key in the form that ONBOARD_SEALING_KEYS takes: "oks1_" and 43 characters of base64url.
func Generate() secret.Secret {
	raw := make([]byte, keyBytes)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails (Go 1.24)
	return secret.New(keyPrefix + base64.RawURLEncoding.EncodeToString(raw))
}

// ParseKeyring reads a comma-separated list of keys from Generate. Errors name the position, never the key.
func ParseKeyring(list secret.Secret) (*Keyring, error) {
	ring := &Keyring{}
	for i, text := range strings.Split(list.Expose(), ",") {
		k, err := parseKey(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

func parseKey(text string) (key, error) {
	encoded, ok := strings.CutPrefix(text, keyPrefix)
	if !ok {
		return key{}, fmt.Errorf("does not begin with %q", keyPrefix)
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(raw) != keyBytes {
		return key{}, fmt.Errorf("is not %d bytes of base64url", keyBytes)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, err
	}
	digest := sha256.Sum256(append([]byte("onboard key id\x00"), raw...))
	return key{id: KeyID(digest[:4]), aead: aead}, nil
}

// KeyIDs are the ids of the keys, in their order: the first one seals.
func (r *Keyring) KeyIDs() []KeyID {
	ids := make([]KeyID, len(r.keys))
	for i, k := range r.keys {
		ids[i] = k.id
	}
	return ids
}

// Seal encrypts value for place.
func (r *Keyring) Seal(value secret.Secret, place []byte) Sealed {
	return r.seal([]byte(value.Expose()), place)
}

// Open decrypts what Seal made for the same place, or fails with ErrOpen.
func (r *Keyring) Open(sealed Sealed, place []byte) (secret.Secret, error) {
	plain, err := r.open(sealed, place)
	if err != nil {
		return secret.Secret{}, err
	}
	return secret.New(string(plain)), nil
}

// Reseal seals what a ciphertext holds once more, with the first key and for the same place, or fails with ErrOpen. The
// plaintext does not leave it.
func (r *Keyring) Reseal(sealed Sealed, place []byte) (Sealed, error) {
	plain, err := r.open(sealed, place)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return r.seal(plain, place), nil
}

func (r *Keyring) seal(plain, place []byte) Sealed {
	k := r.keys[0]
	head := append([]byte{version}, k.id[:]...)
	return k.aead.Seal(head, nil, plain, bind(head, place)) //nolint:gosec // the AEAD makes its own random nonce
}

func (r *Keyring) open(sealed Sealed, place []byte) ([]byte, error) {
	if len(sealed) < headBytes || sealed[0] != version {
		return nil, ErrOpen
	}
	head, body := sealed[:headBytes], sealed[headBytes:]
	for _, k := range r.keys {
		if sealed.KeyID() != k.id {
			continue
		}
		if plain, err := k.aead.Open(nil, nil, body, bind(head, place)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrOpen
}

func bind(head, place []byte) []byte { return append(append([]byte{}, head...), place...) }
