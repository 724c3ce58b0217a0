package sandbox

import (
	"slices"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox/page"
	"github.com/aritma/entra-onboard/internal/secret"
)

func (c portalCall) job(s *Sandbox) job { return job{s, c.directory, c.app} }

// possible returns nothing, or Microsoft's sentence about an application that cannot provision.
func (s *Sandbox) possible(c portalCall) string {
	if s.cannotProvision(c.job(s)) {
		return errCannotProvision.text
	}
	return ""
}

func (s *Sandbox) showProvisioning(c portalCall) portalAnswer {
	return s.provisioningPage(c, s.possible(c), nil, "")
}

// provisioningPage shows the provisioning of an application, with what Test Connection said if it was asked for.
func (s *Sandbox) provisioningPage(c portalCall, impossible string, tested *page.PortalResult, wrong string) portalAnswer {
	var view page.PortalProvisioningView
	s.locked(func() {
		p := &c.app.provisioning
		view = page.PortalProvisioningView{
			PortalFrame: c.frame("Provisioning", wrong), Impossible: impossible, TenantURL: p.entered.tenantURL, HasToken: !p.entered.token.IsZero(), Tested: tested,
			Saved: p.saved.tenantURL != "", Running: p.running, Quarantined: p.quarantined, Log: logLines(p.log),
		}
		if p.running {
			view.NextCycle, view.LastCycle = portalTime(p.nextCycle), "Not run"
			if !p.ranAt.IsZero() {
				view.LastCycle = "Completed " + portalTime(p.ranAt)
			}
		}
	})
	return portalAnswer{wrong: wrong != "", content: page.PortalProvisioning(view)}
}

func portalTime(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

// logLines puts the newest first.
func logLines(log []provisioned) []page.PortalLogLine {
	lines := make([]page.PortalLogLine, 0, len(log))
	for _, l := range slices.Backward(log) {
		lines = append(lines, page.PortalLogLine{At: portalTime(l.at), Name: l.name, Action: strings.ToUpper(l.action[:1]) + l.action[1:], Failed: l.failed})
	}
	return lines
}

func (s *Sandbox) submitProvisioning(c portalCall) portalAnswer {
	if impossible := s.possible(c); impossible != "" {
		return s.provisioningPage(c, impossible, nil, "")
	}
	j, ctx, wrong := c.job(s), c.r.Context(), ""
	switch c.form.Get("do") {
	case "test", "create":
		return s.submitConfiguration(c, j)
	case "start":
		wrong = j.start(ctx)
	case "stop":
		j.locked(func(p *provisioning) { p.running = false })
	case "pass":
		wrong = j.cycle(ctx)
	default:
		return s.provisioningPage(c, "", nil, c.t.T("practice.choice.wrong"))
	}
	if wrong != "" && wrong != errQuarantined.text { // the page itself says that there is a quarantine
		return s.provisioningPage(c, "", nil, c.t.T("practice.job.wrong", "Reason", wrong))
	}
	return c.again()
}

// submitConfiguration is Test Connection and Create. The token is read here and never written back.
func (s *Sandbox) submitConfiguration(c portalCall, j job) portalAnswer {
	missing := false
	j.enter(c.form.Get("tenant_url"), secret.New(strings.TrimSpace(c.form.Get("secret_token"))))
	j.locked(func(p *provisioning) { missing = p.entered.tenantURL == "" || p.entered.token.IsZero() })
	switch {
	case missing:
		return s.provisioningPage(c, "", nil, c.t.T("practice.connection.missing"))
	case c.form.Get("do") == "create":
		if wrong := j.save(c.r.Context()); wrong != "" {
			return s.provisioningPage(c, "", &page.PortalResult{Text: wrong}, c.t.T("practice.connection.wrong"))
		}
		return c.again()
	}
	result := page.PortalResult{Good: true, Text: connected}
	if wrong := j.test(c.r.Context()); wrong != "" {
		result = page.PortalResult{Text: wrong}
	}
	return s.provisioningPage(c, "", &result, "")
}

func (s *Sandbox) showAttributeMapping(c portalCall) portalAnswer {
	return s.attributeMappingPage(c, "")
}

func (s *Sandbox) attributeMappingPage(c portalCall, wrong string) portalAnswer {
	var view page.PortalMappingView
	s.locked(func() {
		view = page.PortalMappingView{PortalFrame: c.frame("Attribute mapping", wrong), ExternalID: c.app.provisioning.externalID, UserName: c.app.provisioning.userName}
	})
	return portalAnswer{wrong: wrong != "", content: page.PortalAttributeMapping(view)}
}

func (s *Sandbox) submitAttributeMapping(c portalCall) portalAnswer {
	externalID, userName := c.form.Get("external_id"), c.form.Get("user_name")
	if !slices.Contains([]string{"mailNickname", "objectId"}, externalID) || !slices.Contains([]string{"userPrincipalName", "mail", "extensionAttribute1"}, userName) {
		return s.attributeMappingPage(c, c.t.T("practice.choice.wrong"))
	}
	s.locked(func() { c.app.provisioning.externalID, c.app.provisioning.userName = externalID, userName })
	return c.again()
}

func (s *Sandbox) showProvisionOnDemand(c portalCall) portalAnswer {
	return s.onDemandPage(c, s.possible(c), nil)
}

func (s *Sandbox) onDemandPage(c portalCall, impossible string, result *page.PortalResult) portalAnswer {
	var view page.PortalOnDemandView
	s.locked(func() {
		view = page.PortalOnDemandView{PortalFrame: c.frame("Provision on demand", ""), Impossible: impossible, Result: result, Log: logLines(c.app.provisioning.log)}
		for _, p := range c.directory.people {
			view.People = append(view.People, page.PortalPrincipal{ID: p.id, DisplayName: p.displayName, Name: p.userPrincipalName, Kind: "User"})
		}
	})
	return portalAnswer{content: page.PortalOnDemand(view)}
}

func (s *Sandbox) submitProvisionOnDemand(c portalCall) portalAnswer {
	if impossible := s.possible(c); impossible != "" {
		return s.onDemandPage(c, impossible, nil)
	}
	result := page.PortalResult{Good: true, Text: "The user was provisioned"}
	if wrong := c.job(s).onDemand(c.r.Context(), c.form.Get("person")); wrong != "" {
		result = page.PortalResult{Text: wrong}
	}
	return s.onDemandPage(c, "", &result)
}
