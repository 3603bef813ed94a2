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
    this.send("/waiting", body, again, (told) => { this.told = told; this.trail = []; this.show("waits"); });
  }

  drawWaits() {
    const { told } = this;
    const days = [told.since, told.until].map((day) => this.date(day, { day: "numeric", month: "long" }));
    return [this.heading(this.t("waits")),
      h("div", { class: "visit" }, h("b", {}, this.lines.map((line) => this.serviceOf(line)?.name).join(", ")),
        h("div", {}, this.t("waits_days", { since: days[0], until: days[1] })), told.part && h("div", { class: "sub" }, this.t(told.part))),
      h("p", {}, this.t("waits_text", { time: this.length(told.offer) })),
      h("div", { class: "acts" }, h("button", { type: "button", click: () => this.start() }, this.t("again")))];
  }
};
