// Rows of a form that are added, taken out and moved without leaving the page. Without this file each button is a
// plain POST that saves, and one empty row always stands at the end. A row is moved by moving what it says: the fields
// keep their names, so the server reads them in the order in which they stand.
"use strict";

(() => {
  const MOST = 60;

  function handle(part) {
    const list = part.querySelector(".row-list"), name = part.dataset.rows, add = part.querySelector("[data-add]");
    const total = part.querySelector(`[name="${name}-TOTAL_FORMS"]`);
    const form = part.closest("form");
    const rows = () => [...list.children];
    const fieldsOf = (row) => [...row.querySelectorAll("input, textarea, select")];
    const say = (row) => fieldsOf(row).map((field) => field.value);
    const put = (row, values) => fieldsOf(row).forEach((field, index) => { field.value = values[index]; });
    const told = () => form.dispatchEvent(new CustomEvent("autosave:changed"));

    function grow() {
      const number = rows().length, row = document.createElement("li");
      row.className = "row";
      row.id = `${name}-${number}`;
      row.append(part.querySelector("template").content.cloneNode(true));
      for (const it of row.querySelectorAll("*"))
        for (const one of it.attributes) one.value = one.value.replaceAll("__prefix__", number);
      for (const it of row.querySelectorAll("[data-number]")) it.textContent = number + 1;
      list.append(row);
      total.value = number + 1;
      add.disabled = number + 1 >= MOST;
      return row;
    }

    function remove(index) {
      const all = rows(), values = all.map(say);
      values.splice(index, 1);
      if (all.length === 1) return put(all[0], fieldsOf(all[0]).map(() => ""));
      all.pop().remove();
      total.value = all.length;
      all.forEach((row, number) => put(row, values[number]));
      add.disabled = false;
    }

    function swap(index, other) {
      const all = rows();
      if (!all[other]) return index;
      const one = say(all[index]), two = say(all[other]);
      put(all[index], two);
      put(all[other], one);
      return other;
    }

    function press(button) {
      const [, number, where] = button.value.split("-");
      let at = Number(number);
      if (where === "remove") { remove(at); at = Math.min(at, rows().length - 1); }
      else at = swap(at, where === "up" ? at - 1 : at + 1);
      told();
      const same = rows()[at].querySelector(`button[value$="-${where}"]`);
      (where === "remove" ? fieldsOf(rows()[at])[0] : same).focus(); // the keyboard goes with the row
    }

    part.addEventListener("click", (event) => {
      const button = event.target.closest("button[name=press]");
      if (!button) return;
      event.preventDefault();
      press(button);
    });
    add.addEventListener("click", () => { fieldsOf(grow())[0].focus(); told(); });
    form.addEventListener("autosave:fill", (event) => {
      const wanted = Number(event.detail.get(`${name}-TOTAL_FORMS`)) || 0;
      while (rows().length < Math.min(wanted, MOST)) grow();
      while (rows().length > Math.max(wanted, 1)) { list.lastElementChild.remove(); total.value = rows().length; }
    });
    add.hidden = false;
  }

  for (const part of document.querySelectorAll("[data-rows]")) handle(part);
})();
