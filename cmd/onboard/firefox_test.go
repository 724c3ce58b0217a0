package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// firefox is a running Firefox, spoken to over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/).
type firefox struct {
	connection *websocket.Conn
	lost       chan struct{} // closed when the connection has ended

	mu      sync.Mutex
	last    int // number of the last command
	waiting map[int]chan reply
	tabs    map[string]*fox // by browsing context
}

// reply is what Firefox sends: the result of a command, an error, or an event.
type reply struct {
	Type    string          `json:"type"`
	ID      int             `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
}

// object is what a command takes as its parameters.
type object = map[string]any

// restored is where each page keeps whether it came out of the back/forward cache: WebDriver BiDi has no event for that.
const restored = "globalThis.cameOutOfTheCache"

// preferences keep Firefox from doing anything by itself. All names are resolved to loopback, so that nothing outside is
// ever reached; the caches, the back/forward cache too, work as they always do.
var preferences = object{
	"network.dns.native-is-localhost": true, "network.trr.mode": 5, "network.proxy.type": 0,
	"network.dns.disablePrefetch": true, "network.prefetch-next": false, "network.http.speculative-parallel-limit": 0,
	"network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,

	"browser.startup.page": 0, "browser.startup.homepage": "about:blank", "browser.startup.homepage_override.mstone": "ignore",
	"browser.aboutwelcome.enabled": false, "browser.newtabpage.enabled": false, "browser.shell.checkDefaultBrowser": false,
	"termsofuse.bypassNotification": true, "browser.discovery.enabled": false, "browser.topsites.contile.enabled": false,
	"browser.search.update": false, "browser.region.update.enabled": false, "browser.region.network.url": "",
	"browser.translations.enable": false, "browser.ml.enable": false, "identity.fxaccounts.enabled": false, "signon.rememberSignons": false,

	"app.update.disabledForTesting": true, "app.normandy.enabled": false, "messaging-system.rsexperimentloader.enabled": false,
	"services.settings.server": "data:,#remote-settings-dummy/v1", "dom.push.connection.enabled": false,
	"extensions.update.enabled": false, "extensions.systemAddon.update.enabled": false, "extensions.systemAddon.update.url": "",
	"extensions.getAddons.cache.enabled": false, "extensions.blocklist.enabled": false,
	"media.gmp-manager.updateEnabled": false, "media.gmp-manager.url": "data:,", "media.gmp-provider.enabled": false,

	"datareporting.policy.dataSubmissionEnabled": false, "datareporting.healthreport.uploadEnabled": false, "datareporting.usage.uploadEnabled": false,
	"toolkit.telemetry.enabled": false, "toolkit.telemetry.unified": false, "toolkit.telemetry.server": "data:,", "toolkit.telemetry.archive.enabled": false,
	"browser.safebrowsing.malware.enabled": false, "browser.safebrowsing.phishing.enabled": false, "browser.safebrowsing.blockedURIs.enabled": false,
	"browser.safebrowsing.downloads.enabled": false, "browser.safebrowsing.update.enabled": false,

	"general.smoothScroll": false, "intl.accept_languages": "en-US", "intl.locale.requested": "en-US",
	"dom.confirm_repost.testing.always_accept": true, // the person agrees to send a form again
}

// findFirefox looks where Firefox usually is, after $FIREFOX.
func findFirefox() (string, error) {
	for _, name := range []string{os.Getenv("FIREFOX"), "firefox-esr", "firefox"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("these tests need Firefox: install it (on Debian: apt-get install firefox-esr), or name its program in FIREFOX")
}

// startFirefox starts Firefox with an empty profile, and ends it with the test.
func startFirefox(t testing.TB) *firefox {
	t.Helper()
	path, err := findFirefox()
	if err != nil {
		t.Fatal(err)
	}
	profile := t.TempDir()
	var lines strings.Builder
	for name, value := range preferences {
		encoded, _ := json.Marshal(value)
		fmt.Fprintf(&lines, "user_pref(%q, %s);\n", name, encoded)
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	program := exec.Command(path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0")
	program.Env = append(os.Environ(), "HOME="+profile, "TMPDIR="+profile, "LANG=C.UTF-8", "MOZ_CRASHREPORTER_DISABLE=1",
		"MOZ_REMOTE_SETTINGS_DEVTOOLS=1") // without it, services.settings.server is not obeyed
	output, err := program.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = program.Start(); err != nil {
		t.Fatalf("start Firefox: %v", err)
	}
	said, address, ended := &lockedBuffer{}, make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended) // not one of its processes holds the pipe any more
		for in := bufio.NewReader(output); ; {
			line, err := in.ReadString('\n')
			fmt.Fprint(said, line)
			if at, found := strings.CutPrefix(line, "WebDriver BiDi listening on "); found {
				address <- strings.TrimSpace(at)
			}
			if err != nil {
				return
			}
		}
	}()
	f := &firefox{lost: make(chan struct{}), waiting: map[int]chan reply{}, tabs: map[string]*fox{}}
	t.Cleanup(func() {
		f.end(t, program.Process)
		select {
		case <-ended:
		case <-time.After(patience):
			t.Errorf("Firefox did not end within %v:\n%s", patience, said)
			_ = program.Process.Kill()
			<-ended
		}
		_ = program.Wait()
	})
	select {
	case at := <-address:
		f.connect(t, at)
	case <-ended:
		t.Fatalf("Firefox ended at once:\n%s", said)
	case <-time.After(patience):
		t.Fatalf("Firefox does not listen after %v:\n%s", patience, said)
	}
	return f
}

// connect begins the one session of this browser and asks for its events.
func (f *firefox) connect(t testing.TB, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	connection, _, err := websocket.Dial(ctx, address+"/session", nil)
	if err != nil {
		t.Fatalf("connect to Firefox: %v", err)
	}
	connection.SetReadLimit(-1)
	f.connection = connection
	go f.receive()
	order[any](t, f, "session.new", object{"capabilities": object{}})
	order[any](t, f, "session.subscribe", object{"events": []string{
		"browsingContext.navigationStarted", "browsingContext.navigationCommitted", "browsingContext.navigationFailed",
		"browsingContext.domContentLoaded", "browsingContext.load", "network.responseCompleted", "log.entryAdded",
	}})
	order[any](t, f, "script.addPreloadScript", object{"functionDeclaration": "() => addEventListener('pageshow', (event) => (" + restored + " = event.persisted))"})
}

// end asks Firefox to end, and makes it where it does not listen.
func (f *firefox) end(t testing.TB, process *os.Process) {
	t.Helper()
	if f.connection == nil {
		_ = process.Kill()
		return
	}
	if _, err := f.send("browser.close", object{}); err != nil {
		t.Errorf("end Firefox: %v", err)
		_ = process.Kill()
	}
	_ = f.connection.CloseNow()
	<-f.lost
}

// receive hands every message to who waits for it, in the order in which they come.
func (f *firefox) receive() {
	defer close(f.lost)
	for {
		var m reply
		if err := wsjson.Read(context.Background(), f.connection, &m); err != nil {
			return
		}
		if m.Type == "event" {
			f.hear(m)
			continue
		}
		f.mu.Lock()
		waiting := f.waiting[m.ID]
		delete(f.waiting, m.ID)
		f.mu.Unlock()
		if waiting != nil {
			waiting <- m
		}
	}
}

// hear passes an event on to the tab in which it happened.
func (f *firefox) hear(m reply) {
	var where struct {
		Context string
		Source  struct{ Context string }
	}
	_ = json.Unmarshal(m.Params, &where)
	f.mu.Lock()
	tab := f.tabs[where.Context+where.Source.Context]
	f.mu.Unlock()
	if tab != nil {
		tab.hear(m)
	}
}

// send sends a command and waits for its result.
func (f *firefox) send(method string, parameters object) (json.RawMessage, error) {
	answered := make(chan reply, 1)
	f.mu.Lock()
	f.last++
	id := f.last
	f.waiting[id] = answered
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := wsjson.Write(ctx, f.connection, object{"id": id, "method": method, "params": parameters}); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	select {
	case m := <-answered:
		if m.Error != "" {
			return nil, fmt.Errorf("%s: %s: %s", method, m.Error, m.Message)
		}
		return m.Result, nil
	case <-f.lost:
		return nil, fmt.Errorf("%s: the connection to Firefox is lost", method)
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: no answer within %v", method, patience)
	}
}

// order sends a command that must succeed.
func order[R any](t testing.TB, f *firefox, method string, parameters object) R {
	t.Helper()
	var result R
	raw, err := f.send(method, parameters)
	if err == nil {
		err = json.Unmarshal(raw, &result)
	}
	if err != nil {
		t.Fatal(err)
	}
	return result
}
