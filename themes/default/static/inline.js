// Editing in place: the form of one panel is fetched into it; without scripts the same link opens the form as a page.
import { askFragment, nodes, tellFailure } from "./net.js";
import { word } from "./words.js";

/** The form in an answer, whether it came alone or in a whole page. */
function formIn(html) {
  const found = nodes(html);
  return found.querySelector("form[data-form]") ?? found;
}

async function open(link, revive) {
  const panel = document.querySelector(link.dataset.inline);
  const body = panel.querySelector(".panel-body");
  const before = [...body.childNodes];
  try {
    const response = await askFragment(link.href);
    if (response.redirected) return location.assign(link.href);
    body.replaceChildren(formIn(await response.text()));
  } catch (error) {
    return tellFailure(error);
  }
  link.hidden = true;
  const back = () => {
    body.replaceChildren(...before);
    link.hidden = false;
    link.focus();
  };
  const ready = () => {
    const form = body.querySelector("form");
    revive(body);
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "btn btn-quiet";
    cancel.textContent = word("cancel");
    cancel.addEventListener("click", back);
    form.querySelector(".form-buttons")?.append(cancel);
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) back();
    });
    form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    form.addEventListener("submit", async (event) => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      const data = new FormData(form, event.submitter);
      try {
        // The page that follows is read once, by the reload: it carries the message that says what was done.
        const answer = await askFragment(form.action || link.href, { method: "POST", body: data, redirect: "manual" });
        if (answer.status === 422) {
          body.replaceChildren(formIn(await answer.text()));
          ready();
        } else {
          location.reload();
        }
      } catch (error) {
        tellFailure(error);
      }
    });
  };
  ready();
}

/** "Earlier" adds the older part of a timeline where it stands. */
async function more(link) {
  const place = document.querySelector(link.dataset.more);
  try {
    const found = nodes(await (await askFragment(link.href)).text());
    const older = found.querySelector(".timeline");
    if (!older) return location.assign(link.href);
    place.querySelector(".timeline").append(...older.children);
    const next = found.querySelector("[data-more]");
    if (next) link.href = next.href;
    else link.parentElement.remove();
  } catch (error) {
    tellFailure(error);
  }
}

export function start(revive) {
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const edit = event.target.closest("a[data-inline]");
    const older = event.target.closest("a[data-more]");
    if (edit || older) event.preventDefault();
    if (edit) open(edit, revive);
    if (older) more(older);
  });
}
