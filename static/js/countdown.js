// How long is left until a deadline, counted where it is read. Without this file the page says it as of its loading.
"use strict";

(() => {
  const language = document.documentElement.lang;
  const inWords = (count, unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);

  // The server's clock decides; one that is set wrong here must not promise more.
  const served = Date.parse(document.querySelector("[data-countdown]")?.dataset.now || "");
  const ahead = Number.isNaN(served) ? 0 : Date.now() - served;

  function left(milliseconds) {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    const days = Math.floor(seconds / 86_400), hours = Math.floor(seconds / 3_600) % 24;
    const minutes = Math.floor(seconds / 60) % 60;
    if (days) return [inWords(days, "day"), inWords(hours, "hour")];
    if (hours) return [inWords(hours, "hour"), inWords(minutes, "minute")];
    return [inWords(minutes, "minute"), inWords(seconds % 60, "second")];
  }

  function tick() {
    for (const time of document.querySelectorAll("[data-countdown]"))
      time.textContent = left(Date.parse(time.dateTime) - Date.now() + ahead).join(" ");
  }
  tick();
  setInterval(tick, 1000);
})();
