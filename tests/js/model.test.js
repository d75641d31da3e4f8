import assert from "node:assert/strict";
import { actionText, logRows, namer, rowText, seconds } from "../../vrrplab/views/static/words.js";
import { test } from "node:test";
import { parseTrace, portName, parsePort } from "../../vrrplab/views/static/model.js";
import { VIP, action, advert, at, builtIn, client, givesUp, model, modelOf, outage, python, scenario, server, state, takes } from "./traces.js";

test("JSON lines are read whatever ends them, and bad ones refused", () => {
  assert.deepEqual(parseTrace('{"t": 0, "event": "log"}\r\n\r\n{"t": 1, "event": "log"}\n').map((e) => e.t), [0, 1]);
  assert.deepEqual(parseTrace(" \n"), []);
  assert.throws(() => parseTrace("not JSON"), SyntaxError);
});

for (const name of python.scenarios) {
  test(`${name}: states, priorities and owners at every moment are those of the events up to it`, () => {
    const m = builtIn(name);
    const states = new Map();
    const owners = new Map();
    m.events.forEach((e, n) => {
      if (e.event === "state") states.set(`${e.server} ${e.instance}`, e.to);
      if (e.event === "address_added") owners.set(`${e.address.split("/")[0]} ${e.server}`, true);
      if (e.event === "address_removed") owners.delete(`${e.address.split("/")[0]} ${e.server}`);
      if (e.event === "action" && e.action === "power_off") {
        for (const key of owners.keys()) if (key.endsWith(` ${e.server}`)) owners.delete(key);
        for (const key of states.keys()) if (key.startsWith(`${e.server} `)) states.set(key, "INIT");
      }
      if (m.events[n + 1]?.t === e.t) return; // the model tells what is so after everything of a moment
      for (const server of m.cast.servers.values()) {
        for (const i of server.instances) assert.equal(m.value(e.t, "state", server.name, i.name), states.get(`${server.name} ${i.name}`) ?? "INIT", `${server.name} ${i.name} at ${e.t}`);
      }
      for (const v of m.cast.vips) assert.deepEqual(m.holders(v.address, e.t), [...m.cast.servers.keys()].filter((s) => owners.has(`${v.address} ${s}`)), `${v.address} at ${e.t}`);
    });
    assert.ok(states.size > 0);
  });
}

test("drill 1: the LAN interface fails, the other proxy takes over, and gives back", () => {
  const m = builtIn("article-drill-1-lan-nic");
  const down = m.actions[0].t;
  const up = m.actions[1].t;
  const of = (t) => ["proxy-serv01", "proxy-serv02"].map((s) => m.value(t, "state", s, "proxy_ip1"));
  assert.deepEqual([m.actions[0].e.action, m.actions[1].e.action], ["link_down", "link_up"]);
  assert.deepEqual(of(down - 0.01), ["MASTER", "BACKUP"]);
  assert.deepEqual(of(up - 0.01), ["FAULT", "MASTER"]);
  assert.deepEqual(of(m.end), ["MASTER", "BACKUP"]);
  assert.deepEqual([down - 0.01, up - 0.01, m.end].map((t) => m.holders("192.168.2.101", t)), [["proxy-serv01"], ["proxy-serv02"], ["proxy-serv01"]]);
  assert.deepEqual([down - 0.01, down, up].map((t) => m.value(t, "port", "proxy-serv01", "eth0")), ["up", "down", "up"]);
  const change = m.lastChange(up - 0.01, "proxy-serv02", "proxy_ip1");
  assert.deepEqual([change.e.from, change.e.to], ["BACKUP", "MASTER"]);
  assert.equal(m.lastAction(up - 0.01).e.action, "link_down");
  const outage = m.outage("office-pc", "192.168.2.101", down + 1);
  assert.ok(outage.from_s <= down && outage.to_s < down + 4, "one master-down interval");
  assert.equal(m.outage("office-pc", "192.168.2.102", down + 1), null);
});

