package onboarding

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// Setup is one company's onboarding, from opened to completed.
type Setup struct {
	ID      string // 26 characters of lower-case base32, 130 bits; names the setup in URLs, gives no access
	Version int64  // grows with every change; the base of compare-and-swap

	Company string
	Tenant  string // Aritma's tenantId; never the Entra directory
	Domain  string // e-mail domain that the directory must own; empty when not pinned
	Contact string // who was invited, as customer success wrote it; may be empty
	Scheme  string // proposed by customer success; empty: made from the company
	// SelfBegun is true when somebody began the setup with an access token of their own, which shows nothing about
	// the tenant: the operator's own client never acts for it, and nobody finds it by signing in.
	SelfBegun bool
	// BegunBySignin is true when an administrator of the tenant began the setup after signing in with Aritma. No domain is
	// pinned then: a link only finds it, and the operator's own client never acts for it.
	BegunBySignin bool

	CreatedAt   time.Time
	ChangedAt   time.Time
	OpenedAt    time.Time // first opened by a link or begun by a token; zero: not opened
	CompletedAt time.Time // zero: not completed
	ClosedAt    time.Time // by customer success; zero: not closed
	// Unwatched is true when the customer does not want to be looked at while they work.
	Unwatched bool

	State wizard.State
}

// Reference is the short name by which the setup's own SCIM tokens are recognised among others: 8 characters.
func (s Setup) Reference() string { return s.ID[:8] }

// ProposedScheme is the scheme to offer before the admin has chosen one.
func (s Setup) ProposedScheme() string {
	if s.Scheme != "" {
		return s.Scheme
	}
	return wizard.ProposeScheme(s.Company)
}

// Names of the sealed secrets of a setup.
const (
	ClientSecretName = "client-secret"
	SCIMTokenName    = "scim-token"
)

// ClientSecretLife is how long a client secret is kept at most before it is dropped and asked for again when needed.
const ClientSecretLife = 24 * time.Hour

// SecretPlace is what the secret of that name of a setup is sealed for.
func SecretPlace(setup, name string) []byte { return seal.Place("setup", setup, name) }

// Link is a setup link. Its secret is known to whoever holds the link; only the hash is stored.
type Link struct {
	ID        string
	Setup     string
	Hash      []byte // SHA-256 of the secret
	Label     string // who it is for: LinkAdmin, LinkDeputy or LinkResume
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero: not revoked
}

// Labels of setup links.
const (
	LinkAdmin  = "admin"
	LinkDeputy = "deputy"
	LinkResume = "resume" // to come back to a setup that began without a link
)

// Usable reports whether the link still opens its setup.
func (l Link) Usable(now time.Time) bool { return l.RevokedAt.IsZero() && now.Before(l.ExpiresAt) }

// HashLink is how a link's secret is looked up.
func HashLink(value secret.Secret) []byte {
	sum := sha256.Sum256([]byte(value.Expose()))
	return sum[:]
}

// Grant lets one browser session into one setup.
type Grant struct {
	Session []byte // SHA-256 of the session id
	Setup   string
	Link    string // id of the link that opened it; empty when the session came without one
	Label   string // of that link; read only
	// Signin is true when somebody came in by signing in with Aritma: the grant is worth what that sign-in is.
	Signin bool
	At     time.Time
}

// Actor is who acts, for the audit trail.
type Actor struct {
	// Who is "person:<name>" for somebody who signed in, "link:<label>" for whoever holds a setup link, "token" for whoever
	// began with an access token, "operator" at the command line, "sandbox", or "system".
	Who  string
	From string // address of the client; empty where there is none
}

// Actors that are no visitors.
var (
	System   = Actor{Who: "system"}
	Operator = Actor{Who: "operator"}
)

// Event is one entry of the audit trail: who did what, when. It never holds a secret.
type Event struct {
	Setup string
	At    time.Time
	Actor string // Actor.Who
	From  string // Actor.From
	Kind  string // for example "opened", "step.directory", "provider.created", "token.revealed"
	// Detail is a few plain facts, such as an operation id or a reference number.
	Detail map[string]string
}

// newID returns 130 random bits as 26 characters of lower-case base32.
func newID() string {
	raw := make([]byte, 17)
	_, _ = rand.Read(raw)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))[:26]
}

// madeID is the id of what a form makes: always the same one for the same form with the same answers, and a new one without
// an operation. The first answer is the kind of thing, so that no form makes what another did.
func madeID(kind, operation string, answers ...string) string {
	if operation == "" {
		return newID()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s of operation %q with %q", kind, operation, answers))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:26]
}

// NewOperation returns a fresh single-use operation id for a form that creates something.
func NewOperation() string { return newID() }

// newLinkSecret returns 256 random bits in base64url.
func newLinkSecret() secret.Secret {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return secret.New(base64.RawURLEncoding.EncodeToString(raw))
}
