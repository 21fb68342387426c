// The language check while somebody types (K3): what must not be said is underlined, with its category and what to
// say instead; a hint only, the server decides when it is saved or sent.
//   textarea, and a line of text whose name is one of SENTENCES, is checked as an internal note
//   [data-language="to_customer"]       … as words to a customer;  [data-language="off"] is not checked at all
// Only the paragraph that was changed is sent, with 20 characters on either side; an answer that is no longer about
// what stands in the box is dropped. Nothing is asked while an input method composes.

const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");
const url = document.body.dataset.languageCheck;
const WAIT = 300;
const AROUND = 20;
const MOST = 20000; // code points that the server takes at once
// What a line of text is called that holds words and not a name, a number or an address.
const SENTENCES = ["anonymous_reason", "answer", "comment", "matter", "note", "read_reason", "reason", "text", "title", "why", "words"];
const SELECTOR = ["textarea", "input[data-language]", ...SENTENCES.map((name) => `input[type="text"][name="${name}"]:not([role="combobox"])`)]
  .map((one) => `${one}:not([data-language="off"])`).join(", ");
const COPIED = ["fontFamily", "fontSize", "fontWeight", "fontStyle", "lineHeight", "letterSpacing", "wordSpacing", "textIndent",
  "paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "borderTopWidth", "borderRightWidth", "borderBottomWidth", "borderLeftWidth", "textAlign", "direction"];
const boxes = new WeakMap();
let numbers = 0;

const say = (text) => document.dispatchEvent(new CustomEvent("desk:announce", { detail: { text } }));
const fill = (text, values) => (text ?? "").replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

class Box {
  constructor(field) {
    this.field = field;
    this.text = "";
    this.findings = []; // {start, end} in UTF-16 units of the text, as the browser counts
    this.dirty = null; // [start, end] that no answer has covered yet
    this.sequence = 0;
    this.timer = 0;
    this.request = null;
    this.composing = false;
    field.addEventListener("input", (event) => this.changed(event.isComposing));
    field.addEventListener("change", () => this.changed(false));
    field.addEventListener("compositionstart", () => { this.composing = true; clearTimeout(this.timer); });
    field.addEventListener("compositionend", () => { this.composing = false; this.changed(false); });
    field.addEventListener("scroll", () => this.follow());
    field.addEventListener("desk:recheck", () => this.again());
    field.form?.addEventListener("reset", () => setTimeout(() => this.changed(false)));
    this.changed(false);
  }

  changed(composing) {
    const before = this.text;
    const after = this.field.value;
    if (before !== after) {
      const most = Math.min(before.length, after.length);
      let head = 0;
      while (head < most && before[head] === after[head]) head += 1;
      let tail = 0;
      while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
      this.shift(head, before.length - tail, after.length - before.length);
      this.text = after;
      this.sequence += 1; // what is under way is about another text
      this.request?.abort();
      this.draw();
    }
    if (!this.dirty || composing || this.composing) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  // The words are the same and are meant for others now: what is under way is about whom they were meant for before.
  again() {
    this.sequence += 1;
    this.request?.abort();
    this.dirty = [0, this.text.length];
    this.changed(false);
  }

  // What stood in [start, end) was replaced and everything behind it moved by `by`.
  shift(start, end, by) {
    const moved = ([low, high]) => [low >= end ? low + by : Math.min(low, start), high >= end ? high + by : Math.max(start, end + by)];
    this.findings = this.findings.filter((one) => one.end < start || one.start > end || (one.end === start && one.start < start && by === 0))
      .map((one) => (one.start > end ? { ...one, start: one.start + by, end: one.end + by } : one));
    const changed = [start, Math.max(start, end + by)];
    if (this.dirty) {
      const old = moved(this.dirty);
      changed[0] = Math.min(changed[0], old[0]);
      changed[1] = Math.max(changed[1], old[1]);
    }
    this.dirty = changed;
  }

  async ask() {
    if (this.composing || !this.dirty) return;
    const [core, whole] = this.piece();
    const piece = this.text.slice(...whole);
    this.sequence += 1;
    const sequence = this.sequence;
    if (!piece.trim()) { this.answered(core, whole[0], piece, []); return; }
    this.request?.abort();
    this.request = new AbortController();
    const body = new URLSearchParams({ text: piece, direction: this.field.dataset.language || "internal_note" });
    try {
      const answer = await fetch(url, {
        method: "POST", body, signal: this.request.signal,
        headers: { Accept: "application/json", "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "" },
      });
      if (!answer.ok || answer.redirected) return; // the range stays dirty: the next key asks again
      const { findings } = await answer.json();
      if (sequence === this.sequence) this.answered(core, whole[0], piece, findings);
    } catch (error) {
      if (error.name !== "AbortError") return;
    }
  }

  // The paragraphs that were changed, and the same with a little around them; never half of a surrogate pair.
  piece() {
    const { text } = this;
    const start = text.lastIndexOf("\n", this.dirty[0] - 1) + 1;
    const next = text.indexOf("\n", this.dirty[1]);
    let end = next < 0 ? text.length : next;
    if (end - start > MOST - 2 * AROUND) end = Math.max(this.dirty[1], start + MOST - 2 * AROUND);
    let low = Math.max(0, start - AROUND, end - MOST + AROUND);
    let high = Math.min(text.length, end + AROUND);
    if (low > 0 && /[\udc00-\udfff]/.test(text[low])) low -= 1;
    if (high < text.length && /[\udc00-\udfff]/.test(text[high])) high += 1;
    return [[start, end], [low, high]];
  }

  // The server counts code points, the box UTF-16 units.
  answered([start, end], offset, piece, found) {
    const points = [...piece];
    const places = [0];
    for (const point of points) places.push(places.at(-1) + point.length);
    const fresh = found.map((one) => ({ ...one, start: offset + places[one.start], end: offset + places[one.end] }))
      .filter((one) => one.end > start && one.start < end);
    const known = new Set(this.findings.map((one) => `${one.entry}@${one.start} ${one.blocks}`));
    const had = this.findings.length;
    this.findings = [...this.findings.filter((one) => one.end <= start || one.start >= end), ...fresh].sort((one, other) => one.start - other.start);
    this.dirty = null;
    this.draw();
    const news = fresh.filter((one) => !known.has(`${one.entry}@${one.start} ${one.blocks}`));
    if (news.length) say(news.map((one) => this.told(one)).join(" "));
    else if (had && !this.findings.length) say(words.languageClear);
  }

  told(one) {
    const told = fill(words.languageFound, { phrase: one.phrase, category: one.label });
    return one.blocks ? `${told}, ${words.languageBlocks}` : told;
  }

  // --- What is seen -------------------------------------------------------------------------------------------------
  draw() {
    if (!this.findings.length) {
      this.mirror?.remove();
      this.notes?.remove();
      this.mirror = this.notes = null;
      this.describe(false);
      return;
    }
    if (!this.mirror) this.build();
    const parts = [];
    let at = 0;
    for (const one of this.findings) {
      parts.push(this.text.slice(at, one.start));
      const mark = document.createElement("mark");
      mark.className = "language__mark";
      mark.toggleAttribute("data-blocks", one.blocks);
      mark.textContent = this.text.slice(one.start, one.end);
      parts.push(mark);
      at = one.end;
    }
    parts.push(`${this.text.slice(at)}\n`);
    this.mirror.replaceChildren(...parts);
    this.notes.replaceChildren(...this.findings.map((one) => this.note(one)));
    this.follow();
  }

  build() {
    const { field } = this;
    field.parentElement.classList.add("language");
    this.mirror = document.createElement("div");
    this.mirror.className = "language__mirror";
    this.mirror.setAttribute("aria-hidden", "true");
    field.after(this.mirror);
    this.notes = document.createElement("ul");
    this.notes.className = "language__notes";
    numbers += 1;
    this.notes.id = `language-notes-${numbers}`;
    this.notes.setAttribute("aria-label", words.language ?? "");
    this.mirror.after(this.notes);
    this.describe(true);
    this.watch ??= new ResizeObserver(() => this.follow());
    this.watch.observe(field);
  }

  describe(on) {
    const others = (this.field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && !id.startsWith("language-notes-"));
    if (on) others.push(this.notes.id);
    if (others.length) this.field.setAttribute("aria-describedby", others.join(" "));
    else this.field.removeAttribute("aria-describedby");
  }

  note(one) {
    const item = document.createElement("li");
    item.className = "language__note";
    const told = document.createElement("span");
    told.className = "language__told";
    told.toggleAttribute("data-blocks", one.blocks);
    told.textContent = this.told(one);
    item.append(told);
    for (const phrase of one.suggestions) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button button--small language__instead";
      button.textContent = phrase;
      button.setAttribute("aria-label", fill(words.languageReplace, { phrase }));
      button.addEventListener("click", () => this.replace(one, phrase));
      item.append(button);
    }
    return item;
  }

  // Over the box, letter upon letter: its own text is invisible, only the lines under the words are seen.
  follow() {
    const { field, mirror } = this;
    if (!mirror) return;
    const style = getComputedStyle(field);
    for (const name of COPIED) mirror.style[name] = style[name];
    mirror.style.whiteSpace = field.tagName === "TEXTAREA" ? "pre-wrap" : "pre";
    mirror.style.insetInlineStart = "auto";
    mirror.style.left = `${field.offsetLeft}px`;
    mirror.style.top = `${field.offsetTop}px`;
    const borders = field.offsetWidth - field.clientWidth - parseFloat(style.borderLeftWidth) - parseFloat(style.borderRightWidth);
    mirror.style.width = `${field.offsetWidth - borders}px`; // without the scroll bar
    mirror.style.height = `${field.offsetHeight}px`;
    mirror.scrollTop = field.scrollTop;
    mirror.scrollLeft = field.scrollLeft;
  }

  // As if it had been typed: Ctrl+Z takes it back.
  replace(one, whole) {
    const { field } = this;
    // A sentence put before a comma or a full stop that stands there already does not end twice.
    const phrase = /^\s*[，。！？；、,.!?;]/.test(field.value.slice(one.end)) ? whole.replace(/[。！？.!?]+$/, "") : whole;
    if (this.text !== field.value || !this.findings.includes(one)) return;
    field.focus();
    field.setSelectionRange(one.start, one.end);
    if (!document.execCommand("insertText", false, phrase)) {
      field.setRangeText(phrase, one.start, one.end, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const open = phrase.search(/〔[^〔〕]*〕/);
    if (open >= 0) field.setSelectionRange(one.start + open, one.start + phrase.indexOf("〕", open) + 1);
  }
}

function attend(root) {
  for (const field of root.querySelectorAll?.(SELECTOR) ?? []) {
    if (!boxes.has(field) && !field.disabled && !field.readOnly) boxes.set(field, new Box(field));
  }
}

if (url) {
  attend(document);
  document.addEventListener("htmx:afterSettle", (event) => attend(event.detail.elt));
}
