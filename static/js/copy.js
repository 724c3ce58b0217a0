const all = (selector, act) => document.querySelectorAll(selector).forEach(act);
const on = (target, names, act) => names.split(" ").forEach((name) => target.addEventListener(name, act));

const status = document.getElementById("status");
// Emptied first, so that the same sentence is read out a second time.
const say = (text) => {
  status.textContent = "";
  setTimeout(() => (status.textContent = text), 40);
};

// put writes to the clipboard. The second way hands the text to the copy event, so that it is never in the document.
const put = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    let done = false;
    const give = (event) => {
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
      done = true;
    };
    document.addEventListener("copy", give);
    document.execCommand("copy");
    document.removeEventListener("copy", give);
    if (!done) throw 0;
  }
};

// copy shows the tick on one button only: what is ticked is what the clipboard holds.
const copy = async (button, text, failed) => {
  try {
    await put(text);
    all(".copy.done", (other) => other.classList.remove("done"));
    button.classList.add("done");
    say(button.dataset.done);
    return true;
  } catch {
    say(button.dataset.failed);
    failed();
  }
};

on(document, "click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const code = document.getElementById(button.dataset.copy);
  const help = button.nextElementSibling;
  help.hidden = true;
  copy(button, code.textContent, () => {
    getSelection().selectAllChildren(code);
    help.hidden = false;
  });
});
