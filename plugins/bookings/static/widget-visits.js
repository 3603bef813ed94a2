// What becomes of a visit once it is booked, and the visits of who comes back.

/** Something that stays in the browser where it lets us, else as long as the page: tokens of visits, proofs of phones. */
class Kept {
  constructor(name, nothing) { this.name = name; this.own = nothing; }
  get all() {
    try { this.own = JSON.parse(localStorage.getItem(this.name)) || this.own; } catch { /* no storage in this frame */ }
    return this.own;
  }
  put(value) {
    this.own = value;
    try {
      if (Object.keys(value).length) localStorage.setItem(this.name, JSON.stringify(value)); else localStorage.removeItem(this.name);
    } catch { /* as above */ }
  }
}

const withVisits = (Base) => class extends Base {
  card(visit) {
    const names = visit.lines.map((line) => [this.serviceOf(line)?.name ?? line.name, line.staff?.name].filter(Boolean).join(", "));
    const branch = this.branchOf(visit);
    return [h("b", {}, `${this.day(visit.start)}, ${this.clock(visit.start)}`), names.map((name) => h("div", {}, name)),
      visit.seats > 1 && h("div", {}, this.t("seats_booked", { n: this.intl({}, Intl.NumberFormat).format(visit.seats) })),
      h("div", { class: "sub" }, [this.length((Date.parse(visit.end) - Date.parse(visit.start)) / 6e4), this.money(visit.price)].filter(Boolean).join(" · ")),
      branch && h("div", { class: "sub" }, [branch.name, branch.address].filter(Boolean).join(", "))];
  }

  calendar(token) {
    return h("a", { class: "button", href: `${this.origin}/api/v1/public/${this.salon}/bookings/appointments/${token}/visit.ics`, download: "visit.ics" }, this.t("calendar"));
  }

  drawDone() {
    const { visit } = this;
    const waits = visit.status === "requested";
    return [this.heading(this.t(this.moved ? "moved" : waits ? "requested" : "done")), waits && h("p", {}, this.t("requested_hint")),
      h("div", { class: "visit" }, this.card(visit), this.comes && h("div", { class: "sub" }, this.t("comes", { name: this.comes }))), this.zoneNote(visit.start),
      h("div", { class: "acts" }, this.calendar(this.token),
        h("button", { type: "button", click: () => { this.moved = false; this.openVisits(); } }, this.t("visits")),
        h("button", { class: "quiet", type: "button", click: () => { this.moved = false; this.start(); } }, this.t("again")))];
  }

  openVisits() {
    if (this.step === "contact") this.read();
    this.wrong = {};
    this.busy(async () => { await this.loadVisits(); this.trail = ["start"]; this.show("visits"); this.goReview(); }, () => this.openVisits());
  }

  keep(tokens, kept = this.kept) { kept.put([...tokens, ...kept.all.filter((one) => !tokens.includes(one))].slice(0, 60)); }

  async loadVisits() {
    this.visits = this.waited = [];
    if (!this.kept.all.length && !this.waits.all.length) return;
    const answer = await this.call("/visits", { tokens: this.kept.all, waiting: this.waits.all });
    if (!answer.ok) { this.problem = answer.data.detail; return; }
    // Each visit once, and none that is not there any more.
    this.kept.put(answer.data.items.map((one) => one.token));
    this.waits.put(answer.data.waiting.map((one) => one.token));
    this.waited = answer.data.waiting;
    this.visits = answer.data.items.sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  }

  /** Visits that were booked elsewhere: a code shows whose they are. */
  findForm() {
    const { ways } = this.data.codes;
    if (!ways.length) return null;
    const title = this.t(ways.length > 1 ? "phone_or_email" : ways[0]);
    const wrong = this.wrong?.find || this.wrong?.phone || this.wrong?.email;
    const what = h("input", { id: "find", autocomplete: ways[0] === "email" ? "email" : "tel", inputmode: ways.length > 1 ? "text" : ways[0] === "email" ? "email" : "tel",
      maxlength: 254, value: this.sought || "", "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong ? "find-error" : null });
    return h("form", { class: "offer", novalidate: true, submit: (event) => { event.preventDefault(); this.find(what.value.trim()); } },
      h("h3", {}, this.t("find_title")), h("label", {}, h("span", {}, title), what, wrong && h("span", { class: "error", id: "find-error" }, wrong)),
      h("button", { type: "submit" }, this.t("find")));
  }

  find(address) {
    this.sought = address;
    this.wrong = address ? {} : { find: this.t("needed") };
    if (!address) return this.point();
    const { ways } = this.data.codes;
    const way = ways.length > 1 ? (address.includes("@") ? "email" : "phone") : ways[0];
    this.prove("visits", way, address, (proof) => this.busy(async () => {
      const answer = await this.call("/visits", { proof, [way]: address });
      if (!answer.ok) this.problem = answer.data.detail;
      else if (!answer.data.items.length && !answer.data.waiting.length) this.note = this.t("find_none");
      else {
        this.sought = "";
        this.keep(answer.data.items.map((one) => one.token));
        this.keep(answer.data.waiting.map((one) => one.token), this.waits);
      }
      await this.loadVisits();
      this.show("visits");
    }, () => this.openVisits()));
  }

  forget() {
    this.kept.put([]);
    this.waits.put([]);
    this.proofs.put({});
    this.visits = this.waited = [];
    this.note = this.t("forgotten");
    this.show("visits");
  }

  /** Whoever came by the link of a message asks for that. */
  goReview() {
    const visit = this.toReview && this.visits.find((one) => one.token === this.toReview && one.can.review);
    this.toReview = null;
    if (visit) this.startReview(visit);
  }

  drawVisits() {
    const isComing = (one) => Date.parse(one.end) > Date.now() && !one.status.startsWith("cancelled");
    const coming = this.visits.filter(isComing), past = this.visits.filter((one) => !isComing(one)).reverse();
    const group = (title, some) => some.length ? [h("h3", {}, title), some.map((one) => this.drawVisit(one, isComing(one)))] : null;
    const note = (this.problem || this.note) && h("p", { class: `note${this.problem ? " bad" : ""}`, role: "alert" }, this.problem || this.note);
    this.problem = this.note = null;
    return [this.heading(this.t("visits")), note, this.drawWaited(), group(this.t("coming"), coming), group(this.t("past"), past),
      this.visits.length || this.waited.length ? null : h("p", {}, this.t("no_visits")),
      h("button", { class: "main", type: "button", click: () => this.start() }, this.t(this.visits.length ? "again" : "title")),
      this.findForm(), this.offerForm(),
      this.visits.length || this.waited.length ? h("p", { class: "offer" }, h("span", { class: "sub" }, this.t("kept_here")), h("button", { class: "quiet", type: "button", click: () => this.forget() }, this.t("forget"))) : null];
  }

  /** Who waited and was offered a time gives the code of that message here. */
  offerForm() {
    const code = h("input", { id: "code", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 200, value: this.code || "", "aria-label": this.t("code") });
    return h("details", { class: "offer", open: Boolean(this.code) }, h("summary", {}, this.t("code")),
      h("form", { submit: (event) => { event.preventDefault(); this.code = code.value.trim(); if (this.code) this.takeOffer(this.code); } },
        h("label", {}, code), h("button", { type: "submit" }, this.t("take"))));
  }

  takeOffer(token) {
    const key = random();
    const work = async () => {
      const answer = await this.call(`/offers/${encodeURIComponent(token)}`, {}, key);
      if (!answer.ok) { this.problem = answer.data.detail; return this.show("visits"); }
      this.code = "";
      this.booked(answer.data);
    };
    this.busy(work, () => this.busy(work));
  }

  branchOf(visit) {
    const { branches } = this.data;
    return branches.find((one) => one.id === visit.branch) || (branches.length === 1 ? branches[0] : null);
  }

  drawVisit(visit, coming) {
    const good = ["booked", "confirmed"].includes(visit.status);
    const repeat = !visit.session && visit.lines.every((line) => this.data.services.some((one) => one.id === line.service));
    const acts = this.sure === visit.token
      ? [h("b", {}, visit.conditions.fee_now ? this.t("cancel_costs", { price: this.money(visit.conditions.fee_now) }) : this.t("cancel_sure")), h("button", { class: "danger", type: "button", "data-sure": "", click: () => this.cancel(visit) }, this.t("cancel_yes")),
        h("button", { type: "button", click: () => { this.sure = null; this.render(); } }, this.t("cancel_no"))]
      : [visit.can.move && h("button", { type: "button", click: () => this.again(visit, true) }, this.t("move")),
        visit.can.cancel && h("button", { type: "button", class: "danger", click: () => {
          this.sure = visit.token; this.render(); this.view.querySelector("[data-sure]").focus();
        } }, this.t("cancel")),
        coming && this.calendar(visit.token),
        this.reviewAct(visit), !coming && repeat && h("button", { type: "button", click: () => this.again(visit, false) }, this.t("repeat"))];
    const late = coming && !visit.can.move && !visit.can.cancel;
    return h("div", { class: "visit", role: "group", "aria-label": `${this.day(visit.start)}, ${this.clock(visit.start)}` },
      this.card(visit), h("div", { class: `badge${good ? " good" : ""}` }, this.t(`status_${visit.status}`)),
      visit.conditions.fee_state === "owed" && h("p", { class: "sub" }, this.t("fee_owed", { price: this.money(visit.conditions.fee) })),
      visit.conditions.deposit && h("p", { class: "sub" }, this.t(`deposit_${visit.conditions.deposit_state}`, { price: this.money(visit.conditions.deposit) })),
      this.reviewOf(visit), late && h("p", { class: "sub" }, this.t("too_late")), late && this.phones(this.branchOf(visit)), h("div", { class: "acts" }, acts));
  }

  /** Choose a time for the services of a visit that was: to move it, or to book the same anew. */
  again(visit, moving) {
    this.lines = visit.lines.map((line) => ({ service: line.service, staff: line.staff?.id ?? null, name: line.name, minutes: line.minutes }));
    this.branch = this.data.branches.find((one) => one.id === visit.branch) || this.branch;
    this.picked = this.slots = this.stay = null;
    this.moving = moving ? visit : null;
    this.goTime();
  }

  moveTo(slot) {
    const { token } = this.moving;
    const key = random();
    const work = async () => {
      const answer = await this.call(`/appointments/${encodeURIComponent(token)}/reschedule`, { start: slot.start }, key);
      if (answer.status === 409 && answer.data.alternatives) return this.gone(answer.data);
      if (!answer.ok) { this.problem = answer.data.detail; return this.show("time"); }
      Object.assign(this, { visit: answer.data, token, comes: "", moving: null, moved: true, lines: [], trail: [] });
      this.show("done");
    };
    this.busy(work, () => this.busy(work));
  }

  cancel(visit) {
    this.busy(async () => {
      const answer = await this.call(`/appointments/${encodeURIComponent(visit.token)}/cancel`, {});
      this.sure = null;
      if (!answer.ok) this.problem = answer.data.detail;
      await this.loadVisits();
      this.show("visits");
    }, () => this.openVisits());
  }
};
