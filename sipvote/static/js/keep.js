// Keeps what is chosen as one goes, and says when. Comfort only: the button of the form keeps it too.
const form = document.querySelector("form[data-keep]");
const said = document.querySelector("[data-said]");
const state = document.querySelector("[data-state]");
let timer = 0, busy = false, again = false, waiting = false;

async function keep() {
  if (busy) { again = true; return; }
  busy = true;
  waiting = false;
  const request = { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } };
  const answer = await fetch(form.dataset.keepUrl ?? form.action, request).catch(() => null);
  // Signed out meanwhile: the answer is a page.
  const told = await answer?.json().catch(() => null);
  busy = false;
  said.textContent = told?.said ?? told?.why ?? form.dataset.lost;
  said.classList.toggle("over", told?.said === undefined);
  if (told?.state) state.textContent = told.state;
  if (again || !answer) { again = false; soon(answer ? 300 : 10000); }
}
function soon(pause) {
  clearTimeout(timer);
  waiting = true;
  timer = setTimeout(keep, pause);
}
form.addEventListener("change", (event) => { if (!event.target.matches("[data-aside]")) soon(300); });
// What is typed at length is kept elsewhere (data-keep-url) until the button saves it.
if (form.dataset.keepUrl) {
  form.addEventListener("input", () => soon(2000));
  addEventListener("pagehide", () => { if (waiting) navigator.sendBeacon(form.dataset.keepUrl, new FormData(form)); });
}
form.addEventListener("submit", () => { clearTimeout(timer); waiting = false; });
