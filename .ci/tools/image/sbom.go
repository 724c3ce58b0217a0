package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/rs/zerolog"
)

// vendored are the packages that files in the folder of vendored files came from, by the name that stands in the file's.
// A file that has no row here is an error: nobody would know that it is in the program.
var vendored = map[string]struct{ npm, license string }{
	"htmx": {npm: "htmx.org", license: "0BSD"},
}

var vendoredName = regexp.MustCompile(`^(.+)-(\d+\.\d+\.\d+[^/]*)\.min\.js$`)

// writeSBOM writes what the program was built of as CycloneDX 1.6: the modules that Go wrote into it, with their licences, Go
// itself, and the vendored scripts. It has no random serial number and bears the time of the commit, so it is the same each time.
func writeSBOM(binary, vendor, out string) (err error) {
	at, err := sourceTime()
	if err != nil {
		return err
	}
	log := zerolog.New(os.Stderr).Level(zerolog.ErrorLevel)
	generator, err := bin.NewGenerator(binary, bin.WithIncludeStdlib(true), bin.WithShortPURLS(true), bin.WithLogger(log),
		bin.WithVersionOverride(os.Getenv("VERSION")), bin.WithLicenseDetector(licences{}))
	if err != nil {
		return err
	}
	bom, err := generator.Generate()
	if err != nil {
		return fmt.Errorf("read what %s was built of: %w", binary, err)
	}
	bom.Metadata.Timestamp = at.Format(time.RFC3339)
	bom.Metadata.Component.Licenses = licence("Apache-2.0")
	for i, component := range *bom.Components {
		if component.Name == "std" { // Go itself, whose source is no module
			(*bom.Components)[i].Licenses = licence("BSD-3-Clause")
		}
	}
	scripts, err := vendoredScripts(vendor)
	if err != nil {
		return err
	}
	addScripts(bom, scripts)
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return cdx.NewBOMEncoder(file, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
}

// addScripts makes the program depend on the scripts.
func addScripts(bom *cdx.BOM, scripts []cdx.Component) {
	*bom.Components = append(*bom.Components, scripts...)
	main := bom.Metadata.Component.BOMRef
	i := slices.IndexFunc(*bom.Dependencies, func(d cdx.Dependency) bool { return d.Ref == main })
	if i < 0 {
		*bom.Dependencies = append(*bom.Dependencies, cdx.Dependency{Ref: main, Dependencies: &[]string{}})
		i = len(*bom.Dependencies) - 1
	}
	for _, script := range scripts {
		*(*bom.Dependencies)[i].Dependencies = append(*(*bom.Dependencies)[i].Dependencies, script.BOMRef)
		*bom.Dependencies = append(*bom.Dependencies, cdx.Dependency{Ref: script.BOMRef})
	}
}

// vendoredScripts are the components that lie in the folder of vendored files.
func vendoredScripts(vendor string) (scripts []cdx.Component, err error) {
	files, err := filepath.Glob(filepath.Join(vendor, "*.js"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no scripts in %s", vendor)
	}
	for _, file := range files {
		name := vendoredName.FindStringSubmatch(filepath.Base(file))
		if name == nil {
			return nil, fmt.Errorf("%s is not named NAME-VERSION.min.js: its version is not known", file)
		}
		known, ok := vendored[name[1]]
		if !ok {
			return nil, fmt.Errorf("%s: where %s comes from is not known; add it to vendored", file, name[1])
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		purl := "pkg:npm/" + known.npm + "@" + name[2]
		scripts = append(scripts, cdx.Component{
			BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: known.npm, Version: name[2], PackageURL: purl,
			Scope: cdx.ScopeRequired, Licenses: licence(known.license),
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		})
	}
	return scripts, nil
}

func licence(id string) *cdx.Licenses {
	return &cdx.Licenses{{License: &cdx.License{ID: id}}}
}
