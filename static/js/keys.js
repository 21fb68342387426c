// Keyboard: `/` search, `?` the list of keys, `j` `k` rows, Enter opens, `g` + letter goes to a room, Esc goes back.
// Single keys can be switched off (in the dialog); Ctrl+Enter and Esc always work.

const OFF = "desk-single-keys-off";
const typing = (element) => element.closest?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]");
let waitingForRoom = 0;

const singleKeys = document.getElementById("single-keys");
const switchedOff = () => localStorage.getItem(OFF) === "1";
if (singleKeys) {
  singleKeys.checked = !switchedOff();
  singleKeys.addEventListener("change", () => localStorage.setItem(OFF, singleKeys.checked ? "0" : "1"));
}

// --- Rows ----------------------------------------------------------------------------------------------------------
const rows = () => [...document.querySelectorAll("[data-rows] :is(tr, li)[data-href]")].filter((row) => row.offsetParent);

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement?.closest("[data-href]"));
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-rows] [data-href]");
  if (!row || event.target.closest("a, button, input, label, select, summary") || getSelection()?.toString()) return;
  if (event.ctrlKey || event.metaKey) open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
});

// --- Keys ----------------------------------------------------------------------------------------------------------
function goTo(key) {
  const link = document.querySelector(`.rail [data-key="${CSS.escape(key)}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
}

function single(key) {
  if (performance.now() < waitingForRoom) {
    waitingForRoom = 0;
    return goTo(key);
  }
  switch (key) {
    case "/": {
      const search = document.getElementById("desk-search");
      search?.focus();
      search?.select();
      return Boolean(search);
    }
    case "?": document.getElementById("shortcuts")?.showModal(); return true;
    case "j": step(1); return true;
    case "k": step(-1); return true;
    case "g": waitingForRoom = performance.now() + 1500; return true;
    default: {
      const button = document.querySelector(`[data-press="${CSS.escape(key)}"]`); // a button that names its key
      button?.click();
      return Boolean(button);
    }
  }
}

function escape(event) {
  if (document.querySelector("dialog[open], [popover]:popover-open")) return; // they close themselves
  if (typing(event.target)) {
    event.target.blur();
    return;
  }
  const back = document.body.dataset.back;
  if (back) location.assign(back);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape") {
    escape(event);
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest("form") ?? document.querySelector("main form[data-main]");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.key === "Enter" && event.target.matches("[data-rows] [data-href]")) {
    location.assign(event.target.dataset.href);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || switchedOff()) return;
  if (document.querySelector("dialog[open]")) return;
  if (single(event.key)) event.preventDefault();
});
