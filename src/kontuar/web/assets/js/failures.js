// A request that fails never takes what was typed with it: nothing is swapped, and the same request can be sent again.
// A refusal (4xx) in HTML is shown where the answer would have been; one in JSON ({"problems": [{"message"}]}) as a message.
import { dismiss, toast } from "./toast.js";
import { word } from "./words.js";

export const SCAN_HEADER = "X-Kontuar-Scan";

function isScan(detail) {
  return Boolean(detail.requestConfig?.headers?.[SCAN_HEADER]);
}

function isHtml(xhr) {
  return (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/html");
}

/** The messages of a refusal in JSON, or an empty list. */
export function problems(xhr) {
  if (isHtml(xhr)) return [];
  try {
    const found = JSON.parse(xhr.responseText)?.problems;
    return Array.isArray(found) ? found.map((problem) => problem.message ?? problem.code) : [];
  } catch {
    return []; // not JSON: the caller says what the status means
  }
}

function again(detail) {
  const config = detail.requestConfig;
  const { elt, target, verb, path, formData: values } = config;
  if (!elt.isConnected) return null;
  return { label: word("retry"), run: () => window.htmx.ajax(verb.toUpperCase(), path, { source: elt, target, values }) };
}

function tell(detail, text) {
  if (isScan(detail)) return; // the queue of scans retries by itself and says so
  toast({ text, kind: "bad", name: "failure", action: again(detail) });
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && xhr.status < 500 && xhr.status !== 401 && isHtml(xhr)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("htmx:sendError", (event) => tell(event.detail, word("no_answer")));
document.addEventListener("htmx:timeout", (event) => tell(event.detail, word("too_slow")));
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 401) toast({ text: word("signed_out"), kind: "bad", name: "failure" });
  else if (xhr.status >= 500) tell(event.detail, problems(xhr).join(" ") || word("failed", { status: xhr.status }));
  else if (!isScan(event.detail)) refuse(xhr);
});

// Something is done anew, or its window is closed: the old refusal would only stand in the way.
function forget() {
  for (const name of ["refusal", "unknown-code", "card", "payment"]) dismiss(name);
}

document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.requestConfig.verb === "post") forget(); });
document.getElementById("dialog")?.addEventListener("close", forget);

function refuse(xhr) {
  const said = problems(xhr);
  const text = said.length ? said.join(" ") : word("failed", { status: xhr.status });
  toast({ text, kind: "warn", sticky: true, name: "refusal" });
}
