// Small choices that outlive the page: "the tour was seen", "do not ask". Where the browser keeps nothing, they live as
// long as the page does.

const PAGE = Symbol.for("vrrplab"); // each widget of a notebook is a module of its own; what they share is the page

/** @returns {Record<string, string>} */
function page() {
  const here = /** @type {Record<symbol, Record<string, string>>} */ (/** @type {unknown} */ (window));
  if (!Object.hasOwn(window, PAGE)) Object.defineProperty(window, PAGE, { value: {}, configurable: true });
  return here[PAGE];
}

/**
 * What was remembered under that name; "": nothing.
 * @param {string} name
 */
export function recall(name) {
  try {
    const kept = window.localStorage.getItem(`vrrplab.${name}`);
    if (kept != null) return kept;
  } catch {
    // closed to this page
  }
  return page()[name] ?? "";
}

/**
 * @param {string} name
 * @param {string} value
 */
export function remember(name, value) {
  page()[name] = value;
  try {
    window.localStorage.setItem(`vrrplab.${name}`, value);
  } catch {
    // closed to this page, or full
  }
}
