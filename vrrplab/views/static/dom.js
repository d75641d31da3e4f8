// Small helpers for HTML and SVG elements.

import { shown, signs, visible } from "./writing.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {Record<string, unknown> | null} Attributes names and values; null and false leave one out, "onclick" and the like listen
 * @typedef {Node | string | number | boolean | null | undefined} Child what is not there (null, false) is left out
 * @typedef {Child | Child[] | Child[][]} Children
 */

/**
 * @template {Focusable} E
 * @param {E} element
 * @param {Attributes | undefined} attributes
 * @param {Children[]} children
 */
function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value == null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(key, value === true ? "" : attributeText(key, String(value)));
  }
  // JupyterLab's own shortcuts (D, D deletes a cell) must not act on keys meant for us.
  if (attributes && (attributes.tabindex != null || element.localName === "button" || element.localName === "select" || element.localName === "textarea")) {
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  for (const c of children.flat(3)) if (c != null && typeof c !== "boolean") element.append(typeof c === "object" ? c : shown(String(c)));
  return element;
}

/**
 * An attribute's value: what people see or hear of it is written as texts are.
 * @param {string} name
 * @param {string} value
 */
const attributeText = (name, value) => (name === "aria-label" || name === "title" ? shown(value) : value);

/**
 * An element of HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {Children[]} children
 */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
/**
 * An element of SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {Children[]} children
 */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/**
 * A text of SVG.
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {Record<string, unknown>} attributes
 */
export function label(text, x, y, attributes = {}) {
  return s("text", { x, y, ...attributes }, text);
}

/**
 * Puts `children` in the place of what `element` has; what is not there (null, false, "") is left out.
 * @param {Focusable} element
 * @param {Children[]} children
 */
export function refill(element, ...children) {
  element.replaceChildren();
  fill(element, null, children.filter((c) => c !== ""));
}

/**
 * As refill, but who is there already is not touched as long as the order stays: it keeps the keyboard and its caret.
 * @param {Element} element
 * @param {(Element | string | null)[]} children
 */
export function rearrange(element, children) {
  const wanted = children.filter((c) => c instanceof Element);
  for (const old of [...element.children]) if (!wanted.includes(old)) old.remove();
  let next = element.firstElementChild;
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling;
    else element.insertBefore(child, next);
  }
}

/**
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  const words = shown(text);
  if (element.textContent !== words) element.textContent = words;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | number | false | null} value null and false: none
 */
export function setAttribute(element, name, value) {
  if (value == null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== attributeText(name, String(value))) element.setAttribute(name, attributeText(name, String(value)));
}

/**
 * When the page has been laid out and drawn: to ask where something is costs nothing then.
 * @param {() => void} run
 */
export const afterFrame = (run) => void requestAnimationFrame(() => window.setTimeout(run));

