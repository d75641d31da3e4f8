// A trace, arranged so that any moment can be asked for at once. Reads events; knows no pixels.
import { Timeline, lastIndex } from "./timeline.js";
import { makeCast, portOf } from "./naming.js";
import { ACTIONS } from "./vocabulary.js";

/**
 * JSON lines to events. SyntaxError when a line is not JSON.
 * @param {string} text
 * @returns {TraceEvent[]}
 */
export function parseTrace(text) {
  const lines = text.trim();
  return lines ? JSON.parse("[" + lines.replace(/(?:\r?\n)+/g, ",") + "]") : [];
}

/** @param {string} address */
const bare = (address) => String(address).split("/")[0];
/** @type {(kind: LineKind, who: string, what?: string) => string} */
const keyOf = (kind, who, what) => (what === undefined ? `${kind}|${who}` : `${kind}|${who}|${what}`);
/**
 * What is wrong with a segment after an action, by key, as trace/vocabulary.py has it.
 * @param {Fault} before
 * @param {Action} action
 * @returns {Fault}
 */
export function faultsAfter(before, action) {
  const { loss, latency_s, jitter_s, multicast, between } = action;
  const named = Object.entries({ loss, latency_s, jitter_s, multicast, between }).filter(([, value]) => value !== undefined);
  let fault = { ...before };
  if (action.action === "segment_heal") {
    const healed = named.map(([key]) => key);
    fault = Object.fromEntries(Object.entries(before).filter(([key]) => healed.length && !healed.includes(key)));
  } else if (action.action === "segment_fault") {
    const harm = Object.fromEntries(named.filter(([key]) => key !== "between" && key !== "multicast"));
    if (multicast !== undefined) fault.multicast = multicast;
    if (between?.length) {
      const each = Object.keys(harm).length ? harm : { loss: 1 };
      fault.between = { ...fault.between, ...Object.fromEntries(between.map(([from, to]) => [`${from} → ${to}`, each])) };
    } else Object.assign(fault, harm);
  }
  return Object.fromEntries(Object.entries(fault).filter(([key, value]) => Boolean(value) !== (key === "multicast"))); // the rest is no fault
}

export class Model {
  /** @type {Map<string, Timeline<string | number | boolean>>} "kind|who|what" -> the value over time */
  lines = new Map();
  /** @type {Moment<ActionEvent>[]} */
  actions = [];
  /** @type {Change[]} */
  changes = [];
  /** @type {Flight[]} frames on the wire, in order of time */
  flights = [];
  /** @type {Outage[]} in order of their start: counted by Python (views/player.py), here they are only shown */
  outages = [];
  /** @type {{t: number, segment: string, mac: string, port: string}[]} frames' source addresses, and where each came in */
  sources = [];
  /** @type {Set<TraceEvent["event"]>} kinds of events there are */
  told = new Set();
  /** @type {Map<string, number[]>} "source|VRID" -> the latest adverts, as places in `flights` */
  recent = new Map();
  /** @type {Float64Array | undefined} moments of `flights`, made when first asked for */
  flightTimes;
  /** @type {Float64Array} moments at which something drawn changes; at which an event is; of states and actions */
  drawn;
  /** @type {Float64Array} */
  steps;
  /** @type {Float64Array} */
  jumps;

  /** @param {TraceEvent[]} events */
  constructor(events) {
    this.events = events;
    this.cast = makeCast(events);
    const last = events.length ? events[events.length - 1].t : 0;
    this.end = Math.max(this.cast.duration, last, 0.001);
    this.#begin();
    for (let i = 0; i < events.length; i++) this.#take(events[i], i);
    this.outages.sort((a, b) => a.from_s - b.from_s);
    this.#judgeAdverts();
    this.#learnFromFrames();
    this.#holdersFromStates();
    this.#listMoments();
  }

