// Repeating lines: add copies the template of a line, remove takes one away; the server needs no numbers.

let added = 0;

/** Ids and what points at them get an ending of their own, so that labels find their boxes. */
function renumber(line) {
  added += 1;
  for (const attribute of ["id", "for", "aria-describedby", "aria-labelledby", "list"]) {
    line.querySelectorAll(`[${attribute}]`).forEach((node) => {
      node.setAttribute(attribute, node.getAttribute(attribute).split(" ").map((id) => `${id}-new${added}`).join(" "));
    });
  }
}

export function start(root = document, revive = () => {}) {
  root.querySelectorAll("[data-lines]").forEach((lines) => {
    const body = lines.querySelector("[data-lines-body]");
    const add = lines.querySelector("[data-add-line]");
    const max = Number(lines.dataset.max) || Infinity;
    const changed = () => {
      add.hidden = body.children.length >= max;
      lines.dispatchEvent(new CustomEvent("lines", { bubbles: true }));
    };
    add.addEventListener("click", () => {
      const line = lines.querySelector("template").content.firstElementChild.cloneNode(true);
      renumber(line);
      body.append(line);
      if (!body.querySelector(".lines-main input:checked")) body.querySelector(".lines-main input")?.click();
      revive(line);
      line.querySelector("input:not([type=hidden]), select, textarea")?.focus();
      changed();
    });
    lines.addEventListener("click", (event) => {
      const line = event.target.closest("[data-remove-line]")?.closest("[data-line]");
      if (!line) return;
      const main = line.querySelector(".lines-main input:checked");
      const next = line.nextElementSibling ?? line.previousElementSibling;
      line.remove();
      if (main) body.querySelector(".lines-main input")?.click();
      (next?.querySelector("input:not([type=hidden]), select") ?? add).focus();
      changed();
    });
  });
}
