import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "../../browser/desk.js";

/** A simulator that answers when the test says so; the other values are the least that an answer has. */
function deskWith() {
  /** @type {{message: any, settle: (told: any) => void}[]} */
  const asked = [];
  const simulator = { state: "ready", why: "", ask: (/** @type {any} */ message) => new Promise((settle) => asked.push({ message, settle })) };
  const desk = new Desk(/** @type {any} */ (simulator), () => {});
  const answer = async (/** @type {number} */ n, /** @type {string} */ lines) => {
    asked[n].settle({ info: { name: lines, bet: {}, bets: [{}] }, trace_lines: lines, at_s: 1 });
    await new Promise(setImmediate);
  };
  return { desk, asked, answer };
}

const down = { at_s: 5, action: "link_down" };

test("what was made with the site is shown at once, and opened when something is asked of it", async () => {
  const { desk, asked, answer } = deskWith();
  desk.show("kill-9", /** @type {any} */ ({ info: { name: "kill-9" }, trace_lines: "made" }), 3);
  assert.equal(desk.values.trace_lines, "made");
  assert.equal(desk.values.at_s, 3);
  assert.deepEqual(asked, []);
  void desk.ask({ do: "break", actions: [down] });
  assert.deepEqual(asked.map(({ message }) => message.do), ["open", "break"]);
  await answer(0, "opened");
  await answer(1, "broken");
  assert.equal(desk.values.trace_lines, "broken");
  assert.deepEqual(desk.wish, { name: "kill-9", actions: [down] });
});

test("a link tells what was clicked and not undone; what was typed only a scenario's text tells", async () => {
  const { desk, answer } = deskWith();
  desk.show("kill-9", /** @type {any} */ ({ info: {}, trace_lines: "made" }));
  let n = 0; // the first question opens it
  const asks = async (/** @type {any} */ message) => {
    void desk.ask(message);
    if (n === 0) await answer(0, "opened");
    await answer(++n, `run ${n}`);
  };
  await asks({ do: "break", actions: [down] });
  await asks({ do: "undo" });
  assert.deepEqual(desk.wish, { name: "kill-9", actions: [] });
  assert.equal(desk.untouched, true);
  await asks({ do: "redo" });
  assert.deepEqual(desk.wish?.actions, [down]);
  await asks({ do: "undo" });
  await asks({ do: "break", actions: [{ ...down, at_s: 9 }] }); // what was undone is gone
  assert.deepEqual(desk.wish?.actions, [{ ...down, at_s: 9 }]);
  await asks({ do: "fail", lines: [] });
  assert.equal(desk.wish, null);
});

test("what comes when another cluster is wished is not shown", async () => {
  const { desk, answer } = deskWith();
  void desk.open({ yaml: "slow" });
  void desk.open({ yaml: "next" });
  await answer(0, "slow");
  assert.equal(desk.values.trace_lines, "");
  await answer(1, "next");
  assert.equal(desk.values.trace_lines, "next");
  void desk.open({ yaml: "late" });
  desk.show("kill-9", /** @type {any} */ ({ info: {}, trace_lines: "made" }));
  await answer(2, "late");
  assert.equal(desk.values.trace_lines, "made");
});

test("on the front page nobody is asked to guess, in a frame one is", async () => {
  const { desk, answer } = deskWith();
  void desk.open({ name: "kill-9" });
  await answer(0, "kill-9");
  assert.deepEqual([desk.values.info.bet, desk.values.info.bets], [{}, [{}]]);
  desk.front = true;
  void desk.open({ name: "kill-9" });
  await answer(1, "kill-9");
  assert.deepEqual([desk.values.info.bet, desk.values.info.bets], [undefined, undefined]);
});
