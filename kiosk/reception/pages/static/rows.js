// The list: unhandled, taken, done; the newest first in each. A row that changes keeps its selection.
import { said } from "./words.js";

const list = document.getElementById("rows");
const RANK = { open: 0, taken: 1, done: 2 };
const LEFT_ALONE = 15000;
let selected = null;
let touched = -LEFT_ALONE;

for (const kind of ["wheel", "pointerdown", "keydown"]) {
  document.addEventListener(kind, () => { touched = performance.now(); }, { passive: true });
}

export function place(html, fresh) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const row = template.content.firstElementChild;
  const id = row.dataset.checkinId;
  const before = find(id);
  const focused = before && before.contains(document.activeElement);
  if (before) before.remove();
  list.insertBefore(row, [...list.children].find((other) => comesBefore(row, other)) || null);
  if (id === selected) row.setAttribute("aria-selected", "true");
  if (focused) row.focus({ preventScroll: true });
  if (fresh) {
    row.classList.add("fresh");
    setTimeout(() => row.classList.remove("fresh"), 4000);
    if (performance.now() - touched > LEFT_ALONE) document.getElementById("list").scrollTop = 0;
  }
  count();
  return row;
}

export const open = () => list.querySelectorAll('[data-state="open"]').length;

export function count() {
  const number = (state) => list.querySelectorAll(`[data-state="${state}"]`).length;
  for (const state of Object.keys(RANK)) document.getElementById(`count-${state}`).textContent = number(state);
  document.title = (open() ? `(${open()}) ` : "") + said("board");
}

export function select(step) {
  const all = [...list.children];
  if (!all.length) return;
  const at = all.findIndex((row) => row.dataset.checkinId === selected);
  const next = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + step))];
  for (const row of all) row.removeAttribute("aria-selected");
  selected = next.dataset.checkinId;
  next.setAttribute("aria-selected", "true");
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

export function press() {
  const row = selected && find(selected);
  const button = row && row.querySelector("[data-action='take'], [data-action='finish']");
  if (button) button.click();
}

function find(id) {
  return list.querySelector(`[data-checkin-id="${CSS.escape(id)}"]`);
}

function comesBefore(one, other) {
  const rank = RANK[one.dataset.state] - RANK[other.dataset.state];
  return rank < 0 || (rank === 0 && Number(one.dataset.order) > Number(other.dataset.order));
}
