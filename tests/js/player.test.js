import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedAddresses } from "../../vrrplab/views/static/captions.js";
import { fitName, fitText } from "../../vrrplab/views/static/dom.js";
import { KEYS, pressKey } from "../../vrrplab/views/static/keys.js";
import { holdings, niceStep } from "../../vrrplab/views/static/lanes.js";
import { airTime } from "../../vrrplab/views/static/packets.js";
import { Python } from "../../vrrplab/views/static/python.js";
import { faultText } from "../../vrrplab/views/static/scene.js";
import { SPEEDS } from "../../vrrplab/views/static/transport.js";
import { namer } from "../../vrrplab/views/static/words.js";
import { key, pretendPage } from "./page.js";
import { VIP, builtIn, givesUp, model, modelOf, scenario, server, takes } from "./traces.js";

const clock = pretendPage();
const measure = (text) => [...text].length * 10;

test("the axis has steps of 1, 2 or 5 times a power of ten", () => {
  assert.deepEqual([0.0007, 0.3, 1, 1.1, 3, 7, 60, 999].map((x) => Number(niceStep(x).toPrecision(3))), [0.001, 0.5, 1, 2, 5, 10, 100, 1000]);
});

test("frames stay longer in the air the faster time runs, but never as much longer", () => {
  const shares = SPEEDS.map((speed) => airTime(speed) / speed);
  SPEEDS.forEach((speed, n) => assert.ok(!n || (airTime(speed) > airTime(SPEEDS[n - 1]) && shares[n] <= shares[n - 1] + 1e-9)));
  assert.equal(airTime(1), 0.8);
});

test("a bar of an address is one piece while one server has it, whatever happens to others", () => {
  const pieces = (m) => holdings(m, VIP).map(({ from, to, holders }) => [from, to, ...holders.map((x) => x.name)]);
  const off = { t: 5, event: "action", action: "power_off", server: "r2" };
  assert.deepEqual(pieces(model(takes(1), off)), [[1, 20, "r1"]]);
  // r2 had its turn before; that it loses power later, or a thing it has no more, is nothing to r1's piece.
  assert.deepEqual(pieces(model(takes(1, { server: "r2" }), givesUp(2, { server: "r2" }), takes(2), { ...off, t: 9 }, { ...off, action: "power_on", t: 12 })), [[1, 2, "r2"], [2, 20, "r1"]]);
  assert.deepEqual(pieces(model(takes(1), takes(3, { server: "r2" }), off)), [[1, 3, "r1"], [3, 5, "r1", "r2"], [5, 20, "r1"]]);
  const drill = builtIn("article-drill-1-lan-nic");
  for (const v of drill.cast.vips) holdings(drill, v.address).forEach((piece, n, all) => assert.ok(!n || all[n - 1].to < piece.from || all[n - 1].holders.join() !== piece.holders.join()));
});

test("what is wrong with a network, on its switch", () => {
  assert.equal(faultText({ loss: 1 }), "loses every frame");
  assert.equal(faultText({ loss: 0.3, latency_s: 0.2, jitter_s: 0.1, multicast: false }), "loses 30 %, no multicast, 0.2 s late, ± 0.1 s");
  assert.equal(faultText({ between: { "r1 → r2": { loss: 1 } } }), "one way r1 → r2: loses every frame");
  assert.equal(faultText({ jitter_s: 1, between: { "a → b": { loss: 1 }, "b → a": { loss: 1 } } }), "± 1 s, one way a → b, b → a: loses every frame");
  assert.equal(faultText({}), "fault");
});

test("who has an address together with others", () => {
  const m = model(takes(1), takes(2, { server: "r2" }), givesUp(3));
  assert.deepEqual([1, 2, 3].map((t) => sharedAddresses(m, namer(m.cast), t)), ["", "r1 and r2 both have .101", ""]);
  const closed = builtIn("firewall-closed");
  assert.equal(sharedAddresses(closed, namer(closed.cast), 10), "serv01 and serv02 both have .101, .102");
  const three = modelOf(scenario({ servers: { r1: server(1), r2: server(2), r3: server(3) } }), takes(1), takes(1, { server: "r2" }), takes(1, { server: "r3" }));
  assert.equal(sharedAddresses(three, namer(three.cast), 1), "r1, r2 and r3 all have .101");
});

