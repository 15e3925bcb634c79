// A long list of areas opens where one is.
document.querySelector('#nav [aria-current="page"]')?.scrollIntoView({ block: "nearest" });

// Menus that unfold close when one looks elsewhere, or opens a window from them; the areas of the head office slide in on a phone.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target) || event.target.closest('[hx-target="#dialog-body"]')) menu.open = false;
  }
  const toggle = event.target.closest?.("[data-toggle]");
  const nav = document.getElementById("nav");
  if (!nav) return;
  const open = toggle ? !nav.classList.contains("is-open") : nav.contains(event.target) && nav.classList.contains("is-open");
  nav.classList.toggle("is-open", open);
  document.querySelector("[data-toggle]")?.setAttribute("aria-expanded", String(open));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-menu][open]");
  const nav = document.querySelector("#nav.is-open");
  if (!menu && !nav) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  if (nav) nav.classList.remove("is-open");
}, { capture: true });
