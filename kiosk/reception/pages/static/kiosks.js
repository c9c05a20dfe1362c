// The kiosk strip: what each kiosk does now, how long it has been silent, how long a visual check may still take.
import { piece } from "./door.js";
import { said } from "./words.js";

const strip = document.getElementById("kiosks");
const heardAt = new Map();
const endsAt = new Map();
const asking = new Map();

export function start() {
  for (const card of strip.children) note(card);
}

export function heard(id) {
  heardAt.set(id, performance.now());
  tick();
}

// However many events come for one kiosk, at most one question is on its way and one waits behind it.
export async function refresh(id) {
  if (asking.has(id)) { asking.set(id, true); return; }
  do {
    asking.set(id, false);
    const html = await piece(`kiosks/${id}`);
    if (html) put(id, html);
  } while (asking.get(id));
  asking.delete(id);
}

export function refreshAll() {
  return Promise.all([...strip.children].map((card) => refresh(card.dataset.kioskId)));
}

function put(id, html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const card = template.content.firstElementChild;
  const before = find(id);
  const more = card.querySelector(".more");
  if (more && before && before.querySelector(".more[open]")) more.open = true;
  if (before) before.replaceWith(card);
  else strip.insertBefore(card, [...strip.children].find((other) => other.dataset.kioskId > id) || null);
  note(card);
  tick();
}

export function tick() {
  const now = performance.now();
  for (const card of strip.children) {
    const id = card.dataset.kioskId;
    card.classList.toggle("silent", now - heardAt.get(id) > Number(card.dataset.silentAfter) * 1000);
    const left = card.querySelector(".left");
    if (!endsAt.has(id)) continue;
    const seconds = Math.max(0, Math.ceil((endsAt.get(id) - now) / 1000));
    if (left) left.textContent = `${said("left")}${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (!seconds) { endsAt.delete(id); refresh(id); }
  }
}

function note(card) {
  const now = performance.now();
  heardAt.set(card.dataset.kioskId, now - Number(card.dataset.heardAgo) * 1000);
  if (card.dataset.secondsLeft) endsAt.set(card.dataset.kioskId, now + Number(card.dataset.secondsLeft) * 1000);
  else endsAt.delete(card.dataset.kioskId);
}

function find(id) {
  return strip.querySelector(`[data-kiosk-id="${CSS.escape(id)}"]`);
}
