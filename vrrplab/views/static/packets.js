// Frames travelling, on a canvas over the scene. Real frames need 0.2 ms; here they are slowed down to be seen.
import { lastIndex } from "./timeline.js";
import { painter } from "./dom.js";
import { shown } from "./writing.js";
import { along, wire } from "./layout.js";
import { routerBetween } from "./naming.js";

const COLOURS = ["--vl-master", "--vl-fault", "--vl-fg", "--vl-bg", "--vl-v0", "--vl-v1", "--vl-v2", "--vl-v3", "--vl-v4", "--vl-v5", "--vl-mute"];

/**
 * How long a frame is in the air, in seconds of the trace, at this speed of playing.
 * @param {number} speed
 */
export const airTime = (speed) => (speed <= 1 ? 0.8 * speed : 0.8 * Math.sqrt(speed));

/**
 * A list of places for each colour of a virtual address.
 * @returns {number[][]}
 */
const sixLists = () => [[], [], [], [], [], []];

export class Packets {
  /** @type {Layout} */
  layout;
  ratio = 1;
  /** @type {Map<string, string[]>} segment -> the ports on it */
  bySegment = new Map();
  /** @type {Record<string, string>} */
  colour = {};
  font = "";
  /** @type {Flight | null} */
  chosen = null;
  /** @type {Map<string, number[]>} */
  ways = new Map();
  /** @type {{x: number, y: number, flight: Flight}[]} */
  drawn = [];

  /**
   * @param {Model} model
   * @param {Namer} name
   * @param {HTMLCanvasElement} canvas
   */
  constructor(model, name, canvas) {
    this.model = model;
    this.name = name;
    this.canvas = canvas;
    this.context = painter(this.canvas);
    this.times = Float64Array.from(model.flights, (f) => f.t);
    this.vipOf = new Map(model.cast.vips.map((v) => [v.address, v.index % 6]));
    this.at = { x: 0, y: 0 };
    this.shown = 0;
  }

  /**
   * @param {Layout} layout
   * @param {HTMLElement} root
   */
  fit(layout, root) {
    this.layout = layout;
    this.ways.clear();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [Math.round(layout.width * ratio), Math.round(layout.height * ratio)];
    if (this.canvas.width !== width) this.canvas.width = width; // to set it, even to what it is, costs a new canvas
    if (this.canvas.height !== height) this.canvas.height = height;
    this.canvas.style.width = `${layout.width}px`;
    this.canvas.style.height = `${layout.height}px`;
    this.ratio = ratio;
    this.bySegment.clear();
    for (const [key, port] of layout.ports) {
      if (key !== "dns") this.bySegment.set(port.segment, [...(this.bySegment.get(port.segment) || []), key]);
    }
    if (!this.font) this.paint(root);
  }

  /**
   * Takes the theme's colours from the style sheet.
   * @param {HTMLElement} root
   */
  paint(root) {
    const style = getComputedStyle(root);
    this.colour = Object.fromEntries(COLOURS.map((c) => [c, style.getPropertyValue(c).trim() || "gray"]));
    this.font = `11.5px ${style.fontFamily}`;
  }

