package static

import (
	"regexp"
	"strings"
)

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssBlank   = regexp.MustCompile(`\s+`)
)

// compactCSS drops comments and runs of blanks. Our stylesheets hold no string with either in it.
func compactCSS(source string) string {
	source = cssBlank.ReplaceAllString(cssComment.ReplaceAllString(source, ""), " ")
	return strings.NewReplacer(" { ", "{", "{ ", "{", "; ", ";", " }", "}", "} ", "}", ";}", "}").Replace(source)
}
