package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/licenseclassifier/v2/assets"
)

// leastSure is from where on a text counts as that licence: go-licenses asks for as much.
const leastSure = 0.9

var (
	licenceFile    = regexp.MustCompile(`(?i)^(licen[cs]e|copying)(-.*)?(\.(md|markdown|txt|rst))?$`)
	loadClassifier = sync.OnceValues(assets.DefaultClassifier)
)

// licences tells the licences of a module by the files at its top. It implements licensedetect.Detector, since the one that comes
// with cyclonedx-gomod takes the BSD-3-Clause of golang.org/x for another.
type licences struct{}

// Detect implements licensedetect.Detector.
func (licences) Detect(_, _, folder string) (found []cdx.License, err error) {
	classifier, err := loadClassifier()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !licenceFile.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		for _, match := range classifier.Match(text).Matches {
			if match.MatchType == "License" && match.Confidence >= leastSure && !slices.Contains(names, match.Name) {
				names = append(names, match.Name)
			}
		}
	}
	slices.Sort(names)
	for _, name := range names {
		found = append(found, cdx.License{ID: name})
	}
	return found, nil
}