test("kill -9 leaves the address where it is, with a daemon that is gone", () => {
  const m = builtIn("kill-9");
  const { t, e } = m.actions.find((a) => a.e.action === "daemon_kill");
  assert.equal(m.value(t + 0.1, "daemon", e.server), "killed");
  assert.ok(m.holders("192.168.2.101", t + 0.1).includes(e.server));
  assert.deepEqual(m.holders("192.168.2.101", t + 5), ["proxy-serv01", "proxy-serv02"], "both have it once the other took over");
});

test("between two moments of one epoch nothing drawn differs", () => {
  const m = builtIn("power-off");
  const drawn = (t) => JSON.stringify([...m.lines.values()].map((line) => line.at(t)));
  let last = { epoch: -2, drawn: "" };
  const seen = new Set();
  for (let t = 0; t <= m.end; t += 0.05) {
    const now = { epoch: m.epoch(t), drawn: drawn(t) };
    if (now.epoch === last.epoch) assert.equal(now.drawn, last.drawn, `at ${t}`);
    seen.add(now.epoch);
    last = now;
  }
  assert.ok(seen.size > 5);
});

test("steps are all moments of events, jumps those of states and actions, in order", () => {
  const m = model(action(2, "link_down", { interface: "eth0" }), at(3, "log", { line: "x" }), state(4, "MASTER", "FAULT"));
  assert.deepEqual([...m.steps], [0, 2, 3, 4]);
  assert.deepEqual([...m.jumps], [2, 4]);
});

test("the end is the scenario's, or later where the trace goes on", () => {
  assert.equal(model(at(5, "log", { line: "x" })).end, 20);
  assert.equal(model(at(25, "log", { line: "x" })).end, 25);
  assert.ok(modelOf().end > 0, "nothing is divided by zero");
});

test("without power everything is silent and forgotten; with power the daemon runs and the firewall is open", () => {
  const m = model(takes(1), state(1, "INIT", "MASTER"), action(2, "firewall_drop", { direction: "in" }), action(3, "power_off"), action(8, "power_on"));
  assert.deepEqual([2.5, 3, 8].map((t) => m.value(t, "power", "r1")), [true, false, true]);
  assert.deepEqual([2.5, 3].map((t) => m.holders(VIP, t)), [["r1"], []]);
  assert.deepEqual([2.5, 3].map((t) => m.value(t, "state", "r1", "V1")), ["MASTER", "INIT"]);
  assert.deepEqual([2.5, 8].map((t) => m.value(t, "firewall", "r1")), ["in", ""]);
  assert.equal(m.value(8, "daemon", "r1"), "running");
});

test("what an action does to a daemon", () => {
  const after = (name, more) => model(action(1, name, more)).value(2, "daemon", "r1");
  assert.deepEqual(["daemon_stop", "daemon_start", "daemon_freeze", "daemon_thaw", "daemon_kill"].map((name) => after(name)), ["stopped", "running", "frozen", "running", "killed"]);
  assert.equal(after("daemon_kill", { process: "child" }), "running", "its parent starts a new one");
});

test("what an action does to a port, and what the interface then says of itself", () => {
  const after = (...names) => model(...names.map((name, n) => action(n + 1, name, { interface: "eth0" }))).value(9, "port", "r1", "eth0");
  assert.deepEqual([after("link_down"), after("link_down", "link_up"), after("carrier_down"), after("carrier_down", "carrier_up"), after("ifdown"), after("ifdown", "ifup")], ["down", "up", "unplugged", "up", "down", "up"]);
  const said = model(action(1, "carrier_down", { interface: "eth0" }), at(1.1, "interface", { interface: "eth0", up: false }), at(5, "interface", { interface: "eth0", up: true }));
  assert.equal(said.value(2, "port", "r1", "eth0"), "unplugged", "that it is down does not say that it was set down");
  assert.equal(said.value(5, "port", "r1", "eth0"), "up");
});

test("a firewall closes and opens one way at a time", () => {
  const m = model(action(1, "firewall_drop", { direction: "in" }), action(2, "firewall_drop", { direction: "out" }), action(3, "firewall_clear", { direction: "in" }), action(4, "firewall_drop", { direction: "in" }), action(5, "firewall_clear"));
  assert.deepEqual([1, 2, 3, 4, 5].map((t) => m.value(t, "firewall", "r1")), ["in", "in+out", "out", "out+in", ""]);
});

