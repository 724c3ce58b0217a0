package sandbox

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	// tokenEnd is how much of a Secret Token gets lost when people copy it badly.
	tokenEnd = 4
	// logLimit is how many lines of the provisioning log are kept, the newest.
	logLimit = 200
	// quarantineEvery is how often the agent tries again in quarantine (Microsoft, "Application provisioning in quarantine
	// status").
	quarantineEvery = 24 * time.Hour
)

// job is the provisioning of one application. Its methods may be called without any lock; they take agent and then mu.
type job struct {
	s         *Sandbox
	directory *directory
	app       *application
}

// jobOf finds the application by its client id, in whichever directory.
func (s *Sandbox) jobOf(clientID string) (job, bool) {
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	for _, d := range s.entra.directories {
		if a, known := d.application(clientID); known {
			return job{s, d, a}, true
		}
	}
	return job{}, false
}

// locked does something with the model.
func (j job) locked(do func(p *provisioning)) {
	j.s.entra.mu.Lock()
	defer j.s.entra.mu.Unlock()
	do(&j.app.provisioning)
}

// enter takes what a person typed. An empty token keeps the one that was entered before. The mistake switches act on what
// is new.
func (j job) enter(tenantURL string, token secret.Secret) {
	j.locked(func(p *provisioning) {
		if token.IsZero() {
			token = p.entered.token
		}
		if tenantURL = strings.TrimSpace(tenantURL); tenantURL == p.entered.tenantURL && token.Equal(p.entered.token) {
			return
		}
		p.entered = credentials{tenantURL: tenantURL, token: token}
		j.spoil(&p.entered)
	})
}

// spoil lets the mistake switches act on credentials.
func (j job) spoil(c *credentials) {
	if j.s.faults.take(MistakeTenantURLCut, opProvisioning) {
		if at := strings.LastIndexByte(strings.TrimRight(c.tenantURL, "/"), '/'); at > 0 {
			c.tenantURL, c.spoilt = c.tenantURL[:at], true
		}
	}
	if j.s.faults.take(MistakePatchFlag, opProvisioning) && !c.flagged() {
		c.tenantURL, c.spoilt = withFlag(c.tenantURL), true
	}
	if value := c.token.Expose(); j.s.faults.take(MistakeTokenCut, opProvisioning) && len(value) > tokenEnd {
		c.token, c.spoilt = secret.New(value[:len(value)-tokenEnd]), true
	}
}

// withFlag appends patchFlag as Microsoft's documentation does; an address that cannot be read stays as it is.
func withFlag(tenantURL string) string {
	u, err := url.Parse(tenantURL)
	switch {
	case err != nil:
		return tenantURL
	case u.RawQuery != "":
		return tenantURL + "&" + patchFlag
	}
	return tenantURL + "?" + patchFlag
}

// test is Test Connection with what was entered. It returns nothing when it passed, else what the portal says.
func (j job) test(ctx context.Context) string {
	var c credentials
	j.locked(func(p *provisioning) { c = p.entered })
	wrong := j.s.testConnection(ctx, c)
	j.locked(func(p *provisioning) {
		if p.entered.tenantURL == c.tenantURL && p.entered.token.Equal(c.token) {
			p.entered.passed = wrong == ""
		}
	})
	return wrong
}

// save is Create: it saves what was entered once Test Connection passed with it, or when a mistake switch spoilt it. At
// another endpoint the agent knows nobody.
func (j job) save(ctx context.Context) string {
	var c credentials
	j.locked(func(p *provisioning) { c = p.entered })
	if !c.passed && !c.spoilt {
		if wrong := j.test(ctx); wrong != "" {
			return wrong
		}
	}
	j.locked(func(p *provisioning) {
		if p.saved.tenantURL != c.tenantURL {
			p.linked = nil
		}
		p.saved, p.quarantined = c, false
	})
	return ""
}

// start begins the cycles, the first at once unless MistakeSlowCycle is on. Starting a running job changes nothing.
func (j job) start(ctx context.Context) string {
	wrong, begun := "", false
	j.locked(func(p *provisioning) {
		switch {
		case p.saved.tenantURL == "":
			wrong = errNotSaved.text
		case p.running:
		default:
			p.running, p.startedAt = true, j.s.now()
			p.nextCycle = p.startedAt.Add(cycleEvery)
			begun = !j.s.faults.take(MistakeSlowCycle, opProvisioning)
		}
	})
	if begun {
		wrong = j.cycle(ctx)
	}
	return wrong
}

// cycle is one cycle of a running job, whether it is due or not. It returns nothing when it went well or there was
// nothing to do, else what the portal says.
func (j job) cycle(ctx context.Context) string {
	running := false
	j.locked(func(p *provisioning) { running = p.running })
	if !running {
		return errNotRunning.text
	}
	wrong := ""
	failed := j.work(ctx, func(ctx context.Context, r *run) { r.all(ctx) }, func(p *provisioning, r *run) {
		p.quarantined = r.refused || r.tried > 0 && r.failed == r.tried
		p.ranAt = j.s.now()
		p.nextCycle = p.ranAt.Add(cycleEvery)
		if p.quarantined {
			wrong = errQuarantined.text
			p.nextCycle = p.ranAt.Add(quarantineEvery)
			p.log = append(p.log, provisioned{at: p.ranAt, name: j.app.name, action: "quarantine", failed: errQuarantined.text})
		}
	})
	return cmp.Or(failed, wrong)
}

// onDemand provisions one person now, whether the job is running or not. The name is that of run.one.
func (j job) onDemand(ctx context.Context, name string) string {
	wrong := ""
	failed := j.work(ctx, func(ctx context.Context, r *run) {
		p, err := r.one(name)
		if r.agent.strict {
			err = errFlagOnOne
		}
		if err != nil {
			r.note(cmp.Or(p.displayName, r.known[name], name), "skip", err)
			wrong = err.text
			return
		}
		action, failed := r.person(ctx, p)
		if failed != nil {
			wrong = failed.Error()
		}
		r.note(p.displayName, cmp.Or(action, "skip"), failed) // nothing done: in step already
	}, func(*provisioning, *run) {})
	return cmp.Or(failed, wrong)
}

// work does a run and writes its outcome back; the model is free while the agent speaks to its endpoint. A run outlives
// the page that asked for it. It returns what the portal says when there is nothing to run yet.
func (j job) work(ctx context.Context, do func(context.Context, *run), after func(*provisioning, *run)) string {
	j.s.entra.agent.Lock()
	defer j.s.entra.agent.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), agentLimit)
	defer cancel()
	var r *run
	j.locked(func(p *provisioning) {
		if p.saved.tenantURL != "" {
			r = j.s.prepareRun(j.directory, j.app)
		}
	})
	if r == nil {
		return errNotSaved.text
	}
	do(ctx, r)
	j.locked(func(p *provisioning) {
		p.linked = r.linked
		p.log = append(p.log, r.log...)
		after(p, r)
		p.log = p.log[max(0, len(p.log)-logLimit):]
	})
	return ""
}
