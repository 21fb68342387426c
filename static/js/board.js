// The board is told what changes: a stream of its own brings each part that looks different, drawn once for everybody who is shown the same.
// While no stream gets through, the board asks by itself: every five seconds, and soon after it has heard of a change.
// Every tile knows its own age and turns red by itself when nothing newer comes, so that a dead server is seen although
// it cannot say so. On the wall the panels take turns; who wants no movement gets them all at once.

const born = new WeakMap(); // tile → when this browser last heard that it is right, by its own steady clock
const live = document.querySelector("[data-board]");
const note = document.getElementById(live?.dataset.oldNote ?? "");
const after = Number(live?.dataset.oldAfter ?? 15);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const PLACE = "token-of-this-session"; // stands in what is sent for the token of this session's forms
const TURN_SECONDS = 12;
const EVERY = 5000; // between two looks while nothing is heard
const SHARED = 350; // the server may answer with what it read so long ago: a change heard of just now is asked for later
const SPREAD = 450; // many boards hear of one change at once
const REST = 2000; // and never ask more often than this, however much happens
const SILENT = 8000; // a stream from which nothing has come for so long may be held up on its way
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

function allIsRight() {
  for (const tile of live.querySelectorAll("[data-at]")) born.set(tile, performance.now());
  look();
}

// --- What the stream brings ------------------------------------------------------------------------------------------
let source = null;
let told = -Infinity; // when something came by it last
let failures = 0;
let mark = "";
let seconds = live?.dataset.seconds ?? "";
const waiting = new Map(); // part → what is to be shown there once nothing is pressed
let pressed = false;

const partsOf = () => [...live.querySelectorAll("[data-part]")];

function show(name, [partMark, html]) {
  const part = live.querySelector(`[data-part="${CSS.escape(name)}"]`);
  if (!part) return;
  part.dataset.mark = partMark;
  window.htmx.swap(part, html.replaceAll(PLACE, live.dataset.token), { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
}

// A button drawn anew between press and release gets no click: what comes meanwhile is shown afterwards.
function showWaiting() {
  if (pressed || !waiting.size) return;
  for (const [name, part] of waiting) show(name, part);
  waiting.clear();
  tick();
}

function connect() {
  source?.close();
  waiting.clear();
  const url = new URL(live.dataset.stream, location.href);
  url.searchParams.set("page", live.dataset.page);
  url.searchParams.set("at", seconds);
  url.searchParams.set("has", partsOf().map((part) => `${part.dataset.part}:${part.dataset.mark}`).join(","));
  source = new EventSource(url);
  source.addEventListener("parts", ({ data }) => {
    const news = JSON.parse(data);
    failures = 0;
    told = performance.now();
    mark = news.mark;
    seconds = String(news.at);
    for (const [name, part] of Object.entries(news.parts)) waiting.set(name, part);
    allIsRight();
    showWaiting();
  });
  source.onerror = () => {
    source.close(); // it would come back with the marks of this moment, and by then others may be shown
    source = null;
    failures += 1;
    setTimeout(connectIfSeen, Math.min(30000, 500 * 2 ** failures) * (0.5 + Math.random()));
    askAt(performance.now() + SPREAD);
  };
}

function connectIfSeen() { if (!source && !document.hidden) connect(); }

// --- When to ask, while no stream gets through -----------------------------------------------------------------------
let asked = performance.now();
let heard = -Infinity;
let answered = -Infinity; // when that was asked which was answered last
let due = Infinity;
let timer = null;

const isTold = () => source && performance.now() - told < SILENT;

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
  if (!document.hidden && !isTold()) window.htmx?.trigger(live, "desk:refresh", { quiet: true });
}

function changed() {
  heard = performance.now();
  if (!isTold()) askAt(Math.max(heard + SHARED + Math.random() * SPREAD, asked + REST));
}

function listen() {
  for (const kind of ["case", "told", "engine", "call"]) document.addEventListener(`desk:${kind}`, changed);
  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const kind of ["pointerup", "pointercancel"]) {
    document.addEventListener(kind, () => setTimeout(() => { pressed = false; showWaiting(); }), true);
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close(); // a browser has six connections to a server; what nobody looks at needs none
      source = null;
    } else {
      connectIfSeen();
      askAt(performance.now() + SPREAD);
    }
  });
  window.addEventListener("pagehide", () => { source?.close(); source = null; });
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) connectIfSeen(); });
  live.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt !== live) return;
    if (mark) detail.headers["Board-Mark"] = mark;
    if (heard > answered) detail.headers["Board-Heard"] = "1";
  });
  live.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt !== live) return;
    if (detail.successful) answered = asked;
    if (detail.xhr.status === 204) allIsRight();
  });
  live.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target === live && isTold()) detail.shouldSwap = false; // the stream was quicker, and knows what is shown
  });
  live.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== live) return;
    mark = detail.xhr?.getResponseHeader("Board-Mark") ?? "";
    if (source && !isTold()) connect(); // it believed that something else was shown
  });
  askAt(asked + EVERY + Math.random() * SPREAD);
  connectIfSeen();
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
