import assert from "node:assert/strict";
import { test } from "node:test";
import { CHIP_TEXT, along, badgePlaces, layoutCluster, wire } from "../../vrrplab/views/static/layout.js";
import { builtIn, client, modelOf, python, scenario, server, takes } from "./traces.js";

const measure = (text, font) => [...text].length * (font === "small" ? 6 : font === "text" ? 7 : 7.5);
const WIDTHS = [280, 390, 560, 700, 900, 1200, 1600];

const box = ({ x, y, w, h }) => ({ left: x, top: y, right: x + w, bottom: y + h });
const apart = (a, b) => a.right <= b.left + 1e-6 || b.right <= a.left + 1e-6 || a.bottom <= b.top + 1e-6 || b.bottom <= a.top + 1e-6;
const inside = (a, b) => a.left >= b.left - 1e-6 && a.top >= b.top - 1e-6 && a.right <= b.right + 1e-6 && a.bottom <= b.bottom + 1e-6;

function assertApart(boxes, about) {
  boxes.forEach((a, n) => boxes.slice(n + 1).forEach((b) => assert.ok(apart(a, b), `${about}: ${JSON.stringify(a)} over ${JSON.stringify(b)}`)));
}

/** Nothing lies over anything else, and all of it is in the picture. */
function assertTidy(m, width, about) {
  const layout = layoutCluster(m.cast, m, width, measure);
  const picture = { left: 0, top: 0, right: layout.width, bottom: layout.height };
  const cards = [...layout.cards.values()].map(box);
  const bars = [...layout.bars.values()].map(box);
  const clients = [...layout.clients.values()].map(box);
  assertApart([...cards, ...bars, ...clients], about);
  for (const b of [...cards, ...clients]) assert.ok(inside(b, picture), `${about}: ${JSON.stringify(b)} leaves ${layout.width} x ${layout.height}`);
  assert.ok(layout.width >= width);
  for (const card of layout.cards.values()) {
    const chips = card.chips.map((c) => box({ x: card.x + 14 + c.x, y: card.y + card.chipsY + c.line * 21, w: c.w, h: 20 }));
    const rows = card.server.instances.map((_, n) => box({ x: card.x + 14, y: card.y + card.rowsY + n * card.row, w: card.inner, h: card.row > 26 ? 26 : 21 }));
    const most = m.cast.vips.map((v) => v.address).filter((a) => m.line("has", card.server.name, a).times.length);
    const badges = badgePlaces(layout, card, most).map((p, n) => box({ ...p, w: layout.badgeWidths.get(most[n]), h: layout.compact ? 20 : 24 }));
    assertApart([...chips, ...rows, ...badges], `${about}, ${card.server.name}`);
    for (const b of [...chips, ...rows]) assert.ok(inside(b, box(card)), `${about}: ${JSON.stringify(b)} leaves its card ${JSON.stringify(box(card))}`);
    for (const b of badges) assert.ok(b.top >= card.y && b.bottom <= card.y + card.h, `${about}: a badge leaves its card`);
  }
  for (const port of layout.ports.values()) {
    const bar = [...layout.bars.values()].find((b) => b.segment.name === port.segment);
    assert.equal(port.bar, bar.mid, "a cable ends on its own switch");
    assert.ok(port.x >= bar.x && port.x <= bar.x + bar.w, "and within it");
  }
  return layout;
}

const cluster = (n, more = {}) => scenario({ servers: Object.fromEntries(Array.from({ length: n }, (_, k) => [`proxy-serv${String(k + 1).padStart(2, "0")}`, server(k + 1)])), ...more });

for (const name of python.scenarios) {
  test(`${name}: nothing overlaps at any width`, () => {
    const m = builtIn(name);
    for (const width of WIDTHS) {
      const layout = assertTidy(m, width, `${name} at ${width}`);
      assert.equal(layout.cards.size, m.cast.servers.size);
      assert.equal(layout.clients.size, m.cast.clients.size + (Object.keys(m.cast.dns).length ? 1 : 0));
    }
  });
}

test("1 to 12 servers: nothing overlaps at any width", () => {
  for (let n = 1; n <= 12; n++) for (const width of WIDTHS) assertTidy(modelOf(cluster(n)), width, `${n} servers at ${width}`);
});

test("a server with many instances, services and checks", () => {
  const instances = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`VI_${n}`, { vrid: n + 1, interface: "eth0", virtual_addresses: [] }]));
  const services = Object.fromEntries(["squid", "haproxy-frontend", "a-service-with-a-very-long-name-indeed"].map((s) => [s, { port: 80 }]));
  const m = modelOf(cluster(3, { servers: { r1: server(1, { instances, services }), r2: server(2), r3: server(3) } }), ...["chk_a", "chk_b"].map((script, n) => ({ t: n, event: "script", server: "r1", script, result: "pass", exit: 0 })));
  for (const width of WIDTHS) assertTidy(m, width, `at ${width}`);
});

