// Forms lose nothing: one sending at a time, drafts kept in this tab, errors focused, characters counted.
//   <form data-draft="register">   keeps a draft (per person and address) until the server has taken it
//   <form data-guard>              asks before leaving with unsent changes (needless where there is a draft)
//   <form data-enter-next>         Enter goes to the next field, Ctrl+Enter saves
//   [data-count][maxlength]        shows the characters left near the end

const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");
const person = document.body.dataset.person ?? "";
const SENT = "desk-draft-sent";
let forgetting = false; // logging out: nothing more is kept

const prefix = (who) => `desk-draft:${who}:`;
const keyOf = (form) => `${prefix(person)}${location.pathname}:${form.dataset.draft}`;
const drafts = () => Object.keys(sessionStorage).filter((key) => key.startsWith("desk-draft:"));

// --- One sending at a time ---------------------------------------------------------------------------------------
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.method === "dialog") return;
  if (form.dataset.sending !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "";
  delete form.dataset.dirty;
  const button = event.submitter;
  // After the browser has read the form: a disabled button would not be sent.
  setTimeout(() => { if (button?.matches(".button")) { button.dataset.busy = ""; button.setAttribute("aria-disabled", "true"); } });
  if (form.dataset.draft !== undefined && person) sessionStorage.setItem(SENT, keyOf(form));
  if (form.dataset.forgetDrafts !== undefined) {
    forgetting = true;
    drafts().forEach((key) => sessionStorage.removeItem(key));
  }
});

function free(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("[data-busy]")) {
    delete button.dataset.busy;
    button.removeAttribute("aria-disabled");
  }
}
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(free));
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) free(form);
});

// --- Drafts --------------------------------------------------------------------------------------------------------
const kept = (field) => field.name && !["password", "file", "submit", "button"].includes(field.type)
  && (field.type !== "hidden" || field.dataset.typeaheadId !== undefined);

function keep(form) {
  const values = {};
  for (const field of form.elements) {
    if (!kept(field)) continue;
    if (field.type === "checkbox" || field.type === "radio") {
      if (field.checked) (values[field.name] ??= []).push(field.value);
    } else (values[field.name] ??= []).push(field.value);
  }
  sessionStorage.setItem(keyOf(form), JSON.stringify(values));
}

function fill(form, values) {
  const left = structuredClone(values);
  for (const field of form.elements) {
    if (!kept(field)) continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = (values[field.name] ?? []).includes(field.value);
    else if (left[field.name]?.length) field.value = left[field.name].shift();
    else continue;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function offer(form) {
  const note = document.createElement("p");
  note.className = "draft-note";
  note.setAttribute("role", "status");
  const discard = document.createElement("button");
  discard.type = "button";
  discard.className = "button button--quiet button--small";
  discard.textContent = words.discardDraft;
  discard.addEventListener("click", () => {
    sessionStorage.removeItem(keyOf(form));
    form.reset();
    note.remove();
    form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  });
  note.append(words.draftRestored, discard);
  form.prepend(note);
}

function settle() {
  if (document.body.dataset.page === "login") { // the session expired: the draft waits behind the log-in
    for (const note of document.querySelectorAll("[data-draft-waiting]")) note.hidden = drafts().length === 0;
    return;
  }
  for (const key of drafts()) if (person && !key.startsWith(prefix(person))) sessionStorage.removeItem(key);
  const sent = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  const returned = document.querySelector("form[data-draft] [data-form-errors]")?.closest("form");
  const cameByLogin = document.referrer && new URL(document.referrer).pathname === document.body.dataset.login;
  // Sent, and the page is neither the same form with errors nor the way back from a log-in: the server has it.
  if (sent && !returned && !cameByLogin) sessionStorage.removeItem(sent);
}

function begin(form) {
  if (!person) return;
  const draft = sessionStorage.getItem(keyOf(form));
  if (draft && !form.querySelector("[data-form-errors]")) {
    fill(form, JSON.parse(draft));
    offer(form);
  }
  let waiting = 0;
  const now = () => { waiting = clearTimeout(waiting) ?? 0; if (!forgetting) keep(form); };
  const later = () => { clearTimeout(waiting); waiting = setTimeout(now, 300); };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  for (const end of ["reset", "desk:forget"]) form.addEventListener(end, () => { waiting = clearTimeout(waiting) ?? 0; });
  window.addEventListener("pagehide", () => { if (waiting) now(); });
}

settle();
document.querySelectorAll("form[data-draft]").forEach(begin);

// --- Unsent changes ------------------------------------------------------------------------------------------------
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) form.dataset.dirty = "";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-guard][data-dirty]")) event.preventDefault();
});

// --- Enter goes on ---------------------------------------------------------------------------------------------------
document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (event.ctrlKey || event.metaKey || !target.matches("form[data-enter-next] :is(input, select)")) return;
  if (["submit", "button", "file"].includes(target.type)) return;
  event.preventDefault();
  const fields = [...target.form.elements].filter((field) => field.checkVisibility() && !field.disabled && field.type !== "hidden" && field.tabIndex >= 0);
  fields[fields.indexOf(target) + 1]?.focus();
});

// --- Errors and counts ---------------------------------------------------------------------------------------------
function errors(root) {
  const summary = root.querySelector?.("[data-form-errors]");
  summary?.focus();
}

function count(field) {
  const left = field.dataset.limit - [...field.value].length;
  let note = document.getElementById(`${field.id}_count`);
  if (!note) {
    note = document.createElement("span");
    note.id = `${field.id}_count`;
    note.className = "field__count small muted";
    note.setAttribute("aria-live", "off");
    field.after(note);
  }
  note.textContent = (left < 0 ? words.charactersOver : words.charactersLeft).replace("{n}", Math.abs(left));
  note.hidden = left > field.dataset.limit / 4;
  note.toggleAttribute("data-over", left < 0);
}

function prepare(root) {
  for (const field of root.querySelectorAll?.("[data-count][maxlength]") ?? []) {
    field.dataset.limit = field.maxLength;
    field.removeAttribute("maxlength"); // what is too long is said, not cut off silently while pasting
    field.addEventListener("input", () => count(field));
    count(field);
  }
}

prepare(document);
errors(document);
document.addEventListener("htmx:afterSettle", (event) => {
  prepare(event.detail.elt);
  errors(event.detail.elt);
});
document.addEventListener("click", (event) => {
  if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
  const link = event.target.closest("[data-form-errors] a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  (field.matches("fieldset, div") ? field.querySelector("input") : field).focus();
});
