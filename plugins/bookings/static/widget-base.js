// What all parts stand on: elements, days, words, money and calls.

// Milliseconds until a call is given up.
const PATIENCE = 20000;

/** An element: attributes, handlers as functions, everything else its content. Nothing is ever parsed as HTML. */
function h(name, given, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given || {})) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (key === "value") made.value = value;
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...content.flat(9).filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return made;
}

const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const dayOf = (moment) => moment.slice(0, 10);
/** A wall time as a Date whose UTC fields are that wall's, for Intl with the time zone UTC. */
const wall = (moment) => new Date(`${moment.slice(0, 10)}T${moment.length > 10 ? moment.slice(11, 16) : "12:00"}:00Z`);
/** After what is under way has ended. */
const later = (work) => setTimeout(work);
const plusDays = (day, days) => new Date(Date.parse(`${day}T12:00:00Z`) + days * 864e5).toISOString().slice(0, 10);

/** No answer at all, or one that is a fault of the server's. */
class Lost extends Error {}

const withCalls = (Base) => class extends Base {
  get wanted() {
    const said = this.getAttribute("locale") || this.closest("[lang]")?.lang || "";
    return /^[\w-]+$/.test(said) ? said : "";
  }

  t(name, values) {
    return (this.data?.texts[name] ?? name).replace(/\$\{(\w+)\}/g, (_all, key) => values?.[key] ?? "");
  }

  intl(options, Kind = Intl.DateTimeFormat) {
    try { return new Kind(this.locale, options); } catch { return new Kind(this.data.language, options); }
  }

  date(moment, options) { return this.intl({ timeZone: "UTC", ...options }).format(wall(moment)); }
  day(moment) { return this.date(moment, { weekday: "long", day: "numeric", month: "long" }); }
  clock(moment) { return this.date(moment, { hour: "numeric", minute: "2-digit" }); }

  money(price) {
    if (!price) return "";
    const amount = Number(price.amount);
    const digits = Number.isInteger(amount) ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {};
    return this.intl({ style: "currency", currency: price.currency, currencyDisplay: "narrowSymbol", ...digits }, Intl.NumberFormat).format(amount);
  }

  length(minutes) {
    const number = this.intl({}, Intl.NumberFormat);
    const hours = Math.floor(minutes / 60), rest = minutes % 60;
    return [hours && this.t("hours", { n: number.format(hours) }), (rest || !hours) && this.t("minutes", { n: number.format(rest) })]
      .filter(Boolean).join(" ");
  }

  async call(path, body, key) {
    const headers = { Accept: "application/json", "Accept-Language": this.wanted || "*" };
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    let answer, data;
    try {
      answer = await fetch(`${this.origin}/api/v1/public/${encodeURIComponent(this.salon)}/bookings${path}`, {
        method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), credentials: "omit", cache: "no-store",
        signal: AbortSignal.timeout?.(PATIENCE),
      });
      data = await answer.json();
    } catch { throw new Lost(); }
    if (answer.status >= 500) throw new Lost();
    return { ok: answer.ok, status: answer.status, data };
  }

  /** Do something that calls; when nobody answers, say so with a way to try again. One at a time. */
  async busy(work, again = work) {
    if (this.working) return;
    this.working = true;
    this.view.setAttribute("aria-busy", "true");
    try { await work(); } catch (error) {
      if (!(error instanceof Lost)) { this.fail(again); throw error; }
      this.fail(again);
    } finally {
      this.working = false;
      this.view.removeAttribute("aria-busy");
    }
  }
};
