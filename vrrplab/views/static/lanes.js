// Time as a picture: a lane for each instance (height: priority), each virtual address, each client.
import { fitName, label, onDrag, rearrange, s, setAttribute } from "./dom.js";
import { LETTER, actionText, lengthText, seconds, withDaemon } from "./words.js";

const HIGH = 24;

export class Lanes {
  width = 0;
  height = 0;
  left = 0; // where the lanes begin, right of their names
  /** @type {SVGPathElement} */
  cursor;
  /** @type {SVGRectElement} */
  veil;

  /** @type {Model} */
  model;
  /** @type {Namer} */
  name;
  /** @type {{key: string, names: SVGElement, axis: SVGElement}} what stays while only what happens changes */
  frame = { key: "", names: s("g"), axis: s("g") };

  /**
   * @param {Measure} measure
   * @param {(t: number) => void} go moves the cursor
   */
  constructor(measure, go) {
    this.measure = measure;
    this.go = go;
    this.svg = s("svg", { class: "vl-lanes", role: "img", tabindex: -1 });
    onDrag(this.svg, (e) => this.go(this.#time(e.clientX)));
  }

  /**
   * Another run is shown from now on: `build` draws it.
   * @param {Model} model
   * @param {Namer} name
   */
  take(model, name) {
    this.model = model;
    this.name = name;
  }

  /** @param {number} clientX */
  #time(clientX) {
    const box = this.svg.getBoundingClientRect();
    const share = (clientX - box.left - this.left) / (this.width - this.left - 8);
    return Math.min(this.model.end, Math.max(0, share * this.model.end));
  }

  /** @param {number} t */
  x(t) {
    return this.left + (t / this.model.end) * (this.width - this.left - 8);
  }

  /**
   * @param {number} width
   * @param {Before | null} before drawn as a thin line under each lane
   */
  build(width, before) {
    const { model, measure } = this;
    this.width = width;
    const many = [...model.cast.servers.values()].reduce((n, x) => n + x.instances.length, 0) > 8;
    /** @type {Lane[]} */
    const lanes = [];
    /** @type {Map<string, [Server, Instance][]>} */
    const names = new Map();
    for (const server of model.cast.servers.values()) {
      for (const i of server.instances) {
        names.set(i.name, [...(names.get(i.name) || []), [server, i]]);
      }
    }
    const single = names.size === 1;
    for (const pairs of names.values()) for (const [server, i] of pairs) lanes.push({ kind: "state", text: single ? server.short : `${server.short} ${i.name}`, server, i, high: many ? 18 : HIGH });
    const shownVips = model.cast.vips.slice(0, 8);
    for (const v of shownVips) lanes.push({ kind: "vip", text: `VIP ${v.short}`, v, high: 19 });
    if (model.cast.vips.length > 8) lanes.push({ kind: "more", text: `and ${model.cast.vips.length - 8} more VIPs`, high: 16 });
    for (const c of model.cast.clients.values()) {
      for (const target of new Set(c.probes.map((p) => p.target))) lanes.push({ kind: "client", text: `${c.name} → ${this.name.address(target)}`, c, target, high: 19 });
    }
    this.left = Math.min(width * 0.34, 14 + Math.max(40, ...lanes.map((l) => measure(l.text, "small"))));
    let y = 6;
    const body = s("g");
    const said = s("g");
    for (const lane of lanes) {
      said.append(label(fitName(lane.text, this.left - 10, "small", measure), this.left - 8, y + lane.high / 2 + 4, { class: "vl-small", "text-anchor": "end" }));
      if (lane.kind === "state") this.#state(body, lane, y, before);
      if (lane.kind === "vip") this.#vip(body, lane, y);
      if (lane.kind === "client") this.#client(body, lane, y, before);
      y += lane.high + (lane.kind === "state" ? 3 : 2);
    }
    this.height = y + 18;
    this.cursor = s("path", { d: lanes.length ? `M0 2V${y}` : "", class: "vl-cursor" });
    this.veil = s("rect", { y: 0, height: y, class: "vl-veil" });
    this.svg.setAttribute("width", String(width));
    this.svg.setAttribute("height", String(this.height));
    this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    this.svg.setAttribute("aria-label", this.#spoken());
    const key = JSON.stringify([width, this.left, y, model.end, lanes.map((lane) => [lane.text, lane.high])]);
    if (key !== this.frame.key) this.frame = { key, names: said, axis: this.#axis(y) };
    rearrange(this.svg, [this.frame.axis, this.frame.names, body, lanes.length ? this.#marks(y) : null, this.veil, this.cursor]);
  }

  #spoken() {
    const n = this.model.changes.length;
    return `States over ${seconds(this.model.end, 1)} seconds: ${n} changes of state, ${this.model.outages.length} outages. The log tells them in words.`;
  }

  /** @param {number} y */
  #axis(y) {
    const g = s("g");
    if (y < HIGH) return s("text", { x: 12, y: y + 10, class: "vl-mute" }, "No state, address or client is in this trace.");
    const step = niceStep(this.model.end / Math.max(2, (this.width - this.left) / 60));
    for (let t = 0; t <= this.model.end + 1e-9; t += step) {
      g.append(s("path", { d: `M${this.x(t)} 4V${y}`, class: "vl-grid" }));
      const words = `${+t.toFixed(6)}${t + step > this.model.end ? " s" : ""}`;
      g.append(label(words, Math.min(this.x(t), this.width - 2 - this.measure(words, "small") / 2), y + 13, { class: "vl-small vl-mute", "text-anchor": "middle" }));
    }
    return g;
  }

  /** @param {number} y */
  #marks(y) {
    const g = s("g");
    for (const a of this.model.actions.slice(0, 400)) {
      g.append(s("path", { d: `M${this.x(a.t)} 2V${y}`, class: "vl-action" }, s("title", {}, `${seconds(a.t)} s: ${actionText(withDaemon(this.model.cast, a.e))}`)));
    }
    return g;
  }

  /**
   * Pieces narrower than a pixel become one, so that a flapping instance does not cost thousands of boxes.
   * @param {import("./timeline.js").Timeline<string>} line
   * @param {number} end
   */
  #pieces(line, end) {
    /** @type {ReturnType<typeof line.spans>} */
    const found = [];
    for (const span of line.spans(end)) {
      const last = found[found.length - 1];
      if (last && this.x(span.to) - this.x(last.from) < 1.5) last.to = span.to;
      else found.push({ ...span });
    }
    return found;
  }

  /**
   * @param {SVGGElement} body
   * @param {Lane & {kind: "state"}} lane
   * @param {number} y
   * @param {Before | null} before
   */
  #state(body, { server, i, high }, y, before) {
    const state = this.model.line("state", server.name, i.name);
    const priority = this.model.line("priority", server.name, i.name);
    for (const span of this.#pieces(state, this.model.end)) {
      const [a, b] = [this.x(span.from), this.x(span.to)];
      const w = Math.max(0.6, b - a - 1.2);
      const steps = [span.from, ...priority.times.filter((t) => t > span.from && t < span.to), span.to];
      let d = `M${a} ${y + high}`;
      for (let n = 0; n + 1 < steps.length; n++) {
        const p = priority.at(steps[n]);
        const top = y + high - barHeight(p, high);
        d += `V${top}H${n + 2 < steps.length ? this.x(steps[n + 1]) : a + w}`;
      }
      const p = priority.at(span.from);
      const words = `${seconds(span.from)} to ${seconds(span.to)} s: ${span.value || "INIT"}${p == null ? "" : `, priority ${p}`}`;
      const name = span.value || "INIT";
      body.append(s("path", { d: d + `V${y + high}Z`, class: `vl-span vl-span-${name}` }, s("title", {}, words)));
      if (w > 13) body.append(label(LETTER[name] || name[0], a + w / 2, y + high - barHeight(p, high) / 2 + 4, { class: `vl-letter vl-on-${name}`, "text-anchor": "middle" }));
    }
    if (before) this.#ghost(body, before.known("state", server.name, i.name), y + high + 1.6, before, (v) => `vl-ghost vl-ghost-${v}`);
  }

