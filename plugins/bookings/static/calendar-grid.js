// The grid of the calendar as hands meet it: minutes, rows, columns, and what both dragging and selecting need.

const ROW = 5;
// Minutes between the places at which something can begin or end.
export const SNAP = 15;
// How long a finger rests before it lifts a visit, and how far a pointer goes before it does.
export const REST = 350;
export const SLACK = 5;

const pad = (number) => String(number).padStart(2, "0");
export const clock = (minute) => `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;

/** The classes that put a stretch of minutes where it belongs. */
export function place(cal, start, minutes) {
  const first = Number(cal.dataset.first);
  const from = Math.floor((Math.max(start, first) - first) / ROW);
  return `at-${from} for-${Math.max(1, Math.ceil(minutes / ROW))}`;
}

/** Pixels of one minute. */
export function scaleOf(cal) {
  return cal.querySelector(".cal-col .cal-body").clientHeight / (Number(cal.dataset.last) - Number(cal.dataset.first));
}

export function columnAt(event) {
  return document.elementsFromPoint(event.clientX, event.clientY).map((one) => one.closest?.(".cal-col")).find(Boolean);
}

/** At its edges the grid moves on under what is held. */
export function scrollAlong(cal, event) {
  const box = cal.getBoundingClientRect();
  const edge = 36;
  if (event.clientY > box.bottom - edge) cal.scrollTop += 12;
  else if (event.clientY < box.top + 56 + edge) cal.scrollTop -= 12;
  if (event.clientX > box.right - edge) cal.scrollLeft += 12;
  else if (event.clientX < box.left + 52 + edge) cal.scrollLeft -= 12;
}

/** The click that follows when something is let go is not one on the link below. */
export function swallowClick() {
  window.addEventListener("click", (click) => (click.preventDefault(), click.stopPropagation()), { capture: true, once: true });
  setTimeout(() => window.dispatchEvent(new Event("click")), 0);
}
