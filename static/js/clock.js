// The count-down: ticks from the server's clock, survives sleep, says a change of state once.
// Reads a clock as service_desk/dashboard/clockface.py does.

const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");
const WARN_FROM = 0.75;
const DAYS_FROM = 100 * 3600;

// --- The server's clock: an offset, measured at load and again with every answer --------------------------------
let offset = 0;
let measuredAt = -Infinity;

function measure(serverTime, received = Date.now()) {
  const server = Date.parse(serverTime);
  if (Number.isNaN(server)) return;
  const found = server - received;
  // Within two seconds it is the network's jitter: stay, so that no second is shown twice. Beyond, follow.
  if (measuredAt === -Infinity || Math.abs(found - offset) > 2000) offset = found;
  measuredAt = performance.now();
}

export function serverNow() { return Date.now() + offset; }

const meta = document.querySelector('meta[name="server-time"]');
const [navigation] = performance.getEntriesByType("navigation");
if (meta) measure(meta.content, performance.timeOrigin + (navigation?.responseStart ?? 0));

document.addEventListener("htmx:afterRequest", (event) => {
  const stamp = event.detail.xhr?.getResponseHeader("X-Server-Time");
  if (stamp) measure(stamp);
});
document.addEventListener("desk:time", (event) => measure(event.detail.now));

async function ask() {
  if (!meta?.dataset.url) return;
  try {
    const asked = Date.now();
    const answer = await fetch(meta.dataset.url, { cache: "no-store" });
    if (answer.ok) measure((await answer.json()).now, (asked + Date.now()) / 2);
  } catch {
    measuredAt = performance.now(); // offline: the old offset goes on
  }
}

// --- One tick for all clocks -------------------------------------------------------------------------------------
const clocks = new Set();
let lastWall = Date.now();
let lastMono = performance.now();

function tick() {
  const wall = Date.now();
  const mono = performance.now();
  // The wall clock ran away from the steady one: the machine slept or somebody set its time.
  if (Math.abs((wall - lastWall) - (mono - lastMono)) > 2000 || mono - lastMono > 30000) ask();
  lastWall = wall;
  lastMono = mono;
  const now = serverNow();
  for (const clock of clocks) clock.draw(now);
  setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const clock of clocks) clock.draw(serverNow());
  if (performance.now() - measuredAt > 60000) ask();
});

const two = (number) => String(number).padStart(2, "0");

export function figures(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const sign = milliseconds < 0 && seconds ? "−" : "";
  if (seconds >= DAYS_FROM) {
    const rest = seconds % 86400;
    const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor((rest % 3600) / 60))}`;
    return sign + (words.days ?? "{days} d {clock}").replace("{days}", Math.floor(seconds / 86400)).replace("{clock}", clock);
  }
  return `${sign}${two(Math.floor(seconds / 3600))}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
}

class DeskClock extends HTMLElement {
  connectedCallback() {
    this.due = Date.parse(this.dataset.due);
    if (this.dataset.ticking === undefined || Number.isNaN(this.due)) return;
    this.from = serverNow();
    this.share = Number(this.dataset.share);
    clocks.add(this);
    this.draw(this.from);
  }

  disconnectedCallback() { clocks.delete(this); }

  shareAt(now) {
    if (now >= this.due || this.due <= this.from) return 1;
    return this.share + (1 - this.share) * ((now - this.from) / (this.due - this.from));
  }

  draw(now) {
    const time = this.querySelector(".clock__time");
    const text = figures(this.due - now);
    if (time && time.textContent !== text) time.textContent = text;
    const share = this.shareAt(now);
    this.querySelector(".clock__used")?.setAttribute("width", (share * 100).toFixed(2));
    let tone = share >= WARN_FROM ? "warn" : "calm";
    if (now >= this.due || this.dataset.tone === "late") tone = "late";
    if (tone !== this.dataset.tone) this.become(tone);
  }

  become(tone) {
    const worse = tone === "late" || this.dataset.tone === "calm";
    this.dataset.tone = tone;
    this.querySelector(".clock__head use")?.setAttribute("href", `#shape-${tone}`);
    const word = this.querySelector(".clock__word");
    if (word) word.textContent = words.tones?.[tone] ?? tone;
    if (!worse) return;
    const text = (words.clockChanged ?? "{kind} {subject}: {word}")
      .replace("{kind}", this.dataset.kind ?? "").replace("{subject}", this.dataset.subject ?? "")
      .replace("{word}", words.tones?.[tone] ?? tone)
      .replace("{due}", this.querySelector(".clock__due")?.textContent.trim() ?? "").replace(/\s+/g, " ");
    this.dispatchEvent(new CustomEvent("desk:announce", { bubbles: true, detail: { text } }));
    this.dispatchEvent(new CustomEvent("desk:clock", { bubbles: true, detail: { tone } }));
  }
}

customElements.define("desk-clock", DeskClock);
tick();