  /**
   * @param {SVGGElement} body
   * @param {import("./timeline.js").Timeline<string> | undefined} line
   * @param {number} y
   * @param {Before} before
   * @param {(value: string) => string} style
   */
  #ghost(body, line, y, before, style) {
    for (const span of line?.spans(Math.min(before.end, this.model.end)) || []) {
      if (span.value && span.to > before.until && this.x(span.to) - this.x(span.from) > 0.5) {
        body.append(s("path", { d: `M${this.x(Math.max(span.from, before.until))} ${y}H${this.x(span.to) - 1}`, class: style(span.value) }, s("title", {}, `before your change: ${span.value}`)));
      }
    }
  }

  /**
   * @param {SVGGElement} body
   * @param {Lane & {kind: "vip"}} lane
   * @param {number} y
   */
  #vip(body, { v, high }, y) {
    for (const { from, to, holders } of holdings(this.model, v.address)) {
      const [a, b] = [this.x(from), this.x(to)];
      const w = Math.max(0.6, b - a - 1.2);
      const two = holders.length > 1;
      const text = holders.map((x) => x.short).join(" + ");
      body.append(s("rect", { x: a, y: y + 3, width: w, height: high - 6, rx: Math.min(6, w / 2), class: `vl-have vl-vip${v.index % 6}`, "data-state": two ? "rival" : "held" }, s("title", {}, `${seconds(from)} to ${seconds(to)} s: ${v.address} on ${text}`)));
      if (this.measure(text, "small") < w - 6) body.append(label(text, a + w / 2, y + high / 2 + 4, { class: "vl-small", "text-anchor": "middle" }));
    }
  }

  /**
   * @param {SVGGElement} body
   * @param {Lane & {kind: "client"}} lane
   * @param {number} y
   * @param {Before | null} before
   */
  #client(body, { c, target, high }, y, before) {
    const middle = y + high / 2;
    const from = this.model.servedFrom(c.name, target);
    if (from < this.model.end) body.append(s("path", { d: `M${this.x(from)} ${middle}H${this.x(this.model.end)}`, class: "vl-line" }));
    const gaps = seen(this.model.outages.filter((o) => o.client === c.name && o.target === target), this.model.end);
    for (const { from, to, o } of gaps.slice(0, 300)) {
      const [a, b] = [this.x(from), this.x(to)];
      const words = `${lengthText(o.length_s)}${o.percent ? `, ${o.percent} %` : ""} lost`;
      body.append(s("rect", { x: a, y: y + 3, width: Math.max(2, b - a), height: high - 6, rx: 3, class: "vl-gap" }, s("title", {}, `${seconds(from)} to ${seconds(to)} s: ${o.gaps > 1 ? "some answers" : "no answer"}, ${o.told} lost`)));
      const w = this.measure(words, "bold");
      const next = gaps.find((g) => g.from > from);
      const room = (next ? this.x(next.from) : this.width) - b;
      if (w + 6 < b - a) body.append(label(words, (a + b) / 2, middle + 4, { class: "vl-small vl-bad", "text-anchor": "middle" }));
      else if (w + 8 < room) body.append(label(words, b + 5, middle + 4, { class: "vl-small vl-bad vl-halo" }));
    }
    if (before) {
      for (const g of seen(before.outages.filter((o) => o.client === c.name && o.target === target), before.end)) {
        if (g.to > before.until) body.append(s("path", { d: `M${this.x(Math.max(g.from, before.until))} ${y + high}H${this.x(Math.min(g.to, this.model.end))}`, class: "vl-ghost vl-ghost-FAULT" }));
      }
    }
  }

  /**
   * Moves the cursor; with `hide` all that comes after it is covered.
   * @param {number} t
   * @param {boolean} hide
   */
  at(t, hide) {
    const x = this.x(t);
    this.cursor.setAttribute("transform", `translate(${x} 0)`);
    setAttribute(this.veil, "x", hide ? x : this.width);
    setAttribute(this.veil, "width", hide ? Math.max(0, this.width - x) : 0);
  }
}

