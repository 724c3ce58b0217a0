package signin

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestSignaturesThatAreNotBelieved(t *testing.T) {
	public, err := x509.MarshalPKIXPublicKey(ourKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	elsewhere, hits := stranger(t)
	theirs := jose.JSONWebKey{Key: strangersKey.Public(), KeyID: "theirs"}
	sign := func(algorithm jose.SignatureAlgorithm, key any, id string, header ...any) func(object) string {
		return func(c object) string { return signed(t, algorithm, key, id, c, header...) }
	}
	unsigned := func(algorithm string) func(object) string {
		return func(c object) string { return encoded(object{"alg": algorithm}) + "." + encoded(c) + "." }
	}
	ours := sign(jose.ES256, ourKey, "ours")
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	attacks := map[string]attack{}
	for name, forge := range map[string]func(object) string{
		"none":                       unsigned("none"),
		"None":                       unsigned("None"),
		"none, with a signature":     func(c object) string { return unsigned("none")(c) + "AAAA" },
		"signature cut off":          func(c object) string { s := ours(c); return s[:strings.LastIndex(s, ".")+1] },
		"signature of another token": func(c object) string { return swapPayload(ours(c), object{"sub": "admin"}) },
		"HS256 with our secret":      sign(jose.HS256, []byte(wizardSecret.Expose()), "ours"),
		"HS256 with the public key":  sign(jose.HS256, publicPEM, "ours"),
		"wrong key":                  sign(jose.ES256, strangersKey, "ours"),
		"unknown key id":             sign(jose.ES256, strangersKey, "theirs"),
		"key in the header":          sign(jose.ES256, strangersKey, "theirs", "jwk", theirs),
		"key elsewhere":              sign(jose.ES256, strangersKey, "theirs", "jku", elsewhere),
		"EdDSA, not accepted":        sign(jose.EdDSA, edwards, "ours"),
		"header that must be known":  sign(jose.ES256, ourKey, "ours", "crit", []string{"x"}, "x", 1),
		"JSON form":                  func(c object) string { return jsonForm(ours(c)) },
		"encrypted form":             func(object) string { return "a.b.c.d.e" },
		"blanks around":              func(c object) string { return " " + ours(c) },
		"two parts":                  func(c object) string { return encoded(object{"alg": "ES256"}) + "." + encoded(c) },
		"no token":                   func(object) string { return "canary" },
		"claims a list": func(object) string {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: ourKey}, nil)
			if err != nil {
				t.Fatal(err)
			}
			jws, _ := signer.Sign([]byte(`["canary"]`))
			token, _ := jws.CompactSerialize()
			return token
		},
	} {
		attacks[name] = attack{provider: func(p *openID) { p.sign = forge }, want: wrongToken, redemptions: 1}
	}
	runAttacks(t, attacks)
	t.Cleanup(func() {
		if hits.Load() != 0 {
			t.Error("a key was fetched from where the token said")
		}
	})
}

func swapPayload(token string, claims object) string {
	parts := strings.Split(token, ".")
	return parts[0] + "." + encoded(claims) + "." + parts[2]
}

func jsonForm(token string) string {
	parts := strings.Split(token, ".")
	raw, _ := json.Marshal(object{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
	return string(raw)
}

func TestAsymmetricSignaturesAreBelieved(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		algorithm jose.SignatureAlgorithm
		announced []string
		want      string
	}{
		{jose.RS256, []string{"RS256"}, nothingWrong},
		{jose.PS384, []string{"HS256", "PS384"}, nothingWrong},
		{jose.RS512, nil, nothingWrong},
		{jose.RS512, []string{"RS256"}, wrongToken}, // not announced
	} {
		p := newOpenID(t)
		err := attack{provider: func(p *openID) {
			p.document = func(d object) { d["id_token_signing_alg_values_supported"] = test.announced }
			p.sign = func(c object) string { return signed(t, test.algorithm, key, "ours", c) }
			p.onKeys = func(w http.ResponseWriter, _ *http.Request) {
				writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "ours"}}})
			}
		}}.run(t, p.client(), p)
		demand(t, err, test.want)
	}
}
