// Appearance, kept in this browser. A plain script in the head, so that the page is never painted in the wrong theme.
(() => {
  const root = document.documentElement;

  function kept(name) {
    try { return localStorage.getItem(`kontuar.${name}`); } catch { return null; } // storage may be switched off: defaults serve
  }

  function keep(name, value) {
    try { localStorage.setItem(`kontuar.${name}`, value); } catch { return; }
  }

  function apply(name, value) {
    if (value && value !== "auto") root.dataset[name] = value;
    else delete root.dataset[name];
  }

  function mark() {
    for (const name of ["Theme", "Hand"]) {
      const now = root.dataset[name.toLowerCase()] || (name === "Theme" ? "auto" : "right");
      for (const button of document.querySelectorAll(`[data-set-${name.toLowerCase()}]`)) {
        button.setAttribute("aria-pressed", String(button.dataset[`set${name}`] === now));
      }
    }
  }

  apply("theme", kept("theme"));
  apply("hand", kept("hand") ?? root.dataset.handHere); // who chose in this browser wins over the till's parameter
  document.addEventListener("DOMContentLoaded", mark);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-set-theme], [data-set-hand]");
    if (!button) return;
    const name = "setTheme" in button.dataset ? "theme" : "hand";
    const value = button.dataset.setTheme ?? button.dataset.setHand;
    keep(name, value);
    apply(name, value);
    mark();
  });
})();
