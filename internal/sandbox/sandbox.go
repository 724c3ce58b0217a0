package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/secret"
)

// ServiceClientID is the client that the wizard uses for client credentials in the sandbox.
const ServiceClientID = "entra-onboard-sandbox"

const (
	iamPath   = "/core/iam"
	idPath    = "/id"
	loginPath = "/login"

	// requestLimit is how long one exchange may take. It must exceed HoldLimit: a read deadline that passes while a
	// handler holds would cancel that handler's context.
	requestLimit = HoldLimit + 15*time.Second
)

// Options of Start. The zero value is good.
type Options struct {
	// Listen is a loopback address; "127.0.0.1:0" when empty. Start refuses every other kind of address.
	Listen string
	// Logger receives one debug line per request: method, path template, status. Nothing is logged when nil.
	Logger *slog.Logger
	// Now is the clock of tokens, secrets and timestamps; time.Now when nil.
	Now func() time.Time
	// Messages is the catalogue for the pages of Handler; read from the binary when nil.
	Messages *message.Catalogue
	// LanguageCookie is the name of the cookie in which the wizard keeps the language that somebody chose; none when empty. Cookies know
	// no ports, so all of the sandbox's pages get it.
	LanguageCookie string
	// StepTitles are the titles of the wizard's steps, for the progress list of the component page.
	StepTitles []string
	// NewSetup makes a setup for practice and returns its setup link. Without it Handler does not offer one.
	NewSetup func(ctx context.Context, company, tenant, domain string) (link string, err error)
}

// Sandbox is a running set of stand-ins. All methods may be called from several goroutines.
type Sandbox struct {
	options  Options
	log      *slog.Logger
	now      func() time.Time
	messages *message.Catalogue

	base    string // http://127.0.0.1:PORT
	signer  *signer
	service secret.Secret
	signin  secret.Secret
	sample  Sample
	people  []*localPerson // of Aritma ID itself; never changed
	faults  *Faults
	tenants tenants
	id      identity
	entra   *entra
	server  *http.Server
	// connections are counted, not requests: ConnState reports a new one before Serve returns, so that Close cannot
	// miss one.
	connections sync.WaitGroup

	cancel    context.CancelFunc
	unhook    func() bool
	served    chan error
	closeOnce sync.Once
	closeErr  error
}

// Start listens and serves until Close, or until ctx ends. It fails when the address is not loopback or is taken.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	s, err := prepare(o)
	if err != nil {
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	listener, err := listen(ctx, o.Listen)
	if err != nil {
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	s.base = "http://" + listener.Addr().String()
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.server = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       requestLimit,
		WriteTimeout:      requestLimit,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ConnState:         s.countConnection,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	go func() { s.served <- s.server.Serve(listener) }()
	s.unhook = context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

func (s *Sandbox) countConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.connections.Done()
	}
}

func prepare(o Options) (*Sandbox, error) {
	s := &Sandbox{options: o, log: o.Logger, now: o.Now, messages: o.Messages, faults: newFaults(), served: make(chan error, 1)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.messages == nil {
		if s.messages, err = message.New(); err != nil {
			return nil, err
		}
	}
	if s.signer, err = newSigner(); err != nil {
		return nil, err
	}
	s.service, s.signin = randomValue(), randomValue()
	s.sample = newSample()
	s.people = newLocalPeople(s.sample.Domain)
	s.entra = newEntra(s.sample, s.now())
	return s, nil
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen address %q must be an IP address and a port", address)
	}
	if !parsed.Addr().IsLoopback() {
		return nil, fmt.Errorf("listen address %q is not a loopback address", address)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// Close ends every request, held ones included, and returns when all handlers have. Further calls return the same.
func (s *Sandbox) Close() error {
	s.closeOnce.Do(func() {
		s.unhook()
		s.cancel()
		s.closeErr = s.server.Close()
		if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
			s.closeErr = errors.Join(s.closeErr, err)
		}
		s.connections.Wait()
	})
	return s.closeErr
}

// IAMURL is the base of the stand-in for the Aritma IAM API.
func (s *Sandbox) IAMURL() string { return s.base + iamPath }

// IDURL is the base of the stand-in for Aritma ID; the tenant follows in the path.
func (s *Sandbox) IDURL() string { return s.base + idPath }

// EntraLoginURL is the base of the stand-in for Microsoft's sign-in host; the directory follows in the path.
func (s *Sandbox) EntraLoginURL() string { return s.base + loginPath }

// ServiceClientSecret belongs to ServiceClientID; it is another one after every start.
func (s *Sandbox) ServiceClientSecret() secret.Secret { return s.service }

// Sample returns what a person enters in a practice setup.
func (s *Sandbox) Sample() Sample { return s.sample }

// Faults returns the fault switches.
func (s *Sandbox) Faults() *Faults { return s.faults }

// Reset forgets every tenant (providers, SCIM tokens, people, groups, domains and request counts), ends the sign-ins at
// Aritma ID with every code and refresh token, and puts Entra back as it was at start. Access tokens, sample values and fault switches stay.
func (s *Sandbox) Reset() {
	s.tenants.reset()
	s.id.reset()
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	s.entra.begin(s.now())
}
