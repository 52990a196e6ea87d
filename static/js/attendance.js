// Marks on a roster when the network drops: kept on this device, shown at once, sent when it is back.
// Without this file every button of the roster is a plain POST.
"use strict";

(() => {
  const form = document.querySelector("form[data-marks]");
  if (!form) return;
  try { localStorage.getItem("mark"); } catch { return; } // nothing can be kept here: plain POSTs
  const EVERY = 20_000; // to send what waits, else to see what others have marked
  const mine = `mark ${form.dataset.marks} `; // of whoever is signed in: nobody sends the marks of somebody else
  const waits = form.querySelector("[data-waits]");
  const plural = new Intl.PluralRules(document.documentElement.lang);
  let busy = false, again = false, stopped = false;

  const keyOf = (person) => `${mine}${location.pathname} ${person}`;
  const keep = (person, mark) => localStorage.setItem(keyOf(person), JSON.stringify({ mark, at: Date.now() }));

  function kept() { // all pages of this reader: what was pressed on another roster is sent from here, too
    return Object.keys(localStorage).filter((key) => key.startsWith(mine)).map((key) => {
      const [path, person] = key.slice(mine.length).split(" ");
      const said = localStorage.getItem(key);
      return { key, path, person, said, ...JSON.parse(said) };
    });
  }

  function sayWaiting() {
    const number = kept().length;
    const words = form.dataset[{ one: "one", few: "few" }[plural.select(number)] || "many"];
    const said = number ? words.replace("#", number) : "";
    if (waits.textContent !== said && !stopped) waits.textContent = said;
  }

  function show(person, mark, said) {
    const row = form.querySelector(`[data-person="${CSS.escape(person)}"]`);
    if (!row) return;
    for (const button of row.querySelectorAll("[name=press]"))
      button.setAttribute("aria-pressed", String(button.value === `${person}:${mark}`));
    row.querySelector("[data-said]").textContent = said;
  }

  function showKept() {
    for (const it of kept()) if (it.path === location.pathname) show(it.person, it.mark, form.dataset.kept);
  }

  async function ask(path, presses) {
    const body = presses && new URLSearchParams([["csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value], ...presses]);
    const address = path === location.pathname ? location.href : path;
    const answer = await fetch(address, { method: body ? "POST" : "GET", body, headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout?.(15_000) });
    if (answer.type === "opaqueredirect" || answer.status === 403) return null; // signed out, or this page is too old
    return answer.ok ? answer.json() : { marks: {}, said: [] };
  }

  async function send(path, some) {
    const presses = some.map((it) => ["press", `${it.person}:${it.mark}:${Math.max(0, (Date.now() - it.at) / 1000).toFixed(1)}`]);
    const told = await ask(path, presses);
    if (!told) return stop();
    for (const it of some) if (localStorage.getItem(it.key) === it.said) localStorage.removeItem(it.key); // unless pressed anew
    return told;
  }

  function stop() {
    stopped = true;
    waits.textContent = form.dataset.stopped;
  }

  async function tell() {
    if (busy) again = true;
    if (busy || stopped || !navigator.onLine) return sayWaiting();
    busy = true;
    again = false;
    try {
      let told = null;
      for (const [path, some] of grouped(kept())) {
        const answer = await send(path, some);
        if (path === location.pathname) told = answer;
      }
      told ||= stopped ? null : await ask(location.pathname);
      if (told) showTold(told);
    } catch { again = false; /* the network is away: what was pressed is kept, and sent later */ }
    busy = false;
    showKept();
    sayWaiting();
    if (again) tell(); // pressed meanwhile
  }

  function grouped(rows) {
    const paths = new Map();
    for (const it of rows) paths.set(it.path, [...(paths.get(it.path) || []), it]);
    return paths;
  }

  function showTold(told) {
    for (const [person, [mark, said]] of Object.entries(told.marks)) show(person, mark, said);
    if (told.said.length) {
      const line = document.createElement("p");
      line.textContent = told.said.join(" ");
      document.getElementById("messages").replaceChildren(line); // a role=status: read aloud
    }
  }

  function press(button) {
    if (button.name === "press") return keep(...button.value.split(":"));
    for (const row of form.querySelectorAll("[data-person]"))
      if (!row.querySelector("[aria-pressed=true]")) keep(row.dataset.person, button.value);
  }

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || (button.name === "rest" && "paged" in form.dataset)) return; // others stand on other pages
    try { press(button); } catch { return; } // the device is full: a plain POST
    event.preventDefault();
    showKept();
    sayWaiting();
    tell();
  });
  addEventListener("online", tell);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tell(); });
  setInterval(() => { if (!document.hidden) tell(); }, EVERY);
  showKept();
  sayWaiting();
  if (kept().length) tell();
})();
