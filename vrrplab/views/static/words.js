// Events as sentences: the log's rows, what an action means, what is broken. Knows no pixels.
import { lastIndex } from "./timeline.js";
import { ACTIONS, DROPPED, EVENTS, FAULTS } from "./vocabulary.js";
import { faultsAfter, parsePort } from "./model.js";

/** @type {Record<string, string>} a state as one letter, so that colour is never alone */
export const LETTER = { MASTER: "M", BACKUP: "B", FAULT: "F", INIT: "I", STOP: "S" };
/** @param {number} t */
export const seconds = (t, digits = 3) => t.toFixed(digits);
/**
 * How long an outage was, as figures say it: half up, in whole microseconds.
 * @param {number} length_s
 */
export const lengthText = (length_s) => `${(Math.floor((Math.round(length_s * 1e6) + 5000) / 1e4) / 100).toFixed(2)} s`;
/** @type {(n: number, word: string) => string} */
const many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

/** @param {string | undefined} name */
export const dropReason = (name) => DROPPED[name || ""] || String(name || "no reason given");

/**
 * What a firewall does, by the directions it drops: "", "in", "out", "in+out".
 * @param {string | null} walls
 */
export function firewallText(walls) {
  if (!walls) return "open";
  const [comes, goes] = [walls.includes("in"), walls.includes("out")];
  return `drops VRRP ${comes && goes ? "both ways" : comes ? "coming in" : "going out"}`;
}

/**
 * Names as short as they can be without doubt.
 * @param {Cast} cast
 */
export function namer(cast) {
  const vips = new Map(cast.vips.map((v) => [v.address, v.short]));
  return {
    /** @param {string | undefined} name */
    server: (name) => cast.servers.get(name ?? "")?.short ?? name ?? "",
    /** @param {string} a */
    address: (a) => vips.get(String(a).split("/")[0]) ?? String(a).split("/")[0],
    /** @param {string | null} mac */
    mac: (mac) => (mac ? "…" + mac.slice(-5) : "nobody"),
  };
}

/**
 * A template of vocabulary.js with an action's keys: {key}, {key|without it}, {key:value=words,value=words|any other}.
 * @param {string} template
 * @param {Record<string, any>} keys
 */
const filled = (template, keys) => template.replace(/\{(\w+)(?::([^|}]*))?(?:\|([^}]*))?\}/g, (_, key, choices, other) => {
  const value = String(keys[key] ?? "");
  const found = choices === undefined ? value : Object.fromEntries(choices.split(",").map((/** @type {string} */ pair) => pair.split("=")))[value];
  return found || other || "";
});

/**
 * What is wrong one way only: [what `say` has for it, "a → b, c → d"], those of one fault together.
 * @param {Fault} fault
 * @param {(fault: Fault) => string} say
 */
export function oneWay(fault, say) {
  /** @type {Record<string, string>} */
  const ways = {};
  for (const [way, harm] of Object.entries(fault.between || {})) ways[say(harm)] = ways[say(harm)] ? `${ways[say(harm)]}, ${way}` : way;
  return Object.entries(ways);
}

/**
 * What is wrong with a segment, as a part of a sentence.
 * @param {Fault} fault
 * @returns {string}
 */
function faultWords(fault) {
  const { between: _, ...whole } = fault;
  const said = Object.entries(whole).map(([key, value]) => FAULTS[key].replace("{}", String(key === "loss" ? Math.round(Number(value) * 100) : value)));
  return [...said, ...oneWay(fault, faultWords).map(([words, ways]) => `${words} (${ways})`)].join(", ");
}

/**
 * An action with the program that runs on its server, for `actionText`.
 * @template {{server?: string}} A
 * @param {Cast} cast
 * @param {A} a
 */
export const withDaemon = (cast, a) => ({ ...a, daemon: cast.servers.get(a.server ?? "")?.daemon });

/**
 * "eth0 of proxy-serv01 is set down", for an action of a scenario; `left`: what a healing left broken.
 * @param {Action & {left?: Fault, daemon?: string}} a
 */
export function actionText(a) {
  if (!Object.hasOwn(ACTIONS, a.action)) return `${a.action} ${a.server || a.segment || ""}`.trim();
  const left = a.left ? ` in part, but still ${faultWords(a.left)}` : "";
  return filled(ACTIONS[a.action].sentence, { ...a, fault: faultWords(faultsAfter({}, a)), left });
}

/**
 * The text of one row of the log.
 * @param {Model} model
 * @param {Row} row
 * @param {Namer} name
 */
