import assert from "node:assert/strict";
import { test } from "node:test";
import { actionText, dropReason, firewallText, lengthText, logRows, namer, rowText, troubles, whyAnswer } from "../../vrrplab/views/static/words.js";
import { VIP, action, advert, at, builtIn, client, model, modelOf, outage, python, scenario, server, state, takes } from "./traces.js";

const EXAMPLE = {
  server: "r1", interface: "eth0", address: "192.168.2.7/24", service: "web", script: "chk", config: "r1.conf", process: "child", direction: "out", protocol: "vrrp",
  segment: "lan", loss: 0.3, latency_s: 0.2, jitter_s: 0.1, multicast: false, between: [["r1", "r2"]],
};
const example = (name) => ({ action: name, ...Object.fromEntries(python.actions[name].map((key) => [key, EXAMPLE[key]])) });
const log = (m, what) => logRows(m, what).map((row) => rowText(m, row, namer(m.cast)));

test("every action a scenario may have is told in words of its own, and names what it is done to", () => {
  const told = new Set();
  for (const name of Object.keys(python.actions)) {
    const words = actionText(example(name));
    assert.ok(!words.startsWith(`${name} r1`) && !words.includes("_"), `${name}: ${words}`);
    assert.ok(!/undefined|null|NaN/.test(words), `${name}: ${words}`);
    assert.match(words, python.actions[name].includes("server") ? /\br1\b/ : /\blan\b/);
    told.add(words);
  }
  assert.equal(told.size, Object.keys(python.actions).length, "no two in the same words");
});

test("an action nobody knows is told by its name", () => {
  assert.equal(actionText({ action: "solar_flare", server: "r1" }), "solar_flare r1");
});

test("what is a toss of a coin is told as either", () => {
  const event = { t: 1, event: "undecided", instance: "V1", candidates: ["r1", "r2"], drawn: "r2", reason: "their timers end at the same moment" };
  const m = modelOf(scenario(), event);
  assert.equal(rowText(m, { i: m.events.length - 1, t: 1 }, namer(m.cast)), "V1: either r1 or r2 (this run drew r2): their timers end at the same moment");
});

test("a fault of a network says all that is wrong with it", () => {
  const fault = (more) => actionText({ action: "segment_fault", segment: "lan", ...more });
  assert.equal(fault({ loss: 0.3, latency_s: 0.2 }), "network lan loses 30 % of all frames, takes 0.2 s for a frame");
  assert.equal(fault({ multicast: false }), "network lan carries no multicast");
  assert.equal(fault({ loss: 1, between: [["r1", "r2"]] }), "network lan loses 100 % of all frames (r1 → r2)");
  assert.equal(fault({}), "network lan has a fault");
});

test("what a check action is done to, what a kill kills, which way a firewall is closed", () => {
  assert.equal(actionText({ action: "check_fail", server: "r1" }), "every check on r1 fails from now on");
  assert.equal(actionText({ action: "check_pass", server: "r1", script: "chk" }), "chk on r1 passes from now on");
  assert.equal(actionText({ action: "daemon_kill", server: "r1", process: "both" }), "keepalived on r1 is killed");
  assert.equal(actionText({ action: "daemon_kill", server: "r1", process: "child" }), "keepalived on r1 is killed (child process)");
  assert.equal(actionText({ action: "firewall_drop", server: "r1", direction: "in" }), "the firewall of r1 drops VRRP coming in");
  assert.equal(actionText({ action: "firewall_clear", server: "r1" }), "the firewall of r1 lets VRRP through again");
});

test("every reason a packet is dropped for has words", () => {
  for (const name of python.drop_reasons) assert.ok(!dropReason(name).includes("_") && dropReason(name) !== name, `${name}: ${dropReason(name)}`);
  assert.equal(dropReason("SOLAR_FLARE"), "SOLAR_FLARE");
  assert.equal(dropReason(undefined), "no reason given");
});

test("a firewall in words", () => {
  assert.deepEqual(["", "in", "out", "in+out", "out+in"].map(firewallText), ["open", "drops VRRP coming in", "drops VRRP going out", "drops VRRP both ways", "drops VRRP both ways"]);
});

