// What was typed in a definition's form is not lost by a key or a link: whoever leaves is asked, and told what it is.
const form = () => document.getElementById("definition");
const NEVER_TYPED = new Set(["key", "version", "similar_seen", "csrf_token"]);
let leaving = false;

// "units.3.factor" belongs to the list "units"; the numbers only keep the parts of a row together
function held() {
  const found = new Map();
  for (const [name, value] of new FormData(form())) {
    const field = name.split(".")[0];
    const text = value instanceof File ? value.name : value;
    if (NEVER_TYPED.has(field) || !text) continue;
    found.set(field, `${found.get(field) ?? ""}\n${text}`);
  }
  return found;
}

const saved = form() ? held() : new Map();

function changed() {
  if (leaving || !form()) return [];
  const now = held();
  return [...new Set([...saved.keys(), ...now.keys()])].filter((field) => saved.get(field) !== now.get(field));
}

/** What the form calls a field. */
function labelOf(field) {
  const input = form().querySelector(`[name="${CSS.escape(field)}"]`);
  const list = form().querySelector(`[data-rows="${CSS.escape(field)}"] > legend`);
  const label = list ?? input?.closest("label.check:only-child")?.querySelector("span") ?? input?.closest("fieldset")?.querySelector("legend")
    ?? input?.closest(".field")?.querySelector(".field__label") ?? input?.closest("label");
  return (label?.firstChild?.textContent ?? label?.textContent ?? field).trim();
}

function ask(fields, leave) {
  const template = document.getElementById("leave-question");
  const body = document.getElementById("dialog-body");
  body.replaceChildren(template.content.cloneNode(true));
  for (const field of fields) {
    const item = document.createElement("li");
    item.textContent = labelOf(field);
    body.querySelector("[data-lost]").append(item);
  }
  body.querySelector("[data-leave]").addEventListener("click", () => { leaving = true; leave(); });
  body.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true, detail: { target: body } }));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.target === "_blank" || link.hasAttribute("download") || link.getAttribute("href").startsWith("#")) return;
  const fields = changed();
  if (!fields.length || !document.getElementById("leave-question")) return;
  event.preventDefault();
  event.stopPropagation();
  ask(fields, () => { location.href = link.href; });
}, true);

// Closing the window, going back, another language: the browser asks in its own words.
addEventListener("beforeunload", (event) => { if (changed().length) event.preventDefault(); });

// What was saved or removed takes its reader elsewhere by itself.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) leaving = true;
});
