// One table of keys (script#shortcuts: [{"key", "action", "label", "group"}]). A key presses the visible element that
// carries its data-action: in the open dialog if there is one, else on the page. F1 or ? prints the table.
import { reasonOf } from "./disabled.js";
import { isVisible, openDialog, raise, scope } from "./layer.js";
import { keptForAfterScans } from "./scan-queue.js";
import { GAP_MS, beganScan } from "./scanner.js";
import { toast } from "./toast.js";
import { icon, word } from "./words.js";

const table = JSON.parse(document.getElementById("shortcuts")?.textContent || "[]");
const WRITES = 'input:not([type="checkbox"], [type="radio"]), textarea, select';

function nameOf(event) {
  const held = [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && event.key.length > 1 && "Shift"].filter(Boolean);
  return [...held, event.key.length === 1 ? event.key.toUpperCase() : event.key].join("+");
}

function elementOf(action) {
  const found = [...scope().querySelectorAll(`[data-action="${CSS.escape(action)}"]`)].filter(isVisible);
  return found.find((element) => element.getAttribute("aria-disabled") !== "true" && !element.disabled) ?? found[0] ?? null;
}

/** The row and element that a key means here, or null. */
function meaningOf(key) {
  for (const row of table) {
    const element = row.key.toUpperCase() === key.toUpperCase() ? elementOf(row.action) : null;
    if (element) return { row, element };
  }
  return null;
}

function isWriting(element) {
  return Boolean(element?.matches?.(WRITES)) && !element.matches("[data-pad-field][inputmode]");
}

function press(element) {
  if (element.getAttribute("aria-disabled") === "true" || element.disabled) {
    if (keptForAfterScans(element)) return;
    element.focus();
    toast({ text: reasonOf(element) || word("not_available"), kind: "warn", name: "refused-key" });
    return;
  }
  if (element.matches(WRITES)) element.focus(); // a key may lead to a field
  else element.click();
}

// A single character may be the start of a scan: it acts only when no other follows as fast as a scanner types.
function whenNotScanned(event, run) {
  setTimeout(() => { if (!beganScan(event)) run(); }, GAP_MS + 10);
}

function onEscape(event) {
  if (openDialog()) return; // dialog.js
  const field = document.activeElement;
  if (field?.matches?.("[data-default-field]") && field.value) {
    field.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  } else {
    elementOf("back")?.click();
  }
  event.preventDefault();
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || event.metaKey) return;
  if (event.key === "Escape") return onEscape(event);
  const single = event.key.length === 1 && !event.ctrlKey && !event.altKey;
  if (single && isWriting(event.target)) return;
  if (event.key === "Enter" && (isWriting(event.target) || event.target.closest?.("button, a, summary, tr[data-row]"))) return;
  if (event.key === "F1" || event.key === "?") { event.preventDefault(); return toggleSheet(); }
  const meaning = meaningOf(nameOf(event));
  if (!meaning) return;
  event.preventDefault();
  if (single) whenNotScanned(event, () => press(meaning.element));
  else press(meaning.element);
}

function toggleSheet() {
  const sheet = document.getElementById("shortcut-sheet") ?? makeSheet();
  if (sheet.matches(":popover-open")) sheet.hidePopover();
  else { raise(sheet); sheet.querySelector("button").focus(); }
}

function makeSheet() {
  const sheet = document.createElement("section");
  sheet.id = "shortcut-sheet";
  sheet.className = "sheet";
  sheet.popover = "manual";
  sheet.setAttribute("aria-label", word("keys"));
  const head = document.createElement("div");
  head.className = "sheet__head";
  const title = document.createElement("h2");
  title.textContent = word("keys");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button--quiet button--icon";
  close.setAttribute("aria-label", word("close"));
  close.append(icon("close"));
  close.addEventListener("click", () => sheet.hidePopover());
  head.append(title, close);
  sheet.append(head, groupsOf(table));
  document.body.append(sheet);
  return sheet;
}

function groupsOf(rows) {
  const groups = document.createElement("div");
  groups.className = "sheet__groups";
  if (!rows.length) groups.textContent = word("keys_none");
  for (const name of new Set(rows.map((row) => row.group ?? ""))) {
    const group = document.createElement("div");
    group.className = "sheet__group";
    const title = document.createElement("h3");
    title.textContent = name;
    const keys = document.createElement("dl");
    for (const row of rows.filter((one) => (one.group ?? "") === name)) keys.append(...entryOf(row));
    group.append(title, keys);
    groups.append(group);
  }
  return groups;
}

function entryOf(row) {
  const key = document.createElement("dt");
  const face = document.createElement("kbd");
  face.className = "kbd";
  face.textContent = row.key === "Escape" ? "Esc" : row.key;
  key.append(face);
  const label = document.createElement("dd");
  label.textContent = row.label;
  return [key, label];
}

// Before anything else hears of Esc: the sheet lies on top, so it goes first.
function closeSheet(event) {
  const sheet = document.getElementById("shortcut-sheet");
  if (event.key !== "Escape" || !sheet?.matches(":popover-open")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  sheet.hidePopover();
}

window.addEventListener("keydown", closeSheet, { capture: true });
document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => { if (event.target.closest?.('[data-action="help"]')) toggleSheet(); });
