package component

import "strings"

type spanKind int

const (
	plain spanKind = iota
	label
	stress
	value
)

type span struct {
	kind spanKind
	text string
}

// marks are what a rich text marks, and with what.
var marks = map[string]spanKind{"**": label, "__": stress, "`": value}

// spans cuts a rich text at its **label**, __stress__ and `value` marks. A mark that is never closed is ordinary text.
func spans(text string) []span {
	var out []span
	rest := text
	for rest != "" {
		start, mark, kind := nextMark(rest)
		if mark == "" {
			break
		}
		end := strings.Index(rest[start+len(mark):], mark)
		if end <= 0 {
			break
		}
		if start > 0 {
			out = append(out, span{plain, rest[:start]})
		}
		inner := rest[start+len(mark):]
		out = append(out, span{kind, inner[:end]})
		rest = inner[end+len(mark):]
	}
	if rest != "" {
		out = append(out, span{plain, rest})
	}
	return out
}

// nextMark is the first mark of a text, and where it stands.
func nextMark(text string) (first int, mark string, kind spanKind) {
	for each, of := range marks {
		if at := strings.Index(text, each); at >= 0 && (mark == "" || at < first) {
			first, mark, kind = at, each, of
		}
	}
	return first, mark, kind
}
