import assert from "node:assert/strict";
import { test } from "node:test";
import { shown, signs, visible } from "../../vrrplab/views/static/writing.js";

test("ordinary names, and those of other scripts, stay as they are", () => {
  for (const name of ["proxy-serv01", "über", "服务器甲", "नमस्ते", "👨\u200d👩\u200d👧 🇩🇪", "<&>\"'", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"]) assert.equal(shown(name), name);
});

test("what cannot be seen is shown as its escape, as on a terminal", () => {
  assert.equal(shown("a\u202eb\u0007c\u2028d\ud800e\n"), "a\\u202eb\\u0007c\\u2028d\\ud800e\\n");
  assert.equal(visible("tag\u{e0041}"), "tag\\udb40\\udc41");
});

test("a name from right to left keeps to itself", () => {
  assert.equal(shown("خادم-2 eth0: 100"), "\u2068خادم-2\u2069 eth0: 100");
  assert.equal(shown("priority 100 (שרת)"), "priority 100 (\u2068שרת\u2069)");
  assert.equal(shown("שרת. 5"), "\u2068שרת\u2069. 5");
});

test("what stands together is not parted", () => {
  assert.deepEqual(signs("e\u0301x👨\u200d👩\u200d👧"), ["e\u0301", "x", "👨\u200d👩\u200d👧"]);
});
