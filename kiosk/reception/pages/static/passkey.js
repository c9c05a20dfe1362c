// Making and using passkeys: base64url in JSON on our side, buffers on the browser's.
import { said } from "./words.js";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function ask(path, body) {
  const token = document.querySelector("meta[name='csrf-token']").content;
  const answer = await fetch(`/api/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": token },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.sentence);
  return told;
}

async function made(options) {
  const user = { ...options.user, id: bytes(options.user.id) };
  const excludeCredentials = named(options.excludeCredentials);
  const credential = await navigator.credentials.create({ publicKey: { ...options, user, excludeCredentials, challenge: bytes(options.challenge) } });
  const { clientDataJSON, attestationObject } = credential.response;
  return { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject), id: credential.id };
}

async function used(options) {
  const allowCredentials = named(options.allowCredentials);
  const credential = await navigator.credentials.get({ publicKey: { ...options, allowCredentials, challenge: bytes(options.challenge) } });
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  return { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature), userHandle: userHandle && text(userHandle), id: credential.id };
}

async function press(button) {
  const where = button.dataset.passkey;
  const options = await ask(where === "me" ? "me/passkey/options" : `${where}/options`, {});
  const { id, ...response } = await (where === "sign-in" ? used(options) : made(options));
  const back = button.dataset.back ? `?back=${encodeURIComponent(button.dataset.back)}` : "";
  const { to } = await ask(`${where}/passkey${back}`, { id, rawId: id, type: "public-key", response, clientExtensionResults: {} });
  location.assign(to);
}

for (const button of document.querySelectorAll("[data-passkey]")) {
  button.addEventListener("click", async () => {
    const place = document.getElementById("passkey-says");
    button.disabled = true;
    place.hidden = true;
    try {
      await press(button);
    } catch (fault) {
      place.textContent = fault.name === "NotAllowedError" ? said("passkey_cancelled") : fault.message;
      place.hidden = false;
      button.disabled = false;
    }
  });
}
