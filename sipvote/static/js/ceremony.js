// The key ceremony: scanning a word list with the camera, and the bar while the ballot box is opened.
// Comfort only: without this file the words are typed, and the result page comes when all is done.

const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name].toLocaleString(document.documentElement.lang));
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

// A button per list, where the browser reads QR codes by itself. Nothing that the camera sees leaves the page.
async function scan(box) {
  const field = document.getElementById(box.dataset.scan);
  const [button, video, told] = ["button", "video", "p"].map((name) => box.querySelector(name));
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  let stream = null;
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
  };
  button.addEventListener("click", async () => {
    if (stream) return stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      video.hidden = false;
      told.textContent = "";
      await video.play();
      while (stream) {
        const [found] = await detector.detect(video);
        if (found) {
          field.value = found.rawValue.toLowerCase();
          stop();
          field.focus();
        }
        await pause(200);
      }
    } catch {
      stop();
      told.textContent = box.dataset.missing;
    }
  });
  box.hidden = false;
}
const reads = "BarcodeDetector" in window && navigator.mediaDevices ? await BarcodeDetector.getSupportedFormats() : [];
if (reads.includes("qr_code")) document.querySelectorAll("[data-scan]").forEach(scan);

// The form is sent beside the page, which shows meanwhile how far the opening has come.
function opening(form) {
  const box = form.querySelector(".opening");
  const [told, bar] = [box.querySelector("p"), box.querySelector("progress")];
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!box.hidden) return;
    box.hidden = false;
    let answer = null;
    const sent = fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" })
      .catch(() => ({ type: "failed" })).then((found) => { answer = found; });
    while (answer === null) {
      await Promise.race([sent, pause(500)]);
      const now = await fetch(form.dataset.opening).then((found) => found.json()).catch(() => null);
      if (answer !== null || !now?.envelopes) continue;
      bar.value = now.opened / now.envelopes;
      told.textContent = now.opened < now.envelopes ? say(told.dataset.opened, { n: now.opened, all: now.envelopes }) : told.dataset.counting;
    }
    await finish(form, box, answer);
  });
}

// A redirect: it is done, or refused, and the desk says which. A page: the words were not right.
async function finish(form, box, answer) {
  if (answer.type === "opaqueredirect") return location.assign(form.dataset.done);
  if (answer.type === "failed") {
    box.querySelector("p").textContent = box.querySelector("p").dataset.failed;
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
  document.querySelector("[data-focus]")?.focus();
  document.querySelectorAll("form[data-opening]").forEach(opening);
  if (reads.includes("qr_code")) document.querySelectorAll("[data-scan]").forEach(scan);
}
document.querySelectorAll("form[data-opening]").forEach(opening);
