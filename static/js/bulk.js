// The bar for the ticked rows: says how many, ticks all of the page, and is quiet while nothing is ticked.
// Ticks outlive a list that is drawn anew.

const chosen = new Set();
const ticks = () => [...document.querySelectorAll("[data-tick]")];
let last = "";

function show() {
  const bar = document.querySelector("[data-bulk]");
  if (!bar) return;
  const all = bar.querySelector("[data-tick-all]");
  const words = bar.querySelector("[data-tick-count]");
  const on = ticks().filter((tick) => tick.checked).length;
  all.hidden = false;
  all.checked = on > 0 && on === ticks().length;
  all.indeterminate = on > 0 && !all.checked;
  words.textContent = on ? words.dataset.some.replace("%(n)s", on) : words.dataset.none;
  bar.classList.toggle("bulk-bar--idle", on === 0);
  for (const button of bar.querySelectorAll("button")) button.disabled = on === 0;
}

function set(tick, on) {
  tick.checked = on;
  if (on) chosen.add(tick.value);
  else chosen.delete(tick.value);
}

document.addEventListener("click", (event) => {
  if (event.target.matches("[data-tick-all]")) {
    for (const tick of ticks()) set(tick, event.target.checked);
    show();
    return;
  }
  const tick = event.target.closest("[data-tick]");
  if (!tick) return;
  const shown = ticks();
  const from = shown.findIndex((other) => other.value === last);
  const [first, end] = [from < 0 || !event.shiftKey ? shown.indexOf(tick) : from, shown.indexOf(tick)].sort((a, b) => a - b);
  for (const between of shown.slice(first, end + 1)) set(between, tick.checked);
  last = tick.value;
  show();
});

document.addEventListener("htmx:afterSwap", () => {
  for (const tick of ticks()) tick.checked = chosen.has(tick.value);
  show();
});

window.addEventListener("pageshow", () => { // a browser that goes back keeps the ticks
  for (const tick of ticks()) set(tick, tick.checked);
  show();
});
