// Special words, explained where they stand: on hover, on focus, at a touch, and all together in a list. Which words
// there are, and what they mean, is glossary.js.
import { PATTERN, TERMS } from "./glossary.js";
import { activeIn, h, icon } from "./dom.js";
import { seenBetween } from "./notebook.js";

const TIP_REST_MS = 350; // the pointer has to rest on a word: who only passes by asks nothing
const TIP_WALK_MS = 900; // and the keyboard on a thing
const TIP_LEAVE_MS = 250; // time to move from the word to its explanation
const TIP_MOST = 3; // explanations at once
// Where a word is no prose, or is drawn anew many times a second.
const NO_TERMS_IN = ".vl-button, svg, canvas, textarea, select, input, .vl-clock, .vl-hex, .vl-spoken, .vl-when, .vl-term, .vl-tip, .vl-words, [data-plain]";
// Text that is read in peace: here the words can be reached with Tab, each once.
const READ_IN_PEACE = ".vl-why";

/** @type {Map<string, string>} how a word is spelt, folded -> the word */
const SPELT = new Map(Object.entries(TERMS).reverse().flatMap(([word, { seen }]) => [word, ...seen].map((x) => [folded(x), word])));

/** @param {string} text */
function folded(text) {
  return text.toLowerCase().replaceAll("-", " ");
}

/** @param {string} spelt */
function wordOf(spelt) {
  const key = folded(spelt);
  return SPELT.get(key) ?? SPELT.get(key.slice(0, -1)) ?? SPELT.get(key.slice(0, -2)) ?? "";
}

const SPECIAL = new RegExp(PATTERN, "g");
/** @type {Map<string, {at: number, text: string, word: string}[]>} of texts that were looked through: most come again */
const FOUND = new Map();

/**
 * Every special word of a text, in its order.
 * @param {string} text
 * @returns {{at: number, text: string, word: string}[]}
 */
export function wordsIn(text) {
  let found = FOUND.get(text);
  if (!found) {
    found = [...text.matchAll(SPECIAL)].map((one) => ({ at: one.index, text: one[0], word: wordOf(one[0]) }));
    if (FOUND.size > 2000) FOUND.clear();
    FOUND.set(text, found);
  }
  return found;
}

/** @param {string} word */
function explained(word) {
  const { meaning, rfc9568 } = TERMS[word];
  return [h("b", {}, `${word}: `), meaning, rfc9568 && h("span", { class: "vl-mute" }, ` RFC 9568: ${rfc9568}.`)];
}

let tips = 0;

