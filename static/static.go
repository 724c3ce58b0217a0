package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
)

//go:embed css/*.css js/*.js vendor/*.js icon/*.svg packed/*
var files embed.FS

// asset is one file as it is served.
type asset struct {
	path, kind   string
	plain        []byte
	brotli, gzip []byte // of packed; nil where that holds none of this very content
}

// sources says what each name is made of. The order of the stylesheets is the order of the cascade layers.
var sources = []struct {
	name, kind string
	parts      []string
}{
	{"app.css", "text/css; charset=utf-8", []string{
		"css/tokens.css", "css/reset.css", "css/base.css", "css/layout.css", "css/form.css", "css/card.css",
		"css/component.css", "css/page.css", "css/print.css",
	}},
	{"app.js", "text/javascript; charset=utf-8", []string{"js/copy.js", "js/token.js", "js/form.js", "js/session.js"}},
	{"console.css", "text/css; charset=utf-8", []string{"css/console.css"}},
	{"console.js", "text/javascript; charset=utf-8", []string{"js/console.js"}},
	{"htmx.js", "text/javascript; charset=utf-8", []string{"vendor/htmx-4.0.1.min.js"}},
	{"favicon.svg", "image/svg+xml", []string{"icon/favicon.svg"}},
}

var byName, byPath = load()

func load() (map[string]*asset, map[string]*asset) {
	names, paths := map[string]*asset{}, map[string]*asset{}
	for _, source := range sources {
		a := build(source.name, source.kind, source.parts)
		names[source.name], paths[a.path] = a, a
	}
	return names, paths
}

// build joins the parts and names the result. A part that is missing from the binary is a mistake in this package.
func build(name, kind string, parts []string) *asset {
	var joined strings.Builder
	for _, part := range parts {
		content, err := files.ReadFile(part)
		if err != nil {
			panic(fmt.Sprintf("static: %s: %v", name, err))
		}
		joined.Write(content)
	}
	content := joined.String()
	switch {
	case strings.HasPrefix(kind, "text/css"):
		content = compactCSS(content)
	case strings.HasPrefix(parts[0], "js/"):
		content = compactJS(content)
	}
	sum := sha256.Sum256([]byte(content))
	stem, ext, _ := strings.Cut(name, ".")
	file := stem + "." + hex.EncodeToString(sum[:])[:16] + "." + ext
	a := &asset{path: "/static/" + file, kind: kind, plain: []byte(content)}
	a.brotli, _ = files.ReadFile("packed/" + file + ".br")
	a.gzip, _ = files.ReadFile("packed/" + file + ".gz")
	return a
}

// URL returns the path of an asset: URL("app.css") is "/static/app.<hash>.css". It panics on a name that the package
// does not hold, which the first test that renders the page finds.
func URL(name string) string {
	a, ok := byName[name]
	if !ok {
		panic("static: no asset " + name)
	}
	return a.path
}
