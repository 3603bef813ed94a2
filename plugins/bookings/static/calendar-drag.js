// Moving and stretching visits, by pointer, by touch and by keys. Where a visit would land, and what is in the way there, is seen
// before it is dropped; the server decides both times.
import { REST, SLACK, SNAP, clock, columnAt, place as placed, scaleOf, scrollAlong, swallowClick } from "./calendar-grid.js";

// How long a visit stays over a place before the server is asked, in milliseconds.
const PAUSE = 90;

/** One visit in the hand: what it is, where it would land, and the shadow that shows it. */
class Carried {
  constructor(place, visit, { net, stretch }) {
    this.net = net;
    this.place = place;
    this.visit = visit;
    this.stretch = stretch;
    this.cal = visit.closest("[data-cal-scroll]");
    this.first = Number(this.cal.dataset.first);
    this.last = Number(this.cal.dataset.last);
    this.column = visit.closest(".cal-col");
    this.home = { column: this.column, start: Number(visit.dataset.starts), minutes: Number(visit.dataset.minutes) };
    this.start = this.home.start;
    this.minutes = this.home.minutes;
    this.shadow = document.createElement("div");
    this.asked = 0;
    visit.classList.add("moving");
    this.draw();
  }

  get moved() {
    return this.column !== this.home.column || this.start !== this.home.start || this.minutes !== this.home.minutes;
  }

  /** Where it would land now; asks the server whether it may. */
  put(column, start, minutes = this.minutes) {
    const kept = column?.dataset.column ? column : this.column;
    start = Math.min(Math.max(start, this.first), this.last - SNAP);
    minutes = Math.max(SNAP, Math.min(minutes, this.last - start));
    if (kept === this.column && start === this.start && minutes === this.minutes) return;
    [this.column, this.start, this.minutes] = [kept, start, minutes];
    this.draw();
    clearTimeout(this.timer);
    const turn = (this.asked += 1);
    if (this.moved) this.timer = setTimeout(() => this.look(turn), PAUSE);
  }

  draw(taken = false, text = "") {
    this.shadow.className = `cal-ghost ${placed(this.cal, this.start, this.minutes)}${taken ? " taken" : ""}`;
    this.shadow.textContent = [`${clock(this.start)}–${clock((this.start + this.minutes) % 1440)}`, text].filter(Boolean).join(" · ");
    this.column.querySelector(".cal-body").append(this.shadow);
  }

  fields() {
    const values = new URLSearchParams({
      line: this.visit.dataset.line,
      at: `${this.column.dataset.date}T${clock(this.start)}`,
    });
    const [left, entered] = [this.home.column.dataset.column, this.column.dataset.column];
    if (this.cal.dataset.by === "staff") {
      if (entered !== left) values.set("staff", entered);
    } else if (entered) {
      // The room that was left goes, and the others of the visit stay.
      values.set("left", left);
      values.set("room", entered);
    }
    if (this.minutes !== this.home.minutes) values.set("minutes", this.minutes);
    return values;
  }

  async look(turn) {
    try {
      const found = await this.net.askJson(`${this.place.dataset.landing}?${this.fields()}`);
      if (turn !== this.asked || !this.shadow.isConnected) return;
      this.draw(!found.free, found.text);
      this.place.dispatchEvent(new CustomEvent("said", { detail: this.shadow.textContent }));
    } catch {
      // The drop asks again, and says when there is no answer.
    }
  }

  end() {
    clearTimeout(this.timer);
    this.asked += 1;
    this.shadow.remove();
    this.visit.classList.remove("moving");
  }
}

