// The small things every page shares: words, polite announcements, dialogs, toasts, and what to do when a fragment fails.

const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");
const announcer = document.getElementById("desk-announcer");
const dialog = document.getElementById("desk-dialog");
const dialogBody = document.getElementById("desk-dialog-body");
const toasts = document.getElementById("toasts");

// The room one is in is seen in the rail also where that is longer than the window.
document.querySelector('.rail [aria-current="page"]')?.scrollIntoView({ block: "nearest" });

// --- Announcements: `desk:announce` {text} is said once, politely -----------------------------------------------
const queue = [];
let saying = false;

function sayNext() {
  const text = queue.shift();
  saying = Boolean(text);
  if (!text) return;
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 50);
  setTimeout(sayNext, 2500);
}

document.addEventListener("desk:announce", (event) => {
  if (!announcer || queue.includes(event.detail.text)) return;
  queue.push(event.detail.text);
  if (!saying) sayNext();
});

// --- Dialogs: native <dialog>; [data-dialog-open=id], [data-dialog-close], htmx into #desk-dialog-body -------------
let opener = null;

function open(element, from) {
  if (!element || element.open) return;
  opener = from;
  element.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dialog-open], [data-dialog-close]");
  if (button?.dataset.dialogOpen) {
    button.closest("[popover]")?.hidePopover?.();
    open(document.getElementById(button.dataset.dialogOpen), button);
  } else if (button) {
    button.closest("dialog")?.close();
  } else if (event.target instanceof HTMLDialogElement && event.target.open && pressedOn === event.target) {
    event.target.close(); // the backdrop
  }
});

let pressedOn = null;
document.addEventListener("pointerdown", (event) => { pressedOn = event.target; });

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === dialogBody && !dialog.contains(event.detail.elt)) opener = event.detail.elt;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== dialogBody) return;
  open(dialog, opener);
  const heading = dialogBody.querySelector("h1, h2");
  if (heading) {
    heading.id ||= "desk-dialog-title";
    dialog.setAttribute("aria-labelledby", heading.id);
  }
});
document.addEventListener("close", (event) => {
  if (!(event.target instanceof HTMLDialogElement)) return;
  if (event.target === dialog) dialogBody.replaceChildren();
  if (opener?.isConnected) opener.focus();
}, true);

// --- Toasts: `desk:toast` {text, tone}; a server says it with HX-Trigger too ------------------------------------
const STAYS = 8000;

function leaveLater(toast) {
  if (toast.dataset.stays !== undefined) return;
  let timer = setTimeout(() => toast.remove(), STAYS);
  for (const kind of ["pointerenter", "focusin"]) toast.addEventListener(kind, () => clearTimeout(timer));
  for (const kind of ["pointerleave", "focusout"]) {
    toast.addEventListener(kind, () => { timer = setTimeout(() => toast.remove(), STAYS); });
  }
}

export function toast(text, tone = "quiet") {
  const template = document.getElementById("toast-template");
  if (!toasts || !template) return;
  const element = template.content.firstElementChild.cloneNode(true);
  element.dataset.tone = tone;
  element.querySelector("use").setAttribute("href", `#shape-${tone}`);
  element.querySelector(".toast__text").textContent = text;
  if (tone === "late" || tone === "warn") element.dataset.stays = "";
  toasts.append(element);
  leaveLater(element);
}

document.addEventListener("desk:toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));
toasts?.addEventListener("click", (event) => {
  if (event.target.closest("[data-toast-close]")) event.target.closest(".toast").remove();
});
toasts?.querySelectorAll(".toast").forEach(leaveLater);

// --- htmx: an expired session leads to the log-in page, a failure is said ----------------------------------------
document.addEventListener("htmx:beforeSwap", (event) => {
  const login = document.body.dataset.login;
  const { pathname } = new URL(event.detail.xhr.responseURL || location.href, location.href);
  if (!login || pathname !== login || location.pathname === login) return;
  event.detail.shouldSwap = false;
  location.assign(`${login}?next=${encodeURIComponent(location.pathname + location.search)}`);
});
for (const kind of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(kind, (event) => {
    if (!event.detail.elt?.dataset.refreshOn) toast(words.loadFailed, "warn");
  });
}
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.elt?.dataset.refreshOn) return;
  toast(event.detail.xhr.status === 403 ? words.refused : words.loadFailed, "warn");
});

// --- Show / hide a password ------------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
  input.focus();
});
