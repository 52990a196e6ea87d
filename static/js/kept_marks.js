// Marks of rosters that wait on this device: kept when they are pressed, sent from whatever page is open, and forgotten
// only when the portal has taken them. `attendance.js` shows them on their roster.
"use strict";

const keptMarks = (() => {
  const place = document.querySelector("[data-waits]"); // of whoever is signed in
  if (!place) return null;
  try { localStorage.getItem("mark"); } catch { return null; } // nothing can be kept here: plain POSTs
  const EVERY = 20_000; // to send what waits, else to see what others have marked
  const COME_AGAIN = [408, 425, 429]; // like every 5xx: the portal or what stands before it is busy
  const words = place.dataset, mine = `mark ${words.waits} `; // nobody sends the marks of somebody else
  const plural = new Intl.PluralRules(document.documentElement.lang);
  const refused = new Map(); // key → what was kept then, and why it was not taken; a page that is loaded asks once more
  const roster = { told() {}, draw() {} }; // what attendance.js does on the page of a roster
  let busy = false, again = false, stopped = false, shown = "";

  // A press is numbered by its device: one that travels for long would else seem to be pressed later than it was.
  function device() {
    const known = localStorage.getItem("mark device");
    if (known) return known;
    const made = [...crypto.getRandomValues(new Uint8Array(16))].map((it) => it.toString(16).padStart(2, "0")).join("");
    localStorage.setItem("mark device", made);
    return made;
  }

  function keep(path, person, mark, rows = 1) {
    const number = Number(localStorage.getItem("mark number")) + 1;
    localStorage.setItem("mark number", number);
    localStorage.setItem(`${mine}${path} ${person}`, JSON.stringify({ mark, rows, number, at: Date.now() }));
    changed();
    tell();
  }

  function all() {
    return Object.keys(localStorage).filter((key) => key.startsWith(mine)).map((key) => {
      const [path, person] = key.slice(mine.length).split(" ");
      const said = localStorage.getItem(key);
      const why = refused.get(key)?.said === said ? refused.get(key).why : "";
      return { key, path, person, said, why, ...JSON.parse(said) };
    }).sort((one, other) => one.number - other.number);
  }

  const forget = (some) => { for (const it of some) if (localStorage.getItem(it.key) === it.said) localStorage.removeItem(it.key); }; // unless pressed anew

  async function ask(path, some) {
    const presses = some?.map((it) => ["press", `${it.person}:${it.mark}:${Math.max(0, (Date.now() - it.at) / 1000).toFixed(1)}:${it.number}`]);
    const body = some && new URLSearchParams([["device", device()], ...presses]);
    const headers = { Accept: "application/json", "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] };
    const address = path === location.pathname ? location.href : path; // this page of a long roster
    return fetch(address, { method: body ? "POST" : "GET", body, headers, redirect: "manual", signal: AbortSignal.timeout?.(15_000) });
  }

  // What the roster says now; nothing where it did not answer. A page that is no JSON came from somebody on the way.
  async function send(path, some) {
    const answer = await ask(path, some);
    if (answer.type === "opaqueredirect" || answer.status === 403) { stopped = true; return null; } // signed out, or this page is too old
    if (answer.status >= 500 || COME_AGAIN.includes(answer.status)) return null;
    const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
    const told = isOurs ? await answer.json() : null;
    if (answer.ok && told) forget(some || []);
    if (!answer.ok) for (const it of some || []) refused.set(it.key, { said: it.said, why: told?.said.join(" ") || words.refused });
    return answer.ok ? told : null;
  }

  async function tell() {
    if (busy) again = true;
    if (busy || stopped || !navigator.onLine) return;
    busy = true;
    again = false;
    try {
      const here = document.querySelector("form[data-marks]") ? location.pathname : "";
      const waiting = groups(all().filter((it) => !it.why));
      for (const [path, some] of waiting) {
        const told = await send(path, some);
        if (told && path === here) roster.told(told);
      }
      if (here && !stopped && !waiting.has(here)) {
        const told = await send(here);
        if (told) roster.told(told);
      }
    } catch { again = false; /* the network is away: what was pressed is kept, and sent later */ }
    busy = false;
    changed();
    if (again) tell(); // pressed meanwhile
  }

  function groups(rows) {
    const paths = new Map();
    for (const it of rows) paths.set(it.path, [...(paths.get(it.path) || []), it]);
    return paths;
  }

  function changed() {
    roster.draw();
    const rows = all(), waiting = rows.filter((it) => !it.why).reduce((sum, it) => sum + it.rows, 0);
    const state = JSON.stringify([waiting, stopped, rows.filter((it) => it.why).map((it) => [it.key, it.why])]);
    if (state === shown) return; // a status that is drawn anew is read aloud anew
    shown = state;
    place.replaceChildren(...said(waiting), ...notTaken(rows.filter((it) => it.why)));
  }

  function said(waiting) {
    if (stopped) return [line(words.stopped)];
    const word = words[{ one: "one", few: "few" }[plural.select(waiting)] || "many"];
    return waiting ? [line(word.replace(/\d+/, waiting))] : [];
  }

  function notTaken(rows) {
    const lines = [...groups(rows)].map(([path, some]) => {
      const it = line(`${words.notTaken} ${some[0].why} `), link = document.createElement("a");
      link.href = path;
      link.textContent = words.roster;
      if (path !== location.pathname) it.append(link);
      return it;
    });
    if (!rows.length) return [];
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button small", textContent: words.discard });
    button.addEventListener("click", () => { forget(rows); changed(); });
    return [...lines, button];
  }

  function line(text) {
    const it = document.createElement("p");
    it.textContent = text;
    return it;
  }

  document.addEventListener("submit", (event) => {
    const leaves = new URL(event.target.action, location.href).pathname === "/accounts/logout/";
    if (leaves && all().length && !confirm(words.leaving)) event.preventDefault();
  });
  addEventListener("online", tell);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tell(); });
  setInterval(() => { if (!document.hidden) tell(); }, EVERY);
  changed();
  if (all().length) tell();
  return { all, keep, roster, changed };
})();
