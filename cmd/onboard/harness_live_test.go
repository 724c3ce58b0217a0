package main

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// streamed is one server-sent event.
type streamed struct {
	id   int64 // 0: none
	name string
	data string
}

// rows are the rows in it, by the id of their setup.
func (e streamed) rows(t testing.TB) map[string]*goquery.Selection {
	t.Helper()
	page, err := goquery.NewDocumentFromReader(strings.NewReader("<table>" + e.data + "</table>"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*goquery.Selection{}
	page.Find("tr").Each(func(_ int, row *goquery.Selection) {
		all[strings.TrimPrefix(row.AttrOr("id", ""), "row-")] = row
	})
	return all
}

// listening is an open stream. Its events wait in a channel, which is closed with the stream.
type listening struct {
	t      testing.TB
	answer *http.Response
	events chan streamed
	stop   context.CancelFunc
}

// listen opens a stream and reads its greeting.
func (v *visitor) listen(path string, header ...string) *listening {
	v.t.Helper()
	ctx, cancel := context.WithCancel(v.t.Context())
	r := v.request(http.MethodGet, path, nil).WithContext(ctx)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := *v.client
	client.Timeout = 0
	answer, err := client.Do(r)
	if err != nil {
		cancel()
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { cancel(); _ = answer.Body.Close() })
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		v.t.Fatalf("%s is answered %d with %s", path, answer.StatusCode, kind)
	}
	l := &listening{t: v.t, answer: answer, events: make(chan streamed, 1000), stop: cancel}
	go l.read()
	if hello := l.next(); hello.name != "beat" || hello.id != 0 {
		v.t.Fatalf("the stream begins with %+v", hello)
	}
	return l
}

func (l *listening) read() {
	defer close(l.events)
	lines := bufio.NewReader(l.answer.Body)
	var e streamed
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.id, _ = strconv.ParseInt(value, 10, 64)
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			l.events <- e
			e = streamed{}
		}
	}
}

// next waits for the next event.
func (l *listening) next() streamed {
	l.t.Helper()
	select {
	case e, open := <-l.events:
		if !open {
			l.t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(patience):
		l.t.Fatalf("nothing was told within %v", patience)
	}
	return streamed{}
}

// row waits until a setup is told of, and returns its row; what else is told is left out.
func (l *listening) row(setup string) *goquery.Selection {
	l.t.Helper()
	for {
		if row, ok := l.next().rows(l.t)[setup]; ok {
			return row
		}
	}
}

// ended waits for the end of the stream, whatever is told until then.
func (l *listening) ended() {
	l.t.Helper()
	late := time.After(patience)
	for {
		select {
		case _, open := <-l.events:
			if !open {
				return
			}
		case <-late:
			l.t.Fatalf("the stream has not ended within %v", patience)
		}
	}
}

// streamsEnded is how many streams the program has ended so far.
func (s *site) streamsEnded() int {
	return strings.Count(s.log.String(), `"route":"/console/live"`)
}

// began is a customer who has opened a setup of their own and stands on its first page.
func (s *site) began(company, tenant string) *visitor {
	s.t.Helper()
	return s.visitor().open(s.link("--company", company, "--tenant", tenant)).at("start")
}

// saves has the customer save the first step again, which changes the setup.
func (v *visitor) saves() *visitor {
	v.t.Helper()
	return v.get("/setup/" + v.setup() + "/start").at("start").send(map[string]string{"sharing": "yes", "applications": "one"}).at("application")
}

// markup is an element as HTML, whatever white space stands in it.
func markup(t testing.TB, e *goquery.Selection) string {
	t.Helper()
	html, err := goquery.OuterHtml(e)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.Join(strings.Fields(html), " "), "> <", "><")
}
