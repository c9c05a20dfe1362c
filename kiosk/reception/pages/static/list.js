// A whole list: the chosen file goes to the door as it is, and what comes back is shown, or the one sentence why nothing does.
const form = document.querySelector("form");
const button = form.querySelector("button");
const told = document.getElementById("told");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = form.elements.namedItem("list").files[0];
  if (!file) return;
  button.disabled = true;
  button.textContent = "照会しています…";
  told.textContent = "";
  await ask(file);
  button.disabled = false;
  button.textContent = "まとめて照会する";
});

async function ask(file) {
  const token = document.querySelector("meta[name='csrf-token']").content;
  try {
    const answer = await fetch("/api/v1/list", { method: "POST", headers: { "content-type": "text/csv", "x-csrf-token": token }, body: file });
    if (answer.ok) told.innerHTML = await answer.text();
    else say((await answer.json()).sentence);
  } catch {
    say("受付サーバーにつながりません。もう一度押してください。");
  }
}

function say(sentence) {
  const place = document.createElement("p");
  place.className = "sentence";
  place.setAttribute("role", "alert");
  place.textContent = sentence;
  told.replaceChildren(place);
}
