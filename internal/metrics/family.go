package metrics

import (
	"regexp"
	"strings"
	"sync"
	"time"
)

// family is a metric: a series of it for each set of values of its labels.
type family struct {
	name   string
	labels []string
}

// inLabel are the marks that the text format writes in another way in a label's value.
var inLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// series names one series; there is a value for each label, in their order.
func (f family) series(values ...string) string {
	if len(f.labels) == 0 {
		return f.name
	}
	var b strings.Builder
	b.WriteString(f.name)
	for i, label := range f.labels {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(label + `="`)
		_, _ = inLabel.WriteString(&b, values[i])
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

func (m *Metrics) add(n int, f family, values ...string) {
	m.set.GetOrCreateCounter(f.series(values...)).Add(n)
}

func (m *Metrics) observe(took time.Duration, buckets []float64, f family, values ...string) {
	m.set.GetOrCreatePrometheusHistogramExt(f.series(values...), buckets).Update(took.Seconds())
}

// maxWords bounds a vocabulary: the program has some hundred kinds of entries and message ids.
const maxWords = 400

// vocabulary keeps labels that come from the trail to words of the program, should anything else ever get there.
type vocabulary struct {
	mu    sync.Mutex
	words map[string]bool
}

var wordShape = regexp.MustCompile(`^[a-z][a-z0-9]*([.-][a-z0-9]+)*$`)

// word is text when it has a word's shape and there are not too many already; otherwise "other".
func (v *vocabulary) word(text string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.words[text] {
		return text
	}
	if len(text) > 64 || len(v.words) >= maxWords || !wordShape.MatchString(text) {
		return "other"
	}
	v.words[text] = true
	return text
}
