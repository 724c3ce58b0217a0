// A secret that is typed can be looked at, and is covered with the rest.
all("[data-toggle]", (box) => {
  const [input, button] = box.querySelectorAll("input, [data-do=show]");
  const show = button.textContent;
  const acts = guard(box, () => input.type == "text", (open) => {
    input.type = open ? "text" : "password";
    button.textContent = open ? button.dataset.hide : show;
  });
  on(box, "click", ({ target }) => acts[target.dataset.do]?.());
});

// The switch about the screen, and the theme, change in place: nothing that was typed, or is shown once, is lost.
on(document, "formdata", ({ target, formData }) => "stay" in target.dataset && formData.set("stay", "yes"));
on(document, "submit", ({ target, submitter }) => {
  if (!("stay" in target.dataset)) return;
  const { name, value } = submitter;
  if (name == "theme") {
    document.documentElement.dataset.theme = value;
    for (const button of target.elements) button.ariaCurrent = button == submitter ? true : null;
    return;
  }
  const next = value == "yes";
  setTimeout(() => {
    submitter.ariaChecked = next;
    submitter.value = next ? "no" : "yes";
  });
});
all("[data-print]", (button) => on(button, "click", () => print()));

// A second click on a form that is under way is swallowed. The button keeps the focus, so it is not disabled; after
// a while, or when the page comes back, the form can be sent again.
on(document, "submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  if (form.target || "stay" in form.dataset) return;
  const bad = [...form.elements].find((input) => input.validity?.badInput); // a date typed by half would be sent as none
  if (bad) return event.preventDefault(), bad.reportValidity();
  form.dataset.sent = 1;
  if (event.submitter) event.submitter.ariaDisabled = true;
  setTimeout(reopen, 9000);
});
// The second click of a double click belongs to the page before this one, or to nothing.
on(document, "click", (event) => event.detail > 1 && event.target.closest("[type=submit]") && event.preventDefault());
const reopen = () =>
  all("[data-sent]", (form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
on(window, "pageshow", reopen);

document.querySelector("[autofocus]:not(.mirror *)")?.focus();
all("[data-clear-address]", ({ dataset }) => history.replaceState(null, "", dataset.clearAddress));

// After a swap: what is new and worth saying is said, and the focus is never lost to the body.
let kept = false;
on(document, "htmx:before:swap", () => (kept = document.activeElement != document.body));
on(document, "htmx:after:swap", () => {
  all("[data-say]", (element) => {
    say(element.dataset.say);
    element.removeAttribute("data-say");
  });
  if (kept && document.activeElement == document.body) document.getElementById("content").focus({ preventScroll: true });
});
