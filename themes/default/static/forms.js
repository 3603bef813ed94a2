// Forms: nothing typed is lost, errors are met first, secrets can be looked at.
import { word } from "./words.js";

let leaving = false;

/** Asks before leaving a form that was changed and not saved. */
function guard(form) {
  const before = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value])).toString();
  const note = form.querySelector("[data-unsaved-note]");
  const changed = () =>
    new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value])).toString() !== before;
  // A form that came back with mistakes was never saved.
  form.unsaved = () => form.querySelector("[data-error-summary]") !== null || changed();
  for (const kind of ["input", "change", "lines"]) {
    form.addEventListener(kind, () => {
      leaving = false;
      if (note) note.hidden = !form.unsaved();
    });
  }
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) leaving = true;
  });
}

function reveal(root) {
  root.querySelectorAll("[data-reveal]").forEach((button) => {
    button.addEventListener("click", () => {
      const input = document.getElementById(button.dataset.reveal);
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    });
  });
}

/** Behind "More" nothing that was filled in may hide. */
function openFilled(form) {
  form.querySelectorAll("[data-more-fields]").forEach((more) => {
    const filled = [...more.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), textarea")].some((input) => input.value);
    if (filled) more.open = true;
  });
}

/** The picture chosen is the picture shown. */
function photos(root) {
  root.querySelectorAll("[data-photo] input[type=file]").forEach((input) => {
    input.addEventListener("change", () => {
      const [file] = input.files;
      const old = input.closest("[data-photo]").querySelector(".avatar");
      if (!file?.type.startsWith("image/")) return;
      const shown = document.createElement("img");
      shown.className = "avatar";
      shown.alt = "";
      shown.src = URL.createObjectURL(file);
      old.replaceWith(shown);
    });
  });
}

// A browser names its own button in its own language, whatever that of the page is.
function choosing(root) {
  root.querySelectorAll("input[type=file][data-choose]").forEach((input) => {
    const shown = document.createElement("span");
    const button = document.createElement("button");
    const name = document.createElement("span");
    shown.className = "file-choice";
    shown.setAttribute("aria-hidden", "true");
    button.type = "button";
    button.className = "btn";
    button.tabIndex = -1;
    button.textContent = input.dataset.choose;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      name.textContent = [...input.files].map((file) => file.name).join(", ");
    });
    shown.append(button, name);
    input.classList.add("sr-only");
    input.after(shown);
  });
}

function drops(root) {
  root.querySelectorAll(".drop").forEach((area) => {
    const input = area.querySelector("input[type=file]");
    for (const kind of ["dragover", "dragleave", "drop"]) {
      area.addEventListener(kind, (event) => {
        event.preventDefault();
        area.classList.toggle("over", kind === "dragover");
        if (kind === "drop" && event.dataTransfer.files.length) {
          input.files = event.dataTransfer.files;
          input.dispatchEvent(new Event("change", { bubbles: true }));
        }
      });
    }
  });
}

export function start(root = document) {
  root.querySelectorAll("form[data-form]").forEach((form) => {
    openFilled(form);
    guard(form);
    form.querySelector("[data-error-summary]")?.focus();
  });
  root.querySelectorAll("form[data-submit-on-change]").forEach((form) => {
    form.addEventListener("change", () => form.requestSubmit());
  });
  choosing(root);
  reveal(root);
  photos(root);
  drops(root);
}

window.addEventListener("beforeunload", (event) => {
  if (leaving) return;
  if ([...document.querySelectorAll("form[data-form]")].some((form) => form.unsaved?.())) {
    event.preventDefault();
    event.returnValue = word("unsaved");
  }
});