test("a server that takes twenty addresses has room for all their badges", () => {
  const addresses = Array.from({ length: 20 }, (_, n) => `192.168.2.${100 + n}`);
  const m = modelOf(cluster(2, { virtual_addresses: addresses }), ...addresses.map((address) => takes(1, { server: "proxy-serv01", address })));
  for (const width of WIDTHS) assert.ok(assertTidy(m, width, `at ${width}`).compact);
});

test("clients and networks on both sides, each with up to five targets", () => {
  const targets = ["192.168.2.101", "192.168.2.102", "192.168.2.103", "192.168.2.104", "192.168.2.105"];
  const ports = { eth0: { segment: "lan" }, eth1: { segment: "wan" }, eth2: { segment: "dmz" } };
  const segments = { wan: { subnet: "203.0.113.0/24" }, dmz: { subnet: "10.0.0.0/8" }, lan: { subnet: "192.168.2.0/24" } };
  for (let n = 1; n <= 5; n++) {
    const out = { ...client(...targets.slice(0, n)), segment: "wan" };
    const m = modelOf(cluster(2, { segments, servers: { r1: server(1, { interfaces: ports }), r2: server(2, { interfaces: ports }) }, clients: { pc: client(...targets.slice(0, n)), far: out, further: out } }));
    for (const width of WIDTHS) {
      const layout = assertTidy(m, width, `${n} targets at ${width}`);
      assert.deepEqual(["lan", "wan", "dmz"].map((s) => layout.bars.get(s).side), ["bottom", "top", "top"]);
    }
  }
});

test("a cluster without servers, without clients, without anything", () => {
  assertTidy(modelOf(), 600, "nothing");
  assertTidy(modelOf(cluster(0)), 600, "only a client");
  assertTidy(modelOf(cluster(2, { clients: {} })), 600, "no clients");
});

test("where a wire is listened to, no daemon and no firewall is drawn", () => {
  const kinds = (origin) => [...layoutCluster(modelOf(scenario({ origin })).cast, modelOf(scenario({ origin })), 900, measure).cards.get("r1").chips].map((c) => c.kind);
  assert.deepEqual([kinds("simulation"), kinds("capture")], [["service", "daemon", "firewall"], ["service"]]);
  assert.ok(kinds("simulation").every((kind) => CHIP_TEXT[kind] > 0));
});

test("a frame goes from port to switch to switch to port", () => {
  const m = modelOf(cluster(2));
  const { ports } = layoutCluster(m.cast, m, 900, measure);
  const [a, b] = [ports.get("proxy-serv01 eth0"), ports.get("proxy-serv02 eth0")];
  const way = wire(a, b);
  const place = (f) => {
    const out = { x: 0, y: 0 };
    along(way, f, out);
    return [Math.round(out.x * 1e6) / 1e6, Math.round(out.y * 1e6) / 1e6];
  };
  assert.deepEqual([place(0), place(0.3), place(0.7), place(1)], [[a.x, a.end], [a.x, a.bar], [b.x, b.bar], [b.x, b.end]].map((p) => p.map((v) => Math.round(v * 1e6) / 1e6)));
  for (let f = 0.3; f < 0.7; f += 0.05) assert.equal(place(f)[1], a.bar, "along the switch it stays on it");
});

test("a router stands beside the servers, tied to each of its segments", () => {
  const ports = (...segments) => Object.fromEntries(segments.map((segment, n) => [segment, { segment, mac: `02:00:00:00:d${n}:01`, addresses: [`10.0.${n}.1/24`] }]));
  const m = modelOf(scenario({ segments: { lan: {}, far: {}, wan: {} }, routers: { r9: { interfaces: ports("lan", "far") }, r8: { interfaces: ports("lan", "wan") } } }));
  for (const width of WIDTHS) {
    assertTidy(m, width, `routers at ${width}`);
    const layout = layoutCluster(m.cast, m, width, measure);
    const boxes = [...layout.routers.values()].map(box);
    assertApart([...[...layout.cards.values()].map(box), ...boxes], `routers at ${width}`);
    for (const b of boxes) assert.ok(b.right <= layout.width, "a router is in the picture");
    assert.deepEqual([...layout.ports.keys()].filter((k) => /^r[89] /.test(k)), ["r9 lan", "r9 far", "r8 lan", "r8 wan"]);
  }
});

test("a way across a router passes both networks, one after the other", () => {
  const way = [0, 0, 0, 10, 10, 10, 10, 0, 10, 0, 10, -10, 20, -10, 20, 0];
  const at = { x: 0, y: 0 };
  along(way, 0.5, at);
  assert.deepEqual(at, { x: 10, y: 0 });
  along(way, 1, at);
  assert.deepEqual({ x: Math.round(at.x), y: Math.abs(Math.round(at.y)) }, { x: 20, y: 0 });
});
