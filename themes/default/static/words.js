// The words scripts say; the page brings them in its own language.
const words = document.getElementById("words")?.dataset ?? {};

/** The word called `name`, with `value` in the place of its "%s". */
export function word(name, value) {
  const text = words[name] ?? name;
  return value === undefined ? text : text.replace("%s", value);
}
