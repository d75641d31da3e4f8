// The panels beside the cluster: the two tables that explain lost traffic, one frame's bytes, and "why?".
import { activeIn, h, icon, refill, setText } from "./dom.js";
import { decodeFrame } from "./frames.js";
import { parsePort } from "./model.js";
import { dropReason, macOwner, portText, seconds, whyAnswer } from "./words.js";

/** The switches' MAC tables and the clients' ARP caches at a moment; what changed in the last second is lit. */
export class Tables {
  /**
   * @param {Model} model
   * @param {Namer} name
   */
  constructor(model, name) {
    this.model = model;
    this.name = name;
    this.six = model.cast.vips.length > 0 && model.cast.vips.every((v) => v.address.includes(":"));
    this.misled = false; // a client sends to one that does not have the address
    this.macs = h("div", { class: "vl-table" });
    this.arps = h("div", { class: "vl-table" });
    this.head = h("h2");
    this.element = h("section", { class: "vl-panel vl-tables-panel", "aria-label": "What switch and clients have learned" }, this.head, h("div", { class: "vl-tables" },
      h("section", { "aria-label": "MAC table of the switch" }, h("h3", {}, "Switch MAC table", model.guessedMacs && model.flights.length > 0 && h("span", { class: "vl-legend" }, "worked out from the frames")), this.macs),
      h("section", { "aria-label": this.six ? "Neighbour caches of the clients" : "ARP caches of the clients" }, h("h3", {}, this.six ? "Clients' neighbour caches" : "Clients' ARP caches"), this.arps)));
    /** @type {Record<"mac" | "arp", {who: string, what: string}[]>} */
    this.keys = { mac: [], arp: [] };
    for (const key of model.lines.keys()) {
      const [, kind, who, what] = /^(mac|arp)\|(.*)\|(.*)$/su.exec(key) || [];
      if (kind === "mac" || kind === "arp") this.keys[kind].push({ who, what });
    }
    this.said = "";
  }

  /** @param {number} t */
  update(t) {
    const { model, name } = this;
    /** @param {About<string>} about */
    const fresh = (about) => about.since != null && t - about.since < 1 && about.since > 0;
    const several = new Set(this.keys.mac.map((k) => k.who)).size > 1;
    const macs = this.keys.mac.flatMap(({ who, what }) => {
      const about = model.about(t, "mac", who, what);
      if (!about.value) return [];
      const before = fresh(about) && about.before ? ` ← ${portText(about.before, name)}` : "";
      const { server, interface: port } = parsePort(about.value);
      const down = model.cast.servers.has(server) && port && model.value(t, "port", server, port) !== "up" ? " (down)" : "";
      return [{ wrong: false, cells: [several ? `${who} ${name.mac(what)}` : name.mac(what), portText(about.value, name) + down + before], title: `${what} is at ${about.value}`, fresh: fresh(about) }];
    });
    const arps = this.keys.arp.flatMap(({ who, what }) => {
      const about = model.about(t, "arp", who, what);
      if (about.since == null) return [];
      const owner = about.value ? macOwner(model, about.value, name) : "no entry";
      const port = about.value ? model.cast.byMac.get(about.value.toLowerCase()) : null;
      const wrong = port?.server && model.cast.vips.some((v) => v.address === what) && !model.holders(what, t).includes(port.server);
      const before = fresh(about) && about.before ? ` ← ${name.mac(about.before)}` : "";
      const cells = [name.address(what), about.value ? name.mac(about.value) + before : "-", wrong ? `${owner}: wrong now` : owner];
      if (this.#clients() > 1) cells.unshift(who);
      return [{ cells, title: `${who}: ${what} is at ${about.value || "nobody"}`, fresh: fresh(about), wrong: Boolean(wrong) }];
    });
    this.misled = arps.some((row) => row.wrong);
    const learned = this.keys.mac.some((k) => model.about(t, "mac", k.who, k.what).since != null);
    const said = JSON.stringify([macs, arps, learned]);
    if (said === this.said) return;
    this.said = said;
    /** @param {string} words */
    const none = (words) => h("p", { class: "vl-empty" }, words);
    this.macs.replaceChildren(macs.length ? table(["MAC", "port"], macs) : none(learned ? "The switch has forgotten all it had learned." : this.keys.mac.length ? "The switch has learned nothing yet." : "No frame of this trace tells a MAC address."));
    const heads = ["address", "MAC", "who that is"];
    if (this.#clients() > 1) heads.unshift("client");
    this.arps.replaceChildren(arps.length ? table(heads, arps) : none(this.keys.arp.length ? "No client knows an address yet." : `This trace has no client's ${this.six ? "neighbour" : "ARP"} cache.`));
  }

  #clients() {
    return new Set(this.keys.arp.map((k) => k.who)).size;
  }
}

/**
 * @param {string[]} heads
 * @param {{cells: string[], title: string, fresh: boolean, wrong: boolean}[]} rows
 */
function table(heads, rows) {
  return h("table", {},
    h("thead", {}, h("tr", {}, heads.map((x) => h("th", { scope: "col" }, x)))),
    h("tbody", {}, rows.map((row) => h("tr", { class: [row.fresh && "vl-fresh", row.wrong && "vl-wrong"].filter(Boolean).join(" ") || null, title: row.title }, row.cells.map((x) => h("td", {}, x))))));
}

/**
 * The number of the field that a place in the frame's panel belongs to; -1: none.
 * @param {EventTarget | null} place
 */
function fieldAt(place) {
  /** @type {HTMLElement | null} */
  const field = place instanceof Element ? place.closest("[data-n]") : null;
  return Number(field?.dataset.n ?? -1);
}

/** One frame byte by byte. Pointing at a field marks its bytes, and the reverse; arrow keys walk through them. */
export class FramePanel {
  /** @type {Flight | null | undefined} the frame that is shown; undefined: nothing yet */
  flight;
  lit = -1; // number of the lit field
  /** @type {Record<string, boolean>} */
  folded = { eth: true, ip: true, rest: true };

