// Small helpers for HTML and SVG elements.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value == null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  // JupyterLab's own shortcuts (D, D deletes a cell) must not act on keys meant for us.
  if (attributes && (attributes.tabindex != null || element.localName === "button" || element.localName === "select" || element.localName === "textarea")) {
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  element.append(...children.flat(3).filter((c) => c != null && c !== false));
  return element;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** A text of SVG. */
export function label(text, x, y, attributes = {}) {
  return s("text", { x, y, ...attributes }, String(text));
}

/** Puts `children` in the place of what `element` has; what is not there (null, false, "") is left out. */
export function refill(element, ...children) {
  element.replaceChildren();
  fill(element, null, children.filter((c) => c !== ""));
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value == null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

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

export function icon(name) {
  return s("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, s("path", { d: ICONS[name], fill: "currentColor" }));
}

/** Width of a text in one of our fonts; the fonts come from the root element's style. */
export function measurer(root) {
  const context = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(root).fontFamily || "sans-serif";
  const fonts = { small: `11.5px ${family}`, text: `13px ${family}`, bold: `700 11.5px ${family}`, title: `700 13px ${family}` };
  const known = new Map();
  return (text, font) => {
    const key = font + text;
    if (!known.has(key)) {
      context.font = fonts[font];
      known.set(key, context.measureText(text).width);
    }
    return known.get(key);
  };
}

/** `text` cut in the middle, because names often differ only at their end; the last `tail` letters stay if they can. */
export function fitName(text, room, font, measure, tail = text.length / 2) {
  if (measure(text, font) <= room) return text;
  let n = text.length - 1;
  const end = () => Math.min(Math.floor(tail), n - 1);
  const cut = () => `${text.slice(0, n - end())}…${text.slice(text.length - end())}`;
  while (n > 2 && measure(cut(), font) > room) n--;
  return cut();
}

/** `text` cut with an ellipsis so that it fits in `room` pixels. */
export function fitText(text, room, font, measure) {
  if (measure(text, font) <= room) return text;
  let n = text.length;
  while (n > 1 && measure(text.slice(0, n) + "…", font) > room) n--;
  return text.slice(0, n) + "…";
}

/** Calls `go(event)` for each place along which `element` is dragged; a finger that scrolls the page drags nothing. */
export function onDrag(element, go) {
  element.addEventListener("pointerdown", (down) => {
    if (down.button) return;
    const finger = down.pointerType === "touch";
    const mine = (event) => event.pointerId === down.pointerId;
    const move = (event) => mine(event) && go(event);
    const stop = (event) => {
      if (!mine(event)) return;
      for (const [name, run] of heard) window.removeEventListener(name, run);
      if (finger && event.type === "pointerup") go(event);
    };
    const heard = [["pointermove", move], ["pointerup", stop], ["pointercancel", stop]];
    for (const [name, run] of heard) window.addEventListener(name, run);
    if (finger) return;
    down.preventDefault();
    go(down);
  });
}

/** How an element is found again when everything is drawn anew: a thing, a label, or the words on a button. */
function identity(element) {
  const { thing } = element.dataset;
  return thing ? `thing ${thing}` : (element.getAttribute("aria-label") ?? (element.localName === "button" ? element.textContent : ""));
}

/** What inside `root` has the keyboard, so that its successor gets it when everything is drawn anew; null: nothing. */
export function focusedIn(root) {
  const now = root.getRootNode().activeElement;
  return now && root.contains(now) ? { name: identity(now) } : null;
}

/** The keyboard to the successor, and at once: a key pressed before would be lost. A menu that is open keeps it. */
export function focusSuccessor(root, { name }) {
  if (focusedIn(root)) return;
  const found = name && [...root.querySelectorAll("[data-thing], [aria-label], button")].find((x) => identity(x) === name && !x.disabled);
  found?.focus({ preventScroll: true });
  if (!found || root.getRootNode().activeElement !== found) root.focus({ preventScroll: true });
}
