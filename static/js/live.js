// The live connection: one event stream for all tabs of a browser, back-off, and asking every ten seconds when it fails.
// Events `notice`, `case`, `told`, `engine`, `presence`, `call` become DOM events `desk:notice` … and refresh [data-refresh-on="case notice"].

const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");
const { stream: streamUrl, poll: pollUrl } = document.body.dataset;
const KINDS = ["notice", "case", "told", "engine", "presence", "call"];
const POLL_EVERY = 10000;
const RETRY_STREAM_AFTER = 60000;
const channel = "BroadcastChannel" in window ? new BroadcastChannel("desk-live") : null;

let source = null;
let failures = 0;
let lastId = "";
let pollTimer = null;
let leading = false;

// --- The dot -----------------------------------------------------------------------------------------------------
const dot = document.getElementById("live-state");

function show(state) {
  if (!dot || dot.dataset.state === state) return;
  dot.dataset.state = state;
  dot.title = words[`${state}Help`] ?? "";
  dot.querySelector(".live__word").textContent = words[state] ?? state;
}

// --- What an event does in this tab --------------------------------------------------------------------------------
const due = new Map();

function refresh(element, detail = {}) {
  if (due.has(element)) return;
  // Many pages hear of one change at once: spread them over half a second.
  due.set(element, setTimeout(() => {
    due.delete(element);
    if (element.isConnected) window.htmx?.trigger(element, "desk:refresh", detail);
  }, 100 + Math.random() * 400));
}

// An element without a wish hears everything, and an event that names nothing concerns everybody.
const concerns = (wanted, named) => !wanted || named === undefined || String(named) === wanted;

function happened(kind, data) {
  document.dispatchEvent(new CustomEvent(`desk:${kind}`, { detail: data }));
  for (const element of document.querySelectorAll(`[data-refresh-on~="${kind}"]`)) {
    const { refreshCase, refreshAbout } = element.dataset;
    if (concerns(refreshCase, data?.case) && concerns(refreshAbout, data?.about)) refresh(element);
  }
}

function catchUp() {
  for (const element of document.querySelectorAll("[data-refresh-about]")) refresh(element, { quiet: true });
}

function received(kind, text, id) {
  if (id) lastId = id;
  let data = {};
  try { data = JSON.parse(text || "{}"); } catch { data = { text }; }
  if (data.now) document.dispatchEvent(new CustomEvent("desk:time", { detail: { now: data.now } }));
  happened(kind, data);
  channel?.postMessage({ kind, data, lastId });
}

// --- The stream ----------------------------------------------------------------------------------------------------
function connect() {
  source?.close();
  const url = new URL(streamUrl, location.href);
  if (lastId) url.searchParams.set("after", lastId);
  source = new EventSource(url);
  source.onopen = () => { failures = 0; stopPolling(); tell("live"); };
  // Between the page's birth and this moment, or while the stream was cut, something may have happened unheard.
  source.addEventListener("hello", () => { catchUp(); channel?.postMessage({ catchUp: true }); });
  for (const kind of KINDS) source.addEventListener(kind, (event) => received(kind, event.data, event.lastEventId));
  source.onerror = () => {
    failures += 1;
    const closed = source.readyState === EventSource.CLOSED;
    if (closed) source.close();
    if (failures >= 3) {
      source.close();
      startPolling();
      setTimeout(connectIfLeading, RETRY_STREAM_AFTER);
    } else {
      tell("waiting");
      if (closed) setTimeout(connectIfLeading, Math.min(30000, 1000 * 2 ** failures) * (0.5 + Math.random()));
    }
  };
}

function connectIfLeading() { if (leading && source?.readyState !== EventSource.OPEN) connect(); }

function tell(state) { show(state); channel?.postMessage({ state }); }

// --- Asking, when the stream does not get through --------------------------------------------------------------------
async function poll() {
  try {
    const url = new URL(pollUrl, location.href);
    url.searchParams.set("after", lastId);
    const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const found = await answer.json();
    for (const event of found.events ?? []) received(event.event, JSON.stringify(event.data ?? {}), String(event.id ?? ""));
    if (found.last !== undefined && found.last !== null) lastId = String(found.last);
    tell("polling");
  } catch {
    tell("offline");
  }
}

function startPolling() {
  if (pollTimer) return;
  poll();
  pollTimer = setInterval(poll, POLL_EVERY);
}

function stopPolling() { clearInterval(pollTimer); pollTimer = null; }

// --- One tab leads, the others listen to it (six tabs would use up a browser's connections to one server) -------------
function lead() {
  leading = true;
  connect();
}

channel?.addEventListener("message", ({ data }) => {
  if (data.ask && leading) channel.postMessage({ state: dot?.dataset.state });
  if (leading) return;
  if (data.lastId) lastId = data.lastId;
  if (data.state) show(data.state);
  if (data.catchUp) catchUp();
  if (data.kind) happened(data.kind, data.data);
});

function begin() {
  if (channel && navigator.locks) {
    channel.postMessage({ ask: true });
    navigator.locks.request("desk-live", () => {
      lead();
      return new Promise(() => {}); // held until this tab goes
    });
  } else {
    // No locks outside https and localhost: each visible tab has its own stream and gives it back when hidden.
    const follow = () => {
      if (!document.hidden) { if (!leading) lead(); } else {
        leading = false;
        source?.close();
        stopPolling();
      }
    };
    document.addEventListener("visibilitychange", follow);
    follow();
  }
}

window.addEventListener("online", connectIfLeading);
window.addEventListener("offline", () => show("offline"));
window.addEventListener("pagehide", () => source?.close());
window.addEventListener("pageshow", (event) => { if (event.persisted && leading) connect(); });
// --- A refresh takes nobody's place away: what was unfolded stays so, and the focus is where it was --------------------
const FOCUSABLE = "a[href], button, summary, input, select, textarea, [tabindex]";
const folds = (element) => [...element.querySelectorAll("details")];
const nameOf = (fold) => fold.closest("[id]")?.id + fold.querySelector("summary")?.textContent.trim();
const focusables = (element) => [...element.querySelectorAll(FOCUSABLE)];
const sameAs = (one) => (other) => other.tagName === one.tagName && other.getAttribute("href") === one.getAttribute("href") && other.textContent === one.textContent;
let place = null;

// A button drawn anew between press and release gets no click: while something is pressed, the refresh comes later.
let pressed = false;
document.addEventListener("pointerdown", () => { pressed = true; }, true);
for (const kind of ["pointerup", "pointercancel"]) {
  document.addEventListener(kind, () => setTimeout(() => { pressed = false; }), true);
}

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig?.triggeringEvent?.type !== "desk:refresh") return;
  if (pressed) {
    detail.shouldSwap = false;
    refresh(detail.elt, { quiet: true });
    return;
  }
  const focused = focusables(detail.target).find((each) => each === document.activeElement);
  place = { target: detail.target, focused, open: new Map(folds(detail.target).map((fold) => [nameOf(fold), fold.open])) };
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (!place || detail.target !== place.target) return;
  for (const fold of folds(detail.target)) fold.open = place.open.get(nameOf(fold)) ?? fold.open;
  if (place.focused) focusables(detail.target).find(sameAs(place.focused))?.focus({ preventScroll: true });
  place = null;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const cause = event.detail.requestConfig?.triggeringEvent;
  if (cause?.type === "desk:refresh" && !cause.detail?.quiet) {
    event.detail.elt.classList.add("glow");
    event.detail.elt.addEventListener("animationend", () => event.detail.elt.classList.remove("glow"), { once: true });
  }
});

if (streamUrl) begin();
