// Loaded before anything is painted: keys pressed while a page is on its way are kept, and given to it when it is ready
// (early-keys-given.js). A cashier's hands and a scanner do not wait for pages. Times are those of the wall clock, so that
// a scan begun on one page ends on the next.
(() => {
  const CARRIED = "kontuar.keys";
  const STALE_MS = 5000;
  const STAYED_MS = 1500; // what began to leave and is still here was a download
  const OURS_WITH_CTRL = /^[^acflnrtvwxz]$/i; // the browser keeps copy, paste, find, reload and its windows
  const LEFT_ALONE = ["F5", "F11", "F12", "Backspace", "Delete", "Shift", "Control", "Alt", "AltGraph", "CapsLock", "Meta"];

  let held = carried();
  let holding = true;

  function carried() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(CARRIED) ?? "[]");
      sessionStorage.removeItem(CARRIED);
      return kept.filter((one) => Date.now() - one.at < STALE_MS);
    } catch { return []; } // unreadable: nothing was pressed
  }

  function isOurs(event) {
    if (!event.isTrusted || event.isComposing || event.metaKey || event.altKey || LEFT_ALONE.includes(event.key)) return false;
    return !event.ctrlKey || OURS_WITH_CTRL.test(event.key);
  }

  function hold(event) {
    if (!holding || !isOurs(event)) return;
    const { key, code, ctrlKey, shiftKey } = event;
    held.push({ key, code, ctrlKey, shiftKey, at: performance.timeOrigin + event.timeStamp });
    event.stopImmediatePropagation();
    if (!/^(Tab|Arrow|Home|End|Page)/.test(key)) event.preventDefault();
  }

  function give() {
    holding = false;
    const keys = held;
    held = [];
    return keys;
  }

  function leave() {
    holding = true;
    setTimeout(() => { if (holding) document.dispatchEvent(new CustomEvent("kontuar:stayed")); }, STAYED_MS);
  }

  function carry() {
    if (!held.length) return;
    try { sessionStorage.setItem(CARRIED, JSON.stringify(held)); } catch { held = []; } // no room: they are lost
  }

  window.addEventListener("keydown", hold, { capture: true });
  window.addEventListener("load", () => { if (holding) give(); }); // the page's own program never came
  window.addEventListener("beforeunload", leave);
  window.addEventListener("pagehide", carry);
  window.addEventListener("pageshow", (event) => { if (event.persisted) document.dispatchEvent(new CustomEvent("kontuar:stayed")); });
  window.kontuarEarlyKeys = give;
})();
