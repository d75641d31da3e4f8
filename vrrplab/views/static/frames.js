// The bytes of one frame, named field by field. Small tables; no checks (the wire package judges frames).

/** @type {(n: number, width?: number) => string} */
const hex = (n, width = 2) => n.toString(16).padStart(width, "0");
/** @param {Uint8Array} b */
const macText = (b) => [...b].map((x) => hex(x)).join(":");
/** @param {Uint8Array} b */
const ip4Text = (b) => [...b].join(".");

/**
 * As RFC 5952 writes it: "::" for the longest run of zeros, of equal ones the first; one zero alone is written.
 * @param {Uint8Array} b
 */
function ip6Text(b) {
  const words = Array.from({ length: 8 }, (_, i) => ((b[2 * i] << 8) | b[2 * i + 1]).toString(16));
  let [from, length] = [0, 1];
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (words[i + n] === "0") n++;
    if (n > length) [from, length] = [i, n];
  }
  if (length === 1) return words.join(":");
  return `${words.slice(0, from).join(":")}::${words.slice(from + length).join(":")}`;
}

/** @param {string} text hexadecimal digits */
export function bytesOf(text) {
  const out = new Uint8Array(text.length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(text.substr(2 * i, 2), 16);
  return out;
}

/** @typedef {(number: number, bytes: Uint8Array) => string} Show */

class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    /** @type {Field[]} */
    this.fields = [];
  }

  get left() {
    return this.bytes.length - this.at;
  }

  /**
   * Names the next `size` bytes; `show(number, bytes)` gives the value's text.
   * @param {string} layer
   * @param {string} name
   * @param {number} size
   * @param {Show | null} [show]
   */
  take(layer, name, size, show, note = "") {
    const part = this.bytes.subarray(this.at, this.at + size);
    if (!part.length) return 0;
    let number = 0;
    for (const b of part.subarray(0, 6)) number = number * 256 + b;
    const cut = part.length < size ? " (cut off here)" : "";
    this.fields.push({ from: this.at, to: this.at + part.length, layer, name, value: (show ? show(number, part) : String(number)) + cut, note });
    this.at += part.length;
    return number;
  }
}

/** @type {Show} */
const asHex = (n, b) => "0x" + hex(n, b.length * 2);
/** @type {Show} */
const asMac = (_, b) => macText(b);
/** @type {Show} */
const asIp4 = (_, b) => ip4Text(b);
/** @type {Show} */
const asIp6 = (_, b) => ip6Text(b);

/**
 * A frame given as hex text: its title, its fields, and what it says.
 * @param {string} text
 */
export function decodeFrame(text) {
  const r = new Reader(bytesOf(text));
  /** @type {Seen} */
  const seen = { title: "Frame", summary: "" };
  /** @type {Show} */
  const to = (_, b) => macText(b) + (b[0] === 255 ? " (everybody)" : b[0] & 1 ? " (a multicast group)" : "");
  r.take("eth", "destination", 6, to);
  r.take("eth", "source", 6, (_, b) => macText(b) + (macText(b).startsWith("00:00:5e:00:0") ? " (a virtual router's)" : ""));
  let type = r.take("eth", "type", 2, asHex);
  while (type === 0x8100 || type === 0x88a8) {
    r.take("eth", "VLAN", 2, (n) => String(n & 0xfff));
    type = r.take("eth", "type", 2, asHex);
  }
  if (type === 0x0806) readArp(r, seen);
  else if (type === 0x0800) readIp4(r, seen);
  else if (type === 0x86dd) readIp6(r, seen);
  if (r.left) r.take("rest", r.left && seen.padded ? "padding" : "data", r.left, (_, b) => `${b.length} bytes`);
  return { ...seen, bytes: r.bytes, fields: r.fields };
}

/** @typedef {{title: string, summary: string, padded?: boolean}} Seen */

/** @type {(r: Reader, seen: Seen) => void} */
function readArp(r, seen) {
  r.take("arp", "hardware type", 2, (n) => (n === 1 ? "1, Ethernet" : String(n)));
  r.take("arp", "protocol type", 2, (n) => (n === 0x800 ? "0x0800, IPv4" : asHex(n, new Uint8Array(2))));
  r.take("arp", "address lengths", 2, (_, b) => [...b].join(" and "));
  const op = r.take("arp", "operation", 2, (n) => (n === 1 ? "1, request" : n === 2 ? "2, reply" : String(n)));
  const start = r.at;
  r.take("arp", "sender MAC", 6, asMac, "what every neighbour and switch learns");
  r.take("arp", "sender IP", 4, asIp4);
  r.take("arp", "target MAC", 6, asMac);
  r.take("arp", "target IP", 4, asIp4);
  const b = r.bytes;
  const [mac, sender, target] = [b.subarray(start, start + 6), b.subarray(start + 6, start + 10), b.subarray(start + 16, start + 20)].map((x, i) => (i ? ip4Text(x) : macText(x)));
  const own = sender === target && b.length >= start + 20;
  seen.title = own ? "Gratuitous ARP" : op === 2 ? "ARP reply" : "ARP request";
  seen.summary = own
    ? `A ${op === 2 ? "reply nobody asked for" : "request nobody need answer"}: “${sender} is at ${mac}”. Switches and neighbours take note.`
    : op === 2 ? `“${sender} is at ${mac}”` : `“Who has ${target}? Tell ${sender}”`;
  seen.padded = true;
}