/** Icons as paths in a 14 x 14 box: symbol fonts are not everywhere. */
const ICONS = {
  start: "M2 2h2v10H2zM12 2v10L5 7z",
  back: "M10 2v10L3 7z",
  play: "M3 1.5v11L12.5 7z",
  pause: "M3 2h3v10H3zM8 2h3v10H8z",
  step: "M4 2v10l7-5z",
  jumpback: "M12.5 2v10L7.5 7zM7 2v10L2 7zM.5 2H2v10H.5z",
  jump: "M1.5 2v10l5-5zM7 2v10l5-5zM12 2h1.5v10H12z",
  undo: "M5.5 1.5v3H9a4 4 0 0 1 0 8H4.5V11H9a2.5 2.5 0 0 0 0-5H5.5v3L1.5 5.2z",
  redo: "M8.5 1.5v3H5a4 4 0 0 0 0 8h4.5V11H5a2.5 2.5 0 0 1 0-5h3.5v3l4-3.8z",
  close: "M3 2 7 6l4-4 1 1-4 4 4 4-1 1-4-4-4 4-1-1 4-4-4-4z",
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  return s("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, s("path", { d: ICONS[name], fill: "currentColor" }));
}

/**
 * Width of a text in one of our fonts; the fonts come from the root element's style.
 * @param {HTMLElement} root
 * @returns {Measure}
 */
export function measurer(root) {
  const context = painter(document.createElement("canvas"));
  const family = getComputedStyle(root).fontFamily || "sans-serif";
  const fonts = { small: `11.5px ${family}`, text: `13px ${family}`, bold: `700 11.5px ${family}`, title: `700 13px ${family}` };
  /** @type {Map<string, number>} */
  const known = new Map();
  return (text, font) => {
    const key = font + text;
    let width = known.get(key);
    if (width === undefined) {
      context.font = fonts[font];
      width = context.measureText(visible(text)).width;
      known.set(key, width);
    }
    return width;
  };
}

/**
 * What draws on a canvas. Error: this browser cannot draw on one.
 * @param {HTMLCanvasElement} canvas
 */
export function painter(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw on a canvas.");
  return context;
}

/**
 * `text` cut in the middle, because names often differ only at their end; the last `tail` letters stay if they can.
 * @param {string} text
 * @param {number} room in pixels
 * @param {Font} font
 * @param {Measure} measure
 * @param {number} tail
 */
export function fitName(text, room, font, measure, tail = text.length / 2) {
  if (measure(text, font) <= room) return text;
  const all = signs(visible(text));
  let n = all.length - 1;
  const end = () => Math.max(0, Math.min(Math.floor(tail), n - 1));
  const cut = () => [...all.slice(0, n - end()), "…", ...all.slice(all.length - end())].join("");
  while (n > 2 && measure(cut(), font) > room) n--;
  return cut();
}

/**
 * `text` cut with an ellipsis so that it fits in `room` pixels.
 * @param {string} text
 * @param {number} room
 * @param {Font} font
 * @param {Measure} measure
 */
export function fitText(text, room, font, measure) {
  if (measure(text, font) <= room) return text;
  const all = signs(visible(text));
  let n = all.length;
  while (n > 1 && measure(all.slice(0, n).join("") + "…", font) > room) n--;
  return all.slice(0, n).join("") + "…";
}

/**
 * Calls `go(event)` for each place along which `element` is dragged; a finger that scrolls the page drags nothing.
 * @param {GlobalEventHandlers} element
 * @param {(event: PointerEvent) => void} go
 */
export function onDrag(element, go) {
  element.addEventListener("pointerdown", (down) => {
    if (down.button) return;
    const finger = down.pointerType === "touch";
    /** @param {PointerEvent} event */
    const mine = (event) => event.pointerId === down.pointerId;
    /** @param {PointerEvent} event */
    const move = (event) => mine(event) && go(event);
    /** @param {PointerEvent} event */
    const stop = (event) => {
      if (!mine(event)) return;
      for (const [name, run] of heard) window.removeEventListener(name, run);
      if (finger && event.type === "pointerup") go(event);
    };
    /** @type {["pointermove" | "pointerup" | "pointercancel", (event: PointerEvent) => void][]} */
    const heard = [["pointermove", move], ["pointerup", stop], ["pointercancel", stop]];
    for (const [name, run] of heard) window.addEventListener(name, run);
    if (finger) return;
    down.preventDefault();
    go(down);
  });
}

/**
 * How an element is found again when everything is drawn anew: a thing, a label, or the words on a button.
 * @param {Focusable} element
 */
function identity(element) {
  const { thing } = element.dataset;
  return thing ? `thing ${thing}` : (element.getAttribute("aria-label") ?? (element.localName === "button" ? element.textContent : ""));
}

/**
 * The element that has the keyboard, in the document or the shadow tree that `element` is in; null: none, or it is in neither.
 * @param {Focusable} element
 */
export function activeIn(element) {
  const tree = element.getRootNode();
  return /** @type {Focusable | null} */ ("activeElement" in tree ? tree.activeElement : null);
}

/**
 * What inside `root` has the keyboard, so that its successor gets it when everything is drawn anew; null: nothing.
 * @param {HTMLElement} root
 */
export function focusedIn(root) {
  const now = activeIn(root);
  return now && root.contains(now) ? { name: identity(now) } : null;
}

/**
 * The keyboard to the successor, and at once: a key pressed before would be lost. A menu that is open keeps it.
 * @param {HTMLElement} root
 * @param {{name: string | null}} successor
 */
export function focusSuccessor(root, { name }) {
  const now = activeIn(root);
  if (now && root.contains(now) && !now.matches(":disabled")) return;
  const all = /** @type {NodeListOf<Focusable>} */ (root.querySelectorAll("[data-thing], [aria-label], button"));
  const found = name ? [...all].find((x) => identity(x) === name && !x.matches(":disabled")) : null;
  found?.focus({ preventScroll: true });
  if (!found || activeIn(root) !== found) root.focus({ preventScroll: true });
}
