// Forms that open above the page: the page of a link, or the answer to a button, as a dialog.
// Without scripts the same address is a page of its own.
import { askFragment, nodes, tellFailure } from "./net.js";

function show(html, revive, dialog = document.createElement("dialog")) {
  dialog.replaceChildren(...nodes(html).childNodes);
  if (!dialog.isConnected) {
    dialog.className = "dialog-form";
    dialog.setAttribute("aria-labelledby", "dialog-title");
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
  revive(dialog);
  const form = dialog.querySelector("form[data-form]");
  form.querySelector(".form-buttons a")?.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  if (!form.querySelector("[data-error-summary]")) form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const button = event.submitter;
    // Which button was pressed is part of it, and a disabled one is left out.
    const body = new FormData(form, button);
    if (button) button.disabled = true;
    ask(form.getAttribute("action"), { method: "POST", body }, revive, dialog).finally(() => {
      if (button) button.disabled = false;
    });
  });
}

/** Shows what the server asks; when it answers with another page, the thing is done and this page is read anew. */
async function ask(url, options, revive, dialog) {
  try {
    const answer = await askFragment(url, { ...options, redirect: "manual" });
    if (answer.type === "opaqueredirect") {
      // What was done is said at the top, and a reload would stay where the page was scrolled.
      return location.replace(location.pathname + location.search);
    }
    show(await answer.text(), revive, dialog);
  } catch (error) {
    dialog?.close();
    tellFailure(error);
  }
}

export function start(revive) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    link.closest("details.menu")?.removeAttribute("open");
    ask(link.href, {}, revive);
  });
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || button?.dataset.dialog === undefined) return;
    event.preventDefault();
    button.closest("details.menu")?.removeAttribute("open");
    ask(event.target.getAttribute("action"), { method: "POST", body: new FormData(event.target, button) }, revive);
  });
}
