package message_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// mistakesKnown is how many mistakes the table has to have.
const mistakesKnown = 17

var inCode = regexp.MustCompile("`([^`]+)`")

// TestEveryMistakeHasItsSentence reads the table of mistakes that people get to read: each row names where the wizard
// notices it, or says that it is done by hand, and its sentences exist.
func TestEveryMistakeHasItsSentence(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("..", "..", "docs", "mistakes.md"))
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, step := range wizard.Steps() {
		steps = append(steps, string(step))
	}
	rows, sentences := 0, 0
	for line := range strings.Lines(string(file)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		number, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil {
			continue
		}
		if rows++; number != rows || len(cells) != 4 {
			t.Fatalf("row %d is %q", rows, line)
		}
		where, ids := inCode.FindAllStringSubmatch(cells[2], -1), inCode.FindAllStringSubmatch(cells[3], -1)
		byHand := strings.Contains(cells[2], "by hand")
		if (len(where) == 0 || len(ids) == 0) && !byHand {
			t.Errorf("%d names no step or no sentence, and does not say that it is by hand", number)
		}
		for _, step := range where {
			if !slices.Contains(steps, step[1]) {
				t.Errorf("%d: the wizard has no step %q", number, step[1])
			}
		}
		for _, id := range ids {
			if sentences++; !slices.Contains(catalogue.IDs(), id[1]) {
				t.Errorf("%d: the catalogue has no %q", number, id[1])
			}
		}
	}
	if rows != mistakesKnown {
		t.Errorf("%d mistakes, want %d", rows, mistakesKnown)
	}
	t.Logf("%d mistakes, %d sentences", rows, sentences)
}
