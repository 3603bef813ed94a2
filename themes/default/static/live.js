// A piece of a page that is kept up to date: asks for it again, and is told 304 while nothing has changed.
import { nodes } from "./net.js";

// Milliseconds between questions: while something is at work, and otherwise.
const BUSY = 2500;
const IDLE = 15000;

class Live {
  constructor(place) {
    this.place = place;
    this.stamp = "";
    this.later();
  }

  later() {
    setTimeout(() => this.ask(), this.place.querySelector("[data-live-busy]") ? BUSY : IDLE);
  }

  async ask() {
    if (!document.hidden && !this.inUse()) {
      try {
        const headers = { "X-Fragment": "1", Accept: "text/html", ...(this.stamp ? { "If-None-Match": this.stamp } : {}) };
        const answer = await fetch(this.place.dataset.live, { credentials: "same-origin", cache: "no-store", headers });
        if (answer.status === 200 && !answer.redirected) {
          const known = this.stamp;
          this.stamp = answer.headers.get("ETag") ?? "";
          const html = await answer.text();
          // Somebody may have begun to do something meanwhile.
          if (!this.inUse()) this.place.replaceChildren(...nodes(html).childNodes);
          else this.stamp = known;
        }
      } catch {
        // The work goes on without us; ask again later.
      }
    }
    this.later();
  }

  /** Nothing is taken away under somebody's hands. */
  inUse() {
    return this.place.contains(document.activeElement) || document.querySelector("dialog[open]") !== null;
  }
}

export function start(root = document) {
  root.querySelectorAll("[data-live]").forEach((place) => new Live(place));
}