test("a text that does not fit is cut at its end, a name in its middle", () => {
  assert.equal(fitText("switch", 60, "small", measure), "switch");
  assert.equal(fitText("switch", 40, "small", measure), "swi…");
  assert.equal(fitName("proxy-server-01", 90, "small", measure), "p…rver-01");
  assert.equal(fitName("proxy-server-01", 90, "small", measure, 2), "proxy-…01");
  for (let room = 30; room <= 200; room += 10) {
    for (const cut of [fitText("proxy-server-01", room, "small", measure), fitName("proxy-server-01", room, "small", measure)]) assert.ok(measure(cut) <= room, cut);
  }
});

/** A player that only writes down what it is told to do. */
function listener(more = {}) {
  const done = [];
  const note = (name) => (...what) => done.push([name, ...what]);
  const player = { model: { end: 30, lastChange: () => "the change" }, t: 5, speed: 1, pinned: null, transport: { help: "?" }, why: { hide: note("hide") }, companions: [], done, ...more };
  for (const name of ["ask", "toggle", "jump", "step", "seek", "setSpeed", "explain", "toggleHide", "help", "pin"]) player[name] = note(name);
  return player;
}

test("every key does what the table of keys says", () => {
  const does = (name, more) => {
    const player = listener();
    const event = key(name, more);
    pressKey(player, event);
    assert.ok(event.defaultPrevented, `${name} is taken`);
    return player.done;
  };
  const shift = { shiftKey: true };
  const control = { ctrlKey: true };
  assert.deepEqual(does(" "), [["toggle"]]);
  assert.deepEqual([does("ArrowLeft"), does("ArrowRight")], [[["step", -1]], [["step", 1]]]);
  assert.deepEqual([does("ArrowLeft", shift), does("ArrowRight", shift)], [[["jump", -1]], [["jump", 1]]]);
  assert.deepEqual([does("Home"), does("End")], [[["seek", 0]], [["seek", 30]]]);
  assert.deepEqual([does("["), does("]")], [[["setSpeed", 0.5]], [["setSpeed", 2]]]);
  assert.deepEqual([does("W"), does("h"), does("?"), does("Escape")], [[["explain", "the change"]], [["toggleHide"]], [["help", "?"]], [["hide"]]]);
  assert.deepEqual([does("z", control), does("Z", { ...control, ...shift }), does("y", { metaKey: true }), does("Backspace", control)], [[["ask", "undo"]], [["ask", "redo"]], [["ask", "redo"]], [["ask", "reset"]]]);
  assert.deepEqual([does("c"), does("s")], [[["ask", "scenario"]], [["ask", "html"]]]);
  assert.equal(KEYS.length, new Set(KEYS.map(([keys]) => keys)).size);
});

test("who sits beside the picture hears of its words, and of Escape first", () => {
  const heard = [];
  const player = listener({ companions: [{}, { pressed: (name) => heard.push(name) }, { pressed: (name) => heard.push(`not ${name}`) }] });
  pressKey(player, key("g"));
  pressKey(player, key("Escape"));
  assert.deepEqual([heard, player.done], [["g", "Escape"], []]);
});

test("keys that a field, a button or the browser needs are left alone", () => {
  for (const [event, more] of [[key("a")], [key(" ", { altKey: true })], [key("h", {}, "textarea")], [key(" ", {}, "button")], [key("ArrowRight", {}, "select")], [key("c", { ctrlKey: true })], [key("h"), { model: null }]]) {
    const player = listener(more);
    pressKey(player, event);
    assert.deepEqual([player.done, event.defaultPrevented], [[], false], event.key);
  }
});

test("at the slowest and the fastest speed the keys for it do nothing", () => {
  for (const [speed, name] of [[SPEEDS[0], "["], [SPEEDS[SPEEDS.length - 1], "]"]]) {
    const player = listener({ speed });
    pressKey(player, key(name));
    assert.deepEqual(player.done, []);
  }
});

/** Python at the other end of a wire that can be cut; `alive`: what the page knows of its kernel. */
function wire({ alive = null, took = 0, outside = undefined } = {}) {
  const sent = [];
  const spoken = [];
  const kernel = { lives: alive, idle: 0 };
  const python = new Python((message) => sent.push(message), (words) => spoken.push(words), { alive: () => kernel.lives, took: () => took, idle: () => (kernel.idle += 1), outside });
  return { python, sent, spoken, kernel, shown: () => (python.element.hidden ? "" : python.said.textContent) };
}

