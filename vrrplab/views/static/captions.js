// The words around the picture: what is played, what the marks mean, who holds an address together.
import { h } from "./dom.js";

/** @type {Record<string, string>} */
const ORIGINS = { recording: "real keepalived, recorded", capture: "a capture", live: "seen live" };

/**
 * The small labels beside the title; `fork` says what the run is a fork of.
 * @param {Cast} cast
 * @param {string} [fork]
 */
export function tags(cast, fork) {
  const name = cast.name !== cast.description && cast.description && cast.name;
  const source = cast.origin === "simulation" ? cast.seed != null && `seed ${cast.seed}` : ORIGINS[cast.origin];
  const words = [name, cast.profile.replaceAll("keepalived-", "keepalived "), source, fork];
  return words.filter((w) => typeof w === "string" && w !== "").map((w) => h("span", { class: `vl-tag${w === fork ? " vl-tag-fork" : ""}`, title: w }, w));
}

/**
 * What each mark on the wires is, as far as this trace has them.
 * @param {Model} model
 */
export function legend({ told, cast }) {
  /** @type {(shape: string, text: string) => HTMLElement} */
  const mark = (shape, text) => h("span", {}, h("i", { class: `vl-mark vl-mark-${shape}` }), text);
  const moves = told.has("advert_sent") || told.has("garp_sent") || told.has("na_sent") || cast.clients.size > 0;
  return h("p", { class: "vl-legend", "aria-hidden": "true" }, h("b", { class: "vl-more" }, "more servers: scroll sideways →"), told.has("advert_sent") && mark("advert", "advert"), told.has("garp_sent") && mark("garp", "gratuitous ARP"),
    told.has("na_sent") && mark("garp", "neighbour advert"), cast.clients.size > 0 && [mark("probe", "a client asks"), mark("answer", "the answer")], moves && [mark("lost", "lost"), h("span", {}, "frames are slowed down to be seen")]);
}

/**
 * "serv01 and serv02 both have .101" for every address that several servers hold at `t`, or "".
 * @param {Model} model
 * @param {Namer} name
 * @param {number} t
 */
export function sharedAddresses(model, name, t) {
  /** @type {Map<string, string[]>} */
  const shared = new Map(); // "serv01 and serv02" -> addresses
  for (const v of model.cast.vips) {
    const holders = model.holders(v.address, t).map((x) => name.server(x));
    if (holders.length < 2) continue;
    const who = `${holders.slice(0, -1).join(", ")} and ${holders[holders.length - 1]}`;
    shared.set(who, [...(shared.get(who) || []), v.short]);
  }
  /** @param {string[]} all */
  const list = (all) => all.slice(0, 4).join(", ") + (all.length > 4 ? ` and ${all.length - 4} more` : "");
  return [...shared].map(([who, all]) => `${who} ${who.includes(",") ? "all" : "both"} have ${list(all)}`).join("; ");
}
