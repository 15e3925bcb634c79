// A request that needs a right another operator has: the refused request is remembered while someone allows it in the
// window (403 with X-Kontuar-Right), then sent once more with what the till gave for the PIN (X-Authorisation).
let refused = null; // {verb, path, values, target, swap}

document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, requestConfig, target, elt, etc } = event.detail;
  if (xhr.status !== 403 || !xhr.getResponseHeader("X-Kontuar-Right")) return;
  const { verb, path, formData } = requestConfig;
  const swap = etc?.swapOverride ?? elt.closest("[hx-swap]")?.getAttribute("hx-swap") ?? "innerHTML";
  refused = { verb, path, values: Object.fromEntries(formData.entries()), target: target?.id ? `#${target.id}` : "#dialog-body", swap };
});

document.addEventListener("kontuar:authorised", (event) => {
  if (!refused) return;
  const { verb, path, values, target, swap } = refused;
  refused = null;
  document.dispatchEvent(new CustomEvent("kontuar:dialog-close"));
  const headers = { "X-Authorisation": event.detail.authorisation };
  window.htmx.ajax(verb.toUpperCase(), path, { source: document.body, target, swap, values, headers });
});
