// One dialog at a time. Whatever is swapped into #dialog-body opens it; an empty answer, Esc, its close buttons or the
// event kontuar:dialog-close close it; the focus goes back to where the hands were.
const dialog = document.getElementById("dialog");
const body = document.getElementById("dialog-body");
let returnTo = null;

function isLocked() {
  return body.querySelector("[data-locked]") !== null;
}

function open() {
  if (!dialog.open) {
    const from = document.activeElement;
    returnTo = { element: from, id: from?.id, action: from?.dataset?.action };
    dialog.showModal();
  }
  const first = body.querySelector("[autofocus], [data-first-focus]") ?? body.querySelector("[data-pad-default]") ?? body.querySelector("#dialog-title");
  first?.focus();
  if (first?.matches("input[data-pad-field]")) first.select();
}

/** Closes without asking; what must not be lost asks the till first (data-close-url). */
function close() {
  if (dialog.open) dialog.close();
}

function focusBack() {
  const { element, id, action } = returnTo ?? {};
  const again = element?.isConnected ? element : (id && document.getElementById(id)) || (action && document.querySelector(`[data-action="${CSS.escape(action)}"]`));
  const place = again && again !== document.body ? again : document.querySelector("[data-default-field]");
  place?.focus({ preventScroll: true });
  returnTo = null;
}

// A window may name the request that closes it (the payment window asks the till whether it may).
function leave() {
  if (isLocked()) return;
  const asks = body.querySelector("[data-on-close]");
  if (asks) asks.click();
  else close();
}

if (dialog) {
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body) return;
    if (body.querySelector("[data-window]")) open();
    else close();
  });
  document.addEventListener("kontuar:dialog-close", close);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(); });
  dialog.addEventListener("keydown", (event) => {
    // Chromium lets a second Esc through whatever "cancel" says; so Esc is answered here
    if (event.key === "Escape" && !event.defaultPrevented) { event.preventDefault(); leave(); }
  });
  dialog.addEventListener("close", () => {
    for (const id of ["toasts", "flash", "shortcut-sheet"]) bringHome(document.getElementById(id));
    body.replaceChildren();
    focusBack();
  });
  document.addEventListener("click", (event) => { if (event.target.closest?.("[data-close-dialog]")) leave(); });
  if (body.querySelector("[data-window]")) open();
}

function bringHome(element) {
  if (!element || element.parentElement === document.body) return;
  const shown = element.matches(":popover-open");
  document.body.append(element);
  if (shown) element.showPopover();
}
