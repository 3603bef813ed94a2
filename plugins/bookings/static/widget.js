// <parlour-booking>: booking a visit, on any web site. One module, no dependencies, nothing inline, no cookies. This file is the element
// and the way from step to step; the steps stand in the files widget-*.js beside it, which are put in front of it (see widget.py).
//
// Everything it says and everything that can be booked comes with one call, in the language of `locale`; what it says when that call
// fails is put in front of all as OTHERWISE, by language. Days and times are read off the salon's clock as the calls write them, so no
// zone is computed here. What stands inside the element is shown where neither this script nor the calls work.

/* global OTHERWISE, Kept, Lost, h, page, sheet, withCalls, withCodes, withForm, withPeople, withReviews, withServices, withSessions, withTimes,
   withVisits, withWaiting */
const HERE = new URL(import.meta.url);
const RTL = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"]);

const STEPS = [withCalls, withServices, withPeople, withTimes, withForm, withCodes, withVisits, withSessions, withWaiting, withReviews];

class ParlourBooking extends STEPS.reduce((Base, more) => more(Base), HTMLElement) {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.salon = this.getAttribute("salon") || HERE.pathname.split("/").at(-3);
    this.origin = this.getAttribute("src") ? new URL(this.getAttribute("src"), HERE).origin : HERE.origin;
    const place = `${this.origin}/${this.salon}`;
    this.kept = new Kept(`parlour.visits.${place}`, []);
    this.waits = new Kept(`parlour.waiting.${place}`, []);
    this.proofs = new Kept(`parlour.proofs.${place}`, {});
    this.lines = [];
    this.typed = {};
    this.trail = [];
    this.said = h("div", { class: "said", role: "status", "aria-live": "polite" });
    this.view = h("div", { part: "widget" });
    this.rest = h("slot", { hidden: true });
    root.append(this.view, this.rest, this.said);
    if (this.hasAttribute("framed")) { this.tellHeight(); this.followBack(); }
    this.begin();
  }

  tellHeight() {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];
    if (window.parent === window) return;
    new ResizeObserver(() => {
      const height = Math.ceil(this.getBoundingClientRect().height);
      window.parent.postMessage({ type: "parlour:height", height }, "*");
    }).observe(this);
  }

  /**
   * On a page of its own the browser's way back, a gesture on telephones, goes back by one step and does not leave. There is one
   * entry more in the history than needed as long as there is a step to go back to.
   */
  followBack() {
    this.follows = true;
    addEventListener("popstate", () => {
      this.guarded = false;
      if (this.trail.length) this.back(); else if (["done", "waits"].includes(this.step)) this.start();
    });
  }

  // ---- steps

  async begin() {
    this.locale = this.wanted || "en";
    this.view.replaceChildren(h("div", { class: "body" }, h("p", { class: "wait" }, "…")));
    let ready = false;
    await this.busy(async () => {
      const first = await this.call("");
      if (!first.ok) throw new Lost();
      this.data = first.data;
      this.locale = this.wanted || this.data.language;
      this.view.lang = this.data.language;
      this.view.dir = this.getAttribute("dir") || (RTL.has(this.locale.toLowerCase().split("-")[0]) ? "rtl" : "ltr");
      this.colour();
      const { branches } = this.data;
      const asked = this.getAttribute("branch");
      this.branch = branches.find((one) => String(one.id) === asked) || (branches.length === 1 ? branches[0] : null);
      const link = this.hasAttribute("framed") && /^#(visit|waiting|offer|review)=([\w-]+)$/.exec(location.hash);
      if (link?.[1] === "offer") this.code = link[2]; else if (link) this.keep([link[2]], link[1] === "waiting" ? this.waits : this.kept);
      if (link?.[1] === "review") this.toReview = link[2];
      ready = link ? () => this.openVisits() : () => this.start();
    }, () => this.begin());
    if (ready) ready();
  }

  /** The salon's own colour, which the server has made readable in both schemes. */
  colour() {
    if (!this.data.colours) return;
    const { light, dark } = this.data.colours;
    const own = new CSSStyleSheet();
    const set = (of) => `--own-accent:${of("accent")};--own-soft:${of("accent-soft")};--own-on:${of("on-accent")}`;
    own.replaceSync(`:host{${set((name) => light[name])}}
      @supports (color: light-dark(#000,#fff)){:host{${set((name) => `light-dark(${light[name]},${dark[name]})`)}}}`);
    this.shadowRoot.adoptedStyleSheets = [own, sheet];
  }

  start() {
    this.lines = [];
    this.picked = this.moving = this.token = this.visit = this.slots = this.session = this.stay = null;
    this.trail = [];
    if (!this.branch && this.data.branches.length > 1) return this.show("branch");
    if (!this.asksFor) return this.show("service");
    this.step = "service";
    this.choose(this.asksFor);
  }

  go(step) { this.trail.push(this.step); this.show(step); }

  back() {
    const from = this.step, to = this.trail.pop();
    if (to === "start") return this.start();
    if (to === "visits") { this.lines = []; this.moving = this.picked = null; }
    // Going back from the choice of a specialist takes back the service that it was for.
    if (to === "service" && this.lines.length) { this.lines.pop(); this.slots = null; }
    if (from === "contact" || from === "waiting") this.read();
    if (to === "sessions") { this.lines = []; this.session = this.picked = null; }
    if (to === "time" && !this.slots) return this.busy(async () => { await this.loadTimes(); this.show("time"); });
    this.show(to || "service");
  }

  show(step) {
    this.step = step;
    if (this.follows && this.trail.length && !this.guarded) {
      history.pushState(null, "");
      this.guarded = true;
    }
    this.render();
    const heading = this.view.querySelector("h2");
    // The page that opens keeps its own focus.
    const first = !this.opened;
    this.opened = true;
    if (first || !heading) return;
    heading.focus({ preventScroll: true });
    if (this.getBoundingClientRect().top < 0) this.scrollIntoView({ block: "start" });
  }

  render() {
    this.rest.hidden = true;
    const draw = `draw${this.step[0].toUpperCase()}${this.step.slice(1)}`;
    this.view.replaceChildren(...[this.head(), h("div", { class: "body" }, this[draw]()), this.summary()].filter(Boolean));
  }

  head() {
    const back = this.trail.length && this.step !== "done";
    const mine = ["branch", "service", "staff", "time"].includes(this.step);
    return h("header", {},
      back ? h("button", { class: "quiet", type: "button", click: () => this.back() }, `${this.view.dir === "rtl" ? "→" : "←"} ${this.t("back")}`)
        : h("strong", {}, this.data.organisation.name),
      mine ? h("button", { class: "quiet", type: "button", click: () => this.openVisits() }, this.t("visits")) : null);
  }

  heading(text) { return h("h2", { tabindex: "-1" }, text); }

  // ---- when it does not work

  say(text) { this.said.textContent = text; }

  phones(branch = this.branch) {
    const some = (branch ? [branch] : this.data?.branches || []).filter((one) => one.phone);
    return some.length ? h("p", {}, some.map((one) => [h("a", { class: "button", href: `tel:${one.phone}` }, this.t("call", { phone: one.phone_text })), " "])) : null;
  }

  /** Nobody answers: what the page has for that case, a link, a telephone, and another try. */
  fail(again) {
    if (["contact", "waiting", "review"].includes(this.step)) this.read();
    const own = this.data ? {} : OTHERWISE[(this.wanted || navigator.language).split("-")[0]] || OTHERWISE.en;
    const t = (name) => own[name] || this.t(name);
    const heading = h("h2", { tabindex: "-1" }, t("failed"));
    const link = h("a", { href: `${this.origin}/widget/${encodeURIComponent(this.salon)}/bookings`, target: "_blank", rel: "noopener" }, t("own_page"));
    this.view.replaceChildren(h("div", { class: "body", role: "alert" }, heading, h("p", {}, t(this.data ? "failed_hint" : "failed_first")),
      h("p", {}, h("button", { class: "main", type: "button", click: () => again() }, t("retry"))), this.phones(),
      this.hasAttribute("framed") ? null : h("p", {}, link)), (this.data && this.summary()) || "");
    this.rest.hidden = !this.childElementCount;
    if (this.opened) heading.focus({ preventScroll: true });
  }
}

if (!customElements.get("parlour-booking")) customElements.define("parlour-booking", ParlourBooking);
