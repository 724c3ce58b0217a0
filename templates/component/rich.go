package component

import "strings"

type spanKind int

const (
	plain spanKind = iota
	label
	value
)

type span struct {
	kind spanKind
	text string
}

// spans cuts a rich text at its **label** and `value` marks. A mark that is never closed is ordinary text.
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

func nextMark(text string) (int, string, spanKind) {
	bold, code := strings.Index(text, "**"), strings.IndexByte(text, '`')
	switch {
	case bold >= 0 && (code < 0 || bold < code):
		return bold, "**", label
	case code >= 0:
		return code, "`", value
	}
	return 0, "", plain
}