/**
 * Who has an address from when to when; a piece ends only where that changes, whatever else is told of other servers.
 * @param {Model} model
 * @param {string} address
 */
export function holdings(model, address) {
  const rivals = [...model.cast.servers.values()].filter((x) => model.known("has", x.name, address)?.times.length);
  const moments = [...new Set(rivals.flatMap((x) => model.known("has", x.name, address)?.times ?? []))].sort((a, b) => a - b);
  /** @type {{from: number, to: number, holders: Server[]}[]} */
  const found = [];
  moments.forEach((from, n) => {
    const to = moments[n + 1] ?? model.end;
    const holders = rivals.filter((x) => model.value(from, "has", x.name, address));
    const last = found[found.length - 1];
    if (!holders.length || to <= from) return;
    if (last && last.to === from && last.holders.length === holders.length && holders.every((x) => last.holders.includes(x))) last.to = to;
    else found.push({ from, to, holders });
  });
  return found;
}

/**
 * Height of a lane's block: low for priority 0, the whole lane for 255 and where no priority is known.
 * @param {number | null} priority
 * @param {number} high
 */
function barHeight(priority, high) {
  return priority == null ? high : 12 + ((high - 12) * Math.min(255, priority)) / 255;
}

/**
 * Outages of several probes to one target, without those that lie within another one.
 * @param {Outage[]} outages
 * @param {number} end
 */
function seen(outages, end) {
  /** @type {{from: number, to: number, o: Outage}[]} */
  const gaps = [];
  const spans = outages.map((o) => ({ from: o.from_s, to: o.to_s ?? end, o }));
  for (const g of spans.sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (!gaps.some((other) => g.to <= other.to)) gaps.push(g);
  }
  return gaps;
}

/**
 * A round step, 1, 2 or 5 times a power of ten, that is at least `rough`.
 * @param {number} rough
 */
export function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((f) => f * power).find((x) => x >= rough) ?? 10 * power;
}