export function rowText(model, row, name) {
  if (row.outage) return outageText(row, name);
  const e = model.events[row.i];
  const s = name.server(e.server);
  const who = e.instance ? `${s} ${e.instance}` : s;
  switch (e.event) {
    case "action": return actionText({ ...withDaemon(model.cast, e), server: s });
    case "state": return `${who}: ${e.from ?? "?"} → ${e.to}`;
    case "priority": return `${who}: priority ${e.from} → ${e.to}`;
    case "address_added": return `${s} takes ${name.address(e.address)}`;
    case "address_removed": return `${s} gives up ${name.address(e.address)}`;
    case "garp_sent": return `${s} announces ${addresses(row, name, e)}: ${many(row.n ?? 1, "gratuitous ARP")}`;
    case "na_sent": return `${s} announces ${addresses(row, name, e)}: ${many(row.n ?? 1, "neighbour advertisement")}`;
    case "advert_sent": return e.priority === 0 ? `${who} says goodbye: advert with priority 0` : `${who} sends an advert, priority ${e.priority}`;
    case "advert_received": return `${who} hears ${senderName(model, e, name)}, priority ${e.priority}`;
    case "advert_dropped": return `${s} throws away an advert of ${senderName(model, e, name)}: ${dropReason(e.reason)}`;
    case "advert_failed": return `${who}: an advert could not leave: ${e.reason || "no reason given"}`;
    case "script": return `check ${e.script} on ${s} ${e.result === "pass" ? "passes" : "fails"} (${e.exit === "timeout" ? "timed out" : `exit ${e.exit}`})`;
    case "interface": return `${s} ${e.interface} is ${e.up ? "up" : "down"}`;
    case "service": return `${e.service} on ${s} ${e.up ? (e.accepting === false ? "refuses clients" : "is running") : "has ended"}`;
    case "notify": return `${s} runs ${[e.script, ...[e.arguments ?? []].flat()].join(" ")}`;
    case "log": return `${s}: ${e.line}`;
    case "mac_learned": return !e.port ? `switch ${e.segment} forgets where ${name.mac(e.mac)} is` : `switch ${e.segment}: ${name.mac(e.mac)} is at ${portText(model.value(e.t, "mac", e.segment, e.mac), name)}`;
    case "neighbour": return `${e.client ?? s} now reaches ${name.address(e.ip)} at ${macOwner(model, e.mac, name)}`;
    case "warning": return e.text || e.message || String(e.line || e.reason || "warning");
    case "route_added": return `${s} adds the route ${e.text}`;
    case "route_removed": return `${s} loses the route ${e.text}`;
    case "rule_added": return `${s} adds the rule ${e.text}`;
    case "rule_removed": return `${s} loses the rule ${e.text}`;
    case "undecided": return `${e.instance}: either ${e.candidates.map((c) => name.server(c)).join(" or ")} (this run drew ${name.server(e.drawn)}): ${e.reason}`;
    default: return `${e.event} ${who}${EVENTS[e.event] ? `: ${EVENTS[e.event]}` : ""}`;
  }
}

/**
 * @param {{kind: "lost" | "back", outage: Outage}} row
 * @param {Namer} name
 */
function outageText({ kind, outage: e }, name) {
  const target = `${name.address(e.target)}`;
  const how = `(${e.kind})`;
  if (kind === "lost") return `${e.client} gets ${e.gaps > 1 ? "only some answers" : "no answer"} from ${target} ${how}`;
  const after = `after ${seconds(e.length_s)} s: ${e.told} lost`;
  return `${e.client} ${e.gaps > 1 ? "gets every answer from" : "reaches"} ${target} again ${how} ${after}`;
}

/**
 * @param {Row} row
 * @param {Namer} name
 * @param {AnnounceEvent} e
 */
function addresses(row, name, e) {
  const all = [...((!row.outage && row.addresses) || [e.address])].map((a) => name.address(a));
  return all.length > 3 ? `${all.slice(0, 2).join(", ")} and ${all.length - 2} more` : all.join(", ");
}

/**
 * @param {Model} model
 * @param {AdvertEvent} e
 * @param {Namer} name
 */
function senderName(model, e, name) {
  const port = model.cast.byIp.get(e.source ?? "");
  return port?.server ? name.server(port.server) : e.source;
}

/**
 * @param {string | null} port
 * @param {Namer} name
 */
export function portText(port, name) {
  if (!port) return "nowhere";
  const { server, interface: card } = parsePort(port);
  return `${name.server(server)}${card ? " " + card : ""}`;
}

/**
 * @param {Model} model
 * @param {string | null} mac
 * @param {Namer} name
 */
