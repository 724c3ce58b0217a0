package layout_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/static"
	"github.com/aritma/entra-onboard/templates/layout"
)

func frame(t *testing.T) layout.Frame {
	t.Helper()
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	return layout.Frame{
		T: catalogue.For("en"), Title: "Redirect URI", Company: "Contoso AS", LaterURL: "/later", Support: "support@aritma.com",
		Progress: &layout.Progress{Number: 2, Total: 3, Steps: []layout.ProgressStep{
			{Title: "Start", State: "done"}, {Title: "Redirect URI", State: "current"}, {Title: "Done", State: "todo"},
		}},
	}
}

func page(t *testing.T, f layout.Frame) (*goquery.Document, []byte) {
	t.Helper()
	var out bytes.Buffer
	if err := layout.Page(f).Render(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	d, err := goquery.NewDocumentFromReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return d, out.Bytes()
}

func TestPageHasItsParts(t *testing.T) {
	d, _ := page(t, frame(t))
	for _, selector := range []string{
		`html[lang="en"]`, `meta[name="viewport"]`, `meta[name="color-scheme"][content="light dark"]`,
		`link[rel="stylesheet"][href="` + static.URL("app.css") + `"]`, `script[type="module"][src="` + static.URL("app.js") + `"]`,
		`link[rel="icon"][href="` + static.URL("favicon.svg") + `"]`, `a.skip[href="#content"]`, `main#content > h1`,
		`#status[role="status"]`, `a[href="/later"]`, `a[href="mailto:support@aritma.com"]`, `details:not([open]) li[aria-current="step"]`,
	} {
		if d.Find(selector).Length() != 1 {
			t.Errorf("%d match %s", d.Find(selector).Length(), selector)
		}
	}
	if got := d.Find("title").Text(); got != "Redirect URI – Aritma Entra onboarding" {
		t.Errorf("title is %q", got)
	}
	if got := d.Find(".step").Text(); got != "Step 2 of 3" {
		t.Errorf("progress reads %q", got)
	}
	if got := d.Find(".whose").Text(); strings.TrimSpace(got) != "Setup for Contoso AS" {
		t.Errorf("header reads %q", got)
	}
}

func TestPageObeysItsOwnPolicy(t *testing.T) {
	f := frame(t)
	f.Live, f.Sandbox, f.SharingScreen, f.Reference, f.Lead = true, true, true, "7F3K", "<script>alert(1)</script>"
	f.Company, f.Support = `"><img src=x>`, "javascript:alert(1)"
	d, html := page(t, f)
	if n := d.Find("[style], style, script:not([src]), [onclick], img").Length(); n > 0 {
		t.Errorf("%d inline parts in %s", n, html)
	}
	if bytes.Contains(html, []byte(`href="javascript:`)) {
		t.Error("a script is a link")
	}
}

func TestWrongPageSaysSoInItsTitle(t *testing.T) {
	f := frame(t)
	f.Wrong = true
	d, _ := page(t, f)
	if got := d.Find("title").Text(); !strings.HasPrefix(got, "Error: Redirect URI") {
		t.Errorf("title is %q", got)
	}
	if got := d.Find("h1").Text(); got != "Redirect URI" {
		t.Errorf("heading is %q", got)
	}
}

func TestHtmxIsForLivePages(t *testing.T) {
	f := frame(t)
	if d, _ := page(t, f); d.Find(`script[src*="htmx"]`).Length() != 0 {
		t.Error("htmx is on a page that does not live")
	}
	f.Live = true
	d, _ := page(t, f)
	if d.Find(`script[src="`+static.URL("htmx.js")+`"]`).Length() != 1 {
		t.Error("htmx is missing")
	}
	if got := d.Find(`meta[name="htmx-config"]`).AttrOr("content", ""); !strings.Contains(got, `"history":false`) {
		t.Errorf("htmx is set to %q", got)
	}
}

func TestSandboxIsUnmistakable(t *testing.T) {
	f := frame(t)
	f.Sandbox = true
	d, _ := page(t, f)
	if got := d.Find(".sandbox").Text(); !strings.Contains(got, "Nothing reaches Aritma or Microsoft.") {
		t.Errorf("banner reads %q", got)
	}
	if d.Find(`.sandbox a[href="/sandbox/"][target="_blank"]`).Length() != 1 {
		t.Error("no way to the sample values")
	}
}

// The frame may use no more than a third of the 5 KB that a form page has.
func TestFrameIsSmall(t *testing.T) {
	_, html := page(t, frame(t))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(html); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > 5<<10/3 {
		t.Errorf("the frame is %d bytes", packed.Len())
	}
}
