// A text in lines with their numbers, some of them marked: a keepalived.conf as somebody types at it.
import { h, setAttribute } from "./dom.js";

/**
 * The number of lines of a text.
 * @param {string} text
 */
export const lineCount = (text) => text.split("\n").length;

/**
 * Where a line begins and ends; beyond the last line: the end of the text.
 * @param {string} text
 * @param {number} line 1 is the first
 * @returns {[from: number, to: number]}
 */
export function lineRange(text, line) {
  let from = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf("\n", from);
    if (end < 0) return [text.length, text.length];
    from = end + 1;
  }
  const to = text.indexOf("\n", from);
  return [from, to < 0 ? text.length : to];
}

/** @typedef {{input: () => void, leave?: () => void, run?: () => void}} Heard what is done when the text is another, the keyboard leaves, Ctrl+Enter is pressed */

export class Editor {
  /**
   * @param {string} describedBy the element that says which keys there are
   * @param {Heard} heard
   */
  constructor(describedBy, { input, leave, run }) {
    this.numbers = h("div", { class: "vl-numbers", "aria-hidden": "true" });
    this.shade = h("div", { class: "vl-shade", "aria-hidden": "true" });
    this.area = h("textarea", { spellcheck: "false", autocapitalize: "off", autocomplete: "off", autocorrect: "off", wrap: "off", "aria-describedby": describedBy });
    this.element = h("div", { class: "vl-editor" }, this.numbers, h("div", { class: "vl-paper" }, this.shade, this.area));
    this.area.addEventListener("input", input);
    this.area.addEventListener("scroll", () => this.scroll());
    this.area.addEventListener("keydown", (e) => {
      e.stopPropagation(); // neither the player's keys nor the page's
      if (!run || e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return;
      e.preventDefault();
      run();
    });
    if (leave) this.area.addEventListener("blur", leave);
  }

  get text() {
    return this.area.value;
  }

  /**
   * Another file, from its first line on.
   * @param {string} text
   * @param {string} name for who does not see it
   */
  open(text, name) {
    this.area.value = text;
    this.area.setSelectionRange(0, 0); // where the keyboard comes, there it is shown
    this.call(name);
    this.area.scrollTo(0, 0);
  }

  /** @param {string} name */
  call(name) {
    setAttribute(this.area, "aria-label", name);
  }

  /** @param {number} line */
  goto(line) {
    const [from, to] = lineRange(this.text, line);
    this.area.focus();
    this.area.setSelectionRange(from, to);
    const high = this.area.scrollHeight / lineCount(this.text);
    this.area.scrollTop = Math.max(0, (line - 3) * high);
  }

  /**
   * Line numbers, and the marked lines behind the text.
   * @param {Map<number, string>} marks line to how grave it is
   */
  paint(marks) {
    const lines = lineCount(this.text);
    const all = `${lines} ${JSON.stringify([...marks])}`;
    if (this.numbers.dataset.all === all) return this.scroll();
    this.numbers.dataset.all = all;
    const row = (/** @type {number} */ n, /** @type {string} */ text) => h("div", { "data-kind": marks.get(n) }, text);
    const each = Array.from({ length: lines }, (_, n) => n + 1);
    this.numbers.replaceChildren(h("div", { class: "vl-rows" }, each.map((n) => row(n, String(n)))));
    this.shade.replaceChildren(h("div", { class: "vl-rows" }, each.map((n) => row(n, "\u00a0"))));
    this.scroll();
  }

  scroll() {
    const move = `translateY(${-this.area.scrollTop}px)`;
    for (const layer of [this.numbers, this.shade]) {
      const rows = layer.firstElementChild;
      if (rows instanceof HTMLElement) rows.style.transform = move;
    }
  }
}
