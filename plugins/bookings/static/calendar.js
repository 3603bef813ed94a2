// The calendar's day beyond HTML: it stays up to date, shows where we are, and takes the arrow keys.
import { carry } from "./calendar-drag.js";
import { select } from "./calendar-select.js";

// Milliseconds between two questions whether anything has changed: another desk's booking is to be there within two seconds.
const EVERY = 1500;
const MINUTE = 60000;
const ROW = 5;
// How wide the axis of the hours is, in pixels.
const AXIS = 52;

const place = document.querySelector("[data-calendar]");
// The theme's modules have addresses that change with their content, so the page names them.
const [net, dialog] = await Promise.all([import(place.dataset.net), import(place.dataset.dialogs)]);
const grid = () => place.querySelector("[data-cal-scroll]");
let stamp = place.dataset.stamp;
let loaded = Date.now();

// ---- staying up to date

/** Puts the columns of now in the place of those of before, and leaves the scroll and the focus where they were. */
function swap(html) {
  const before = grid();
  const at = before && [before.scrollLeft, before.scrollTop];
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const key = held && (held.id ? `#${held.id}` : held.matches("a") ? `a[href="${CSS.escape(held.getAttribute("href"))}"]` : "");
  place.replaceChildren(...net.nodes(html).childNodes);
  const after = grid();
  if (after && at) [after.scrollLeft, after.scrollTop] = at;
  loaded = Date.now();
  ready();
  if (key) (place.querySelector(key) ?? after)?.focus({ preventScroll: true });
}

async function refresh(always = false) {
  const headers = { "X-Fragment": "1", Accept: "text/html", ...(always ? {} : { "If-None-Match": stamp }) };
  const answer = await fetch(place.dataset.calendar, { credentials: "same-origin", cache: "no-store", headers });
  if (answer.status !== 200 || answer.redirected || busy()) return;
  stamp = answer.headers.get("ETag") ?? "";
  swap(await answer.text());
}

function poll() {
  setTimeout(async () => {
    try {
      // Nothing is taken away under somebody's hands.
      if (!document.hidden && !busy()) await refresh();
    } catch {
      // No connection just now; the theme says so, and the next question finds out.
    }
    poll();
  }, EVERY);
}

// ---- where we are

function drawNow() {
  const cal = grid();
  cal?.querySelectorAll(".cal-now").forEach((line) => line.remove());
  for (const column of cal?.querySelectorAll("[data-now]") ?? []) {
    const minute = Number(column.dataset.now) + Math.floor((Date.now() - loaded) / MINUTE);
    const [first, last] = [Number(cal.dataset.first), Number(cal.dataset.last)];
    if (minute < first || minute >= last) continue;
    const line = document.createElement("div");
    line.className = `cal-now at-${Math.floor((minute - first) / ROW)} for-1`;
    column.querySelector(".cal-body").append(line);
  }
}

/** The first look is at the present hour, not at the early morning, and of a week at today. */
function scrollToNow() {
  const cal = grid();
  const line = cal?.querySelector(".cal-now");
  if (line) cal.scrollTop = Math.max(0, line.offsetTop - 140);
  const today = cal?.querySelectorAll("[data-now]") ?? [];
  if (today.length === 1) cal.scrollLeft = today[0].offsetLeft - AXIS;
}

// ---- the arrow keys: one stop for Tab, the arrows go on from there

function stops(column) {
  return [...column.querySelectorAll("[data-cal-stop]")].sort((one, other) => one.offsetTop - other.offsetTop);
}

function ready() {
  const all = [...place.querySelectorAll("[data-cal-stop]")];
  all.forEach((stop) => (stop.tabIndex = -1));
  const first = all.find((stop) => stop.matches(".cal-visit:not(.over)")) ?? all[0];
  if (first) first.tabIndex = 0;
  drawNow();
}

function go(from, key) {
  const column = from.closest(".cal-col");
  const mine = stops(column);
  if (key === "ArrowUp" || key === "ArrowDown") return mine[mine.indexOf(from) + (key === "ArrowDown" ? 1 : -1)];
  const columns = [...place.querySelectorAll(".cal-col")];
  const step = key === "ArrowRight" ? 1 : -1;
  for (let at = columns.indexOf(column) + step; at >= 0 && at < columns.length; at += step) {
    const there = stops(columns[at]);
    const near = there.reduce((best, one) => Math.abs(one.offsetTop - from.offsetTop) < Math.abs((best ?? one).offsetTop - from.offsetTop) ? one : best ?? one, undefined);
    if (near) return near;
  }
  return undefined;
}

place.addEventListener("keydown", (event) => {
  // With a visit in the hand the arrows carry it.
  if (busy() || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || !event.key.startsWith("Arrow")) return;
  const from = event.target.closest("[data-cal-stop]");
  if (!from) return;
  event.preventDefault();
  const to = go(from, event.key);
  if (!to) return;
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
});

const carrying = carry(place, { net, dialog, refresh: () => refresh(true) });
const selecting = select(place, carrying);
const busy = () => carrying.busy || selecting.busy;
ready();
scrollToNow();
setInterval(drawNow, MINUTE / 2);
poll();