test("a question that is answered quickly asks nobody for patience", () => {
  const { python, sent, shown } = wire();
  python.ask({ do: "undo", at_s: 1 }, "Undoing …");
  assert.deepEqual([sent, python.waiting], [[{ do: "undo", at_s: 1, number: 1 }], 1]);
  clock.pass(100);
  python.answered({ answers: 1, note: "" });
  clock.pass(60_000);
  assert.deepEqual([shown(), python.waiting], ["", 0]);
});

test("a slow answer is waited for, as long as it takes, and who does not want to wait need not", () => {
  const { python, kernel, shown, spoken } = wire({ took: 9 });
  python.ask({ do: "reset", at_s: 1 }, "Back to the start …");
  clock.pass(400);
  assert.equal(shown(), "Back to the start …");
  clock.pass(16_000);
  assert.equal(shown(), "Back to the start …", "the last run took nine seconds: no news yet");
  clock.pass(2000);
  assert.match(shown(), /^Back to the start\. Still running, 18 s so far\. The last run took 9\.0 s\.$/);
  clock.pass(100_000);
  assert.match(shown(), /Still running, 118 s so far/);
  assert.ok(!python.element.classList.contains("vl-bad"), "slow is no fault");
  assert.ok(spoken.length < 16, "a screen reader does not hear every second");
  assert.deepEqual([python.waiting, kernel.idle], [1, 0]);
  python.stopWaiting();
  assert.deepEqual([shown(), python.waiting, kernel.idle], ["", 0, 1]);
  clock.pass(60_000);
  assert.equal(shown(), "");
  python.answered({ answers: 1, note: "" });
  assert.equal(python.waiting, 0);
});

test("only where the kernel is gone nothing is waited for", () => {
  const { python, kernel, shown } = wire({ alive: true });
  python.ask({ do: "reset", at_s: 1 }, "Back to the start …");
  clock.pass(7000);
  assert.match(shown(), /Still running, 7 s so far\.$/);
  kernel.lives = false;
  clock.pass(1000);
  assert.match(shown(), /^Python does not answer: its kernel/);
  assert.ok(python.element.classList.contains("vl-bad"));
  assert.deepEqual([python.waiting, kernel.idle], [0, 1]);
  python.ask({ do: "undo", at_s: 1 }, "Undoing …");
  assert.match(shown(), /^Python does not answer/, "known before it was asked: told at once");
});

test("while Python is on its way to the page that is told, and only then time counts", () => {
  let share = 0.25;
  const outside = { loading: () => (share < 1 ? { words: "The simulator is loading (7 MB, once) …", share } : null), patience_ms: 2000, gone: "It ended." };
  const { python, shown, spoken, kernel } = wire({ alive: true, outside });
  python.ask({ do: "break", at_s: 1 }, "Running it again …");
  clock.pass(9000);
  assert.equal(shown(), "The simulator is loading (7 MB, once) …");
  assert.deepEqual([python.bar.hidden, python.bar.value, spoken.length], [false, 0.25, 1]);
  share = 1;
  clock.pass(400);
  assert.deepEqual([shown(), python.bar.hidden], ["Running it again …", true]);
  clock.pass(1000);
  assert.equal(shown(), "Running it again …", "its own patience has not run out");
  clock.pass(1500);
  assert.match(shown(), /^Running it again\. Still running, 2 s so far/);
  kernel.lives = false;
  clock.pass(1000);
  assert.equal(shown(), "It ended.");
  python.answered({ answers: 1 });
  share = 0.5;
  python.ask({ do: "undo", at_s: 1 }, "Undoing …");
  clock.pass(60_000);
  python.answered({ answers: 2 });
  clock.pass(60_000);
  assert.equal(shown(), "", "what was answered is waited for no more");
});

test("of two questions the answer to the first leaves one to wait for, that to the second none", () => {
  const { python, shown } = wire();
  python.ask({ do: "break", at_s: 1 }, "…");
  python.ask({ do: "break", at_s: 2 }, "…");
  python.answered({ answers: 1 });
  assert.equal(python.waiting, 1);
  python.answered({ answers: 2, error: "no such interface" });
  assert.deepEqual([python.waiting, shown()], [0, "no such interface"]);
});

test("a wire that is cut is told at once", () => {
  const python = new Python(() => { throw new Error("gone"); }, () => {});
  python.ask({ do: "undo", at_s: 1 }, "Undoing …");
  assert.match(python.said.textContent, /^Python does not answer/);
  assert.equal(python.waiting, 0);
});
