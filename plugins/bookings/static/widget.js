// <parlour-booking>: booking a visit, on any web site. One module, no dependencies, nothing inline, no cookies. What comes back later
// stands in the files widget-*.js beside this one; they are put in front of it (see widget.py).
//
// Everything it says and everything that can be booked comes with one call, in the language of `locale`; what it says when that call
// fails is put in front of this file as OTHERWISE, by language (see widget.py). Days and times are read
// off the salon's clock as the calls write them, so no zone is computed here. What stands inside the element is shown where
// neither this script nor the calls work.

/* global OTHERWISE, Kept, withCodes, withPeople, withReviews, withSessions, withVisits, withWaiting */
const HERE = new URL(import.meta.url);
// Days that one call looks through.
const WINDOW = 14;
const PATIENCE = 20000;
const RTL = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"]);

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host {
  --ink: var(--parlour-ink, #241e22); --muted: var(--parlour-muted, #655c62); --surface: var(--parlour-surface, #ffffff);
  --line: var(--parlour-line, #e7e1dd); --field: var(--parlour-field-line, #8a8085);
  --accent: var(--parlour-accent, var(--own-accent, #8a3b6a)); --soft: var(--parlour-accent-soft, var(--own-soft, #f5e9f0));
  --on-accent: var(--parlour-on-accent, var(--own-on, #ffffff)); --bad: var(--parlour-bad, #a82f26); --good: var(--parlour-good, #2a6f51);
  --radius: var(--parlour-radius, 10px);
  display: block; container-type: inline-size; box-sizing: border-box; max-inline-size: 560px; margin-inline: auto;
  font: var(--parlour-font, 400 16px/1.45 system-ui, -apple-system, Segoe UI, Roboto, sans-serif);
  color: var(--ink); background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); text-align: start;
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([framed]) { border: 0; border-radius: 0; min-block-size: 100%; }
:host([hidden]) { display: none; }
@supports (color: light-dark(#000, #fff)) { :host {
  --ink: var(--parlour-ink, light-dark(#241e22, #f3edf0)); --muted: var(--parlour-muted, light-dark(#655c62, #a89ca4));
  --surface: var(--parlour-surface, light-dark(#ffffff, #211b20)); --line: var(--parlour-line, light-dark(#e7e1dd, #3a3138));
  --field: var(--parlour-field-line, light-dark(#8a8085, #8a7d85));
  --accent: var(--parlour-accent, var(--own-accent, light-dark(#8a3b6a, #d98bb8)));
  --soft: var(--parlour-accent-soft, var(--own-soft, light-dark(#f5e9f0, #3a2533)));
  --on-accent: var(--parlour-on-accent, var(--own-on, light-dark(#ffffff, #171316)));
  --bad: var(--parlour-bad, light-dark(#a82f26, #e88a80)); --good: var(--parlour-good, light-dark(#2a6f51, #6fc39c));
} }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
header { display: flex; gap: 8px; align-items: center; justify-content: space-between; min-block-size: 48px; padding: 4px 8px 0; }
header strong { padding-inline: 8px; overflow-wrap: anywhere; }
.body { padding: 4px 16px 16px; min-block-size: 220px; }
h2 { font-size: 1.3em; line-height: 1.25; margin: 8px 0 14px; outline: none; overflow-wrap: anywhere; }
h3 { font-size: .86em; font-weight: 600; color: var(--muted); margin: 16px 0 8px; }
p { margin: 8px 0; } ul { list-style: none; margin: 0; padding: 0; }
button, input, select, textarea { font: inherit; color: inherit; }
button, .button { cursor: pointer; min-block-size: 44px; border-radius: var(--radius); border: 1px solid var(--line); background: transparent;
  padding: 8px 14px; text-align: center; text-decoration: none; display: inline-flex; align-items: center; justify-content: center; gap: 8px; color: inherit; }
@media (hover: hover) { button:hover:not(:disabled), .button:hover { border-color: var(--accent); } }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button:disabled { cursor: default; color: var(--muted); }
.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent); font-weight: 600; inline-size: 100%; }
.quiet { border-color: transparent; color: var(--accent); padding-inline: 8px; }
.danger { color: var(--bad); }
a { color: var(--accent); }
.row { display: flex; gap: 12px; inline-size: 100%; justify-content: space-between; align-items: center; text-align: start; margin-block-end: 8px;
  padding: 10px 14px; min-block-size: 56px; }
.row > span:first-child, .who { min-inline-size: 0; overflow-wrap: anywhere; }
.who { flex: 1; }
.face { flex: none; inline-size: 56px; block-size: 56px; border-radius: 50%; overflow: hidden; position: relative; background: var(--soft); color: var(--accent);
  display: grid; place-items: center; font-weight: 600; align-self: flex-start; }
.face canvas { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; }
.any::before, .any::after { content: ""; position: absolute; background: currentColor; inset-inline: 0; margin-inline: auto; }
.any::before { inline-size: 18px; block-size: 18px; inset-block-start: 12px; border-radius: 50%; }
.any::after { inline-size: 34px; block-size: 30px; inset-block-start: 34px; border-radius: 50%; }
.about { white-space: pre-line; }
details.about { margin: -2px 0 12px; padding-inline: 14px; color: var(--muted); font-size: .86em; }
summary { cursor: pointer; color: var(--accent); padding-block: 6px; }
.row b { display: block; font-weight: 600; }
.sub { color: var(--muted); font-size: .86em; display: block; }
.agreed { margin: .3em 0 .6em; padding-inline-start: 1.2em; font-size: .86em; list-style: disc; }
.price { white-space: nowrap; font-variant-numeric: tabular-nums; text-align: end; }
.strip { display: flex; gap: 6px; overflow-x: auto; padding: 4px; margin-inline: -4px; scrollbar-width: thin; }
.strip button { flex: 0 0 auto; flex-direction: column; gap: 0; min-inline-size: 56px; padding: 6px 8px; font-variant-numeric: tabular-nums; line-height: 1.25; }
.strip small { font-size: .8em; color: var(--muted); }
[aria-pressed="true"] { background: var(--soft); border-color: var(--accent); color: var(--accent); font-weight: 600; }
[aria-pressed="true"] small { color: inherit; }
.strip button[aria-disabled="true"] { text-decoration: line-through; color: var(--muted); border-style: dashed; cursor: default; }
.times { display: grid; grid-template-columns: repeat(auto-fill, minmax(82px, 1fr)); gap: 8px; font-variant-numeric: tabular-nums; }
.times button { padding-inline: 4px; white-space: nowrap; }
.times.wide { grid-template-columns: 1fr; }
.pager { display: flex; justify-content: space-between; gap: 8px; flex-wrap: wrap; }
label { display: block; margin-block-end: 14px; }
label > span { display: block; font-weight: 600; margin-block-end: 4px; }
label small { font-weight: 400; color: var(--muted); }
input:not([type="checkbox"]), textarea, select { inline-size: 100%; min-block-size: 46px; padding: 10px 12px; border: 1px solid var(--field);
  border-radius: var(--radius); background: var(--surface); font-size: max(16px, 1em); }
textarea { min-block-size: 72px; resize: vertical; }
[aria-invalid="true"] { border-color: var(--bad) !important; }
.error { color: var(--bad); font-weight: 400; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); column-gap: 10px; }
.stars, .rate .on { color: var(--accent); }
.rate { border: 0; margin: 0 0 14px; padding: 0; min-inline-size: 0; }
.rate legend { font-weight: 600; padding: 0; }
.rate div { display: flex; }
.rate label { margin: 0; color: var(--field); cursor: pointer; position: relative; font-size: 2em; line-height: 1; }
.rate label span { padding: 8px 6px; font-weight: 400; margin: 0; }
.rate input[type="radio"] { position: absolute; inset: 0; opacity: 0; inline-size: 100%; block-size: 100%; min-block-size: 0; margin: 0; cursor: pointer; }
.rate label:has(:focus-visible) { outline: 3px solid var(--accent); border-radius: 4px; }
.check { display: flex; gap: 10px; align-items: flex-start; }
.check > span { font-weight: 400; margin: 0; }
.check input { inline-size: 22px; block-size: 22px; flex: none; margin: 1px 0 0; accent-color: var(--accent); }
.note { border-inline-start: 3px solid var(--accent); background: var(--soft); padding: 10px 12px; border-radius: 4px; }
.note.bad { border-color: var(--bad); } 
slot { display: block; padding: 0 16px 16px; overflow-wrap: anywhere; }
.chosen { position: sticky; inset-block-end: 0; background: var(--surface); border-block-start: 1px solid var(--line); padding: 10px 16px;
  border-radius: 0 0 var(--radius) var(--radius); }
.chosen li, .sum { display: flex; gap: 8px; justify-content: space-between; align-items: center; }
.chosen li span:first-child { min-inline-size: 0; overflow-wrap: anywhere; }
.chosen .remove { min-block-size: 32px; min-inline-size: 32px; padding: 0; border: 0; color: var(--muted); }
.chosen b { font-weight: 600; }
.visit { border: 1px solid var(--line); border-radius: var(--radius); padding: 12px 14px; margin-block-end: 12px; }
.acts { display: flex; flex-wrap: wrap; gap: 8px; margin-block-start: 10px; }
.badge { color: var(--muted); font-size: .86em; } .badge.good { color: var(--good); }
.offer { border-block-start: 1px solid var(--line); margin-block-start: 16px; padding-block-start: 14px; }
.wait { opacity: 0; animation: appear 0s .2s forwards; color: var(--muted); }
@keyframes appear { to { opacity: 1; } }
.said { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 320px) { .body { padding-inline: 12px; } .row { padding-inline: 10px; gap: 8px; } .face { inline-size: 40px; block-size: 40px; font-size: .86em; } .any { display: none; } .strip button { min-inline-size: 50px; } }
`);

// The page of a frame has no style sheet of its own: one request less.
const page = new CSSStyleSheet();
page.replaceSync("html,body{margin:0;background:#fff;background:light-dark(#fff,#211b20)}h1{font:600 1.2em system-ui;margin:16px}");

/** An element: attributes, handlers as functions, everything else its content. Nothing is ever parsed as HTML. */
function h(name, given, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given || {})) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (key === "value") made.value = value;
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...content.flat(9).filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return made;
}

const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const dayOf = (moment) => moment.slice(0, 10);
const clockOf = (moment) => moment.slice(11, 16);
/** A wall time as a Date whose UTC fields are that wall's, for Intl with the time zone UTC. */
const wall = (moment) => new Date(`${moment.slice(0, 10)}T${moment.length > 10 ? moment.slice(11, 16) : "12:00"}:00Z`);
/** After what is under way has ended. */
const later = (work) => setTimeout(work);
const plusDays = (day, days) => new Date(Date.parse(`${day}T12:00:00Z`) + days * 864e5).toISOString().slice(0, 10);

/** No answer at all, or one that is a fault of the server's. */
class Lost extends Error {}

class ParlourBooking extends withReviews(withWaiting(withSessions(withVisits(withPeople(withCodes(HTMLElement)))))) {
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
    if (this.hasAttribute("framed")) this.tellHeight();
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

  // ---- words, days, money

  get wanted() {
    const said = this.getAttribute("locale") || this.closest("[lang]")?.lang || "";
    return /^[\w-]+$/.test(said) ? said : "";
  }

  t(name, values) {
    return (this.data?.texts[name] ?? name).replace(/\$\{(\w+)\}/g, (_all, key) => values?.[key] ?? "");
  }

  intl(options, Kind = Intl.DateTimeFormat) {
    try { return new Kind(this.locale, options); } catch { return new Kind(this.data.language, options); }
  }

  date(moment, options) { return this.intl({ timeZone: "UTC", ...options }).format(wall(moment)); }
  day(moment) { return this.date(moment, { weekday: "long", day: "numeric", month: "long" }); }
  clock(moment) { return this.date(moment, { hour: "numeric", minute: "2-digit" }); }

  money(price) {
    if (!price) return "";
    const amount = Number(price.amount);
    const digits = Number.isInteger(amount) ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {};
    return this.intl({ style: "currency", currency: price.currency, currencyDisplay: "narrowSymbol", ...digits }, Intl.NumberFormat).format(amount);
  }

  length(minutes) {
    const number = this.intl({}, Intl.NumberFormat);
    const hours = Math.floor(minutes / 60), rest = minutes % 60;
    return [hours && this.t("hours", { n: number.format(hours) }), (rest || !hours) && this.t("minutes", { n: number.format(rest) })]
      .filter(Boolean).join(" ");
  }

  // ---- calls

  async call(path, body, key) {
    const headers = { Accept: "application/json", "Accept-Language": this.wanted || "*" };
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    let answer, data;
    try {
      answer = await fetch(`${this.origin}/api/v1/public/${encodeURIComponent(this.salon)}/bookings${path}`, {
        method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), credentials: "omit", cache: "no-store",
        signal: AbortSignal.timeout?.(PATIENCE),
      });
      data = await answer.json();
    } catch { throw new Lost(); }
    if (answer.status >= 500) throw new Lost();
    return { ok: answer.ok, status: answer.status, data };
  }

  /** Do something that calls; when nobody answers, say so with a way to try again. One at a time. */
  async busy(work, again = work) {
    if (this.working) return;
    this.working = true;
    this.view.setAttribute("aria-busy", "true");
    try { await work(); } catch (error) {
      if (!(error instanceof Lost)) { this.fail(again); throw error; }
      this.fail(again);
    } finally {
      this.working = false;
      this.view.removeAttribute("aria-busy");
    }
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
    this.picked = this.moving = this.token = this.visit = this.slots = this.session = null;
    this.trail = [];
    if (!this.branch && this.data.branches.length > 1) return this.show("branch");
    if (!this.asksFor) return this.show("service");
    this.step = "service";
    this.choose(this.asksFor);
  }

  /** The service that the page asks for, where it can be had. */
  get asksFor() { return this.services().find((one) => !one.addition && String(one.id) === this.getAttribute("service")); }

  services() {
    const here = new Set(this.people().map((one) => one.id));
    return this.data.services.filter((one) => one.staff.some(({ staff }) => here.has(staff)));
  }

  people() {
    return this.data.staff.filter((one) => !this.branch || one.branch === null || one.branch === this.branch.id);
  }

  able(service) {
    return this.people().map((person) => ({ ...person, own: service.staff.find(({ staff }) => staff === person.id) })).filter((one) => one.own);
  }

  serviceOf(line) { return this.data.services.find((one) => one.id === line.service); }

  /** Whether an addition can be added to what is chosen. */
  fits(service) {
    return this.lines.some((line) => !this.serviceOf(line)?.addition)
      && (!service.goes_with.length || this.lines.some((line) => service.goes_with.includes(line.service)));
  }

  /** An addition is done by whoever does the service before it, where they do it. */
  addTo(service) {
    if (this.working) return;
    const before = this.able(service).find((one) => one.id === this.last.staff);
    this.lines.push({ service: service.id, staff: before ? before.id : null });
    this.slots = this.picked = null;
    this.goTime();
  }

  choose(service) {
    // A second tap, while times are looked for, is not a second service.
    if (this.working) return;
    this.lines.push({ service: service.id, staff: null });
    this.slots = this.picked = null;
    const able = this.able(service);
    const asked = able.find((one) => String(one.id) === this.getAttribute("staff"));
    if (asked || able.length === 1) { this.last.staff = (asked || able[0]).id; return this.goTime(); }
    this.go("staff");
  }

  get last() { return this.lines.at(-1); }

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
    const draw = { branch: "drawBranch", service: "drawService", staff: "drawStaff", time: "drawTime", contact: "drawContact", gone: "drawGone",
      done: "drawDone", visits: "drawVisits", code: "drawCode", sessions: "drawSessions", waiting: "drawWaiting", waits: "drawWaits", review: "drawReview", reviews: "drawReviews" }[this.step];
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

  summary() {
    if (!this.lines.length || ["done", "visits", "sessions", "waits", "review", "reviews"].includes(this.step)) return null;
    const open = !this.moving && !this.session && ["time", "contact", "gone"].includes(this.step);
    const rows = this.lines.map((line, at) => {
      const service = this.serviceOf(line) || { name: line.name, minutes: line.minutes, staff: [] };
      const who = this.data.staff.find((one) => one.id === line.staff);
      return h("li", {}, h("span", {}, service.name, who ? h("span", { class: "sub" }, who.name) : null),
        open && this.lines.length > 1 && h("button", { class: "remove", type: "button", "aria-label": this.t("remove", { name: service.name }),
          click: () => this.drop(at) }, "✕"));
    });
    const { minutes, price, exact } = this.totals();
    const cost = this.session ? this.seatsPrice() : this.picked?.price || price;
    const when = this.picked && `${this.date(this.picked.start, { weekday: "short", day: "numeric", month: "short" })}, ${this.clock(this.picked.start)}`;
    return h("section", { class: "chosen", "aria-label": this.t("chosen") }, h("ul", {}, rows),
      h("div", { class: "sum" }, h("span", { class: "sub" }, [when, this.length(minutes)].filter(Boolean).join(" · ")),
        cost && h("b", { class: "price" }, exact || this.session || this.picked?.staff ? this.money(cost) : this.t("from", { price: this.money(cost) }))),
      open && this.step === "time" && this.lines.length < 10 && h("button", { class: "quiet", type: "button", click: () => this.more() }, `+ ${this.t("add")}`));
  }

  /** Length and least price of what is chosen; `exact` where it costs the same whoever does it. */
  totals() {
    let minutes = 0, amount = 0, currency = null, known = true, exact = true;
    for (const line of this.lines) {
      const service = this.serviceOf(line);
      if (!service || this.session) { minutes += line.minutes; known = false; continue; }
      const cost = this.cost(service, line.staff);
      minutes += cost.minutes;
      exact &&= cost.exact;
      if (!cost.price || (currency && currency !== cost.price.currency)) { known = false; continue; }
      currency = cost.price.currency;
      amount += Number(cost.price.amount);
    }
    return { minutes, price: known && currency ? { amount, currency } : null, exact };
  }

  cost(service, staff) {
    const own = this.able(service).filter((one) => !staff || one.id === staff).map((one) => one.own);
    const prices = own.map((one) => one.price || service.price);
    const known = prices.length && prices.every(Boolean);
    const amounts = known ? prices.map((one) => Number(one.amount)) : [];
    const least = known ? prices[amounts.indexOf(Math.min(...amounts))] : service.price;
    return { price: least, exact: new Set(amounts).size < 2, minutes: Math.max(...own.map((one) => one.minutes || service.minutes), 0) || service.minutes };
  }

  priced(service, staff) {
    const { price, exact, minutes } = this.cost(service, staff);
    return h("span", { class: "price" }, price ? (exact ? this.money(price) : this.t("from", { price: this.money(price) })) : "",
      h("span", { class: "sub" }, this.length(minutes)));
  }

  drawBranch() {
    return [this.heading(this.t("branch")), this.data.branches.map((one) => h("button", { class: "row", type: "button", click: () => {
      this.branch = one;
      if (this.asksFor) this.choose(this.asksFor); else this.go("service");
    } }, h("span", {}, h("b", {}, one.name), h("span", { class: "sub" }, one.address || ""))))];
  }

  drawService() {
    const left = this.services().filter((one) => !this.lines.some((line) => line.service === one.id));
    const services = left.filter((one) => !one.addition);
    const additions = left.filter((one) => one.addition && this.fits(one));
    const sessions = this.data.sessions && !this.lines.length && h("button", { class: "row", type: "button", click: () => this.openSessions() },
      h("span", {}, h("b", {}, this.t("sessions")), h("span", { class: "sub" }, this.t("sessions_hint"))));
    if (!services.length && !additions.length && !sessions) return [this.heading(this.t("title")), h("p", {}, this.t("nothing")), this.phones()];
    const groups = new Map();
    for (const one of services) groups.set(one.category || "", [...(groups.get(one.category || "") || []), one]);
    const row = (one, take) => h("button", { class: "row", type: "button", click: take },
      h("span", {}, h("b", {}, one.name), one.description ? h("span", { class: "sub" }, one.description) : null), this.priced(one));
    return [this.heading(this.t(this.lines.length ? "another" : "service")), sessions,
      additions.length > 0 && [h("h3", {}, this.t("additions")), additions.map((one) => row(one, () => this.addTo(one)))],
      [...groups].map(([name, some]) => [name && h("h3", {}, name), some.map((one) => row(one, () => this.choose(one)))])];
  }

  more() { this.picked = null; this.go("service"); }

  drop(at) {
    this.lines.splice(at, 1);
    // What it was added to is gone.
    this.lines = this.lines.filter((line) => !this.serviceOf(line)?.addition || this.fits(this.serviceOf(line)));
    if (!this.lines.length) return this.start();
    this.slots = this.picked = null;
    this.busy(async () => { await this.loadTimes(); this.show("time"); });
  }

  // ---- times

  goTime() {
    const from = this.step;
    this.busy(async () => {
      this.say(this.t("loading"));
      await this.loadTimes();
      this.step = from;
      this.go("time");
    }, () => this.goTime());
  }

  get today() { return new Intl.DateTimeFormat("en-CA", { timeZone: this.branch?.zone || this.data.organisation.zone }).format(new Date()); }
  get end() { return plusDays(this.today, this.data.policy.window); }

  /** The first days with a free time, looked for window by window; or those from `from` on. */
  async loadTimes(from) {
    let start = from || this.today;
    this.slots = [];
    this.jumped = false;
    for (;;) {
      const to = plusDays(start, WINDOW - 1);
      const query = new URLSearchParams({ from: start, to: to > this.end ? this.end : to });
      for (const line of this.lines) { query.append("service", line.service); query.append("staff", line.staff || ""); }
      if (this.branch) query.set("branch", this.branch.id);
      const answer = await this.call(`/slots?${query}`);
      if (!answer.ok) { this.problem = answer.data.detail; break; }
      this.slots = answer.data.items;
      if (this.slots.length || to >= this.end || from) break;
      start = plusDays(start, WINDOW);
      this.jumped = true;
    }
    this.first = start;
    this.chosenDay = this.slots.length ? dayOf(this.slots[0].start) : start;
  }

  drawTime() {
    const title = this.heading(this.t(this.moving ? "moving" : "time"));
    const problem = this.problem && h("p", { class: "note bad", role: "alert" }, this.problem);
    this.problem = null;
    const page = (day) => () => this.busy(async () => { await this.loadTimes(day); this.show("time"); });
    const next = plusDays(this.first, WINDOW);
    const pager = h("div", { class: "pager" },
      this.first > this.today ? h("button", { class: "quiet", type: "button", click: page(plusDays(this.first, -WINDOW)) }, this.t("earlier")) : h("span"),
      next <= this.end ? h("button", { class: "quiet", type: "button", click: page(next) }, this.t("later")) : null);
    if (!this.slots.length && problem) return [title, problem, this.phones()];
    if (!this.slots.length) {
      const last = next > this.end ? this.end : plusDays(next, -1);
      return [title, problem, h("p", {}, this.t("none", { day: this.date(last, { day: "numeric", month: "long" }) }), " ", this.t("none_hint")),
        this.alone(), this.waitButton("main"), this.phones(), pager];
    }
    const count = new Map();
    for (const one of this.slots) count.set(dayOf(one.start), (count.get(dayOf(one.start)) || 0) + 1);
    const days = [];
    for (let day = this.first; day < next && day <= this.end; day = plusDays(day, 1)) days.push(day);
    const strip = h("div", { class: "strip", role: "group", "aria-label": this.t("days") }, days.map((day) => h("button", {
      type: "button", "aria-pressed": String(day === this.chosenDay), "aria-disabled": count.has(day) ? null : "true",
      "aria-label": count.has(day) ? this.day(day) : `${this.day(day)}, ${this.t("full")}`, "data-day": day,
      click: () => { if (count.has(day)) { this.chosenDay = day; this.render(); this.view.querySelector(`[data-day="${day}"]`)?.focus(); } },
    }, h("small", {}, this.date(day, { weekday: "short" })), h("span", {}, this.date(day, { day: "numeric" })), h("small", {}, this.date(day, { month: "short" })))));
    const parts = { morning: [], day: [], evening: [] };
    for (const one of this.slots.filter((each) => dayOf(each.start) === this.chosenDay)) {
      const hour = Number(one.start.slice(11, 13));
      parts[hour < 12 ? "morning" : hour < 17 ? "day" : "evening"].push(one);
    }
    requestAnimationFrame(() => strip.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" }));
    return [title, problem, strip, pager, h("p", {}, h("b", {}, this.jumped ? this.t("next_free", { day: this.day(this.chosenDay) }) : this.day(this.chosenDay))),
      Object.entries(parts).filter(([, some]) => some.length).map(([name, some]) => [h("h3", { id: `part-${name}` }, this.t(name)),
        h("div", { class: "times", role: "group", "aria-labelledby": `part-${name}` }, some.map((one) => this.timeButton(one)))]),
      this.zoneNote(this.slots[0].start), this.waitButton("quiet")];
  }

  timeButton(one, long = false) {
    return h("button", { type: "button", "aria-pressed": String(this.picked?.start === one.start), "data-start": one.start, click: () => this.take(one) },
      long ? `${this.day(one.start)}, ${this.clock(one.start)}` : this.clock(one.start));
  }

  /** A way on where the chosen specialist has nothing. */
  alone() {
    if (this.moving || !this.lines.some((line) => line.staff && this.able(this.serviceOf(line)).length > 1)) return null;
    return h("p", {}, h("button", { class: "main", type: "button", click: () => {
      for (const line of this.lines) if (this.able(this.serviceOf(line)).length > 1) line.staff = null;
      this.busy(async () => { await this.loadTimes(); this.show("time"); });
    } }, this.t("any")));
  }

  zoneNote(start) {
    const here = new Date(start);
    const found = /([+-])(\d\d):(\d\d)$/.exec(start);
    const salon = found ? (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) : 0;
    if (-here.getTimezoneOffset() === salon) return null;
    const own = this.intl({ weekday: "short", hour: "numeric", minute: "2-digit" }).format(here);
    return h("p", { class: "sub" }, this.t("clock", { zone: (this.branch?.zone || this.data.organisation.zone).replace(/_/g, " "), time: this.clock(start), own }));
  }

  asked(slot) {
    return { start: slot.start, branch: this.branch?.id ?? null, services: this.lines.map(({ service, staff }) => ({ service, staff })) };
  }

  take(slot) {
    if (this.moving) return this.moveTo(slot);
    this.busy(async () => {
      const { branch, ...body } = this.asked(slot);
      if (branch !== null) body.branch = branch;
      if (this.hold) body.hold = this.hold;
      const answer = await this.call("/holds", body);
      if (answer.status === 409 && answer.data.alternatives) return this.gone(answer.data);
      // A time that could not be kept can still be booked; only nobody waits for us meanwhile.
      this.hold = answer.ok ? answer.data.hold : null;
      this.conditions = answer.ok ? answer.data.conditions : null;
      this.picked = slot;
      this.key = random();
      this.go("contact");
    }, () => this.take(slot));
  }

  gone(problem) {
    this.hold = this.picked = this.slots = null;
    this.near = problem.alternatives || [];
    this.why = problem.alternatives ? "" : problem.detail;
    if (this.step === "gone") return this.show("gone");
    if (this.step === "contact") this.trail.pop();
    this.step = "time";
    this.go("gone");
  }

  drawGone() {
    return [this.heading(this.t("time")), h("p", { class: "note", role: "alert" }, this.why || this.t(this.near.length ? "gone" : "gone_none")),
      h("div", { class: "times wide" }, this.near.map((one) => this.timeButton(one, true))),
      h("p", {}, h("button", { class: "quiet", type: "button", click: () => this.back() }, this.t("other_day"))), this.phones()];
  }

  // ---- who comes

  /** A box of a form: what stands in it is kept in `typed`, what is wrong with it in `wrong`. */
  field(name, given, required, kind = "input", title = name) {
    const wrong = this.wrong?.[name];
    return h("label", {}, h("span", {}, this.t(title), required ? "" : h("small", {}, ` · ${this.t("optional")}`)),
      h(kind, { name, id: name, value: this.typed[name] || "", "aria-required": required ? "true" : null, "aria-invalid": wrong ? "true" : null,
        "aria-describedby": wrong ? `${name}-error` : null, ...given }),
      wrong ? h("span", { class: "error", id: `${name}-error` }, wrong) : null);
  }

  check(name, text, given, ...more) {
    const wrong = this.wrong?.[name];
    return h("div", {}, h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: this.typed[name], ...given,
      "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong ? `${name}-error` : null }), h("span", {}, text)), more,
      wrong ? h("p", { class: "error", id: `${name}-error` }, wrong) : null);
  }

  who() {
    return [this.field("name", { autocomplete: "name", maxlength: 200 }, true, "input", this.typed.other ? "name_own" : "name"),
      this.field("phone", { type: "tel", inputmode: "tel", autocomplete: "tel", maxlength: 60 }, true),
      this.field("email", { type: "email", inputmode: "email", autocomplete: "email", maxlength: 254 }, this.codeWay === "email")];
  }

  consents() {
    const { terms } = this.data;
    return [terms && this.check("data", this.t("agree"), {},
      h("p", { class: "sub" }, h("a", { href: this.origin + terms.url, target: "_blank", rel: "noopener" }, this.t("terms")))),
    this.check("advertising", this.t("advertising"))];
  }

  refusal() { return this.refused && [h("p", { class: "note bad", role: "alert" }, this.refused), this.phones()]; }

  drawContact() {
    const { typed, session } = this;
    return [this.heading(this.t("contact")), this.refusal(),
      !session && this.hold && h("p", { class: "sub" }, this.t("kept", { time: this.length(this.data.policy.hold) })),
      this.zoneNote(this.picked.start), this.agreed(this.conditions),
      h("form", { novalidate: true, submit: (event) => { event.preventDefault(); this.submit(); } },
        session && this.drawSeats(), this.who(),
        this.check("other", this.t("other"), { change: () => this.redraw("visitor", "other") }),
        typed.other && this.field("visitor", { autocomplete: "off", maxlength: 200 }, true),
        this.field("comment", { maxlength: 2000, rows: 2 }, false, "textarea"), this.consents(),
        h("button", { class: "main", type: "submit" }, this.t("book")))];
  }

  /** Draw the form anew with what is typed, and go to the first of these boxes that there is. */
  redraw(...names) {
    this.read();
    this.render();
    names.map((name) => this.view.querySelector(`[name=${name}]`)).find(Boolean)?.focus();
  }

  /** What is agreed on by booking: a deposit, until when cancelling is free, and what it costs after that. */
  agreed(found) {
    if (!found) return null;
    const some = (name, amount, more) => amount && h("li", {}, this.t(name, { price: this.money(amount), ...more }));
    const lines = [found.deposit && some(found.deposit_within ? "deposit_within" : "deposit", found.deposit, { time: this.length(found.deposit_within || 0) }),
      found.late_fee && some(Date.parse(found.free_until) > Date.now() ? "late_fee" : "late_fee_now", found.late_fee,
        { time: `${this.day(found.free_until)}, ${this.clock(found.free_until)}` }),
      some("missed_fee", found.missed_fee)].filter(Boolean);
    return lines.length ? h("ul", { class: "agreed" }, lines) : null;
  }

  read() {
    for (const one of this.view.querySelectorAll("[name]:not([type=radio])")) this.typed[one.name] = one.type === "checkbox" ? one.checked : one.value;
  }

  /** Who books, as calls take it; null where something is missing, or a code has to be given before it goes on with `again`. */
  filled(again) {
    this.read();
    const { typed } = this;
    this.refused = null;
    this.wrong = {};
    const needed = [...this.view.querySelectorAll("[aria-required]")].map((one) => one.name);
    if (this.step === "code") needed.length = 0;
    for (const name of needed) if (!typed[name]?.trim()) this.wrong[name] = this.t("needed");
    if (this.data.terms && !typed.data) this.wrong.data = this.t("needed");
    if (Object.keys(this.wrong).length) { this.point(); return null; }
    const proof = this.proof();
    if (this.codeWay && !proof) { this.prove("book", this.codeWay, typed[this.codeWay].trim(), again); return null; }
    const body = { client: { name: typed.name.trim(), phone: typed.phone.trim() }, consents: ["data", "advertising"].filter((name) => typed[name]) };
    if (typed.email?.trim()) body.client.email = typed.email.trim();
    if (typed.comment?.trim()) body.comment = typed.comment.trim();
    if (proof) body.proof = proof;
    return body;
  }

  /** Send a form; what is refused is said at its boxes. */
  send(path, body, again, done) {
    const { step } = this;
    // The same attempt keeps its key, so that an answer that was lost does not become a second visit.
    const text = path + JSON.stringify(body);
    if (this.sent !== text) { this.key = random(); this.sent = text; }
    this.view.querySelector("[type=submit]").textContent = this.t("booking");
    this.busy(async () => {
      const answer = await this.call(path, body, this.key);
      if (answer.status === 409 && answer.data.alternatives) return this.gone(answer.data);
      if (!answer.ok) {
        const { errors } = answer.data;
        // The salon has begun to ask for codes, or no longer believes this one.
        if (errors?.proof && this.data.codes.ways.length) {
          this.forgetProof();
          if (this.data.codes.ask === "none") this.data.codes.ask = "always";
          return later(again);
        }
        this.wrong = { ...errors, data: errors?.consents };
        if (!errors) this.refused = answer.data.detail;
        if (answer.data.left !== undefined) this.fewer(answer.data.left);
        return this.point();
      }
      this.hold = this.sent = null;
      done(answer.data);
    }, () => { this.show(step); again(); });
  }

  submit() {
    if (this.working) return;
    const again = () => this.submit();
    const who = this.filled(again);
    if (!who) return;
    const { typed, session } = this;
    if (typed.other) who.visitor = typed.visitor.trim();
    const campaign = this.campaign();
    if (campaign) who.campaign = campaign;
    if (session) return this.takeSeats(who, again);
    const { branch, ...body } = { ...this.asked(this.picked), ...who };
    if (branch !== null) body.branch = branch;
    if (this.hold) body.hold = this.hold;
    this.send("/appointments", body, again, (visit) => this.booked(visit));
  }

  booked(visit) {
    this.token = visit.token;
    this.visit = visit;
    this.keep([this.token]);
    this.trail = [];
    this.show("done");
  }

  point() {
    this.render();
    (this.view.querySelector('[aria-invalid="true"]') || this.view.querySelector("h2"))?.focus();
  }

  /** Where the visitor came from, for the salon's own figures: utm of the address, and the site that linked here. */
  campaign() {
    const parts = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("utm_")).map(([name, value]) => `${name}=${value}`);
    try {
      const from = document.referrer && new URL(document.referrer);
      if (from && from.origin !== location.origin) parts.push(`referrer=${from.origin}${from.pathname}`);
    } catch { /* not an address */ }
    return parts.join("&").slice(0, 500);
  }

  // ---- when it does not work

  say(text) { this.said.textContent = text; }

  phones() {
    const some = (this.branch ? [this.branch] : this.data?.branches || []).filter((one) => one.phone);
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
