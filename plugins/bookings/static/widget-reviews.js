// Reviews: of one's own visits, and those of others.

const STARS = 5;

const withReviews = (Base) => class extends Base {
  stars(n) { return h("span", { class: "stars", role: "img", "aria-label": this.t("stars", { n }) }, "★".repeat(n) + "☆".repeat(STARS - n)); }

  /** What a specialist has been given, beside the name. */
  rated({ rating }) {
    const number = this.intl({ maximumFractionDigits: 1 }, Intl.NumberFormat);
    return rating && h("span", { class: "sub" }, h("span", { "aria-hidden": "true" }, "★ "), `${number.format(rating.average)} (${number.format(rating.count)})`);
  }

  reviewsButton() {
    return this.data.staff.some((one) => one.rating) && h("button", { class: "quiet", type: "button", click: () => this.openReviews() }, this.t("reviews"));
  }

  openReviews(before) {
    this.busy(async () => {
      const answer = await this.call(`/reviews${before ? `?before=${before}` : ""}`);
      const { items = [], next = null } = answer.ok ? answer.data : {};
      this.reviews = [...(before ? this.reviews : []), ...items];
      this.older = next;
      if (this.step === "reviews") this.show("reviews"); else this.go("reviews");
    }, () => this.openReviews(before));
  }

  drawReviews() {
    return [this.heading(this.t("reviews")), this.reviews.map((one) => h("div", { class: "visit" }, this.stars(one.rating),
      h("div", { class: "sub" }, [one.staff, this.date(one.day, { day: "numeric", month: "long", year: "numeric" })].filter(Boolean).join(" · ")),
      one.text && h("p", {}, one.text), one.answer && h("p", { class: "note" }, one.answer))),
    this.older && h("button", { type: "button", click: () => this.openReviews(this.older) }, this.t("reviews_older"))];
  }

  /** The review on the card of a visit, and the way to give one. */
  reviewOf({ review }) {
    return review && [h("div", {}, this.stars(review.rating)), review.text && h("div", { class: "sub" }, review.text), review.answer && h("p", { class: "note" }, review.answer)];
  }

  reviewAct(visit) {
    return visit.can.review && h("button", { type: "button", click: () => this.startReview(visit) }, this.t(visit.review ? "review_change" : "review"));
  }

  startReview(visit) {
    this.reviewed = visit;
    Object.assign(this.typed, { rating: visit.review?.rating || 0, text: visit.review?.text || "" });
    this.wrong = {};
    this.refused = null;
    this.go("review");
  }

  drawReview() {
    const { typed, reviewed } = this;
    const wrong = this.wrong?.rating;
    const paint = () => box.querySelectorAll("label").forEach((one, at) => one.classList.toggle("on", at < typed.rating));
    const star = (n) => h("label", {}, h("input", { type: "radio", name: "rating", value: String(n), checked: typed.rating === n, "aria-label": this.t("stars", { n }),
      "aria-describedby": wrong ? "rating-error" : null, change: () => { typed.rating = n; box.querySelector(".error")?.remove(); paint(); } }), h("span", { "aria-hidden": "true" }, "★"));
    const box = h("fieldset", { class: "rate" }, h("legend", {}, this.t("stars_title")), h("div", {}, [1, 2, 3, 4, 5].map(star)),
      wrong && h("span", { class: "error", id: "rating-error", role: "alert" }, wrong));
    paint();
    return [this.heading(this.t("review_title")), this.refusal(), h("div", { class: "visit" }, this.card(reviewed)),
      h("form", { novalidate: true, submit: (event) => { event.preventDefault(); this.sendReview(); } }, box,
        this.field("text", { maxlength: 2000, rows: 4 }, false, "textarea", "review_text"),
        h("p", { class: "sub" }, this.t("review_hint")), h("button", { class: "main", type: "submit" }, this.t("review_send")))];
  }

  sendReview() {
    if (this.working) return;
    this.read();
    const { typed, reviewed } = this;
    this.refused = null;
    this.wrong = typed.rating ? {} : { rating: this.t("needed") };
    if (!typed.rating) { this.render(); this.view.querySelector("[name=rating]").focus(); return; }
    const body = { rating: typed.rating, text: typed.text.trim() || null };
    this.send(`/appointments/${encodeURIComponent(reviewed.token)}/review`, body, () => this.sendReview(), () => {
      this.note = this.t("review_thanks");
      later(() => this.openVisits());
    });
  }
};