/** Takes visits of `place` into the hand; `busy` says whether one is there. */
export function carry(place, { net, dialog, refresh }) {
  const said = place.parentElement.querySelector("[data-cal-said]");
  let held = null;
  let pressed = null;
  let dropping = false;
  place.addEventListener("said", (event) => (said.textContent = event.detail));

  const movable = () => place.querySelector("[data-movable]") !== null;
  const letGo = () => {
    held?.end();
    held = null;
    clearTimeout(pressed?.timer);
    pressed = null;
  };
  const take = (visit, stretch = false) => {
    held = new Carried(place, visit, { net, stretch });
  };

  async function send(fields) {
    const answer = await fetch(place.dataset.landing, {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRF-Token": net.csrf() },
      body: fields,
    });
    if (!answer.ok && answer.status !== 422) throw new Error(`${answer.status}`);
    return answer.json();
  }

  async function drop() {
    const carried = held;
    if (!carried.moved) return letGo();
    dropping = true;
    const fields = carried.fields();
    fields.set("back", place.dataset.calendar);
    try {
      let found = await send(fields);
      if (!found.free && found.force) {
        const words = place.dataset;
        if (await dialog.confirmed({ title: words.over, text: found.text, go: words.overGo })) {
          fields.set("force", "1");
          found = await send(fields);
        } else found = null;
      }
      if (found) tell(found);
    } catch (error) {
      net.tellFailure(error);
    }
    letGo();
    dropping = false;
    await refresh();
  }

  /** What was done, with the button that takes it back. */
  function tell(found) {
    net.tell(found.text, found.free ? "good" : "bad");
    const box = document.querySelector("[data-flash] .alert");
    if (!found.undo || !box) return;
    const form = document.createElement("form");
    form.method = "post";
    form.action = found.undo;
    const token = document.createElement("input");
    Object.assign(token, { type: "hidden", name: "csrf_token", value: net.csrf() });
    const button = document.createElement("button");
    Object.assign(button, { className: "btn btn-sm", type: "submit", textContent: found.undo_title });
    form.append(token, button);
    box.append(form);
  }

  // ---- by pointer

  place.addEventListener("dragstart", (event) => event.preventDefault());
  place.addEventListener("pointerdown", (event) => {
    const visit = event.target.closest("a.cal-visit[data-line]");
    if (!visit || event.button !== 0 || held || !movable()) return;
    const box = visit.getBoundingClientRect();
    const stretch = event.pointerType === "mouse" && box.bottom - event.clientY < 7;
    pressed = { visit, stretch, x: event.clientX, y: event.clientY, grab: event.clientY - box.top, touch: event.pointerType !== "mouse" };
    if (pressed.touch) pressed.timer = setTimeout(() => pressed && take(pressed.visit), REST);
  });
  document.addEventListener("pointermove", (event) => {
    if (!pressed || dropping) return;
    const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > SLACK;
    if (!held) {
      if (!far) return;
      if (pressed.touch) return letGo(); // a finger that goes on scrolls
      take(pressed.visit, pressed.stretch);
    }
    event.preventDefault();
    const column = columnAt(event) ?? held.column;
    const body = column.querySelector(".cal-body").getBoundingClientRect();
    const scale = scaleOf(held.cal);
    if (held.stretch) {
      const end = held.first + (event.clientY - body.top) / scale;
      held.put(held.column, held.start, Math.round((end - held.start) / SNAP) * SNAP);
    } else {
      const start = held.first + (event.clientY - pressed.grab - body.top) / scale;
      held.put(column, Math.round(start / SNAP) * SNAP);
    }
    scrollAlong(held.cal, event);
  });
  document.addEventListener("pointerup", (event) => {
    if (!pressed) return;
    if (!held) return letGo();
    swallowClick();
    pressed = null;
    event.preventDefault();
    drop();
  });
  document.addEventListener("pointercancel", () => !dropping && letGo());
  document.addEventListener("touchmove", (event) => held && event.preventDefault(), { passive: false });
  place.addEventListener("contextmenu", (event) => (held || pressed?.touch) && event.preventDefault());

  // ---- by keys: Alt with an arrow takes a visit up, Enter drops it, Escape puts it back

  function step(key, stretch) {
    const columns = [...held.cal.querySelectorAll(".cal-col")];
    const down = key === "ArrowDown" ? SNAP : key === "ArrowUp" ? -SNAP : 0;
    if (stretch) return held.put(held.column, held.start, held.minutes + down);
    const side = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
    held.put(columns[columns.indexOf(held.column) + side] ?? held.column, held.start + down);
    held.shadow.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  place.addEventListener("keydown", (event) => {
    if (dropping) return;
    const arrow = event.key.startsWith("Arrow");
    const visit = event.target.closest("a.cal-visit[data-line]");
    if (held && !pressed) {
      if (arrow) step(event.key, event.shiftKey);
      else if (event.key === "Enter") drop();
      else if (event.key === "Escape") letGo();
      else return;
      event.preventDefault();
      event.stopPropagation();
    } else if (visit && arrow && event.altKey && movable()) {
      event.preventDefault();
      take(visit);
      step(event.key, event.shiftKey);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && held && !dropping) letGo();
  });
  // Who goes on to something else has let go of it.
  place.addEventListener("focusout", () => held && !pressed && !dropping && letGo());

  return {
    get busy() {
      return held !== null || pressed !== null || dropping;
    },
  };
}
