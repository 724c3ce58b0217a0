package page_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

func TestComponentPageHoldsEveryPartOnce(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	view := page.ComponentsView{T: catalogue.For("en"), Steps: []string{"Start", "Application", "Directory", "Sign-in", "Done"}}
	if err := page.Components(view).Render(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	d, err := goquery.NewDocumentFromReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	d.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if seen[id] {
			t.Errorf("id %q stands twice", id)
		}
		seen[id] = true
	})
	for _, selector := range []string{
		"#error-summary", ".field input", "textarea", ".choice", ".tick", ".clicks", ".portal", ".card", ".blade", "[data-token]", ".summary",
		".notice.info", ".notice.good", ".notice.doubt", ".notice.failed", ".status.good", ".status.running", ".status.doubt", ".status.failed",
		".status.waiting", ".running-work", ".request", ".compare", ".disclosure", "table", ".button.primary", ".button.danger", ".button.plain",
	} {
		if d.Find(selector).Length() == 0 {
			t.Errorf("%s is not shown", selector)
		}
	}
}
