// Codes that show whose a phone or an e-mail address is.

const withCodes = (Base) => class extends Base {
  /** How a code is sent before a visit is booked; "" where none is asked for. */
  get codeWay() {
    const { ask, ways } = this.data.codes;
    return ask === "none" ? "" : this.byEmail && ways.includes("email") ? "email" : ways[0] || "";
  }

  get address() { return `${this.codeWay}:${(this.typed[this.codeWay] || "").trim()}`; }

  /** The proof that this browser has for what is typed. */
  proof() { return this.codeWay && (this.once?.[this.address] || (this.data.codes.ask === "new" ? this.proofs.all[this.address] : "")); }

  forgetProof() {
    this.once = {};
    const { [this.address]: _gone, ...others } = this.proofs.all;
    this.proofs.put(others);
  }

  /** Have a code sent and ask for it; then go on with the proof. */
  prove(purpose, way, address, done) {
    const asked = this.proving;
    const same = asked?.purpose === purpose && asked.way === way && asked.address === address;
    // Who goes back to the form and on again has a code already.
    const there = same && Date.parse(asked.until) > Date.now();
    this.proving = { ...(there && asked), purpose, way, address, done };
    if (there) this.askCode(); else this.sendCode();
  }

  askCode() {
    this.wrong = {};
    this.go("code");
    // Phones offer the code of a message to the field that has the focus.
    this.view.querySelector("#code").focus();
  }

  sendCode() {
    const { purpose, way, address } = this.proving;
    this.busy(async () => {
      const answer = await this.call("/codes", { purpose, [way]: address });
      if (!answer.ok) {
        const { errors, detail } = answer.data;
        this.wrong = errors || {};
        if (errors) return this.step === "code" ? this.back() : this.point();
        // Too often, or none left today: the one that came before is still good.
        if (this.step === "code") this.wrong = { code: detail };
        else if (this.step === "visits") this.problem = detail;
        else this.refused = detail;
        return this.point();
      }
      Object.assign(this.proving, { key: answer.data.key, until: answer.data.expires, again: Date.now() + answer.data.again * 1000 });
      if (this.step === "code") { this.say(this.t("code_sent", { to: address })); this.step = this.trail.pop(); }
      this.askCode();
    }, () => { this.show(this.step); this.sendCode(); });
  }

  drawCode() {
    const { proving } = this;
    const wrong = this.wrong?.code;
    const { digits, ways } = this.data.codes;
    const code = h("input", { id: "code", name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 20, class: "digits",
      "aria-required": "true", "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong ? "code-error" : null,
      // Typed, pasted or filled in from the message: with the last digit it goes on by itself, once for each.
      input: () => { const given = code.value.replace(/\D/g, ""); if (given.length === digits && given !== proving.tried) this.giveCode(given); } });
    const again = h("button", { class: "quiet", type: "button", click: () => this.sendCode() });
    const count = () => {
      const left = Math.ceil((proving.again - Date.now()) / 1000);
      again.disabled = left > 0;
      again.textContent = left > 0 ? this.t("code_wait", { n: this.intl({}, Intl.NumberFormat).format(left) }) : this.t("code_again");
      if (left > 0) setTimeout(() => again.isConnected && count(), 1000);
    };
    count();
    const otherwise = proving.purpose === "book" && ways.length > 1 && this.typed[proving.way === "phone" ? "email" : "phone"]?.trim();
    return [this.heading(this.t("code_title")), h("p", {}, this.t("code_sent", { to: `\u2068${proving.address}\u2069` })),
      h("form", { novalidate: true, submit: (event) => { event.preventDefault(); this.giveCode(code.value.replace(/\D/g, "")); } },
        h("label", {}, h("span", {}, this.t("code_field")), code, wrong && h("span", { class: "error", id: "code-error", role: "alert" }, wrong)),
        h("button", { class: "main", type: "submit" }, this.t("code_check"))),
      h("div", { class: "pager" }, again, otherwise && h("button", { class: "quiet", type: "button", click: () => {
        this.byEmail = proving.way === "phone";
        this.prove("book", this.codeWay, this.typed[this.codeWay].trim(), proving.done);
      } }, this.t(proving.way === "phone" ? "code_by_email" : "code_by_phone"))),
      h("p", { class: "sub" }, this.t("code_hint")), this.phones()];
  }

  giveCode(given) {
    const { proving } = this;
    if (!given) { this.wrong = { code: this.t("needed") }; return this.point(); }
    proving.tried = given;
    this.busy(async () => {
      const answer = await this.call(`/codes/${encodeURIComponent(proving.key)}`, { code: given });
      if (!answer.ok) { this.wrong = { code: answer.data.errors?.code || answer.data.detail }; return this.point(); }
      this.wrong = {};
      const { key } = answer.data;
      if (proving.purpose === "book") {
        this.once = { [this.address]: key };
        if (this.data.codes.ask === "new") this.proofs.put({ ...this.proofs.all, [this.address]: key });
      }
      this.proving = null;
      this.step = this.trail.pop();
      later(() => proving.done(key));
    }, () => { this.show("code"); this.giveCode(given); });
  }
};
