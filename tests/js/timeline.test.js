import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline, lastIndex } from "../../vrrplab/views/static/timeline.js";

test("the last entry that is not after a moment", () => {
  const times = [1, 2, 2, 5];
  assert.deepEqual([0, 1, 1.5, 2, 4.999, 5, 9].map((t) => lastIndex(times, t)), [-1, 0, 0, 2, 2, 3, 3]);
  assert.equal(lastIndex([], 1), -1);
});

test("the search finds what counting finds, in lists of every length up to 40", () => {
  for (let length = 0; length <= 40; length++) {
    const times = Array.from({ length }, (_, n) => Math.floor((n * n) / 7) / 2);
    for (let t = -1; t < 120; t += 0.25) assert.equal(lastIndex(times, t), times.filter((x) => x <= t).length - 1);
  }
});

test("a value before, at and after its changes", () => {
  const line = new Timeline("down");
  line.set(1, "up");
  line.set(3, "down");
  assert.deepEqual([0, 0.999, 1, 2, 3, 100].map((t) => line.at(t)), ["down", "down", "up", "up", "down", "down"]);
  assert.deepEqual(line.about(0.5), { value: "down", since: null, before: null });
  assert.deepEqual(line.about(1), { value: "up", since: 1, before: "down" });
  assert.deepEqual(line.about(9), { value: "down", since: 3, before: "up" });
});

test("the same value again is no change", () => {
  const line = new Timeline("up");
  line.set(1, "up");
  line.set(2, "down");
  line.set(3, "down");
  assert.deepEqual(line.times, [2]);
  assert.equal(line.about(5).since, 2);
});

test("of two values at one moment the later one counts", () => {
  const line = new Timeline();
  line.set(1, "a");
  line.set(1, "b");
  assert.deepEqual([line.at(1), line.times.length], ["b", 1]);
});

test("spans cover everything from 0 to the end, without gap or overlap", () => {
  const line = new Timeline("INIT");
  line.set(0, "BACKUP");
  line.set(4, "MASTER");
  line.set(7.5, "FAULT");
  assert.deepEqual(line.spans(10), [
    { from: 0, to: 4, value: "BACKUP" },
    { from: 4, to: 7.5, value: "MASTER" },
    { from: 7.5, to: 10, value: "FAULT" },
  ]);
  assert.deepEqual(new Timeline("x").spans(3), [{ from: 0, to: 3, value: "x" }]);
  assert.deepEqual(new Timeline("x").spans(0), [{ from: 0, to: 0, value: "x" }], "even a trace without length has one");
});
