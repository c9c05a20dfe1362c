// The pages of signing in and of people: passkeys, and a form that is not sent twice.
import "./passkey.js";

for (const form of document.querySelectorAll("form[method='post']")) {
  form.addEventListener("submit", () => setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  }));
}
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("form button")) button.disabled = false;
});
