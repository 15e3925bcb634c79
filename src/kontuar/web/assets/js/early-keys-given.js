// Gives the page the keys that were pressed before it was ready (early-keys.js), each at the time it was pressed. Such a
// key does nothing by itself: the scanner places characters, and Enter presses what it would have pressed.
function pressed(key) {
  const target = document.activeElement ?? document.body;
  const event = new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true });
  Object.defineProperty(event, "timeStamp", { value: key.at - performance.timeOrigin });
  if (target.dispatchEvent(event) && key.key === "Enter") enter(document.activeElement);
}

function enter(element) {
  if (element?.matches("input")) element.form?.requestSubmit();
  else if (element?.matches("button, a, summary")) element.click();
}

function give() {
  const keys = window.kontuarEarlyKeys?.() ?? [];
  if (keys.length && document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
  for (const key of keys) pressed(key);
}

document.addEventListener("DOMContentLoaded", give);
document.addEventListener("kontuar:stayed", give);
