import assert from "node:assert/strict";
import { test } from "node:test";
import { choices, known, whyNot } from "../../vrrplab/views/static/menus.js";
import { VIP, action, advert, at, builtIn, model, modelOf, python, scenario, server, takes } from "./traces.js";

const thing = (kind, more = {}) => ({ kind, title: kind, server: "r1", ...more });
const labels = (m, what, t = 5) => choices(m, what, t).map((c) => c.label);
const does = (m, what, label, t = 5) => choices(m, what, t).find((c) => c.label === label).actions;

/** Everything that can be clicked in a model. */
function things(m) {
  const all = [];
  for (const s of m.cast.servers.values()) {
    const of = (kind, list) => list.map((x) => ({ kind, title: "", server: s.name, name: x.name, segment: x.segment }));
    all.push(thing("server", { server: s.name }), thing("daemon", { server: s.name, name: "keepalived" }), thing("firewall", { server: s.name }));
    all.push(...of("nic", s.interfaces), ...of("cable", s.interfaces), ...of("service", s.services), ...of("script", s.scripts), ...of("instance", s.instances));
    all.push(...m.cast.vips.map((v) => thing("vip", { server: s.name, address: v.address })));
  }
  all.push(...m.cast.vips.map((v) => ({ kind: "vip", title: "", address: v.address })), ...m.cast.segments.map((s) => ({ kind: "switch", title: "", segment: s.name })));
  all.push(...m.flights.slice(0, 3).map((flight) => ({ kind: "packet", title: "", flight })));
  return all;
}

for (const name of python.scenarios) {
  test(`${name}: whatever a menu offers is an action a scenario may have, with all its keys`, () => {
    const m = builtIn(name);
    for (let t = 0; t <= m.end; t += m.end / 7) {
      for (const what of things(m)) {
        const offered = choices(m, what, t);
        assert.equal(new Set(offered.map((c) => c.label)).size, offered.length, "no line twice");
        for (const { label, actions } of offered) {
          assert.ok(actions.length > 0, label);
          for (const { action: kind, at_s: _, ...keys } of actions) {
            assert.ok(kind in python.actions, kind);
            for (const key of Object.keys(keys)) assert.ok(python.actions[kind].includes(key), `${kind} ${key}`);
            for (const key of python.needed[kind]) assert.ok(keys[key] !== undefined && keys[key] !== "", `${label}: ${kind} needs ${key}`);
          }
        }
      }
    }
  });
}

test("an interface that is up, down, unplugged, deleted, or without power", () => {
  const nic = thing("nic", { name: "eth0", segment: "lan" });
  const eth0 = { interface: "eth0" };
  assert.deepEqual(labels(model(), nic), ["Set eth0 down", "Pull its cable", "ifdown eth0", "Delete eth0"]);
  assert.deepEqual(labels(model(action(1, "link_down", eth0)), nic), ["Set eth0 up", "ifup eth0"]);
  assert.deepEqual(labels(model(action(1, "carrier_down", eth0)), nic), ["Put the cable back"]);
  assert.deepEqual(labels(model(action(1, "interface_delete", eth0), at(1, "interface", { ...eth0, up: false })), nic), ["Add eth0 again"]);
  assert.deepEqual(labels(model(action(1, "power_off")), nic), ["Give it power"]);
  assert.deepEqual(does(model(), nic, "Set eth0 down"), [{ action: "link_down", server: "r1", interface: "eth0" }]);
});

test("a cable loses frames one way or the other, to every other server of its network", () => {
  const m = model();
  const cable = thing("cable", { name: "eth0", segment: "lan" });
  assert.deepEqual(does(m, cable, "Lose all it sends to other servers"), [{ action: "segment_fault", segment: "lan", between: [["r1", "r2"]], loss: 1 }]);
  assert.deepEqual(does(m, cable, "Lose all others send to it")[0].between, [["r2", "r1"]]);
  const faulty = model({ t: 1, event: "action", action: "segment_fault", segment: "lan", loss: 1 });
  assert.deepEqual(does(faulty, cable, "Repair network lan"), [{ action: "segment_heal", segment: "lan" }]);
});

