// The frame: keys, folding menus, search suggestions, colours.
import { Combobox } from "./combobox.js";
import { free, keep, kept, pressed, typing } from "./keys.js";
import { askJson, csrf, tellFailure } from "./net.js";

function keys() {
  const toggle = document.querySelector("[data-keys-switch]");
  if (toggle) {
    toggle.checked = kept("keys") !== "off";
    toggle.addEventListener("change", () => keep("keys", toggle.checked ? "on" : "off"));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach((menu) => closeMenu(menu));
      return;
    }
    if (!free(event)) return;
    const key = pressed(event);
    const search = document.querySelector("[data-suggest]");
    const menu = document.querySelector(`[data-menu-key="${CSS.escape(key)}"]`);
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!(key === "/" && search) && key !== "?" && !menu && !target) return;
    event.preventDefault();
    if (key === "/") {
      search.focus();
      search.select();
    } else if (key === "?") {
      document.getElementById("keys")?.showModal();
    } else if (menu) {
      menu.open = true;
      menu.querySelector(".menu-item")?.focus();
    } else {
      target.click();
    }
  });
}

function closeMenu(menu) {
  if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  menu.open = false;
}

function menus() {
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("focusin", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest("details.menu[open]");
    if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key) || typing(event.target)) return;
    const items = [...menu.querySelectorAll(".menu-item")];
    const at = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    items[(at + items.length) % items.length]?.focus();
  });
}

function folding() {
  document.querySelectorAll("[data-fold]").forEach((group) => {
    if (kept(`fold.${group.dataset.fold}`) === "closed" && !group.querySelector('[aria-current="page"]')) group.open = false;
    group.addEventListener("toggle", () => keep(`fold.${group.dataset.fold}`, group.open ? "open" : "closed"));
  });
  const fold = document.querySelector("[data-fold-nav]");
  const root = document.documentElement;
  fold?.setAttribute("aria-pressed", String(root.classList.contains("nav-folded")));
  fold?.addEventListener("click", () => {
    const folded = root.classList.toggle("nav-folded");
    fold.setAttribute("aria-pressed", String(folded));
    keep("nav", folded ? "folded" : "open");
    if (folded) document.querySelectorAll("[data-fold]").forEach((group) => (group.open = true));
  });
  const here = document.querySelector('.settings-nav [aria-current="page"]');
  const row = here?.closest(".settings-nav");
  if (row) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
  const show = document.querySelector("[data-show-menu]");
  const menu = document.getElementById("menu");
  show?.addEventListener("click", (event) => {
    event.preventDefault();
    const shown = menu.classList.toggle("shown");
    show.setAttribute("aria-expanded", String(shown));
    if (shown) menu.querySelector("a")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (menu?.classList.contains("shown") && !menu.contains(event.target) && !show.contains(event.target)) {
      menu.classList.remove("shown");
      show.setAttribute("aria-expanded", "false");
    }
  });
}

function suggestions() {
  const input = document.querySelector("[data-suggest]");
  if (!input) return;
  new Combobox(input, {
    wait: 150,
    find: async (text) => {
      if (!text) return null;
      const address = new URL(input.dataset.suggest, location.href);
      address.searchParams.set("q", text);
      return (await askJson(address)).groups;
    },
    choose: (item) => location.assign(item.url),
  });
}

/** A choice of colours shows at once; the server keeps it for the next page. */
function colours() {
  document.querySelector("[data-theme-form]")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const theme = event.submitter.value;
    const root = document.documentElement;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    form.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b === event.submitter)));
    try {
      await fetch(form.action, {
        method: "POST",
        credentials: "same-origin",
        redirect: "manual",
        headers: { "X-CSRF-Token": csrf() },
        body: new URLSearchParams([...new FormData(form), ["theme", theme]]),
      });
    } catch (error) {
      tellFailure(error);
    }
  });
}

export function start() {
  keys();
  menus();
  folding();
  suggestions();
  colours();
}