test("faults of a network add up until it is healed", () => {
  const fault = (t, more) => ({ t, event: "action", action: "segment_fault", segment: "lan", ...more });
  const m = model(fault(1, { loss: 1 }), fault(2, { latency_s: 0.2 }), { t: 3, event: "action", action: "segment_heal", segment: "lan" });
  assert.deepEqual([1, 2].map((t) => JSON.parse(m.value(t, "fault", "lan"))), [{ loss: 1 }, { loss: 1, latency_s: 0.2 }]);
  assert.equal(m.value(3, "fault", "lan"), null);
});

test("a healing that names keys leaves the other faults of a network", () => {
  const of = (t, action, more) => ({ t, event: "action", action, segment: "lan", ...more });
  const m = model(of(1, "segment_fault", { loss: 1, latency_s: 0.2 }), of(2, "segment_fault", { between: [["r1", "r2"]] }), of(3, "segment_heal", { latency_s: 0 }), of(4, "segment_heal", { loss: 0 }), of(5, "segment_heal", { between: [] }));
  const at = [2, 3, 4, 5].map((t) => JSON.parse(m.value(t, "fault", "lan")));
  assert.deepEqual(at, [{ loss: 1, latency_s: 0.2, between: { "r1 → r2": { loss: 1 } } }, { loss: 1, between: { "r1 → r2": { loss: 1 } } }, { between: { "r1 → r2": { loss: 1 } } }, null]);
  assert.deepEqual(m.actions.slice(2).map((a) => actionText(a.e)), [
    "network lan works again in part, but still loses 100 % of all frames, loses 100 % of all frames (r1 → r2)",
    "network lan works again in part, but still loses 100 % of all frames (r1 → r2)",
    "network lan works again",
  ]);
});

test("services and checks", () => {
  const m = model(at(1, "service", { service: "web", up: true, accepting: false }), at(2, "service", { service: "web", up: false }), at(3, "service", { service: "web", up: true, accepting: true }), at(4, "script", { script: "chk", result: "fail" }));
  assert.deepEqual([0, 1, 2, 3].map((t) => m.value(t, "service", "r1", "web")), ["up", "refusing", "down", "up"]);
  assert.deepEqual([3, 4].map((t) => m.value(t, "script", "r1", "chk")), [null, "fail"]);
});

test("what became of an advert: heard, thrown away, or lost on the way", () => {
  const backup = state(0.5, "INIT", "BACKUP", { server: "r2" });
  const heard = { server: "r2" };
  const m = model(backup, advert(1), advert(1.001, "received", heard), advert(2), advert(2.001, "dropped", { ...heard, reason: "BAD_TTL" }), advert(3), advert(4, "received", { server: "r2", source: "192.168.2.7" }));
  assert.deepEqual(m.flights.map((f) => [f.t, f.fate.r2.what, f.fate.r2.reason]), [[1, "heard", undefined], [2, "dropped", "BAD_TTL"], [3, "lost", undefined]]);
});

test("an advert is lost only for those who listen", () => {
  const fates = (...events) => model(...events, advert(5), advert(9), advert(9.001, "received", { server: "r2" })).flights[0].fate;
  const backup = state(0.5, "INIT", "BACKUP", { server: "r2" });
  assert.equal(fates(backup).r2.what, "lost");
  assert.equal(fates(), null, "an instance in INIT does not listen");
  assert.equal(fates(backup, action(2, "daemon_freeze", { server: "r2" })), null);
  assert.equal(fates(backup, action(2, "power_off", { server: "r2" })), null);
});

test("an advert for one peer is lost only for that peer", () => {
  const servers = { r1: server(1), r2: server(2), r3: server(3) };
  const m = modelOf(scenario({ servers }), state(0, "INIT", "BACKUP", { server: "r2" }), state(0, "INIT", "BACKUP", { server: "r3" }), advert(1, "sent", { destination: "192.168.2.3" }), advert(2), advert(2, "received", { server: "r2" }));
  assert.deepEqual(Object.keys(m.flights[0].fate), ["r3"]);
});