/** Beside the picture: marks the words in it, and explains them. */
export class Terms {
  /** @type {Focusable | null} what is explained */
  target = null;
  /** @type {number | undefined} timers: an explanation comes, one goes */
  coming;
  /** @type {number | undefined} */
  going;
  pointer = { x: -1, y: -1 };

  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    const { root } = player;
    this.root = root;
    this.tip = h("div", { class: "vl-tip", role: "tooltip", id: `vl-tip${++tips}`, hidden: true });
    this.list = h("dl", { class: "vl-words-list", tabindex: 0, "aria-label": "Words and what they mean" });
    this.words = h("div", { class: "vl-words", role: "dialog", "aria-label": "Words", hidden: true },
      h("div", { class: "vl-head" }, h("b", {}, "Words"), h("span", { class: "vl-fill" }), h("button", { class: "vl-icon", "aria-label": "Close the list of words", onclick: () => this.fold() }, icon("close"))), this.list);
    this.button = h("button", { class: "vl-button vl-words-button", title: "What the special words mean (G)", "aria-haspopup": "dialog", onclick: () => this.open() }, "Words");
    root.append(this.tip, this.words);
    this.watcher = new MutationObserver((changes) => this.#mark(changes));
    root.addEventListener("pointermove", (e) => this.#hover(e));
    root.addEventListener("pointerleave", () => this.#leave());
    root.addEventListener("pointerdown", (e) => this.#press(e), true);
    root.addEventListener("focusin", (e) => this.#focus(e));
    root.addEventListener("focusout", () => this.hide());
    this.tip.addEventListener("pointerenter", () => window.clearTimeout(this.going));
    this.tip.addEventListener("pointerleave", () => this.#leave());
    /** @param {KeyboardEvent} e */
    this.escape = (e) => {
      if (e.key !== "Escape" || this.tip.hidden) return;
      e.preventDefault();
      e.stopPropagation();
      this.hide();
    };
    root.addEventListener("keydown", (e) => this.#key(e), true);
    this.#watch();
  }

  #watch() {
    this.watcher.observe(this.root, { childList: true, characterData: true, subtree: true });
  }

  compose() {
    const { tools, help } = this.player.transport;
    if (!tools.contains(this.button)) help.before(this.button);
    return null;
  }

  // -- marks --------------------------------------------------------------------------------

  /** @param {MutationRecord[]} changes */
  #mark(changes) {
    /** @type {Set<Text>} */
    const texts = new Set();
    for (const { type, target, addedNodes } of changes) {
      for (const node of type === "childList" ? addedNodes : [target]) {
        if (!node.isConnected) continue;
        if (node instanceof Text) texts.add(node);
        else if (node instanceof HTMLElement && !node.closest(NO_TERMS_IN)) {
          const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) texts.add(/** @type {Text} */ (walker.currentNode));
        }
      }
    }
    for (const text of texts) this.#markIn(text);
    this.watcher.takeRecords(); // what was done here is no news
    if (this.target && !this.target.isConnected) this.hide();
  }

  /** @param {Text} node */
  #markIn(node) {
    const parent = node.parentElement;
    const text = node.data;
    if (!parent || text.length < 2 || parent.closest(NO_TERMS_IN)) return;
    const found = wordsIn(text);
    if (!found.length) return;
    const read = parent.closest(READ_IN_PEACE);
    let at = 0;
    /** @type {(string | HTMLElement)[]} */
    const parts = [];
    for (const { at: from, text: spelt, word } of found) {
      const first = read && !parent.closest("button, a") && ![...read.querySelectorAll("[data-term][tabindex]")].some((x) => x instanceof HTMLElement && x.dataset.term === word)
        && !parts.some((x) => x instanceof HTMLElement && x.dataset.term === word);
      // An empty title keeps the browser from showing that of the row, which says what can be read already.
      const mark = h("span", { class: "vl-term", "data-term": word, title: "", ...(first && { tabindex: 0, role: "button" }) }, spelt);
      parts.push(text.slice(at, from), mark);
      at = from + spelt.length;
    }
    // In a heading, which lays its parts out one by one, the text stays one part.
    const whole = [...parts, text.slice(at)].filter((x) => x !== "");
    if (parent.localName === "h2") node.replaceWith(h("span", {}, whole));
    else node.replaceWith(...whole);
  }

  // -- one word -----------------------------------------------------------------------------

  /**
   * What is to be explained at an element: [where it stands, the words]. In the picture a text speaks, or the letter of
   * a state; where it is only a name ("eth0"), the kind of thing that bears it.
   * @param {EventTarget | null} place
   * @returns {[Focusable, string[]] | null}
   */
  #wordsAt(place) {
    if (!(place instanceof Element)) return null;
    const mark = /** @type {HTMLElement | null} */ (place.closest(".vl-term"));
    if (mark?.dataset.term) return [mark, [mark.dataset.term]];
    if (!place.matches("svg text, svg .vl-state")) return null;
    const shape = /** @type {SVGElement} */ (place);
    const state = shape.matches(".vl-letter, .vl-state") ? /vl-on-(\w+)/.exec(shape.getAttribute("class") || "")?.[1] ?? shape.closest(".vl-instance")?.getAttribute("data-state") : "";
    if (state) return [shape, SPELT.has(folded(state)) ? [wordOf(state)] : []];
    const said = wordsIn(shape.textContent || "").map((x) => x.word);
    if (said.length) return [shape, said];
    const kind = kindOf(shape);
    return kind ? [shape, [kind]] : null;
  }

  /**
   * The words of a thing that has the keyboard: those of its name for who cannot see it.
   * @param {Element} thing
   */
  #wordsOf(thing) {
    const said = wordsIn(thing.getAttribute("aria-label") || "").map((x) => x.word);
    return [...new Set([...said, kindOf(thing)])].filter(Boolean);
  }

