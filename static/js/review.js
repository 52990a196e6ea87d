// Judging by keyboard: a digit scores, j and k move between criteria, n and p between entries, ? shows the help.
// Without this file every score is a radio button, every entry a link.
"use strict";

(() => {
  const help = document.querySelector("[data-keys-help]");
  if (!help) return;
  const TOGETHER = 700; // two digits within this time are one number
  const places = () => [...document.querySelectorAll("[data-criterion], .review-form textarea")];
  const isText = (element) => element.matches("textarea, [type=text], [type=search], select, [contenteditable]");
  const entryOf = (place) => (place.matches("textarea") ? place : place.querySelector(":checked") || place.querySelector("input"));
  const toggle = help.querySelector("[data-keys-on]");
  let typed = "", last = 0, current = null;

  try { toggle.checked = localStorage.getItem("keys") !== "off"; } catch { /* not kept: they work */ }
  toggle.addEventListener("change", () => {
    try { localStorage.setItem("keys", toggle.checked ? "on" : "off"); } catch { /* until the page is left */ }
  });

  function show(place) {
    current?.classList.remove("now");
    current = place;
    if (place.matches("[data-criterion]")) place.classList.add("now");
  }

  function move(step) {
    const all = places(), at = all.indexOf(current);
    const place = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    if (!place) return;
    show(place);
    entryOf(place)?.focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest" });
  }

  function score(digit) {
    if (!current?.matches("[data-criterion]")) move(current ? -1 : 1);
    const place = current;
    if (!place) return;
    typed = Date.now() - last < TOGETHER ? typed + digit : digit;
    last = Date.now();
    const find = (value) => place.querySelector(`[type=radio][value="${Number(value)}"]:enabled`);
    const field = find(typed) || find(digit);
    if (!field) return;
    field.checked = true;
    field.focus({ preventScroll: true });
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // By the place on the keyboard, so that they work in any script; the digits by what they write.
  const moves = {
    KeyJ: () => move(1), KeyK: () => move(-1),
    KeyN: () => document.querySelector("[data-next]")?.click(),
    KeyP: () => document.querySelector("[data-previous]")?.click(),
  };

  document.addEventListener("focusin", (event) => {
    const place = event.target.closest("[data-criterion], .review-form textarea");
    if (place) show(place);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !toggle.checked) return;
    if (event.key === "Escape" && event.target.matches(".review-form textarea")) {
      const criteria = places().filter((it) => it.matches("[data-criterion]"));
      show(criteria.at(-1));
      return entryOf(criteria.at(-1))?.focus();
    }
    if (isText(event.target)) return;
    if (event.key === "?") { help.open = !help.open; event.preventDefault(); return; }
    if (/^\d$/.test(event.key) && !event.target.matches("[type=number]")) { score(event.key); event.preventDefault(); return; }
    const act = moves[event.code];
    if (act) { act(); event.preventDefault(); }
  });
})();
