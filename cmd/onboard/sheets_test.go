//go:build quality

package main

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// TestContactSheets puts the pictures of the album, which TestPictures takes, side by side: one sheet for each width and theme, as a
// page with the pictures in it and as one picture.
func TestContactSheets(t *testing.T) {
	dir := os.Getenv("ONBOARD_SCREENSHOTS")
	folders, err := filepath.Glob(filepath.Join(dir, "*-*", ""))
	if err != nil || dir == "" || len(folders) == 0 {
		t.Fatalf("no pictures in ONBOARD_SCREENSHOTS (%q): run make screenshots", dir)
	}
	b := (&site{t: t}).browse(true)
	for _, folder := range folders {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			continue
		}
		sheet := folder + ".html"
		if err := os.WriteFile(sheet, []byte(contactSheet(t, folder)), 0o644); err != nil {
			t.Fatal(err)
		}
		b.size(1920)
		b.visit("file://" + sheet)
		height := evaluate[float64](b, "document.documentElement.scrollHeight")
		shot := call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true), Clip: &page.Viewport{Width: 1920, Height: height, Scale: 1},
		})
		if err := os.WriteFile(folder+".png", shot.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s.png", folder)
	}
}

// contactSheet is a page with all pictures of a folder, each with its name and cut off at the bottom of what a sheet has room for.
func contactSheet(t *testing.T, folder string) string {
	t.Helper()
	pictures, err := filepath.Glob(filepath.Join(folder, "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Fatalf("no pictures in %s", folder)
	}
	var sheet strings.Builder
	fmt.Fprintf(&sheet, `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>%[1]s</title><style>
body { margin: 1rem; font: 13px system-ui; background: #888; color: #000; display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 1rem; }
h1 { grid-column: 1 / -1; margin: 0; font-size: 1.5rem; } figure { margin: 0; } img { display: block; inline-size: 100%%; block-size: 280px; object-fit: cover; object-position: top; }
</style><h1>%[1]s: %[2]d screens</h1>`, html.EscapeString(filepath.Base(folder)), len(pictures))
	for _, picture := range pictures {
		name := strings.TrimSuffix(filepath.Base(picture), ".png")
		fmt.Fprintf(&sheet, "\n<figure><a href=\"%[1]s/%[2]s.png\"><img src=\"%[1]s/%[2]s.png\" alt=\"\"></a><figcaption>%[2]s</figcaption></figure>",
			html.EscapeString(filepath.Base(folder)), html.EscapeString(name))
	}
	return sheet.String()
}
