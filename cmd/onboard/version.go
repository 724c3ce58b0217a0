package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and revision are set when the program is built for an image (-ldflags -X), where there is no repository that Go could
// read them from; empty otherwise.
var version, revision string

// describe is the line that "onboard version" prints: version, revision of the source, and the Go that built it.
func describe() string {
	v, r := version, revision
	if info, known := debug.ReadBuildInfo(); known {
		v = cmp.Or(v, info.Main.Version)
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				r = cmp.Or(r, setting.Value)
			}
		}
	}
	return fmt.Sprintf("onboard %s, revision %s, %s %s/%s", cmp.Or(v, "(devel)"), cmp.Or(r, "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
