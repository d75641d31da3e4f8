// The log in words. Only the rows in view exist, so that 100,000 events cost no more than a hundred.
import { h, setAttribute, setText } from "./dom.js";
import { lastIndex } from "./timeline.js";
import { logRows, rowText, seconds } from "./words.js";

const ROW_HIGH = 24; // as high as a finger needs

export class Log {
  /** @type {LogKind} */
  what = "story";
  /** @type {Row[]} */
  rows = [];
  /** @type {Float64Array} moments of the rows */
  times;
  current = -2; // place of the marked row; -1: before the first, -2: not known yet
  /** @type {number | null} place of the row that was picked at its moment */
  picked = null;
  /** @type {number | null} the moment of the cursor */
  t = null;
  hide = false;
  view = 0; // how high the rows' window is, 0 while it is closed; and how far it is scrolled: known here, because
  top = 0; // to ask the page costs a layout of all of it
  count = 0; // rows that can be reached
  /** @type {HTMLElement[]} */
  slots = [];

  /**
   * `go` moves the cursor; `why` opens the answer; `packet` shows a frame; `menu` opens its menu.
   * @param {Model} model
   * @param {Namer} name
   * @param {{go: (t: number) => void, why: (change: Change | undefined) => void, packet: (flight: Flight) => void, menu: OpenMenu<Flight>}} does
   */
  constructor(model, name, { go, why, packet, menu }) {
    this.model = model;
    this.name = name;
    this.go = go;
    this.why = why;
    this.packet = packet;
    this.menu = menu;
    this.select = h("select", { "aria-label": "What the log shows" },
      h("option", { value: "story" }, "what changed"), h("option", { value: "packets" }, "with every advert"), h("option", { value: "daemon" }, "keepalived's own lines"));
    this.select.addEventListener("change", () => this.show(/** @type {LogKind} */ (this.select.value)));
    this.tall = h("div", { class: "vl-log-tall" });
    this.body = h("div", { class: "vl-log", tabindex: 0, role: "group", "aria-label": "Log. Arrow up and down walk from row to row; Enter asks why, or opens a frame's menu." }, this.tall);
    this.body.addEventListener("scroll", () => {
      this.top = this.body.scrollTop;
      this.#draw();
    });
    new ResizeObserver(() => this.seen()).observe(this.body);
    this.body.addEventListener("keydown", (e) => this.#key(e));
    this.body.addEventListener("click", (e) => this.#click(e));
    this.head = h("h2", {}, h("span", { class: "vl-fill" }), this.select);
    this.element = h("section", { class: "vl-panel vl-log-panel", "aria-label": "Log" }, this.head, this.body);
    /** @type {Map<number, Flight>} */
    this.flightOf = new Map(); // by the events that tell of a frame: sent, heard, thrown away
    for (const f of model.flights) {
      this.flightOf.set(f.i, f);
      for (const { i } of Object.values(f.fate || {})) if (i != null) this.flightOf.set(i, f);
    }
    this.changeOf = new Map(model.changes.map((c) => [c.i, c]));
    this.show("story");
  }

  /** @param {LogKind} what */
  show(what) {
    this.what = what;
    this.select.value = what;
    this.rows = logRows(this.model, what);
    this.times = Float64Array.from(this.rows, (r) => r.t);
    this.current = -2;
    this.picked = null;
    this.tall.replaceChildren();
    this.#scroll(0);
    this.#size();
    if (this.t != null) this.at(this.t, this.hide);
    this.#draw();
  }

  #size() {
    const count = this.hide ? lastIndex(this.times, this.t ?? 0) + 1 : this.rows.length;
    // Browsers limit an element's height; beyond it the rows are reached by filter and cursor.
    this.tall.style.height = `${Math.min(count * ROW_HIGH, 8_000_000)}px`;
    this.count = count;
  }

  /**
   * Moves the cursor to `t`: the row picked at that moment, else the last that has happened, is marked and kept in view.
   * @param {number} t
   * @param {boolean} hide
   */
  at(t, hide) {
    const changed = hide !== this.hide;
    this.t = t;
    this.hide = hide;
    if (this.picked != null && this.rows[this.picked]?.t !== t) this.picked = null;
    const current = this.picked ?? lastIndex(this.times, t);
    if (current === this.current && !changed) return false;
    this.current = current;
    if (hide || changed) this.#size();
    const { view, top } = this;
    if (!view) return true; // closed: `seen` draws it
    const y = current * ROW_HIGH;
    if (y < top + ROW_HIGH || y > top + view - 3 * ROW_HIGH) this.#scroll(Math.max(0, Math.round((y - view * 0.6) / ROW_HIGH) * ROW_HIGH));
    this.#draw();
    return true;
  }

  /** @param {number} top */
  #scroll(top) {
    this.body.scrollTop = top;
    this.top = Math.min(top, Math.max(0, this.count * ROW_HIGH - this.view));
  }

