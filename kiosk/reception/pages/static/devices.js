// The page of kiosks: it looks again every two seconds, and tells the door what was pressed.
import { said } from "./words.js";

const place = document.getElementById("devices");
const told = document.getElementById("told");
const token = document.querySelector("meta[name='csrf-token']").content;
const LOOK_EVERY = 2000;
let shown = place.innerHTML;
let busy = false;

place.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-path]");
  if (!button || busy) return;
  if (button.dataset.ask && !window.confirm(button.dataset.ask)) return;
  busy = true;
  button.disabled = true;
  try {
    const answer = await fetch(`/api/v1/${button.dataset.path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": token },
      body: "{}",
    });
    say(answer.ok ? "" : (await answer.json()).sentence);
  } catch {
    say(said("unreachable"));
  }
  busy = false;
  await look();
});

// A button under the finger stays where it is: the page changes only where something did.
async function look() {
  if (busy) return;
  try {
    const answer = await fetch("/api/v1/pairings", { headers: { accept: "text/html", "x-automatic": "1" } });
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) return;
    const html = await answer.text();
    if (html !== shown && !busy) { shown = html; place.innerHTML = html; }
  } catch {
    // The next look, or a press, will say that the line is gone.
  }
}

function say(sentence) {
  told.textContent = sentence;
  told.hidden = !sentence;
}

setInterval(look, LOOK_EVERY);
