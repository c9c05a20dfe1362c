// Asking the staff door for a piece of the page, and telling it what was pressed.
import { said } from "./words.js";

const newest = new Map();
let hide = 0;

// The HTML of one row, call or kiosk; "" where there is nothing any more, null where a later answer has overtaken this one.
export async function piece(path) {
  const turn = (newest.get(path) || 0) + 1;
  newest.set(path, turn);
  try {
    const answer = await fetch(`/api/v1/${path}`, { headers: { accept: "text/html", "x-automatic": "1" } });
    const html = answer.status === 200 ? await answer.text() : answer.status === 204 ? "" : null;
    return newest.get(path) === turn ? html : null;
  } catch {
    return null;
  }
}

// What the door answered to a press, {} where it only agreed; null where it refused, after telling why.
export async function post(path, body = {}) {
  const token = document.querySelector("meta[name='csrf-token']").content;
  try {
    const answer = await fetch(`/api/v1/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": token },
      body: JSON.stringify(body),
    });
    if (answer.ok) return answer.status === 204 ? {} : await answer.json();
    say((await answer.json()).sentence);
  } catch {
    say(said("unreachable"));
  }
  return null;
}

export function say(sentence) {
  const place = document.getElementById("says");
  place.textContent = sentence;
  place.hidden = false;
  clearTimeout(hide);
  hide = setTimeout(() => { place.hidden = true; }, 6000);
}
