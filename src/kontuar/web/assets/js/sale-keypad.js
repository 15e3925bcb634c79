// The keypad of a document's form: codes, or quantity, discount and header discount; confirming goes back to codes.
// Beside it, the quantity that is chosen before an article of the quick-sale panel.
const FOLDED = document.querySelector("#quick") ? "kontuar.keypad.folded.quick" : "kontuar.keypad.folded";

function keypad() {
  return document.querySelector("[data-keypad]");
}

function say(context) {
  for (const button of document.querySelectorAll("[data-keypad-context]")) {
    button.setAttribute("aria-pressed", String(button.dataset.keypadContext === context));
  }
}

function backToCodes() {
  document.getElementById("keypad-edit")?.replaceChildren();
  say("code");
  document.querySelector("[data-default-field]")?.focus({ preventScroll: true });
}

async function choose(context) {
  const line = document.querySelector('#lines-rows tr[aria-selected="true"]')?.dataset.row;
  if (context === "code" || (!line && context !== "header")) return backToCodes();
  const place = context === "header" ? "" : `/lines/${line}`;
  const url = `/sale/${keypad().dataset.doc}${place}/keypad/${context}`;
  await window.htmx.ajax("GET", url, { target: "#keypad-edit", swap: "innerHTML" });
  say(context);
  const field = document.getElementById("keypad-field");
  field?.focus();
  field?.select();
}

function fold(folded) {
  const place = keypad();
  if (!place) return;
  place.classList.toggle("is-folded", folded);
  place.querySelector("[data-keypad-fold]").setAttribute("aria-expanded", String(!folded));
}

function kept() {
  try { return localStorage.getItem(FOLDED); } catch { return null; } // storage is closed: as new
}

function keep(folded) {
  try { localStorage.setItem(FOLDED, folded ? "yes" : "no"); } catch { return; }
}

function step(by) {
  const field = document.getElementById("quick-quantity");
  const now = Number.parseInt(field.value, 10) || 0;
  field.value = String(Math.max(1, now + by));
}

document.addEventListener("click", (event) => {
  const context = event.target.closest?.("[data-keypad-context]");
  if (context) choose(context.dataset.keypadContext);
  const steps = event.target.closest?.("[data-quick-step]");
  if (steps) step(Number(steps.dataset.quickStep));
  if (event.target.closest?.("[data-keypad-fold]")) {
    const folded = !keypad().classList.contains("is-folded");
    fold(folded);
    keep(folded);
  }
});

// Per cent, price or amount: the field shows what the chosen one is now, in its unit.
document.addEventListener("change", (event) => {
  const choice = event.target.closest?.("[data-how] input");
  const field = choice?.form.elements.amount;
  if (!field) return;
  field.value = choice.dataset.shownValue;
  field.dataset.padField = choice.dataset.caption;
  for (const caption of choice.form.querySelectorAll("[data-how-caption]")) caption.textContent = choice.dataset.caption;
  for (const unit of choice.form.querySelectorAll("[data-how-unit]")) unit.textContent = choice.dataset.unit;
  field.focus();
  field.select();
});

// A touch on a context leaves the focus where it is until the field is there.
document.addEventListener("pointerdown", (event) => {
  if (event.target.closest?.("[data-keypad-context], [data-quick-step]")) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest?.("#keypad-form")) {
    event.preventDefault();
    backToCodes();
  }
}, { capture: true });

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.detail.elt.id === "keypad-form") backToCodes();
});

document.addEventListener("kontuar:added", () => {
  const field = document.getElementById("quick-quantity");
  if (field) field.value = "1";
});

// Quick sale needs the room for articles: there the keypad is folded until somebody wants it.
fold((kept() ?? (document.querySelector("#quick") ? "yes" : "no")) === "yes");
