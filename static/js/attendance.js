// A roster whose marks are kept on this device (kept_marks.js), so that they are shown at once and outlive the network.
// Without this file every button of the roster is a plain POST.
"use strict";

(() => {
  const form = document.querySelector("form[data-marks]");
  if (!form || !keptMarks) return;
  const EVERYBODY = "*"; // whom "All others are present" is about
  const rows = [...form.querySelectorAll("[data-person]")], undo = form.querySelector("[data-undo]");
  const counted = form.querySelector("[data-counted]"), search = form.querySelector("[type=search]");
  const standing = new Map(rows.map((row) => [row.dataset.person, [row.dataset.mark, row.querySelector("[data-said]").textContent]]));
  let marked = Number(counted.dataset.counted), hasRest = !undo.hidden;

  function show(row, mark, said) {
    for (const button of row.querySelectorAll("[aria-pressed]"))
      button.setAttribute("aria-pressed", String(button.value === `${row.dataset.person}:${mark}`));
    row.querySelector("[data-back]").hidden = !mark;
    const line = row.querySelector("[data-said]");
    if (line.textContent !== said) line.textContent = said;
  }

  function draw() {
    const kept = new Map(keptMarks.all().filter((it) => it.path === location.pathname).map((it) => [it.person, it]));
    const rest = kept.get(EVERYBODY);
    let more = 0;
    for (const row of rows) {
      const [mark, said] = standing.get(row.dataset.person);
      const it = kept.get(row.dataset.person) || (!mark && rest?.mark ? rest : null);
      show(row, it ? it.mark : mark, it ? (it.why ? form.dataset.refused : form.dataset.kept) : said);
      if (it && !it.why) more += Boolean(it.mark) - Boolean(mark);
    }
    counted.textContent = form.dataset.words.replace("#", marked + more);
    undo.hidden = rest ? !rest.mark : !hasRest;
  }

  keptMarks.roster.draw = draw;
  keptMarks.roster.told = (told) => {
    for (const [person, it] of Object.entries(told.marks)) if (standing.has(person)) standing.set(person, it);
    [marked, hasRest] = [told.marked, told.rest];
    if (!told.said.length) return;
    const line = document.createElement("p");
    line.textContent = told.said.join(" ");
    document.getElementById("messages").replaceChildren(line); // a role=status: read aloud
  };

  form.addEventListener("submit", (event) => {
    const [person, mark] = event.submitter?.value.split(":") || [];
    if (mark === undefined) return event.preventDefault(); // Enter in the search
    const unmarked = rows.filter((row) => !row.querySelector("[aria-pressed=true]")).length;
    try {
      keptMarks.keep(location.pathname, person, mark, person === EVERYBODY && mark ? Math.max(1, unmarked) : 1);
    } catch { return; } // the device is full: a plain POST
    event.preventDefault();
  });

  if (search) search.hidden = false;
  search?.addEventListener("input", () => {
    const plain = (text) => text.trim().toLowerCase().replaceAll("ё", "е");
    for (const row of rows) row.hidden = !plain(row.querySelector("strong").textContent).includes(plain(search.value));
  });
  draw();
})();
