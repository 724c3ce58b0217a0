package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/secret"
)

// variables are all that the service reads.
func variables() (names []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		name := field.Tag.Get("env")
		if name == "-" {
			continue
		}
		names = append(names, name)
		if field.Type == reflect.TypeFor[secret.Secret]() {
			names = append(names, name+"_FILE")
		}
	}
	return names
}

// TestDocumentsNameVariablesThatExist: what operators copy sets nothing that the service does not read, and what every variable
// means stands in one place.
func TestDocumentsNameVariablesThatExist(t *testing.T) {
	t.Parallel()
	known, named := variables(), 0
	variable := regexp.MustCompile(`ONBOARD_[A-Z_]*[A-Z]`)
	files := []string{"../../Dockerfile", "../../docs/operations.md", "../../docs/configuration.md"}
	for _, pattern := range []string{"../../docs/deploy/*", "../../docs/deploy/*/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range variable.FindAllString(string(text), -1) {
			if named++; !slices.Contains(known, name) {
				t.Errorf("%s names %s, which nothing reads", file, name)
			}
		}
	}
	if len(files) < 8 || named < 60 {
		t.Errorf("%d files name %d variables: are they where this test looks?", len(files), named)
	}
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range known {
		if !strings.HasSuffix(name, "_FILE") && !strings.Contains(string(text), fmt.Sprintf("`%s`", name)) {
			t.Errorf("docs/configuration.md does not explain %s", name)
		}
	}
}
