package main

import (
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
)

// narrow demands that nothing is lost in a window of 320 by 256, which is one of 1280 by 1024 at 400 % (WCAG 2.2, 1.4.10), with the text
// spaced as far as WCAG asks for (1.4.12): nothing scrolls sideways, no text is cut off or lies on another, and whatever is pressed is
// large enough for a finger: 24 px (2.5.8), a button 44 px.
func (a album) narrow(name string) {
	a.t.Helper()
	a.window(320, 256)
	defer a.size(1280)
	for _, spaced := range []bool{false, true} {
		for _, lost := range evaluate[[]string](a.tab, fmt.Sprintf(lostWhereNarrow, spaced)) {
			a.t.Errorf("%s (%s, text spaced: %v): %s", name, a.lang(), spaced, lost)
		}
	}
}

// lostWhereNarrow lists what is lost. Drawings are read out as one sentence; the values in them stand on the page whole.
const lostWhereNarrow = `(() => {
	const sheet = new CSSStyleSheet(), lost = [];
	sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }");
	document.adoptedStyleSheets = %t ? [sheet] : [];
	const called = (e) => e.outerHTML.slice(0, 120), over = ".unseen, [role=img], .skip";
	if (Math.round(document.documentElement.scrollWidth) > innerWidth) lost.push("needs " + document.documentElement.scrollWidth + " px");
	for (const e of document.body.querySelectorAll("*")) {
		if (e.closest(over) || !e.checkVisibility({visibilityProperty: true})) continue;
		const style = getComputedStyle(e), box = e.getBoundingClientRect();
		const hidden = /hidden|clip/;
		if ((hidden.test(style.overflowX) && e.scrollWidth > e.clientWidth + 1 || hidden.test(style.overflowY) && e.scrollHeight > e.clientHeight + 1) && !/input|select/i.test(e.tagName)) lost.push("cut off: " + called(e));
		if (e.matches("button, input:not([type=hidden]), select, textarea, summary, a[href]") && style.display != "inline") {
			if (box.width < 23.5 || box.height < 23.5) lost.push("only " + box.width + " by " + box.height + ": " + called(e));
			if (e.matches(".button") && box.height < 43.5) lost.push("a button only " + box.height + " high: " + called(e));
		}
	}
	const texts = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
	while (walk.nextNode()) {
		const at = walk.currentNode, e = at.parentElement;
		if (!at.data.trim() || e.closest(over + ", script, noscript, option, textarea, .ending, .guide") || !e.checkVisibility({visibilityProperty: true})) continue;
		range.selectNodeContents(at);
		for (const r of range.getClientRects()) texts.push({r, at});
	}
	texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => {
		const wide = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left), high = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top);
		if (a.at != b.at && wide > 2 && high > 4) lost.push(JSON.stringify(a.at.data.trim().slice(0, 60)) + " lies on " + JSON.stringify(b.at.data.trim().slice(0, 60)));
	}));
	document.adoptedStyleSheets = [];
	return lost;
})()`

// downloaded looks at a page that the wizard gives away as a file.
func (a album) downloaded(path string) {
	a.t.Helper()
	file := evaluate[string](a.tab, "fetch("+quote(path)+").then((answer) => answer.text())")
	a.visit("about:blank")
	call(a.tab, page.SetDocumentContent, page.SetDocumentContentParams{FrameID: call(a.tab, page.GetFrameTree, cdp.Empty{}).FrameTree.Frame.ID, HTML: file})
	a.narrow(path)
	a.accessible("the file " + path)
}