  /** @param {PointerEvent} e */
  #hover(e) {
    // A page that moves under a pointer at rest asks nothing.
    if (e.pointerType === "touch" || (e.clientX === this.pointer.x && e.clientY === this.pointer.y)) return;
    this.pointer = { x: e.clientX, y: e.clientY };
    if (e.target instanceof Node && this.tip.contains(e.target)) return;
    const found = e.buttons ? null : this.#wordsAt(e.target);
    window.clearTimeout(this.coming);
    if (!found) return this.#leave();
    if (found[0] === this.target) return window.clearTimeout(this.going);
    this.coming = window.setTimeout(() => this.show(...found), TIP_REST_MS);
  }

  #leave() {
    window.clearTimeout(this.coming);
    window.clearTimeout(this.going);
    this.going = window.setTimeout(() => this.hide(), TIP_LEAVE_MS);
  }

  /**
   * A finger asks by touching a word in a text; in the picture, where a touch opens a menu, by resting on it.
   * @param {PointerEvent} e
   */
  #press(e) {
    const found = this.#wordsAt(e.target);
    this.hide();
    if (e.pointerType !== "touch" || !found) return;
    if (found[0].matches(".vl-term")) window.setTimeout(() => this.show(...found), 0);
    else {
      this.coming = window.setTimeout(() => this.show(...found), 1.5 * TIP_REST_MS);
      const off = () => window.clearTimeout(this.coming);
      for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) window.addEventListener(name, off, { once: true });
    }
  }

  /** @param {FocusEvent} e */
  #focus(e) {
    if (!(e.target instanceof Element) || !e.target.matches(":focus-visible")) return;
    const element = /** @type {Focusable} */ (e.target);
    if (element.matches(".vl-term")) this.show(element, [element.dataset.term || ""]);
    else if (element.matches("[data-thing]")) {
      const words = this.#wordsOf(element);
      window.clearTimeout(this.coming);
      if (words.length) this.coming = window.setTimeout(() => activeIn(this.root) === element && this.show(element, words), TIP_WALK_MS);
    }
  }

  /**
   * @param {Focusable} target
   * @param {string[]} words
   */
  show(target, words) {
    if (!target.isConnected || !words.length || (this.player.menu.open && !this.player.menu.element.contains(target))) return;
    this.hide();
    this.target = target;
    this.tip.replaceChildren(...[...new Set(words)].slice(0, TIP_MOST).map((word) => h("p", {}, explained(word))));
    this.tip.hidden = false;
    target.setAttribute("aria-describedby", this.tip.id);
    this.#place(target);
    document.addEventListener("keydown", this.escape, true);
  }

  /** Under the word, or over it where there is no room below: never on it. @param {Focusable} target */
  #place(target) {
    const { tip, root } = this;
    tip.style.left = tip.style.top = "0";
    const box = root.getBoundingClientRect();
    const word = (target.getClientRects()[0] && target.localName === "span" ? target.getClientRects()[0] : target.getBoundingClientRect());
    const own = tip.getBoundingClientRect();
    const seen = seenBetween(root);
    const lowest = Math.min(box.bottom, seen.bottom) - 4;
    const below = word.bottom + 4;
    const above = word.top - own.height - 4;
    const top = below + own.height <= lowest || above < Math.max(seen.top, box.top - 40) ? below : above;
    const left = Math.max(box.left + 4, Math.min(word.left, box.right - own.width - 4));
    tip.style.left = `${left - box.left}px`;
    tip.style.top = `${top - box.top}px`;
  }

  hide() {
    window.clearTimeout(this.coming);
    window.clearTimeout(this.going);
    if (this.tip.hidden) return;
    this.tip.hidden = true;
    this.target?.removeAttribute("aria-describedby");
    this.target = null;
    document.removeEventListener("keydown", this.escape, true);
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (!this.words.hidden && this.words.contains(/** @type {Node} */ (e.target))) {
      if (e.key === "Escape") {
        e.preventDefault();
        this.fold();
      }
      e.stopPropagation();
      return;
    }
    const target = /** @type {HTMLElement} */ (e.target);
    if (target.matches(".vl-term") && (e.key === "Enter" || e.key === " ")) {
      e.preventDefault();
      e.stopPropagation();
      if (this.tip.hidden) this.show(target, [target.dataset.term || ""]);
      else this.hide();
    }
  }

  // -- all of them --------------------------------------------------------------------------

  /** The words at hand: of the row or the thing that has the keyboard, else all that can be seen. */
  #atHand() {
    const { root, player } = this;
    const active = activeIn(root);
    const { log } = player;
    const here = active && root.contains(active) ? active : null;
    if (here && log?.body === here) return wordsIn(log.said).map((x) => x.word);
    const thing = here?.closest("[data-thing]");
    if (thing) return this.#wordsOf(thing);
    const texts = /** @type {NodeListOf<HTMLElement>} */ ((here?.closest(READ_IN_PEACE) || root).querySelectorAll(".vl-term"));
    const words = [...texts].filter((x) => x.offsetParent).map((x) => x.dataset.term || "");
    if (here?.closest(READ_IN_PEACE)) return words;
    return [...words, ...[...root.querySelectorAll("[data-thing]")].flatMap((x) => this.#wordsOf(x))];
  }

  open() {
    /** @type {Set<string>} */
    const words = new Set(this.#atHand());
    if (!words.size) for (const word of Object.keys(TERMS)) words.add(word);
    const active = activeIn(this.root);
    this.opener = active && this.root.contains(active) ? active : this.button;
    const all = [...words].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase()));
    this.list.replaceChildren(...all.flatMap((word) => [h("dt", {}, word), h("dd", {}, explained(word).slice(1))]));
    this.hide();
    this.words.hidden = false;
    this.list.scrollTop = 0;
    this.list.focus({ preventScroll: true });
    this.words.scrollIntoView({ block: "nearest" });
  }

  fold() {
    if (this.words.hidden) return;
    this.words.hidden = true;
    (this.opener?.isConnected ? this.opener : this.root).focus({ preventScroll: true });
  }

  /** @returns {MenuEntry[]} */
  help() {
    return [{ label: "What the special words mean", hint: "G; or rest on one, or touch it", run: () => this.open() }];
  }

  /** @param {string} key */
  pressed(key) {
    if (key === "g") this.open();
    return key === "g";
  }

  /** The player goes away. */
  close() {
    this.watcher.disconnect();
    this.hide();
  }
}

/** What a part of the picture is, as a word: "nic proxy-serv01 eth0" is an interface. @param {Element} part */
function kindOf(part) {
  const kind = part.closest("[data-thing]")?.getAttribute("data-thing")?.split(" ")[0] || "";
  return SPELT.has(kind) ? wordOf(kind) : "";
}
