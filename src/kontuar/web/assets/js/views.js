// The window of a view: rows are moved by their arrows or by Alt with an arrow key; what is kept is the order of the rows.
function write(form) {
  for (const list of form.querySelectorAll("[data-view-list]")) {
    const keys = [...list.children].map((row) => {
      const box = row.querySelector("[data-view-shown]");
      return (box.checked || box.disabled ? "" : "-") + row.dataset.viewPiece;
    });
    form.querySelector(`[data-view-keys="${CSS.escape(list.dataset.viewList)}"]`).value = keys.join(" ");
  }
}

function move(row, way, focus) {
  const other = way === "up" ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (way === "up") other.before(row);
  else other.after(row);
  focus.focus();
  row.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const arrow = event.target.closest?.("[data-view-move]");
  if (arrow) move(arrow.closest("[data-view-piece]"), arrow.dataset.viewMove, arrow);
});

document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-view-piece]");
  if (!row || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.altKey) return move(row, event.key === "ArrowUp" ? "up" : "down", event.target);
  const next = event.key === "ArrowUp" ? row.previousElementSibling : row.nextElementSibling;
  next?.querySelector("input:not(:disabled), button")?.focus();
}, { capture: true });

document.addEventListener("htmx:configRequest", (event) => {
  const form = document.querySelector("[data-view-form]");
  if (!form || !event.detail.path.startsWith("/views/") || event.detail.verb !== "post") return;
  write(form);
  for (const field of form.querySelectorAll("[data-view-keys]")) event.detail.parameters[field.name] = field.value;
});
