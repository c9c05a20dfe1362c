// One sound a kind: two notes for an arrival, three low ones for a call, a falling pair for a trouble. Made here, no files.
// Browsers keep a page silent until it was clicked, or the page before it (the sign-in). Of several tabs one is heard.
import { kept } from "./kept.js";
import { said } from "./words.js";

const NOTES = { arrival: [330, 392], help: [262, 262, 262], trouble: [392, 247, 392, 247] };
const APART = 0.17;
const AGAIN = 30000;
let audio = null;
let quietUntil = 0;
let mine = !navigator.locks;
let lastArrival = 0;

export function start() {
  audio = new AudioContext();
  audio.onstatechange = show;
  show();
}

export function arm() {
  if (audio && audio.state === "suspended") audio.resume();
}

export function play(kind) {
  document.documentElement.dataset.sounded = kind;
  if (kind === "arrival") lastArrival = performance.now();
  if (mine) ring(kind);
}

export function trial(kind) {
  arm();
  quietUntil = 0;
  ring(kind);
}

// Once a second: an arrival that nobody has taken rings again, where the desk wants it.
export function tick(open) {
  if (open && kept("repeat") && performance.now() - lastArrival > AGAIN) play("arrival");
}

function show() {
  const runs = audio.state === "running";
  document.getElementById("mute").hidden = runs;
  document.getElementById("sound").setAttribute("aria-pressed", String(runs));
  document.querySelector("#sound span").textContent = said(runs ? "sound" : "silent");
  if (runs && !mine) navigator.locks.request("reception-sound", () => { mine = true; return new Promise(() => {}); });
}

function ring(kind) {
  if (!audio || audio.state !== "running" || audio.currentTime < quietUntil) return;
  const loud = (kept("volume") / 100) * 0.4;
  if (!loud) return;
  quietUntil = audio.currentTime + 1;
  NOTES[kind].forEach((pitch, index) => {
    const begin = audio.currentTime + index * APART;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.type = kind === "trouble" ? "triangle" : "sine";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(loud, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.32);
  });
}
