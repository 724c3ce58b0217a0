// The end of the session is told two minutes before. What other tabs did in the meantime counts: the server is asked.
all("[data-ends]", (box) => {
  const text = box.querySelector("p");
  const warning = text.textContent;
  const form = box.querySelector("form");
  const ask = async (path, options) => {
    const answer = await fetch(path, { headers: { Accept: "text/plain" }, ...options });
    return answer.ok ? Number(await answer.text()) : 0;
  };
  let timer, before;
  const wait = (seconds) => {
    clearTimeout(timer);
    box.hidden = true;
    text.textContent = warning;
    form.lastElementChild.hidden = false;
    timer = setTimeout(warn, Math.max(0, seconds - 125) * 1000);
  };
  const show = (words) => {
    before = document.activeElement;
    text.textContent = words;
    box.hidden = false;
    box.classList.add("shown");
    say(words);
  };
  const warn = async () => {
    const left = await ask("/sessions/life").catch(() => 125); // out of reach is not over
    if (left > 130) return wait(left);
    if (left < 5) return over();
    show(warning);
    timer = setTimeout(check, left * 1000);
  };
  const check = async () => {
    const left = await ask("/sessions/life").catch(() => -1);
    if (left < 0) timer = setTimeout(check, 9000);
    else left > 5 ? wait(left) : over();
  };
  const over = () => {
    form.lastElementChild.hidden = true;
    show(box.dataset.over);
  };
  on(form, "submit", async (event) => {
    event.preventDefault();
    const left = await ask(form.action, { method: "POST", body: new URLSearchParams() }).catch(() => -1);
    if (left < 0) return;
    if (left < 5) return over();
    wait(left);
    say(box.dataset.extended);
    (before?.isConnected && before != document.body ? before : document.getElementById("content")).focus({ preventScroll: true });
  });
  wait(Number(box.dataset.ends));
});
