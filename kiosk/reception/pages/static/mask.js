// Masked mode for a screen that patients see: names, birth dates and numbers are covered until a row is pressed.
import { kept, keep } from "./kept.js";
import { said } from "./words.js";

const root = document.documentElement;
const button = document.getElementById("mask");

export function start() {
  show((kept("masked") ?? "beginsMasked" in root.dataset) || new URLSearchParams(location.search).has("masked"));
  document.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("#rows tr");
    if (row && !event.target.closest("button")) row.classList.add("peek");
  });
  for (const kind of ["pointerup", "pointercancel", "blur"]) window.addEventListener(kind, cover);
  document.addEventListener("keyup", (event) => { if (event.key === " ") cover(); });
}

export function toggle() {
  const masked = !("masked" in root.dataset);
  keep("masked", masked);
  show(masked);
}

export function peek() {
  document.querySelector("#rows tr[aria-selected=true]")?.classList.add("peek");
}

function cover() {
  for (const row of document.querySelectorAll("#rows tr.peek")) row.classList.remove("peek");
}

function show(masked) {
  root.toggleAttribute("data-masked", masked);
  button.setAttribute("aria-pressed", String(masked));
  button.textContent = said(masked ? "show" : "hide");
}
