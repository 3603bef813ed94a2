// Group sessions: which there are, and places in one.

const SESSION_DAYS = 31;

const withSessions = (Base) => class extends Base {
  openSessions(day = this.today) {
    this.busy(async () => {
      const to = plusDays(day, SESSION_DAYS - 1);
      const answer = await this.call(`/sessions?${new URLSearchParams({ from: day, to: to > this.end ? this.end : to })}`);
      const found = answer.ok ? answer.data.items : [];
      this.coming = found.filter((one) => !this.branch || one.branch === null || one.branch === this.branch.id);
      this.problem = answer.ok ? null : answer.data.detail;
      this.sessionsFrom = day;
      if (this.step === "sessions") this.show("sessions"); else this.go("sessions");
    }, () => this.openSessions(day));
  }

  drawSessions() {
    const problem = this.problem && h("p", { class: "note bad", role: "alert" }, this.problem);
    this.problem = null;
    const next = plusDays(this.sessionsFrom, SESSION_DAYS);
    const page = (day, text) => h("button", { class: "quiet", type: "button", click: () => this.openSessions(day) }, this.t(text));
    const pager = h("div", { class: "pager" },
      this.sessionsFrom > this.today ? page(plusDays(this.sessionsFrom, -SESSION_DAYS), "earlier") : h("span"), next <= this.end && page(next, "later"));
    const days = [...new Set(this.coming.map((one) => dayOf(one.start)))];
    return [this.heading(this.t("sessions")), problem,
      days.map((day) => [h("h3", {}, this.day(day)), this.coming.filter((one) => dayOf(one.start) === day).map((one) => this.sessionRow(one))]),
      this.coming.length ? this.zoneNote(this.coming[0].start) : h("p", {}, this.t("sessions_none")), pager, this.coming.length ? null : this.phones()];
  }

  sessionRow(one) {
    const length = this.length((Date.parse(one.end) - Date.parse(one.start)) / 6e4);
    return h("button", { class: "row", type: "button", disabled: !one.left, click: () => this.takeSession(one) },
      h("span", {}, h("b", {}, `${this.clock(one.start)} · ${one.name}`), h("span", { class: "sub" }, [one.who, length].filter(Boolean).join(" · ")),
        h("span", { class: "sub" }, one.left ? this.left(one.left) : this.t("sessions_full"))),
      h("span", { class: "price" }, one.price ? this.money(one.price) : ""));
  }

  left(n) { return this.t("sessions_left", { n: this.intl({}, Intl.NumberFormat).format(n) }); }

  takeSession(one) {
    this.session = one;
    this.picked = { start: one.start, price: one.price };
    this.hold = this.conditions = this.refused = null;
    this.typed.seats = "1";
    this.lines = [{ service: one.service, staff: one.staff, name: one.name, minutes: (Date.parse(one.end) - Date.parse(one.start)) / 6e4 }];
    this.go("contact");
  }

  get seats() { return Number(this.typed.seats) || 1; }

  seatsPrice() {
    const { price } = this.session;
    return price && { currency: price.currency, amount: Number(price.amount) * this.seats };
  }

  drawSeats() {
    const most = Math.min(this.session.left, 20);
    const number = this.intl({}, Intl.NumberFormat);
    const some = Array.from({ length: most }, (_one, at) => h("option", { value: String(at + 1), selected: at + 1 === this.seats }, number.format(at + 1)));
    return h("label", {}, h("span", {}, this.t("seats")), h("select", { name: "seats", id: "seats", change: () => this.redraw("seats") }, some),
      h("small", {}, this.left(this.session.left)));
  }

  drawGuests() { return this.seats > 1 && this.field("guests", { maxlength: 2000, rows: 2 }, false, "textarea"); }

  /** Somebody was faster: so many places are left now. */
  fewer(left) {
    this.session.left = left;
    if (left) { this.typed.seats = String(Math.min(this.seats, left)); return; }
    this.problem = this.refused;
    this.refused = null;
    this.step = this.trail.pop();
    this.lines = [];
    this.session = this.picked = null;
  }

  takeSeats(who, again) {
    const body = { ...who, seats: this.seats };
    if (this.seats > 1 && this.typed.guests?.trim()) body.guests = this.typed.guests.trim();
    this.send(`/sessions/${this.session.id}/seats`, body, again, (visit) => { this.session = null; this.booked(visit, who.visitor); });
  }
};