/** @type {(r: Reader, seen: Seen) => void} */
function readIp4(r, seen) {
  const start = r.at;
  const header = (r.bytes[start] & 15) * 4;
  r.take("ip", "version, header length", 1, (n) => `${n >> 4}, ${(n & 15) * 4} bytes`);
  r.take("ip", "type of service", 1, asHex, "0xc0: network control");
  r.take("ip", "total length", 2);
  r.take("ip", "identification", 2, asHex);
  r.take("ip", "flags, fragment", 2, asHex);
  r.take("ip", "TTL", 1, null, "255 proves that no router passed it on");
  let next = r.take("ip", "protocol", 1, (n) => `${n}${n === 112 ? ", VRRP" : n === 51 ? ", authentication header" : ""}`);
  r.take("ip", "header checksum", 2, asHex);
  r.take("ip", "source", 4, asIp4, "the sender's own address");
  r.take("ip", "destination", 4, (_, b) => ip4Text(b) + (ip4Text(b) === "224.0.0.18" ? " (all VRRP routers)" : ""));
  if (start + header > r.at) r.take("ip", "options", start + header - r.at, (_, b) => `${b.length} bytes`);
  if (next === 51) next = readAh(r);
  if (next === 112) readVrrp(r, seen, 4);
  else seen.title = "IPv4 packet";
}

/** @param {Reader} r */
function readAh(r) {
  const next = r.take("ip", "AH next header", 1, (n) => String(n));
  const words = r.take("ip", "AH length", 1, (n) => `${(n + 2) * 4} bytes`);
  r.take("ip", "AH reserved", 2, asHex);
  r.take("ip", "AH parameter index", 4, asHex);
  r.take("ip", "AH sequence", 4);
  r.take("ip", "AH value", Math.max(0, words * 4 - 4), (_, b) => `${b.length} bytes`);
  return next;
}

/** @type {(r: Reader, seen: Seen) => void} */
function readIp6(r, seen) {
  r.take("ip", "version, class, flow", 4, asHex);
  r.take("ip", "payload length", 2);
  const next = r.take("ip", "next header", 1, (n) => `${n}${n === 112 ? ", VRRP" : n === 58 ? ", ICMPv6" : ""}`);
  r.take("ip", "hop limit", 1, null, "255 proves that no router passed it on");
  r.take("ip", "source", 16, asIp6);
  r.take("ip", "destination", 16, (_, b) => ip6Text(b) + (ip6Text(b) === "ff02::12" ? " (all VRRP routers)" : ""));
  if (next === 112) readVrrp(r, seen, 16);
  else if (next === 58) readNeighbour(r, seen);
  else seen.title = "IPv6 packet";
}

/** @type {(r: Reader, seen: Seen) => void} */
function readNeighbour(r, seen) {
  const type = r.take("na", "type", 1, (n) => (n === 136 ? "136, neighbour advertisement" : String(n)));
  r.take("na", "code", 1);
  r.take("na", "checksum", 2, asHex);
  seen.title = "ICMPv6";
  if (type !== 136) return;
  r.take("na", "flags", 4, (n) => [n & 0x80000000 && "router", n & 0x40000000 && "solicited", n & 0x20000000 && "override"].filter(Boolean).join(", ") || "none");
  const target = ip6Text(r.bytes.subarray(r.at, r.at + 16));
  r.take("na", "target", 16, asIp6);
  if (r.bytes[r.at] === 2) {
    r.take("na", "option, length", 2, () => "2, target link-layer address");
    r.take("na", "target MAC", 6, asMac, "what every neighbour learns");
  }
  seen.title = "Neighbour advertisement";
  seen.summary = `An answer nobody asked for: “${target} is here now”.`;
}

/** @type {(r: Reader, seen: Seen, addressSize: 4 | 16) => void} */
function readVrrp(r, seen, addressSize) {
  const start = r.at;
  const b = r.bytes;
  const version = b[start] >> 4;
  r.take("vrrp", "version, type", 1, (n) => `${n >> 4}, ${(n & 15) === 1 ? "advertisement" : n & 15}`);
  const vrid = r.take("vrrp", "virtual router ID", 1, null, "which virtual router speaks");
  const priority = r.take("vrrp", "priority", 1, null, "0: goodbye · 255: address owner · the highest wins");
  const count = r.take("vrrp", "count of addresses", 1);
  let interval;
  let auth = 0;
  if (version === 3) {
    interval = r.take("vrrp", "advertisement interval", 2, (n) => `${(n & 0xfff) / 100} s`, "in hundredths of a second") & 0xfff;
    interval /= 100;
  } else {
    auth = r.take("vrrp", "authentication type", 1, (n) => ["0, none", "1, password", "2, AH"][n] ?? String(n));
    interval = r.take("vrrp", "advertisement interval", 1, (n) => `${n} s`);
  }
  r.take("vrrp", "checksum", 2, asHex);
  for (let i = 0; i < count && r.left > 0; i++) {
    r.take("vrrp", `address ${i + 1}`, addressSize, addressSize === 4 ? asIp4 : asIp6, "a virtual address");
  }
  if (version === 2 && r.left >= 8) {
    /** @type {Show} */
    const text = (_, part) => (auth === 1 ? `“${String.fromCharCode(...part).replace(/\0+$/, "")}”, readable by anybody` : "unused");
    r.take("vrrp", "authentication data", 8, text);
  }
  seen.title = `VRRPv${version} advert`;
  const bye = priority === 0 ? "“I stop now: take over at once.”" : `“I am MASTER of virtual router ${vrid}, priority ${priority}; I say so every ${interval}\u00a0s.”`;
  seen.summary = bye;
  seen.padded = true;
}
