// The print on screen: the browser's printer, and the way back.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
  if (event.target.closest?.("[data-back]")) history.length > 1 ? history.back() : window.close();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && history.length > 1) history.back();
});
document.querySelector("[data-print]")?.focus();
