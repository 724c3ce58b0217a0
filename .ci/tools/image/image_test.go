package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

var args = map[string]string{"VERSION": "v1.2.3", "REVISION": "0123abcd", "CREATED": "2026-11-25T12:00:00Z"}

// TestDockerfile is what the image promises to whoever runs it.
func TestDockerfile(t *testing.T) {
	r, err := readRecipe("../../../Dockerfile", args)
	if err != nil {
		t.Fatal(err)
	}
	if user, group, err := ownerOf(r.config.User); err != nil || user == 0 || group == 0 {
		t.Errorf("the user is %q: it must be a number, so that runAsNonRoot can tell, and not root: %v", r.config.User, err)
	}
	for _, list := range [][]string{r.config.Entrypoint, r.config.Cmd, r.config.Healthcheck.Test} {
		if len(list) == 0 || list[0] == "CMD-SHELL" {
			t.Errorf("%q needs a shell, or is nothing", list)
		}
	}
	if r.config.StopSignal != "SIGTERM" || len(r.config.Volumes) != 1 || len(r.config.ExposedPorts) != 1 || len(r.copies) != 2 {
		t.Errorf("the configuration is %+v, with %d copies", r.config, len(r.copies))
	}
	for name, want := range map[string]string{"version": "v1.2.3", "revision": "0123abcd", "created": "2026-11-25T12:00:00Z", "licenses": "Apache-2.0", "title": "", "description": "", "source": ""} {
		if got := r.config.Labels["org.opencontainers.image."+name]; got == "" || want != "" && got != want {
			t.Errorf("the label %s is %q, want %q", name, got, want)
		}
	}
	for _, entry := range r.config.Env {
		for _, secret := range []string{"KEY", "SECRET", "PASSWORD"} {
			if name, _, _ := strings.Cut(entry, "="); strings.Contains(name, secret) {
				t.Errorf("%s is in the image", name)
			}
		}
	}
}

// TestDockerfileThatCannotBeFollowed: what only an engine could do, and what is not known, is refused.
func TestDockerfileThatCannotBeFollowed(t *testing.T) {
	for _, text := range []string{
		"FROM debian:13", "FROM scratch\nRUN make", "FROM scratch\nWORKDIR /x", "FROM scratch\nADD x /", "FROM scratch\nCOPY x /",
		"FROM scratch\nCMD serve", "FROM scratch\nENTRYPOINT /onboard", "FROM scratch\nARG UNKNOWN", "FROM scratch\nCOPY --from=build --chmod=0777 /out/x /", "FROM scratch\nSHELL [\"/bin/sh\"]",
	} {
		path := filepath.Join(t.TempDir(), "Dockerfile")
		if err := os.WriteFile(path, []byte("FROM golang:1 AS build\n"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readRecipe(path, args); err == nil {
			t.Errorf("%q is followed", text)
		}
	}
}

// TestLayerIsTheSame whatever the modes and times of the files are.
func TestLayerIsTheSame(t *testing.T) {
	digest := func(file, folder os.FileMode, at time.Time) string {
		t.Helper()
		dir := t.TempDir()
		path := filepath.Join(dir, "data", "kept")
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("content"), file); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(path), folder); err != nil {
			t.Fatal(err)
		}
		layer, err := newLayer(instructions.CopyCommand{
			SourcesAndDest: instructions.SourcesAndDest{SourcePaths: []string{"/out/data"}, DestPath: "/data"}, Chown: "65532:65532",
		}, dir, time.Unix(1_700_000_000, 0))
		if err != nil {
			t.Fatal(err)
		}
		d, err := layer.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d.String()
	}
	if one, two := digest(0o600, 0o700, time.Unix(1, 0)), digest(0o664, 0o775, time.Unix(2_000_000_000, 0)); one != two {
		t.Errorf("%s and %s", one, two)
	}
}

// TestVendoredScripts: each is told with its version, and one that is not known stops the build.
func TestVendoredScripts(t *testing.T) {
	scripts, err := vendoredScripts("../../../static/vendor")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts: %v", len(scripts), err)
	}
	for _, script := range scripts {
		if !strings.HasPrefix(script.PackageURL, "pkg:npm/") || script.Version == "" || len(*script.Hashes) != 1 {
			t.Errorf("%+v", script)
		}
	}
	for _, name := range []string{"htmx.min.js", "stranger-1.0.0.min.js"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := vendoredScripts(dir); err == nil {
			t.Errorf("%s is taken without a word", name)
		}
	}
}
