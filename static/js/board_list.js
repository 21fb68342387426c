// A list of the board is drawn anew soon after something has changed, and now and then anyway; not more often than every
// three seconds, nor while a dialog is open or a button is pressed. Its ticks outlive that (js/bulk.js).

const REST = 3000;
const EVERY = 15000;
const live = document.getElementById("board-list");
let asked = performance.now();
let due = Infinity;
let timer = null;
let pressed = false;

function askAt(moment) {
  if (moment >= due) return;
  due = moment;
  clearTimeout(timer);
  timer = setTimeout(ask, Math.max(0, moment - performance.now()));
}

function ask() {
  asked = performance.now();
  due = Infinity;
  askAt(asked + EVERY);
  if (document.hidden || pressed || document.querySelector("dialog[open]")) return;
  window.htmx?.trigger(live, "desk:refresh", { quiet: true });
}

if (live) {
  for (const kind of ["case", "told", "engine", "call"]) {
    document.addEventListener(`desk:${kind}`, () => askAt(Math.max(asked + REST, performance.now() + 500 * Math.random())));
  }
  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => { pressed = false; }, true);
  askAt(asked + EVERY);
}
