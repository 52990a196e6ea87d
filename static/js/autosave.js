// A form that saves itself. What is not saved yet is kept on this device: a sign-in that has expired, a network that is
// away, a closed window lose nothing. Without this file the form is a plain POST with a Save button.
//
//   <form method="post" autocomplete="off" data-autosave="{{ user.public_id }} {{ it.public_id }}">{% csrf_token %}
//     <input type="hidden" name="revision" value="{{ it.revision }}"> … fields … {% include "ui/_autosave.html" only %}
//
// The view answers a request that accepts JSON (cluster_portal/autosave.py makes all of these answers):
//   POST 200 {revision, said, errors?, parts?}: saved; `errors` (name of a field → sentence) was not; `parts` (id of an
//            element → text) is shown on the page, as "4 of 6 scored".
//   POST 409 {revision, said, theirs: [[label, text], …]}: another window has saved since; nothing is changed.
//            The reader sees `theirs` and decides. Keeping one's own sends it again with the new revision.
//            Before the reader is asked, it is sent once more with `base`: what this window had when it was last in step
//            (names and values, as JSON). A view that reads it can save what only one of the two has changed.
//   POST 4xx {said}: it cannot be saved any more (a deadline). The text stays on this device.
//   GET  200 {revision, token, reader}: asked after a sign-in: the new CSRF token, and who reads now.
// Files are never sent. `autosave:fill` (detail: name → value) comes before fields are put back: add rows then.
"use strict";

