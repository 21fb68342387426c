// What is offered in a text box: colleagues after `@` (textarea[data-people]), templates after `/` at its start
// (textarea[data-templates]), and in every box and line of text the approved phrases after `::` anywhere or `/` behind a
// gap (K1): by pinyin initials, words or code. An input method for Chinese makes `、` of the key `/`: it counts too. Each address answers ?q= with {results: [{id, label, detail, data: {text, code}}]}.

const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");
const WAIT = 150;
const PERSON = /(?:^|[^A-Za-z0-9._%+-])([@＠][^\s@＠，。；：、,;:]{0,20})$/;
const TEMPLATE = /^([/／、][^\n]{0,40})$/;
const PHRASE = /((?:::|：：)[^\s:：]{0,20}|(?:^|(?<=[\s，。！？；,.!?;]))[/／、][^\s/／、]{1,20})$/;
const COLONS = /((?:::|：：)[^\s:：]{0,20})$/; // where words are not checked, a stroke may be what is written
const BOX = ["textarea", 'input[type="text"]:not([role="combobox"], [inputmode])'].map((kind) => `${kind}:not([readonly])`).join(", ");
const phrases = document.body.dataset.phrases;

let box = null; // the text box that something is offered in
let list = null;
let options = [];
let at = -1;
let span = null; // what a choice replaces: [start, end]
let request = null;
let timer = 0;

const say = (text) => document.dispatchEvent(new CustomEvent("desk:announce", { detail: { text } }));

function wish(field) {
  const end = field.selectionStart;
  if (end !== field.selectionEnd) return null;
  const before = field.value.slice(0, end);
  const template = field.dataset.templates && TEMPLATE.exec(before);
  if (template) return { url: field.dataset.templates, query: template[1].slice(1), start: 0, end };
  const phrase = phrases && (field.dataset.language === "off" ? COLONS : PHRASE).exec(before);
  if (phrase) return { url: phrases, query: phrase[1].replace(/^[:：/／、]+/, ""), start: end - phrase[1].length, end };
  const person = field.dataset.people && PERSON.exec(before);
  if (person) return { url: field.dataset.people, query: person[1].slice(1), start: end - person[1].length, end };
  return null;
}

function typed(field) {
  clearTimeout(timer);
  const found = wish(field);
  if (!found) { close(); return; }
  timer = setTimeout(() => ask(field, found), WAIT);
}

async function ask(field, found) {
  request?.abort();
  request = new AbortController();
  const url = new URL(found.url, location.href);
  url.searchParams.set("q", found.query);
  try {
    const answer = await fetch(url, { signal: request.signal, headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return;
    const { results } = await answer.json();
    if (document.activeElement !== field || wish(field)?.end !== found.end) return;
    if (!results.length) { close(); return; }
    show(field, found, results);
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

function show(field, found, results) {
  if (box !== field) close();
  box = field;
  span = [found.start, found.end];
  options = results;
  if (!list) {
    list = document.createElement("ul");
    list.className = "typeahead__list composing__list";
    list.id = `${field.id}_offers`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", words.offers ?? "");
    list.addEventListener("mousedown", (event) => { // not click: the text box keeps the focus
      event.preventDefault();
      const option = event.target.closest('[role="option"]');
      if (option) choose(Number(option.dataset.index));
    });
    field.parentElement.classList.add("composing");
    field.after(list);
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-autocomplete", "list");
  }
  list.replaceChildren(...results.map(draw));
  move(0);
  say((words.matches ?? "{n}").replace("{n}", results.length));
}

function draw(option, index) {
  const item = document.createElement("li");
  item.className = "typeahead__option";
  item.id = `${list.id}_${index}`;
  item.dataset.index = index;
  item.setAttribute("role", "option");
  const label = document.createElement("span");
  label.textContent = option.label;
  const detail = document.createElement("span");
  detail.className = "typeahead__detail";
  detail.textContent = option.detail ?? "";
  item.append(label, detail);
  return item;
}

function move(to) {
  at = (to + options.length) % options.length;
  [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
  box.setAttribute("aria-activedescendant", list.children[at].id);
  list.children[at].scrollIntoView({ block: "nearest" });
}

function choose(index) {
  const field = box;
  const [start, end] = span;
  const { code } = options[index].data;
  const text = filled(field, options[index].data.text);
  close();
  field.focus();
  field.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) { // as if it had been typed: Ctrl+Z takes it back
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const open = text.search(/〔[^〔〕]*〕/); // what is still to be filled in is chosen, to be typed over
  if (open >= 0) field.setSelectionRange(start + open, start + text.indexOf("〕", open) + 1);
  if (code) count(code);
}

// What the page knows and the list cannot: <form data-slots='{"客户姓名": "王女士"}'>.
function filled(field, text) {
  const known = JSON.parse(field.closest("[data-slots]")?.dataset.slots ?? "{}");
  return text.replace(/〔([^〔〕]*)〕/g, (all, name) => known[name] || all);
}

function count(code) {
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
  fetch(document.body.dataset.phraseUsed, { method: "POST", body: new URLSearchParams({ code }), headers: { "X-CSRFToken": token }, keepalive: true })
    .catch(() => {}); // a count that is lost loses no work
}

function close() {
  clearTimeout(timer);
  request?.abort();
  list?.remove();
  if (box) for (const name of ["aria-activedescendant", "aria-controls", "aria-autocomplete"]) box.removeAttribute(name);
  list = box = null;
  options = [];
}

const offering = (target) => target.matches?.(phrases ? BOX : "textarea[data-people], textarea[data-templates]");

document.addEventListener("input", (event) => { if (offering(event.target) && !event.isComposing) typed(event.target); });
document.addEventListener("compositionend", (event) => { if (offering(event.target)) typed(event.target); });
document.addEventListener("focusout", (event) => { if (event.target === box) close(); });
// Before the dialog, the form and the single keys hear of it.
document.addEventListener("keydown", (event) => {
  if (event.target !== box || !list || event.isComposing || event.keyCode === 229) return;
  const bare = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") move(at + (event.key === "ArrowDown" ? 1 : -1));
  else if ((event.key === "Enter" || event.key === "Tab") && bare && !event.shiftKey) choose(at);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
