// A whole list: the chosen file goes to the door as it is; how far it is, is shown; then what came back, or why nothing does.
import { said } from "./words.js";

const form = document.querySelector("form");
const button = form.querySelector("button");
const told = document.getElementById("told");
const progress = document.getElementById("progress");
const LOOK_EVERY = 1000;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = form.elements.namedItem("list").files[0];
  if (!file) return;
  button.disabled = true;
  button.textContent = said("asking");
  told.textContent = "";
  await ask(file, form.elements.namedItem("day").value);
  button.disabled = false;
  button.textContent = said("look_up_all");
});

async function ask(file, day) {
  const token = document.querySelector("meta[name='csrf-token']").content;
  const looking = follow();
  try {
    const answer = await fetch(`/api/v1/list?day=${day}`, { method: "POST", headers: { "content-type": "text/csv", "x-csrf-token": token }, body: file });
    if (answer.ok) show(await answer.text());
    else say((await answer.json()).sentence);
  } catch {
    say(said("unreachable"));
  }
  clearInterval(looking);
  progress.hidden = true;
}

// The sum of the step that is under way; a step without one only moves.
function follow() {
  const began = performance.now();
  return setInterval(async () => {
    try {
      const answer = await fetch("/api/v1/list/progress");
      if (answer.status !== 200) return;
      const { words, done, rows } = await answer.json();
      const seconds = Math.round((performance.now() - began) / 1000);
      const bar = progress.querySelector("progress");
      if (done) { bar.max = rows; bar.value = done; } else bar.removeAttribute("value");
      progress.querySelector("p").textContent = `${words}　${done ? `${done.toLocaleString()} / ` : ""}${rows.toLocaleString()}${said("rows")}　${seconds}${said("seconds")}`;
      progress.hidden = !button.disabled;
    } catch {
      // The question itself will say that the line is gone.
    }
  }, LOOK_EVERY);
}

// What was asked just now stands first, then the other lists that are kept.
function show(html) {
  document.getElementById("kept").textContent = "";
  told.innerHTML = html;
  form.elements.namedItem("list").value = "";
}

function say(sentence) {
  const place = document.createElement("p");
  place.className = "sentence";
  place.setAttribute("role", "alert");
  place.textContent = sentence;
  told.replaceChildren(place);
}
