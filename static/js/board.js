// The board: every tile knows its own age and turns red by itself when nothing newer comes, so that a dead server is
// seen although it cannot say so. On the wall the panels take turns; who wants no movement gets them all at once.

const born = new WeakMap(); // tile → when this browser first saw it, by its own steady clock
const live = document.querySelector("[data-board]");
const note = document.getElementById(live?.dataset.oldNote ?? "");
const after = Number(live?.dataset.oldAfter ?? 15);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const TURN_SECONDS = 12;
let turn = 0;
let turned = performance.now();

function age(tile) {
  if (!born.has(tile)) born.set(tile, performance.now());
  return (performance.now() - born.get(tile)) / 1000;
}

function look() {
  let old = false;
  for (const tile of document.querySelectorAll("[data-at]")) {
    const seconds = age(tile);
    const stale = seconds > after;
    old ||= stale;
    tile.toggleAttribute("data-stale", stale);
    const word = tile.querySelector(".tile__old");
    if (word) word.textContent = stale ? live.dataset.oldWord.replace("%(n)s", String(Math.floor(seconds))) : "";
  }
  if (note && note.hidden === old) note.hidden = !old;
}

function showPanel() {
  const panels = [...document.querySelectorAll("[data-panel]")];
  const all = calm.matches;
  panels.forEach((panel, place) => { panel.hidden = !all && place !== turn % panels.length; });
}

function tick() {
  look();
  if (!live.hasAttribute("data-turns")) return;
  if (performance.now() - turned > TURN_SECONDS * 1000) { turn += 1; turned = performance.now(); }
  showPanel();
}

if (live) {
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSwap", tick);
  const full = document.querySelector("[data-full-screen]");
  if (full && document.fullscreenEnabled) {
    full.hidden = false;
    full.addEventListener("click", () => document.documentElement.requestFullscreen());
  }
}
