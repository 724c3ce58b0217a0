// The console: rows and parts of a page are replaced in place as they change, by their keys. Nothing moves under the pointer.
const bar = document.querySelector("[data-live]");
const find = (name) => bar?.querySelector(`[data-live-${name}]`);
const [state, time, pause] = ["state", "time", "pause"].map(find);
const status = document.getElementById("status");
const url = new URL(bar?.dataset.live ?? "", location);
const list = !url.searchParams.has("setup");
const waiting = new Map(); // parts that came while paused, or while the focus was in the old one
const named = new Set(); // what is said in the next summary
let source, quiet, beat, others = 0, stopped = false;

const show = (word) => {
  if (!state || bar.dataset.now == word) return;
  bar.dataset.now = word;
  state.textContent = bar.dataset[word];
};
const touched = () => time && (time.textContent = new Date().toISOString().slice(11, 19));

// One sentence at most every ten seconds.
const sum = () => {
  if (quiet || !(named.size || others)) return;
  const said = [];
  if (named.size) said.push(`${bar.dataset.changed} ${[...named].slice(0, 3).join(", ")}${named.size > 3 ? ` + ${named.size - 3}` : ""}.`);
  if (others) said.push(`${bar.dataset.others} ${others}.`);
  status.textContent = said.join(" ");
  named.clear();
  others = 0;
  quiet = setTimeout(() => ((quiet = 0), sum()), 10000);
};

// put replaces one keyed part, unless somebody is at something in it. A part that was clicked somewhere may have the focus itself, and
// the customer's screen has nothing that could be lost.
const put = (part) => {
  const old = document.querySelector(`[data-key="${CSS.escape(part.dataset.key)}"]`);
  waiting.delete(part.dataset.key); // what waited is older
  if (!old || old.isEqualNode(part)) return false;
  const at = document.activeElement;
  if (stopped || (old != at && old.contains(at) && !old.closest(".mirror"))) return waiting.set(part.dataset.key, part), false;
  const open = [...old.querySelectorAll("details")].map((d) => d.open);
  part.querySelectorAll("details").forEach((d, i) => (d.open = open[i]));
  part.querySelectorAll("[autofocus]").forEach((e) => e.removeAttribute("autofocus"));
  old.replaceWith(part);
  if (old == at) part.focus({ preventScroll: true });
  return true;
};
const catchUp = () => {
  const parts = [...waiting.values()];
  waiting.clear();
  parts.forEach(put);
};
const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const putAll = (page) => [...page.querySelectorAll("[data-key]")].map((part) => put(document.adoptNode(part))).some(Boolean);

const rows = (html) => {
  for (const row of parse(`<table>${html}</table>`).querySelectorAll("tr")) {
    if (!document.getElementById(row.id)) others++;
    else if (putAll(row)) named.add(row.dataset.name);
  }
};

// A page about one setup is asked for anew; what is the same in it stays. The answer to a form has the address of the form,
// where nothing can be asked for.
const here = find("refresh")?.href ?? location.href;
const ask = async () => {
  try {
    const answer = await fetch(here, { headers: { "HX-Request": "true" } });
    return answer.status < 500 && parse(await answer.text());
  } catch {
    return false;
  }
};
let asking, again;
const renew = async () => {
  if (asking) return (again = true);
  asking = true;
  const page = await ask();
  asking = false;
  if (!page) return setTimeout(renew, 5000); // what was heard is not told twice
  const keys = (of) => [...of.querySelectorAll("[data-key]")].map((part) => part.dataset.key).join();
  // It has become another page, or has other parts. What is shown once is not left for it.
  if (!page.querySelector("[data-live]") || keys(page) != keys(document)) return document.querySelector("[data-token]") || location.replace(here);
  const title = page.querySelector("[data-key=mirror]") ? page.title : document.title;
  if (putAll(page)) {
    document.title = title;
    named.add(document.querySelector("h1").textContent);
  }
  if (again) (again = false), renew();
  touched();
  sum();
};

const connect = () => {
  source?.close();
  source = new EventSource(url);
  const alive = ({ lastEventId }) => {
    if (lastEventId) url.searchParams.set("since", lastEventId);
    clearTimeout(beat);
    beat = setTimeout(connect, 40000);
    show(stopped ? "paused" : "on");
  };
  source.addEventListener("beat", alive);
  source.addEventListener("rows", (event) => {
    alive(event);
    rows(event.data);
    touched();
    sum();
  });
  source.addEventListener("changed", (event) => {
    alive(event);
    renew();
  });
  source.addEventListener("error", () => {
    show("off");
    // The browser tries again by itself, but not after an answer that is no stream: then the session is over, perhaps.
    if (source.readyState == EventSource.CLOSED) clearTimeout(beat), (beat = setTimeout(connect, 10000)), renew();
  });
};

if (bar) {
  connect();
  // A tab that nobody sees asks for nothing: browsers allow few open streams.
  document.addEventListener("visibilitychange", () => (document.hidden ? (source.close(), clearTimeout(beat)) : connect()));
  document.addEventListener("focusout", () => setTimeout(() => stopped || catchUp()));
  if (pause) {
    const words = pause.textContent;
    pause.hidden = false;
    pause.addEventListener("click", () => {
      stopped = !stopped;
      pause.ariaPressed = stopped;
      pause.textContent = stopped ? pause.dataset.resume : words;
      show(stopped ? "paused" : "on");
      if (!stopped) catchUp();
    });
  }
}
