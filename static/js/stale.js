// A live part knows its own age: [data-stale-after=seconds] shows its [data-stale-note] and turns red when it has heard
// nothing for so long, so that a dead server is seen although it cannot say so.

const heard = new WeakMap();

function fresh(part) {
  heard.set(part, performance.now());
  delete part.dataset.stale;
}

document.querySelectorAll("[data-stale-after]").forEach(fresh);
document.addEventListener("htmx:afterSwap", (event) => {
  const part = event.target.closest?.("[data-stale-after]");
  if (part) fresh(part);
});

setInterval(() => {
  document.querySelectorAll("[data-stale-after]").forEach((part) => {
    const age = (performance.now() - (heard.get(part) ?? performance.now())) / 1000;
    const stale = age > Number(part.dataset.staleAfter);
    part.toggleAttribute("data-stale", stale);
    const note = document.getElementById(part.dataset.staleNote);
    if (note && note.hidden === stale) note.hidden = !stale;
  });
}, 1000);
