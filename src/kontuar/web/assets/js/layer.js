// What lies on top. Everything outside an open dialog is inert, so messages and the sheet of keys move into it.

export function openDialog() {
  return document.querySelector("dialog[open]");
}

export function scope() {
  return openDialog() ?? document;
}

/** Shows a popover above all else: inside the open dialog, or on the page. */
export function raise(element) {
  const host = openDialog() ?? document.body;
  if (element.parentElement !== host) host.append(element);
  if (element.matches(":popover-open")) element.hidePopover();
  element.showPopover();
}

export function isVisible(element) {
  return element.getClientRects().length > 0;
}
