import assert from "node:assert/strict";
import { test } from "node:test";
import { TERMS } from "../../vrrplab/views/static/glossary.js";
import { wordsIn } from "../../vrrplab/views/static/terms.js";
import { placeBeside } from "../../vrrplab/views/static/tour.js";
import { logRows, namer, rowText, whyAnswer } from "../../vrrplab/views/static/words.js";
import { builtIn, python } from "./traces.js";

const words = (text) => wordsIn(text).map((x) => x.word);

test("a word is found as it is written in a sentence", () => {
  assert.deepEqual(words("No advert for 3.609 s; the master-down timer is 3 x 1 s + skew 0.609 s"), ["advert", "master down timer", "skew time"]);
  assert.deepEqual(words("Adverts of VIPs: priorities, virtual addresses, switches"), ["advert", "virtual_ipaddress", "priority", "virtual_ipaddress", "switch"]);
  assert.deepEqual(words("serv02 announces .101: 5 gratuitous ARPs"), ["gratuitous ARP"]);
});

test("what only looks like a word is none", () => {
  assert.deepEqual(words("a backup of the master, at fault, chk_squid_service, proxy-serv01, keepalive"), []);
});

test("where a word stands, the text says it", () => {
  const text = "BACKUP → MASTER: preempts";
  for (const { at, text: spelt } of wordsIn(text)) assert.equal(text.slice(at, at + spelt.length), spelt);
});

test("each word is found by each of its spellings", () => {
  for (const [word, { seen }] of Object.entries(TERMS)) {
    if (word === "accept") continue; // an English word first
    for (const spelt of [word, ...seen]) assert.deepEqual(words(`the ${spelt}, here`), [word], spelt);
  }
});

test("the card stands beside the light wherever there is room, and else below it", () => {
  const view = { left: 0, top: 0, right: 1000, bottom: 700 };
  const card = { width: 300, height: 150 };
  const overlaps = (lit, p) => p.left < lit.right && p.left + card.width > lit.left && p.top < lit.bottom && p.top + card.height > lit.top;
  for (const lit of [[10, 10, 200, 300], [800, 10, 990, 300], [300, 300, 700, 400], [10, 500, 990, 690], [0, 0, 1000, 60]].map(([left, top, right, bottom]) => ({ left, top, right, bottom }))) {
    const place = placeBeside(lit, card, view);
    assert.ok(!overlaps(lit, place), JSON.stringify([lit, place]));
    assert.ok(place.left >= 0 && place.left + 300 <= 1000 && place.top >= 0 && place.top + 150 <= 700, JSON.stringify([lit, place]));
  }
  const lit = { left: 0, top: 0, right: 1000, bottom: 690 };
  assert.ok(placeBeside(lit, card, view).top > 690);
});

test("no run shows an abbreviation that nobody explains, in its log or in an answer to why?", () => {
  const unknown = new Map();
  for (const scenario of python.scenarios) {
    const model = builtIn(scenario);
    const name = namer(model.cast);
    const said = logRows(model, "packets").filter((row) => row.kind !== "warning" && row.kind !== "notify").map((row) => rowText(model, row, name));
    for (const change of model.changes) {
      const { title, head, text, facts, rule } = whyAnswer(model, change, name);
      said.push(title, head, text, rule, ...facts.map((fact) => fact.text));
    }
    const names = JSON.stringify(model.events[0]);
    for (const text of new Set(said)) {
      let rest = text;
      for (const found of wordsIn(text)) rest = rest.replace(found.text, "");
      for (const word of rest.match(/\b[A-Z]{2,}\b|\b[a-z]+_[a-z_]+\b/g) || []) if (!names.includes(word)) unknown.set(word, `${scenario}: ${text}`);
    }
  }
  assert.deepEqual([...unknown], []);
});
