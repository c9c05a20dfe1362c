// The board: wires the stream of events, the rows, the kiosks and what staff press. The server draws, this page places.
import { follow } from "./stream.js";
import * as sound from "./sound.js";
import * as rows from "./rows.js";
import * as kiosks from "./kiosks.js";
import { piece, post, say } from "./door.js";

const helps = document.getElementById("helps");
let choosing = null;
const waiting = () => document.querySelector(".staff.nobody");

async function checkin(flags) {
  const html = await piece(`rows/${flags.checkin_id}`);
  if (html) rows.place(html, flags.new);
  if (flags.new) sound.arrival();
}

async function help(flags) {
  const html = flags.state === "done" ? "" : await piece(`help/${flags.help_id}`);
  if (html === null) return;
  const before = helps.querySelector(`[data-help-id="${CSS.escape(flags.help_id)}"]`);
  if (before) before.remove();
  if (html) helps.insertAdjacentHTML("beforeend", html.trim());
  if (!helps.children.length) helps.textContent = "";
  if (flags.new) sound.help();
}

async function kiosk(flags) {
  if (flags.unchanged) kiosks.heard(flags.kiosk_id);
  else await kiosks.refresh(flags.kiosk_id);
}

const presses = {
  take: (element) => move(element, "take"),
  finish: (element) => move(element, "finish"),
  back: (element) => move(element, "back"),
  help_done: (element) => post(`help/${element.closest("[data-help-id]").dataset.helpId}/done`),
  grant_visual: (element) => {
    const at = element.closest("[data-kiosk-id]").dataset;
    return post(`kiosks/${at.kioskId}/grant`, { visit_id: at.visitId });
  },
  confirm_visual: (element) => post(`grants/${element.closest("[data-grant-id]").dataset.grantId}/confirm`),
  refuse_visual: (element) => post(`grants/${element.closest("[data-grant-id]").dataset.grantId}/refuse`),
};

async function move(element, step) {
  const id = element.closest("[data-checkin-id]").dataset.checkinId;
  await post(`rows/${id}/${step}`);
  await checkin({ checkin_id: id });
}

document.addEventListener("click", async (event) => {
  sound.arm();
  const element = event.target.closest("[data-action]");
  if (!element) return;
  if (element.dataset.action === "sound") { sound.trial(); return; }
  const press = presses[element.dataset.action];
  if (!press) return;
  element.disabled = true;
  await choosing;
  if (waiting()) {
    element.disabled = false;
    say("先に右上で担当者を選んでください。");
    waiting().querySelector("select").focus();
    return;
  }
  await press(element);
  element.disabled = false;
});

document.querySelector("[data-action='choose_staff']").addEventListener("change", (event) => {
  sound.arm();
  if (event.target.value) choosing = choose(event.target.value);
});

async function choose(id) {
  const chosen = await post("staff", { staff_id: id });
  if (!chosen) { location.reload(); return; }
  document.querySelector("meta[name='csrf-token']").content = chosen.token;
  document.querySelector(".staff").classList.remove("nobody");
  document.querySelector(".staff option[value='']")?.remove();
  await kiosks.refreshAll();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(SELECT|INPUT|BUTTON)$/.test(event.target.tagName)) return;
  sound.arm();
  if (event.key === "j" || event.key === "J") rows.select(1);
  else if (event.key === "k" || event.key === "K") rows.select(-1);
  else if (event.key === "Enter") rows.press();
});

function tick() {
  const clock = document.getElementById("clock");
  clock.textContent = new Intl.DateTimeFormat("ja-JP", { hour: "numeric", minute: "2-digit", timeZone: "Asia/Tokyo" }).format(new Date());
  kiosks.tick();
}

rows.count();
kiosks.start();
tick();
setInterval(tick, 1000);
const reader = (flags) => { document.getElementById("reader-away").hidden = !flags.away; };
follow({ checkin, help, kiosk, reader, command: (flags) => kiosks.refresh(flags.kiosk_id) });
