package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// spot is where something can be clicked, in CSS pixels of the window.
type spot struct {
	X, Y float64
	// Found says that it exists and can be seen; Covered what lies on top of it, empty when nothing does.
	Found   bool
	Covered string
}

// find looks for something to click: the words on a button, link, label or summary, or a selector that begins with
// "#", "." or "[". It scrolls there, as a person would.
func (b *tab) find(what string) spot {
	b.t.Helper()
	quoted, _ := json.Marshal(b.words(what))
	return evaluate[spot](b, fmt.Sprintf(`(() => {
		const what = %s, selector = what[0], words = (e) => (e.innerText || e.value || "").replace(/\s+/g, " ").trim();
		const candidates = /^[#.\[]/.test(selector) ? [...document.querySelectorAll(selector)] : [...document.querySelectorAll("button, a, summary, label")].filter((e) => what.includes(words(e)));
		const e = candidates.find((e) => e.checkVisibility());
		if (!e) return {Found: false};
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getClientRects()[0], x = e.type == "date" ? r.left + 24 : r.left + r.width / 2, y = r.top + r.height / 2, top = document.elementFromPoint(x, y);
		const own = top && (e.contains(top) || top.closest("label") == e || top.control == e || e.control == top);
		return {Found: true, X: x, Y: y, Covered: own ? "" : top ? top.outerHTML.slice(0, 80) : "outside the window"};
	})()`, quoted))
}

// click presses the mouse on something that can be seen. Nothing is awaited.
func (b *tab) click(what string) *tab { b.t.Helper(); return b.clicks(what, 1) }

// clicks presses the mouse that many times on the same spot, as fast as it goes or with pauses.
func (b *tab) clicks(what string, times int, pause ...time.Duration) *tab {
	b.t.Helper()
	s := b.find(what)
	if !s.Found || s.Covered != "" {
		b.t.Fatalf("nobody can click %q (covered by %q)", what, s.Covered)
	}
	call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: chromedp.MouseMoved, X: s.X, Y: s.Y})
	for i := range times {
		for _, pause := range pause {
			<-time.After(pause * time.Duration(min(i, 1)))
		}
		for _, kind := range []input.DispatchMouseEventType{chromedp.MousePressed, chromedp.MouseReleased} {
			call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: s.X, Y: s.Y, Button: input.MouseButtonLeft, ClickCount: int64(i + 1)})
		}
	}
	return b
}

// press clicks what leads to another page, and waits for it.
func (b *tab) press(what string) *tab { b.t.Helper(); return b.follow(func() { b.click(what) }) }

// waited lets the page wait for work that takes longer than a second, as on a busy machine, and goes to its result.
func (b *tab) waited() *tab {
	b.t.Helper()
	for b.text(".running-work") != "" {
		if b.find("Check again").Found {
			b.press("Check again")
		} else {
			b.until("the end of the work", `!document.querySelector(".running-work")`)
		}
	}
	if b.find("See the result").Found {
		b.press("See the result")
	}
	return b
}

// arrived waits, and presses what leads on where the work took long.
func (b *tab) arrived() *tab {
	b.t.Helper()
	b.waited()
	if b.find("Hand over the token").Found {
		b.press("Hand over the token")
	}
	if strings.HasSuffix(b.path(), "/review") && b.find("Continue").Found {
		b.press("Continue")
	}
	return b
}

// keys types on the keyboard, wherever the focus is.
func (b *tab) keys(text string, options ...chromedp.KeyOption) *tab {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.KeyEvent(text, options...)); err != nil {
		b.t.Fatalf("type: %v", err)
	}
	return b
}

// enterKey presses Enter as a keyboard does: what it moves the focus to gets no second Enter.
func (b *tab) enterKey() *tab {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		key := input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13}
		if kind == input.DispatchKeyEventTypeKeyDown {
			key.Text = "\r"
		}
		call(b, input.DispatchKeyEvent, key)
	}
	return b
}

// fill clicks a field, takes out what stands there and types.
func (b *tab) fill(field, text string) *tab {
	b.t.Helper()
	b.click("#" + field)
	b.keys("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	if text == "" {
		return b.keys("\b")
	}
	return b.keys(text)
}

// focused describes what has the focus: its id, or its words.
func (b *tab) focused() string {
	b.t.Helper()
	return evaluate[string](b, "(() => { const e = document.activeElement; return e.id || e.innerText || e.tagName })()")
}

// fits demands that a page needs no scrolling sideways.
func (b *tab) fits(width int64) *tab {
	b.t.Helper()
	b.size(width)
	defer b.size(1280)
	wide := evaluate[float64](b, "document.documentElement.scrollWidth")
	if math.Round(wide) > float64(width) {
		b.t.Errorf("%s is %v px wide in a window of %d", b.path(), wide, width)
	}
	return b
}

func (b *tab) size(width int64) { b.t.Helper(); b.window(width, 900) }

func (b *tab) window(width, height int64) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, height)); err != nil {
		b.t.Fatal(err)
	}
}
