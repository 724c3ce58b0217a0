package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/aritma/entra-onboard/"

// room is a package with what it may use outside its tests: rooms of this module, modules of others, and the parts of
// the standard library that it must do without.
type room struct {
	path      string
	rooms     string
	libraries string
	without   string
	why       string
}

// rooms is the table of the architecture as the code has it. A package without a row, and a use that its row does not
// name, fail the test: then either the code or the table is wrong, and a person decides which.
var rooms = []room{
	{path: "cmd/onboard", rooms: "internal/... web web/session web/middleware", libraries: "github.com/alecthomas/kong golang.org/x/crypto/x509roots/fallback", why: "wires everything, and alone knows the sandbox"},

	{
		path: "web", rooms: "internal/onboarding internal/account internal/console internal/live internal/wizard internal/portal internal/calendar internal/fault internal/secret internal/message web/session web/middleware templates/component templates/layout templates/page static",
		libraries: "github.com/a-h/templ github.com/go-chi/chi/v5 github.com/gorilla/sessions github.com/klauspost/compress github.com/mileusna/useragent", without: "database/sql os", why: "HTTP only: it orders no outside call and knows no engine",
	},
	{path: "web/session", rooms: "internal/seal internal/secret", libraries: "github.com/gorilla/sessions", without: "database/sql", why: "declares the storage it needs, and decides nothing"},
	{path: "web/middleware", libraries: "github.com/go-chi/chi/v5 github.com/hashicorp/golang-lru/v2 golang.org/x/time", without: "database/sql", why: "about every request alike, so about no setup"},

	{path: "templates/component", rooms: "internal/message internal/secret", libraries: "github.com/a-h/templ", without: "net/http", why: "knows nothing above it"},
	{path: "templates/layout", rooms: "templates/component internal/message static", libraries: "github.com/a-h/templ", without: "net/http", why: "the frame of every page"},
	{path: "templates/page", rooms: "templates/component templates/layout internal/message internal/secret internal/fault", libraries: "github.com/a-h/templ", without: "net/http", why: "presentation of typed views"},
	{path: "static", why: "files and their names"},

	{path: "internal/wizard", rooms: "internal/fault", without: "net net/http database/sql os log/slog", why: "pure: no HTTP, no SQL"},
	{
		path: "internal/onboarding", rooms: "internal/wizard internal/iam internal/scim internal/entra internal/signin internal/outbound internal/work internal/seal internal/secret internal/fault",
		without: "net/http database/sql", why: "orders the outside calls, through what it is given; of outbound it says only what is sent once",
	},
	{path: "internal/account", rooms: "internal/signin internal/work internal/seal internal/secret internal/fault", without: "net/http database/sql", why: "who is signed in; knows no setups"},
	{path: "internal/console", rooms: "internal/onboarding internal/wizard internal/fault", without: "net/http database/sql", why: "what customer success sees: nothing in it has room for a secret"},
	{path: "internal/live", without: "net/http database/sql", why: "ids only: it knows nobody who writes or reads"},
	{
		path: "internal/webhook", rooms: "internal/outbound internal/secret", libraries: "github.com/standard-webhooks/standard-webhooks/libraries/go", without: "database/sql",
		why: "tells a receiver what it is given: knows no setup, so it has nothing else to tell",
	},
	{
		path: "internal/metrics", rooms: "internal/onboarding internal/outbound internal/seal internal/store internal/webhook", libraries: "github.com/VictoriaMetrics/metrics", without: "database/sql",
		why: "alone knows the library: others are watched, and do not know it",
	},
	{path: "internal/work", rooms: "internal/fault", without: "net/http database/sql", why: "work that outlasts a request, whatever it is"},

	{path: "internal/iam", rooms: "internal/fault internal/outbound internal/secret", why: "adapter: knows no other adapter"},
	{path: "internal/entra", rooms: "internal/fault internal/outbound internal/secret", why: "adapter: knows no other adapter"},
	{path: "internal/scim", rooms: "internal/fault internal/outbound internal/secret", why: "adapter: knows no other adapter"},
	{path: "internal/signin", rooms: "internal/fault internal/outbound internal/secret", libraries: "golang.org/x/oauth2 golang.org/x/sync github.com/coreos/go-oidc/v3", why: "adapter: knows no other adapter"},
	{path: "internal/outbound", libraries: "code.dny.dev/ssrf github.com/failsafe-go/failsafe-go", why: "the one HTTP client: knows nobody who uses it"},
	{path: "internal/calendar", libraries: "github.com/arran4/golang-ical", without: "net/http", why: "days to remember, as a file"},
	{path: "internal/portal", without: "net/http", why: "facts about Microsoft's portal"},

	{path: "internal/fault", without: "net/http log/slog", why: "carries, never tells"},
	{path: "internal/message", rooms: "internal/fault", libraries: "github.com/BurntSushi/toml github.com/go-playground/locales github.com/nicksnyder/go-i18n/v2 golang.org/x/text", without: "net/http", why: "sentences"},
	{path: "internal/message/messagetest", rooms: "internal/message", libraries: "github.com/BurntSushi/toml", without: "net/http", why: "made-up languages, for tests alone"},
	{path: "internal/secret", why: "everything may hold one, so it needs nothing"},
	{path: "internal/seal", rooms: "internal/secret", without: "net/http database/sql", why: "sealing alone"},
	{path: "internal/reseal", rooms: "internal/seal", without: "net/http database/sql", why: "moves ciphertexts, whatever they hold and wherever they are kept"},
	{path: "internal/config", rooms: "internal/seal internal/secret", libraries: "github.com/caarlos0/env/v11", without: "net/http", why: "reads the environment, uses nothing of it"},

	{path: "internal/store", rooms: "internal/reseal internal/seal", why: "what every engine says of itself, and nothing of one"},
	{
		path: "internal/store/sqlite", rooms: "internal/store internal/account internal/console internal/live internal/onboarding internal/reseal internal/wizard internal/seal internal/secret internal/fault internal/webhook web/session",
		libraries: "github.com/pressly/goose/v3 modernc.org/sqlite", without: "net/http", why: "takes sealed values only; the session's record is declared by its user",
	},
	{
		path: "internal/store/postgres", rooms: "internal/store internal/account internal/console internal/live internal/onboarding internal/reseal internal/wizard internal/seal internal/secret internal/fault internal/webhook web/session",
		libraries: "github.com/jackc/pgx/v5 github.com/pressly/goose/v3", without: "net/http", why: "takes sealed values only; the session's record is declared by its user",
	},
	{path: "internal/store/postgrestest", libraries: "github.com/google/uuid github.com/jackc/pgx/v5", without: "net/http", why: "a server for tests, which knows no schema"},
	{path: "internal/store/storetest", rooms: "internal/store internal/account internal/console internal/live internal/onboarding internal/reseal internal/wizard internal/seal internal/secret internal/fault internal/webhook web/session", libraries: "github.com/google/go-cmp", without: "net/http", why: "what every engine must do"},

	{path: "internal/sandbox", rooms: "internal/sandbox/page internal/message internal/secret", libraries: "github.com/a-h/templ github.com/go-jose/go-jose/v4 github.com/google/uuid", why: "stand-ins: they share no code with the clients that they test"},
	{path: "internal/sandbox/page", rooms: "templates/component templates/layout static internal/message internal/secret", libraries: "github.com/a-h/templ", why: "the only pages below internal"},
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Doc  string
	GoFiles, Imports []string
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Doc,GoFiles,Imports", "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// covers reports whether one of the entries is the import, a folder above it, or, with /..., any room below.
func covers(entries, imported string) bool {
	return slices.ContainsFunc(strings.Fields(entries), func(entry string) bool {
		if folder, all := strings.CutSuffix(entry, "/..."); all {
			return strings.HasPrefix(imported, folder+"/")
		}
		return imported == entry
	})
}

func TestRoomsUseOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(rooms, func(r room) bool { return r.path == name })
		if i < 0 {
			t.Errorf("%s has no row in the table of rooms", name)
			continue
		}
		for _, imported := range p.Imports {
			if wrong := rooms[i].forbids(imported); wrong != "" {
				t.Errorf("%s uses %s, which is %s (%s)", name, strings.TrimPrefix(imported, module), wrong, rooms[i].why)
			}
		}
	}
}