test("a service, a check, a daemon: what can be done follows from how it is", () => {
  const web = thing("service", { name: "web" });
  assert.deepEqual(labels(model(), web), ["Stop web", "Kill web"]);
  assert.deepEqual(labels(model(at(1, "service", { service: "web", up: false })), web), ["Start web"]);
  const check = thing("script", { name: "chk" });
  const result = (word) => model(at(1, "script", { script: "chk", result: word, exit: 0 }));
  assert.deepEqual(labels(result("pass"), check), ["Let the check fail", "Let the check hang"]);
  assert.deepEqual(labels(result("fail"), check), ["Let the check pass", "Let the check hang"]);
  const daemon = thing("daemon", { name: "keepalived" });
  assert.deepEqual(labels(model(), daemon), ["Stop keepalived", "Kill it", "Kill its VRRP child", "Freeze it", "Reload"]);
  assert.deepEqual(labels(model(action(1, "daemon_freeze")), daemon), ["Let it go on"]);
  assert.deepEqual(labels(model(action(1, "daemon_stop")), daemon), ["Start keepalived"]);
  const frr = modelOf(scenario({ servers: { r1: server(1, { daemon: "FRR" }) } }));
  assert.deepEqual(labels(frr, thing("daemon", { name: "FRR" })), ["Stop FRR", "Kill it", "Freeze it"]);
});

test("what a daemon tracks: files with the value that means FAULT, processes with their quorum, BFD sessions", () => {
  const tracked = { files: { load: 254, drain: 0 }, processes: { web: 2 }, bfds: ["PEER"] };
  const m = modelOf(scenario({ servers: { r1: server(1, { tracked }), r2: server(2) } }));
  const daemon = thing("daemon", { name: "keepalived" });
  assert.deepEqual(labels(m, daemon).slice(5), [
    "Write 254 into load", "Write 0 into load", "Write 0 into drain", "Write 1 into drain", "End every web", "Run 2 of web", "BFD PEER down", "BFD PEER up",
  ]);
  assert.deepEqual(does(m, daemon, "Write 1 into drain"), [{ action: "file_write", server: "r1", file: "drain", value: 1 }]);
  assert.deepEqual(does(m, daemon, "Run 2 of web"), [{ action: "process_count", server: "r1", process: "web", count: 2 }]);
});

test("a firewall offers what is not yet so, on its own and in its server's menu", () => {
  const closed = model(action(1, "firewall_drop", { direction: "in" }));
  assert.deepEqual(labels(model(), thing("firewall")), ["Drop VRRP coming in", "Drop VRRP going out"]);
  assert.deepEqual(labels(closed, thing("firewall")), ["Drop VRRP going out", "Let VRRP through"]);
  assert.deepEqual(labels(closed, thing("server")), ["Cut its power", "Firewall: drop VRRP going out", "Firewall: let VRRP through"]);
  assert.deepEqual(known(closed, thing("firewall"), 5), ["It drops VRRP coming in."]);
});

test("an address is taken from who has it, and given to who has it not, with its prefix", () => {
  const m = model(takes(1));
  const vip = { kind: "vip", title: "", address: VIP };
  assert.deepEqual(labels(m, vip), [`Take ${VIP} away by hand`, "Give it to r2 by hand"]);
  assert.deepEqual(does(m, vip, `Take ${VIP} away by hand`), [{ action: "address_remove", server: "r1", interface: "eth0", address: `${VIP}/24` }]);
  assert.deepEqual(does(m, vip, "Give it to r2 by hand"), [{ action: "address_add", server: "r2", interface: "eth0", address: `${VIP}/24` }]);
  assert.deepEqual(labels(m, vip, 0.5), ["Give it to r1 by hand", "Give it to r2 by hand"], "nobody has it yet");
  assert.deepEqual(known(m, vip, 5), ["Held by r1."]);
  assert.deepEqual(known(m, vip, 0), ["Held by nobody."]);
});

test("one frame is lost by breaking its network for just that moment", () => {
  const m = model(advert(3));
  const [lose] = choices(m, { kind: "packet", title: "", flight: m.flights[0] }, 9);
  const [fault, heal] = lose.actions;
  assert.equal(lose.seek, 3);
  assert.deepEqual([fault.action, heal.action, fault.segment], ["segment_fault", "segment_heal", "lan"]);
  assert.ok(fault.at_s < 3 && heal.at_s > 3 && heal.at_s - fault.at_s < 0.0001);
});

test("what there is to know", () => {
  const m = model();
  assert.deepEqual(known(m, thing("nic", { name: "eth0" }), 0), ["02:00:00:00:00:01 · 192.168.2.1"]);
  assert.deepEqual(known(m, thing("instance", { name: "V1" }), 0), ["VRID 1 · eth0 · configured priority 199 · an advert every 1 s"]);
  assert.deepEqual(known(m, thing("daemon"), 0), []);
});

test("why nothing can be done", () => {
  assert.match(whyNot(model(), {}), /Open it in a notebook/);
  assert.match(whyNot(modelOf(scenario({ origin: "recording" })), {}), /real daemons, recorded/);
  assert.equal(whyNot(model(), { why_not: "because" }), "because");
});
