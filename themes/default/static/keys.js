// Which key was meant, on any keyboard, and whether single keys may act at all.

/** What this browser keeps for the person; nothing is kept where storage is shut. */
export function kept(name) {
  try {
    return localStorage.getItem(`parlour.${name}`);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(`parlour.${name}`, value);
  } catch {
    // Nothing is kept, nothing is lost.
  }
}

export function typing(target) {
  return target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
}

/** The key by its Latin name: a Russian layout writes "т" where "n" is, and "." where "/" is. */
export function pressed(event) {
  if (/^[а-яё]$/i.test(event.key) && /^Key[A-Z]$/.test(event.code)) return event.code.slice(3).toLowerCase();
  if (event.code === "Slash" && event.key === ".") return "/";
  if (event.code === "Slash" && event.key === ",") return "?";
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/** Whether a single key may do something now: not while typing, not in a dialog, not when switched off. */
export function free(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  return !typing(event.target) && !document.querySelector("dialog[open]") && kept("keys") !== "off";
}
