// The last row that was taken or finished can be given back for ten seconds.
import { said } from "./words.js";

const WITHIN = 10000;
const place = document.getElementById("undo");
let last = null;
let hide = 0;

export function remember(id, step, number) {
  last = { id, until: performance.now() + WITHIN };
  place.querySelector("span").textContent = `${number ? `${number}${said("of")}` : ""}${said(step)}`;
  place.hidden = false;
  clearTimeout(hide);
  hide = setTimeout(forget, WITHIN);
}

// The row that may still be given back, once.
export function take() {
  const id = last && performance.now() < last.until ? last.id : null;
  forget();
  return id;
}

function forget() {
  last = null;
  place.hidden = true;
}
