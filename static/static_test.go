package static_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/aritma/entra-onboard/static"
)

func get(t *testing.T, method, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) []byte {
	t.Helper()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestURLNamesTheContent(t *testing.T) {
	for _, name := range names {
		url := static.URL(name)
		match := regexp.MustCompile(`^/static/[a-z]+\.([0-9a-f]{16})\.[a-z]+$`).FindStringSubmatch(url)
		if match == nil {
			t.Fatalf("URL(%q) = %q", name, url)
		}
		sum := sha256.Sum256(body(t, get(t, http.MethodGet, url, "").Body))
		if got := hex.EncodeToString(sum[:])[:16]; got != match[1] {
			t.Errorf("%s is named %s, its content hashes to %s", name, match[1], got)
		}
	}
}

func TestAssetsAreImmutable(t *testing.T) {
	types := map[string]string{
		"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8",
		"htmx.js": "text/javascript; charset=utf-8", "favicon.svg": "image/svg+xml",
	}
	for name, kind := range types {
		header := get(t, http.MethodGet, static.URL(name), "").Header
		want := map[string]string{
			"Content-Type": kind, "Cache-Control": "public, max-age=31536000, immutable",
			"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding", "Content-Encoding": "",
		}
		for key, value := range want {
			if got := header.Get(key); got != value {
				t.Errorf("%s: %s = %q, want %q", name, key, got, value)
			}
		}
	}
}

func TestCodingIsNegotiated(t *testing.T) {
	for _, name := range names {
		negotiated(t, name)
	}
}

func negotiated(t *testing.T, name string) {
	t.Helper()
	plain := string(body(t, get(t, http.MethodGet, static.URL(name), "").Body))
	for accept, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "gzip, deflate, br": "br", "br;q=0, gzip": "gzip", "gzip; q=0.0": "", "br;q=x": "",
	} {
		response := get(t, http.MethodGet, static.URL(name), accept)
		if got := response.Header.Get("Content-Encoding"); got != want {
			t.Errorf("%s: Accept-Encoding %q is answered with %q, want %q", name, accept, got, want)
			continue
		}
		var unpacked io.Reader = response.Body
		switch want {
		case "br":
			unpacked = brotli.NewReader(response.Body)
		case "gzip":
			reader, err := gzip.NewReader(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			unpacked = reader
		}
		if string(body(t, unpacked)) != plain {
			t.Errorf("%s: Accept-Encoding %q unpacks to something else", name, accept)
		}
	}
}

// Nobody gets a piece of a coded form in place of the whole: a server may ignore Range (RFC 9110, section 14.2).
func TestRangeIsAnsweredWhole(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r := httptest.NewRequest(method, static.URL("app.css"), nil)
		r.Header.Set("Range", "bytes=0-9")
		r.Header.Set("Accept-Encoding", "br")
		w := httptest.NewRecorder()
		static.Handler().ServeHTTP(w, r)
		whole := len(body(t, get(t, http.MethodGet, static.URL("app.css"), "br").Body))
		if w.Code != http.StatusOK || w.Header().Get("Content-Length") != strconv.Itoa(whole) || w.Header().Get("Accept-Ranges") != "" {
			t.Errorf("%s is answered with %d, %v", method, w.Code, w.Header())
		}
	}
}

func TestOnlyKnownNamesAreServed(t *testing.T) {
	for _, path := range []string{
		"/static/", "/static/app.css", "/static/app.0000000000000000.css", "/static/../go.mod", "/static/css/tokens.css",
	} {
		if got := get(t, http.MethodGet, path, "").StatusCode; got != http.StatusNotFound {
			t.Errorf("%s is answered with %d", path, got)
		}
	}
	response := get(t, http.MethodPost, static.URL("app.css"), "")
	if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST is answered with %d, Allow %q", response.StatusCode, response.Header.Get("Allow"))
	}
	response = get(t, http.MethodHead, static.URL("app.css"), "")
	if response.StatusCode != http.StatusOK || len(body(t, response.Body)) != 0 || response.ContentLength == 0 {
		t.Error("HEAD is not GET without its body")
	}
}

