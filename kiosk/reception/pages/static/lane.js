// The trouble lane: what the server knows to be wrong now. It is asked again after each event that may change it.
import { notice } from "./notices.js";
import { piece } from "./door.js";

const EVERY = 10000;
const lane = document.getElementById("troubles");
let known = null;
let asking = false;
let again = false;

export function start() {
  refresh();
  setInterval(refresh, EVERY);
}

export async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  do {
    again = false;
    const html = await piece("troubles");
    if (html !== null) put(html);
  } while (again);
  asking = false;
}

function put(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const cards = [...template.content.children];
  const present = new Set(cards.map(nameOf));
  const fresh = known && [...present].some((name) => !known.has(name));
  known = present;
  const same = cards.length === lane.children.length && cards.every((card, at) => card.isEqualNode(lane.children[at]));
  if (!same) lane.replaceChildren(...cards);
  if (fresh) notice("trouble");
}

function nameOf(card) {
  return `${card.dataset.trouble} ${card.dataset.key}`;
}
