package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
)

// heard is what a screen reader would say of the page, line by line: role, name, state, description.
func (b *tab) heard() []string {
	b.t.Helper()
	nodes := call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	byID := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range nodes {
		byID[n.NodeID] = n
	}
	var lines []string
	var say func(n *accessibility.Node, depth int)
	say = func(n *accessibility.Node, depth int) {
		role, name := axText(n.Role), axText(n.Name)
		if !n.Ignored && !slices.Contains([]string{"generic", "none", "InlineTextBox", "LineBreak", "ListMarker", "RootWebArea"}, role) && (role != "StaticText" || name != "") && (role != "paragraph") {
			line := strings.Repeat("  ", depth) + role
			if name != "" {
				line += fmt.Sprintf(" %q", name)
			}
			for _, p := range n.Properties {
				switch p.Name {
				case "checked", "expanded", "invalid", "disabled", "required", "level", "pressed", "focused", "live":
					if v := axText(p.Value); v != "false" {
						line += fmt.Sprintf(" %s=%s", p.Name, v)
					} else if p.Name == "expanded" || p.Name == "checked" {
						line += " " + string(p.Name) + "=false"
					}
				}
			}
			if d := axText(n.Description); d != "" {
				line += fmt.Sprintf(" — %q", d)
			}
			if v := axText(n.Value); v != "" {
				line += " = " + v
			}
			lines = append(lines, line)
			depth++
		}
		for _, id := range n.ChildIDs {
			if child := byID[id]; child != nil {
				say(child, depth)
			}
		}
	}
	say(nodes[0], 0)
	return lines
}

func axText(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var text any
	if json.Unmarshal(v.Value, &text) != nil || text == nil {
		return ""
	}
	return fmt.Sprint(text)
}

// dictate writes what is heard beside the pictures.
func (a album) dictate(name string) {
	dir := os.Getenv("ONBOARD_HEARD")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(strings.Join(a.heard(), "\n")+"\n"), 0o644); err != nil {
		a.t.Fatal(err)
	}
}
