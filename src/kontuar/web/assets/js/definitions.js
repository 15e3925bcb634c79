// Lists of rows in a definition's form: add, remove, and the name of what a code names.
let next = 1000; // numbers only keep the parts of a row together

function addRow(list) {
  const body = list.querySelector(".rows__body");
  const holder = document.createElement("div");
  holder.innerHTML = list.querySelector("template").innerHTML.replaceAll(".__.", `.${next++}.`);
  const row = holder.firstElementChild;
  body.append(row);
  window.htmx.process(row);
  row.querySelector("input, select").focus();
}

function removeRow(button) {
  const row = button.closest(".rows__row");
  const list = row.closest("[data-rows]");
  const near = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (near?.querySelector("input, select") ?? list.querySelector("[data-add-row]")).focus();
}

document.addEventListener("click", (event) => {
  const add = event.target.closest?.("[data-add-row]");
  if (add) addRow(add.closest("[data-rows]"));
  const remove = event.target.closest?.("[data-remove-row]");
  if (remove) removeRow(remove);
});

document.addEventListener("keydown", (event) => {
  const row = event.key === "Enter" && event.target.matches?.("input") ? event.target.closest(".rows__row") : null;
  if (!row) return;
  event.preventDefault(); // a scanner ends its code with Enter: that means the next row, not the form
  const following = row.nextElementSibling;
  if (following) following.querySelector("input, select").focus();
  else addRow(row.closest("[data-rows]"));
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (!field.matches?.("input[list]")) return;
  const chosen = [...(field.list?.options ?? [])].find((option) => option.value === field.value);
  const name = field.parentElement.querySelector("[data-named], .rows__name");
  if (name) name.textContent = chosen ? chosen.textContent : "";
});

// A row that the server gives gets its number here, as every other new one; it takes the place of an empty one.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.matches?.(".rows__body") && event.detail.shouldSwap) {
    event.detail.serverResponse = event.detail.serverResponse.replaceAll(".__.", `.${next++}.`);
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const body = event.detail.target;
  if (!body?.matches?.(".rows__body")) return;
  for (const row of [...body.children].slice(0, -1)) {
    if ([...row.querySelectorAll("input")].every((input) => !input.value)) row.remove();
  }
  body.lastElementChild.querySelector("input").focus();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "definition" && event.detail.target?.id !== "definition") return;
  document.querySelector("#definition [aria-invalid=true], #definition .note")?.scrollIntoView({ block: "center" });
});
