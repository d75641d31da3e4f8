// What is wrong within and between somebody's files: the findings of `vrrplab config check`.
import { h, refill } from "../vrrplab/views/static/dom.js";

/** @typedef {{file: string, start: number, end: number, text: string}} TextEdit so many characters become a text */
/** @typedef {{node: string, file: string, line: number}} PlaceInFile */
/** @typedef {{rule: string, name: string, severity: "error" | "warning" | "info", certain: boolean, message: string, cure: string, places: PlaceInFile[], edits: TextEdit[]}} FoundByRule */
/** @typedef {{error: string, file?: string, line?: number}} RefusedFile */

const SEVERITY_WORDS = { error: "Error", warning: "Warning", info: "Note" };
// How grave it is for the lines of an editor, in its own words.
const MARK_OF = { error: "stops", warning: "ignored", info: "" };

/**
 * The findings as a list, each with its lines to go to.
 * @param {HTMLElement} element
 * @param {FoundByRule[]} findings
 * @param {(file: string, line: number) => void} goto
 * @param {(edits: TextEdit[]) => void} change
 * @param {string} pages the folder with a page for each rule; "": there is none
 */
export function listFindings(element, findings, goto, change, pages) {
  refill(element, ...findings.map((one) => {
    const places = new Map(one.places.map((place) => [`${place.file}:${place.line}`, place]));
    return h("li", { "data-severity": one.severity },
      h("b", { class: "severity" }, SEVERITY_WORDS[one.severity] ?? one.severity), " ", tellRule(one, pages),
      h("p", {}, one.message, one.certain ? "" : " (if what is not in the files is as one would expect)"),
      one.cure && h("p", { class: "cure" }, "Cure: ", one.cure),
      one.edits?.length > 0 && h("p", {}, h("button", { class: "linkish", type: "button", onclick: () => change(one.edits) }, "Make this change"), `: ${one.edits.map(({ file, text }) => `${text.trim() || "taken out"} (${file})`).join(", ")}`),
      h("p", { class: "places" }, [...places].map(([name, { file, line }]) => (line ? h("button", { class: "linkish", type: "button", onclick: () => goto(file, line) }, name) : h("span", {}, file)))),
    );
  }));
}

/**
 * A rule's name, leading to its page where there is one: beside this page, which keeps what is typed.
 * @param {FoundByRule} found
 * @param {string} pages
 */
function tellRule({ rule, name }, pages) {
  const words = `${rule} ${name}`;
  return pages ? h("a", { class: "rule", href: `${pages}${encodeURIComponent(rule)}.html`, target: "_blank", rel: "noopener" }, words) : h("span", { class: "rule" }, words);
}

/**
 * A text with some of these edits made in it; they do not overlap, and count characters as Python does.
 * @param {string} text
 * @param {TextEdit[]} edits
 */
export function editedText(text, edits) {
  const letters = [...text];
  for (const { start, end, text: fresh } of [...edits].sort((one, other) => other.start - one.start)) letters.splice(start, end - start, fresh);
  return letters.join("");
}

/**
 * What each line of a file is marked with.
 * @param {string} file
 * @param {FoundByRule[]} findings
 * @param {RefusedFile[]} refused
 * @returns {Map<number, string>}
 */
export function marksOf(file, findings, refused) {
  /** @type {Map<number, string>} */
  const marks = new Map();
  for (const { severity, places } of [...findings].reverse()) { // the worst are first, and written last
    for (const place of places) if (place.file === file && place.line && MARK_OF[severity]) marks.set(place.line, MARK_OF[severity]);
  }
  for (const one of refused) if (one.file === file && one.line) marks.set(one.line, "stops");
  return marks;
}

/**
 * e.g. "1 error, 2 warnings"
 * @param {FoundByRule[]} findings
 */
export function countFindings(findings) {
  const counted = /** @type {const} */ (["error", "warning", "info"]).map((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    const word = SEVERITY_WORDS[severity].toLowerCase();
    return count ? `${count} ${word}${count > 1 ? "s" : ""}` : "";
  });
  return counted.filter(Boolean).join(", ") || "no finding";
}
