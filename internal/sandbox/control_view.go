package sandbox

import (
	"strconv"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

// secretLife is how long the sample client secret is said to last; Entra allows at most 24 months.
const secretLife = 6 // months

// indexView gathers what the index shows. The sample secrets and the access token are made up and meant to be seen:
// they leave their Secret here.
func (s *Sandbox) indexView(t message.Printer) page.IndexView {
	view := page.IndexView{
		T: t, CanSetUp: s.options.NewSetup != nil, Company: s.sample.Company, Tenant: s.sample.Tenant,
		Values: s.sampleValues(t), Mistakes: s.mistakes(t), AccessToken: s.AccessToken(s.sample.Tenant).Expose(), Held: s.faults.Held(), PortalURL: s.PortalURL() + "/",
	}
	view.Active, view.Groups = s.faultViews(t)
	for _, name := range s.tenants.names() {
		snapshot := s.Snapshot(name)
		view.Exists = append(view.Exists, existsRows(t, name, snapshot)...)
		for _, d := range snapshot.Domains {
			if !d.Confirmed {
				view.Domains = append(view.Domains, page.PendingDomain{Tenant: name, Domain: d.Name})
			}
		}
	}
	return view
}

// sampleValues are in the order in which the wizard asks for them.
func (s *Sandbox) sampleValues(t message.Printer) []page.Value {
	return []page.Value{
		{ID: "company", Label: t.T("sandbox.value.company"), Value: s.sample.Company},
		{ID: "tenant", Label: t.T("sandbox.value.tenant"), Value: s.sample.Tenant},
		{ID: "directory-id", Label: "Directory (tenant) ID", LabelLang: "en", Value: s.sample.DirectoryID},
		{ID: "client-id", Label: "Application (client) ID", LabelLang: "en", Value: s.sample.ClientID},
		{ID: "client-secret", Label: "Client secret value", LabelLang: "en", Value: s.sample.ClientSecret.Expose()},
		{ID: "secret-expires", Label: t.T("sandbox.value.expires"), Value: s.now().AddDate(0, secretLife, 0).Format("2006-01-02")},
		{ID: "domain", Label: t.T("sandbox.value.domain"), Value: s.sample.Domain},
		{ID: "person", Label: t.T("sandbox.value.person"), Value: s.sample.Person},
	}
}

func (s *Sandbox) mistakes(t message.Printer) []page.Value {
	return []page.Value{
		{ID: "secret-id", Label: t.T("sandbox.mistake.secret-id"), Value: s.sample.SecretID},
		{ID: "expired-secret", Label: t.T("sandbox.mistake.expired"), Value: s.sample.ExpiredSecret.Expose()},
		{ID: "other-directory", Label: t.T("sandbox.mistake.other-directory"), Value: s.sample.OtherDirectoryID},
		{ID: "other-domain", Label: t.T("sandbox.mistake.other-domain"), Value: s.sample.OtherDomain},
		{ID: "unknown-directory", Label: t.T("sandbox.mistake.unknown-directory"), Value: "7d0c1b52-94e3-4a68-b1f7-3e2d9c805a4b"},
	}
}

// faultViews returns the switches that are on, and all of them by upstream.
func (s *Sandbox) faultViews(t message.Printer) ([]page.Fault, []page.FaultGroup) {
	states := map[Switch]string{}
	active := []page.Fault{}
	for _, a := range s.faults.Active() {
		states[a.Switch] = state(t, a)
		active = append(active, page.Fault{Name: string(a.Switch), Text: t.T(a.Switch.MessageID()), State: states[a.Switch]})
	}
	groups := []page.FaultGroup{}
	for _, upstream := range []string{"mistake", "iam", "entra", "scim", "id"} {
		group := page.FaultGroup{Name: t.T("sandbox.faults." + upstream)}
		for _, sw := range switches {
			if sw.Upstream() == upstream {
				group.Faults = append(group.Faults, page.Fault{Name: string(sw), Text: t.T(sw.MessageID()), State: states[sw]})
			}
		}
		groups = append(groups, group)
	}
	return active, groups
}

func state(t message.Printer, a Active) string {
	text := t.T("sandbox.faults.until-cleared")
	if a.Left != UntilCleared {
		text = t.T("sandbox.faults.left", "Count", a.Left)
	}
	if a.Operation != "" {
		text += " " + t.T("sandbox.faults.operation", "Operation", a.Operation)
	}
	return text
}

// existsRows are the rows of one tenant: what, name, id, tenant.
func existsRows(t message.Printer, tenant string, snapshot Snapshot) [][]string {
	var rows [][]string
	for _, p := range snapshot.Providers {
		name := p.DisplayName
		switch {
		case !p.Enabled:
			name = t.T("sandbox.exists.disabled", "Name", name)
		case !p.Visible:
			name = t.T("sandbox.exists.hidden", "Name", name)
		}
		rows = append(rows, []string{t.T("sandbox.exists.provider", "Scheme", p.Scheme), name, strconv.FormatInt(p.ID, 10), tenant})
	}
	for _, token := range snapshot.SCIMTokens {
		rows = append(rows, []string{t.T("sandbox.exists.token", "Scheme", token.Provider), token.DisplayName, "`" + token.ID + "`", tenant})
	}
	for _, d := range snapshot.Domains {
		id := "sandbox.exists.pending"
		if d.Confirmed {
			id = "sandbox.exists.confirmed"
		}
		rows = append(rows, []string{t.T("sandbox.exists.domain"), t.T(id, "Name", d.Name), "", tenant})
	}
	if n := len(snapshot.Users); n > 0 {
		rows = append(rows, []string{t.T("sandbox.exists.provisioned"), t.T("sandbox.exists.people", "Count", n, "Active", activeOf(snapshot.Users)), "", tenant})
	}
	if n := len(snapshot.Groups); n > 0 {
		rows = append(rows, []string{t.T("sandbox.exists.provisioned"), t.T("sandbox.exists.groups", "Count", n), "", tenant})
	}
	return rows
}

func activeOf(people []Person) int {
	n := 0
	for _, p := range people {
		if p.Active {
			n++
		}
	}
	return n
}
