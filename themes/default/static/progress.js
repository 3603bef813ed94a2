// Long work: asks how far it is until it is done, then goes where the result is.
import { askJson } from "./net.js";

class Progress {
  constructor(place) {
    this.place = place;
    this.bar = place.querySelector("progress");
    this.message = place.querySelector("[data-progress-message]");
    this.figures = place.querySelector("[data-progress-figures]");
    this.pause = 600;
    this.ask();
  }

  async ask() {
    try {
      const now = await askJson(this.place.dataset.progress);
      this.show(now);
      if (now.state === "done" || now.state === "failed" || now.state === "cancelled") {
        location.replace(now.url ?? location.href);
        return;
      }
      this.pause = Math.min(this.pause * 1.15, 3000);
    } catch {
      this.pause = 5000; // the work goes on without us; ask again later
    }
    setTimeout(() => this.ask(), document.hidden ? 8000 : this.pause);
  }

  show({ done, total, message }) {
    if (total) {
      this.bar.max = total;
      this.bar.value = done;
    }
    if (this.message && message) this.message.textContent = message;
    if (this.figures && total) this.figures.textContent = `${done.toLocaleString(document.documentElement.lang)} / ${total.toLocaleString(document.documentElement.lang)}`;
  }
}

export function start(root = document) {
  root.querySelectorAll("[data-progress]").forEach((place) => new Progress(place));
}
