// Lists by keyboard and touch: arrows walk, Enter or a click opens, the marked row is remembered and found again after
// a swap; a list that follows shows the line that came last. Columns shown or hidden are kept per list.
const MARKED = 'tr[data-row][aria-selected="true"]';

function rowsOf(list) {
  return [...list.querySelectorAll("tr[data-row]")];
}

function kept(store, list) {
  try { return JSON.parse(store.getItem(`kontuar.list.${list.dataset.list}`)); } catch { return null; } // unreadable: as new
}

function keep(store, list, value) {
  try { store.setItem(`kontuar.list.${list.dataset.list}`, JSON.stringify(value)); } catch { return; }
}

function mark(row, { focus = false } = {}) {
  const list = row.closest("[data-list]");
  const moved = row.getAttribute("aria-selected") !== "true";
  for (const other of rowsOf(list)) {
    const chosen = other === row;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
  }
  keep(sessionStorage, list, row.dataset.row);
  if (focus) row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (moved) row.dispatchEvent(new CustomEvent("kontuar:marked", { bubbles: true, detail: { row: row.dataset.row } }));
}

function open(row) {
  const address = row.dataset.href ?? row.dataset.open; // data-open: a click only marks, Enter or a second click opens
  if (address) location.assign(address);
  else row.dispatchEvent(new CustomEvent("kontuar:open", { bubbles: true }));
}

function walk(list, from, key) {
  const rows = rowsOf(list);
  const at = rows.indexOf(from);
  const page = 8;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1, PageDown: at + page, PageUp: Math.max(0, at - page) }[key];
  if (to >= rows.length && key !== "End") list.querySelector('[data-action="more"]')?.click();
  return rows[Math.max(0, Math.min(to, rows.length - 1))];
}

const KEYS = ["ArrowDown", "ArrowUp", "Home", "End", "PageDown", "PageUp"];

// From the find field or a filter the arrows go straight into the list below it.
function listNear(element) {
  if (element.matches("[data-default-field], .list__filters input")) {
    return (element.closest("dialog") ?? document).querySelector("[data-list]");
  }
  return null;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey) return;
  const row = event.target.closest?.("tr[data-row]");
  const inner = event.target.closest?.("tr[data-row] :is(button, a, input)");
  if (row && !inner && event.key === "Enter") { event.preventDefault(); open(row); return; }
  if (!KEYS.includes(event.key)) return;
  const near = row ? null : ["ArrowDown", "ArrowUp"].includes(event.key) && listNear(event.target);
  const list = row?.closest("[data-list]") ?? near;
  const to = list && (row ? walk(list, row, event.key) : list.querySelector(MARKED) ?? rowsOf(list)[0]);
  if (!to) return;
  event.preventDefault();
  mark(to, { focus: true });
});

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("tr[data-row]");
  if (!row) return;
  mark(row, { focus: !event.target.closest("button, a, input") });
  if (!event.target.closest("button, a, input") && (row.dataset.href || row.dataset.openOnClick !== undefined)) open(row);
});

document.addEventListener("dblclick", (event) => {
  const row = event.target.closest?.("tr[data-open]");
  if (row && !event.target.closest("button, a, input")) open(row);
});

// ---- columns ----

function hiddenOf(list) {
  const chosen = kept(localStorage, list);
  if (Array.isArray(chosen)) return new Set(chosen);
  return new Set([...list.querySelectorAll("th[data-hidden-column]")].map((cell) => cell.dataset.column));
}

function applyColumns(list) {
  const hidden = hiddenOf(list);
  for (const cell of list.querySelectorAll("[data-column]")) cell.hidden = hidden.has(cell.dataset.column);
  const chooser = list.closest("[data-list-area]") ?? document;
  for (const box of chooser.querySelectorAll("[data-column-toggle]")) box.checked = !hidden.has(box.dataset.columnToggle);
}

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.columnToggle;
  if (!name) return;
  const list = (event.target.closest("[data-list-area]") ?? document).querySelector("[data-list]");
  const hidden = hiddenOf(list);
  if (event.target.checked) hidden.delete(name);
  else hidden.add(name);
  keep(localStorage, list, [...hidden]);
  applyColumns(list);
});

// ---- after every swap ----

function settle(list) {
  if (list.querySelector("[data-column]")) applyColumns(list);
  const fresh = "follow" in list.dataset && [...list.querySelectorAll("tr.is-new:not([data-shown])")].at(-1);
  if (fresh) {
    fresh.dataset.shown = ""; // shown once: a later swap leaves the mark where the hands are
    return mark(fresh);
  }
  if (list.querySelector(MARKED)) return;
  const last = kept(sessionStorage, list);
  const rows = rowsOf(list);
  const again = rows.find((row) => row.dataset.row === last);
  if (again) mark(again);
  else if (rows[0]) rows[0].tabIndex = 0;
}

function settleAll() {
  for (const list of document.querySelectorAll("[data-list]")) settle(list);
}

document.addEventListener("htmx:afterSettle", settleAll);
settleAll();
