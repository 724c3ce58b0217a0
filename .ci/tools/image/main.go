package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

type cli struct {
	SBOM struct {
		Binary string `arg:"" help:"The built program."`
		Vendor string `arg:"" help:"Folder of vendored files, each NAME-VERSION.min.js."`
		Out    string `arg:"" help:"File to write, CycloneDX JSON."`
	} `cmd:"" name:"sbom" help:"Write the bill of materials of a built program."`
	Pack  packFlags `cmd:"" help:"Make the image: an OCI layout, and a file for each platform that engines load."`
	Check struct {
		Layout string `arg:"" help:"The OCI layout."`
	} `cmd:"" help:"Start the image of this platform: read-only root, no privileges."`
	Inside insideFlags `cmd:"" hidden:"" help:"Part of check that runs in namespaces of its own."`
}

func main() {
	var c cli
	command := kong.Parse(&c, kong.Name("image"))
	var err error
	switch command.Command() {
	case "sbom <binary> <vendor> <out>":
		err = writeSBOM(c.SBOM.Binary, c.SBOM.Vendor, c.SBOM.Out)
	case "pack":
		err = pack(c.Pack)
	case "check <layout>":
		err = check(c.Check.Layout)
	case "inside":
		err = inside(c.Inside)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// sourceTime is the time that everything in the image bears: that of the commit
// (https://reproducible-builds.org/specs/source-date-epoch/).
func sourceTime() (time.Time, error) {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH must be seconds since 1970: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
