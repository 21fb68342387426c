// Who else has this case open and who is writing, and what changed under an open form.
//   [data-presence=address][data-presence-case=number]   says every few seconds that this page is open; shows the others
//   form[data-writing=verb] with [data-changes=address]  what others did while the form is open stands above it at once

const root = document.querySelector("[data-presence]");
const BEAT = 8000;
const WRITING_FOR = 30000; // after the last key somebody is reading again

if (root) {
  const address = root.dataset.presence;
  const number = root.dataset.presenceCase;
  const page = crypto.randomUUID?.() ?? `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  const csrf = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
  let lastKey = -Infinity;
  let form = null;
  let said = "";
  let shown = root.innerHTML;
  let over = false; // logged out, or not allowed any more
  let busy = false;
  let again = false;

  const writing = () => (form?.isConnected && performance.now() - lastKey < WRITING_FOR ? form.dataset.writing : "");

  async function beat(gone = false) {
    if (over) return;
    if (busy && !gone) { again = true; return; }
    busy = true;
    said = gone ? "" : writing();
    const body = new URLSearchParams({ page, writing: said, gone: gone ? "1" : "0" });
    try {
      const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": csrf }, keepalive: gone, redirect: "manual" });
      if (answer.ok) show((await answer.text()).trim());
      else if (answer.status !== 500 && answer.status < 502) leave();
    } catch { /* the line is down: the live state says so, the next beat tries again */ } finally {
      busy = false;
    }
    if (again) { again = false; beat(); }
  }

  function show(html) {
    if (html === shown) return; // the same words are not read out again
    shown = html;
    root.innerHTML = html;
  }

  function leave() {
    over = true;
    show("");
  }

  document.addEventListener("input", (event) => {
    const here = event.target.closest("form[data-writing]");
    if (!here) return;
    form = here;
    lastKey = performance.now();
    if (said !== form.dataset.writing) beat();
  });
  document.addEventListener("close", (event) => {
    if (!(event.target instanceof HTMLDialogElement) || !form) return;
    form = null;
    if (said) beat();
  }, true);
  document.addEventListener("desk:presence", ({ detail }) => {
    if (detail.case === undefined || detail.case === number) setTimeout(beat, Math.random() * 300);
  });

  // --- What changed under an open form -------------------------------------------------------------------------------
  document.addEventListener("desk:case", ({ detail }) => {
    if (detail?.case !== undefined && detail.case !== number) return;
    for (const open of document.querySelectorAll("form[data-writing]")) {
      const place = open.parentElement.querySelector("[data-changes]");
      const seen = open.querySelector("input[name=seen]")?.value;
      if (place && seen) window.htmx?.ajax("GET", `${place.dataset.changes}?event=${encodeURIComponent(seen)}`, { target: place, swap: "innerHTML" });
    }
  });

  setInterval(beat, BEAT);
  window.addEventListener("pagehide", () => beat(true));
  window.addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
  beat();
}