export function macOwner(model, mac, name) {
  if (!mac) return "nowhere";
  const port = model.cast.byMac.get(mac.toLowerCase());
  if (port) return port.server === undefined ? port.client : name.server(port.server);
  return name.mac(mac);
}

/**
 * Rows of the log; `what`: "story" (what changed), "packets" (all), "daemon" (log lines).
 * @param {Model} model
 * @param {LogKind} what
 */
export function logRows(model, what) {
  /** @type {Row[]} */
  const rows = [];
  const seen = new Map();
  /** @type {{kind: string, server: string, last: number, row: {n: number, addresses: Set<string>}} | null} */
  let burst = null;
  /** @type {(key: string, value: string | undefined) => boolean} */
  const first = (key, value) => {
    const is = seen.get(key) !== value;
    seen.set(key, value);
    return is;
  };
  model.events.forEach((e, i) => {
    const kind = e.event;
    if (kind === "scenario" || kind === "outage") return;
    if ((kind === "log") !== (what === "daemon")) return;
    if (kind === "garp_sent" || kind === "na_sent") {
      if (burst && burst.kind === kind && burst.server === e.server && e.t - burst.last < 0.3) {
        burst.row.n += 1;
        burst.row.addresses.add(e.address);
        burst.last = e.t;
        return;
      }
      const row = { t: e.t, i, kind, n: 1, addresses: new Set([e.address]) };
      burst = { kind, server: e.server, last: e.t, row };
      rows.push(row);
      return;
    }
    if (what === "story") {
      if (kind === "advert_received") return;
      if (kind === "advert_sent" && e.priority !== 0) return;
      if (kind === "advert_dropped" && !first(`drop|${e.server}|${e.source}|${e.vrid}`, e.reason)) return;
      if (kind === "advert_failed" && !first(`fail|${e.server}|${e.instance}`, e.reason)) return;
      if (kind === "script" && !first(`script|${e.server}|${e.script}`, e.result) && !e.changed) return;
      if (kind === "mac_learned" && !first(`mac|${e.segment}|${e.mac}`, String(e.port))) return;
    }
    rows.push({ t: e.t, i, kind });
  });
  if (what !== "daemon") {
    for (const outage of model.outages) {
      if (model.end - outage.from_s < 1e-6) continue;
      rows.push({ t: outage.from_s, i: -1, kind: "lost", outage });
      if (outage.to_s != null) rows.push({ t: outage.to_s, i: -1, kind: "back", outage });
    }
    rows.sort((a, b) => a.t - b.t);
  }
  return rows;
}

/**
 * Why an instance changed state. Facts are looked up in the trace.
 * @param {Model} model
 * @param {Change} change
 * @param {Namer} name
 * @param {Explain} [explain]
 * @returns {Answer}
 */
export function whyAnswer(model, change, name, explain) {
  const { e, t } = change;
  const reason = String(e.reason || "").trim();
  /** @type {Answer["facts"]} */
  const facts = [];
  const action = model.lastAction(t, e.server);
  if (action && t - action.t < 40) facts.push({ t: action.t, text: `${actionText({ ...withDaemon(model.cast, action.e), server: name.server(action.e.server) })}, ${before(t - action.t)}` });
  const instance = model.cast.servers.get(e.server)?.instances.find((x) => x.name === e.instance);
  const { heard, missed } = advertsBefore(model, t, e.server, instance?.vrid);
  const known = model.told.has("advert_received");
  if (heard) facts.push({ t: heard.t, text: `the last advert ${known ? "it heard came" : "sent was that"} from ${name.server(heard.server)}, priority ${heard.e.priority}, ${before(t - (heard.fate?.[e.server]?.at ?? heard.t))}` });
  if (missed.length) facts.push({ t: missed[0].t, text: `${many(missed.length, "advert")} of ${name.server(missed[0].server)} did not get through${heard ? " after that" : ""}` });
  facts.sort((a, b) => a.t - b.t);
  const silent = model.cast.origin === "simulation" ? "No reason was written down." : "Nobody can look inside a real daemon: this trace holds what was seen, not why. What was seen before:";
  const cut = reason.replace(/\([^)]*\)/g, (inside) => "_".repeat(inside.length)).search(/[.:;](\s|$)/);
  const title = `${name.server(e.server)} ${e.instance}: ${e.from ?? "?"} → ${e.to}`;
  const rule = ruleFor(change, explain);
  if (!reason) return { title, head: "", text: silent, facts, rule, lines: [] };
  /** @param {string} text */
  const capital = (text) => (/^[a-z]+\b(?![:.\d])/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text); // not eth0, not fe80::1
  /** @param {string} text */
  const sentence = (text) => text && capital(text) + (/[.!?]$/.test(text) ? "" : ".");
  const head = cut > 0 && cut < 110 ? reason.slice(0, cut) : reason;
  const rest = reason.slice(head.length).replace(/^[.:;]\s*/, "");
  return { title, head: sentence(head), text: sentence(rest), facts, rule, lines: linesFor(reason, explain?.options?.[e.server]?.[e.instance] || {}) };
}

