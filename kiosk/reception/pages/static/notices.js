// What tells somebody who does not look at this page: a sound, a notification of the desktop without names, a spoken line.
import { kept, keep } from "./kept.js";
import * as sound from "./sound.js";
import { said } from "./words.js";

export function notice(kind, spoken) {
  sound.play(kind);
  if (spoken) document.getElementById("announce").textContent = spoken;
  if (!kept("notify") || document.hasFocus() || !("Notification" in window) || Notification.permission !== "granted") return;
  new Notification(said("board"), { body: said(kind), tag: `reception-${kind}`, icon: "/static/icon.svg" });
}

// A box of the panel was changed: notifications are asked for by that very click.
export async function wanted(box) {
  if (box.dataset.keep === "notify" && box.checked) {
    const allowed = "Notification" in window ? await Notification.requestPermission() : "denied";
    if (allowed !== "granted") box.checked = false;
  }
  keep(box.dataset.keep, box.type === "checkbox" ? box.checked : Number(box.value));
}

export function start() {
  for (const box of document.querySelectorAll("[data-keep]")) {
    if (box.type === "checkbox") box.checked = kept(box.dataset.keep);
    else box.value = kept(box.dataset.keep);
    box.addEventListener("change", () => wanted(box));
  }
}
