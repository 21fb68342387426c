// A combobox with a list from the server (ARIA APG: editable, list autocomplete). Markup: components/typeahead.html.

const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");
const WAIT = 150;

class DeskTypeahead extends HTMLElement {
  connectedCallback() {
    if (this.input) return;
    this.input = this.querySelector('input[type="text"]');
    this.hidden_ = this.querySelector("[data-typeahead-id]");
    this.list = this.querySelector('[role="listbox"]');
    this.options = [];
    this.at = -1;
    this.asked = 0;
    const { input } = this;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.addEventListener("input", (event) => { if (!event.isComposing) this.typed(); });
    input.addEventListener("compositionend", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => this.close());
    // mousedown, not click: the input keeps the focus and the list does not close under the pointer
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest('[role="option"]');
      if (option) this.choose(Number(option.dataset.index));
    });
  }

  disconnectedCallback() { clearTimeout(this.timer); this.request?.abort(); }

  typed() {
    if (this.hidden_.value) {
      this.hidden_.value = "";
      this.dispatchEvent(new CustomEvent("desk:cleared", { bubbles: true }));
    }
    clearTimeout(this.timer);
    const query = this.input.value.trim();
    if (query.length < Number(this.dataset.min ?? 1)) {
      this.request?.abort();
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.ask(query), WAIT);
  }

  async ask(query) {
    this.request?.abort();
    this.request = new AbortController();
    const url = new URL(this.dataset.url, location.href);
    url.searchParams.set("q", query);
    const slow = setTimeout(() => this.note(words.searching), 300);
    try {
      const answer = await fetch(url, { signal: this.request.signal, headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const found = await answer.json();
      if (document.activeElement === this.input) this.show(Array.isArray(found) ? found : found.results ?? [], query);
    } catch (error) {
      if (error.name !== "AbortError") this.note(words.searchFailed);
    } finally {
      clearTimeout(slow);
    }
  }

  note(text) {
    this.options = [];
    this.at = -1;
    const item = document.createElement("li");
    item.className = "typeahead__note";
    item.setAttribute("role", "presentation");
    item.textContent = text;
    this.list.replaceChildren(item);
    this.open();
    this.input.removeAttribute("aria-activedescendant");
    this.say(text);
  }

  show(options, query) {
    if (!options.length) {
      this.note((words.noMatches ?? "{q}").replace("{q}", query));
      return;
    }
    this.options = options;
    this.list.replaceChildren(...options.map((option, index) => this.draw(option, index, query)));
    this.open();
    this.move(0);
    this.say((words.matches ?? "{n}").replace("{n}", options.length));
  }

  draw(option, index, query) {
    const item = document.createElement("li");
    item.className = "typeahead__option";
    item.id = `${this.list.id}_${index}`;
    item.dataset.index = index;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const label = document.createElement("span");
    const found = option.label.toLowerCase().indexOf(query.toLowerCase());
    if (found < 0) {
      label.textContent = option.label;
    } else {
      const mark = document.createElement("mark");
      mark.textContent = option.label.slice(found, found + query.length);
      label.append(option.label.slice(0, found), mark, option.label.slice(found + query.length));
    }
    item.append(label);
    if (option.detail) {
      const detail = document.createElement("span");
      detail.className = "typeahead__detail";
      detail.textContent = option.detail;
      item.append(detail);
    }
    return item;
  }

  open() { this.list.hidden = false; this.input.setAttribute("aria-expanded", "true"); }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.at = -1;
  }

  move(to) {
    const count = this.options.length;
    if (!count) return;
    this.at = (to + count) % count;
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === this.at)));
    const item = this.list.children[this.at];
    this.input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  pressed(event) {
    if (event.isComposing || event.keyCode === 229) return; // the input method owns this key
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) this.typed();
      else this.move(this.at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && open && this.at >= 0 && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      this.choose(this.at);
    } else if (event.key === "Tab" && open && this.at >= 0) {
      this.choose(this.at);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  choose(index) {
    const option = this.options[index];
    if (!option) return;
    this.input.value = option.label;
    this.hidden_.value = option.id;
    this.close();
    this.input.removeAttribute("aria-invalid");
    this.hidden_.dispatchEvent(new Event("change", { bubbles: true }));
    this.dispatchEvent(new CustomEvent("desk:chosen", { bubbles: true, detail: option }));
  }

  say(text) { this.dispatchEvent(new CustomEvent("desk:announce", { bubbles: true, detail: { text } })); }
}

customElements.define("desk-typeahead", DeskTypeahead);
