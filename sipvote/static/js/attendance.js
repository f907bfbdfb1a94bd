// Attendance without waiting: a tap shows at once, is kept on this phone, and is sent in the background until the
// server has answered. Each tap carries its moment by the server's clock and the wished state: sent twice it changes
// nothing, and one that arrives late never wins over a later one. Without this file every button is a form.

const root = document.querySelector("[data-attendance]");
if (root) start();

function start() {
  const forms = new Map([...root.querySelectorAll("[data-person]")].map((row) => [row.dataset.person, row.querySelector("form")]));
  const offset = Number(root.dataset.clock) - Date.now();
  const unsent = new Map(); // person → {came, at}: the last tap only, because it is the one that counts
  let last = 0;
  let sending = false;
  let pause = 2000;

  // A tap has an entry of its own, so that two windows never write over each other.
  const key = (person) => `attendance ${root.dataset.attendance} ${person}`;
  const keep = (person, tap) => { try { localStorage.setItem(key(person), JSON.stringify(tap)); } catch { /* kept in memory */ } };
  const forget = (person) => { try { localStorage.removeItem(key(person)); } catch { /* nothing was kept */ } };
  const kept = (person) => { try { return JSON.parse(localStorage.getItem(key(person))); } catch { return null; } };

  const say = (person, text) => { forms.get(person).closest("li").querySelector("[data-state]").textContent = text; };

  function show(person, came) {
    for (const button of forms.get(person).querySelectorAll("button")) {
      if (button.value === "undo") button.hidden = came === "undo";
      else {
        button.ariaPressed = String(button.value === came);
        button.classList.toggle("quiet", button.value !== came);
      }
    }
  }

  function progress({ marked, of }) {
    const words = root.dataset.progress.replace("{marked}", marked).replace("{of}", of);
    root.querySelector("[data-marked]").textContent = words;
  }

  async function sendOne(person, tap) {
    const form = forms.get(person);
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, came: tap.came, at: tap.at });
    const answer = await fetch(form.action, {
      method: "POST", body, redirect: "manual", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000),
    });
    const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (answer.status >= 500) throw new Error("busy");
    if (!isOurs) return "stopped"; // signed out, or the page is too old: only a reload helps
    const told = await answer.json();
    if (unsent.get(person)?.at === tap.at) {
      unsent.delete(person);
      forget(person);
      if (told.why) say(person, told.why);
      else {
        show(person, told.came);
        say(person, root.dataset.saved);
      }
    }
    if (!told.why) progress(told);
    return "sent";
  }

  async function send() {
    if (sending) return;
    sending = true;
    try {
      while (unsent.size) {
        const [person, tap] = unsent.entries().next().value;
        if ((await sendOne(person, tap)) === "stopped") {
          for (const each of unsent.keys()) say(each, root.dataset.stopped);
          return;
        }
        pause = 2000;
      }
    } catch { // no network, or no answer in time: the same taps are sent again
      for (const each of unsent.keys()) say(each, root.dataset.waiting);
      setTimeout(send, pause);
      pause = Math.min(2 * pause, 30000);
    } finally {
      sending = false;
    }
  }

  root.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation(); // each tap is sent: the guard against sending a form twice is not for these
    const row = event.target.closest("[data-person]");
    const person = row.dataset.person;
    // Pressing what is chosen already takes it back.
    const isPressed = event.submitter.ariaPressed === "true";
    const tap = { came: isPressed ? "undo" : event.submitter.value, at: Math.max(last + 1, Math.round(Date.now() + offset)) };
    if (event.submitter.value === "undo") row.querySelector("button").focus(); // it hides: the focus stays in the row
    last = tap.at;
    unsent.delete(person);
    unsent.set(person, tap);
    keep(person, tap);
    show(person, tap.came);
    say(person, "…");
    send();
  });

  for (const person of forms.keys()) {
    const tap = kept(person);
    if (!tap) continue;
    unsent.set(person, tap);
    show(person, tap.came);
    say(person, root.dataset.waiting);
  }
  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  send();
}