  /** It was opened, or has another size now. */
  seen() {
    const view = this.body.clientHeight;
    if (view === this.view) return;
    this.view = view;
    this.current = -2;
    if (this.t != null) this.at(this.t, this.hide);
    this.#draw();
  }

  /** @param {number} n */
  text(n) {
    return this.rows[n] ? rowText(this.model, this.rows[n], this.name) : "";
  }

  /** The marked row in words; where none of its moment was picked, up to four of that moment. */
  get said() {
    const { rows, current } = this;
    const said = [];
    for (let n = current; n >= 0 && said.length < (this.picked == null ? 4 : 1) && rows[n].t === rows[current].t; n--) said.unshift(this.text(n));
    return said.join(". ");
  }

  #draw() {
    const { view } = this;
    if (!view) return;
    const first = Math.max(0, Math.floor(this.top / ROW_HIGH) - 2);
    const now = this.rows[this.current]?.t;
    const slots = Math.ceil(view / ROW_HIGH) + 8;
    if (this.slots.length !== slots || !this.tall.contains(this.slots[0])) {
      const slot = () => h("div", { class: "vl-row" }, h("span", { class: "vl-when" }), h("span", { class: "vl-what" }, h("span", { class: "vl-whom" }), h("span", { class: "vl-became" })), h("button", { class: "vl-why-button", tabindex: -1 }, "why?"));
      this.slots = Array.from({ length: slots }, slot);
      this.tall.replaceChildren(...this.slots);
    }
    // Row n always uses slot n mod slots: what stays in view stays the same element, so clicks do not miss it.
    for (let n = first; n < first + slots; n++) this.#fill(this.slots[n % slots], n, now);
    // Read aloud, rows come in the order of the document: those that left at one end go to the other.
    const top = [...this.tall.children].indexOf(this.slots[first % slots]);
    for (let k = 0; k < top && top <= slots / 2; k++) this.tall.append(this.tall.children[0]);
    for (let k = top; k < slots && top > slots / 2; k++) this.tall.prepend(this.tall.children[slots - 1]);
    if (!this.rows.length) this.tall.replaceChildren(h("p", { class: "vl-empty" }, this.what === "daemon" ? "No line of a daemon's log is in this trace." : "Nothing happened in this trace."));
  }

  /**
   * @param {HTMLElement} element
   * @param {number} n
   * @param {number | undefined} now
   */
  #fill(element, n, now) {
    const row = n < this.count ? this.rows[n] : null;
    element.hidden = !row;
    if (!row) return;
    element.style.top = `${n * ROW_HIGH}px`;
    element.dataset.n = String(n);
    element.className = `vl-row vl-k-${row.kind}${n === this.current ? " vl-now" : row.t === now ? " vl-with" : ""}${row.t > (this.t ?? 0) ? " vl-later" : ""}`;
    const text = this.text(n);
    const [when, said, why] = /** @type {Iterable<HTMLElement>} */ (element.children);
    setText(when, seconds(row.t));
    // What an instance became is never cut off, however long its name is.
    const cut = row.kind === "state" || row.kind === "priority" ? text.lastIndexOf(": ") : -1;
    const [whom, became] = said.children;
    setText(whom, cut < 0 ? text : text.slice(0, cut));
    setText(became, cut < 0 ? "" : text.slice(cut));
    setAttribute(said, "title", text);
    why.hidden = row.kind !== "state";
  }

  /** @param {MouseEvent} e */
  #click(e) {
    const target = /** @type {Element} */ (e.target);
    /** @type {HTMLElement | null} */
    const row = target.closest(".vl-row");
    if (!row) return;
    const { i } = this.#pick(Number(row.dataset.n));
    const flight = this.flightOf.get(i);
    if (target.closest(".vl-why-button")) this.why(this.changeOf.get(i));
    else if (flight) this.packet(flight);
  }

  /**
   * Several rows may share a moment: going there, the one meant is remembered.
   * @param {number} n
   */
  #pick(n) {
    this.picked = n;
    this.go(this.rows[n].t);
    return this.rows[n];
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp" && e.key !== "Enter") return;
    e.preventDefault();
    e.stopPropagation();
    if (e.key === "Enter") this.#enter();
    else {
      const n = this.current + (e.key === "ArrowDown" ? 1 : -1);
      if (this.rows[n]) this.#pick(n);
    }
  }

  #enter() {
    const row = this.rows[this.current];
    const flight = row && this.flightOf.get(row.i);
    if (row?.kind === "state") this.why(this.changeOf.get(row.i));
    else if (flight) {
      const box = this.body.getBoundingClientRect();
      this.menu(flight, this.body, box.left + 70, box.top + (this.current + 1) * ROW_HIGH - this.body.scrollTop);
    }
  }
}
