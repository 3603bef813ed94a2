// When: days and times that are to be had, the one that is kept, and what is near one that is gone.

// Days that one call looks through.
const WINDOW = 14;

const withTimes = (Base) => class extends Base {
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

  /** The first days with a free time, looked for window by window; or those from `from` on. Whoever has looked at a day stays there. */
  async loadTimes(from) {
    const { stay } = this;
    let start = from || (stay ? this.first : this.today);
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
    const days = this.slots.map((one) => dayOf(one.start));
    this.chosenDay = days.find((day) => !from && stay && day >= stay) || days[0] || start;
    this.stay = null;
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
    const before = this.moving && h("p", { class: "sub" }, this.t("now_at", { time: `${this.day(this.moving.start)}, ${this.clock(this.moving.start)}` }));
    if (!this.slots.length && problem) return [title, problem, this.phones()];
    if (!this.slots.length) {
      const last = next > this.end ? this.end : plusDays(next, -1);
      return [title, before, problem, h("p", {}, this.t("none", { day: this.date(last, { day: "numeric", month: "long" }) }), " ", this.t("none_hint")),
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
    const jumped = this.jumped && this.chosenDay === dayOf(this.slots[0].start);
    requestAnimationFrame(() => strip.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" }));
    return [title, before, problem, strip, pager, h("p", {}, h("b", {}, jumped ? this.t("next_free", { day: this.day(this.chosenDay) }) : this.day(this.chosenDay))), this.dearer(),
      Object.entries(parts).filter(([, some]) => some.length).map(([name, some]) => [h("h3", { id: `part-${name}` }, this.t(name)),
        h("div", { class: "times", role: "group", "aria-labelledby": `part-${name}` }, some.map((one) => this.timeButton(one)))]),
      this.zoneNote(this.slots[0].start), this.waitButton("quiet")];
  }

  /** Another price than the one that was shown: it begins with this day, or ends before it. */
  dearer() {
    const usual = this.totals().price, then = this.slots.find((one) => dayOf(one.start) === this.chosenDay).price;
    return !this.moving && usual && then && Number(then.amount) !== Number(usual.amount) && h("p", { class: "note" }, this.t("price_then", { price: this.money(then) }));
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
};
