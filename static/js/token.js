// What was shown is hidden again whenever somebody else may be looking.
const cover = [];
const hideAll = () => cover.forEach((hide) => hide());
on(window, "blur pagehide pageshow beforeprint", hideAll);
on(document, "visibilitychange submit", hideAll);
on(document, "keydown", ({ key }) => key == "Escape" && hideAll());

all("[data-token]", (card) => {
  const find = (selector) => card.querySelector(selector);
  const part = (name) => find(`[data-do=${name}]`);
  const source = find("details");
  const value = source.querySelector("code").textContent;
  source.remove();
  const [mask, dots, shown, state, panel] = ["[data-mask]", ".dots", ".shown", "[data-state]", "[data-ask-panel]"].map(find);
  const [toCopy, toShow, toClear] = ["copy", "show", "clear"].map(part);
  const words = { hidden: state.textContent, visible: state.dataset.state, show: toShow.textContent, hide: toShow.dataset.hide };
  mask.hidden = false;

  const set = (open) => {
    shown.textContent = open ? value : "";
    shown.hidden = !open;
    dots.hidden = open;
    panel.hidden = true;
    state.textContent = open ? words.visible : words.hidden;
    toShow.textContent = open ? words.hide : words.show;
    toShow.ariaExpanded = open;
  };
  cover.push(() => (shown.hidden && panel.hidden) || set(false));

  const acts = {
    async copy() {
      if (await copy(toCopy, value, () => (state.textContent = toCopy.dataset.failed))) {
        mask.dataset.copied = "";
        toClear.hidden = false;
      }
    },
    show() {
      if (!shown.hidden || !("ask" in toShow.dataset)) return set(shown.hidden);
      panel.hidden = false;
      part("keep").focus();
    },
    confirm() {
      set(true);
      toShow.focus();
      say(words.visible);
    },
    keep() {
      set(false);
      toShow.focus();
    },
    clear: () => copy(toClear, "", () => (state.textContent = toClear.dataset.failed)),
  };
  on(card, "click", ({ target }) => acts[target.dataset.do]?.());
});
