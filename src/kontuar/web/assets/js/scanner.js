// Recognises a scan by its speed and its end, wherever the focus is, and announces it as kontuar:scan {code}.
//
// A scanner types like a keyboard, only faster. The first character cannot be told from a person's, so it lands; with the
// second one at most GAP_MS later it is taken back and the rest is held. An Enter or Tab after LEAST characters makes it a
// scan; silence makes it typing after all, and what was held is put where it would have been typed. Times are those of
// the key events, so a busy page does not turn a scan into typing.

export const GAP_MS = 50;
export const END_GAP_MS = 80;
export const LEAST = 4;
export const REPEAT_MS = 250;

const TYPED_INTO = 'input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"], [type="range"], [type="file"]), textarea';

const MODIFIERS = ["Shift", "AltGraph", "CapsLock", "Control", "Alt"];
const GS1_SEPARATOR = "\u001d"; // scanners type it as Ctrl+]

let burst = null; // {text, began, last, field, before, placed, timer, focus}
let lastFastStart = -Infinity; // when the last burst of at least two characters began
let lastScan = { code: "", at: -Infinity };

/** True when another character followed this key as fast as a scanner types: the key is then no key of its own. */
export function beganScan(event) {
  return lastFastStart >= event.timeStamp;
}

function fieldWithFocus() {
  const element = document.activeElement;
  return element?.matches(TYPED_INTO) && !element.readOnly && !element.disabled ? element : null;
}

function snapshot(field) {
  if (!field) return null;
  return { value: field.value, start: field.selectionStart, end: field.selectionEnd };
}

function setValue(field, value, caret) {
  field.value = value;
  if (caret !== null && field.selectionStart !== null) field.setSelectionRange(caret[0], caret[1]);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function takeBack() {
  if (burst.placed && burst.field) setValue(burst.field, burst.before.value, [burst.before.start, burst.before.end]);
  burst.placed = false;
}

function place() {
  const { field, before, text } = burst;
  if (!burst.placed && field?.isConnected) {
    const start = before.start ?? before.value.length;
    const value = before.value.slice(0, start) + text + before.value.slice(before.end ?? start);
    setValue(field, value, [start + text.length, start + text.length]);
  }
  burst.placed = true;
}

// The timer may come before key events that waited for a busy page; one more turn of the loop lets them go first.
function placeLater() {
  clearTimeout(burst.timer);
  const mine = burst;
  mine.timer = setTimeout(() => {
    mine.timer = setTimeout(() => { if (burst === mine) place(); }, 0);
  }, END_GAP_MS);
}

function begin(event) {
  const focus = document.activeElement;
  const field = fieldWithFocus() ?? routeToDefault(event);
  const placed = event.isTrusted; // a key given again (early-keys-given.js) puts no character by itself
  burst = { text: event.key, began: event.timeStamp, last: event.timeStamp, field, before: snapshot(field), placed, timer: 0, focus };
  if (!placed) placeLater();
}

// Typing with nothing to type into goes to the find field, as a person with a queue expects.
function routeToDefault(event) {
  const focused = document.activeElement;
  const idle = !focused || focused === document.body || focused.matches("main, tr, dialog, [data-typing-goes-on]");
  if (!idle || event.key === " " || document.querySelector("dialog[open]")) return null;
  const field = document.querySelector("[data-default-field]");
  if (!field || event.key === "?" || !/[\p{L}\p{N}%]/u.test(event.key)) return null;
  field.focus();
  return field;
}

function more(event, character = event.key) {
  takeBack();
  event.preventDefault();
  event.stopImmediatePropagation();
  lastFastStart = burst.began;
  burst.text += character;
  burst.last = event.timeStamp;
  placeLater();
}

function finish(event) {
  takeBack();
  event.preventDefault();
  event.stopImmediatePropagation();
  clearTimeout(burst.timer);
  const { text, focus } = burst;
  burst = null;
  if (focus?.isConnected && focus !== document.activeElement) focus.focus({ preventScroll: true });
  announce(text.trim(), event.timeStamp);
}

function announce(code, at) {
  const repeated = code === lastScan.code && at - lastScan.at < REPEAT_MS;
  lastScan = { code, at };
  if (!code || repeated) return;
  document.dispatchEvent(new CustomEvent("kontuar:scan", { detail: { code } }));
}

// A short burst that is not a scan ends: its characters are typing, and the key that ended it does what it does.
function endAsTyping() {
  if (!burst) return;
  clearTimeout(burst.timer);
  if (!burst.placed) place();
  burst = null;
}

function onKey(event) {
  if (event.isComposing || MODIFIERS.includes(event.key)) return;
  const gap = burst ? event.timeStamp - burst.last : Infinity;
  if (event.ctrlKey && event.key === "]" && gap <= GAP_MS) return more(event, GS1_SEPARATOR);
  const plain = event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && !event.repeat;
  if (plain && burst && gap <= GAP_MS) return more(event);
  const ends = event.key === "Enter" || event.key === "Tab";
  if (ends && burst && gap <= END_GAP_MS && burst.text.length >= LEAST) return finish(event);
  endAsTyping();
  if (plain) begin(event);
}

window.addEventListener("keydown", onKey, { capture: true });
