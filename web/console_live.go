package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

const (
	// beatEvery is how often a stream says that it is alive.
	beatEvery = 15 * time.Second
	// gather is how long a stream lets changes come together: many at once are one write.
	gather = 100 * time.Millisecond
	// writeLimit is how long one write to a stream may take; who does not read is let go.
	writeLimit = 5 * time.Second
	// recheck is how long a session that has ended may go on being told.
	recheck = time.Second
	// keepRows is how long a rendered row is used: time makes another of it.
	keepRows = time.Minute
	// maxOwn bounds the streams of one session, so that nobody takes them all.
	maxOwn = 250
	// maxStreams bounds the streams of one process, and maxRows what is remembered of rendered rows.
	maxStreams = 1000
	maxRows    = 2000
)

var errStreams = fault.New(fault.Unavailable, "console.live.full", nil)

// liveAt is the place in the trail up to which a page that is rendered now is true.
func (s *Server) liveAt(ctx context.Context) (string, error) {
	at, err := s.Live.Newest(ctx)
	return strconv.FormatInt(at, 10), err
}

func liveView(url string, now time.Time) component.LiveView {
	return component.LiveView{URL: url, Updated: now.UTC().Format("15:04:05")}
}

// showLive is the stream of changes: server-sent events (HTML standard, section 9.2) of rows of the list, or, with a setup,
// only the word that it has changed. It ends with the session, at shutdown, and when nobody reads.
func (s *Server) showLive(d *desk) error {
	if d.r.Method == http.MethodHead {
		d.w.Header().Set("Content-Type", "text/event-stream")
		return nil
	}
	if !s.rows.open(d.session.ID) {
		return errStreams
	}
	defer s.rows.close(d.session.ID)
	sub, err := s.Live.Subscribe(d.r.Context(), since(d.r))
	missed := errors.Is(err, live.ErrTooFar)
	if missed {
		sub, err = s.Live.Subscribe(d.r.Context(), -1)
	}
	if err != nil {
		return err
	}
	defer sub.Close()
	stream := &stream{
		s: s, d: d, sub: sub, out: http.NewResponseController(d.w), setup: d.r.URL.Query().Get("setup"), missed: missed, checked: s.Now(),
	}
	// Both limits of the server are for pages; a stream has its own for each write.
	if err := stream.out.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	d.w.Header().Set("Content-Type", "text/event-stream")
	d.w.Header().Set("X-Accel-Buffering", "no") // proxies that gather answers let this one through
	d.w.WriteHeader(http.StatusOK)
	stream.run(d.r.Context())
	return nil
}

// since is up to where the page knows: what the browser heard last, or what the page was rendered with.
func since(r *http.Request) int64 {
	for _, text := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("since")} {
		if at, err := strconv.ParseInt(text, 10, 64); err == nil && at >= 0 {
			return at
		}
	}
	return -1
}

// stream is one open stream.
type stream struct {
	s       *Server
	d       *desk
	sub     *live.Subscription
	out     *http.ResponseController
	setup   string // empty: the list
	missed  bool   // too much to be told one by one
	checked time.Time
}

const hello = "retry: 2000\nevent: beat\ndata: hello\n\n"

func (st *stream) run(ctx context.Context) {
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	again := st.say(ctx, hello)
	if again && st.missed { // the page is asked for anew, after what waits until now
		_, at := st.sub.Take()
		again = st.say(ctx, changed(at, st.setup))
	}
	for again {
		select {
		case <-ctx.Done():
			return
		case <-st.sub.Over():
			return
		case <-beat.C:
			again = st.say(ctx, "event: beat\ndata: here\n\n")
		case <-st.sub.Changed():
			select { // the first change goes out as fast as the last
			case <-ctx.Done():
				return
			case <-time.After(gather):
			}
			again = st.tell(ctx)
		}
	}
}

// tell writes what changed.
func (st *stream) tell(ctx context.Context) bool {
	changes, at := st.sub.Take()
	if st.setup != "" {
		for _, c := range changes {
			if c.Setup == st.setup {
				return st.say(ctx, changed(at, c.Setup))
			}
		}
		return true
	}
	rows, err := st.s.rendered(ctx, st.d.t, changes)
	if err != nil {
		st.s.Log.ErrorContext(ctx, "rows not rendered", "error", err)
		return false
	}
	if len(rows) == 0 {
		return true
	}
	return st.say(ctx, fmt.Sprintf("id: %d\nevent: rows\ndata: ", at), append(rows, []byte("\n\n"))...)
}

// changed is the event that says that the page has to be asked for anew: it is about a setup, or too much has happened.
func changed(at int64, setup string) string {
	return fmt.Sprintf("id: %d\nevent: changed\ndata: %s\n\n", at, setup)
}

// say writes an event while the session is one of the console, and reports whether to go on.
// What more there is of it is written as it is: rows are the same for all who watch, and not copied for each.
func (st *stream) say(ctx context.Context, event string, more ...[]byte) bool {
	if now := st.s.Now(); now.Sub(st.checked) >= recheck {
		stored, err := st.s.Sessions.Kept(st.d.session).Load(ctx)
		if err != nil || !st.s.guides(accountOf(stored)) {
			return false
		}
		st.checked = now
	}
	if err := st.out.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return false
	}
	for _, part := range append([][]byte{[]byte(event)}, more...) {
		if _, err := st.d.w.Write(part); err != nil {
			return false
		}
	}
	return st.out.Flush() == nil
}

// open counts a stream of a session; false when there are too many.
func (l *liveRows) open(session string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.own == nil {
		l.own = map[string]int{}
	}
	if l.streams >= maxStreams || l.own[session] >= maxOwn {
		return false
	}
	l.streams++
	l.own[session]++
	return true
}

func (l *liveRows) close(session string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams--
	if l.own[session]--; l.own[session] == 0 {
		delete(l.own, session)
	}
}

// liveRows remembers rows as they were last rendered, so that a change is rendered once, however many watch.
type liveRows struct {
	mu      sync.Mutex
	streams int
	own     map[string]int     // streams by session
	kept    map[string]keptRow // by language and id
}

type keptRow struct {
	at   int64
	made time.Time
	html []byte
}

// oneLine keeps an event in one line: any of the two ends it (HTML standard, section 9.2.6).
var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

// rendered are the rows of changes, each as one line of HTML.
func (s *Server) rendered(ctx context.Context, t message.Printer, changes []live.Change) ([][]byte, error) {
	s.rows.mu.Lock()
	defer s.rows.mu.Unlock()
	if s.rows.kept == nil || len(s.rows.kept) > maxRows {
		s.rows.kept = map[string]keptRow{}
	}
	var missing []string
	at := map[string]int64{}
	for _, c := range changes {
		kept := s.rows.kept[t.Lang()+c.Setup]
		if at[c.Setup] = c.At; kept.at < c.At || s.Now().Sub(kept.made) > keepRows {
			missing = append(missing, c.Setup)
		}
	}
	if len(missing) > 0 {
		rows, err := s.Console.RowsOf(ctx, missing)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			var b bytes.Buffer
			if err := page.ConsoleTableRow(s.rowView(t, row)).Render(ctx, &b); err != nil {
				return nil, err
			}
			s.rows.kept[t.Lang()+row.ID] = keptRow{at: at[row.ID], made: s.Now(), html: []byte(oneLine.Replace(b.String()))}
		}
	}
	var all [][]byte
	for _, c := range changes {
		if row := s.rows.kept[t.Lang()+c.Setup].html; len(row) > 0 {
			all = append(all, row)
		}
	}
	return all, nil
}
