package sandbox

import (
	"context"

	"github.com/aritma/entra-onboard/internal/secret"
)

// ConfigureProvisioning does in one call what a person does under Provisioning > New configuration: it enters the Tenant
// URL and the Secret Token, tests the connection and saves. It returns nothing when Test Connection passed, else what
// the portal says. Then nothing is saved, unless a mistake switch spoilt what was entered.
func (s *Sandbox) ConfigureProvisioning(clientID, tenantURL string, token secret.Secret) string {
	return s.onJob(clientID, func(ctx context.Context, j job) string {
		j.enter(tenantURL, token)
		wrong := j.test(ctx)
		if saved := j.save(ctx); wrong == "" {
			wrong = saved
		}
		return wrong
	})
}

// ProvisionOnDemand provisions one person of the application's directory now: user principal name, e-mail, display name
// or object id. It returns nothing when that worked, else what the portal says.
func (s *Sandbox) ProvisionOnDemand(clientID, person string) string {
	return s.onJob(clientID, func(ctx context.Context, j job) string { return j.onDemand(ctx, person) })
}

// StartProvisioning is Start provisioning. The first cycle has run when it returns, unless MistakeSlowCycle is on. It
// returns nothing when provisioning was started and is not in quarantine, else what the portal says.
func (s *Sandbox) StartProvisioning(clientID string) string {
	return s.onJob(clientID, func(ctx context.Context, j job) string { return j.start(ctx) })
}

// NextCycle lets 40 minutes pass for an application whose provisioning was started: its next cycle has run when this
// returns.
func (s *Sandbox) NextCycle(clientID string) {
	s.onJob(clientID, func(ctx context.Context, j job) string { return j.cycle(ctx) })
}

// onJob does something with the provisioning of an application, or returns what the portal says about one that does not
// exist or cannot provision.
func (s *Sandbox) onJob(clientID string, do func(context.Context, job) string) string {
	j, known := s.jobOf(clientID)
	if !known {
		return errNoSuchApp.text
	}
	if s.cannotProvision(j) {
		return errCannotProvision.text
	}
	return do(context.Background(), j)
}

// cannotProvision reports whether the application was made by New registration, or MistakeBareApp says so.
func (s *Sandbox) cannotProvision(j job) bool {
	bare := false
	j.locked(func(*provisioning) { bare = j.app.bare })
	return bare || s.faults.take(MistakeBareApp, opProvisioning)
}
