// What a link says: a cluster, what was done to it, and a moment. All of it stands behind the "#", which a browser
// keeps to itself. A link comes from anybody: nothing of it is believed before it was read here and by the simulator.

const MOST_CHARACTERS = 8000; // chat programs and mail cut links that are longer
const MOST_BYTES = 200_000; // of what is unpacked: a small link can hold gigabytes, and the simulator reads some 20 kB a second
const TOO_LONG = "This cluster is too large for a link. Save it as a scenario, or download the page as one file.";
const UNREADABLE = "This link cannot be read: a part of it is missing, or it was changed on its way.";

/**
 * @typedef {object} Wish what a link, or a visitor, wants to see
 * @property {string} [name] a scenario that comes with the page
 * @property {string} [yaml] a scenario's text
 * @property {Action[]} [actions] what was done to it, each step a list of actions
 * @property {number} [at_s] the moment
 */

/**
 * Reads what stands behind "#". An Error has words for the visitor.
 * @param {string} hash
 * @returns {Promise<Wish>}
 */
export async function readAddress(hash) {
  if (hash.length > MOST_CHARACTERS) throw new Error(UNREADABLE);
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {Wish} */
  const wish = {};
  const moment = Number(said.get("t") ?? NaN);
  if (Number.isFinite(moment) && moment >= 0) wish.at_s = moment;
  const packed = said.get("y");
  if (packed) wish.yaml = await unpackText(packed);
  else if (said.get("s")) wish.name = /** @type {string} */ (said.get("s"));
  const actions = said.get("a");
  if (actions) wish.actions = readActions(actions);
  return wish;
}

/**
 * The link's end that shows this again.
 * @param {Wish} wish
 */
export async function writeAddress({ name, yaml, actions = [], at_s }) {
  const parts = [yaml === undefined ? `s=${encodeURIComponent(name ?? "")}` : `y=${await packText(yaml)}`];
  if (at_s !== undefined) parts.push(`t=${Math.round(at_s * 1000) / 1000}`);
  // Readable in the address line: what JSON needs is allowed there, but for its quotation marks.
  if (actions.length) parts.push(`a=${encodeURIComponent(JSON.stringify(actions)).replace(/%(5B|5D|7B|7D|2C|3A)/g, decodeURIComponent)}`);
  const hash = `#${parts.join("&")}`;
  if (hash.length > MOST_CHARACTERS) throw new Error(TOO_LONG);
  return hash;
}

/** @param {string} text */
function readActions(text) {
  let actions;
  try {
    actions = JSON.parse(text);
  } catch {
    throw new Error(UNREADABLE);
  }
  if (!Array.isArray(actions) || !actions.every((one) => one && typeof one === "object" && typeof one.action === "string" && Number.isFinite(one.at_s))) throw new Error(UNREADABLE);
  return actions;
}

/** @param {string} text */
async function packText(text) {
  const packed = await throughStream(new TextEncoder().encode(text), new CompressionStream("deflate-raw"), Infinity);
  return btoa(packed.reduce((all, byte) => all + String.fromCharCode(byte), "")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {string} packed */
async function unpackText(packed) {
  try {
    const bytes = Uint8Array.from(atob(packed.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(await throughStream(bytes, new DecompressionStream("deflate-raw"), MOST_BYTES));
  } catch {
    throw new Error(UNREADABLE);
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {CompressionStream | DecompressionStream} stream
 * @param {number} most bytes that may come out
 */
async function throughStream(bytes, stream, most) {
  /** @type {Uint8Array[]} */
  const parts = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.byteLength;
    if (length > most) {
      await reader.cancel();
      throw new Error(UNREADABLE);
    }
    parts.push(part.value);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
