package sandbox

import (
	"crypto/rand"
	"encoding/base64"

	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/secret"
)

// personName is the name of Sample.Person.
const personName = "Kari Nordmann"

// Sample is a made-up company with everything that its tenant admin would know or copy from the portal. Names end in
// .example (RFC 2606); ids are the same at every start, secrets never are.
type Sample struct {
	Tenant      string // the company's environment in Aritma
	Company     string
	DirectoryID string // Directory (tenant) ID
	Domain      string // verified in the directory
	ClientID    string // Application (client) ID

	ClientSecret  secret.Secret // Value of the client secret, 40 characters in the shape of Entra's
	ExpiredSecret secret.Secret // Value of an older client secret of the same application: AADSTS7000222
	SecretID      string        // Secret ID of ClientSecret, a GUID, the one that people paste by mistake

	Person string // e-mail of somebody who works there

	// A second directory, which knows nothing of the application.
	OtherCompany     string
	OtherDirectoryID string
	OtherDomain      string
}

func newSample() Sample {
	return Sample{
		Tenant:           "nordlys-bygg",
		Company:          "Nordlys Bygg AS",
		DirectoryID:      "5b1d7f0e-3c42-4f86-9a57-d2e8c6b40a13",
		Domain:           "nordlysbygg.example",
		ClientID:         "c93e2a64-71b8-4d0f-8e25-6fa0b7d4191c",
		ClientSecret:     entraSecret(),
		ExpiredSecret:    entraSecret(),
		SecretID:         uuid.NewString(),
		Person:           "kari.nordmann@nordlysbygg.example",
		OtherCompany:     "Fjell og Fisk AS",
		OtherDirectoryID: "e04c8d29-b6a1-4573-8f3d-17c52be9a860",
		OtherDomain:      "fjellogfisk.example",
	}
}

const entraAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789~._-"

// entraSecret makes a value as Entra does (observed): 40 characters, "8Q~" at the fourth place, and among the rest
// the characters that copying by double click cuts at.
func entraSecret() secret.Secret {
	value := pick(3) + "8Q~" + pick(8) + "." + pick(8) + "_" + pick(8) + "-" + pick(5) + "~" + pick(1)
	return secret.New(value)
}

// pick returns n characters of entraAlphabet. The remainder of 256/66 makes some slightly likelier: good enough for
// values that guard nothing.
func pick(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails (Go 1.24)
	for i, b := range raw {
		raw[i] = entraAlphabet[int(b)%len(entraAlphabet)]
	}
	return string(raw)
}

// randomValue returns 64 characters of base64url from 48 random bytes.
func randomValue() secret.Secret {
	raw := make([]byte, 48)
	_, _ = rand.Read(raw)
	return secret.New(base64.RawURLEncoding.EncodeToString(raw))
}
