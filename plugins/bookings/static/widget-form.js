// Who comes: the form, and sending it.

const withForm = (Base) => class extends Base {
  /** A box of a form: what stands in it is kept in `typed`, what is wrong with it in `wrong`. */
  field(name, given, required, kind = "input", title = name) {
    const wrong = this.wrong?.[name];
    return h("label", {}, h("span", {}, this.t(title), required ? "" : h("small", {}, ` · ${this.t("optional")}`)),
      h(kind, { name, id: name, value: this.typed[name] || "", "aria-required": required ? "true" : null, "aria-invalid": wrong ? "true" : null,
        "aria-describedby": wrong ? `${name}-error` : null, ...given }),
      wrong ? h("span", { class: "error", id: `${name}-error` }, wrong) : null);
  }

  check(name, text, given) {
    const wrong = this.wrong?.[name];
    return h("div", {}, h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: this.typed[name], ...given,
      "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong ? `${name}-error` : null }), h("span", {}, text)),
      wrong ? h("p", { class: "error", id: `${name}-error` }, wrong) : null);
  }

  who() {
    return [this.field("name", { autocomplete: "name", maxlength: 200 }, true, "input", this.typed.other ? "name_own" : "name"),
      this.field("phone", { type: "tel", inputmode: "tel", autocomplete: "tel", maxlength: 60 }, true),
      this.field("email", { type: "email", inputmode: "email", autocomplete: "email", maxlength: 254 }, this.codeWay === "email")];
  }

  consents() {
    const { terms } = this.data;
    const text = terms && h("a", { href: this.origin + terms.url, target: "_blank", rel: "noopener" }, this.t("terms"));
    return [terms && this.check("data", [this.t("agree"), " ", text]),
    this.check("advertising", this.t("advertising"))];
  }

  refusal() { return this.refused && [h("p", { class: "note bad", role: "alert" }, this.refused), this.phones()]; }

  drawContact() {
    const { typed, session } = this;
    return [this.heading(this.t("contact")), this.refusal(),
      !session && this.hold && h("p", { class: "sub" }, this.t("kept", { time: this.length(this.data.policy.hold) })),
      this.zoneNote(this.picked.start), this.agreed(this.conditions), this.bound(),
      h("form", { novalidate: true, submit: (event) => { event.preventDefault(); this.submit(); } },
        session && this.drawSeats(), this.who(), session && this.drawGuests(),
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

  /** What comes so soon is not cancelled online any more. */
  bound() {
    return Date.parse(this.picked.start) - Date.now() < this.data.policy.cancel_until * 6e4 && h("p", { class: "sub" }, this.t("bound"));
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
    if (this.data.terms && !typed.data) this.wrong.data = this.t("data_needed");
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
    this.send("/appointments", body, again, (visit) => this.booked(visit, who.visitor));
  }

  /** `comes` is the name of who comes, where that is somebody else. */
  booked(visit, comes) {
    this.comes = comes;
    // The next visit is another one, and perhaps for somebody else.
    Object.assign(this.typed, { other: false, visitor: "", comment: "", guests: "" });
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
};
