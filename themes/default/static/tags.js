// Tags: a comma or Enter makes a chip of what was typed; the text box that is sent stays as it was, hidden.
import { Combobox } from "./combobox.js";
import { askJson } from "./net.js";
import { word } from "./words.js";

function split(text) {
  return [...new Set(text.split(/[,;]/).map((tag) => tag.trim().replace(/^#/, "")).filter(Boolean))];
}

function build(field) {
  const box = document.createElement("div");
  box.className = "tags-box picker";
  const input = document.createElement("input");
  input.type = "text";
  input.id = field.id;
  input.setAttribute("autocapitalize", "none");
  if (field.hasAttribute("aria-describedby")) input.setAttribute("aria-describedby", field.getAttribute("aria-describedby"));
  const known = [...(document.getElementById(field.getAttribute("list"))?.options ?? [])].map((option) => option.value);
  field.id = `${field.id}-value`;
  field.type = "hidden";
  field.before(box);
  box.append(input, field);

  const tags = () => split(field.value);
  const set = (list) => {
    field.value = list.join(", ");
    draw();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const draw = () => {
    box.querySelectorAll(".badge").forEach((chip) => chip.remove());
    for (const tag of tags()) {
      const chip = document.createElement("span");
      chip.className = "badge badge-accent";
      chip.textContent = tag;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", word("remove", tag));
      remove.addEventListener("click", () => {
        set(tags().filter((other) => other !== tag));
        input.focus();
      });
      chip.append(remove);
      input.before(chip);
    }
  };
  const add = (text) => {
    input.value = "";
    if (split(text).length) set([...new Set([...tags(), ...split(text)])]);
  };
  new Combobox(input, {
    wait: field.dataset.url ? 150 : 0,
    place: box,
    find: async (typed) => {
      let found = known.filter((tag) => tag.toLocaleLowerCase().includes(typed.toLocaleLowerCase()));
      if (field.dataset.url && typed) {
        const address = new URL(field.dataset.url, location.href);
        address.searchParams.set("q", typed);
        found = (await askJson(address)).items.map((item) => item.title);
      }
      const items = found.filter((tag) => !tags().includes(tag)).slice(0, 20).map((title) => ({ title }));
      return typed && items.length ? [{ items }] : null;
    },
    choose: (item) => add(item.title),
  });
  input.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if ((event.key === "Enter" && input.value.trim()) || event.key === "," || event.key === ";") {
      event.preventDefault();
      add(input.value);
    } else if (event.key === "Backspace" && !input.value && tags().length) {
      set(tags().slice(0, -1));
    }
  });
  input.addEventListener("blur", () => add(input.value));
  draw();
}

export function start(root = document) {
  root.querySelectorAll("input[data-tags]").forEach(build);
}