  /**
   * @param {Model} model
   * @param {Namer} name
   * @param {() => void} free follows the cursor again
   */
  constructor(model, name, free) {
    this.model = model;
    this.name = name;
    this.title = h("span", { class: "vl-frame-title" });
    this.head = h("h2", {}, this.title);
    this.body = h("div", { class: "vl-frame" });
    this.release = h("button", { class: "vl-link", hidden: true, onclick: free }, "follow the cursor");
    this.element = h("section", { class: "vl-panel vl-frame-panel", "aria-label": "One frame, byte by byte" }, h("div", { class: "vl-head" }, this.head, h("span", { class: "vl-fill" }), this.release), this.body);
    this.show(null);
  }

  /**
   * @param {Flight | null} flight
   * @param {boolean} pinned
   */
  show(flight, pinned = false) {
    this.release.hidden = !pinned;
    if (flight === this.flight) return;
    this.flight = flight;
    if (!flight) {
      setText(this.title, "");
      this.body.replaceChildren(h("p", { class: "vl-empty" }, this.model.flights.length ? "No frame has been sent yet." : "This trace has no frames."));
      return;
    }
    const { e, kind } = flight;
    const sender = `${this.name.server(e.server)} at ${seconds(flight.t)} s`;
    if (!e.frame) {
      const title = kind === "advert" ? `VRRPv${e.version ?? ""} advert` : kind === "garp" ? "Gratuitous ARP" : "Neighbour advertisement";
      setText(this.title, `${title} · ${sender}`);
      const facts = Object.entries(e).filter(([k]) => !["t", "event", "server", "instance"].includes(k));
      refill(this.body, this.#fate(flight), h("dl", {}, facts.map(([k, v]) => [h("dt", {}, k.replace(/_/g, " ")), h("dd", {}, Array.isArray(v) ? v.join(", ") : String(v))])),
        h("p", { class: "vl-note" }, "This trace holds the fields of the frame, not its bytes."));
      return;
    }
    const frame = decodeFrame(e.frame);
    setText(this.title, `${frame.title} · ${sender} · ${frame.bytes.length} bytes`);
    const dump = h("div", { class: "vl-hex", tabindex: 0, role: "group", "aria-label": "Bytes. Arrow left and right walk from field to field.", onkeydown: (/** @type {KeyboardEvent} */ e) => this.#walk(e, frame.fields.length) });
    /** @type {Map<string, HTMLElement[]>} */
    const layers = new Map();
    frame.fields.forEach((field, n) => {
      const bytes = [...frame.bytes.subarray(field.from, field.to)].map((b) => b.toString(16).padStart(2, "0"));
      const cell = h("span", { class: `vl-l-${field.layer}`, "data-n": n, title: `${field.name}: ${field.value}` }, bytes.join(" "));
      dump.append(cell, " ");
      const row = h("li", { "data-n": n }, h("span", {}, field.name), h("b", {}, field.value), field.note && h("i", {}, field.note));
      layers.set(field.layer, [...(layers.get(field.layer) || []), row]);
    });
    this.lit = -1;
    /** @param {PointerEvent} event */
    const mark = (event) => this.#light(fieldAt(event.target));
    this.body.onpointerover = mark;
    this.body.onpointerleave = mark;
    refill(this.body, this.#fate(flight), frame.summary && h("p", { class: "vl-say" }, frame.summary), dump, ...[...layers].reverse().map(([layer, items]) => this.#layer(layer, items, frame.fields)));
  }

  /** @param {number} n */
  #light(n) {
    this.lit = n;
    for (const x of /** @type {NodeListOf<HTMLElement>} */ (this.body.querySelectorAll("[data-n]"))) x.classList.toggle("vl-lit", Number(x.dataset.n) === n);
  }

  /**
   * @param {KeyboardEvent} e
   * @param {number} count
   */
  #walk(e, count) {
    const by = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
    if (!by || e.shiftKey) return;
    e.preventDefault();
    e.stopPropagation();
    this.#light(Math.min(count - 1, Math.max(0, this.lit + by)));
    const row = this.body.querySelector(`li[data-n="${this.lit}"]`);
    const layer = row?.closest("details");
    if (layer) layer.open = true;
    row?.scrollIntoView({ block: "nearest" });
  }

  /**
   * Ethernet and IP fold into a line that says who to whom; what the frame is about is open.
   * @param {string} layer
   * @param {HTMLElement[]} items
   * @param {Field[]} fields
   */
  #layer(layer, items, fields) {
    /** @param {string} name */
    const find = (name) => fields.find((f) => f.layer === layer && f.name === name)?.value.split(" (")[0];
    const life = find("TTL") || find("hop limit");
    const brief = layer === "eth" || layer === "ip" ? `${find("source")} → ${find("destination")}${life ? `, TTL ${life}` : ""}` : "";
    /** @type {Record<string, string>} */
    const names = { eth: "Ethernet", ip: "IP", vrrp: "VRRP", arp: "ARP", na: "ICMPv6", rest: "rest" };
    const group = h("details", { class: "vl-layer", open: !this.folded[layer] }, h("summary", { tabindex: 0 }, h("span", { class: `vl-key vl-l-${layer}` }, names[layer]), h("span", { class: "vl-brief" }, brief)), h("ul", { class: "vl-fields" }, items));
    group.addEventListener("toggle", () => (this.folded[layer] = !group.open));
    return group;
  }

