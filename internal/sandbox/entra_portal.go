package sandbox

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

const (
	portalPath = "/portal"
	// Patterns of the portal's two menus, and of the forms at which mistake switches act.
	registrationsPath = portalPath + "/{directory}/registrations"
	enterprisePath    = portalPath + "/{directory}/enterprise-apps"
	opOverview        = "GET " + registrationsPath + "/{client}/overview"
	opAuthentication  = "POST " + registrationsPath + "/{client}/authentication"
	opCredentials     = "POST " + registrationsPath + "/{client}/credentials"
	opAssign          = "POST " + enterprisePath + "/{client}/users-and-groups"
	opProvisioning    = "POST " + enterprisePath + "/{client}/provisioning"
)

// PortalURL is the address of the practice portal, the stand-in for Microsoft's. Under /go/{target}?client={clientID} it
// leads to the page that a deep link into Microsoft's portal would lead to.
func (s *Sandbox) PortalURL() string { return s.base + portalPath }

func (s *Sandbox) routePortal(mux *http.ServeMux) {
	mux.HandleFunc("GET "+portalPath+"/{$}", s.portalGo)
	mux.HandleFunc("GET "+portalPath+"/go/{target}", s.portalGo)
	show := func(pattern string, do portalHandler) { mux.HandleFunc("GET "+pattern, s.portalShow(do)) }
	show(portalPath+"/{directory}/{$}", s.showPortal)
	show(enterprisePath+"/all", s.showEnterpriseApps)
	show(registrationsPath+"/all", s.showRegistrations)
	protection := http.NewCrossOriginProtection()
	both := func(pattern string, show, submit portalHandler) {
		mux.HandleFunc("GET "+pattern, s.portalShow(show))
		mux.Handle("POST "+pattern, protection.Handler(s.portalSubmit(submit)))
	}
	both(enterprisePath+"/new", s.showCreateApplication, s.submitCreateApplication)
	both(registrationsPath+"/new", s.showNewRegistration, s.submitNewRegistration)
	show(registrationsPath+"/{client}/overview", s.showOverview)
	both(registrationsPath+"/{client}/authentication", s.showAuthentication, s.submitAuthentication)
	both(registrationsPath+"/{client}/credentials", s.showCredentials, s.submitCredentials)
	both(registrationsPath+"/{client}/token-configuration", s.showTokenConfiguration, s.submitTokenConfiguration)
	both(registrationsPath+"/{client}/api-permissions", s.showAPIPermissions, s.submitAPIPermissions)
	both(enterprisePath+"/{client}/properties", s.showProperties, s.submitProperties)
	both(enterprisePath+"/{client}/users-and-groups", s.showUsersAndGroups, s.submitUsersAndGroups)
	both(enterprisePath+"/{client}/provisioning", s.showProvisioning, s.submitProvisioning)
	both(enterprisePath+"/{client}/attribute-mapping", s.showAttributeMapping, s.submitAttributeMapping)
	both(enterprisePath+"/{client}/provision-on-demand", s.showProvisionOnDemand, s.submitProvisionOnDemand)
}

// portalCall is one request to the portal. Directory and app are guarded by entra.mu: what is done with them stands
// between locked and its end.
type portalCall struct {
	r         *http.Request
	t         message.Printer
	form      url.Values // of a POST
	directory *directory
	app       *application // nil where the address names none
}

// portalAnswer is another page, or a page that is shown at once.
type portalAnswer struct {
	to      string // address that is led to
	wrong   bool   // the form was not understood or not possible: 422
	content templ.Component
}

// portalHandler makes the answer to one request.
type portalHandler func(c portalCall) portalAnswer

// portalShow answers a GET. Cycles that became due meanwhile have run when it shows the page.
func (s *Sandbox) portalShow(do portalHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := portalCall{r: r, t: s.printer(r), form: url.Values{}}
		if !s.portalFind(&c) {
			http.NotFound(w, r)
			return
		}
		s.catchUp(c)
		s.portalAnswer(w, r, do(c))
	}
}

// portalSubmit answers a POST.
func (s *Sandbox) portalSubmit(do portalHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, readable := controlForm(w, r)
		c := portalCall{r: r, t: s.printer(r), form: form}
		switch {
		case !readable:
			http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		case !s.portalFind(&c):
			http.NotFound(w, r)
		default:
			s.portalAnswer(w, r, do(c))
		}
	}
}

