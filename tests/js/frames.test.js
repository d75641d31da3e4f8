import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, decodeFrame } from "../../vrrplab/views/static/frames.js";
import { builtIn, python } from "./traces.js";

const ETHERNET = "01005e000012" + "000c29000001" + "0800";
const value = (frame, name, layer) => frame.fields.find((f) => f.name === name && (!layer || f.layer === layer))?.value;
/** An IPv4 header without options, checksum left 0. */
const ip4 = (protocol, length, source = "c0a80201", destination = "e0000012") => `45c0${(20 + length).toString(16).padStart(4, "0")}00010000ff${protocol.toString(16).padStart(2, "0")}0000${source}${destination}`;
const VRRP2 = "21" + "07" + "64" + "01" + "00" + "01" + "0000" + "c0a80265" + "0000000000000000";

/** Every byte belongs to exactly one field, in order. */
function assertCovered(frame) {
  let at = 0;
  for (const f of frame.fields) {
    assert.equal(f.from, at, f.name);
    assert.ok(f.to > f.from, f.name);
    at = f.to;
  }
  assert.equal(at, frame.bytes.length);
}

test("hexadecimal text to bytes", () => {
  assert.deepEqual([...bytesOf("00ff10")], [0, 255, 16]);
});

test("every frame of the built-in scenarios says what its event says", () => {
  let count = 0;
  for (const name of python.scenarios) {
    for (const { kind, e } of builtIn(name).flights) {
      if (!e.frame) continue;
      const frame = decodeFrame(e.frame);
      assertCovered(frame);
      if (kind !== "advert") continue;
      count++;
      assert.equal(frame.title, `VRRPv${e.version} advert`);
      assert.equal(value(frame, "virtual router ID"), String(e.vrid));
      assert.equal(value(frame, "priority"), String(e.priority));
      assert.equal(value(frame, "source", "ip"), e.source);
      assert.equal(value(frame, "destination", "ip").split(" (")[0], e.destination);
      assert.deepEqual(frame.fields.filter((f) => /^address \d/.test(f.name)).map((f) => f.value), e.addresses.map((a) => a.split("/")[0]));
      assert.match(frame.summary, e.priority === 0 ? /take over/ : new RegExp(`priority ${e.priority}; I say so every ${e.interval_s}\\s`));
    }
  }
  assert.ok(count > 500, `${count} adverts`);
});

test("a VRRPv2 advert with a password anybody can read, padded to the least frame", () => {
  const vrrp = VRRP2.replace("00010000", "01010000").replace("0000000000000000", "7365637265740000");
  const frame = decodeFrame(ETHERNET + ip4(112, 20) + vrrp + "000000000000");
  assertCovered(frame);
  assert.equal(value(frame, "authentication type"), "1, password");
  assert.equal(value(frame, "authentication data"), "“secret”, readable by anybody");
  assert.equal(value(frame, "padding"), "6 bytes");
  assert.equal(value(frame, "destination", "ip"), "224.0.0.18 (all VRRP routers)");
});

test("a VLAN tag, IP options and an authentication header are walked through", () => {
  const tagged = decodeFrame("01005e000012000c290000018100006f0800" + ip4(112, 20) + VRRP2);
  assert.deepEqual([value(tagged, "VLAN"), value(tagged, "virtual router ID")], ["111", "7"]);
  const options = decodeFrame(ETHERNET + ip4(112, 20).replace("45c0", "46c0") + "94040000" + VRRP2);
  assert.deepEqual([value(options, "options"), value(options, "virtual router ID")], ["4 bytes", "7"]);
  const ah = decodeFrame(ETHERNET + ip4(51, 44) + "70040000" + "00000001" + "00000005" + "00112233445566778899aabb" + VRRP2);
  assert.deepEqual([value(ah, "AH sequence"), value(ah, "AH value"), value(ah, "virtual router ID")], ["5", "12 bytes", "7"]);
  [tagged, options, ah].forEach(assertCovered);
});

test("ARP: a question, an answer, and an answer nobody asked for", () => {
  const arp = (op, sender, target) => decodeFrame("ffffffffffff" + "000c29000001" + "0806" + `000108000604000${op}` + `000c29000001${sender}` + `000000000000${target}`);
  const [asks, answers, tells] = [arp(1, "c0a80201", "c0a80265"), arp(2, "c0a80201", "c0a80265"), arp(1, "c0a80265", "c0a80265")];
  assert.deepEqual([asks, answers, tells].map((f) => f.title), ["ARP request", "ARP reply", "Gratuitous ARP"]);
  assert.equal(asks.summary, "“Who has 192.168.2.101? Tell 192.168.2.1”");
  assert.equal(answers.summary, "“192.168.2.1 is at 00:0c:29:00:00:01”");
  assert.match(tells.summary, /“192\.168\.2\.101 is at 00:0c:29:00:00:01”/);
  assert.equal(value(asks, "destination", "eth"), "ff:ff:ff:ff:ff:ff (everybody)");
});

test("an IPv6 neighbour advertisement nobody asked for", () => {
  const frame = decodeFrame("333300000001" + "00005e000201" + "86dd" + "60000000" + "0020" + "3a" + "ff" + "fe800000000000000000000000000001" + "ff020000000000000000000000000001" + "88000000" + "a0000000" + "fd000000000000000000000000000101" + "0201" + "00005e000201");
  assertCovered(frame);
  assert.equal(frame.title, "Neighbour advertisement");
  assert.deepEqual([value(frame, "flags"), value(frame, "target"), value(frame, "target MAC")], ["router, override", "fd00::101", "00:00:5e:00:02:01"]);
  assert.equal(value(frame, "source", "eth"), "00:00:5e:00:02:01 (a virtual router's)");
});

test("IPv6 addresses are written as RFC 5952 says", () => {
  const text = (hex) => value(decodeFrame("333300000012" + "000c29000001" + "86dd" + "60000000" + "0000" + "3b" + "ff" + hex + "0".repeat(32)), "source", "ip");
  assert.equal(text("20010db8000000000000000000000001"), "2001:db8::1");
  assert.equal(text("0".repeat(32)), "::");
  assert.equal(text("0".repeat(31) + "1"), "::1");
  assert.equal(text("fe800000000000000000000000000000"), "fe80::");
  assert.equal(text("20010db8000000010001000100010001"), "2001:db8:0:1:1:1:1:1", "one word of zeros is written");
  assert.equal(text("20010db8000000000001000000000000"), "2001:db8:0:0:1::", "of several runs the longest is shortened");
  assert.equal(text("20010db8000000000001000000000001"), "2001:db8::1:0:0:1", "of equal runs the first");
  assert.equal(text("00000000000100020003000000000004"), "::1:2:3:0:0:4", "of equal runs the first, at the very beginning too");
});

test("frames cut off anywhere are told as far as they go", () => {
  const whole = ETHERNET + ip4(112, 20) + VRRP2;
  for (let n = 0; n <= whole.length; n += 2) assertCovered(decodeFrame(whole.slice(0, n)));
  assert.equal(value(decodeFrame(whole.slice(0, 24)), "source"), "00:0c:29:00:00:01");
  assert.match(value(decodeFrame(whole.slice(0, 22)), "source"), /\(cut off here\)$/);
});

test("another protocol is named, and its bytes are counted", () => {
  const frame = decodeFrame(ETHERNET + ip4(17, 4) + "01020304");
  assert.deepEqual([frame.title, value(frame, "protocol"), value(frame, "data")], ["IPv4 packet", "17", "4 bytes"]);
  assert.equal(decodeFrame("ffffffffffff000c2900000188cc0102").title, "Frame");
});
