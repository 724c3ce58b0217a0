package sandbox

import "fmt"

// ApplyPatch lets a fuzz test reach the parser: the operation is applied to a user.
func ApplyPatch(operation string) (map[string]any, error) {
	user := map[string]any{"schemas": []any{schemaUser}, "userName": "kari", "emails": []any{map[string]any{"type": "work", "value": "k@n.example"}}}
	after, err := applyPatch(user, fmt.Appendf(nil, `{"schemas":[%q],"Operations":[%s]}`, schemaPatch, operation))
	if err != nil {
		return nil, err
	}
	return after, userResource.normalise(after)
}

// MatchFilter lets a fuzz test reach the parser.
func MatchFilter(text string) bool {
	f, err := parseFilter(text)
	return err == nil && f.matches(map[string]any{"userName": "kari", "emails": []any{map[string]any{"type": "work"}, "odd", nil, []any{}}})
}
