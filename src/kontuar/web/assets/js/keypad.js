// The numeric pad types into the number field with the focus, else into the default field of the dialog or the page.
// It never takes the focus, so the hands may change between pad and keyboard in the middle of a number.
import { scope } from "./layer.js";

const DIGITS = /^\d+$/;

function target() {
  const focused = document.activeElement;
  if (focused?.matches?.("[data-pad-field]") && scope().contains(focused)) return focused;
  return scope().querySelector("[data-pad-default]");
}

function pads() {
  return scope().querySelectorAll("[data-pad]");
}

function write(field, value, caret) {
  field.value = value;
  if (field.selectionStart !== null) field.setSelectionRange(caret, caret);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function insert(field, text) {
  const start = field.selectionStart ?? field.value.length;
  const end = field.selectionEnd ?? field.value.length;
  if (!DIGITS.test(text) && field.value.slice(0, start).includes(text)) return; // one separator is enough
  write(field, field.value.slice(0, start) + text + field.value.slice(end), start + text.length);
}

function erase(field) {
  const start = field.selectionStart ?? field.value.length;
  const end = field.selectionEnd ?? field.value.length;
  const from = start === end ? Math.max(0, start - 1) : start;
  write(field, field.value.slice(0, from) + field.value.slice(end), from);
}

// Whole steps, without floats: 0,30 and one more is 1,30.
function step(field, by, decimal) {
  const [whole = "0", part] = field.value.replace(/\s/g, "").replace(".", ",").split(",");
  const next = (BigInt(whole.replace(/^$/, "0")) + BigInt(by)).toString();
  if (next.startsWith("-")) return;
  const value = part === undefined ? next : `${next}${decimal}${part}`;
  write(field, value, value.length);
}

function press(key, pad) {
  const field = target();
  if (!field) return;
  if (document.activeElement !== field) field.focus();
  if (DIGITS.test(key)) insert(field, key);
  else if (key === "separator") insert(field, pad.dataset.decimal);
  else if (key === "backspace") erase(field);
  else if (key === "clear") write(field, "", 0);
  else if (key === "more") step(field, 1, pad.dataset.decimal);
  else if (key === "less") step(field, -1, pad.dataset.decimal);
  else if (key === "enter") enter(field);
}

// Enter does what Enter on the keyboard does: the window's obvious action, else the field's own form.
function enter(field) {
  const key = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
  if (field.dispatchEvent(key) && field.form) field.form.requestSubmit();
}

function show() {
  const field = target();
  for (const pad of pads()) {
    const value = pad.querySelector("[data-pad-value]");
    const caption = pad.querySelector("[data-pad-caption]");
    if (!value || !caption) continue;
    value.textContent = field?.value ?? "";
    caption.textContent = field?.dataset.padField || caption.dataset.caption;
  }
}

document.addEventListener("pointerdown", (event) => { if (event.target.closest?.("[data-pad]")) event.preventDefault(); });
document.addEventListener("mousedown", (event) => { if (event.target.closest?.("[data-pad]")) event.preventDefault(); });
document.addEventListener("click", (event) => {
  const key = event.target.closest?.("[data-pad-key]");
  if (key) press(key.dataset.padKey, key.closest("[data-pad]"));
});
document.addEventListener("input", show);
document.addEventListener("focusin", (event) => {
  show();
  if (event.target.matches?.("input[data-pad-field][inputmode]")) event.target.select();
});
document.addEventListener("htmx:afterSettle", show);
show();
