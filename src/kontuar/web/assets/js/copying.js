// Lines of a form are picked with Ctrl or Shift (left or right button), copied with Ctrl+C and pasted with Ctrl+V while
// the focus is on the lines or in the empty find field. By touch: a long press picks, the buttons copy and paste.
const HOLD_MS = 550;
let from = null; // the row where a range begins
let holding = 0;
let held = false; // a long press was answered: the click that follows is part of it

function list() {
  return document.querySelector("[data-list][data-copies]");
}

function rows() {
  return [...(list()?.querySelectorAll("tr[data-row]") ?? [])];
}

function picked() {
  return rows().filter((row) => row.classList.contains("is-picked"));
}

function pick(row, on = true) {
  row.classList.toggle("is-picked", on);
  if (on) row.dataset.picked = "";
  else delete row.dataset.picked;
}

function pickRange(row) {
  const all = rows();
  const ends = [all.indexOf(from?.isConnected ? from : list().querySelector('tr[aria-selected="true"]') ?? row), all.indexOf(row)];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  all.forEach((one, index) => pick(one, index >= Math.max(0, first) && index <= last));
}

function choose(event) {
  const row = event.target.closest?.("[data-list][data-copies] tr[data-row]");
  if (!row || !(event.ctrlKey || event.shiftKey)) return false;
  event.preventDefault();
  event.stopPropagation();
  if (event.shiftKey) pickRange(row);
  else { pick(row, !row.classList.contains("is-picked")); from = row; }
  return true;
}

function address(what) {
  const form = document.querySelector(".find-form[data-scan-target]");
  return form?.getAttribute("hx-post").replace(/lines$/, what);
}

function copy() {
  const marked = list()?.querySelector('tr[aria-selected="true"]');
  const chosen = picked().length ? picked() : marked ? [marked] : [];
  if (!chosen.length || !address("copy")) return;
  const numbers = chosen.map((row) => row.dataset.row).join(" ");
  window.htmx.ajax("POST", address("copy"), { source: list(), target: "body", swap: "none", values: { numbers } });
}

function paste() {
  if (!address("paste")) return;
  window.htmx.ajax("POST", address("paste"), { source: document.getElementById("lines"), target: "body", swap: "none" });
}

function isOurs(target) {
  if (document.querySelector("dialog[open]")) return false;
  if (target.closest?.("#lines") || target === document.body || target.matches?.("main")) return true;
  return Boolean(target.matches?.("[data-default-field]")) && !target.value;
}

document.addEventListener("click", (event) => {
  if (held) { held = false; event.preventDefault(); event.stopPropagation(); return; }
  if (choose(event)) return;
  if (event.target.closest?.("[data-copy]")) copy();
}, { capture: true });
document.addEventListener("contextmenu", choose, { capture: true });

document.addEventListener("pointerdown", (event) => {
  const row = event.pointerType === "touch" ? event.target.closest?.("[data-list][data-copies] tr[data-row]") : null;
  held = false;
  if (row) holding = setTimeout(() => { held = true; pick(row, !row.classList.contains("is-picked")); from = row; }, HOLD_MS);
});
for (const end of ["pointerup", "pointercancel", "pointermove"]) document.addEventListener(end, () => clearTimeout(holding));

document.addEventListener("keydown", (event) => {
  if (!event.ctrlKey || event.altKey || !list() && event.key !== "v" || !isOurs(event.target)) return;
  const act = { c: copy, v: paste, a: () => rows().forEach((row) => pick(row)) }[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});
