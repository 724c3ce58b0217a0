package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/signin"
	"github.com/aritma/entra-onboard/internal/store"
	"github.com/aritma/entra-onboard/internal/store/postgres"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// checkLimit is how long one check may take. They run side by side, so that all of them take no longer.
const checkLimit = 8 * time.Second

// grade is how good a finding is.
type grade string

const (
	fine     grade = "ok"
	doubtful grade = "warning"
	broken   grade = "failed"
)

// finding is what one check found, and what to do about it.
type finding struct {
	grade       grade
	found, todo string
}

func ok(format string, args ...any) finding { return finding{fine, fmt.Sprintf(format, args...), ""} }

// check is one of the things that are looked at.
type check struct {
	name string
	run  func(ctx context.Context) finding
}

// doctor looks at what the service stands on. It sends no request that changes anything, and writes nowhere.
type doctor struct {
	config  *config.Config
	tenant  string // empty: none is known
	client  *http.Client
	clock   *clock
	service *signin.Service // nil without a client of the service's own
	inspect func() (store.State, error)
}

// examine is "onboard doctor".
func examine(ctx context.Context, p process, tenant string) error {
	c, err := config.Load(p.environ)
	if err != nil {
		return errors.Join(errConfiguration, err)
	}
	if tenant = strings.TrimSpace(tenant); tenant == "" {
		tenant = c.ConsoleTenant
	} else if !wizard.IsTenant(tenant) {
		return errors.Join(errConfiguration, fmt.Errorf("--tenant %q is not the id of an Aritma tenant", tenant))
	}
	if c.OnPostgres() {
		if err := postgres.Valid(c.DatabaseURL); err != nil {
			return errors.Join(errConfiguration, fmt.Errorf("ONBOARD_DATABASE_URL: %w", err))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	d := newDoctor(ctx, c, tenant)
	defer d.client.CloseIdleConnections()
	return report(ctx, p.out, d.checks(), check{"clock", d.checkClock})
}

func newDoctor(ctx context.Context, c *config.Config, tenant string) *doctor {
	d := &doctor{config: c, tenant: tenant, client: newOutbound(c, nil), clock: &clock{}}
	d.client.Transport = &dated{next: d.client.Transport, clock: d.clock}
	if c.ServiceClientID != "" {
		d.service = signin.NewService(c.IDURL, c.ServiceClientID, c.ServiceClientSecret, d.client)
	}
	d.inspect = sync.OnceValues(func() (store.State, error) { return inspectStorage(ctx, c) })
	return d
}

// checks are all of them in the order in which they are told, but for the clock, which reads what the others were answered.
func (d *doctor) checks() []check {
	return []check{
		{"configuration", d.checkConfiguration},
		{"public address", d.checkPublicAddress},
		{"database", d.checkDatabase},
		{"sealing keys", d.checkKeys},
		{"environments", d.checkEnvironments},
		{"Aritma ID", d.checkID},
		{"service client", d.checkServiceClient},
		{"IAM API", d.checkIAM},
		{"IAM permission", d.checkPermission},
		{"SCIM endpoint", d.checkSCIM},
		{"Microsoft", d.checkMicrosoft},
		{"webhook", d.checkWebhook},
	}
}

// report runs the checks side by side and the last one after them, and prints each as soon as those before it are told.
func report(ctx context.Context, out io.Writer, checks []check, last check) error {
	found := make([]chan finding, len(checks))
	for i, each := range checks {
		found[i] = make(chan finding, 1)
		go func() { found[i] <- each.run(ctx) }()
	}
	failed := 0
	tell := func(name string, f finding) error {
		if f.grade == broken {
			failed++
		}
		_, err := fmt.Fprintf(out, "%-7s  %-14s  %s\n", f.grade, name, strings.TrimSpace(sentence(f.found)+" "+sentence(f.todo)))
		return err
	}
	for i, each := range checks {
		if err := tell(each.name, await(ctx, found[i])); err != nil {
			return err
		}
	}
	if err := tell(last.name, last.run(ctx)); err != nil {
		return err
	}
	switch failed {
	case 0:
		return nil
	case 1:
		return errors.New("one check failed")
	}
	return fmt.Errorf("%d checks failed", failed)
}

// grace is how long a check that heeds the deadline has to say what it was waiting for.
const grace = time.Second

// await ends even when a check does not.
func await(ctx context.Context, found <-chan finding) finding {
	select {
	case f := <-found:
		return f
	case <-ctx.Done():
	}
	select {
	case f := <-found:
		return f
	case <-time.After(grace):
		return finding{broken, "not done in time", "Something holds it up: run the check again"}
	}
}

// sentence is a text on one line, which ends with a full stop.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
