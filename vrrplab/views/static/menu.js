// A menu in words at the pointer, and a dialog for text to take away. Arrow keys, Enter, Escape.
import { activeIn, h, setText } from "./dom.js";
import { seenBetween } from "./notebook.js";

/**
 * The keyboard to `opener`, or to the whole player where `opener` was drawn anew meanwhile.
 * @param {Focusable | null} opener
 * @param {HTMLElement} root
 */
function giveBack(opener, root) {
  (opener?.isConnected ? opener : root).focus({ preventScroll: true });
}

export class Menu {
  /** @type {Focusable | null} */
  opener = null;

  /**
   * @param {HTMLElement} root
   * @param {() => void} closed is called when it has closed, after what was chosen is done
   */
  constructor(root, closed) {
    this.root = root;
    this.closed = closed;
    this.element = h("div", { class: "vl-menu", role: "group", tabindex: -1, hidden: true });
    this.element.addEventListener("keydown", (e) => this.#key(e));
    this.element.addEventListener("pointerdown", (e) => e.stopPropagation());
    this.element.addEventListener("focusout", (e) => {
      if (!(e.relatedTarget instanceof Node && this.element.contains(e.relatedTarget))) this.close(false);
    });
    root.append(this.element);
  }

  get open() {
    return !this.element.hidden;
  }

  /**
   * Opens at a point of the window.
   * @param {string} title
   * @param {MenuEntry[]} entries
   * @param {(string | Node)[]} notes sentences below them
   * @param {Focusable} opener
   * @param {number} x
   * @param {number} y
   */
  show(title, entries, notes, opener, x, y) {
    this.opener = opener;
    const buttons = entries.map((e) => h("button", { role: "menuitem", tabindex: -1, onclick: () => this.#choose(e) }, h("span", {}, e.label), e.hint && h("small", {}, e.hint)));
    // Only what can be chosen belongs to the menu; its title and the sentences below are read as such.
    this.element.setAttribute("aria-label", title);
    this.element.replaceChildren(h("div", { class: "vl-menu-title" }, title), buttons.length ? h("div", { role: "menu", "aria-label": title }, buttons) : "", ...notes.map((n) => (typeof n === "string" ? h("p", {}, n) : n)));
    this.element.hidden = false;
    this.element.style.left = this.element.style.top = "0";
    const box = this.root.getBoundingClientRect();
    const own = this.element.getBoundingClientRect();
    const left = Math.max(4, Math.min(x - box.left + 6, box.width - own.width - 6));
    const below = y - box.top + 6;
    const seen = seenBetween(this.root);
    const lowest = Math.min(box.height, seen.bottom - box.top) - 4;
    const highest = Math.max(4, 4 + seen.top - box.top); // both in view: the root may be longer than the window
    const top = below + own.height > lowest ? Math.max(highest, Math.min(lowest - own.height, y - box.top - own.height - 6)) : below;
    this.element.style.left = `${left}px`;
    this.element.style.top = `${top}px`;
    (buttons[0] || this.element).focus({ preventScroll: true });
  }

  close(back = true) {
    if (this.element.hidden) return;
    this.element.hidden = true;
    if (back) giveBack(this.opener, this.root);
    this.closed();
  }

  /** @param {MenuEntry} entry */
  #choose(entry) {
    this.element.hidden = true;
    giveBack(this.opener, this.root);
    entry.run();
    this.closed();
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const buttons = [...this.element.querySelectorAll("button")];
    const active = activeIn(this.element);
    const at = buttons.findIndex((b) => b === active);
    /** @type {Record<string, number>} */
    const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
    const goes = places[e.key];
    if (goes != null && buttons.length) buttons[(goes + buttons.length) % buttons.length].focus();
    else if (e.key === "Escape" || e.key === "Tab") this.close(true);
    else if (e.key !== "Enter" && e.key !== " ") return;
    if (e.key !== "Enter" && e.key !== " ") e.preventDefault();
    e.stopPropagation();
  }
}

/** A text in a box, to be copied; tells whether the clipboard took it. */
export class TextBox {
  /** @type {Focusable | null} */
  opener = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.area = h("textarea", { readonly: true, spellcheck: "false", tabindex: 0, "aria-label": "Text to copy" });
    this.said = h("span", { class: "vl-mute", role: "status" });
    this.title = h("b");
    this.element = h("div", { class: "vl-dialog", role: "dialog", "aria-modal": "false", hidden: true },
      h("div", { class: "vl-head" }, this.title, h("span", { class: "vl-fill" }), h("button", { class: "vl-button", onclick: () => this.copy() }, "Copy"), h("button", { class: "vl-button", onclick: () => this.close() }, "Close")), this.area, this.said);
    this.element.addEventListener("keydown", (e) => {
      if (e.key === "Escape") this.close();
      e.stopPropagation();
    });
    root.append(this.element);
  }

  /**
   * @param {string} title
   * @param {string} text
   * @param {Focusable} opener
   */
  show(title, text, opener) {
    this.opener = opener;
    setText(this.title, title);
    this.element.setAttribute("aria-label", title);
    this.area.value = text;
    this.element.hidden = false;
    this.area.focus({ preventScroll: true });
    this.area.select();
    this.element.scrollIntoView({ block: "nearest" });
    return this.copy();
  }

  async copy() {
    this.area.select();
    try {
      await navigator.clipboard.writeText(this.area.value);
      this.said.textContent = "Copied.";
    } catch {
      this.said.textContent = "The browser keeps its clipboard closed here: press Ctrl+C, the text is selected.";
    }
  }

  close() {
    this.element.hidden = true;
    giveBack(this.opener, this.root);
  }
}
