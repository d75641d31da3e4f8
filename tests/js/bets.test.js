import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOpen, knownAt, moved, seenAt, typed, saidAndTrue } from "../../vrrplab/views/static/bets.js";
import { Model, parseTrace } from "../../vrrplab/views/static/model.js";
import { logRows } from "../../vrrplab/views/static/words.js";
import { VIP, action, builtInText, givesUp, modelOf, outage, scenario, state, takes } from "./traces.js";

const bet = (more = {}) => ({
  key: `12.000000 ${VIP}`, at_s: 12, target: VIP, asks: ["until", "who"], silent_s: 2.66, from_s: 11.98, until_s: 14.64, never: false,
  silence_told: "It took 2.66 s: why.", owner: "r2", owners: ["r2"], owner_told: "r2 has it at 20 s.", settled_s: 20, ...more,
});

test("at its fault nothing of a run is known that comes later, not even of that moment", () => {
  const events = [scenario(), takes(1), action(12, "link_down", { interface: "eth0" }), state(12, "MASTER", "FAULT"), givesUp(12), takes(14.6, { server: "r2" }), outage(11.98, 14.64, 132), action(16, "link_up", { interface: "eth0" })];
  const known = knownAt(events, 12);
  assert.deepEqual(known.map((e) => e.event), ["scenario", "address_added", "action"]);
  const model = new Model(known);
  assert.deepEqual([model.changes.length, model.outages.length, model.actions.length], [0, 0, 1]);
  assert.deepEqual(model.holders(VIP, 12), ["r1"]);
  assert.equal(model.end, 20, "the axis is as long as ever");
});

test("all actions of the moment are known, and what else came before them", () => {
  const events = [scenario(), action(12, "link_down", { interface: "eth0" }), state(12, "MASTER", "FAULT"), action(12, "power_off", { server: "r2" }), takes(13)];
  assert.deepEqual(knownAt(events, 12).map((e) => e.event), ["scenario", "action", "state", "action"]);
});

test("a description may tell the end, and is kept only where it cannot", () => {
  assert.equal(knownAt([scenario(), action(12, "power_off")], 12)[0].description, "");
  assert.equal(knownAt([scenario(), action(12, "power_off")], 12, true)[0].description, "two routers");
});

test("a silence that began long before is known, its end is not", () => {
  const known = knownAt([scenario(), takes(1), action(12, "power_off"), outage(5, 14, 90), outage(11.98, 15, 30)], 12);
  const [open, ...more] = new Model(known).outages;
  assert.deepEqual([open.from_s, open.to_s, open.length_s, more.length], [5, null, 7, 0]);
});

test("what is hidden of the drill: no later state, no outage, no log line, no tick", () => {
  const known = knownAt(parseTrace(builtInText("article-drill-1-lan-nic")), 12);
  const model = new Model(known);
  assert.ok(Math.max(...known.map((e) => e.t)) <= 12);
  assert.ok(Math.max(...logRows(model, "packets").map((r) => r.t)) <= 12);
  assert.equal(logRows(model, "story").at(-1).kind, "action");
  assert.deepEqual([model.actions.length, model.outages.length, model.end], [1, 0, 32]);
  assert.ok(!JSON.stringify(known).includes("goes down and comes back"));
});

test("the first bet without an answer is asked", () => {
  const bets = [bet({ key: "a" }), bet({ key: "b", asks: [] }), bet({ key: "c" })];
  assert.equal(firstOpen(bets, () => false)?.key, "a");
  assert.equal(firstOpen(bets, (key) => key === "a")?.key, "c");
  assert.equal(firstOpen(bets, () => true), null);
});

test("the truth has been seen when the silence ends, at the end, or when it is clear that there is none", () => {
  assert.equal(seenAt(bet(), 32), 14.64);
  assert.equal(seenAt(bet({ until_s: null, never: true }), 32), 32);
  assert.equal(seenAt(bet({ from_s: null, until_s: null }), 32), 17);
  assert.equal(seenAt(bet({ asks: ["who"], settled_s: 14 }), 32), 14);
});

test("what was said beside what came", () => {
  const WORDS = { right: "You said {said}, and so it is: {told}", otherwise: "You said {said}. {told}" };
  const name = (x) => x.toUpperCase();
  assert.deepEqual(saidAndTrue(bet(), { silent_s: 1, who: "r2" }, name, WORDS), ["You said 1 s. It took 2.66 s: why.", "You said R2, and so it is: r2 has it at 20 s."]);
  assert.deepEqual(saidAndTrue(bet(), { silent_s: 2.5 }, name, WORDS), ["You said 2.5 s. It took 2.66 s: why."]);
  assert.deepEqual(saidAndTrue(bet(), { who: "nobody" }, name, WORDS), ["You said NOBODY. r2 has it at 20 s."]);
});

test("the arrow keys move the mark by a tenth of a second, with Shift by a second, and no further than the run", () => {
  assert.equal(moved("ArrowRight", null, 20, false), 0.1);
  assert.equal(moved("ArrowRight", 0.3, 20, false), 0.4);
  assert.equal(moved("ArrowLeft", 3, 20, true), 2);
  assert.deepEqual([moved("PageUp", 3, 20, false), moved("PageDown", 3, 20, false)], [4, 2]);
  assert.deepEqual([moved("Home", 3, 20, false), moved("End", 3, 20, false)], [0, 20]);
  assert.deepEqual([moved("ArrowLeft", 0, 20, false), moved("ArrowRight", 20, 20, true)], [0, 20]);
  assert.equal(moved("x", 3, 20, false), null);
});

test("seconds are typed with a point or a comma, and nothing else is a number", () => {
  assert.deepEqual(["3", "3.5", "3,5", " 2 s", ".5", "99"].map((x) => typed(x, 20)), [3, 3.5, 3.5, 2, 0.5, 20]);
  assert.deepEqual(["", "three", "-1", "1e3", "3 min", "3.5.5"].map((x) => typed(x, 20)), [null, null, null, null, null, null]);
});

test("a trace without a scenario can be cut as well", () => {
  assert.deepEqual(modelOf(...knownAt([action(3, "power_off"), takes(4)], 3)).actions.length, 1);
});
