// The list of unapproved documents: a scanned number marks its row, or looks for it past the filters.
document.addEventListener("kontuar:mark", (event) => {
  const { row: key, otherwise } = event.detail;
  const row = [...document.querySelectorAll("tr[data-row]")].find((one) => one.dataset.row === key);
  if (row) row.click();
  else location.assign(otherwise);
});

// A second click on a row continues the document, as Enter does.
document.addEventListener("dblclick", (event) => {
  const row = event.target.closest?.("tr[data-row]");
  if (row && !event.target.closest("button, a, input")) row.dispatchEvent(new CustomEvent("kontuar:open", { bubbles: true }));
});

// The row that was marked before the page was left is marked again before htmx listens: its buttons are asked for now.
window.addEventListener("load", () => {
  const row = document.querySelector('tr[data-row][aria-selected="true"]');
  row?.dispatchEvent(new CustomEvent("kontuar:marked", { bubbles: true, detail: { row: row.dataset.row } }));
});
