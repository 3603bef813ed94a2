// What is chosen: branch, services and additions, what they cost and how long they take.

const withServices = (Base) => class extends Base {
  services() {
    const here = new Set(this.people().map((one) => one.id));
    return this.data.services.filter((one) => one.staff.some(({ staff }) => here.has(staff)));
  }

  /** The service that the page asks for, where it can be had. */
  get asksFor() { return this.services().find((one) => !one.addition && String(one.id) === this.getAttribute("service")); }

  serviceOf(line) { return this.data.services.find((one) => one.id === line.service); }
  get last() { return this.lines.at(-1); }

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

  more() { this.picked = null; this.stay = this.chosenDay; this.go("service"); }

  drop(at) {
    this.lines.splice(at, 1);
    // What it was added to is gone.
    this.lines = this.lines.filter((line) => !this.serviceOf(line)?.addition || this.fits(this.serviceOf(line)));
    if (!this.lines.length) return this.start();
    this.slots = this.picked = null;
    this.stay = this.chosenDay;
    this.busy(async () => { await this.loadTimes(); this.show("time"); });
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
};
