// Before a new record is saved: does somebody like this exist already? The server decides; the person has the last word.
import { askJson, csrf } from "./net.js";
import { word } from "./words.js";

function item(match) {
  const line = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = match.title;
  const why = document.createElement("span");
  why.className = "why";
  why.textContent = [match.sub, match.why].filter(Boolean).join(" · ");
  const open = document.createElement("a");
  open.className = "btn btn-sm";
  open.href = match.url;
  open.target = "_blank";
  open.rel = "noopener";
  open.textContent = word("open");
  line.append(name, why, open);
  return line;
}

function show(place, found) {
  place.replaceChildren();
  if (!found.length) return;
  const box = document.createElement("section");
  box.className = "matches";
  const heading = document.createElement("h2");
  heading.textContent = word("matches");
  const list = document.createElement("ul");
  list.append(...found.map(item));
  box.append(heading, list);
  place.append(box);
}

async function matches(form) {
  const body = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const options = { method: "POST", body, headers: { "X-CSRF-Token": csrf() } };
  return (await askJson(form.dataset.checkUrl, options)).matches ?? [];
}

export function start(root = document) {
  root.querySelectorAll("form[data-check-url]").forEach((form) => {
    const place = form.querySelector("[data-matches]");
    let seen = "";
    let timer;
    const look = async () => {
      try {
        const found = await matches(form);
        show(place, found);
        return found;
      } catch {
        return []; // the server checks again when it saves
      }
    };
    form.addEventListener("change", () => {
      clearTimeout(timer);
      timer = setTimeout(look, 250);
    });
    // A match that was not on the screen yet stops the first press of Save, and only the first.
    form.addEventListener("submit", async (event) => {
      if (event.defaultPrevented || form.dataset.checked) return;
      event.preventDefault();
      const before = place.textContent;
      const found = await look();
      const key = found.map((match) => match.url).join(" ");
      if (found.length && key !== seen && place.textContent !== before) {
        seen = key;
        place.scrollIntoView({ block: "center" });
        const button = event.submitter ?? form.querySelector("[type=submit]");
        button.textContent = word("saveAnyway");
        button.focus();
        return;
      }
      // The server asks as well: tell it whom this person has seen.
      const told = form.elements.namedItem("save_anyway");
      if (told) told.value = found.map((match) => match.id).join(" ");
      form.dataset.checked = "1";
      form.requestSubmit(event.submitter);
      delete form.dataset.checked;
    });
  });
}
