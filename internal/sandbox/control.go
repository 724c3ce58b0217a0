package sandbox

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

const (
	indexURL  = "/sandbox/"
	faultsURL = indexURL + "#faults"
	existsURL = indexURL + "#exists"

	// timesMax is the highest number of requests that a form may set a switch for.
	timesMax = 1000
)

// Handler is the control pages, to be mounted at /sandbox/ on the wizard's own origin. Whoever mounts it answers for
// refusing cross-origin requests and for the headers that every page carries.
//
//	GET  /sandbox/            what to paste, the switches, what exists; holds the sample secrets and an access token
//	GET  /sandbox/components  the living page of components
//	POST /sandbox/faults      fault, times: a number, -1 until cleared, 0 clears; or all=clear
//	POST /sandbox/release     lets held requests go on
//	POST /sandbox/setups      makes a practice setup and leads to its setup link
//	POST /sandbox/domains     tenant, domain: confirms a registered domain
//	POST /sandbox/reset       empties the sandbox
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sandbox/{$}", s.showIndex)
	mux.HandleFunc("GET /sandbox/components", s.showComponents)
	mux.HandleFunc("POST /sandbox/faults", s.submitFault)
	mux.HandleFunc("POST /sandbox/release", s.submitRelease)
	mux.HandleFunc("POST /sandbox/domains", s.submitDomain)
	mux.HandleFunc("POST /sandbox/reset", s.submitReset)
	if s.options.NewSetup != nil {
		mux.HandleFunc("POST /sandbox/setups", s.submitSetup)
	}
	return mux
}

func (s *Sandbox) showIndex(w http.ResponseWriter, r *http.Request) {
	s.index(w, r, http.StatusOK, "")
}

// index shows the page, with the sentence wrong above it when that is the id of one.
func (s *Sandbox) index(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	view := s.indexView(s.printer(r))
	if wrong != "" {
		view.Wrong = view.T.T(wrong)
	}
	s.render(w, r, status, page.Index(view))
}

func (s *Sandbox) showComponents(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, page.Components(page.ComponentsView{T: s.printer(r), Steps: s.options.StepTitles}))
}

func (s *Sandbox) printer(r *http.Request) message.Printer {
	preferred := r.Header.Values("Accept-Language")
	if chosen, err := r.Cookie(s.options.LanguageCookie); err == nil {
		preferred = append([]string{chosen.Value}, preferred...)
	}
	return s.messages.For(preferred...)
}

func (s *Sandbox) render(w http.ResponseWriter, r *http.Request, status int, content templ.Component) {
	var body bytes.Buffer
	if err := content.Render(r.Context(), &body); err != nil {
		s.log.Error("render sandbox page", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w)
}

// controlForm reads the form of a page; a middleware may have parsed it before.
func controlForm(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	err := r.ParseForm()
	return r.PostForm, err == nil
}

func (s *Sandbox) submitFault(w http.ResponseWriter, r *http.Request) {
	form, readable := controlForm(w, r)
	if readable && form.Get("all") == "clear" {
		s.faults.ClearAll()
		http.Redirect(w, r, faultsURL, http.StatusSeeOther)
		return
	}
	sw, known := ParseSwitch(form.Get("fault"))
	times, err := strconv.Atoi(form.Get("times"))
	if !readable || !known || err != nil || times < UntilCleared || times > timesMax {
		s.index(w, r, http.StatusUnprocessableEntity, "sandbox.faults.wrong")
		return
	}
	s.faults.Set(sw, times)
	http.Redirect(w, r, faultsURL, http.StatusSeeOther)
}

func (s *Sandbox) submitRelease(w http.ResponseWriter, r *http.Request) {
	s.faults.Release()
	http.Redirect(w, r, faultsURL, http.StatusSeeOther)
}

func (s *Sandbox) submitReset(w http.ResponseWriter, r *http.Request) {
	s.Reset()
	http.Redirect(w, r, existsURL, http.StatusSeeOther)
}

func (s *Sandbox) submitDomain(w http.ResponseWriter, r *http.Request) {
	form, readable := controlForm(w, r)
	tenant := form.Get("tenant")
	if !readable || !tenantName.MatchString(tenant) || !s.ConfirmDomain(tenant, form.Get("domain")) {
		s.index(w, r, http.StatusUnprocessableEntity, "sandbox.domain.wrong")
		return
	}
	http.Redirect(w, r, existsURL, http.StatusSeeOther)
}

func (s *Sandbox) submitSetup(w http.ResponseWriter, r *http.Request) {
	link, err := s.options.NewSetup(r.Context(), s.sample.Company, s.sample.Tenant, s.sample.Domain)
	if err != nil {
		s.log.Error("make practice setup", "error", err)
		s.index(w, r, http.StatusInternalServerError, "sandbox.setup.failed")
		return
	}
	http.Redirect(w, r, link, http.StatusSeeOther)
}
