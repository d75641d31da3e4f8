import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { test } from "node:test";
import { readAddress, writeAddress } from "../../browser/address.js";

const actions = [{ at_s: 5, action: "link_down", server: "näme & co", interface: "eth0" }];
const packed = (/** @type {string} */ text) => `#y=${deflateRawSync(text).toString("base64url")}`;

test("what a link was made of comes back", async () => {
  for (const wish of [{ name: "kill-9" }, { name: "kill-9", at_s: 12.345 }, { name: "a b&c=d#", actions, at_s: 0 }, { yaml: "name: é\nservers: {}\n", at_s: 3 }]) {
    assert.deepEqual(await readAddress(await writeAddress(wish)), wish);
  }
});

test("an empty address wishes nothing, and a moment that is none is left out", async () => {
  assert.deepEqual(await readAddress(""), {});
  for (const t of ["-1", "x", "Infinity", "NaN"]) assert.deepEqual(await readAddress(`#s=a&t=${t}`), { name: "a" });
});

test("what cannot be read is told in one sentence, however it is broken", async () => {
  const bomb = packed("a".repeat(5_000_000));
  assert.ok(bomb.length < 8000);
  const broken = [bomb, "#y=!!!", "#y=AAAA", packed("servers: {}").slice(0, -3), `#y=${"A".repeat(9000)}`, "#s=a&a=[", "#s=a&a={}", "#s=a&a=[1]", '#s=a&a=[{"at_s":"5","action":"x"}]', `#y=${Buffer.from(deflateRawSync(Buffer.from([0xff, 0xfe]))).toString("base64url")}`];
  for (const hash of broken) await assert.rejects(readAddress(hash), /cannot be read/, hash.slice(0, 40));
  assert.equal((await readAddress(packed("a".repeat(199_999)))).yaml?.length, 199_999);
});

test("what is too long for a link is not made one", async () => {
  let noise = "", seed = 1;
  while (noise.length < 40_000) noise += ((seed = (seed * 48271) % 2147483647) % 36).toString(36);
  await assert.rejects(writeAddress({ yaml: noise }), /too large for a link/);
});
