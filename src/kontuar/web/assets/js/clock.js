// The time at the shop, whatever zone the browser is set to, written as the page's language writes it.
import { shopZone } from "./words.js";

function show() {
  const now = new Date();
  const words = new Intl.DateTimeFormat(document.documentElement.lang || "en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...shopZone() }).format(now);
  for (const place of document.querySelectorAll("[data-clock]")) {
    place.textContent = words;
    place.dateTime = now.toISOString();
  }
}

function tick() {
  show();
  setTimeout(tick, 60_000 - (Date.now() % 60_000));
}

tick();
