// The register form's draft on the server: kept while somebody types, so that neither a dead browser nor an expired
// session costs a word. The tab keeps one of its own too (forms.js); here the two are held together by the form's token.

const form = document.querySelector("form[data-register]");
const { token } = form.elements;
const note = document.getElementById("register-kept");
const WAIT = 1000;
const OWN = `desk-register-token:${form.dataset.draft}`; // which token this tab's own draft belongs to
const localKey = `desk-draft:${document.body.dataset.person ?? ""}:${location.pathname}:${form.dataset.draft}`;
let timer = 0;
let sent = "";
let leaving = false;
let line = Promise.resolve(); // one save at a time: an earlier one never arrives after a later one

const body = () => new URLSearchParams(new FormData(form));

function keep(last = false) {
  clearTimeout(timer);
  timer = 0;
  if (last) return save(true); // the page goes: nothing is waited for
  line = line.then(() => save());
  return line;
}

async function save(last = false) {
  const data = body();
  const text = data.toString();
  if (text === sent || leaving) return;
  sent = text;
  try {
    const answer = await fetch(form.dataset.draftUrl, { method: "POST", body: data, keepalive: last, headers: { "X-CSRFToken": data.get("csrfmiddlewaretoken") } });
    const kept = answer.ok && !answer.redirected;
    // Thrown away meanwhile, here or in another browser: what is typed from now on is a draft again.
    if (kept && answer.status === 200) form.elements.edition.value = (await answer.json()).edition;
    else if (kept) note.textContent = `${form.dataset.kept} ${new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format()}`;
    else lost();
  } catch {
    lost();
  }
}

// Logged out meanwhile, or no server: this tab has it still, and the next change tries again.
function lost() {
  sent = "";
  note.textContent = form.dataset.keptHere;
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => keep(), WAIT);
  sessionStorage.setItem(OWN, token.value);
}

form.addEventListener("input", later);
form.addEventListener("change", later);
form.addEventListener("reset", () => setTimeout(later)); // this tab's draft was discarded: nothing is left to keep
form.addEventListener("submit", () => { leaving = true; clearTimeout(timer); });
window.addEventListener("pageshow", () => { leaving = false; });
window.addEventListener("pagehide", () => { if (timer) keep(true); });
document.addEventListener("visibilitychange", () => { if (document.hidden && timer) keep(true); });

// Thrown away: neither a save of this page that waits nor the tab's own writes it once more.
function forget() {
  leaving = true;
  clearTimeout(timer);
  timer = 0;
  form.dispatchEvent(new CustomEvent("desk:forget"));
  sessionStorage.removeItem(localKey);
}

// --- One draft, one tab ----------------------------------------------------------------------------------------------
// A draft that came back may be at work in another tab: that one says so, and this one begins with an empty form.
const tabs = "BroadcastChannel" in window ? new BroadcastChannel(`desk-register:${document.body.dataset.person ?? ""}`) : null;
const me = crypto.getRandomValues(new Uint32Array(2)).join("-");
tabs?.addEventListener("message", ({ data }) => {
  if (data.token !== token.value || data.from === me) return;
  if (data.asks) tabs.postMessage({ token: token.value, from: me });
  else if (form.dataset.restored !== undefined) {
    forget();
    location.replace(form.dataset.freshUrl);
  }
});
if (form.dataset.restored !== undefined) tabs?.postMessage({ token: token.value, from: me, asks: true });

// --- This tab's own draft ----------------------------------------------------------------------------------------------
const own = sessionStorage.getItem(OWN);
if (sessionStorage.getItem(localKey) && own && own !== token.value && !form.querySelector("[data-form-errors]")) {
  if (form.dataset.restored !== undefined) location.replace(`${location.pathname}?draft=${own}`);
}
sessionStorage.setItem(OWN, token.value);
document.querySelector("[data-discard-draft]")?.addEventListener("submit", forget);

// --- A note to another case instead: it takes along what was typed -----------------------------------------------------
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-instead]");
  if (!link) return;
  event.preventDefault();
  await keep();
  window.open(link.href, "_blank", "noopener");
});