test("announcements in quick succession are one burst", () => {
  const garp = (t, more) => at(t, "garp_sent", { instance: "V1", interface: "eth0", address: VIP, mac: "02:00:00:00:00:01", ...more });
  const m = model(garp(1), garp(1.001), garp(1.002), garp(5), garp(5.001, { server: "r2" }));
  assert.deepEqual(m.flights.map((f) => f.order), [0, 1, 2, 0, 0]);
});

test("where nobody looked into the switch, it has learned from the frames' sources", () => {
  const m = model(advert(1), at(2, "garp_sent", { server: "r2", interface: "eth0", address: VIP, mac: "00:00:5E:00:01:01" }));
  assert.ok(m.guessedMacs);
  assert.equal(m.value(1, "mac", "lan", "02:00:00:00:00:01"), "r1 eth0");
  assert.equal(m.value(2, "mac", "lan", "00:00:5e:00:01:01"), "r2 eth0");
  assert.equal(model(advert(1), { t: 2, event: "mac_learned", segment: "lan", mac: "02:00:00:00:00:01", port: "r1:eth0" }).value(1, "mac", "lan", "02:00:00:00:00:01"), null);
});

test("a client's frame goes where its cache and the switch say, though another has the address", () => {
  const mac = "02:00:00:00:00:01";
  const m = model(takes(1), at(1, "neighbour", { client: "pc", server: undefined, ip: VIP, mac }), { t: 1, event: "mac_learned", segment: "lan", mac, port: "r1 eth0" }, givesUp(5), takes(5, { server: "r2" }), { t: 9, event: "mac_learned", segment: "lan", mac, port: "r2 eth0" });
  const pc = m.cast.clients.get("pc");
  assert.deepEqual([0.5, 1, 5, 9].map((t) => m.route(pc, VIP, t)?.server), [undefined, "r1", "r1", "r2"]);
  assert.ok(m.answers(pc, pc.probes[0], VIP, 2));
  assert.ok(!m.answers(pc, pc.probes[0], VIP, 6), "r1 has it no more");
});

test("without caches in the trace a client reaches whoever has the address", () => {
  const m = model(takes(1), action(5, "link_down", { interface: "eth0" }));
  const pc = m.cast.clients.get("pc");
  assert.equal(m.route(pc, VIP, 0), null);
  assert.deepEqual(m.route(pc, VIP, 2), { server: "r1", interface: "eth0" });
  assert.deepEqual([2, 5].map((t) => m.answers(pc, pc.probes[0], VIP, t)), [true, false]);
});

test("a web request needs the service on its port, a ping does not", () => {
  const m = model(takes(1), at(5, "service", { service: "web", up: false }));
  const pc = m.cast.clients.get("pc");
  const asks = (kind, port) => m.answers(pc, { kind, target: VIP, port }, VIP, 6);
  assert.deepEqual([asks("icmp"), asks("http", 80), asks("http", 8080)], [true, false, true]);
});

test("a capture shows no addresses being added: the MASTER is taken to hold them", () => {
  const m = modelOf(advert(0.1), state(1, "BACKUP", "MASTER"), state(5, "MASTER", "BACKUP"));
  assert.deepEqual([0.5, 1, 5].map((t) => m.holders(VIP, t)), [[], ["r1"], []]);
});

test("outages are Python's, in order of their start", () => {
  const share = { sent: 8, gaps: 4, percent: 50, told: "4 of 8 (50 %)" };
  const m = model(outage(5, 5.8, 4, share), outage(12, null, 80), outage(4, 6, 9, { kind: "http" }));
  assert.deepEqual(m.outages.map((o) => [o.kind, o.from_s, o.to_s, o.lost, o.percent]), [["http", 4, 6, 9, null], ["icmp", 5, 5.8, 4, 50], ["icmp", 12, null, 80, null]]);
  assert.deepEqual([4.9, 5, 5.7, 5.8, 12, 19].map((t) => Boolean(m.outage("pc", VIP, t, "icmp"))), [false, true, true, false, true, true]);
  assert.equal(m.outage("pc", VIP, 6.5), null);
});

