// The look-up's form: the field to look at is ready to type in, and a question that is on its way is not sent twice.
import { said } from "./words.js";

const form = document.querySelector("form[data-wrong]");
const wrong = form.dataset.wrong === "birth_date" ? "year" : form.dataset.wrong;
const field = form.elements.namedItem(wrong || "insurer");
if (field && (wrong || !document.querySelector(".answer"))) field.focus();

form.addEventListener("submit", () => {
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    form.querySelector("button.main").textContent = said("asking");
  });
});

// Back from another page, a form that was left while it waited can be pressed again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of form.querySelectorAll("button")) button.disabled = false;
  form.querySelector("button.main").textContent = said("look_up");
});
