package main

import (
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// lineForm is what every line of the doctor looks like.
var lineForm = regexp.MustCompile(`^(ok|warning|failed) +(configuration|public address|database|sealing keys|environments|Aritma ID|service client|IAM API|IAM permission|SCIM endpoint|Microsoft|webhook|clock)  +\S.*\.$`)

// checkNames are all checks, in the order in which they are told.
var checkNames = strings.Split("configuration|public address|database|sealing keys|environments|Aritma ID|service client|IAM API|IAM permission|SCIM endpoint|Microsoft|webhook|clock", "|")

// examined is what the doctor said: its lines by name, without it.
type examined struct {
	status   int
	out, log string
	lines    map[string]string
}

// doctor runs "onboard doctor" with the environment of the site, changed.
func (s *site) doctor(changes map[string]string, args ...string) examined {
	s.t.Helper()
	environ := s.with(map[string]string{"ONBOARD_PUBLIC_URL": s.public})
	maps.Copy(environ, changes)
	status, out, log := command(s.t.(*testing.T), environ, append([]string{"doctor"}, args...)...)
	e := examined{status: status, out: out, log: log, lines: map[string]string{}}
	var names []string
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		parts := lineForm.FindStringSubmatch(line)
		if parts == nil {
			s.t.Errorf("a line has another form: %q", line)
			continue
		}
		names = append(names, parts[2])
		e.lines[parts[2]] = strings.Replace(line, parts[2], "", 1)
	}
	if status != 2 && !slices.Equal(names, checkNames) {
		s.t.Errorf("checks %q, want %q", names, checkNames)
	}
	for _, name := range []string{"ONBOARD_SEALING_KEYS", "ONBOARD_SERVICE_CLIENT_SECRET", "ONBOARD_ID_CLIENT_SECRET", "ONBOARD_WEBHOOK_SECRET"} {
		for _, value := range []string{s.environ[name], environ[name]} {
			if value != "" && (strings.Contains(out, value) || strings.Contains(log, value)) {
				s.t.Errorf("%s is told", name)
			}
		}
	}
	return e
}

// with is the environment of the site, changed.
func (s *site) with(changes map[string]string) map[string]string {
	environ := maps.Clone(s.environ)
	maps.Copy(environ, changes)
	return environ
}

// demand wants the line of one check to have a grade and to say something.
func (e examined) demand(t *testing.T, name, grade, says string) {
	t.Helper()
	if !strings.HasPrefix(e.lines[name], grade+" ") || !strings.Contains(e.lines[name], says) {
		t.Errorf("%s: want %s with %q:\n%s", name, grade, says, e.out)
	}
}

func (e examined) graded(grade string) (names []string) {
	for _, name := range checkNames {
		if strings.HasPrefix(e.lines[name], grade+" ") {
			names = append(names, name)
		}
	}
	return names
}

// posts are the requests to the sandbox that may have changed something, counted over a tenant and Microsoft.
func (s *site) posts(tenant string) map[string]int {
	posts := map[string]int{}
	for _, of := range []string{tenant, ""} {
		for request, n := range s.sandbox.Snapshot(of).Requests {
			if !strings.HasPrefix(request, "GET ") && !strings.HasSuffix(request, "/connect/token") {
				posts[request] += n
			}
		}
	}
	return posts
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return "http://" + listener.Addr().String()
}

// deaf accepts connections and says nothing.
func deaf(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return "http://" + listener.Addr().String()
}

const aWebhookSecret = "whsec_Y2FuYXJ5LW9mLXRoZS13ZWJob29rLXNlY3JldCE="
