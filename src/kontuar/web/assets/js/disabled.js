// What cannot be pressed now stays visible, takes the focus and says why; it does nothing else.
document.addEventListener("click", (event) => {
  const refused = event.target.closest?.('[aria-disabled="true"]');
  if (!refused) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  refused.focus();
}, { capture: true });

/** Why an element cannot be pressed now, or "". */
export function reasonOf(element) {
  const told = element.getAttribute("aria-describedby");
  return (told && document.getElementById(told)?.textContent) || element.querySelector(".tile__note")?.textContent || "";
}
