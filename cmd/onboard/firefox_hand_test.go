package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// Keys that have no character of their own (https://w3c.github.io/webdriver/#keyboard-actions).
const (
	foxBackspace = "\ue003"
	foxControl   = "\ue009"
)

// find looks for something to click: the words on a button, link, label or summary, or a selector that begins with
// "#", "." or "[". It scrolls there, as a person would, and waits until it stays at one place: Firefox draws what was
// scrolled in a process of its own.
func (b *fox) find(what string) spot {
	b.t.Helper()
	quoted, _ := json.Marshal(what)
	return read[spot](b, fmt.Sprintf(`(async () => {
		const what = %s, words = (e) => (e.innerText || e.value || "").replace(/\s+/g, " ").trim();
		const candidates = /^[#.\[]/.test(what) ? [...document.querySelectorAll(what)] : [...document.querySelectorAll("button, a, summary, label")].filter((e) => words(e) == what);
		const e = candidates.find((e) => e.checkVisibility());
		if (!e) return {Found: false};
		let r, before;
		for (let still = 0; still < 3; still = r.top == before?.top && r.left == before.left ? still + 1 : 0) {
			e.scrollIntoView({block: "center", behavior: "instant"});
			before = r;
			r = await new Promise((seen) => requestAnimationFrame(() => seen(e.getClientRects()[0])));
		}
		const x = e.type == "date" ? r.left + 24 : r.left + r.width / 2, y = r.top + r.height / 2, top = document.elementFromPoint(x, y);
		const own = top && (e.contains(top) || top.closest("label") == e || top.control == e || e.control == top);
		return {Found: true, X: x, Y: y, Covered: own ? "" : top ? top.outerHTML.slice(0, 80) : "outside the window"};
	})()`, quoted))
}

// perform does something with the mouse or the keyboard.
func (b *fox) perform(source object, actions []object) *fox {
	b.t.Helper()
	source["id"], source["actions"] = source["type"], actions
	return b.do("input.performActions", object{"actions": []object{source}})
}

// click presses the mouse on something that can be seen. Nothing is awaited.
func (b *fox) click(what string) *fox {
	b.t.Helper()
	s := b.find(what)
	if !s.Found || s.Covered != "" {
		b.t.Fatalf("nobody can click %q (covered by %q)", what, s.Covered)
	}
	return b.perform(object{"type": "pointer"}, []object{
		{"type": "pointerMove", "x": math.Round(s.X), "y": math.Round(s.Y)}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
	})
}

// press clicks what leads to another page, and waits for it.
func (b *fox) press(what string) *fox { b.t.Helper(); return b.follow(func() { b.click(what) }) }

// keys types on the keyboard, wherever the focus is.
func (b *fox) keys(text string) *fox {
	b.t.Helper()
	var actions []object
	for _, key := range text {
		actions = append(actions, object{"type": "keyDown", "value": string(key)}, object{"type": "keyUp", "value": string(key)})
	}
	return b.perform(object{"type": "key"}, actions)
}

// control types a key while Ctrl is held.
func (b *fox) control(key string) *fox {
	b.t.Helper()
	return b.perform(object{"type": "key"}, []object{
		{"type": "keyDown", "value": foxControl}, {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}, {"type": "keyUp", "value": foxControl},
	})
}

// fill clicks a field, takes out what stands there and types.
func (b *fox) fill(field, text string) *fox {
	b.t.Helper()
	b.click("#" + field).control("a").keys(foxBackspace + text)
	if got := read[string](b, fmt.Sprintf("document.getElementById(%q).value", field)); got != text {
		b.t.Fatalf("typed into %s, it holds %d characters, want %d", field, len(got), len(text))
	}
	return b
}

// waited lets the page wait for work that takes longer than a second, as on a busy machine.
func (b *fox) waited() *fox {
	b.t.Helper()
	return b.until("the end of the work", `!document.querySelector(".running-work")`)
}

// arrived waits, and presses what leads on where the work took long.
func (b *fox) arrived() *fox {
	b.t.Helper()
	b.waited()
	for _, on := range []string{"See the result", "Hand over the token"} {
		if b.find(on).Found {
			b.press(on)
		}
	}
	if strings.HasSuffix(b.path(), "/review") && b.find("Continue").Found {
		b.press("Continue")
	}
	return b
}
