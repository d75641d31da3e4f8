import assert from "node:assert/strict";
import test from "node:test";
import { goalWords } from "../../vrrplab/views/static/goal.js";
import { fileSummary, lineMarks } from "../../vrrplab/views/static/repair.js";
import { lineCount, lineRange } from "../../vrrplab/views/static/editor.js";

/** @type {GoalInfo} */
const goal = { name: "00-vanish", text: "", state: "open", said: "", passed: false, tries: 0 };

test("a goal says what to do, what was seen, and what was reached before", () => {
  assert.deepEqual(goalWords(goal), { head: "", said: "Click on what you want to change." });
  assert.deepEqual(goalWords({ ...goal, said: "both have it." }), { head: "As it is:", said: "both have it." });
  assert.deepEqual(goalWords({ ...goal, passed: true }), { head: "Reached before.", said: "" });
  assert.equal(goalWords({ ...goal, state: "missed", said: "2.6 s." }).head, "Not yet:");
  assert.equal(goalWords({ ...goal, state: "missed", passed: true }).head, "Reached before. This run:");
  assert.deepEqual(goalWords({ ...goal, state: "reached", said: "28 s.", passed: true, tries: 1 }), { head: "Reached:", said: "28 s." });
  assert.equal(goalWords({ ...goal, state: "reached", said: "28 s.", passed: true, tries: 4 }).said, "28 s. (4 tries)");
  assert.equal(goalWords({ ...goal, state: "unclear", said: "odd." }).head, "");
});

test("lines of a text, the last one and those beyond", () => {
  assert.equal(lineCount(""), 1);
  assert.equal(lineCount("a\nb\n"), 3);
  assert.deepEqual(lineRange("ab\ncd\n", 1), [0, 2]);
  assert.deepEqual(lineRange("ab\ncd\n", 2), [3, 5]);
  assert.deepEqual(lineRange("ab\ncd\n", 3), [6, 6]);
  assert.deepEqual(lineRange("ab\ncd", 9), [5, 5]);
});

/** @type {(line: number, kind: Finding["kind"]) => Finding} */
const finding = (line, kind) => ({ line, text: "t", cure: "", kind });

test("a line is marked with the gravest that is said of it, and what holds for all files is no mark", () => {
  const found = lineMarks([finding(3, "ignored"), finding(3, "stops"), finding(3, "ignored"), finding(1, "aside"), finding(0, "stops")]);
  assert.deepEqual([...found], [[3, "stops"]]);
});

test("a file in a sentence", () => {
  assert.equal(fileSummary([finding(1, "aside")]), "keepalived reads every line.");
  assert.equal(fileSummary([finding(2, "ignored")]), "keepalived starts, and complains about one thing.");
  assert.equal(fileSummary([finding(2, "ignored"), finding(4, "ignored")]), "keepalived starts, and complains about 2 things.");
  assert.equal(fileSummary([finding(2, "rule"), finding(1, "aside")]), "keepalived reads every line, and is silent about this:");
  assert.match(fileSummary([finding(9, "stops")]), /does not start with this: line 9\. The picture shows the last text that ran/);
  assert.match(fileSummary([finding(0, "stops")]), /does not start with this\. The/);
});