// portalFind looks up what the address names.
func (s *Sandbox) portalFind(c *portalCall) bool {
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	d, err := s.entra.find(c.r.PathValue("directory"))
	if err != nil {
		return false
	}
	c.directory = d
	if client := c.r.PathValue("client"); client != "" {
		var known bool
		c.app, known = d.application(client)
		return known
	}
	return true
}

func (s *Sandbox) portalAnswer(w http.ResponseWriter, r *http.Request, a portalAnswer) {
	switch {
	case a.to != "":
		http.Redirect(w, r, a.to, http.StatusSeeOther)
	case a.wrong:
		s.serve(w, r, http.StatusUnprocessableEntity, a.content)
	default:
		s.serve(w, r, http.StatusOK, a.content)
	}
}

// again leads to the page that the form stands on.
func (c portalCall) again() portalAnswer { return portalAnswer{to: c.r.URL.Path} }

// portalTargets are the pages under /go/{target}: those of an application, with the list that stands in without one.
var portalTargets = map[string]struct{ blade, list string }{
	"create-application":  {"", "enterprise-apps/new"},
	"enterprise-apps":     {"", "enterprise-apps/all"},
	"new-registration":    {"", "registrations/new"},
	"registrations":       {"", "registrations/all"},
	"overview":            {"registrations", "registrations/all"},
	"authentication":      {"registrations", "registrations/all"},
	"credentials":         {"registrations", "registrations/all"},
	"token-configuration": {"registrations", "registrations/all"},
	"api-permissions":     {"registrations", "registrations/all"},
	"properties":          {"enterprise-apps", "enterprise-apps/all"},
	"users-and-groups":    {"enterprise-apps", "enterprise-apps/all"},
	"provisioning":        {"enterprise-apps", "enterprise-apps/all"},
}

// portalGo leads to a target of the application's directory; without a target to the sample company's portal.
func (s *Sandbox) portalGo(w http.ResponseWriter, r *http.Request) {
	target, known := portalTargets[r.PathValue("target")]
	if !known && r.PathValue("target") != "" {
		http.NotFound(w, r)
		return
	}
	to := portalPath + "/" + s.sample.DirectoryID + "/" + target.list
	if j, there := s.jobOf(r.URL.Query().Get("client")); there && target.blade != "" {
		to = portalPath + "/" + j.directory.id + "/" + target.blade + "/" + j.app.clientID + "/" + r.PathValue("target")
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusFound)
}

// catchUp runs the cycles of the directory's applications that became due.
func (s *Sandbox) catchUp(c portalCall) {
	var due []job
	s.entra.mu.Lock()
	for _, a := range c.directory.applications {
		if a.provisioning.running && !s.now().Before(a.provisioning.nextCycle) {
			a.provisioning.nextCycle = s.now().Add(cycleEvery) // so that one page alone runs it
			due = append(due, job{s, c.directory, a})
		}
	}
	s.entra.mu.Unlock()
	for _, j := range due {
		j.cycle(c.r.Context())
	}
}

// frame is what the page of this request has around its content. Wrong is the sentence about a form; empty otherwise.
// It must be called with mu held.
func (c portalCall) frame(blade, wrong string) page.PortalFrame {
	home := portalPath + "/" + c.directory.id + "/"
	f := page.PortalFrame{
		T: c.t, Blade: blade, Wrong: wrong, Company: c.directory.company, Action: c.r.URL.Path, Top: []page.PortalLink{
			{Text: "Entra ID", URL: home}, {Text: "Enterprise apps", URL: home + "enterprise-apps/all"}, {Text: "App registrations", URL: home + "registrations/all"},
		},
	}
	if c.app == nil {
		return f
	}
	f.App = c.app.name
	registration, enterprise := home+"registrations/"+c.app.clientID+"/", home+"enterprise-apps/"+c.app.clientID+"/"
	f.Registration = []page.PortalLink{
		{Text: "Overview", URL: registration + "overview"},
		{Text: "Authentication", URL: registration + "authentication"},
		{Text: "Certificates & secrets", URL: registration + "credentials"},
		{Text: "Token configuration", URL: registration + "token-configuration"},
		{Text: "API permissions", URL: registration + "api-permissions"},
	}
	f.Enterprise = []page.PortalLink{
		{Text: "Properties", URL: enterprise + "properties"},
		{Text: "Users and groups", URL: enterprise + "users-and-groups"},
		{Text: "Provisioning", URL: enterprise + "provisioning"},
		{Text: "Attribute mapping", URL: enterprise + "attribute-mapping"},
		{Text: "Provision on demand", URL: enterprise + "provision-on-demand"},
	}
	return f
}

// locked does something with the model.
func (s *Sandbox) locked(do func()) {
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	do()
}
