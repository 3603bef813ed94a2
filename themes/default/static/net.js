// Asking the server, and saying so when it does not answer.
import { word } from "./words.js";

export function csrf() {
  return document.querySelector('input[name="csrf_token"]')?.value ?? "";
}

async function ask(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  if (!response.ok) throw new Error(`${response.status}`);
  return response;
}

export async function askJson(url, options = {}) {
  const response = await ask(url, { ...options, headers: { Accept: "application/json", ...(options.headers ?? {}) } });
  return response.json();
}

/** A piece of a page; the server leaves the shell out when it sees the header. */
export async function askFragment(url, options = {}) {
  const response = await fetch(url, {
    credentials: "same-origin",
    ...options,
    headers: { "X-Fragment": "1", Accept: "text/html", ...(options.headers ?? {}) },
  });
  if (!response.ok && response.status !== 422 && response.type !== "opaqueredirect") {
    // What the server says to a person is better than what we can say of a number.
    const said = response.status < 500 ? nodes(await response.text()).querySelector(".error-card p")?.textContent : "";
    throw Object.assign(new Error(`${response.status}`), { said });
  }
  return response;
}

/** HTML from our own server as nodes. Scripts in it do not run; what is meant for browsers without them is left out. */
export function nodes(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  body.querySelectorAll("noscript").forEach((plain) => plain.remove());
  return body;
}

/** Puts one message on top of the page, where screen readers hear it. */
export function tell(text, tone = "bad") {
  const place = document.querySelector("[data-flash]");
  if (!place) return;
  const box = document.createElement("div");
  box.className = `alert alert-${tone}`;
  box.setAttribute("role", tone === "bad" ? "alert" : "status");
  const words = document.createElement("div");
  words.className = "alert-words";
  words.textContent = text;
  box.append(words);
  place.replaceChildren(box);
}

export function tellFailure(error) {
  if (error.said) return tell(error.said);
  tell(navigator.onLine === false || error instanceof TypeError ? word("offline") : word("failed"));
}

/** A line at the foot of the page for as long as there is no connection, whatever somebody is doing. */
export function start() {
  const line = document.querySelector("[data-offline-line]");
  if (!line) return;
  const show = () => (line.hidden = navigator.onLine !== false);
  window.addEventListener("offline", show);
  window.addEventListener("online", show);
  show();
}