// forbids says why the room may not use a package; "" when it may.
func (r room) forbids(imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case strings.HasPrefix(imported, module):
		if !covers(r.rooms, strings.TrimPrefix(imported, module)) {
			return "a room that it may not know"
		}
	case strings.Contains(first, "."):
		inModule := func(library string) bool { return imported == library || strings.HasPrefix(imported, library+"/") }
		if !slices.ContainsFunc(strings.Fields(r.libraries), inModule) {
			return "a library that is not its own"
		}
	case covers(r.without, imported):
		return "a part of the standard library that it does without"
	}
	return ""
}

// TestRoomsTableHoldsTheRules holds the table itself against what no edit of it may give up.
func TestRoomsTableHoldsTheRules(t *testing.T) {
	t.Parallel()
	adapters := []string{"internal/iam", "internal/entra", "internal/scim", "internal/signin"}
	for _, r := range rooms {
		if r.why == "" {
			t.Errorf("%s has no reason", r.path)
		}
		for _, used := range strings.Fields(r.rooms) {
			top, _, _ := strings.Cut(used, "/")
			switch {
			case r.path == "cmd/onboard":
			case used == "internal/sandbox" || strings.HasPrefix(used, "cmd/"):
				t.Errorf("%s may use %s: only cmd and tests know it", r.path, used)
			case slices.Contains(adapters, r.path) && slices.Contains(adapters, used):
				t.Errorf("%s may use %s: adapters never know each other", r.path, used)
			case strings.HasPrefix(r.path, "internal/sandbox"):
			case strings.HasPrefix(r.path, "internal/store/") && used == "web/session": // its record, declared by its user
			case strings.HasPrefix(r.path, "internal/") && slices.Contains([]string{"web", "templates", "static"}, top):
				t.Errorf("%s may use %s: nothing under internal knows what people see", r.path, used)
			case strings.HasPrefix(r.path, "templates/") && top == "internal" && !covers("internal/message internal/secret internal/fault", used):
				t.Errorf("%s may use %s: templates only present", r.path, used)
			case r.path == "web" && (slices.Contains(adapters, used) || strings.HasPrefix(used, "internal/store")):
				t.Errorf("%s may use %s: it goes through onboarding", r.path, used)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if p.Doc == "" || !slices.Contains(p.GoFiles, "doc.go") {
			t.Errorf("%s has no doc.go with a package comment", path.Base(p.ImportPath))
		}
	}
}

func TestTopLevelHoldsNothingElse(t *testing.T) {
	t.Parallel()
	list := exec.Command("git", "-c", "safe.directory=*", "ls-files", "--full-name")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	allowed := strings.Fields("cmd docs internal static templates web CHANGELOG.md Dockerfile LICENSE Makefile README.md go.mod go.sum")
	found := map[string]bool{}
	for file := range strings.Lines(string(out)) {
		top, _, _ := strings.Cut(strings.TrimSpace(file), "/")
		found[top] = true
	}
	if len(found) < len(allowed) {
		t.Errorf("only %d entries at the top level: is this the repository?", len(found))
	}
	for top := range found {
		if !strings.HasPrefix(top, ".") && !slices.Contains(allowed, top) {
			t.Errorf("%s stands at the top level, where the architecture does not have it", top)
		}
	}
}
