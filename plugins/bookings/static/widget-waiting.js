// The waiting list, for who finds no time that suits.

const withWaiting = (Base) => class extends Base {
  /** A visit of one service can be waited for. */
  waitButton(look) {
    if (this.moving || this.lines.length !== 1) return null;
    const button = h("button", { class: look, type: "button", click: () => { this.refused = null; this.wrong = {}; this.go("waiting"); } }, this.t("wait"));
    return h("p", {}, button, h("span", { class: "sub" }, this.t("wait_hint")));
  }

  drawWaiting() {
    const { typed } = this;
    typed.since ||= this.today;
    typed.until ||= [plusDays(this.today, 13), this.end].sort()[0];
    const bounds = { type: "date", min: this.today, max: this.end };
    const part = (name, text) => h("option", { value: name, selected: (typed.part || "") === name }, text);
    return [this.heading(this.t("wait")), this.refusal(), h("p", { class: "sub" }, this.t("wait_text")),
      h("form", { novalidate: true, submit: (event) => { event.preventDefault(); this.submitWaiting(); } },
        h("div", { class: "two" }, this.field("since", bounds, true), this.field("until", bounds, true)),
        h("label", {}, h("span", {}, this.t("part")), h("select", { name: "part", id: "part" }, part("", this.t("part_any")),
          ["morning", "day", "evening"].map((name) => part(name, this.t(name))))),
        this.who(), this.field("comment", { maxlength: 2000, rows: 2 }, false, "textarea"), this.consents(),
        h("button", { class: "main", type: "submit" }, this.t("wait_send")))];
  }

  submitWaiting() {
    if (this.working) return;
    const again = () => this.submitWaiting();
    const who = this.filled(again);
    if (!who) return;
    const { typed, last } = this;
    const body = { service: last.service, staff: last.staff, since: typed.since, until: typed.until, part: typed.part || null, ...who };
    if (this.branch) body.branch = this.branch.id;
    this.send("/waiting", body, again, (told) => { this.told = told; this.keep([told.token], this.waits); this.trail = []; this.show("waits"); });
  }

  drawWaits() {
    const { told } = this;
    return [this.heading(this.t("waits")), h("div", { class: "visit" }, this.wish(told)),
      h("p", {}, this.t("waits_text", { time: this.length(told.offer) })),
      h("div", { class: "acts" }, h("button", { type: "button", click: () => this.openVisits() }, this.t("visits")),
        h("button", { class: "quiet", type: "button", click: () => this.start() }, this.t("again")))];
  }

  /** What somebody waits for, and when they could come. */
  wish(entry) {
    const days = [entry.since, entry.until].map((day) => this.date(day, { day: "numeric", month: "long" }));
    const hours = entry.part ? this.t(entry.part) : [entry.earliest, entry.latest].some(Boolean) && `${entry.earliest || ""} – ${entry.latest || ""}`;
    return [h("b", {}, [entry.name, entry.staff?.name].filter(Boolean).join(", ")),
      h("div", {}, this.t("waits_days", { since: days[0], until: days[1] })), hours && h("div", { class: "sub" }, hours)];
  }

  /** What this visitor waits for, where their visits stand. */
  drawWaited() { return this.waited.length ? [h("h3", {}, this.t("waits_list")), this.waited.map((one) => this.drawEntry(one))] : null; }

  drawEntry(entry) {
    const act = (look, text, click, more) => h("button", { type: "button", class: look, click, ...more }, this.t(text));
    const acts = this.sure === entry.token
      ? [h("b", {}, this.t("leave_sure")), act("danger", "leave_yes", () => this.leave(entry), { "data-sure": "" }), act("", "leave_no", () => { this.sure = null; this.render(); })]
      : [entry.can.take && act("main", "take", () => this.takeOffer(entry.token)),
        entry.can.leave && act("danger", "leave", () => { this.sure = entry.token; this.render(); this.view.querySelector("[data-sure]").focus(); })];
    const { offered, offered_until: until } = entry;
    const at = offered && { when: `${this.day(offered)}, ${this.clock(offered)}`, until: dayOf(until) === this.today ? this.clock(until) : `${this.day(until)}, ${this.clock(until)}` };
    return h("div", { class: "visit", role: "group", "aria-label": entry.name }, this.wish(entry),
      at && h("p", { class: "note" }, this.t("waits_offered", at)), entry.status === "expired" && h("p", { class: "sub" }, this.t("waits_over")),
      h("div", { class: "acts" }, acts));
  }

  leave(entry) {
    this.busy(async () => {
      const answer = await this.call(`/waiting/${encodeURIComponent(entry.token)}/leave`, {});
      this.sure = null;
      if (answer.ok) this.note = this.t("leave_done"); else this.problem = answer.data.detail;
      await this.loadVisits();
      this.show("visits");
    }, () => this.openVisits());
  }
};