  /** @param {Flight} flight */
  #fate(flight) {
    const said = Object.entries(flight.fate || {}).filter(([, f]) => f.what !== "heard").map(([server, f]) => `${this.name.server(server)}: ${f.what === "lost" ? "lost on the way" : "thrown away, " + dropReason(f.reason)}`);
    return said.length ? h("p", { class: "vl-bad" }, said.join(" · ")) : "";
  }
}

/** The answer to "why?": the reason the machine gave, and what the trace shows happened before. */
export class WhyPanel {
  /** @type {Change | null} the change that is explained */
  change = null;
  /** @type {HTMLElement | null} */
  opener = null;

  /**
   * @param {Model} model
   * @param {Namer} name
   * @param {(t: number) => void} go
   * @param {Explain} [explain]
   */
  constructor(model, name, go, explain) {
    this.model = model;
    this.name = name;
    this.go = go;
    this.explain = explain;
    this.element = h("div", { class: "vl-why", role: "region", "aria-label": "Why", tabindex: -1, hidden: true });
  }

  /** @param {Change} change */
  show(change) {
    this.change = change;
    const answer = whyAnswer(this.model, change, this.name, this.explain);
    const facts = answer.facts.map((f) => h("li", {}, h("button", { class: "vl-link", onclick: () => this.go(f.t), title: "go there" }, `${seconds(f.t)} s`), ` ${f.text}`));
    refill(this.element,
      h("div", { class: "vl-head" }, h("span", { class: "vl-mute" }, `${answer.title}, at `, h("button", { class: "vl-link", onclick: () => this.go(change.t) }, `${seconds(change.t)} s`)), h("span", { class: "vl-fill" }),
        h("button", { class: "vl-icon", "aria-label": "Close the answer", onclick: () => this.hide() }, icon("close"))),
      h("p", {}, answer.head && h("b", {}, answer.head), answer.head && " ", marked(answer.text)),
      facts.length > 0 && h("ul", {}, facts),
      (answer.rule || answer.lines.length > 0) && h("p", { class: "vl-mute" }, answer.rule && `Rule: ${answer.rule}`, answer.lines.map(([place, text], n) => [n || answer.rule ? " · " : "", h("code", {}, `${place}  ${text}`)])));
    this.element.hidden = false;
    return `${answer.head} ${answer.text} ${answer.facts.map((f) => f.text).join("; ")}`;
  }

  hide() {
    /** @type {HTMLElement | null} */
    const player = this.element.closest(".vrrplab");
    if (this.element.contains(activeIn(this.element))) (this.opener || player)?.focus({ preventScroll: true });
    this.element.hidden = true;
    this.change = null;
  }
}

/**
 * Marks "serv01.conf:10 priority 100" and "RFC 3768 section 6.4.2" inside a reason.
 * @param {string} text
 */
function marked(text) {
  return text.split(/(\S+\.conf:\d+(?: [a-z_]+ \S+?(?=[.,;)]|\s|$))?|RFC \d+ (?:§|section )[\d.]*\d)/).map((part, n) => (n % 2 ? h("code", {}, part) : part));
}
