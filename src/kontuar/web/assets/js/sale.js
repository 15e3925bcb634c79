// The form of a receipt: every change tells the till which lines the screen shows and which is marked, so that only what changed comes back;
// going back with lines on the receipt asks in a window instead of leaving.
function shown() {
  return document.getElementById("foot")?.dataset.shown ?? "";
}

document.addEventListener("htmx:configRequest", (event) => {
  const { verb, path, parameters } = event.detail;
  if (verb !== "post" || !path.startsWith("/sale/")) return;
  parameters.shown = shown();
  parameters.marked = document.querySelector('#lines-rows tr[aria-selected="true"]')?.dataset.row ?? "0";
});

document.addEventListener("click", (event) => {
  const back = event.target.closest?.('header [data-action="back"]');
  if (!back) return;
  event.preventDefault();
  window.htmx.ajax("GET", back.getAttribute("href"), { source: back, target: "#dialog-body", swap: "innerHTML" });
});
