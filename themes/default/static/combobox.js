// A text box with a list under it, by the ARIA combobox pattern: search suggestions, record pickers, tags.
import { word } from "./words.js";

let made = 0;

/**
 * `find(text)` resolves to groups [{title, items: [{title, sub, ...}]}]; `choose(item)` takes the chosen one.
 * `wait` is how long typing must rest before asking, in milliseconds.
 */
export class Combobox {
  constructor(input, { find, choose, wait = 0, place = input.parentElement, openOnFocus = false, emptyWord = "noneFound" }) {
    this.input = input;
    this.find = find;
    this.choose = choose;
    this.wait = wait;
    this.emptyWord = emptyWord;
    this.items = [];
    this.at = -1;
    this.asked = 0;
    this.list = document.createElement("ul");
    this.list.className = "picker-list";
    this.list.id = `picker-${(made += 1)}`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.getAttribute("aria-label") ?? input.labels?.[0]?.textContent.trim() ?? "");
    this.list.hidden = true;
    place.append(this.list);
    this.status = document.createElement("span");
    this.status.className = "sr-only";
    this.status.setAttribute("role", "status");
    place.append(this.status);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-autocomplete", "list");
    input.autocomplete = "off";
    input.addEventListener("input", () => this.ask());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    if (openOnFocus) input.addEventListener("click", () => this.ask(true));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // keeps the focus in the box
      const option = event.target.closest('[role="option"]');
      if (option) this.take(Number(option.dataset.at));
    });
  }

  ask(all = false) {
    clearTimeout(this.timer);
    const turn = (this.asked += 1);
    this.timer = setTimeout(async () => {
      try {
        const groups = await this.find(all ? "" : this.input.value.trim());
        if (turn === this.asked && document.activeElement === this.input) this.show(groups);
      } catch {
        this.close(); // what was typed stays; the form still works without suggestions
      }
    }, all ? 0 : this.wait);
  }

  show(groups) {
    this.list.replaceChildren();
    this.items = [];
    this.at = -1;
    if (groups === null) return this.close();
    for (const group of groups) {
      if (group.title && group.items.length) {
        const caption = document.createElement("li");
        caption.setAttribute("role", "presentation");
        caption.textContent = group.title;
        this.list.append(caption);
      }
      for (const item of group.items) this.list.append(this.option(item));
    }
    if (!this.items.length) {
      const note = document.createElement("li");
      note.className = "picker-note";
      note.setAttribute("role", "presentation");
      note.textContent = word(this.emptyWord);
      this.list.append(note);
    }
    this.status.textContent = this.items.length ? word("results", this.items.length) : word(this.emptyWord);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  option(item) {
    const option = document.createElement("li");
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.id = `${this.list.id}-${this.items.length}`;
    option.dataset.at = this.items.length;
    const title = document.createElement("span");
    title.textContent = item.title;
    option.append(title);
    if (item.sub) {
      const sub = document.createElement("small");
      sub.textContent = item.sub;
      option.append(sub);
    }
    this.items.push(item);
    return option;
  }

  move(step) {
    if (!this.items.length) return;
    const options = this.list.querySelectorAll('[role="option"]');
    options[this.at]?.setAttribute("aria-selected", "false");
    this.at = (this.at + step + this.items.length + (this.at < 0 && step < 0 ? 1 : 0)) % this.items.length;
    options[this.at].setAttribute("aria-selected", "true");
    options[this.at].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", options[this.at].id);
  }

  take(at) {
    const item = this.items[at];
    this.close();
    if (item) this.choose(item);
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.ask();
      else this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !this.list.hidden && this.at >= 0) {
      event.preventDefault();
      this.take(this.at);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  close() {
    this.asked += 1;
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
