package web

import (
	"net/http"
	"strings"

	"github.com/aritma/entra-onboard/templates/layout"
	"github.com/aritma/entra-onboard/templates/page"
)

// watched says who of Aritma looks at the setup now; nil when it is not to be seen.
func (s *Server) watched(v *visit) *layout.WatchedView {
	view := &layout.WatchedView{Action: v.url("watching"), NowURL: v.url("watching/now")}
	if v.setup.Unwatched {
		return view
	}
	watchers, err := s.Console.Watchers(v.ctx(), v.setup.ID)
	if err != nil {
		s.Log.ErrorContext(v.ctx(), "watchers not read", "setup", v.setup.ID, "error", err)
		return view
	}
	names := make([]string, 0, len(watchers))
	for _, w := range watchers {
		names = append(names, w.Name)
	}
	if len(names) > 0 {
		view.Text = v.t.T("watching.now", "Names", strings.Join(names, ", "), "Count", len(names))
	}
	return view
}

// showWatchingNow is the line about who looks, for live pages.
func (s *Server) showWatchingNow(v *visit) error {
	return v.render(http.StatusOK, layout.Watched(v.t, *s.watched(v)))
}

// showWatching tells the customer what customer success can see, and who looks now.
func (s *Server) showWatching(v *visit) error {
	frame := s.aside(v, "watching.title", "watching.lead")
	view := page.WatchingView{Frame: frame, Action: v.url("watching"), May: !v.setup.Unwatched, Now: frame.Watched.Text, BackURL: v.step(v.setup.State.Open())}
	view.Frame.Watched = nil // the page says it itself
	return v.render(http.StatusOK, page.Watching(view))
}

// submitWatching is the customer's word on being looked at. It holds at once.
func (s *Server) submitWatching(v *visit) error {
	m := &mistakes{v: v}
	may := m.oneOf("may", "watching.missing", "yes", "no")
	if m.any() {
		return v.redirect(v.url("watching"))
	}
	if err := s.Onboarding.LetWatch(v.ctx(), v.setup.ID, v.actor(), may == "yes"); err != nil {
		return err
	}
	return v.redirect(v.url("watching"))
}
