package sandbox

import (
	"net/http"
	"net/url"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

// consentView is the application as the page of consent shows it.
func consentView(t message.Printer, r *http.Request, d *directory, a *application) page.ConsentView {
	return page.ConsentView{T: t, Application: a.name, ClientID: a.clientID, Company: d.company, Action: r.URL.RequestURI(), Granted: a.consented}
}

// showConsent asks an administrator to consent for the whole directory.
func (s *Sandbox) showConsent(w http.ResponseWriter, r *http.Request, c directoryCall) {
	a, _, err := c.directory.readConsent(r.URL.Query())
	if err != nil {
		s.showEntraError(w, r, err)
		return
	}
	s.serve(w, r, http.StatusOK, page.Consent(consentView(s.printer(r), r, c.directory, a)))
}

// submitConsent grants it, and leads back when the address named where to.
func (s *Sandbox) submitConsent(w http.ResponseWriter, r *http.Request, c directoryCall) {
	query := r.URL.Query()
	a, back, err := c.directory.readConsent(query)
	if err != nil {
		s.showEntraError(w, r, err)
		return
	}
	a.consented = true
	if back == "" {
		s.serve(w, r, http.StatusOK, page.Consent(consentView(s.printer(r), r, c.directory, a)))
		return
	}
	q := &signinRequest{application: a, redirectURI: back, state: query.Get("state")}
	s.sendBack(w, r, q, url.Values{"admin_consent": {"True"}, "tenant": {c.directory.id}})
}

// readConsent is the application, and the redirect URI when the request has one.
func (d *directory) readConsent(query url.Values) (*application, string, *entraError) {
	if query.Get("client_id") == "" {
		return nil, "", errParameterMissing("client_id")
	}
	a, err := d.client(query.Get("client_id"))
	if err != nil || query.Get("redirect_uri") == "" {
		return a, "", err
	}
	back, err := a.replyAddress(query.Get("redirect_uri"))
	return a, back, err
}
