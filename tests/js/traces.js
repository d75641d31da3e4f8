// Traces for the tests of the player's scripts: the built-in scenarios', and small ones made by hand.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Model, parseTrace } from "../../vrrplab/views/static/model.js";

const folder = process.env.VRRPLAB_TRACES;
if (!folder) throw new Error("VRRPLAB_TRACES names no folder of traces; `python -m pytest tests/js` makes them and runs this");

/** What Python says of itself: names of built-in scenarios, actions, drop reasons, what its table says of outages. */
export const python = JSON.parse(readFileSync(join(folder, "python.json"), "utf8"));

export const builtInText = (name) => readFileSync(join(folder, `${name}.jsonl`), "utf8");
export const builtIn = (name) => new Model(parseTrace(builtInText(name)));

export const VIP = "192.168.2.101";

/** A server of the cast: eth0 on lan, one instance V1 with VRID 1. */
export function server(last, more = {}) {
  return {
    config: `r${last}.conf`,
    interfaces: { eth0: { segment: "lan", mac: `02:00:00:00:00:${String(last).padStart(2, "0")}`, addresses: [`192.168.2.${last}/24`] } },
    services: { web: { port: 80 } },
    instances: { V1: { vrid: 1, interface: "eth0", priority: 200 - last, advert_int_s: 1, virtual_addresses: [`${VIP}/24`] } },
    ...more,
  };
}

/** A client of the cast on lan that asks for each of these targets. */
export function client(...targets) {
  return { segment: "lan", mac: "02:00:00:00:00:99", addresses: ["192.168.2.99/24"], probes: targets.map((target) => ({ kind: "icmp", target, every_s: 0.1 })) };
}

/** The first event of a trace of r1 and r2 on lan. */
export function scenario(more = {}) {
  return {
    t: 0, event: "scenario", name: "two", description: "two routers", origin: "simulation", profile: "keepalived-2.2.7", seed: 0, duration_s: 20,
    segments: { lan: { subnet: "192.168.2.0/24" } }, servers: { r1: server(1), r2: server(2) }, clients: { pc: client(VIP) },
    virtual_addresses: [VIP], ...more,
  };
}

/** An event of r1. */
export const at = (t, event, more = {}) => ({ t, event, server: "r1", ...more });
export const action = (t, name, more = {}) => at(t, "action", { action: name, ...more });
export const state = (t, from, to, more = {}) => at(t, "state", { instance: "V1", from, to, ...more });
export const takes = (t, more = {}) => at(t, "address_added", { instance: "V1", interface: "eth0", address: `${VIP}/24`, ...more });
export const givesUp = (t, more = {}) => at(t, "address_removed", { instance: "V1", interface: "eth0", address: `${VIP}/24`, ...more });
export const advert = (t, kind = "sent", more = {}) => at(t, `advert_${kind}`, { instance: "V1", source: "192.168.2.1", destination: "224.0.0.18", version: 2, vrid: 1, priority: 199, addresses: [VIP], ...more });

/** An outage of pc, as Python tells the player of it. */
export const outage = (from_s, to_s, lost, more = {}) => {
  const length_s = (to_s ?? 20) - from_s;
  return { t: from_s + length_s, event: "outage", client: "pc", kind: "icmp", target: VIP, from_s, to_s, lost, sent: lost + 1, gaps: 1, percent: null, length_s, told: String(lost), ...more };
};

/** The model of the cast above and these events. */
export const model = (...events) => new Model([scenario(), ...events]);
/** The model of these events and nothing else. */
export const modelOf = (...events) => new Model(events);
