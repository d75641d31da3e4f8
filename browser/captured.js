// A capture that somebody dropped: who was MASTER when, what was noticed, and what a capture cannot show.
import { h, refill } from "../vrrplab/views/static/dom.js";

/** @typedef {{router: string, addresses: string[], server: string, priority: number, from_s: number, to_s: number, still: boolean}} MasterTime */
/** @typedef {{masters: MasterTime[], findings: {at_s: number, router: string, text: string}[], limits: string[]}} Witnessed */

/**
 * @param {HTMLElement} element
 * @param {Witnessed} told
 * @param {(at_s: number) => void} seek
 */
export function tellCapture(element, { masters, findings, limits }, seek) {
  const moment = (/** @type {number} */ at_s, unit = "") => h("button", { class: "linkish", type: "button", title: "Show this moment", onclick: () => seek(at_s) }, `${at_s.toFixed(3)}${unit}`);
  refill(element,
    masters.length ? h("div", { class: "wide" }, h("table", { class: "failures" },
      h("caption", {}, "Who was MASTER when"),
      h("thead", {}, h("tr", {}, ...["from (s)", "to (s)", "MASTER", "priority", "of"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", {}, masters.map((one) => h("tr", {}, h("td", {}, moment(one.from_s)), h("td", {}, one.still ? "the end" : moment(one.to_s)), h("td", {}, one.server), h("td", {}, one.priority), h("td", {}, `${one.router} ${one.addresses.join(", ")}`)))),
    )) : h("p", {}, "No VRRP advert is in it."),
    findings.length > 0 && h("h3", {}, "What happened"),
    findings.length > 0 && h("ul", { class: "plain" }, findings.map((one) => h("li", {}, moment(one.at_s, " s"), " ", one.text))),
    limits.length > 0 && h("details", {}, h("summary", {}, "What a capture cannot show"), h("ul", {}, limits.map((text) => h("li", {}, text)))),
  );
}
