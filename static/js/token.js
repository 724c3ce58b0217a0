// What was shown is hidden again whenever somebody else may be looking.
const cover = [];
const hideAll = () => cover.forEach((hide) => hide());
on(window, "blur pagehide pageshow beforeprint", hideAll);
on(document, "visibilitychange submit", hideAll);
on(document, "keydown", ({ key }) => key == "Escape" && hideAll());

// What was shown on a screen that is shared is asked about first. The switch in the header says whether it is; where there is
// none, the button does.
const share = document.querySelector("[role=switch]");
const shared = (button) => (share ? share.ariaChecked == "true" : "ask" in button.dataset);
const guard = (box, isOpen, set) => {
  const part = (name) => box.querySelector(`[data-do=${name}]`);
  const panel = box.querySelector("[data-ask-panel]");
  const button = part("show");
  const turn = (open) => {
    panel.hidden = true;
    set(open);
    button.focus();
  };
  cover.push(() => {
    panel.hidden = true;
    if (isOpen()) set(false);
  });
  return {
    show() {
      if (isOpen() || !shared(button)) return turn(!isOpen());
      panel.hidden = false;
      part("keep").focus();
    },
    confirm: () => turn(true),
    keep: () => turn(false),
  };
};

all("[data-token]", (card) => {
  const find = (selector) => card.querySelector(selector);
  const part = (name) => find(`[data-do=${name}]`);
  const source = find("details");
  const value = source.querySelector("code").textContent;
  source.remove();
  const [mask, dots, shown, state] = ["[data-mask]", ".dots", ".shown", "[data-state]"].map(find);
  const [toCopy, toShow, toClear] = ["copy", "show", "clear"].map(part);
  const words = { hidden: state.textContent, visible: state.dataset.state, show: toShow.textContent, hide: toShow.dataset.hide };
  mask.hidden = false;

  const set = (open) => {
    shown.textContent = open ? value : "";
    shown.hidden = !open;
    dots.hidden = open;
    state.textContent = open ? words.visible : words.hidden;
    toShow.textContent = open ? words.hide : words.show;
    toShow.ariaExpanded = open;
    if (open) say(words.visible);
  };
  const acts = {
    ...guard(card, () => !shown.hidden, set),
    async copy() {
      if (await copy(toCopy, value, () => (state.textContent = toCopy.dataset.failed))) {
        mask.dataset.copied = "";
        toClear.hidden = false;
      }
    },
    clear: () => copy(toClear, "", () => (state.textContent = toClear.dataset.failed)),
  };
  on(card, "click", ({ target }) => acts[target.dataset.do]?.());
});