for (const name of python.scenarios) {
  test(`${name}: every row of the log is a sentence, in order of time`, () => {
    const m = builtIn(name);
    for (const what of ["story", "packets", "daemon"]) {
      const rows = logRows(m, what);
      rows.forEach((row, n) => assert.ok(!n || rows[n - 1].t <= row.t));
      for (const words of log(m, what)) assert.ok(words && !/undefined|\[object|NaN|null/.test(words), words);
      assert.ok(rows.length > 0, what);
    }
    const packets = logRows(m, "packets");
    const garps = m.events.filter((e) => e.event === "garp_sent" || e.event === "na_sent");
    assert.equal(packets.reduce((n, row) => n + (row.n ?? 0), 0), garps.length, "no announcement is left out of its burst");
    assert.equal(packets.filter((r) => r.kind === "advert_sent").length, m.events.filter((e) => e.event === "advert_sent").length);
    assert.ok(!logRows(m, "story").some((row) => row.kind === "advert_received"));
  });
}

test("the log of a small failure, word for word", () => {
  const garp = (t) => at(t, "garp_sent", { instance: "V1", interface: "eth0", address: VIP, mac: "02:00:00:00:00:01" });
  const m = model(
    state(0, "INIT", "MASTER"), takes(0.1), garp(0.2), garp(0.2), advert(1), advert(1, "received", { server: "r2" }),
    advert(2, "dropped", { server: "r2", reason: "BAD_TTL" }), advert(3, "dropped", { server: "r2", reason: "BAD_TTL" }),
    at(4, "priority", { instance: "V1", from: 199, to: 149 }), at(5, "script", { script: "chk", result: "fail", exit: "timeout" }),
    action(6, "service_stop", { service: "web" }), at(6, "service", { service: "web", up: false }), advert(7, "sent", { priority: 0 }),
    at(8, "notify", { script: "notify.sh", arguments: ["INSTANCE", "V1"] }), at(9, "interface", { interface: "eth0", up: false }),
    { t: 10, event: "neighbour", client: "pc", ip: VIP, mac: "02:00:00:00:00:02" }, { t: 11, event: "mac_learned", segment: "lan", mac: "02:00:00:00:00:02", port: "r2 eth0" },
    { t: 12, event: "mac_learned", segment: "lan", mac: "02:00:00:00:00:02", port: null }, { t: 13, event: "warning", text: "two masters" }, at(13, "log", { line: "only in the daemon's log" }),
    outage(14, 15, 9),
  );
  assert.deepEqual(log(m, "story"), [
    "r1 V1: INIT → MASTER", "r1 takes .101", "r1 announces .101: 2 gratuitous ARPs", "r2 throws away an advert of r1: TTL or hop limit is not 255",
    "r1 V1: priority 199 → 149", "check chk on r1 fails (timed out)", "web on r1 is stopped", "web on r1 has ended", "r1 V1 says goodbye: advert with priority 0",
    "r1 runs notify.sh INSTANCE V1", "r1 eth0 is down", "pc now reaches .101 at r2", "switch lan: …00:02 is at r2 eth0", "switch lan forgets where …00:02 is", "two masters",
    "pc gets no answer from .101 (icmp)", "pc reaches .101 again (icmp) after 1.000 s: 9 lost",
  ]);
  assert.deepEqual(log(m, "daemon"), ["r1: only in the daemon's log"]);
  assert.ok(log(m, "packets").includes("r2 V1 hears r1, priority 199"));
});

test("an outage to the end of the trace never comes back in the log", () => {
  const m = model(outage(14, null, 59));
  assert.deepEqual(log(m, "story"), ["pc gets no answer from .101 (icmp)"]);
  const some = model(outage(14, 15, 4, { gaps: 4, percent: 50, told: "4 of 8 (50 %)" }));
  assert.deepEqual(log(some, "story"), ["pc gets only some answers from .101 (icmp)", "pc gets every answer from .101 again (icmp) after 1.000 s: 4 of 8 (50 %) lost"]);
});

test("many addresses in one burst are counted, not listed", () => {
  const addresses = [1, 2, 3, 4, 5].map((n) => `192.168.2.${100 + n}`);
  const m = modelOf(scenario({ virtual_addresses: addresses }), ...addresses.map((address) => at(1, "garp_sent", { interface: "eth0", address })));
  assert.deepEqual(log(m, "story"), ["r1 announces .101, .102 and 3 more: 5 gratuitous ARPs"]);
});

test("names as short as they can be", () => {
  const name = namer(builtIn("article-drill-1-lan-nic").cast);
  assert.deepEqual([name.server("proxy-serv01"), name.server("stranger"), name.server(undefined), name.address("192.168.2.101/24"), name.address("8.8.8.8"), name.mac("02:00:00:00:01:fb"), name.mac(null)], ["serv01", "stranger", "", ".101", "8.8.8.8", "…01:fb", "nobody"]);
});

test("why: the reason's first sentence, the rest, what happened before, the rule and the lines it speaks of", () => {
  const reason = "priority 199 > 150: takes over (eth0: link up)";
  const m = model(
    action(3, "daemon_stop", { server: "r2" }), state(0, "INIT", "BACKUP"), advert(2, "sent", { server: "r2", source: "192.168.2.2", priority: 150 }), advert(2.5, "received", { source: "192.168.2.2", priority: 150 }),
    advert(4, "sent", { server: "r2", source: "192.168.2.2", priority: 150 }), state(6, "BACKUP", "MASTER", { reason }),
  );
  const explain = { rules: { "BACKUP>MASTER": "RFC 3768 section 6.4.2" }, options: { r1: { V1: { priority: ["r1.conf:5", "priority 199"], advert_int: ["r1.conf:6", "advert_int 1"] } } } };
  const answer = whyAnswer(m, m.changes[1], namer(m.cast), explain);
  assert.deepEqual([answer.title, answer.head, answer.text, answer.rule], ["r1 V1: BACKUP → MASTER", "Priority 199 > 150.", "Takes over (eth0: link up).", "RFC 3768 section 6.4.2"]);
  assert.deepEqual(answer.lines, [["r1.conf:5", "priority 199"]]);
  assert.deepEqual(answer.facts, [
    { t: 2, text: "the last advert it heard came from r2, priority 150, 3.500 s before" }, { t: 3, text: "keepalived on r2 is stopped, 3.000 s before" },
    { t: 4, text: "1 advert of r2 did not get through after that" },
  ]);
});

test("why, of a real daemon: nobody knows, and it says so", () => {
  const m = modelOf(scenario({ origin: "recording" }), state(1, "BACKUP", "MASTER"));
  const answer = whyAnswer(m, m.changes[0], namer(m.cast));
  assert.deepEqual([answer.head, answer.facts, answer.lines], ["", [], []]);
  assert.match(answer.text, /Nobody can look inside a real daemon/);
});

test("why: nothing rules that a process dies, and no RFC knows FAULT", () => {
  const rule = (to, reason, says) => {
    const m = model(state(1, "MASTER", to, { reason }));
    return whyAnswer(m, m.changes[0], namer(m.cast), { rules: { [`MASTER>${to}`]: says } }).rule;
  };
  assert.equal(rule("STOP", "SIGKILL", "keepalived"), "");
  assert.equal(rule("FAULT", "eth0 is down", "keepalived"), "keepalived's own, no RFC knows FAULT");
});

test("every change of the built-in scenarios has a reason that begins a sentence", () => {
  for (const name of python.scenarios) {
    const m = builtIn(name);
    for (const change of m.changes) {
      const { head, text } = whyAnswer(m, change, namer(m.cast));
      assert.match(head, /\S.*[.!?]$/, `${name} at ${change.t}`);
      assert.ok(!/^[.:;,]/.test(text), text);
    }
  }
});

test("what is broken on a server, worst first, and since when", () => {
  const servers = { r1: server(1), r2: server(2) };
  const m = modelOf(scenario({ servers, clients: { pc: client(VIP) } }), at(1, "script", { script: "chk", result: "fail", exit: 1 }), action(2, "carrier_down", { interface: "eth0" }), action(3, "daemon_freeze"), at(4, "service", { service: "web", up: false }), action(5, "firewall_drop", { direction: "in" }), action(9, "power_off"));
  const of = (t) => troubles(m, m.cast.servers.get("r1"), t);
  assert.deepEqual(of(0), []);
  assert.deepEqual(of(5), ["eth0: cable out since 2.000 s", "keepalived frozen since 3.000 s", "web down since 4.000 s", "chk fails since 1.000 s", "firewall drops VRRP coming in since 5.000 s"]);
  assert.deepEqual(of(9), ["no power since 9.000 s"], "of a server without power nothing else needs saying");
  assert.deepEqual(troubles(m, m.cast.servers.get("r2"), 9), []);
});

test("a server that runs FRR is called so", () => {
  const m = modelOf(scenario({ servers: { r1: server(1, { daemon: "FRR" }), r2: server(2) } }), action(1, "daemon_stop"), action(2, "daemon_stop", { server: "r2" }));
  assert.deepEqual(log(m, "story").slice(-2), ["FRR on r1 is stopped", "keepalived on r2 is stopped"]);
  assert.deepEqual(troubles(m, m.cast.servers.get("r1"), 3), ["FRR stopped since 1.000 s"]);
});

test("a route that comes and goes is told as ip route shows it", () => {
  const text = "198.51.100.0/24 via 10.9.9.1 dev eth1 proto keepalived";
  const m = modelOf(scenario({ servers: { r1: server(1) } }), at(1, "route_added", { text }), at(2, "route_removed", { text }));
  const told = (t) => rowText(m, { i: m.events.findIndex((e) => e.t === t), t }, namer(m.cast));
  assert.equal(told(1), `r1 adds the route ${text}`);
  assert.equal(told(2), `r1 loses the route ${text}`);
});

test("an outage is as long here as in the figure of the same run", () => {
  let compared = 0;
  for (const [name, lengths] of Object.entries(python.figures)) {
    const ours = builtIn(name).outages.map((o) => lengthText(o.length_s));
    for (const length of lengths) assert.ok(ours.includes(length), `${name}: ${length} is none of ${ours}`);
    compared += lengths.length;
  }
  assert.ok(compared >= 40, `${compared}`);
  assert.deepEqual([2.625, 2.615, 2.6149, 0.005].map(lengthText), ["2.63 s", "2.62 s", "2.61 s", "0.01 s"]);
});
