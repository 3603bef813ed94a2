// Long selects become a box one types into; links to other records are searched on the server. The select stays and is sent.
import { Combobox } from "./combobox.js";
import { askJson } from "./net.js";
import { word } from "./words.js";

function matches(text, typed) {
  const plain = (value) => value.toLocaleLowerCase().replaceAll("ё", "е");
  return plain(typed).split(/\s+/).every((part) => plain(text).includes(part));
}

function local(select, typed) {
  const groups = new Map();
  for (const option of select.options) {
    if (!option.value || (typed && !matches(option.text, typed))) continue;
    const title = option.parentElement instanceof HTMLOptGroupElement ? option.parentElement.label : "";
    if (!groups.has(title)) groups.set(title, []);
    groups.get(title).push({ title: option.text, value: option.value });
  }
  return [...groups].map(([title, items]) => ({ title, items: items.slice(0, 100) }));
}

async function remote(select, typed) {
  const address = new URL(select.dataset.url, location.href);
  address.searchParams.set("q", typed);
  const items = (await askJson(address)).items.map((item) => ({ ...item, value: String(item.value) }));
  return [{ items }];
}

function build(select) {
  const place = document.createElement("div");
  place.className = "picker";
  const input = document.createElement("input");
  input.className = `form-control${select.classList.contains("is-invalid") ? " is-invalid" : ""}`;
  input.type = "text";
  for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  input.required = select.required;
  // The label points at the id, so the box takes it.
  input.id = select.id;
  select.id = `${select.id}-value`;
  select.hidden = true;
  select.required = false;
  const clear = document.createElement("button");
  clear.type = "button";
  clear.className = "picker-clear";
  clear.setAttribute("aria-label", word("clear"));
  clear.textContent = "×";
  const shown = () => select.selectedOptions[0]?.value ? select.selectedOptions[0].text : "";
  const settle = () => {
    input.value = shown();
    clear.hidden = !select.value || input.required;
  };
  const choose = (item) => {
    if (![...select.options].some((option) => option.value === item.value)) select.add(new Option(item.title, item.value));
    select.value = item.value;
    settle();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  select.before(place);
  place.append(input, clear, select);
  settle();
  new Combobox(input, {
    wait: select.dataset.url ? 180 : 0,
    openOnFocus: true,
    find: async (typed) => {
      const text = typed === shown() ? "" : typed;
      return select.dataset.url ? remote(select, text) : local(select, text);
    },
    choose,
  });
  // Text that names nothing is not an answer: the last choice comes back, and emptying the box empties the choice.
  input.addEventListener("blur", () => {
    if (!input.value.trim() && !input.required) choose({ value: "", title: "" });
    else settle();
  });
  clear.addEventListener("click", () => {
    choose({ value: "", title: "" });
    input.focus();
  });
  if (select.autofocus) input.focus();
}

export function start(root = document) {
  root.querySelectorAll("select[data-picker]").forEach((select) => {
    if (!select.closest(".picker")) build(select);
  });
}
