// The call bar: drawn anew the moment something happens on the line, its timers, the words on hold, and its keys.
// Nothing here touches what is being typed: the screens stand in the top line, the forms open in the dialog.

const bar = document.getElementById("call-bar");
const dialog = document.getElementById("desk-dialog");
let drawnAt = performance.now();
let again = false;
let asking = false;

// --- Drawn anew -------------------------------------------------------------------------------------------------------
function draw() {
  if (asking) {
    again = true; // what happened meanwhile is asked for once more, not for each event
    return;
  }
  asking = true;
  window.htmx.trigger(bar, "desk:refresh", { quiet: true });
}

document.addEventListener("desk:call", draw);
document.addEventListener("desk:call-done", () => {
  dialog?.close();
  draw();
});

bar?.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.elt !== bar) return;
  asking = false;
  if (again) {
    again = false;
    draw();
  }
});

bar?.addEventListener("htmx:afterSwap", () => {
  drawnAt = performance.now();
  announce();
  tick();
});

// --- What is new is said once -----------------------------------------------------------------------------------------
const said = new Set();

function say(text) { document.dispatchEvent(new CustomEvent("desk:announce", { detail: { text } })); }

function announce() {
  for (const screen of bar.querySelectorAll("[data-call]")) {
    const key = `${screen.dataset.call} ${screen.dataset.phase}`;
    if (said.has(key)) continue;
    said.add(key);
    say(screen.querySelector("h2").textContent.trim().replace(/\s+/g, " "));
    if (screen.dataset.phase === "ringing" && bar.querySelector("[data-sound]")) ring();
  }
}

// Two short tones, for who has chosen to hear them; a browser that nobody has touched yet may refuse, and stays silent.
let audio = null;

async function ring() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") await Promise.race([audio.resume(), new Promise((over) => setTimeout(over, 500))]);
  if (audio.state !== "running") return;
  for (const [start, pitch] of [[0, 660], [0.28, 880]]) {
    const tone = new OscillatorNode(audio, { frequency: pitch });
    const volume = new GainNode(audio, { gain: 0.08 });
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + start + 0.2);
  }
}

// --- Timers and the words on hold (T4), by the server's clock as it stood when the bar was drawn ------------------------
const two = (number) => String(number).padStart(2, "0");
const figures = (seconds) => `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;

function tick() {
  const head = bar?.querySelector("[data-now]");
  if (!head) return;
  const now = Date.parse(head.dataset.now) + performance.now() - drawnAt;
  for (const timer of bar.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((now - Date.parse(timer.dataset.since)) / 1000));
    const text = figures(seconds);
    if (timer.textContent !== text) timer.textContent = text;
  }
  for (const screen of bar.querySelectorAll('[data-phase="holding"][data-call]')) {
    const since = screen.querySelector("[data-since]");
    if (since) hold(screen, Math.max(0, (now - Date.parse(since.dataset.since)) / 1000), head.dataset);
  }
}

function hold(screen, seconds, { wordEvery, offerAfter }) {
  const every = Number(wordEvery);
  const words = screen.querySelector("[data-hold-say]");
  const offer = screen.querySelector("[data-hold-offer]");
  const next = screen.querySelector("[data-hold-next]");
  const round = Math.floor(seconds / every);
  // The words stand for a third of a round after each limit, so that every one of them is seen to come.
  const due = round > 0 && seconds - round * every < every / 3;
  if (next) next.textContent = figures(Math.ceil((round + 1) * every - seconds));
  if (words) words.hidden = !due;
  if (due && screen.dataset.round !== String(round)) {
    screen.dataset.round = String(round);
    say(words.querySelector("strong").textContent);
  }
  if (offer && seconds >= Number(offerAfter) && offer.hidden) {
    offer.hidden = false;
    say(offer.querySelector("strong").textContent);
  }
}

if (bar) setInterval(tick, 250);

// --- Keys while a field has the focus: Alt and the same letter ---------------------------------------------------------
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.isComposing || document.querySelector("dialog[open]")) return;
  const letter = event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : "";
  const button = letter && bar?.querySelector(`[data-press="${letter}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// --- The dial pad ---------------------------------------------------------------------------------------------------------
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  for (const pad of detail.elt.querySelectorAll?.("[data-dial-pad]") ?? []) pad.hidden = false;
});
for (const pad of document.querySelectorAll("[data-dial-pad]")) pad.hidden = false;
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-digit]");
  const field = key?.form.querySelector("[data-dial]");
  if (!field) return;
  field.value += key.dataset.digit;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
