package static_test

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/aritma/entra-onboard/static"
)

// luminance is the relative luminance of WCAG 2.2, of a colour written as six or three hexadecimal digits.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) == 3 {
		colour = fmt.Sprintf("%c%c%c%c%c%c", colour[0], colour[0], colour[1], colour[1], colour[2], colour[2])
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		value, err := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		channel := float64(value) / 255
		if channel <= 0.04045 {
			sum += weight * channel / 12.92
		} else {
			sum += weight * math.Pow((channel+0.055)/1.055, 2.4)
		}
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// Every colour of text reaches 4.5:1 on every ground, the edges of controls 3:1 (WCAG 2.2, 1.4.3 and 1.4.11).
func TestContrast(t *testing.T) {
	css := string(body(t, get(t, http.MethodGet, static.URL("app.css"), "").Body))
	colours := map[string][]string{}
	for _, m := range regexp.MustCompile(`--([a-z]+): ?light-dark\(#([0-9a-f]+), ?#([0-9a-f]+)\)`).FindAllStringSubmatch(css, -1) {
		colours[m[1]] = m[2:]
	}
	type pair struct {
		front, ground string
		least         float64
	}
	pairs := []pair{{"on", "accent", 4.5}, {"on", "deep", 4.5}, {"ink", "chip", 4.5}, {"soft", "chip", 4.5}}
	for _, ground := range []string{"paper", "surface", "band"} {
		for _, front := range []string{"ink", "soft", "accent", "deep", "good", "doubt", "failed"} {
			pairs = append(pairs, pair{front, ground, 4.5})
		}
		pairs = append(pairs, pair{"edge", ground, 3})
	}
	for _, p := range pairs {
		front, ground := colours[p.front], colours[p.ground]
		if front == nil || ground == nil {
			t.Fatalf("no colour %s or %s", p.front, p.ground)
		}
		for i, scheme := range []string{"light", "dark"} {
			if got := contrast(t, front[i], ground[i]); got < p.least {
				t.Errorf("%s: %s on %s is %.2f:1, want %.1f:1", scheme, p.front, p.ground, got, p.least)
			}
		}
	}
}
