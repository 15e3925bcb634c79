// The design page alone: shows what on real screens an answer of the till would show.
import { signal } from "./feedback.js";
import { toast } from "./toast.js";

const kinds = ["added", "unknown", "refused"];
let turn = 0;

document.addEventListener("click", (event) => {
  const what = event.target.closest?.("[data-show]")?.dataset.show;
  if (what === "toast") toast({ text: "Parked here only: the other tills see it once the store is reached.", kind: "warn" });
  if (what === "flash") signal(kinds[turn++ % kinds.length], { code: "5901234123457" });
  const template = what && document.getElementById(what);
  if (!template?.content) return;
  const body = document.getElementById("dialog-body");
  body.replaceChildren(template.content.cloneNode(true));
  body.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true, detail: { target: body } }));
});
