// Panels that are closed until they are needed: a title that opens them, and the learner's choice, which is kept.
import { h } from "./dom.js";
import { recall, remember } from "./memory.js";

/** @type {Record<string, boolean>} what was chosen, for all players of this page */
const chosen = choicesKept();

function choicesKept() {
  try {
    const told = JSON.parse(recall("panels") || "{}");
    return Object.fromEntries(Object.entries(told).filter(([, open]) => typeof open === "boolean"));
  } catch {
    return {}; // changed by hand
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
    remember("panels", JSON.stringify(chosen));
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
