// A colour: the picker and the box say the same, and the samples below show what becomes of it.
import { askFragment, nodes } from "./net.js";

const WAIT = 200;

function follow(field) {
  const pick = field.querySelector("[data-colour-pick]");
  const box = field.querySelector("input[type=text]");
  const place = field.querySelector("[data-colour-preview]");
  let waiting;
  let asked = 0;
  const show = async () => {
    const turn = (asked += 1);
    try {
      const answer = await askFragment(`${field.dataset.colour}?colour=${encodeURIComponent(box.value)}`);
      if (turn === asked && answer.ok) place.replaceChildren(...nodes(await answer.text()).childNodes);
    } catch {
      // The samples are a help; without them the colour can be saved all the same.
    }
  };
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, WAIT);
  };
  pick.addEventListener("input", () => {
    box.value = pick.value;
    later();
  });
  box.addEventListener("input", () => {
    if (/^#[0-9a-f]{6}$/i.test(box.value)) pick.value = box.value;
    later();
  });
}

export function start(root = document) {
  root.querySelectorAll("[data-colour]").forEach(follow);
}
