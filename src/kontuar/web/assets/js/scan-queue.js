// Scans go to the document one after another, in their order, whatever else the page is doing. A scan leaves the queue
// when the till has answered it; until then it survives a reload of the page, and is sent again with the same scan_id.
import { SCAN_HEADER, problems } from "./failures.js";
import { signal } from "./feedback.js";
import { openDialog } from "./layer.js";
import { dismiss, toast } from "./toast.js";
import { word } from "./words.js";

const KEPT = "kontuar.scans";
const RETRY_MS = [500, 1000, 2000, 4000];
const AGAIN_LATER = [0, 401, 408, 425, 429, 502, 503, 504];

let queue = restore(); // [{id, code, form}]: form is the address the scan belongs to
let sending = null;
let failures = 0;
let pressedEarly = null;

function restore() {
  try { return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"); } catch { return []; } // unreadable: nothing to send
}

function keep() {
  try { sessionStorage.setItem(KEPT, JSON.stringify(queue)); } catch { toast({ text: word("scans_waiting", { count: queue.length }), kind: "warn" }); }
  showWaiting();
}

function showWaiting() {
  const place = document.querySelector("[data-scan-waiting]");
  if (place) place.textContent = queue.length > 1 ? word("scans_waiting", { count: queue.length }) : "";
}

/** The form that takes scans: the open dialog's own one (a card asked for), else the document's. */
function scanForm() {
  return openDialog()?.querySelector("[data-scan-target]") ?? document.querySelector("[data-scan-target]");
}

function addressOf(form) {
  return form.getAttribute("hx-post") || form.getAttribute("data-hx-post") || form.getAttribute("action") || location.pathname;
}

function formAt(address) {
  return [...document.querySelectorAll("[data-scan-target]")].find((form) => addressOf(form) === address) ?? null;
}

// Times of a till may be set back and http off loopback has no randomUUID: random bytes serve everywhere.
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function enqueue(code) {
  const form = scanForm();
  if (!form) {
    signal("unknown", { text: word("scan_nowhere", { code }) });
    toast({ text: word("scan_nowhere", { code }), kind: "warn" });
    return;
  }
  queue.push({ id: newId(), code, form: addressOf(form) });
  keep();
  next();
}

function next() {
  if (sending || !queue.length || !window.htmx) return;
  const scan = queue[0];
  const form = formAt(scan.form);
  if (!form) return document.querySelector("[data-scan-target]") ? leave() : undefined;
  sending = scan;
  const lane = laneOf(form);
  const values = { [form.dataset.scanField || "code"]: scan.code, scan_id: scan.id };
  const swap = form.closest("[hx-target], [data-hx-target]") ? undefined : "none";
  const headers = { [SCAN_HEADER]: scan.id };
  window.htmx.ajax("POST", scan.form, { source: lane, swap, values, headers }).catch(() => undefined); // answered by the event below
}

// A request of its own source inside the form: it takes the form's target, swap and fields, and waits for no one else's.
function laneOf(form) {
  let lane = form.querySelector(":scope > [data-scan-lane]");
  if (!lane) {
    lane = document.createElement("span");
    lane.dataset.scanLane = "";
    lane.hidden = true;
    lane.setAttribute("hx-sync", "this:queue all");
    form.append(lane);
  }
  return lane;
}

// The document that these scans belong to is no longer on the screen: say which, rather than add them to another one.
function leave() {
  const gone = queue[0].form;
  const codes = queue.filter((scan) => scan.form === gone).map((scan) => scan.code);
  queue = queue.filter((scan) => scan.form !== gone);
  keep();
  toast({ text: word("scan_other", { codes: codes.join(", ") }), kind: "warn", sticky: true });
  next();
}

// A code typed by hand and taken leaves the field; whatever was typed meanwhile stays.
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful, requestConfig } = event.detail;
  if (!successful || !elt.matches("[data-scan-target]")) return;
  const field = elt.elements[elt.dataset.scanField || "code"];
  if (field && field.value === requestConfig.formData.get(field.name)) field.value = "";
});

document.addEventListener("htmx:afterRequest", (event) => {
  const id = event.detail.requestConfig?.headers?.[SCAN_HEADER];
  if (!sending || id !== sending.id) return;
  const scan = sending;
  sending = null;
  const { xhr } = event.detail;
  if (AGAIN_LATER.includes(xhr.status)) return later(xhr.status, problems(xhr).join(" "));
  answered(scan, xhr);
});

function answered(scan, xhr) {
  failures = 0;
  dismiss("scans");
  queue.shift();
  keep();
  if (xhr.status >= 400) {
    const said = problems(xhr).join(" ");
    signal(xhr.status === 404 ? "unknown" : "refused", { text: said || word(xhr.status === 404 ? "unknown" : "refused", scan) });
  }
  setTimeout(() => { next(); pressWhatWaited(); }, 0);
}

function later(status, said) {
  const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
  failures += 1;
  if (status === 401) return; // signed out: kept, and sent when the document is open again
  if (said || failures > 1) toast({ text: `${said} ${word(said ? "scans_waiting" : "scans_held", { count: queue.length })}`.trim(), kind: "bad", name: "scans" });
  setTimeout(next, wait);
}

/** Paying must not overtake the last scan: what is marked data-after-scans is pressed once the queue is empty, also when
 * it cannot be pressed before the first scan is answered. Whether the press was kept for then. */
export function keptForAfterScans(element) {
  if (!queue.length || !element.matches("[data-after-scans]")) return false;
  pressedEarly = element;
  element.classList.add("htmx-request");
  return true;
}

document.addEventListener("click", (event) => {
  const element = event.target.closest?.("[data-after-scans]");
  if (!element || !keptForAfterScans(element)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });

function pressWhatWaited() {
  const early = pressedEarly;
  if (!early || queue.length) return;
  pressedEarly = null;
  early.classList.remove("htmx-request");
  const element = early.isConnected ? early : document.querySelector(`[data-action="${CSS.escape(early.dataset.action ?? "")}"]`);
  element?.click();
}

document.addEventListener("kontuar:scan", (event) => enqueue(event.detail.code));
window.addEventListener("online", next);
showWaiting();
next();
