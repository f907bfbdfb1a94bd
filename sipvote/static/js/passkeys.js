// Has the device make a passkey, or sign with one, and sends the form with what came of it.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

function asked(box) {
  const options = JSON.parse(box.dataset.options);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const known of [...options.excludeCredentials ?? [], ...options.allowCredentials ?? []]) known.id = bytes(known.id);
  return { publicKey: options };
}
function told(made) {
  const response = {};
  for (const part of PARTS) if (made.response[part]) response[part] = text(made.response[part]);
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
}
async function use(box, button) {
  const field = document.getElementById(box.dataset.field);
  if (box.dataset.passkey === "create" && !field.form.reportValidity()) return;
  for (const sentence of box.querySelectorAll(".error")) sentence.hidden = true;
  button.disabled = true;
  try {
    field.value = told(await navigator.credentials[box.dataset.passkey](asked(box)));
    field.form.submit();
  } catch (fault) {
    box.querySelector(fault.name === "InvalidStateError" ? "[data-there]" : "[data-vain]").hidden = false;
    button.disabled = false;
    button.focus();
  }
}
for (const box of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  const button = box.querySelector("button");
  box.querySelector("[data-cannot]").hidden = true;
  button.hidden = false;
  button.addEventListener("click", () => use(box, button));
  if (box.dataset.passkey !== "create") continue;
  // A new passkey has a name first; Enter in its field is the button.
  button.form.addEventListener("submit", (event) => { event.preventDefault(); use(box, button); });
}
