// Who does it: names, faces and what they say about themselves.

const withPeople = (Base) => class extends Base {
  people() {
    return this.data.staff.filter((one) => !this.branch || one.branch === null || one.branch === this.branch.id);
  }

  able(service) {
    return this.people().map((person) => ({ ...person, own: service.staff.find(({ staff }) => staff === person.id) })).filter((one) => one.own);
  }

  /**
   * The face of a specialist, fetched when it comes into sight, and initials until then. It is painted: the policy of a page would
   * have to name where pictures come from, and paint it does not ask about.
   */
  face(person) {
    const initials = person.name.split(/\s+/).slice(0, 2).map((part) => [...part][0]).join("");
    const face = h("span", { class: "face", "aria-hidden": "true" }, initials);
    if (person.photo) new IntersectionObserver((seen, watch) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      this.paint(face, person.photo).catch(() => { /* initials are a face as well */ });
    }, { rootMargin: "200px" }).observe(face);
    return face;
  }

  async paint(face, address) {
    const answer = await fetch(this.origin + address, { credentials: "omit" });
    if (!answer.ok) return;
    const picture = await createImageBitmap(await answer.blob());
    const edge = Math.min(picture.width, picture.height, 160);
    const part = Math.min(picture.width, picture.height);
    const canvas = h("canvas", { width: edge, height: edge });
    // Of a tall photo the upper part: there is the face.
    canvas.getContext("2d").drawImage(picture, (picture.width - part) / 2, (picture.height - part) / 5, part, part, 0, 0, edge, edge);
    face.append(canvas);
  }

  drawStaff() {
    const service = this.serviceOf(this.last);
    const able = this.able(service);
    const faces = able.some((one) => one.photo);
    const pick = (staff) => () => { this.last.staff = staff; this.slots = this.picked = null; this.goTime(); };
    const row = (staff, face, name, ...more) => h("button", { class: "row", type: "button", click: pick(staff) },
      faces && face, h("span", { class: "who" }, h("b", {}, name), more), this.priced(service, staff));
    return [this.heading(this.lines.length > 1 ? this.t("staff_for", { name: service.name }) : this.t("staff")),
      row(null, h("span", { class: "face any", "aria-hidden": "true" }), this.t("any"), h("span", { class: "sub" }, this.t("any_hint"))),
      able.map((one) => {
        const long = one.about?.length > 110;
        return [row(one.id, this.face(one), one.name, h("span", { class: "sub" }, [one.job, one.grade].filter(Boolean).join(" · ")),
          this.rated(one), one.about && !long && h("span", { class: "sub about" }, one.about)),
        long && h("details", { class: "about" }, h("summary", {}, this.t("about", { name: one.name })), h("p", {}, one.about))];
      }), this.reviewsButton()];
  }
};
