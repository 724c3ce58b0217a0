package static

import (
	"regexp"
	"strings"
)

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssBlank   = regexp.MustCompile(`\s+`)
)

// jsMargin is a comment line, or what a line is indented by.
var jsMargin = regexp.MustCompile(`(?m)^\s*//.*\n|^[ \t]+`)

// compactJS drops comment lines and indentation. Our scripts hold no text of several lines.
func compactJS(source string) string { return jsMargin.ReplaceAllString(source, "") }

// compactCSS drops comments and runs of blanks. Our stylesheets hold no string with either in it.
func compactCSS(source string) string {
	source = cssBlank.ReplaceAllString(cssComment.ReplaceAllString(source, ""), " ")
	return strings.NewReplacer(" { ", "{", "{ ", "{", "; ", ";", " }", "}", "} ", "}", ";}", "}").Replace(source)
}
