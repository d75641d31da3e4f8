import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCast, portOf } from "../../vrrplab/views/static/naming.js";
import { VIP, advert, at, builtIn, client, scenario, server, takes } from "./traces.js";

const shortNames = (...names) => [...makeCast([scenario({ servers: Object.fromEntries(names.map((n) => [n, server(1)])) })]).servers.values()].map((s) => s.short);
const shortAddresses = (...addresses) => makeCast([scenario({ virtual_addresses: addresses })]).vips.map((v) => v.short);

test("the article's cast: who is on which network, and which address belongs to whom", () => {
  const { cast } = builtIn("article-drill-1-lan-nic");
  assert.deepEqual([...cast.servers.keys()], ["proxy-serv01", "proxy-serv02"]);
  assert.deepEqual([...cast.servers.values()].map((s) => s.interfaces.map((i) => [i.name, i.segment])), [[["eth0", "lan"], ["eth1", "wan"]], [["eth0", "lan"], ["eth1", "wan"]]]);
  assert.equal(cast.main, "lan", "where VRRP is spoken");
  assert.deepEqual(cast.vips.map((v) => [v.address, v.short]), [["192.168.2.101", ".101"], ["192.168.2.102", ".102"]]);
  assert.deepEqual(cast.byIp.get("192.168.2.252"), { server: "proxy-serv02", interface: "eth0", segment: "lan" });
  assert.equal(cast.byIp.get("192.168.2.10").client, "office-pc");
  assert.equal(cast.byMac.get("02:00:00:00:01:fb").interface, "eth1");
});

test("the cast of a capture, which names nobody, comes from its events", () => {
  const cast = makeCast([
    advert(0, "sent", { server: "192.168.2.1", instance: "VRID 1", interface: "wire", addresses: [`${VIP}/24`] }),
    at(1, "service", { server: "192.168.2.2", service: "web", up: true }),
    at(1, "script", { server: "192.168.2.2", script: "chk", result: "pass" }),
    takes(2, { server: "192.168.2.2", instance: "VRID 7", address: "192.168.2.107/24" }),
    at(3, "log", { server: "nobody", line: "a line alone is no server" }),
  ]);
  assert.deepEqual([...cast.servers.keys()], ["192.168.2.1", "192.168.2.2"]);
  const [first, second] = cast.servers.values();
  assert.deepEqual(first.instances, [{ name: "VRID 1", interface: "wire", virtual_addresses: [VIP], vrid: 1 }]);
  assert.deepEqual([second.services, second.scripts.map((s) => s.name)], [[{ name: "web" }], ["chk"]]);
  assert.deepEqual(cast.vips.map((v) => v.address), [VIP, "192.168.2.107"]);
  assert.deepEqual(cast.segments.map((s) => s.name), ["network"], "one network for all");
  assert.ok([...cast.servers.values()].every((s) => s.interfaces.every((i) => i.segment === "network")));
});

test("a wire does not tell what program speaks", () => {
  assert.deepEqual(["simulation", "recording", "capture", "live"].map((origin) => makeCast([scenario({ origin })]).daemons), [true, true, false, false]);
});

test("nothing at all is a cast too", () => {
  const cast = makeCast([]);
  assert.deepEqual([cast.servers.size, cast.segments, cast.vips, cast.main, cast.origin], [0, [], [], "", "trace"]);
});

test("servers are called by what tells them apart", () => {
  assert.deepEqual(shortNames("proxy-serv01", "proxy-serv02"), ["serv01", "serv02"]);
  assert.deepEqual(shortNames("a_b_x1", "a_b_x2"), ["x1", "x2"]);
  assert.deepEqual(shortNames("web-1", "web-2"), ["web-1", "web-2"], "a 1 is no name");
  assert.deepEqual(shortNames("dc-web-1", "dc-web-2"), ["web-1", "web-2"]);
  assert.deepEqual(shortNames("proxy-serv01"), ["proxy-serv01"], "one alone needs no telling");
  assert.deepEqual(shortNames("r1", "router"), ["r1", "router"]);
});

test("addresses are as short as they can be without doubt", () => {
  assert.deepEqual(shortAddresses("192.168.2.101/24", "192.168.2.102"), [".101", ".102"]);
  assert.deepEqual(shortAddresses("192.168.2.101", "192.168.3.101"), [".2.101", ".3.101"]);
  assert.deepEqual(shortAddresses("fd00::101", "fd00::102"), ["::101", "::102"]);
  assert.deepEqual(new Set(shortAddresses("10.0.0.1", "11.0.0.1", "10.0.0.2")).size, 3);
});

test("the main network is where most instances speak; clients count half", () => {
  const two = { lan: { subnet: "" }, wan: { subnet: "" } };
  const ports = { eth0: { segment: "lan" }, eth1: { segment: "wan" } };
  const on = (port) => server(1, { interfaces: ports, instances: { V1: { vrid: 1, interface: port, virtual_addresses: [] } } });
  assert.equal(makeCast([scenario({ segments: two, servers: { r1: on("eth1"), r2: on("eth1") }, clients: { pc: client(VIP) } })]).main, "wan");
  assert.equal(makeCast([scenario({ segments: two, servers: { r1: on("eth0"), r2: on("eth1") }, clients: { pc: client(VIP) } })]).main, "lan");
});

test("a frame leaves by its own interface, else by its instance's", () => {
  const ports = { eth0: { segment: "lan" }, eth1: { segment: "lan" }, eth2: { segment: "lan" } };
  const cast = makeCast([scenario({ servers: { r1: server(1, { interfaces: ports, instances: { V1: { interface: "eth1" } } }) } })]);
  assert.equal(portOf(cast, advert(1, "sent", { interface: "eth2" })).name, "eth2");
  assert.equal(portOf(cast, advert(1)).name, "eth1");
  assert.equal(portOf(cast, advert(1, "sent", { instance: "V9" })).name, "eth0");
  assert.equal(portOf(cast, advert(1, "sent", { server: "r9" })), null);
});

test("whose behaviour it is, the trace says itself", () => {
  assert.equal(makeCast([scenario({ profile: "rfc5798" })]).profile, "rfc5798");
  assert.equal(makeCast([scenario({ profile: "rfc5798", profiles: "rfc5798 (r1: frr-8.4.4)" })]).profile, "rfc5798 (r1: frr-8.4.4)");
});
