// Asks before something that cannot be taken back lightly. A form or a button says so with data-confirm.
import { word } from "./words.js";

function button(text, css, type = "button") {
  const made = document.createElement("button");
  made.type = type;
  made.className = css;
  made.textContent = text;
  return made;
}

/** Opens a dialog and resolves to whether the person went on. With `typed`, only after typing that word. */
export function confirmed({ title, text, typed, go, danger = true }) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    const form = document.createElement("form");
    form.method = "dialog";
    const heading = document.createElement("h2");
    heading.id = "confirm-title";
    heading.textContent = title;
    dialog.setAttribute("aria-labelledby", heading.id);
    form.append(heading);
    if (text) {
      const words = document.createElement("p");
      words.textContent = text;
      form.append(words);
    }
    const ok = button(go || word("confirm"), danger ? "btn btn-danger" : "btn btn-primary", "submit");
    ok.value = "go";
    const cancel = button(word("cancel"), "btn");
    cancel.addEventListener("click", () => dialog.close());
    if (typed) {
      const label = document.createElement("label");
      label.className = "form-label";
      label.textContent = word("typeWord", typed);
      const input = document.createElement("input");
      input.className = "form-control";
      input.autocomplete = "off";
      label.append(input);
      form.append(label);
      ok.disabled = true;
      input.addEventListener("input", () => {
        ok.disabled = input.value.trim() !== typed;
      });
    }
    const actions = document.createElement("div");
    actions.className = "dialog-actions";
    actions.append(cancel, ok);
    form.append(actions);
    dialog.append(form);
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "go");
    });
    dialog.showModal();
    (typed ? dialog.querySelector("input") : cancel).focus();
  });
}

/** A button stays shut until the word asked for stands in the box beside it. */
function mustBe() {
  document.querySelectorAll("[data-must-be]").forEach((input) => {
    const button = input.form.querySelector("[type=submit]");
    const check = () => (button.disabled = input.value.trim() !== input.dataset.mustBe);
    input.addEventListener("input", check);
    check();
  });
}

export function start() {
  mustBe();
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const asker = event.submitter?.dataset.confirm !== undefined ? event.submitter : form.dataset.confirm !== undefined ? form : null;
    if (!asker || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const said = await confirmed({
      title: asker.dataset.confirm,
      text: asker.dataset.confirmText,
      typed: asker.dataset.confirmWord,
      go: asker.dataset.confirmButton,
      danger: asker.dataset.confirmCalm === undefined,
    });
    if (!said) return;
    form.dataset.confirmed = "1";
    form.requestSubmit(event.submitter);
    delete form.dataset.confirmed;
  }, true);

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog")?.close();
    // A click beside an open dialog closes it.
    if (event.target instanceof HTMLDialogElement) event.target.close();
  });
}
