import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Clock } from "./page.js";

// The page around it: a worker that answers when it is told to, a clock, a tab's storage.
const stored = new Map();
globalThis.sessionStorage = { getItem: (name) => stored.get(name) ?? null, setItem: (name, value) => stored.set(name, value), removeItem: (name) => stored.delete(name) };
globalThis.window = globalThis;
const { Simulator } = await import("../../browser/simulator.js");
let clock, workers;

class FakeWorker {
  heard = [];
  ended = false;
  postMessage(message) { this.heard.push(message); }
  terminate() { this.ended = true; }
  says(data) { this.onmessage({ data }); }
  answers(told) { this.says({ id: this.heard.at(-1).id, told: JSON.stringify(told) }); }
  get asked() { return this.heard.slice(1).map(({ question }) => JSON.parse(question)); }
}
const home = { worker: () => (workers.push(new FakeWorker()), workers.at(-1)), start: async () => ({ start: { key: "k" }, held: [] }) };
const settled = () => new Promise((done) => setImmediate(done));
const started = async (simulator) => {
  simulator.start();
  await settled();
  workers.at(-1).says({ ready: "cold" });
  return workers.at(-1);
};

beforeEach(() => {
  stored.clear();
  workers = [];
  clock = new Clock();
  globalThis.setTimeout = clock.setTimeout;
  globalThis.clearTimeout = clock.clearTimeout;
});

test("a question starts it, waits for it, and one is asked after the other", async () => {
  const simulator = new Simulator(home, () => {});
  const first = simulator.ask({ do: "open", name: "a" }), second = simulator.ask({ do: "undo", number: 7 });
  await settled();
  assert.equal(simulator.state, "loading");
  const [worker] = workers;
  assert.deepEqual(worker.heard, [{ start: { key: "k" } }]);
  worker.says({ progress: 0.5 });
  assert.equal(simulator.onItsWay.share, 0.5);
  worker.says({ ready: "warm" });
  assert.deepEqual(worker.asked, [{ do: "open", name: "a" }]);
  worker.answers({ trace_lines: "x" });
  assert.deepEqual(await first, { trace_lines: "x" });
  worker.answers({ answers: 7 });
  assert.deepEqual(await second, { answers: 7 });
  assert.equal(stored.size, 0, "a start that came up is not counted");
});

test("one that does not answer is ended; the next is told what led here, without what hung", async () => {
  const simulator = new Simulator(home, () => {});
  const worker = await started(simulator);
  for (const message of [{ do: "open", name: "a" }, { do: "break", at_s: 1 }, { do: "scenario" }]) {
    const told = simulator.ask(message);
    worker.answers(message.do === "scenario" ? { scenario: "…" } : { trace_lines: "x" });
    await told;
  }
  const hung = simulator.ask({ do: "break", at_s: 2, number: 9 }), after = simulator.ask({ do: "undo" });
  clock.pass(61_000);
  const told = await hung;
  assert.match(told.error, /without your last change/);
  assert.equal(told.answers, 9);
  await settled();
  assert.ok(worker.ended);
  const again = workers[1];
  again.says({ ready: "warm" });
  for (let turn = 0; turn < 3; turn++) again.answers({ trace_lines: "x" });
  await after;
  assert.deepEqual(again.asked, [{ do: "open", name: "a" }, { do: "break", at_s: 1 }, { do: "undo" }]);
});

test("a long answer that tells how far it is, is waited for", async () => {
  const simulator = new Simulator(home, () => {});
  const worker = await started(simulator), shares = [];
  const told = simulator.ask({ do: "predict" }, (share) => shares.push(share));
  for (let turn = 1; turn < 5; turn++) {
    clock.pass(50_000);
    worker.says({ id: 1, share: turn / 5 });
  }
  worker.answers({ routers: [] });
  assert.deepEqual(await told, { routers: [] });
  assert.deepEqual(shares, [0.2, 0.4, 0.6, 0.8]);
  assert.equal(workers.length, 1);
});

test("who waits is told when it cannot start, and a tab that it ended twice is not asked a third time", async () => {
  const simulator = new Simulator(home, () => {});
  const told = simulator.ask({ do: "undo", number: 1 });
  await settled();
  workers[0].onerror({ preventDefault() {} });
  assert.match((await told).error, /did not start/);
  assert.equal((await simulator.ask({ do: "undo" })).error, simulator.why);
  for (let turn = 0; turn < 2; turn++) {
    new Simulator(home, () => {}).start(); // and the tab is gone
    await settled();
  }
  const left = new Simulator(home, () => {});
  const third = new Simulator(home, () => {});
  assert.match((await third.ask({ do: "undo" })).error, /cannot run in this browser/);
  stored.set("vrrplab.starts", "1");
  left.start();
  await settled();
  left.leave(); // somebody loads the page again meanwhile: that is no failure
  assert.equal(stored.size, 0);
});
