package sandbox

import (
	"net/http"

	"github.com/a-h/templ"

	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

// servedPolicy lets a page of the sandbox's own listener load its assets and nothing else. It does not limit where forms
// lead: a sign-in goes from form to form over several origins, and browsers hold redirects against that limit too.
const servedPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *Sandbox) routeAssets(mux *http.ServeMux) { mux.Handle("GET /static/", page.Assets()) }

// serve shows a page on the sandbox's own listener, where no middleware of the wizard sets the headers.
func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request, status int, content templ.Component) {
	header := w.Header()
	header.Set("Content-Security-Policy", servedPolicy)
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	s.render(w, r, status, content)
}
