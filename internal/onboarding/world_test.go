package onboarding_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/scim"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/wizard"
)

const (
	tenant      = "acme"
	scheme      = "acme-entra"
	clientValue = "Abc8Q~client.secret_of-the-test~0123456789"
)

// admin acts in these tests.
var admin = onboarding.Actor{Who: "link:test", From: "192.0.2.7"}

// callback is where Aritma ID sends people back to in these tests; nobody listens there.
var callback = &url.URL{Scheme: "http", Host: "127.0.0.1:65000", Path: "/signin/callback"}

// world is a sandbox, a database on disk and a Service between them.
type world struct {
	t     *testing.T
	box   *sandbox.Sandbox
	path  string
	store *sqlite.Store
	keys  *seal.Keyring
	log   *lockedLog
	ahead *atomic.Int64 // how far the service's clock is ahead
	value secret.Secret // the client secret that the admin enters
	*onboarding.Service
}

type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "onboard.db"), log: &lockedLog{}, ahead: &atomic.Int64{}, value: secret.New(clientValue)}
	var err error
	if w.box, err = sandbox.Start(context.Background(), sandbox.Options{Messages: catalogue()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.box.Close() })
	if w.store, err = sqlite.Open(t.Context(), w.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	if w.keys, err = seal.ParseKeyring(seal.Generate()); err != nil {
		t.Fatal(err)
	}
	w.Service = w.service(w.store, w.client(0))
	return w
}

// in is the same world for a subtest, with nothing left in Aritma.
func (w *world) in(t *testing.T) *world {
	w.box.Faults().ClearAll()
	w.box.Reset()
	same := *w
	same.t = t
	return &same
}

// client reaches the sandbox and nothing else; zero patience takes the default.
func (w *world) client(patience time.Duration) *http.Client {
	base, err := url.Parse(w.box.IAMURL())
	if err != nil {
		w.t.Fatal(err)
	}
	client := outbound.New(outbound.Options{Allow: []*url.URL{base}, AllowLoopback: true, Timeout: patience})
	w.t.Cleanup(client.CloseIdleConnections)
	return client
}

// service is another process on the same database: it has its own leases.
func (w *world) service(store onboarding.Store, client *http.Client) *onboarding.Service {
	iamURL, _ := url.Parse(w.box.IAMURL())
	login, _ := url.Parse(w.box.EntraLoginURL())
	idURL, _ := url.Parse(w.box.IDURL())
	s := onboarding.New(onboarding.Options{
		Store: store, IAM: iam.New(iamURL, client), Directory: entra.New(client, login), SCIM: scim.New(client), Keys: w.keys,
		Signin: signin.NewClient(idURL, sandbox.SigninClientID, w.box.SigninClientSecret(), callback, client), MicrosoftHosts: []*url.URL{login},
		Log:                 slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:                 func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) },
		SCIMURLTemplate:     w.box.IDURL() + "/{tenant}/api/scim/v2",
		RedirectURITemplate: w.box.IDURL() + "/{tenant}/federation/{scheme}/signin",
	})
	w.t.Cleanup(func() {
		ended, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		s.Shutdown(ended)
	})
	return s
}

// access is an admin with a token of the tenant.
func (w *world) access() onboarding.Access {
	return onboarding.Access{Actor: admin, Token: func(context.Context) (secret.Secret, error) { return w.box.AccessToken(tenant), nil }}
}

// serviceAccess is the operator's own client, with nothing kept from earlier.
func (w *world) serviceAccess(client *http.Client) onboarding.Access {
	id, _ := url.Parse(w.box.IDURL())
	own := signin.NewService(id, sandbox.ServiceClientID, w.box.ServiceClientSecret(), client)
	return onboarding.Access{Actor: admin, Token: func(ctx context.Context) (secret.Secret, error) { return own.Token(ctx, tenant) }}
}

func (w *world) fatal(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) setup(id string) onboarding.Setup {
	w.t.Helper()
	setup, err := w.Setup(w.t.Context(), id)
	w.fatal(err)
	return setup
}

// create makes a setup that nobody has answered yet.
func (w *world) create() string {
	w.t.Helper()
	setup, err := w.CreateSetup(w.t.Context(), onboarding.NewSetup{Company: "Acme", Tenant: tenant, Actor: onboarding.Operator})
	w.fatal(err)
	return setup.ID
}

// answers are what an admin says at each step before review.
func (w *world) answers(name string) map[wizard.Step]wizard.Event {
	sample := w.box.Sample()
	return map[wizard.Step]wizard.Event{
		wizard.Start: wizard.Started{SharingScreen: true}, wizard.Application: wizard.ApplicationCreated{},
		wizard.Directory: wizard.DirectoryGiven{
			DirectoryID: sample.DirectoryID, ClientID: sample.ClientID, Proven: true,
			Authority: "https://login.microsoftonline.com/" + sample.DirectoryID + "/v2.0",
		},
		wizard.Signin: wizard.SigninChosen{DisplayName: name, Scheme: scheme}, wizard.Redirect: wizard.RedirectAdded{},
		wizard.Secret: wizard.SecretGiven{}, wizard.Assign: wizard.Assigned{FirstPerson: sample.Person},
		wizard.Provisioning: wizard.ProvisioningSeen{Arrived: true}, wizard.SigninTest: wizard.SigninSeen{},
	}
}