  /**
   * @param {string} from
   * @param {string} to
   */
  #way(from, to) {
    const key = `${from}>${to}`;
    let way = this.ways.get(key);
    if (!way) {
      const [a, b] = [this.layout.ports.get(from), this.layout.ports.get(to)];
      way = a && b ? wire(a, b) : [];
      this.ways.set(key, way);
    }
    return way;
  }

  /**
   * @param {string} key
   * @param {number} t
   */
  #open(key, t) {
    const port = this.layout.ports.get(key);
    return !port?.server || (this.model.value(t, "port", port.server, port.interface) === "up" && this.model.value(t, "power", port.server) !== false);
  }

  /**
   * Everywhere a frame goes: [{way, fate, reason}]; worked out once a frame.
   * @param {Flight} flight
   */
  #targets(flight) {
    if (flight.targets && flight.layout === this.layout) return flight.targets;
    const from = `${flight.server} ${flight.port}`;
    const only = flight.kind === "advert" && this.model.cast.byIp.get(flight.e.destination ?? "");
    /** @param {string} server */
    const firewalls = (server) => this.model.value(flight.t, "firewall", server) || "";
    flight.targets = [];
    flight.layout = this.layout;
    for (const to of this.bySegment.get(flight.segment) || []) {
      if (to === from || !this.#open(to, flight.t)) continue;
      const port = this.layout.ports.get(to);
      if (!port) continue;
      if (only && !(only.server === port.server && (only.client ?? only.interface) === (port.client ?? port.interface))) continue;
      let what = port.server ? flight.fate?.[port.server]?.what || "arrives" : "arrives";
      if (flight.kind === "advert" && port.server && firewalls(port.server).includes("in")) what = "dropped";
      flight.targets.push({ way: this.#way(from, to), what });
    }
    if (only && only.server && only.segment !== flight.segment) {
      const to = `${only.server} ${only.interface}`;
      const way = this.#across(from, to);
      if (way.length && this.#open(to, flight.t)) flight.targets.push({ way, what: flight.fate?.[only.server]?.what || "arrives" });
    }
    return flight.targets;
  }

  /**
   * Through the router between two networks; no way where there is none.
   * @param {string} from
   * @param {string} to
   */
  #across(from, to) {
    const [a, b] = [this.layout.ports.get(from)?.segment, this.layout.ports.get(to)?.segment];
    const router = a && b && routerBetween(this.model.cast, a, b);
    return router ? [...this.#way(from, `${router} ${a}`), ...this.#way(`${router} ${b}`, to)] : [];
  }

  /**
   * Draws the moment `t`; `ahead` moves all frames on by that much, so that a still shows them under way.
   * @param {number} t
   * @param {number} speed
   * @param {number} ahead
   * @param {Iterable<[number, number, number, number][]>} under places of words that stay readable: frames pass below them
   */
  draw(t, speed, ahead, under = []) {
    const { context: c, ratio } = this;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, this.layout.width, this.layout.height);
    this.drawn.length = 0;
    this.shown = 0;
    const air = airTime(speed);
    const lag = 0.06 * air;
    this.#probes(t + ahead, t, air, speed);
    /** @type {number[]} */
    const dots = [];
    /** @type {number[]} */
    const goodbyes = [];
    const gems = sixLists();
    /** @type {number[]} */
    const crosses = [];
    /** @type {{x: number, y: number, flight: Flight} | null} */
    let said = null;
    const newest = lastIndex(this.times, t);
    const flights = this.model.flights;
    for (let n = newest; n >= 0 && flights[n].t + air * 1.4 > t + ahead; n--) {
      const flight = flights[n];
      const f = (t + ahead - flight.t - Math.min(flight.order, 6) * lag) / air;
      if (f < 0 || f > 1) continue;
      const list = flight.kind === "advert" ? (flight.e.priority === 0 ? goodbyes : dots) : gems[this.vipOf.get(String(flight.e.address).split("/")[0]) ?? 0];
      let onFirstLeg = false;
      for (const target of this.#targets(flight)) {
        if (f < 0.3 && onFirstLeg) continue;
        onFirstLeg = true;
        const stop = target.what === "lost" ? 0.55 : target.what === "dropped" ? 0.94 : 1;
        along(target.way, Math.min(f, stop), this.at);
        const { x, y } = this.at;
        if (f > stop) crosses.push(x, y);
        else list.push(x, y);
        this.drawn.push({ x, y, flight });
        this.shown++;
        if ((flight.kind !== "advert" || flight.e.priority === 0) && (!said || flight.order < said.flight.order)) said = { x, y, flight };
      }
      if (!onFirstLeg && f < 0.42) {
        along(this.#way(`${flight.server} ${flight.port}`, this.bySegment.get(flight.segment)?.find((k) => k !== `${flight.server} ${flight.port}`) || ""), Math.min(f, 0.3), this.at);
        if (this.at.x === this.at.x) list.push(this.at.x, this.at.y), this.drawn.push({ x: this.at.x, y: this.at.y, flight });
      }
    }
    this.#circles(dots, this.colour["--vl-master"], true);
    this.#circles(goodbyes, this.colour["--vl-master"], false);
    gems.forEach((list, v) => this.#diamonds(list, this.colour[`--vl-v${v}`]));
    this.#crosses(crosses);
    for (const places of under) for (const [left, top, width, height] of places) if (width > 4) c.clearRect(left, top, width, height);
    if (said) this.#say(said);
    if (this.chosen) this.#ring();
  }

  /**
   * @param {number[]} list
   * @param {string} colour
   * @param {boolean} solid
   */
  #circles(list, colour, solid) {
    const c = this.context;
    c.fillStyle = solid ? colour : this.colour["--vl-bg"];
    c.lineWidth = solid ? 1 : 2.2;
    c.strokeStyle = solid ? this.colour["--vl-bg"] : colour;
    // A path of a hundred dots is drawn faster than a hundred paths, and much faster than one of thousands.
    for (let from = 0; from < list.length; from += 200) {
      const to = Math.min(list.length, from + 200);
      c.beginPath();
      for (let i = from; i < to; i += 2) {
        c.moveTo(list[i] + 5, list[i + 1]);
        c.arc(list[i], list[i + 1], 5, 0, 6.2832);
      }
      c.fill();
      if (list.length < 1000) c.stroke(); // a rim round each of so many is never seen, and doubles the work
    }
  }

  /**
   * @param {number[]} list
   * @param {string} colour
   */
  #diamonds(list, colour) {
    const c = this.context;
    if (!list.length) return;
    c.beginPath();
    for (let i = 0; i < list.length; i += 2) {
      const [x, y] = [list[i], list[i + 1]];
      c.moveTo(x - 6.5, y);
      c.lineTo(x, y - 6.5);
      c.lineTo(x + 6.5, y);
      c.lineTo(x, y + 6.5);
      c.closePath();
    }
    c.fillStyle = colour;
    c.fill();
    c.lineWidth = 1;
    c.strokeStyle = this.colour["--vl-bg"];
    c.stroke();
  }

  /**
   * @param {number[]} list
   * @param {string} colour
   * @param {boolean} solid
   */
  #squares(list, colour, solid) {
    const c = this.context;
    if (!list.length) return;
    c.beginPath();
    for (let i = 0; i < list.length; i += 2) c.rect(list[i] - 3, list[i + 1] - 3, 6, 6);
    c.lineWidth = 1.4;
    c.fillStyle = solid ? colour : this.colour["--vl-bg"];
    c.strokeStyle = solid ? this.colour["--vl-bg"] : colour;
    c.fill();
    c.stroke();
  }

  /** @param {number[]} list */
  #crosses(list) {
    const c = this.context;
    if (!list.length) return;
    c.beginPath();
    for (let i = 0; i < list.length; i += 2) {
      const [x, y] = [list[i], list[i + 1]];
      c.moveTo(x - 5, y - 5);
      c.lineTo(x + 5, y + 5);
      c.moveTo(x + 5, y - 5);
      c.lineTo(x - 5, y + 5);
    }
    c.lineWidth = 5;
    c.strokeStyle = this.colour["--vl-bg"];
    c.stroke();
    c.lineWidth = 2.4;
    c.strokeStyle = this.colour["--vl-fault"];
    c.stroke();
  }

  /**
   * @param {string} words
   * @param {number} x
   * @param {number} y
   * @param {string} colour
   */
  #text(words, x, y, colour) {
    const c = this.context;
    words = shown(words);
    c.font = this.font;
    const w = c.measureText(words).width;
    const left = x + 12 + w > this.layout.width - 4 ? x - 12 - w : x + 12;
    c.lineJoin = "round";
    c.lineWidth = 4;
    c.strokeStyle = this.colour["--vl-bg"];
    c.strokeText(words, left, y + 4);
    c.fillStyle = colour;
    c.fillText(words, left, y + 4);
  }

  /** @param {{x: number, y: number, flight: Flight}} place */
  #say({ x, y, flight }) {
    const { e, kind } = flight;
    for (const bar of this.layout.bars.values()) if (y > bar.y - 8 && y < bar.y + bar.h + 8) y = bar.y - 10; // not over the switch's own words
    const words = kind === "advert" ? "goodbye: priority 0" : `${kind === "garp" ? "gratuitous ARP" : "neighbour advert"} ${this.name.address(e.address)}`;
    this.#text(words, x, y, this.colour["--vl-fg"]);
  }

  #ring() {
    const c = this.context;
    for (const d of this.drawn) {
      if (d.flight !== this.chosen) continue;
      c.beginPath();
      c.arc(d.x, d.y, 9.5, 0, 6.2832);
      c.lineWidth = 1.6;
      c.strokeStyle = this.colour["--vl-fg"];
      c.stroke();
    }
  }

  /**
   * Client traffic, thinned out to what an eye can follow; the trace tells only what went wrong.
   * @param {number} seen
   * @param {number} t
   * @param {number} air
   * @param {number} speed
   */
  #probes(seen, t, air, speed) {
    const trip = air * 1.3;
    const there = sixLists();
    const back = sixLists();
    /** @type {number[]} */
    const lost = [];
    for (const client of this.model.cast.clients.values()) {
      client.probes.forEach((probe, k) => {
        const every = Math.max(1, Math.ceil((0.5 * Math.max(speed, 0.25)) / (probe.every_s || 1))) * (probe.every_s || 1);
        const shift = (every * k) / client.probes.length;
        const last = Math.floor((t - shift) / every);
        for (let n = last; n >= 0 && n * every + shift + trip > seen; n--) {
          const sent = n * every + shift;
          const f = (seen - sent) / trip;
          if (f < 0 || f > 1) continue;
          const addresses = this.model.cast.dns[probe.target] || [probe.target];
          const address = addresses[n % addresses.length];
          this.#probe(client, probe, address, sent, f, there, back, lost);
        }
      });
    }
    for (let v = 0; v < 6; v++) {
      this.#squares(there[v], this.colour[`--vl-v${v}`], true);
      this.#squares(back[v], this.colour[`--vl-v${v}`], false);
    }
    this.#crosses(lost);
  }

  /**
   * @param {Client} client
   * @param {Probe} probe
   * @param {string} address
   * @param {number} sent
   * @param {number} f
   * @param {number[][]} there
   * @param {number[][]} back
   * @param {number[]} lost
   */
  #probe(client, probe, address, sent, f, there, back, lost) {
    const outage = this.model.outage(client.name, probe.target, sent, probe.kind);
    const out = outage && (outage.gaps === 1 || !this.model.answers(client, probe, address, sent));
    const v = this.vipOf.get(address) ?? 0;
    const goal = this.model.route(client, address, sent);
    const key = goal ? `${goal.server} ${goal.interface}` : "";
    if (!this.layout.ports.has(key)) {
      if (!out) return;
      const at = this.layout.ports.get(client.name);
      if (at) (f < 0.5 ? there[v] : lost).push(at.x, at.end + (at.bar - at.end) * Math.min(1, f * 2));
      this.shown++;
      return;
    }
    const way = goal?.via ? this.#across(client.name, key) : this.#way(client.name, key);
    if (!way.length) return;
    const stop = !out ? 1 : this.#open(key, sent) ? 0.96 : 0.7;
    const g = f * 2;
    if (g <= 1 || out) {
      along(way, Math.min(g, stop), this.at);
      (out && g > stop ? lost : there[v]).push(this.at.x, this.at.y);
      if (out && g > stop + 0.6) lost.length -= 2;
    } else {
      along(way, 2 - g, this.at);
      back[v].push(this.at.x, this.at.y);
    }
    this.shown++;
  }

  /**
   * The frame nearest to a point, within reach of a finger or a mouse.
   * @param {number} x
   * @param {number} y
   * @param {number} reach
   */
  near(x, y, reach = 12) {
    let best = null;
    let least = reach * reach;
    for (const d of this.drawn) {
      const distance = (d.x - x) ** 2 + (d.y - y) ** 2;
      if (distance < least) {
        least = distance;
        best = d.flight;
      }
    }
    return best;
  }

  /**
   * The last frame sent at or before `t`.
   * @param {number} t
   */
  latest(t) {
    return this.model.flights[lastIndex(this.times, t)] || null;
  }
}
