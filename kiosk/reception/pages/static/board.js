// The board: wires the stream of events, the rows, the kiosks and what staff press. The server draws, this page places.
import { follow } from "./stream.js";
import * as sound from "./sound.js";
import * as rows from "./rows.js";
import * as kiosks from "./kiosks.js";
import * as lane from "./lane.js";
import * as mask from "./mask.js";
import * as notices from "./notices.js";
import * as undo from "./undo.js";
import { piece, post } from "./door.js";
import { other, said } from "./words.js";
import { sure } from "./sure.js";
import { signedOut } from "./presence.js";

const helps = document.getElementById("helps");
const keys = document.getElementById("keys");

async function checkin(flags) {
  const html = await piece(`rows/${flags.first_id || flags.checkin_id}`);
  const row = html && rows.place(html, flags.new);
  if (flags.new && document.querySelector("[data-trouble=failures]")) lane.refresh();
  if (flags.new) notices.notice("arrival", row && `${said(flags.first_id ? "again" : "arrived")} ${row.dataset.queueNumber}`);
}

async function help(flags) {
  const html = flags.state === "done" ? "" : await piece(`help/${flags.help_id}`);
  if (html === null) return;
  const before = helps.querySelector(`[data-help-id="${CSS.escape(flags.help_id)}"]`);
  if (before) before.remove();
  if (html) helps.insertAdjacentHTML("beforeend", html.trim());
  if (!helps.children.length) helps.textContent = "";
  if (flags.new) { notices.notice("help"); lane.refresh(); }
}

async function kiosk(flags) {
  if (flags.unchanged) { kiosks.heard(flags.kiosk_id); return; }
  lane.refresh();
  await kiosks.refresh(flags.kiosk_id);
}

const presses = {
  take: (element) => move(element, "take"),
  finish: (element) => move(element, "finish"),
  back: (element) => move(element, "back"),
  undo: giveBack,
  help_done: (element) => post(`help/${element.closest("[data-help-id]").dataset.helpId}/done`),
  grant_visual: grantVisual,
  grant_from_call: grantVisual,
  pause: (element) => setMode(element, "pause"),
  resume: (element) => setMode(element, "resume"),
  restart: (element) => sure(element, "restart") && setMode(element, "restart"),
  confirm_visual: (element) => post(`grants/${element.closest("[data-grant-id]").dataset.grantId}/confirm`),
  refuse_visual: (element) => post(`grants/${element.closest("[data-grant-id]").dataset.grantId}/refuse`),
  mask: mask.toggle,
  unmute: sound.arm,
  try: (element) => sound.trial(element.dataset.sound),
  keys: () => keys.showModal(),
  language: other,
};

function setMode(element, mode) {
  return post(`kiosks/${element.closest("[data-kiosk-id]").dataset.kioskId}/${mode}`);
}

function grantVisual(element) {
  const at = element.closest("[data-kiosk-id]").dataset;
  return post(`kiosks/${at.kioskId}/grant`, { visit_id: at.visitId });
}

async function move(element, step) {
  const { checkinId: id, queueNumber: number } = element.closest("[data-checkin-id]").dataset;
  const moved = await post(`rows/${id}/${step}`);
  if (moved && step !== "back") undo.remember(id, step, number);
  await checkin({ checkin_id: id });
}

async function giveBack() {
  const id = undo.take();
  if (!id) return;
  await post(`rows/${id}/back`);
  await checkin({ checkin_id: id });
}

document.addEventListener("click", async (event) => {
  sound.arm();
  const element = event.target.closest("[data-action]");
  const press = element && presses[element.dataset.action];
  if (!press) return;
  element.disabled = true;
  await press(element);
  element.disabled = false;
});

const strokes = {
  j: () => rows.select(1),
  k: () => rows.select(-1),
  enter: rows.press,
  u: giveBack,
  m: mask.toggle,
  " ": mask.peek,
  "/": () => document.querySelector("#search [name=q]").focus(),
  "?": () => keys.showModal(),
};

document.addEventListener("keydown", (event) => {
  sound.arm();
  const { target } = event;
  const key = event.key.toLowerCase();
  if (key === "escape" && target.matches("#search input")) { target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open || target.matches("input, select, textarea")) return;
  // A button or a link that has the focus keeps its own keys.
  if (!strokes[key] || (["enter", " "].includes(key) && target.closest("button, a, summary"))) return;
  event.preventDefault();
  strokes[key]();
});

function tick() {
  const clock = document.getElementById("clock");
  clock.textContent = new Intl.DateTimeFormat("ja-JP", { hour: "numeric", minute: "2-digit", timeZone: "Asia/Tokyo" }).format(new Date());
  kiosks.tick();
  sound.tick(rows.open());
}

rows.count();
kiosks.start();
mask.start();
notices.start();
sound.start();
lane.start();
tick();
setInterval(tick, 1000);
follow({
  checkin,
  help,
  kiosk,
  reader: lane.refresh,
  trouble: lane.refresh,
  signed_out: signedOut,
  command: (flags) => kiosks.refresh(flags.kiosk_id),
});
