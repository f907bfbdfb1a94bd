// Notes are kept while one writes: on the server some moments after the last key, on this device until then. The form
// says which words it began from (seen); when somebody else wrote meanwhile, the page with both texts comes instead.

const form = document.querySelector("form[data-draft]");
if (form) start();

function start() {
  const { words: text, seen } = form.elements;
  const state = form.querySelector("[data-state]");
  const told = form.dataset;
  const key = `minutes ${told.key}`;
  let saved = text.value;
  let lost = null; // what was sent and not answered: it goes again first, so that we know which words the server has
  let running = null;
  let timer = 0;
  let stopped = ""; // only a person can go on: "both" texts are to be seen, or one must "sign in" again

  const keep = () => { try { localStorage.setItem(key, JSON.stringify({ text: text.value, seen: seen.value, lost })); } catch { /* no store */ } };
  const forget = () => { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } };
  const kept = () => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const same = (a, b) => a?.trim() === b?.trim(); // the server strips the ends
  const later = (ms) => { clearTimeout(timer); timer = setTimeout(save, ms); };

  async function post(draft) {
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, words: draft, seen: seen.value });
    const answer = await fetch(told.draft, {
      method: "POST", body, redirect: "manual", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15000),
    });
    if (answer.status >= 500) throw new Error("busy");
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) return answer.json();
    stopped = "sign in";
    return { why: told.stopped };
  }

  async function saveAll() {
    try {
      while (!stopped && (lost !== null || !same(text.value, saved))) {
        state.textContent = told.saving;
        lost ??= text.value;
        keep();
        const answer = await post(lost);
        if (answer.why) {
          stopped ||= "both";
          state.textContent = answer.why;
          return false;
        }
        [saved, lost, seen.value] = [lost, null, answer.seen];
      }
      if (stopped) return false;
      forget();
      state.textContent = told.saved;
      return true;
    } catch {
      state.textContent = told.waiting;
      later(5000);
      return false;
    }
  }

  function save() {
    running ??= saveAll().finally(() => { running = null; });
    return running;
  }

  text.addEventListener("input", () => { keep(); later(2000); });
  addEventListener("online", save);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(timer);
    if (await save()) location.assign(told.done);
    else if (stopped === "both") {
      forget();
      form.submit(); // the page with both texts
    }
  });

  const before = kept();
  if (before && !same(before.text, text.value)) {
    if (!same(before.lost, text.value)) seen.value = before.seen; // else the server has what we had sent
    text.value = before.text;
    state.textContent = told.back;
    later(500);
  } else forget();
}