  /**
   * @template {LineKind} K
   * @param {K} kind
   * @param {string} who
   * @param {string} [what]
   * @returns {Timeline<LineValues[K]> | undefined}
   */
  known(kind, who, what) {
    const line = this.lines.get(keyOf(kind, who, what));
    return /** @type {Timeline<LineValues[K]> | undefined} */ (line);
  }

  /**
   * The same; where nothing is known yet, a new line.
   * @template {LineKind} K
   * @param {K} kind
   * @param {string} who
   * @param {string} [what]
   */
  line(kind, who, what) {
    const known = this.known(kind, who, what);
    if (known) return known;
    /** @type {Timeline<LineValues[K]>} */
    const line = new Timeline();
    this.lines.set(keyOf(kind, who, what), /** @type {Timeline<string | number | boolean>} */ (line));
    return line;
  }

  /**
   * @template {LineKind} K
   * @param {number} t
   * @param {K} kind
   * @param {string} who
   * @param {string} [what]
   */
  value(t, kind, who, what) {
    return this.known(kind, who, what)?.at(t) ?? null;
  }

  /**
   * @template {LineKind} K
   * @param {number} t
   * @param {K} kind
   * @param {string} who
   * @param {string} [what]
   * @returns {About<LineValues[K]>}
   */
  about(t, kind, who, what) {
    return this.known(kind, who, what)?.about(t) ?? { value: null, since: null, before: null };
  }

