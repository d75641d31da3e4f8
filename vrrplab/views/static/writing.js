// Names in every script, as a page may show them: nothing hidden, and nothing around them moved.
import { HIDDEN, RIGHT_TO_LEFT } from "./vocabulary.js";

const hiddenSigns = new RegExp(HIDDEN, "gu");
const rightToLeftNames = new RegExp(RIGHT_TO_LEFT, "gu");
const ordinaryText = /^[ -~\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u23ff]*$/;
/** @type {Record<string, string>} */
const SHORT_ESCAPES = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** @param {string} text */
function escapeOf(text) {
  if (text.codePointAt(0) === 0x1f3f4) return text; // a flag that is spelled out
  if (text in SHORT_ESCAPES) return SHORT_ESCAPES[text];
  return [...Array(text.length).keys()].map((n) => `\\u${text.charCodeAt(n).toString(16).padStart(4, "0")}`).join("");
}

/**
 * Text of any origin: what cannot be seen as its escape, and a name that goes from right to left by itself, so
 * that the numbers beside it stay where they are.
 * @param {string} text
 */
export function shown(text) {
  if (ordinaryText.test(text)) return text;
  return visible(text).replace(rightToLeftNames, (name) => `\u2068${name}\u2069`);
}

/**
 * As `shown`, for what is measured or cut.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(hiddenSigns, escapeOf);
}

/**
 * What stands together: a letter with its accents, a family of emoji.
 * @param {string} text
 */
export function signs(text) {
  if (ordinaryText.test(text) || !("Segmenter" in Intl)) return [...text];
  return [...new Intl.Segmenter("en").segment(text)].map((sign) => sign.segment);
}
