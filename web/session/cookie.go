package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/aritma/entra-onboard/internal/secret"
)

// Names of the cookie. A browser takes a __Host- cookie over https only, from this very host, for all of its paths
// (RFC 6265bis, 4.1.3.2), so neither a sibling host nor plain http can plant one.
const (
	hostCookie     = "__Host-onboard"
	loopbackCookie = "onboard"
)

const idBytes = 32

// newID returns 256 random bits as the cookie holds them, and the hash under which they are stored.
func newID() (id secret.Secret, hash []byte) {
	raw := make([]byte, idBytes)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails (Go 1.24)
	return secret.New(base64.RawURLEncoding.EncodeToString(raw)), hashID(raw)
}

func hashID(raw []byte) []byte {
	sum := sha256.Sum256(raw)
	return sum[:]
}

// hashOf returns the hash of the id that the request brings, or nil when it brings none that could be ours.
func (st *Store) hashOf(r *http.Request) []byte {
	cookie, err := r.Cookie(st.name)
	if err != nil {
		return nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cookie.Value)
	if err != nil || len(raw) != idBytes {
		return nil
	}
	return hashID(raw)
}

// setCookie gives the browser a session id, or takes it away when the id is zero. It replaces what the same answer said
// before: of two cookies with one name a browser might keep either.
func (st *Store) setCookie(w http.ResponseWriter, id secret.Secret) {
	cookie := &http.Cookie{ //nolint:gosec // Secure unless the site is http on loopback
		Name: st.name, Value: id.Expose(), Path: "/", Secure: st.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if id.IsZero() {
		cookie.MaxAge = -1
	}
	said := w.Header()["Set-Cookie"]
	w.Header().Del("Set-Cookie")
	for _, line := range said {
		if !strings.HasPrefix(line, st.name+"=") {
			w.Header().Add("Set-Cookie", line)
		}
	}
	http.SetCookie(w, cookie)
}
