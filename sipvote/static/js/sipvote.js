// Comfort only: every page works without this file. Templates say what to do with data attributes and
// bring the words; one file, because a module imported by a module would miss the version in its address.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("œ", "oe");
document.documentElement.classList.add("js");

// The summary of what went wrong takes the focus, so that it is read first.
document.querySelector("[data-focus]")?.focus();

// "2 of 3 chosen", or "2 of 3 questions answered". Too many is said at once, but nothing is unticked: the member decides.
function ballot(bar) {
  const form = bar.closest("form");
  const count = bar.querySelector("[data-count]");
  const show = () => {
    const answered = () => all("fieldset", form).filter((question) => question.querySelector("input:checked")).length;
    const chosen = () => all(".choice input:checked:not([data-blank])", form).length;
    const n = bar.dataset.ballot === "questions" ? answered() : chosen();
    const max = Number(bar.dataset.max);
    count.textContent = say(n > max ? bar.dataset.over : bar.dataset.chosen, { n, max });
    count.classList.toggle("over", n > max);
  };
  form.addEventListener("change", () => {
    bar.querySelector("[data-state]").textContent = bar.dataset.changed;
    show();
  });
  if (all(".choice input:checked", form).length) show(); // the browser may have kept the ticks
}
all("[data-ballot]").forEach(ballot);

// Ask before leaving with something changed and not sent; a second press on the button sends nothing twice.
// The button is not disabled: a disabled button loses its value and its focus.
let changed = false;
all("form[data-guard]").forEach((form) => form.addEventListener("change", () => { changed = true; }));
window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
document.addEventListener("submit", (event) => {
  if (event.target.ariaBusy === "true") return event.preventDefault();
  if (event.target.method === "post") event.target.ariaBusy = "true";
  changed = false;
});
window.addEventListener("pageshow", () => all("form[aria-busy]").forEach((form) => { form.ariaBusy = null; }));

// The last day: "in 12 minutes" beside the time that the server wrote; Intl knows the words.
function countdown(element) {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang);
  const show = () => {
    const minutes = Math.ceil((new Date(element.dataset.countdown) - Date.now()) / 60000);
    if (minutes < 0 || minutes > 24 * 60) element.textContent = "";
    else element.textContent = minutes < 90 ? words.format(minutes, "minute") : words.format(Math.round(minutes / 60), "hour");
  };
  show();
  setInterval(show, 15000);
}
all("[data-countdown]").forEach(countdown);

// Numbers that live: JSON {name: value} into [data-live="name"], every 5 s, while somebody looks. Where they are the
// same for everybody (data-live-public), nobody's cookie goes with the question.
function live(root) {
  let etag = "";
  const credentials = "livePublic" in root.dataset ? "omit" : "same-origin";
  const written = (value) => (typeof value === "number" ? value.toLocaleString(document.documentElement.lang) : value);
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(root.dataset.liveUrl, { credentials, headers: etag ? { "If-None-Match": etag } : {} }).catch(() => null);
    if (answer?.status !== 200) return; // 304: nothing new; no network: the last number stays
    etag = answer.headers.get("ETag") ?? "";
    for (const [name, value] of Object.entries(await answer.json()))
      all(`[data-live="${name}"]`, root).forEach((place) => {
        if (place.matches("progress")) place.value = value;
        else place.textContent = written(value);
      });
  }, 5000);
}
all("[data-live-url]").forEach(live);

// A form that asks (GET) is answered at each change: the parts of the page (data-part) come anew, the form stays.
function ask(form) {
  let last;
  form.addEventListener("change", async () => {
    const mine = (last = new URL(`?${new URLSearchParams(new FormData(form))}`, location.href));
    const answer = await fetch(mine).catch(() => null);
    if (!answer?.ok || mine !== last) return; // no network: the button still asks; an older answer comes too late
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    all("[data-part]").forEach((part) => part.replaceChildren(...(page.getElementById(part.id)?.childNodes ?? [])));
    history.replaceState(null, "", mine);
  });
}
all("form[data-ask]").forEach(ask);

// Hide the rows that do not hold what is typed; accents do not matter.
all("[data-filter]").forEach((input) => input.addEventListener("input", () => {
  const list = document.getElementById(input.dataset.filter);
  const rows = all(list.matches("table") ? "tbody tr" : ":scope > *", list);
  rows.forEach((row) => { row.hidden = !plain(row.textContent).includes(plain(input.value.trim())); });
  const place = document.getElementById(`${input.dataset.filter}-found`);
  place.textContent = say(place.dataset.found, { n: rows.filter((row) => !row.hidden).length, all: rows.length });
}));

all("[data-copy]").forEach((button) => button.addEventListener("click", async () => {
  await navigator.clipboard.writeText(button.dataset.copy);
  button.querySelector("span").textContent = button.dataset.done;
}));

// A kiosk forgets who rests: it asks first, and any touch goes on.
function rest(root) {
  const ask = root.querySelector("dialog");
  let since = Date.now();
  const go = () => { since = Date.now(); };
  // Closed by its own button only: under a finger that is still down lies a choice of the ballot.
  ask.querySelector("button").addEventListener("click", () => ask.close());
  for (const name of ["pointerdown", "keydown", "scroll", "input"]) addEventListener(name, go, { passive: true, capture: true });
  setInterval(() => {
    const left = Number(root.dataset.rest) - (Date.now() - since) / 1000;
    if (left < 0) { changed = false; location.replace(root.dataset.restUrl); }
    else if (left < 20 && !ask.open) ask.showModal();
  }, 1000);
}
all("[data-rest]").forEach(rest);
// Nothing of the last voter comes back by the back button, from what the browser kept in memory.
if (document.querySelector("[data-rest]")) addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// The second bar may be wider than a phone: what is read now stands in sight.
all(".inside-nav [aria-current]").forEach((here) => { const bar = here.closest("ul"); bar.scrollLeft = here.offsetLeft - bar.offsetLeft - 16; });

all("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));

// "leden.csv · 1 204 kB"
all("[data-file]").forEach((input) => input.addEventListener("change", () => {
  const kB = (file) => Math.ceil(file.size / 1000).toLocaleString(document.documentElement.lang);
  document.getElementById(input.dataset.file).textContent = [...input.files].map((file) => `${file.name} · ${kB(file)} kB`).join(", ");
}));

// Characters left, from four fifths of the limit on.
all("[data-limit]").forEach((hint) => document.getElementById(hint.dataset.for).addEventListener("input", (event) => {
  const left = Number(hint.dataset.limit) - event.target.value.length;
  hint.textContent = say(left < 0 ? hint.dataset.over : hint.dataset.left, { n: Math.abs(left) });
  hint.classList.toggle("over", left < 0);
}));
