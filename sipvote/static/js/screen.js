// The screen in the hall: keys, and numbers that live. Everything works without this file: the slides are pages,
// their links are real, and the browser asks again every ten seconds.
// A slide is put in place of the one before without leaving the page, because leaving it would end the full screen.

const root = document.documentElement;
const all = (selector) => [...document.querySelectorAll(selector)];
const says = () => document.body.dataset;
const here = () => new URL(says().here, location).href; // in its language, and without a name where it follows the day
// Only who runs the screen is known to the server: everybody else gets the one page that is made for all.
const known = () => ("own" in says() ? "same-origin" : "omit");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const EVERY = 5000; // ms between two questions; each phone a little earlier or later than the next
const LATER = 3000; // phones take a new slide at different moments, not all in the same one
root.classList.add("js");

// --- Slides -----------------------------------------------------------------------------------------

async function go(url, { push = true } = {}) {
  const asked = await fetch(url, { credentials: known() }).catch(() => null);
  if (!asked?.ok) return push ? location.assign(url) : undefined;
  const page = new DOMParser().parseFromString(await asked.text(), "text/html");
  if (!page.querySelector("#slide")) return location.assign(url);
  const rel = document.activeElement?.rel;
  const own = document.activeElement?.closest("#slide, .foot");
  if (push && url !== location.href) history.pushState(null, "", url);
  root.lang = page.documentElement.lang;
  document.title = page.title;
  for (const name of Object.keys(says())) delete says()[name];
  Object.assign(says(), page.body.dataset);
  for (const part of ["#slide", ".foot"]) document.querySelector(part).replaceWith(page.querySelector(part));
  // Pressing "Next" twice must work from the keyboard as well; else the new slide is what is read.
  const again = rel && document.querySelector(`.steps a[rel="${rel}"]`);
  if (again) again.focus();
  else if (push || own) document.querySelector("#slide").focus({ preventScroll: true });
  begin();
}

const step = (rel) => document.querySelector(`.steps a[rel="${rel}"]`)?.href;
const fits = () => root.scrollHeight <= root.clientHeight + 2;
const KEYS = {
  ArrowRight: () => step("next"), ArrowLeft: () => step("prev"),
  ArrowDown: () => fits() && step("next"), ArrowUp: () => fits() && step("prev"),
  PageDown: () => fits() && step("next"), PageUp: () => fits() && step("prev"),
  " ": () => fits() && step("next"),
  Home: () => says().first, End: () => says().last,
};

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen?.();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " " && event.target.closest("button")) return;
  if (event.key.toLowerCase() === "f") return fullScreen();
  const url = KEYS[event.key]?.();
  if (!url) return;
  event.preventDefault();
  go(new URL(url, location).href);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-full]")) return fullScreen();
  const link = event.target.closest(".foot nav a");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.href);
});
window.addEventListener("popstate", () => go(location.href, { push: false }));

// --- Time left: by what the server says, never by this machine's clock alone --------------------------

let ends = null; // on the clock of this page, which only runs forward

function lasting(seconds) {
  const [unit, size] = seconds >= 7200 ? ["hour", 3600] : seconds >= 120 ? ["minute", 60] : ["second", 1];
  return new Intl.NumberFormat(root.lang, { style: "unit", unit, unitDisplay: "long" }).format(Math.floor(seconds / size));
}

function tick() {
  const place = document.querySelector("[data-seconds]");
  if (!place || ends === null) return;
  const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
  if (left < 48 * 3600) place.textContent = lasting(left); // longer than that, what the server wrote stays
}
setInterval(() => { if (!calm.matches) tick(); }, 1000);

// --- Numbers ----------------------------------------------------------------------------------------

let etag = "";
let followed = ""; // what the page was last fetched anew for
let failures = 0;
let asked = 0;

function show(name, value, every) {
  for (const place of all(`[data-live="${name}"]`)) {
    if (place.localName === "progress") place.value = Math.min(value, every[place.dataset.liveMax] ?? place.max);
    else {
      const shape = place.dataset.format === "percent" ? { style: "percent", maximumFractionDigits: 1 } : {};
      const text = new Intl.NumberFormat(root.lang, shape).format(value);
      if (place.textContent !== text) place.textContent = text; // nothing is read aloud twice
    }
  }
}

async function ask() {
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch(says().liveUrl, { headers, credentials: known(), cache: "no-store" }).catch(() => null);
  failures = answer?.ok || answer?.status === 304 ? 0 : failures + 1;
  const stale = document.querySelector("[data-stale]");
  stale.textContent = failures > 2 ? stale.dataset.stale : "";
  if (answer?.status === 200) {
    etag = answer.headers.get("ETag") ?? "";
    const every = await answer.json();
    if (every.seconds_left !== null) ends = performance.now() + every.seconds_left * 1000;
    for (const [name, value] of Object.entries(every)) if (typeof value === "number") show(name, value, every);
    if (every.sign !== says().sign && every.sign !== followed) follow(every.sign);
  }
  tick();
  // The code of the hall changes; it stands on the page of who runs the screen, and nowhere else.
  asked += 1;
  if (asked % 4 === 0 && document.querySelector("[data-changes]")) go(here(), { push: false });
}

function follow(sign) {
  followed = sign;
  setTimeout(() => go(here(), { push: false }), "own" in says() ? 0 : Math.random() * LATER);
}

function begin() {
  const place = document.querySelector("[data-seconds]");
  if (place) ends = performance.now() + place.dataset.seconds * 1000;
  etag = ""; // this slide has not seen the last answer
}

async function live() {
  if (!document.hidden) await ask();
  // Where nobody answers, ask less often.
  setTimeout(live, (EVERY + (Math.random() - 0.5) * 1000) * Math.min(1 + failures, 6));
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
begin();
live();
