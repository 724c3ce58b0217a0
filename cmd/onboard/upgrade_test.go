package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

// previousFile holds the commit of the release before this one. Whoever makes a release writes the commit of the last one here.
const previousFile = "../../.ci/previous"

// previous builds the program of the release before, as it is shipped.
func previous(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(previousFile)
	if err != nil {
		t.Fatal(err)
	}
	commit, root := strings.TrimSpace(string(content)), "../.."
	if out, err := exec.CommandContext(t.Context(), "git", "-C", root, "cat-file", "-e", commit+"^{commit}").CombinedOutput(); err != nil {
		t.Fatalf("the release before, commit %s of .ci/previous, is not in this clone, so no upgrade can be tried: fetch the whole history (git fetch --unshallow)\n%s", commit, out)
	}
	folder := t.TempDir()
	source, packed, path := filepath.Join(folder, "source"), filepath.Join(folder, "source.tar"), filepath.Join(folder, "onboard")
	for _, command := range [][]string{
		{"git", "-C", root, "archive", "--format=tar", "-o", packed, commit}, {"mkdir", source}, {"tar", "-x", "-f", packed, "-C", source},
	} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil { //nolint:gosec // the commit is ours
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", path, "./cmd/onboard")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", commit, err, out)
	}
	return path
}

// linkBy makes a setup with another program's "onboard link" and returns the path of its link.
func (s *site) linkBy(program, tenant string) string {
	s.t.Helper()
	command := exec.Command(program, "link", "--tenant", tenant, "--company", "Company "+tenant)
	environ := maps.Clone(s.environ)
	if environ["ONBOARD_PUBLIC_URL"] == "" {
		environ["ONBOARD_PUBLIC_URL"] = "http://127.0.0.1:1"
	}
	for name, value := range environ {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stderr = s.log
	out, err := command.Output()
	if err != nil {
		s.t.Fatalf("onboard link: %v\n%s", err, s.log)
	}
	return s.linkPath(string(out))
}

// traveller is a customer who does one step after the other, whichever program answers.
type traveller struct {
	*visitor
	tenant, setup, open string
	shown               string // the SCIM token; empty before it was
}

// travel opens a link to a setup of the tenant and begins.
func (s *site) travel(tenant, link string) *traveller {
	s.t.Helper()
	v := s.visitor().open(link).at("start")
	return &traveller{visitor: v, tenant: tenant, setup: v.setup(), open: "start"}
}

// answers are those that the form of the page has room for, whichever program made it.
func (c *traveller) answers() map[string]string {
	sample, fitting := c.site.sandbox.Sample(), map[string]string{}
	for name, value := range map[string]string{
		"sharing": "yes", "applications": "one", "directory": sample.DirectoryID, "client": sample.ClientID, "secret": sample.ClientSecret.Expose(),
		"expires": time.Now().AddDate(1, 0, 0).Format(time.DateOnly), "person": sample.Person, "arrived": "yes",
	} {
		if c.page.Find("main form[method=post] [name='"+name+"']").Length() > 0 {
			fitting[name] = value
		}
	}
	return fitting
}

// step does what the open step asks for.
func (c *traveller) step() {
	c.t.Helper()
	switch c.get("/setup/" + c.setup + "/").at(c.open); c.open {
	case "done":
		return
	case "review":
		c.register()
	case "token":
		if c.shown = c.handOver().value(); c.shown == "" {
			c.t.Fatalf("no token is handed over: %s", c.text("main"))
		}
		c.send(map[string]string{"pasted": "yes"})
	case "signin-test":
		c.finish()
	default:
		if c.send(c.answers()); c.status >= 400 {
			c.t.Fatalf("%s is answered %d: %s", c.open, c.status, c.text("main"))
		}
	}
	before := c.open
	path := c.get("/setup/" + c.setup + "/").path
	if c.open = path[strings.LastIndexByte(path, '/')+1:]; c.open == before {
		c.t.Fatalf("%s does not go on: %s", before, c.text("main"))
	}
}

// arrived demands that all is done, once.
func (c *traveller) arrived() {
	c.t.Helper()
	c.get("/setup/" + c.setup + "/").at("done")
	if held := c.site.sandbox.Snapshot(c.tenant); len(held.Providers) != 1 || len(held.SCIMTokens) != 1 || c.shown == "" {
		c.t.Errorf("Aritma holds %d providers and %d tokens for %s, want one each, handed over", len(held.Providers), len(held.SCIMTokens), c.tenant)
	}
	if c.get("/setup/" + c.setup + "/token"); strings.Contains(c.text("html"), c.shown) {
		c.t.Error("the token is shown again")
	}
}

// longest is more turns than a flow has steps.
const longest = 20

// TestUpgradeAndBackOnAFile: each step of two flows is done by another program than the step before, on one file: by the
// release before, which made the file, and by this one. One flow does with the one what the other does with the other, so
// whatever either writes the other reads.
func TestUpgradeAndBackOnAFile(t *testing.T) {
	t.Parallel()
	before := previous(t)
	s := newSite(t, nil)
	s.stop()
	s.environ["ONBOARD_DATABASE_URL"] = "sqlite://" + filepath.Join(t.TempDir(), "before.db")
	even, odd := s.sandbox.Sample().Tenant, "nordlys"
	evenLink, oddLink := s.linkBy(before, even), s.linkBy(before, odd)
	s.spawn(before)
	first, second := s.travel(even, evenLink), s.travel(odd, oddLink)
	first.step()
	for turn := 0; first.open != "done" || second.open != "done"; turn++ {
		if turn > longest {
			t.Fatalf("no end: at %s and %s", first.open, second.open)
		}
		s.stop()
		if turn%2 == 0 {
			s.start()
		} else {
			s.spawn(before)
		}
		first.visitor, second.visitor = first.again(), second.again()
		first.step()
		second.step()
	}
	first.arrived()
	second.arrived()
}

// TestUpgradeOnPostgres: a replica of this release joins one of the release before, which made the database; both serve it
// behind one address. Then the old one ends, and at last comes back alone: the way back.
func TestUpgradeOnPostgres(t *testing.T) {
	t.Parallel()
	before := previous(t)
	c := newReplicas(t, 0, map[string]string{"ONBOARD_DATABASE_URL": postgrestest.Database(t)})
	old := func() *replica { return c.add(func(s *site) { s.spawn(before) }) }
	sample := c.sandbox.Sample().Tenant
	links := map[string]string{}
	for _, tenant := range []string{sample, "nordlys", "fjord"} {
		links[tenant] = c.linkBy(before, tenant)
	}
	travel := func(along ...*traveller) {
		t.Helper()
		for range longest {
			for _, each := range along {
				each.step()
			}
		}
		for _, each := range along {
			each.arrived()
		}
	}
	first := old()
	mixed := c.travel(sample, links[sample])
	mixed.step()
	second := c.add((*site).start)
	staying := c.travel("nordlys", links["nordlys"])
	for range 3 { // begun by both, gone on with by the new one alone
		staying.step()
	}
	travel(mixed)
	c.allServed(5)
	c.kill(first)
	travel(staying)

	alone := c.travel("fjord", links["fjord"])
	alone.step()
	c.kill(second)
	old()
	travel(alone)
}
