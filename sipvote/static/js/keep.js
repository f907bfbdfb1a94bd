// Keeps what is chosen as one goes, and says when. Comfort only: the button of the form keeps it too.
const form = document.querySelector("form[data-keep]");
const said = document.querySelector("[data-said]");
const state = document.querySelector("[data-state]");
// What is typed at length is kept elsewhere (data-keep-url), in less of a hurry, until the button saves it.
const PAUSE = form.dataset.keepUrl ? 2000 : 300;
let timer = 0, busy = false, owed = false; // owed: something was chosen that is not on its way yet

function send() {
  owed = false;
  clearTimeout(timer);
  // keepalive: it arrives also when the page is left meanwhile.
  const request = { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, keepalive: true };
  return fetch(form.dataset.keepUrl ?? form.action, request).catch(() => null);
}
async function keep() {
  if (busy) return; // whoever is under way sends again what is owed
  busy = true;
  const answer = await send();
  // Signed out meanwhile: the answer is a page.
  const told = await answer?.json().catch(() => null);
  busy = false;
  said.textContent = told?.said ?? told?.why ?? form.dataset.lost;
  said.classList.toggle("over", told?.said === undefined);
  if (told?.state) state.textContent = told.state;
  if (owed || !answer) soon(answer ? PAUSE : 10000);
}
function soon(pause) {
  owed = true;
  clearTimeout(timer);
  timer = setTimeout(keep, pause);
}
form.addEventListener("input", (event) => { if (!event.target.matches("[data-aside]")) soon(PAUSE); });
form.addEventListener("submit", () => { owed = false; clearTimeout(timer); });
addEventListener("online", () => { if (owed) soon(0); });
addEventListener("pagehide", () => { if (owed) send(); });
