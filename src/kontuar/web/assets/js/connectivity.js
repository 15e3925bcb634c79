// Says in the bar, without being asked, whether head office and store are reached. It never blocks anything: each
// question has its own time limit, and the next is asked only after the last was answered or given up.
// The answer: {"state": "online" | "store" | "offline", "waiting": documents, "since": instant or null,
// "label": words or absent, "detail": words or absent, "warnings": [{"kind": "warn" | "bad", "text": words}] or absent}.
import { icon, shopZone, word } from "./words.js";

const GLYPHS = { online: "cloud", store: "store", offline: "cloud-off", silent: "cloud-off" };
const SILENT_AFTER = 2; // one lost answer is no news

const place = document.getElementById("connectivity");
const warnings = document.getElementById("warnings");
let unanswered = 0;

function hourOf(instant) {
  const moment = new Date(instant);
  if (Number.isNaN(moment.getTime())) return "";
  const day = new Intl.DateTimeFormat("en", { dateStyle: "short", ...shopZone() });
  const form = day.format(moment) === day.format(new Date()) ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", { ...form, ...shopZone() }).format(moment);
}

function detailOf({ state, waiting, since, detail }) {
  if (detail) return detail;
  if (state === "online" && !waiting) return "";
  if (waiting && since) return word("waiting_since", { count: waiting, time: hourOf(since) });
  if (waiting) return word("waiting", { count: waiting });
  return state === "store" ? word("store_more") : "";
}

function show(status) {
  const changed = place.dataset.state !== status.state;
  if (changed) {
    place.dataset.state = status.state;
    place.querySelector(".icon").replaceWith(icon(GLYPHS[status.state] ?? "cloud-off"));
    place.dispatchEvent(new CustomEvent("kontuar:connectivity", { bubbles: true, detail: status }));
  }
  set("[data-link-state]", status.label || word(status.state));
  const detail = detailOf(status);
  set("[data-link-more]", detail);
  place.title = detail; // a narrow bar cuts it
}

// What the till warns of. While the program does not answer, what it said last stays.
function warn(rows) {
  if (!warnings || !rows) return;
  const shown = [...warnings.children].map((band) => `${band.className} ${band.textContent}`);
  if (shown.join("\n") === rows.map(({ kind, text }) => `band band--${kind} ${text}`).join("\n")) return;
  warnings.replaceChildren(...rows.map(({ kind, text }) => {
    const band = document.createElement("div");
    const words = document.createElement("span");
    band.className = `band band--${kind}`;
    words.textContent = text;
    band.append(icon("warning"), words);
    return band;
  }));
}

// Written only when it differs: a live region repeats whatever is written into it.
function set(selector, text) {
  const element = place.querySelector(selector);
  if (element.textContent !== text) element.textContent = text;
}

async function ask() {
  const wait = Number(place.dataset.pollMs) || 2000;
  try {
    const answer = await fetch(place.dataset.statusUrl, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(Math.max(wait, 1500)) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    unanswered = 0;
    const status = await answer.json();
    show(status);
    warn(status.warnings);
  } catch {
    unanswered += 1;
    if (unanswered >= SILENT_AFTER) show({ state: "silent" });
  }
  setTimeout(ask, document.hidden ? wait * 5 : wait);
}

function listen() {
  const source = new EventSource(place.dataset.eventsUrl);
  source.addEventListener("message", (event) => {
    const status = JSON.parse(event.data);
    show(status);
    warn(status.warnings);
  });
  source.addEventListener("error", () => show({ state: "silent" })); // the browser connects again by itself
}

if (place) {
  const { state, waiting, since } = place.dataset;
  show({ state, waiting: Number(waiting), since });
  if (place.dataset.eventsUrl) listen();
  else if (place.dataset.statusUrl) setTimeout(ask, Number(place.dataset.pollMs) || 2000);
}