/** @param {number} passed */
const before = (passed) => (passed < 0.0005 ? "at the same moment" : `${seconds(passed)} s before`);

/**
 * What allows a change: a paragraph of an RFC, or keepalived's own idea. Nothing rules that a process dies.
 * @param {Change} change
 * @param {Explain} [explain]
 */
function ruleFor({ e }, explain) {
  if (e.to === "STOP" && /SIGKILL|power/.test(e.reason || "")) return "";
  const rule = explain?.rules?.[`${e.from}>${e.to}`] || "";
  return rule === "keepalived" ? "keepalived's own, no RFC knows FAULT" : rule;
}

/**
 * The lines of keepalived.conf a reason speaks of.
 * @param {string} reason
 * @param {Record<string, ConfigLine>} options
 */
function linesFor(reason, options) {
  /** @type {Record<string, RegExp>} */
  const about = {
    advert_int: /master-down|\d x \d/, priority: /priority|skew|owner/, preempt_delay: /preempt_delay|waits/, nopreempt: /nopreempt/, down_timer_adverts: /master-down|\d x \d/,
    interface: new RegExp(`\\b${options.interface?.[1].split(" ")[1]}\\b`), state: /owner|starts/, virtual_router_id: /VRID/,
  };
  const found = Object.entries(options).filter(([word]) => (about[word] || new RegExp(`\\b${word.replace(/[^\w]/g, ".")}\\b`)).test(reason));
  return found.map(([, line]) => line).slice(0, 3);
}

/**
 * The last advert of others that a server heard before `t` (sent, where nobody knows who heard), and those it missed since.
 * @param {Model} model
 * @param {number} t
 * @param {string} server
 * @param {number} [vrid]
 */
function advertsBefore(model, t, server, vrid) {
  const flights = model.flights;
  const known = model.told.has("advert_received");
  /** @type {(Flight & {kind: "advert"})[]} */
  const missed = [];
  model.flightTimes ??= Float64Array.from(flights, (f) => f.t);
  for (let n = lastIndex(model.flightTimes, t), tried = 0; n >= 0 && tried < 5000; n--, tried++) {
    const f = flights[n];
    if (f.kind !== "advert" || f.server === server || (vrid != null && f.e.vrid !== vrid) || f.t >= t) continue;
    if (!known || f.fate?.[server]?.what === "heard") return { heard: f, missed };
    if (f.fate?.[server]) missed.unshift(f);
  }
  return { heard: null, missed };
}

/**
 * What is broken on a server at `t`: short sentences, worst first.
 * @param {Model} model
 * @param {Server} server
 * @param {number} t
 */
export function troubles(model, server, t) {
  /** @type {string[]} */
  const found = [];
  /** @type {(text: string, since: number | null) => void} */
  const say = (text, since) => void found.push(text + (since ? ` since ${seconds(since)} s` : ""));
  const power = model.about(t, "power", server.name);
  if (power.value === false) {
    say("no power", power.since);
    return found;
  }
  for (const i of server.interfaces) {
    const port = model.about(t, "port", server.name, i.name);
    if (port.value === "down") say(`${i.name} down`, port.since);
    if (port.value === "gone") say(`${i.name} deleted`, port.since);
    if (port.value === "unplugged") say(`${i.name}: cable out`, port.since);
  }
  const daemon = model.about(t, "daemon", server.name);
  if (daemon.value !== "running") say(`${server.daemon} ${daemon.value}`, daemon.since);
  for (const s of server.services) {
    const service = model.about(t, "service", server.name, s.name);
    if (service.value === "down") say(`${s.name} down`, service.since);
    if (service.value === "refusing") say(`${s.name} refuses clients`, service.since);
  }
  for (const s of server.scripts) {
    const script = model.about(t, "script", server.name, s.name);
    if (script.value && script.value !== "pass") say(`${s.name} fails`, script.since);
  }
  const firewall = model.about(t, "firewall", server.name);
  if (firewall.value) say(`firewall ${firewallText(firewall.value)}`, firewall.since);
  return found;
}