// answer submits the open step, with the client secret where it is asked for.
func (w *world) answer(s *onboarding.Service, setup onboarding.Setup) error {
	step, ctx := setup.State.Open(), context.Background()
	if step == wizard.Secret {
		if _, err := s.ReceiveSecret(ctx, setup.ID, "", admin, w.value, ""); err != nil {
			return err
		}
	}
	event, ok := w.answers("Acme")[step]
	if !ok {
		return fmt.Errorf("no answer for step %s", step)
	}
	_, err := s.Submit(ctx, setup.ID, step, setup.State.Marks[step].Revision, admin, event)
	return err
}

// review makes a setup whose open step is review.
func (w *world) review() string {
	w.t.Helper()
	id := w.create()
	for range wizard.Steps() {
		setup := w.setup(id)
		if setup.State.Open() == wizard.Review {
			return id
		}
		w.fatal(w.answer(w.Service, setup))
	}
	w.t.Fatalf("stopped at %s", w.setup(id).State.Open())
	return ""
}

// register presses Register sign-in and waits for the end of it.
func (w *world) register(s *onboarding.Service, id string, r onboarding.Registration, access onboarding.Access) onboarding.Setup {
	w.t.Helper()
	r.Operation = onboarding.NewOperation()
	w.fatal(s.Register(w.t.Context(), id, r, access))
	s.Await(id)
	return w.setup(id)
}

// token presses Create token, or Replace token, for the generation on the page.
func (w *world) token(s *onboarding.Service, id string, access onboarding.Access) onboarding.Setup {
	w.t.Helper()
	w.fatal(s.CreateToken(w.t.Context(), id, onboarding.NewOperation(), w.setup(id).State.Token.Generation, access))
	s.Await(id)
	return w.setup(id)
}

func (w *world) startOver(s *onboarding.Service, id string, access onboarding.Access) onboarding.Setup {
	w.t.Helper()
	w.fatal(s.StartOver(w.t.Context(), id, onboarding.NewOperation(), access))
	s.Await(id)
	return w.setup(id)
}

// registered, sealed and pasted are setups that have come so far.
func (w *world) registered() string {
	w.t.Helper()
	id := w.review()
	if setup := w.register(w.Service, id, onboarding.Registration{}, w.access()); !setup.State.Complete(wizard.Review) {
		w.t.Fatalf("not registered: %+v", setup.State.Registration.Problem)
	}
	return id
}

func (w *world) sealed() string {
	w.t.Helper()
	id := w.registered()
	if setup := w.token(w.Service, id, w.access()); setup.State.Token.Status != wizard.TokenSealed {
		w.t.Fatalf("no token: %+v", setup.State.Token.Problem)
	}
	return id
}

func (w *world) pasted() (id string, value secret.Secret) {
	w.t.Helper()
	id = w.sealed()
	value, setup, err := w.RevealToken(w.t.Context(), id, "", admin)
	w.fatal(err)
	_, err = w.TokenPasted(w.t.Context(), id, setup.State.Token.Generation, w.access())
	w.fatal(err)
	return id, value
}

// live lists the ids of the SCIM tokens in Aritma that carry the setup's reference.
func (w *world) live(id string) []string {
	var ids []string
	for _, token := range w.box.Snapshot(tenant).SCIMTokens {
		if strings.Contains(token.DisplayName, "(setup "+id[:8]+")") {
			ids = append(ids, token.ID)
		}
	}
	return ids
}

// known are the tokens that the setup's pages tell about.
func known(setup onboarding.Setup) []string {
	ids := slices.Clone(setup.State.Token.Old)
	if setup.State.Token.ID != "" {
		ids = append(ids, setup.State.Token.ID)
	}
	return ids
}

func (w *world) unknown(id string) []string {
	told := known(w.setup(id))
	return slices.DeleteFunc(w.live(id), func(token string) bool { return slices.Contains(told, token) })
}

// providers counts those of the setup's scheme.
func (w *world) providers() int {
	n := 0
	for _, p := range w.box.Snapshot(tenant).Providers {
		if p.Scheme == scheme {
			n++
		}
	}
	return n
}

// requests is how often an operation of the IAM API was asked for.
func (w *world) requests(operation string) int { return w.box.Snapshot(tenant).Requests[operation] }

const (
	createProvider = "POST /core/iam/v1/sso/azuread"
	createToken    = "POST /core/iam/v1/scim"
)

// works asks the SCIM endpoint what Entra's Test Connection asks.
func (w *world) works(value secret.Secret) bool {
	w.t.Helper()
	address := w.box.IDURL() + "/" + tenant + `/api/scim/v2/Users?filter=` + url.QueryEscape(`userName eq "nobody"`)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, address, nil)
	w.fatal(err)
	r.Header.Set("Authorization", "Bearer "+value.Expose())
	answer, err := http.DefaultClient.Do(r)
	w.fatal(err)
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

var catalogue = sync.OnceValue(func() *message.Catalogue {
	c, err := message.New()
	if err != nil {
		panic(err)
	}
	return c
})

// wantTold demands that a stored problem has a sentence, a reference and no secret.
func (w *world) wantTold(problems ...*wizard.Problem) {
	w.t.Helper()
	for _, p := range problems {
		if p == nil {
			continue
		}
		if !slices.Contains(catalogue().IDs(), p.ID) {
			w.t.Errorf("problem %q has no sentence", p.ID)
		}
		if len(p.Reference) != 8 || p.At.IsZero() {
			w.t.Errorf("problem %q has reference %q and time %v", p.ID, p.Reference, p.At)
		}
		if strings.Contains(fmt.Sprint(p.Data), clientValue) {
			w.t.Errorf("problem %q tells the client secret", p.ID)
		}
	}
}
