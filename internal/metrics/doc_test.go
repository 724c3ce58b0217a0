package metrics

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// declared are the labels of every metric there is, by its name. Those of the runtime and of the process are one each, as the
// documentation has them.
func declared(t *testing.T) map[string][]string {
	t.Helper()
	_, text := counted(t)
	label := regexp.MustCompile(`[{,]([a-z]+)="`)
	all := map[string][]string{}
	name := ""
	for line := range strings.Lines(text) {
		if typed, is := strings.CutPrefix(line, "# TYPE "); is {
			name, _, _ = strings.Cut(typed, " ")
			if family, _, _ := strings.Cut(name, "_"); family == "go" || family == "process" {
				name = family + "_*"
			}
			all[name] = nil
		}
		if strings.HasPrefix(line, "#") || strings.HasSuffix(name, "*") {
			continue
		}
		var labels []string
		for _, found := range label.FindAllStringSubmatch(line, -1) {
			if found[1] != "le" {
				labels = append(labels, found[1])
			}
		}
		all[name] = slices.Sorted(slices.Values(labels))
	}
	return all
}

// documented is what the table of docs/metrics.md says.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/metrics.md")
	must(t, err)
	all := map[string][]string{}
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 7 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		var labels []string
		for _, found := range quoted.FindAllStringSubmatch(cells[3], -1) {
			labels = append(labels, found[1])
		}
		name := strings.Trim(cells[1], " `")
		if _, twice := all[name]; twice {
			t.Errorf("%s stands twice in the table", name)
		}
		if strings.TrimSpace(cells[4]) == "" {
			t.Errorf("%s has no meaning", name)
		}
		all[name] = slices.Sorted(slices.Values(labels))
	}
	return all
}

// TestDocumentationHasEveryMetric: the table and what is exposed are the same, labels included.
func TestDocumentationHasEveryMetric(t *testing.T) {
	there, said := declared(t), documented(t)
	if len(there) < 20 {
		t.Fatalf("only %d metrics: %v", len(there), there)
	}
	for name, labels := range there {
		switch written, known := said[name]; {
		case !known:
			t.Errorf("%s is not in docs/metrics.md", name)
		case !slices.Equal(written, labels):
			t.Errorf("%s has the labels %v, in docs/metrics.md %v", name, labels, written)
		}
	}
	for name := range said {
		if _, known := there[name]; !known {
			t.Errorf("docs/metrics.md has %s, which there is not", name)
		}
	}
}

// TestAlertsAreAboutMetrics: the rules can be read, say what to do, and ask for nothing that there is not.
func TestAlertsAreAboutMetrics(t *testing.T) {
	text, err := os.ReadFile("../../docs/deploy/alerts.yaml")
	must(t, err)
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	must(t, decoder.Decode(&file))
	there := declared(t)
	_, exposed := counted(t)
	metric := regexp.MustCompile(`\b(?:onboard|go|process)_[a-z_]+`)
	labelled := regexp.MustCompile(`\{([^{}]*)\}`)
	rules, asked := 0, map[string]bool{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			rules++
			if rule.Alert == "" || rule.Expr == "" || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("%+v lacks something", rule)
			}
			if strings.Count(rule.Expr, "(") != strings.Count(rule.Expr, ")") {
				t.Errorf("%s: brackets are not even", rule.Alert)
			}
			for _, name := range metric.FindAllString(rule.Expr, -1) {
				asked[name] = true
				if !isThere(there, exposed, name) {
					t.Errorf("%s asks for %s, which there is not", rule.Alert, name)
				}
			}
			for _, found := range labelled.FindAllStringSubmatch(rule.Expr, -1) {
				for pair := range strings.SplitSeq(found[1], ",") {
					name, _, _ := strings.Cut(pair, "=")
					if name = strings.TrimSuffix(name, "!"); name != "job" && !slices.Contains(slices.Concat(slices.Collect(maps.Values(there))...), name) {
						t.Errorf("%s asks for the label %q, which no metric has", rule.Alert, name)
					}
				}
			}
		}
	}
	if rules < 5 || len(asked) < 8 {
		t.Errorf("%d rules about %d metrics", rules, len(asked))
	}
}

// isThere reports whether a name is a metric, or a part of a histogram.
func isThere(there map[string][]string, text, name string) bool {
	if family, _, _ := strings.Cut(name, "_"); family == "go" || family == "process" {
		return strings.Contains(text, "\n"+name+" ")
	}
	for _, part := range []string{"", "_bucket", "_count", "_sum"} {
		whole, is := strings.CutSuffix(name, part)
		if _, known := there[whole]; is && known && (part == "" || strings.HasSuffix(whole, "_seconds")) {
			return true
		}
	}
	return false
}
