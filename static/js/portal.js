// What makes pages quicker to use; all of them work without it.
"use strict";

const store = {
  get() { try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; } },
  set(theme) { try { localStorage.setItem("theme", theme); } catch { /* not kept, still applied */ } },
};

function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll("[data-set-theme]"))
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
}

function ready(root) {
  const now = root.querySelector(".desk-nav [aria-current]"); // on a phone its row scrolls sideways
  const row = now?.closest("ul");
  if (row) row.scrollLeft = now.offsetLeft - (row.clientWidth - now.offsetWidth) / 2;
  for (const hidden of root.querySelectorAll(".themes, [data-print]")) hidden.hidden = false;
  if (navigator.clipboard) for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const list of root.querySelectorAll("fieldset[data-narrow]")) narrow(list);
  root.querySelector("[data-focus]")?.focus();
  showTheme(store.get());
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(field.value);
  const said = document.createElement("p");
  said.textContent = button.dataset.copied;
  document.getElementById("messages").replaceChildren(said); // a role=status: read aloud
}

// Hundreds of boxes to tick: what one types leaves those that are called so, and those that are ticked.
const plain = (text) => text.trim().toLowerCase().replaceAll("ё", "е");

function narrow(list) {
  const rows = [...list.querySelectorAll(":scope > div > div")];
  if (rows.length <= 40 || list.querySelector("[type=search]")) return;
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = list.dataset.narrow;
  search.setAttribute("aria-label", list.dataset.narrow);
  search.addEventListener("input", () => {
    for (const row of rows)
      row.hidden = !plain(row.textContent).includes(plain(search.value)) && !row.querySelector(":checked");
  });
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  rows[0].parentElement.before(search);
}

// A working list: the whole row leads where its first link leads; j and k move while the list has the focus.
const linkOf = (row) => row.querySelector("a.row-link, th a, td a");
const rowOf = (element) => element.closest(".rows tbody tr, .count-row");

document.addEventListener("click", (event) => {
  const target = event.target;
  const theme = target.closest("[data-set-theme]");
  if (theme) { store.set(theme.dataset.setTheme); showTheme(theme.dataset.setTheme); }
  if (target.closest("[data-print]")) window.print();
  if (target.closest("[data-copy]")) copy(target.closest("[data-copy]"));
  for (const open of document.querySelectorAll("details.settings[open]")) if (!open.contains(target)) open.open = false;
  const row = rowOf(target);
  if (!row || target.closest("a, button, input, label, select, textarea, summary") || String(getSelection())) return;
  const link = linkOf(row);
  if (link && (event.ctrlKey || event.metaKey)) window.open(link.href, "_blank", "noopener");
  else link?.click();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = event.target.closest("details.settings[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  }
  const step = { j: 1, k: -1, о: 1, л: -1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  const list = event.target.closest(".rows, .count-rows");
  if (!list) return;
  const links = [...list.querySelectorAll("tbody tr, .count-row")].map(linkOf).filter(Boolean);
  const row = rowOf(event.target);
  const now = row ? links.indexOf(linkOf(row)) : -1;
  const next = links[Math.min(links.length - 1, Math.max(0, now + step))];
  if (next) { next.focus(); event.preventDefault(); }
});

// After a button has changed the page in place, what it did is said there: the keyboard and the screen reader go on from it.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "content") (event.target.querySelector("#messages .notice, .errors") || event.target).focus();
});

document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) ready(event.target); });
if (window.htmx) document.documentElement.dataset.quick = ""; // lists narrow themselves as one types and chooses
ready(document);
