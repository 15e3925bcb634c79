// Messages. Good ones leave by themselves; those that ask for something stay until answered.
import { raise } from "./layer.js";
import { icon, word } from "./words.js";

const GLYPHS = { good: "check", warn: "warning", bad: "warning" };
const SHOWN_MS = 5000;
const MOST = 4;

/** kind: "", good, warn, bad. action: {label, run}. name: a message of the same name replaces the one before. */
export function toast({ text, kind = "", action = null, sticky = kind === "bad", name = "" }) {
  const region = document.getElementById("toasts");
  if (!region) return null;
  if (name) dismiss(name);
  while (region.children.length >= MOST) region.firstElementChild.remove();
  const box = document.createElement("div");
  box.className = `toast${kind ? ` toast--${kind}` : ""}`;
  if (name) box.dataset.name = name;
  const words = document.createElement("span");
  words.className = "toast__text";
  words.textContent = text;
  box.append(icon(GLYPHS[kind] ?? "help"), words, actions(box, action));
  region.append(box);
  raise(region);
  if (!sticky) setTimeout(() => remove(box), SHOWN_MS);
  return box;
}

export function dismiss(name) {
  for (const box of document.querySelectorAll("#toasts .toast")) if (box.dataset.name === name) remove(box);
}

function remove(box) {
  const region = document.getElementById("toasts");
  box.remove();
  if (region && !region.children.length && region.matches(":popover-open")) region.hidePopover();
}

function actions(box, action) {
  const row = document.createElement("span");
  row.className = "toast__actions";
  if (action) {
    const run = document.createElement("button");
    run.type = "button";
    run.className = "button";
    run.textContent = action.label;
    run.addEventListener("click", () => { remove(box); action.run(); });
    row.append(run);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button--quiet button--icon";
  close.setAttribute("aria-label", word("close"));
  close.append(icon("close"));
  close.addEventListener("click", () => remove(box));
  row.append(close);
  return row;
}

document.addEventListener("kontuar:toast", (event) => toast(event.detail));
