// Before the first paint: the appearance chosen on this device. Without it the device's own setting decides.
(function () {
  var chosen;
  try { chosen = localStorage.getItem("theme"); } catch (refused) { /* a private window: as the device */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
