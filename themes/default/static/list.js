// Lists: choosing rows, the side preview, keys.
import { free, pressed, typing } from "./keys.js";
import { askFragment, nodes, tellFailure } from "./net.js";
import * as picker from "./picker.js";
import { word } from "./words.js";

const wide = window.matchMedia("(min-width: 768px)");

/** What stands where something is being fetched; the style shows it only after a while. */
function skeleton(lines) {
  const made = document.createElement("div");
  made.className = "skeleton";
  made.append(...Array.from({ length: lines }, () => document.createElement("span")));
  return made;
}

class List {
  constructor(area) {
    this.area = area;
    this.rows = [...area.querySelectorAll("tbody tr")];
    this.panel = area.querySelector("[data-preview-panel]");
    this.bar = document.getElementById("bulk");
    this.at = -1;
    this.asked = 0;
    area.addEventListener("click", (event) => this.click(event));
    area.addEventListener("change", (event) => this.chosen(event));
    document.addEventListener("keydown", (event) => this.key(event));
    document.querySelector("[data-clear-selection]")?.addEventListener("click", () => this.chooseAll(false));
    this.count();
  }

  get current() {
    return this.rows[this.at];
  }

  click(event) {
    if (event.target.closest("[data-close-preview]")) return this.closePreview();
    const row = event.target.closest("tbody tr");
    if (!row || event.target.closest("input, button, label, summary, .badge, .phone-link")) return;
    const link = event.target.closest("a");
    if (link && link.getAttribute("href") !== row.dataset.url) return;
    // A key press on the link, a click with a modifier, a phone: the card itself. Else first the preview, then the card.
    if (event.detail === 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const again = row === this.current && !this.panel?.hidden;
    if (!wide.matches || !row.dataset.preview || again) {
      if (!link) location.assign(row.dataset.url);
      return;
    }
    event.preventDefault();
    this.go(this.rows.indexOf(row));
    this.preview();
  }

  go(at) {
    this.current?.classList.remove("current");
    this.at = Math.max(0, Math.min(this.rows.length - 1, at));
    this.current?.classList.add("current");
    this.current?.scrollIntoView({ block: "nearest" });
  }

  async preview() {
    const row = this.current;
    const turn = (this.asked += 1);
    this.area.classList.add("previewing");
    this.panel.hidden = false;
    this.panel.replaceChildren(skeleton(6));
    this.panel.setAttribute("aria-busy", "true");
    try {
      const response = await askFragment(row.dataset.preview);
      const found = nodes(await response.text());
      if (turn !== this.asked) return;
      this.panel.replaceChildren(...found.childNodes);
      this.remember(row.querySelector(".row-check")?.value ?? new URL(row.dataset.preview, location.href).pathname.split("/").at(-1));
    } catch (error) {
      if (turn === this.asked) this.closePreview();
      tellFailure(error);
    } finally {
      this.panel.removeAttribute("aria-busy");
    }
  }

  remember(id) {
    const address = new URL(location.href);
    if (id) address.searchParams.set("preview", id);
    else address.searchParams.delete("preview");
    history.replaceState(null, "", address);
  }

  closePreview() {
    this.asked += 1;
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.area.classList.remove("previewing");
    this.remember(null);
    this.current?.querySelector("td.name a")?.focus();
  }

  checks() {
    return [...this.area.querySelectorAll(".row-check")];
  }

  chosen(event) {
    if (event.target.matches(".all-check")) this.chooseAll(event.target.checked);
    this.count();
  }

  chooseAll(on) {
    this.checks().forEach((check) => (check.checked = on));
    this.count();
  }

  count() {
    const checks = this.checks();
    const chosen = checks.filter((check) => check.checked).length;
    const all = this.area.querySelector(".all-check");
    if (all) {
      all.checked = chosen > 0 && chosen === checks.length;
      all.indeterminate = chosen > 0 && chosen < checks.length;
    }
    const place = this.bar?.querySelector("[data-bulk-count]");
    if (place && chosen) place.textContent = word("chosen", chosen);
  }

  key(event) {
    if (event.key === "Escape" && this.panel && !this.panel.hidden && !typing(event.target) && !document.querySelector("dialog[open], details.menu[open]")) {
      return this.closePreview();
    }
    if (!free(event) || event.target.closest("details.menu[open]")) return;
    const key = pressed(event);
    if (key === "j" || key === "k") {
      this.go(this.at + (key === "j" ? 1 : -1));
      if (this.panel && !this.panel.hidden) this.preview();
    } else if (key === "x" && this.current) {
      const check = this.current.querySelector(".row-check");
      if (check) check.checked = !check.checked;
      this.count();
    } else if (key === "Enter" && this.current && !event.target.closest("a, button, summary, input")) {
      if (!this.panel || !this.panel.hidden || !this.current.dataset.preview) location.assign(this.current.dataset.url);
      else this.preview();
    }
  }
}

/** A table wider than its place scrolls there, not with the whole page. */
function crowds() {
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      target.classList.toggle("crowded", target.firstElementChild.scrollWidth > target.clientWidth + 1);
    }
  });
  document.querySelectorAll(".table-wrap").forEach((wrap) => watch.observe(wrap));
}

/** Adding a filter: only the chosen field's own boxes are there, and only they are sent. */
function filters(root) {
  root.querySelectorAll("[data-filter-form]").forEach((form) => {
    const choose = form.querySelector('[name="field"]');
    const show = () =>
      form.querySelectorAll("[data-filter-field]").forEach((set) => {
        set.disabled = set.dataset.filterField !== choose.value;
      });
    choose.addEventListener("change", show);
    show();
    // Each condition of a field takes its own kind of answer.
    form.querySelectorAll("[data-filter-op]").forEach((op) => {
      op.addEventListener("change", () => {
        op.closest("[data-filter-field]").querySelectorAll("[data-filter-input]").forEach((set) => {
          set.disabled = set.hidden = set.dataset.filterInput !== op.selectedOptions[0].dataset.input;
        });
      });
    });
  });
}

/** A sheet that is long, and seldom opened, is fetched when it is. */
function sheets() {
  document.querySelectorAll("details[data-load]").forEach((menu) => {
    menu.addEventListener("toggle", async () => {
      if (!menu.open || menu.querySelector("form")) return;
      const sheet = menu.querySelector(".menu-sheet");
      sheet.replaceChildren(skeleton(4));
      sheet.setAttribute("aria-busy", "true");
      try {
        const found = nodes(await (await askFragment(menu.dataset.load)).text());
        sheet.replaceWith(...found.children);
        filters(menu);
        picker.start(menu);
        menu.querySelector("select, input:not([type=hidden])")?.focus();
      } catch (error) {
        menu.open = false;
        tellFailure(error);
      }
    });
  });
}

export function start() {
  document.querySelectorAll("[data-list]").forEach((area) => new List(area));
  filters(document);
  sheets();
  crowds();
}