for (const [name, rows] of Object.entries(python.outages)) {
  test(`${name}: its outages are those of the table, in every word`, () => {
    const m = builtIn(name);
    const told = m.outages.map((o) => [o.target, o.kind, `${seconds(o.from_s)} s`, o.to_s === null ? "the end" : `${seconds(o.to_s)} s`, `${seconds(o.length_s)} s`, o.told]);
    assert.deepEqual(told.map(String).sort(), rows.map(String).sort());
    for (const o of m.outages) assert.equal(o.told.includes("%"), o.percent !== null);
    for (const o of m.outages.filter((x) => x.percent !== null)) assert.equal(o.told, `${o.lost} of ${o.sent} (${o.percent} %)`);
    const log = logRows(m, "story").filter((row) => row.kind === "back").map((row) => rowText(m, row, namer(m.cast)));
    const back = m.outages.filter((o) => o.to_s !== null).map((o) => `after ${seconds(o.length_s)} s: ${o.told} lost`);
    assert.deepEqual(log.map((line) => line.slice(line.indexOf("after "))).sort(), back.sort());
  });
}

test("a client can have been served since somebody had the address", () => {
  const m = model(takes(3));
  assert.deepEqual([m.servedFrom("pc", VIP), m.servedFrom("pc", "10.9.9.9")], [3, 0]);
  assert.equal(model().servedFrom("pc", VIP), Infinity);
  const named = modelOf(scenario({ dns: { web: [VIP] }, clients: { pc: client("web") } }), takes(3));
  assert.equal(named.servedFrom("pc", "web"), 3);
});

test("of several actions at one moment the one done to a server is told for it", () => {
  const m = model(action(5, "link_down", { interface: "eth0" }), action(5, "daemon_stop", { server: "r2" }));
  assert.equal(m.lastAction(6, "r1").e.action, "link_down");
  assert.equal(m.lastAction(6, "r2").e.action, "daemon_stop");
  assert.equal(m.lastAction(6, "r3").e.action, "daemon_stop");
  assert.equal(m.lastAction(4, "r1"), null);
});

test("a switch port has one spelling", () => {
  assert.deepEqual(["r1 eth0", "r1:eth0", "r1/eth0", "r1.eth0", { server: "r1", interface: "eth0" }, null].map(portName), ["r1 eth0", "r1 eth0", "r1 eth0", "r1 eth0", "r1 eth0", ""]);
  assert.deepEqual(parsePort("r1 eth0"), { server: "r1", interface: "eth0" });
});

test("what a client asks of another network goes the way of its router's cache", () => {
  const m = modelOf(
    scenario({
      segments: { lan: {}, office: {} },
      clients: { pc: { segment: "office", mac: "02:00:00:00:00:99", addresses: ["10.0.0.9/24"], probes: [] } },
      routers: { r9: { interfaces: { lan: { segment: "lan", mac: "02:00:00:00:d0:01", addresses: ["192.168.2.254/24"] }, office: { segment: "office", mac: "02:00:00:00:d1:01", addresses: ["10.0.0.1/24"] } } } },
    }),
    { t: 1, event: "neighbour", client: "pc", ip: "10.0.0.1", mac: "02:00:00:00:d1:01" },
    { t: 1, event: "mac_learned", segment: "lan", mac: "02:00:00:00:00:01", port: "r1:eth0" },
    { t: 2, event: "neighbour", client: "r9", ip: VIP, mac: "02:00:00:00:00:01" },
  );
  const pc = m.cast.clients.get("pc");
  assert.equal(m.route(pc, VIP, 1.5), null);
  assert.deepEqual(m.route(pc, VIP, 3), { server: "r1", interface: "eth0", via: "r9" });
  assert.equal(m.cast.byMac.get("02:00:00:00:d1:01").client, "r9");
});
