// Panels that are closed until they are needed: a title that opens them, and the learner's choice, which is kept.
import { h } from "./dom.js";

const KEPT = "vrrplab panels"; // in the browser's store, where it has one and lets us
/** @type {Record<string, boolean>} what was chosen in this page, for all its players */
const chosen = recall();

function recall() {
  try {
    const told = JSON.parse(window.localStorage.getItem(KEPT) || "{}");
    return Object.fromEntries(Object.entries(told).filter(([, open]) => typeof open === "boolean"));
  } catch {
    return {};
  }
}

function keep() {
  try {
    window.localStorage.setItem(KEPT, JSON.stringify(chosen));
  } catch {
    // No store, or it is full: the choice lives as long as the page.
  }
}

/** One panel. `open` is whether it is; `need` opens it unless the learner closed it, `ask` opens it in any case. */
export class Fold {
  /**
   * @param {string} name by which the choice is kept
   * @param {HTMLElement} element the panel
   * @param {HTMLElement} head its title's place
   * @param {string} title
   * @param {boolean} needed it was open when all was drawn anew
   * @param {() => void} changed is called after it opened or closed
   */
  constructor(name, element, head, title, needed, changed) {
    this.name = name;
    this.element = element;
    this.changed = changed;
    this.words = h("span", { class: "vl-fold-title" }, title);
    this.button = h("button", { class: "vl-fold", "data-panel": name, onclick: () => this.#choose() }, h("span", { class: "vl-fold-mark", "aria-hidden": "true" }), this.words);
    head.prepend(this.button);
    this.open = chosen[name] ?? needed;
    this.#show();
  }

  #show() {
    this.element.classList.toggle("vl-folded", !this.open);
    this.button.setAttribute("aria-expanded", String(this.open));
  }

  /** @param {boolean} open */
  #set(open) {
    if (open === this.open) return;
    this.open = open;
    this.#show();
    this.changed();
  }

  #choose() {
    chosen[this.name] = !this.open;
    keep();
    this.#set(!this.open);
  }

  /** Something is to be seen here now. */
  need() {
    if (chosen[this.name] !== false) this.#set(true);
  }

  /** The learner asked for what is in here. */
  ask() {
    this.#set(true);
  }
}
