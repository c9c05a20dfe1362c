// Whether somebody sits here: pressing anything keeps the session awake; after a while without, names are masked.
import { say } from "./door.js";
import { said } from "./words.js";

const EVERY = 30000;
const after = Number(document.documentElement.dataset.idleAfter) * 1000 + 2000;
let told = performance.now();
let timer = 0;

const masked = () => "idle" in document.documentElement.dataset;

async function tell() {
  if (masked() || performance.now() - told < EVERY) return;
  told = performance.now();
  wait();
  const token = document.querySelector("meta[name='csrf-token']").content;
  const answer = await fetch("/api/v1/me/here", { method: "POST", headers: { "x-csrf-token": token } }).catch(() => null);
  if (answer && answer.status === 401) await look();
}

// The board once more as the server gives it now: to a session that nobody uses, with names masked.
async function look() {
  const answer = await fetch("/board", { headers: { accept: "text/html", "x-automatic": "1" } }).catch(() => null);
  if (!answer) { wait(); return; }
  if (answer.redirected) { location.assign("/sign-in?back=/board"); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!("idle" in page.documentElement.dataset)) { wait(); return; }
  document.documentElement.dataset.idle = "";
  document.getElementById("rows").replaceChildren(...page.getElementById("rows").children);
  document.getElementById("idle").hidden = false;
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(look, after);
}

export function signedOut() { location.assign("/sign-in?back=/board"); }

for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, tell, { passive: true });
document.addEventListener("click", (event) => {
  if (masked() && event.target.closest("[data-action]:not([data-action='sound'])")) say(said("idle"));
});
if (!masked()) wait();