(() => {
  const PAUSE = 1_500, OFTEN = 20_000, SLOWEST = 60_000, DAYS = 30;
  const OWN = new Set(["csrfmiddlewaretoken", "revision", "base"]);
  const asked = { headers: { Accept: "application/json" }, redirect: "manual" };

  const store = { // a private window, or a full device: the form still saves itself, nothing is kept
    get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* it was never there */ } },
    keys(start) { try { return Object.keys(localStorage).filter((key) => key.startsWith(start)); } catch { return []; } },
  };

  // Each window keeps its own copy; one whose window is gone is an orphan, and the next window adopts it.
  const here = crypto.randomUUID?.() || String(Math.random());
  if (navigator.locks) navigator.locks.request(`autosave ${here}`, () => new Promise(() => {}));
  async function windows() {
    if (!navigator.locks) return new Set();
    const { held } = await navigator.locks.query();
    return new Set(held.map((it) => it.name.split(" ")[1]));
  }

  function fieldsOf(form) {
    return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !OWN.has(name));
  }

  function fill(form, fields) {
    form.dispatchEvent(new CustomEvent("autosave:fill", { detail: new Map(fields) }));
    const values = new Map();
    for (const [name, value] of fields) values.set(name, [...(values.get(name) || []), value]);
    for (const field of form.elements) {
      if (!field.name || OWN.has(field.name) || ["file", "submit", "button"].includes(field.type)) continue;
      const wanted = values.get(field.name) || [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = wanted.includes(field.value);
      else if (field.type === "select-multiple") for (const it of field.options) it.selected = wanted.includes(it.value);
      else if (wanted.length) field.value = wanted[0];
    }
  }

  function keepSaving(form) {
    const line = form.querySelector("[data-autosave-line]"), clash = form.querySelector("[data-autosave-clash]");
    const words = line.dataset;
    const mine = `autosave ${form.dataset.autosave} `, key = mine + here;
    const reader = form.dataset.autosave.split(" ")[0];
    const address = form.getAttribute("action") || location.pathname + location.search;
    let saved = JSON.stringify(fieldsOf(form)), state = "", timer = 0, wait = PAUSE, running = Promise.resolve(true);

    const isChanged = () => JSON.stringify(fieldsOf(form)) !== saved;
    // From the first clash on the server must know what of this was only read here, not written.
    function fallBehind() {
      const base = form.elements.base || form.appendChild(document.createElement("input"));
      [base.type, base.name, base.value] = ["hidden", "base", saved];
    }
    const later = (after) => { clearTimeout(timer); timer = setTimeout(save, after); };

    function say(text, now = "") {
      state = now;
      form.dataset.autosaveState = now || "saved";
      line.querySelector("a").hidden = now !== "signed-out";
      const said = line.querySelector("span");
      if (said.textContent !== text) said.textContent = text; // a role=status: the same is not read out twice
    }

    function keep() {
      const fields = fieldsOf(form);
      const kept = store.set(key, { at: Date.now(), revision: form.elements.revision.value, fields, base: saved });
      if (!kept && state) say(words.unkept, state);
    }

    function marked(errors) {
      for (const field of form.elements)
        if (field.name && "autosaveWrong" in field.dataset) { field.removeAttribute("aria-invalid"); delete field.dataset.autosaveWrong; }
      for (const name of Object.keys(errors)) {
        const field = form.elements[name];
        if (field instanceof Element) { field.setAttribute("aria-invalid", "true"); field.dataset.autosaveWrong = ""; }
      }
    }

    function showSaved(told, sent) {
      form.elements.revision.value = told.revision;
      saved = sent;
      if (form.elements.base) fallBehind();
      wait = PAUSE;
      marked(told.errors || {});
      if (!told.errors && !isChanged()) store.drop(key);
      for (const [id, text] of Object.entries(told.parts || {})) {
        const part = document.getElementById(id);
        if (part) part.textContent = text;
      }
      say(told.said);
    }

    function showClash(told) {
      const list = clash.querySelector("dl");
      list.replaceChildren();
      for (const [label, text] of told.theirs) {
        const term = document.createElement("dt"), value = document.createElement("dd");
        term.textContent = label;
        value.textContent = text;
        list.append(term, value);
      }
      clash.dataset.revision = told.revision;
      clash.hidden = false;
      say(told.said, "clash");
    }

    async function post(leaving) {
      const body = new FormData();
      for (const name of OWN) if (form.elements[name]) body.append(name, form.elements[name].value);
      for (const [name, value] of fieldsOf(form)) body.append(name, value);
      return fetch(address, { ...asked, method: "POST", body, keepalive: leaving });
    }

    // The page is older than the sign-in: its token does not count any more.
    async function renewed() {
      const answer = await fetch(address, asked);
      if (answer.type === "opaqueredirect") return false;
      const told = answer.ok ? await answer.json().catch(() => null) : null;
      if (told?.reader !== reader) { say(words.gone, "gone"); return false; }
      form.elements.csrfmiddlewaretoken.value = told.token;
      return true;
    }

    async function answered(leaving) {
      const answer = await post(leaving);
      if (answer.type !== "opaqueredirect" && answer.status !== 403) return answer;
      if (await renewed()) return post(leaving);
      if (state !== "gone") say(words.signedOut, "signed-out");
      return null;
    }

    async function attempt(leaving) {
      if (!isChanged()) return true;
      if (state === "clash" || state === "gone") return false;
      if (!navigator.onLine) { again(words.offline); return false; }
      const sent = JSON.stringify(fieldsOf(form));
      try {
        let answer = await answered(leaving);
        if (answer?.status === 409 && !form.elements.base) {
          fallBehind();
          answer = await answered(leaving);
        }
        if (!answer) return false;
        const told = answer.status < 500 ? await answer.json().catch(() => null) : null;
        if (answer.ok && told) { showSaved(told, sent); return true; }
        if (answer.status === 409 && told) showClash(told);
        else if (told?.said) say(told.said, "gone");
        else if (answer.status >= 500) again(words.waiting);
        else say(words.gone, "gone");
      } catch { again(words.offline); } // the network is away
      return false;
    }

    function again(text) {
      say(text, "waiting");
      wait = Math.min(wait * 2, SLOWEST);
      later(wait);
    }

    function save(leaving = false) {
      clearTimeout(timer);
      return running = running.then(() => attempt(leaving === true));
    }

    function changed() {
      if (!isChanged()) return;
      keep();
      if (state !== "clash" && state !== "gone" && state !== "signed-out") later(state === "waiting" ? wait : PAUSE);
    }

    async function adopt() {
      const open = await windows();
      const copies = store.keys(mine).map((name) => ({ name, ...store.get(name) })).filter((it) => it.fields && !open.has(it.name.split(" ").pop()));
      for (const it of copies.filter((one) => Date.now() - one.at > DAYS * 86_400_000)) store.drop(it.name);
      const newest = copies.sort((one, other) => other.at - one.at)[0];
      if (!newest) return;
      if (JSON.stringify(newest.fields) !== saved && !isChanged()) { // nobody has typed here yet
        const isBehind = newest.revision !== form.elements.revision.value; // saved elsewhere since: the view says so
        fill(form, newest.fields);
        form.elements.revision.value = newest.revision;
        if (newest.base) saved = newest.base;
        if (isBehind) fallBehind();
        keep();
        say(words.found);
        later(PAUSE);
      }
      store.drop(newest.name);
    }

    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    form.addEventListener("autosave:changed", changed); // rows were added, moved, taken away
    form.addEventListener("submit", async (event) => {
      if (!isChanged()) return;
      event.preventDefault();
      const button = event.submitter;
      if (state === "signed-out") state = "";
      if (!(await save())) return line.scrollIntoView({ block: "nearest" });
      form.requestSubmit(button); // nothing is unsaved now: a plain POST
    });
    clash.querySelector("[data-autosave-mine]").addEventListener("click", () => {
      form.elements.revision.value = clash.dataset.revision;
      clash.hidden = true;
      state = "";
      keep();
      save();
    });
    clash.querySelector("[data-autosave-theirs]").addEventListener("click", () => {
      store.drop(key);
      saved = JSON.stringify(fieldsOf(form));
      location.replace(location.href);
    });
    const look = () => { if (!document.hidden && ["signed-out", "waiting"].includes(state)) save(); };
    addEventListener("online", look);
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", () => { if (document.hidden) { if (isChanged()) save(true); } else look(); });
    setInterval(look, OFTEN);
    adopt();
  }

  for (const form of document.querySelectorAll("form[data-autosave]")) keepSaving(form);
})();
