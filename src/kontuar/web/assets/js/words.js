// Words of the scripts themselves, translated by the page (script#words).
const ICONS = new URL("../icons.svg", import.meta.url).pathname; // of this version, as the page's own
let table = null;

/** The zone the shop keeps its books in, as Intl takes it; without one the browser's own serves. */
export function shopZone() {
  const zone = document.documentElement.dataset.zone;
  return zone ? { timeZone: zone } : {};
}

export function word(name, values = {}) {
  table ??= JSON.parse(document.getElementById("words")?.textContent || "{}");
  const text = table[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}