// The budgets of a form page in bytes, as served: in brotli, and a tenth more in gzip, which browsers take over plain http. htmx is for
// live pages alone, the console's files for it.
func TestBudgets(t *testing.T) {
	for name, limit := range map[string]int{"app.css": 6 << 10, "app.js": 2560, "console.css": 2560, "console.js": 2560, "favicon.svg": 400, "htmx.js": 14 << 10} {
		for _, coding := range []string{"br", "gzip"} {
			size := len(body(t, get(t, http.MethodGet, static.URL(name), coding).Body))
			t.Logf("%s %s: %d of %d bytes", name, coding, size, limit)
			if coding == "gzip" {
				limit += limit / 10
			}
			if size > limit {
				t.Errorf("%s is %d bytes in %s, the budget is %d", name, size, coding, limit)
			}
		}
	}
}

// The stylesheet is compacted when it is built; no rule may be lost on the way, and nothing may reach outside.
func TestStylesheetIsWhole(t *testing.T) {
	css := string(body(t, get(t, http.MethodGet, static.URL("app.css"), "").Body))
	if open, closed := strings.Count(css, "{"), strings.Count(css, "}"); open != closed {
		t.Errorf("%d braces open, %d close", open, closed)
	}
	for _, want := range []string{"@layer reset,tokens", "light-dark(", ":focus-visible", "prefers-reduced-motion", "forced-colors", "@media print"} {
		if !strings.Contains(strings.ReplaceAll(css, ", ", ","), want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, unwanted := range []string{"url(", "@import", "/*", "http"} {
		if strings.Contains(css, unwanted) {
			t.Errorf("%s stands in the stylesheet", unwanted)
		}
	}
}

func TestScriptKeepsNothing(t *testing.T) {
	js := string(body(t, get(t, http.MethodGet, static.URL("app.js"), "").Body))
	for _, unwanted := range []string{"localStorage", "sessionStorage", "cookie", "innerHTML", "eval(", "XMLHttpRequest", "sendBeacon", "console."} {
		if strings.Contains(js, unwanted) {
			t.Errorf("%s stands in the script", unwanted)
		}
	}
	// The one thing that is asked by script is how long the session lasts; the form that prolongs it is empty.
	for _, wanted := range []string{`ask("/sessions/life")`, `body: new URLSearchParams()`} {
		if strings.Count(js, "fetch(") != 1 || !strings.Contains(js, wanted) {
			t.Errorf("the script asks for something else: %d times, %s missing", strings.Count(js, "fetch("), wanted)
		}
	}
}

// The console's script asks for the page that it is on, and for the stream that the page names.
func TestConsoleScriptKeepsNothing(t *testing.T) {
	js := string(body(t, get(t, http.MethodGet, static.URL("console.js"), "").Body))
	for _, unwanted := range []string{"localStorage", "sessionStorage", "cookie", "innerHTML", "eval(", "XMLHttpRequest", "sendBeacon", "console.", "http"} {
		if strings.Contains(js, unwanted) {
			t.Errorf("%s stands in the script", unwanted)
		}
	}
	if strings.Count(js, "fetch(") != 1 || !strings.Contains(js, "fetch(here,") || !strings.Contains(js, `here = find("refresh")?.href ?? location.href`) || strings.Count(js, "new EventSource(") != 1 {
		t.Error("the script asks for something else")
	}
}

func TestVendoredFileIsTheOneWeRead(t *testing.T) {
	readme, err := os.ReadFile("vendor/README.md")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile("vendor/htmx-4.0.1.min.js")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
		t.Errorf("htmx-4.0.1.min.js has sha256 %x", sum)
	}
}

func TestUnknownNamePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an unknown name has a URL")
		}
	}()
	static.URL("missing.css")
}