  #begin() {
    for (const server of this.cast.servers.values()) {
      this.line("power", server.name).first = true;
      this.line("daemon", server.name).first = "running";
      for (const i of server.interfaces) this.line("port", server.name, i.name).first = "up";
      for (const s of server.services) this.line("service", server.name, s.name).first = "up";
      for (const i of server.instances) {
        this.line("state", server.name, i.name).first = "INIT";
        this.line("priority", server.name, i.name).first = i.priority ?? null;
      }
    }
  }

  /**
   * @param {TraceEvent} e
   * @param {number} i
   */
  #take(e, i) {
    const { t } = e;
    this.told.add(e.event);
    switch (e.event) {
      case "action":
        this.actions.push({ t, i, e });
        this.#act(e, t);
        break;
      case "state":
        this.line("state", e.server, e.instance).set(t, e.to);
        this.changes.push({ t, i, e });
        break;
      case "priority":
        this.line("priority", e.server, e.instance).set(t, e.to);
        break;
      case "interface": {
        const line = this.line("port", e.server, e.interface);
        if (e.up) line.set(t, "up");
        else if ((line.at(t) || "up") === "up") line.set(t, "down");
        break;
      }
      case "service":
        this.line("service", e.server, e.service).set(t, e.up ? (e.accepting === false ? "refusing" : "up") : "down");
        break;
      case "script":
        this.line("script", e.server, e.script).set(t, e.result);
        break;
      case "address_added":
        this.line("has", e.server, bare(e.address)).set(t, e.interface || true);
        break;
      case "address_removed":
        this.line("has", e.server, bare(e.address)).set(t, null);
        break;
      case "mac_learned":
        this.line("mac", e.segment, e.mac).set(t, portName(e.port));
        break;
      case "neighbour":
        this.line("arp", e.client ?? e.server ?? "", bare(e.ip)).set(t, e.mac || null);
        break;
      case "outage":
        // A line that was not made for the player (views/player.py) has no more than one gap to tell of.
        this.outages.push({ sent: null, gaps: 1, percent: null, length_s: (e.to_s ?? this.end) - e.from_s, told: String(e.lost), ...e, i });
        break;
      case "advert_sent":
        this.#send("advert", e, i);
        break;
      case "garp_sent":
        this.#send("garp", e, i);
        break;
      case "na_sent":
        this.#send("na", e, i);
        break;
      case "advert_received":
      case "advert_dropped":
        this.#heard(e, i);
        break;
    }
  }

  /**
   * @param {ActionEvent} e
   * @param {number} t
   */
  #act(e, t) {
    const { server = "", segment = "", action } = e;
    const { part = "", state = "" } = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : {};
    if (part === "port") this.line("port", server, e.interface).set(t, /** @type {LineValues["port"]} */ (state));
    else if (action === "power_off") {
      this.line("power", server).set(t, false);
      for (const [name, line] of this.lines) if (name.startsWith(`has|${server}|`)) line.set(t, null);
      for (const i of this.cast.servers.get(server)?.instances || []) this.line("state", server, i.name).set(t, "INIT");
    } else if (action === "power_on") {
      this.line("power", server).set(t, true);
      this.line("daemon", server).set(t, "running");
      this.line("firewall", server).set(t, ""); // its rules were not saved
    } else if (part === "daemon") {
      if (e.process !== "child") this.line("daemon", server).set(t, /** @type {LineValues["daemon"]} */ (state));
    } else if (action === "firewall_drop") {
      const line = this.line("firewall", server);
      line.set(t, [...new Set([...(line.at(t) || "").split("+"), e.direction || "in"])].filter(Boolean).join("+"));
    } else if (action === "firewall_clear") {
      const line = this.line("firewall", server);
      line.set(t, (line.at(t) || "").split("+").filter((d) => e.direction && d !== e.direction).join("+"));
    } else if (part === "segment") {
      const line = this.line("fault", segment);
      const fault = faultsAfter(JSON.parse(line.at(t) || "{}"), e);
      const still = Object.keys(fault).length > 0;
      line.set(t, still ? JSON.stringify(fault) : null);
      if (still && action === "segment_heal") e.left = fault; // what the words say of it
    }
  }

  /**
   * @param {Flight["kind"]} kind
   * @param {AdvertEvent | AnnounceEvent} e
   * @param {number} i
   */
  #send(kind, e, i) {
    const port = portOf(this.cast, e);
    if (!port) return;
    const previous = this.flights[this.flights.length - 1];
    const burst = previous && previous.kind === kind && kind !== "advert" && e.t - previous.t < 0.12 && previous.e.server === e.server;
    const flight = { t: e.t, i, e, kind, server: e.server, port: port.name, segment: port.segment, order: burst ? previous.order + 1 : 0, fate: null };
    this.flights.push(/** @type {Flight} */ (flight));
    const mac = e.event === "garp_sent" || e.event === "na_sent" ? e.mac : "";
    if (port.mac) this.sources.push({ t: e.t, segment: port.segment, mac: mac || port.mac, port: `${e.server} ${port.name}` });
    if (kind === "advert") {
      const key = `${e.source}|${e.vrid}`;
      const sent = this.recent.get(key) || [];
      this.recent.set(key, sent);
      sent.push(this.flights.length - 1);
      if (sent.length > 6) sent.shift();
    }
  }

  /**
   * Finds the frame that was heard: the latest one of that sender and VRID that this server has not had.
   * @param {AdvertEvent} e
   * @param {number} i
   */
  #heard(e, i) {
    const sent = this.recent.get(`${e.source}|${e.vrid}`);
    if (!sent) return;
    for (let n = sent.length - 1; n >= 0; n--) {
      const flight = this.flights[sent[n]];
      if (flight.server === e.server || e.t - flight.t > 3) continue;
      flight.fate ??= {};
      if (flight.fate[e.server]) continue;
      flight.fate[e.server] = { at: e.t, what: e.event === "advert_dropped" ? "dropped" : "heard", reason: e.reason, i };
      return;
    }
  }

  /** An advert that a listening instance neither took nor threw away was lost on the way. */
  #judgeAdverts() {
    if (!this.told.has("advert_received")) return;
    for (const flight of this.flights) {
      if (flight.kind !== "advert") continue;
      for (const server of this.cast.servers.values()) {
        if (server.name === flight.server || flight.fate?.[server.name]) continue;
        const listens = server.instances.some((instance) => {
          const state = this.value(flight.t, "state", server.name, instance.name);
          return instance.vrid === flight.e.vrid && (state === "BACKUP" || state === "MASTER");
        });
        const working = this.value(flight.t, "daemon", server.name) === "running" && this.value(flight.t, "power", server.name);
        if (!listens || !working || !this.#isFor(flight.e, server)) continue;
        flight.fate ??= {};
        flight.fate[server.name] = { at: flight.t, what: "lost" };
      }
    }
  }

  /**
   * @param {AdvertEvent} advert
   * @param {Server} server
   */
  #isFor(advert, server) {
    const to = this.cast.byIp.get(advert.destination || "");
    return to ? to.server === server.name : true;
  }

  /**
   * Would a request to `address` be answered now, by all the trace tells?
   * @param {Client} client
   * @param {Probe} probe
   * @param {string} address
   * @param {number} t
   */
  answers(client, probe, address, t) {
    const goal = this.route(client, address, t);
    if (!goal || this.value(t, "port", goal.server, goal.interface) !== "up" || !this.value(t, "has", goal.server, address)) return false;
    const services = (this.cast.servers.get(goal.server)?.services || []).filter((x) => x.port === probe.port);
    return probe.kind !== "http" || !services.length || services.some((x) => this.value(t, "service", goal.server, x.name) === "up");
  }

  /** Where nobody looked into the switch, its table is worked out as a switch does it: from each frame's source. */
  #learnFromFrames() {
    this.guessedMacs = !this.told.has("mac_learned");
    if (this.guessedMacs) for (const { t, segment, mac, port } of this.sources) this.line("mac", segment, mac.toLowerCase()).set(t, port);
    this.sources.length = 0;
  }

  /** A capture shows no addresses being added: there the MASTER is taken to hold what it advertises. */
  #holdersFromStates() {
    if (this.told.has("address_added")) return;
    for (const { t, e } of this.changes) {
      const instance = this.cast.servers.get(e.server)?.instances.find((i) => i.name === e.instance);
      for (const address of instance?.virtual_addresses || []) {
        this.line("has", e.server, address).set(t, e.to === "MASTER" ? instance?.interface || true : null);
      }
    }
  }

  /** The moments at which something changes, for stepping and for redrawing only when needed. */
  #listMoments() {
    const drawn = new Set();
    for (const line of this.lines.values()) for (const t of line.times) drawn.add(t);
    for (const o of this.outages) drawn.add(o.from_s).add(o.to_s ?? this.end);
    this.drawn = Float64Array.from(drawn).sort();
    const steps = new Set(drawn);
    for (const e of this.events) steps.add(e.t);
    this.steps = Float64Array.from(steps).sort();
    this.jumps = Float64Array.from(new Set([...this.changes.map((c) => c.t), ...this.actions.map((a) => a.t)])).sort();
  }

  /**
   * A number that is the same for two moments between which nothing drawn changes.
   * @param {number} t
   */
  epoch(t) {
    return lastIndex(this.drawn, t);
  }

  /**
   * Servers that have the address at `t` and are up, in the cast's order.
   * @param {string} address
   * @param {number} t
   */
  holders(address, t) {
    return [...this.cast.servers.keys()].filter((s) => this.value(t, "has", s, address));
  }

  /**
   * When some server first had the address; Infinity: never, by all the trace tells.
   * @param {string} address
   */
  firstHeld(address) {
    return Math.min(...[...this.cast.servers.keys()].map((s) => this.known("has", s, address)?.times[0] ?? Infinity));
  }

  /**
   * From when on a client can have been served: nobody answers for a virtual address that nobody has yet, and no
   * probe tells of it, because an outage begins with a last good answer. 0 for other addresses; Infinity: never.
   * @param {string} client
   * @param {string} target
   */
  servedFrom(client, target) {
    const vips = (this.cast.dns[target] || [target]).map(bare).filter((a) => this.cast.vips.some((v) => v.address === a));
    if (!vips.length) return 0;
    const lost = this.outages.filter((o) => o.client === client && o.target === target).map((o) => o.from_s);
    return Math.min(...vips.map((a) => this.firstHeld(a)), ...lost);
  }

  /**
   * The last change of state of an instance (of any, without names) that is not after `t`.
   * @param {number} t
   * @param {string} [server]
   * @param {string} [instance]
   */
  lastChange(t, server, instance) {
    /** @param {Change} c */
    const fits = (c) => (!server || c.e.server === server) && (!instance || c.e.instance === instance);
    for (let n = this.changes.length - 1; n >= 0; n--) {
      if (this.changes[n].t <= t && fits(this.changes[n])) return this.changes[n];
    }
    return null;
  }

  /**
   * The last action not after `t`; of several at its moment, one that was done to `server`.
   * @param {number} t
   * @param {string} server
   */
  lastAction(t, server) {
    const last = this.actions[lastIndex(this.actions.map((a) => a.t), t)];
    return (last && this.actions.find((a) => a.t === last.t && a.e.server === server)) || last || null;
  }

  /**
   * Is a probe of this client to this target unanswered at `t`? The outage, or null.
   * @param {string} client
   * @param {string} target
   * @param {number} t
   * @param {string} [kind]
   */
  outage(client, target, t, kind) {
    for (const o of this.outages) {
      if (o.from_s > t) break;
      if (o.client !== client || o.target !== target || (kind && o.kind !== kind)) continue;
      if (t < (o.to_s ?? Infinity)) return o;
    }
    return null;
  }

  /**
   * Where a client's frame to `address` goes at `t`, by its ARP cache and the switch's table.
   * @param {Client} client
   * @param {string} address
   * @param {number} t
   * @returns {Goal | null}
   */
  route(client, address, t) {
    const holder = this.holders(address, t)[0];
    const mac = this.value(t, "arp", client.name, address);
    if (!mac && this.told.has("neighbour")) return this.#routeAcross(client, address, t);
    const learned = mac && this.value(t, "mac", client.segment, mac);
    const port = learned ? parsePort(learned) : mac ? this.cast.byMac.get(mac.toLowerCase()) : null;
    if (port?.server) return { server: port.server, interface: port.interface };
    if (!holder) return null;
    const there = this.cast.servers.get(holder)?.interfaces.find((i) => i.segment === client.segment);
    return there ? { server: holder, interface: there.name } : null;
  }

  /**
   * The same for an address that the client asks its router for, by the router's cache.
   * @param {Client} client
   * @param {string} address
   * @param {number} t
   * @returns {Goal | null}
   */
  #routeAcross(client, address, t) {
    for (const router of this.cast.routers.values()) {
      if (!router.ports.some((p) => p.segment === client.segment)) continue;
      const mac = this.value(t, "arp", router.name, address);
      if (!mac) continue;
      for (const { segment } of router.ports) {
        const learned = this.value(t, "mac", segment, mac);
        const port = learned ? parsePort(learned) : null;
        if (port && this.cast.servers.has(port.server)) return { ...port, via: router.name };
      }
    }
    return null;
  }
}

/**
 * One spelling for a switch port, whatever the trace writes: "serv01 eth0".
 * @param {PortInTrace} port
 */
export function portName(port) {
  if (port && typeof port === "object") return [port.server ?? port.client ?? "", port.interface ?? ""].join(" ").trim();
  return String(port ?? "").replace(/[:/.](?=[A-Za-z]+\d*$)/, " ");
}

/** @param {string} name */
export function parsePort(name) {
  const cut = name.lastIndexOf(" "); // a server's name may have spaces, an interface's has none
  return cut < 0 ? { server: name, interface: "" } : { server: name.slice(0, cut), interface: name.slice(cut + 1) };
}
