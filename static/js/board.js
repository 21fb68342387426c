// The board asks by itself: every five seconds, and soon after it has heard of a change. It says what it shows (the mark
// of the last answer), and when nothing is different the server sends no page. Every tile knows its own age and turns red by itself when nothing newer comes, so that a dead server is
// seen although it cannot say so. On the wall the panels take turns; who wants no movement gets them all at once.

const born = new WeakMap(); // tile → when this browser first saw it, by its own steady clock
const live = document.querySelector("[data-board]");
const note = document.getElementById(live?.dataset.oldNote ?? "");
const after = Number(live?.dataset.oldAfter ?? 15);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const TURN_SECONDS = 12;
const EVERY = 5000; // between two looks while nothing is heard
const SHARED = 350; // the server may answer with what it read so long ago: a change heard of just now is asked for later
const SPREAD = 450; // many boards hear of one change at once
const REST = 2000; // and never ask more often than this, however much happens
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

// --- When to ask ---------------------------------------------------------------------------------------------------
let mark = "";
let asked = performance.now();
let heard = -Infinity;
let answered = -Infinity; // when that was asked which was answered last
let due = Infinity;
let timer = null;

function askAt(moment) {
  if (moment >= due) return;
  due = moment;
  clearTimeout(timer);
  timer = setTimeout(ask, Math.max(0, moment - performance.now()));
}

function ask() {
  asked = performance.now();
  due = Infinity;
  askAt(asked + EVERY + Math.random() * SPREAD);
  if (asked - heard < SHARED) askAt(Math.max(heard + SHARED, asked + REST));
  if (!document.hidden) window.htmx?.trigger(live, "desk:refresh", { quiet: true });
}

function changed() {
  heard = performance.now();
  askAt(Math.max(heard + SHARED + Math.random() * SPREAD, asked + REST));
}

function listen() {
  for (const kind of ["case", "told", "engine", "call"]) document.addEventListener(`desk:${kind}`, changed);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) askAt(performance.now()); });
  live.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt !== live) return;
    if (mark) detail.headers["Board-Mark"] = mark;
    if (heard > answered) detail.headers["Board-Heard"] = "1";
  });
  live.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt !== live) return;
    if (detail.successful) answered = asked;
    if (detail.xhr.status !== 204) return;
    for (const tile of live.querySelectorAll("[data-at]")) born.set(tile, performance.now());
    look();
  });
  live.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target === live) mark = detail.xhr.getResponseHeader("Board-Mark") ?? "";
  });
  askAt(asked + EVERY + Math.random() * SPREAD);
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
  listen();
  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSwap", tick);
  const full = document.querySelector("[data-full-screen]");
  if (full && document.fullscreenEnabled) {
    full.hidden = false;
    full.addEventListener("click", () => document.documentElement.requestFullscreen());
  }
}
