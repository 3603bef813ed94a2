// A stretch of free time that is marked by pointer, finger or keys opens the form of a new visit with its start and its length.
import { REST, SLACK, SNAP, clock, place as placed, scaleOf, scrollAlong, swallowClick } from "./calendar-grid.js";

const minuteOf = (piece) => Number(piece.dataset.starts);
const endOf = (piece) => minuteOf(piece) + Number(piece.dataset.minutes);

/** The stretch that is marked: from `start` to `end`, within the free time around the piece where it began. */
class Marked {
  constructor(piece) {
    this.piece = piece;
    this.column = piece.closest(".cal-col");
    this.cal = piece.closest("[data-cal-scroll]");
    [this.low, this.high] = this.room();
    this.anchor = minuteOf(piece);
    [this.start, this.end] = [this.anchor, endOf(piece)];
    this.shadow = document.createElement("div");
    this.column.querySelector(".cal-body").append(this.shadow);
    this.draw();
  }

  /** How far free time goes on without a break, before and after. */
  room() {
    const pieces = [...this.column.querySelectorAll("a.cal-free")].sort((one, other) => minuteOf(one) - minuteOf(other));
    let [low, high] = [minuteOf(this.piece), endOf(this.piece)];
    for (const one of pieces) if (minuteOf(one) === high) high = endOf(one);
    for (const one of pieces.reverse()) if (endOf(one) === low) low = minuteOf(one);
    return [low, high];
  }

  /** Up to that minute, forwards or backwards. */
  reach(minute) {
    const at = Math.min(Math.max(Math.round(minute / SNAP) * SNAP, this.low), this.high);
    const least = Math.min(SNAP, this.high - this.anchor);
    [this.start, this.end] = at < this.anchor ? [at, this.anchor + least] : [this.anchor, Math.max(at, this.anchor + least)];
    this.draw();
  }

  draw() {
    this.shadow.className = `cal-ghost ${placed(this.cal, this.start, this.end - this.start)}`;
    this.shadow.textContent = `${clock(this.start)}–${clock(this.end % 1440)}`;
  }

  /** The address of the form, with what was marked in it. */
  get url() {
    const url = new URL(this.piece.href);
    url.searchParams.set("at", `${this.column.dataset.date}T${clock(this.start)}`);
    url.searchParams.set("minutes", this.end - this.start);
    return url.href;
  }
}

/** Lets free time of `place` be marked; `busy` says whether some is. `carrying` holds visits, which go first. */
export function select(place, carrying) {
  const said = place.parentElement.querySelector("[data-cal-said]");
  let marked = null;
  let pressed = null;

  const letGo = () => {
    marked?.shadow.remove();
    marked = null;
    clearTimeout(pressed?.timer);
    pressed = null;
  };
  const mark = (piece) => {
    marked = new Marked(piece);
  };
  const tell = () => (said.textContent = marked.shadow.textContent);

  function open() {
    const link = document.createElement("a");
    link.href = marked.url;
    link.dataset.dialog = "";
    link.hidden = true;
    place.append(link);
    letGo();
    link.click();
    link.remove();
  }

  place.addEventListener("pointerdown", (event) => {
    const piece = event.target.closest("a.cal-free");
    if (!piece || event.button !== 0 || marked || carrying.busy) return;
    pressed = { piece, x: event.clientX, y: event.clientY, touch: event.pointerType !== "mouse" };
    if (pressed.touch) pressed.timer = setTimeout(() => pressed && mark(pressed.piece), REST);
  });
  document.addEventListener("pointermove", (event) => {
    if (!pressed) return;
    const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > SLACK;
    if (!marked) {
      if (!far) return;
      if (pressed.touch) return letGo(); // a finger that goes on scrolls
      mark(pressed.piece);
    }
    event.preventDefault();
    const body = marked.column.querySelector(".cal-body").getBoundingClientRect();
    marked.reach(Number(marked.cal.dataset.first) + (event.clientY - body.top) / scaleOf(marked.cal));
    scrollAlong(marked.cal, event);
  });
  document.addEventListener("pointerup", (event) => {
    if (!pressed) return;
    if (!marked) return letGo();
    event.preventDefault();
    pressed = null;
    // First the click on what is below, which is none, then the one that opens.
    swallowClick();
    setTimeout(() => marked && open(), 1);
  });
  document.addEventListener("pointercancel", () => pressed && letGo());
  document.addEventListener("touchmove", (event) => marked && event.preventDefault(), { passive: false });
  place.addEventListener("contextmenu", (event) => pressed?.touch && event.preventDefault());

  // By keys: Shift with an arrow marks from the piece that has the focus, Enter opens, Escape lets go.
  place.addEventListener("keydown", (event) => {
    const piece = event.target.closest("a.cal-free");
    if (!piece || carrying.busy || pressed) return;
    const arrow = event.key === "ArrowDown" ? SNAP : event.key === "ArrowUp" ? -SNAP : 0;
    if (arrow && event.shiftKey) {
      if (!marked) mark(piece);
      else marked.reach((marked.start < marked.anchor ? marked.start : marked.end) + arrow);
      tell();
    } else if (marked && event.key === "Enter") open();
    else if (marked && event.key === "Escape") letGo();
    else if (marked && event.key !== "Shift") return letGo();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  place.addEventListener("focusout", (event) => marked && !pressed && event.target === marked.piece && letGo());

  return {
    get busy() {
      return marked !== null || pressed !== null;
    },
  };
}
