// A scan's answer for ear, eye and screen reader: kontuar:added / unknown / refused, sent by the till as HX-Trigger.
import { raise } from "./layer.js";
import { word } from "./words.js";

// [frequency in Hz, start in s, length in s]: one short high tone, two equal middle ones, one long low one
const TONES = {
  added: [[1320, 0, 0.07]],
  unknown: [[620, 0, 0.11], [620, 0.17, 0.11]],
  refused: [[240, 0, 0.34]],
};
let audio = null;

function isSilent() {
  try { return localStorage.getItem("kontuar.sound") === "off"; } catch { return false; }
}

function sound(kind) {
  if (isSilent() || !window.AudioContext) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume().catch(() => undefined); // no gesture yet: the flash says it alone
  for (const [hertz, start, length] of TONES[kind]) tone(hertz, audio.currentTime + start, length);
}

function tone(hertz, start, length) {
  const wave = audio.createOscillator();
  const volume = audio.createGain();
  wave.type = hertz < 500 ? "square" : "sine";
  wave.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(hertz < 500 ? 0.12 : 0.25, start + 0.008);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + length);
  wave.connect(volume).connect(audio.destination);
  wave.start(start);
  wave.stop(start + length + 0.02);
}

function flash(kind) {
  const frame = document.getElementById("flash");
  if (!frame) return;
  frame.dataset.kind = kind;
  raise(frame);
  frame.classList.remove("is-on");
  void frame.offsetWidth; // starts the animation anew for a second scan in the same moment
  frame.classList.add("is-on");
  clearTimeout(frame.fading);
  frame.fading = setTimeout(() => { frame.classList.remove("is-on"); if (frame.matches(":popover-open")) frame.hidePopover(); }, 450);
}

/** kind: added, unknown, refused. detail.text: what to say beside it. */
export function signal(kind, detail = {}) {
  sound(kind);
  flash(kind);
  const status = document.querySelector("[data-scan-status]");
  if (!status) return;
  status.dataset.kind = kind;
  status.querySelector("[data-scan-text]").textContent = detail?.text || word(kind, { code: detail?.code ?? "" });
}

for (const kind of Object.keys(TONES)) document.addEventListener(`kontuar:${kind}`, (event) => signal(kind, event.detail));
