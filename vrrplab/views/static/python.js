// Talking with Python: one question at a time. Python says how long a run takes; how long is waited, who looks says.
import { h, setText } from "./dom.js";

const GONE = "Python does not answer: its kernel was restarted or has ended. What is shown stays; run the cell again to break more.";
const QUICK_MS = 300; // an answer within this time needs no "please wait"
const PATIENCE_MS = 5000; // and one within this time, or twice what the last run took, no count of seconds
const EVERY_MS = 1000;
const SPOKEN_S = 10; // a screen reader hears the count so often

/** @typedef {{alive: () => boolean | null, took: () => number, idle: () => void, outside?: PythonOutside}} Kernel whether it lives (null: nobody can tell), the seconds of its last run, what is done when no answer will come; what the page around it says of it */
/** @type {Kernel} */
const UNKNOWN = { alive: () => null, took: () => 0, idle: () => {} };

export class Python {
  /** @type {number | undefined} timers: soon "please wait", later how long it has been */
  soon;
  /** @type {number | undefined} */
  late;
  asked = 0;
  took = 0;
  waiting = 0; // questions without an answer yet
  number = 0;
  words = "";
  arriving = false; // Python is on its way to the page, and that was told

  /**
   * @param {WidgetModel["send"]} send the widget model's
   * @param {(words: string) => void} speak reaches a screen reader
   * @param {Kernel} kernel
   */
  constructor(send, speak, kernel = UNKNOWN) {
    this.send = send;
    this.speak = speak;
    this.kernel = kernel;
    this.said = h("span");
    this.bar = /** @type {HTMLProgressElement} */ (h("progress", { class: "vl-loading", max: 1, hidden: true, "aria-hidden": "true" }));
    this.leave = h("button", { class: "vl-button", hidden: true, onclick: () => this.stopWaiting() }, "Stop waiting");
    this.element = h("div", { class: "vl-notice", hidden: true, title: "click to close", onclick: () => this.tell("") }, this.said, this.bar, this.leave);
  }

  /**
   * @param {Question} message
   * @param {string} words
   */
  ask(message, words) {
    this.asked = performance.now();
    this.waiting += 1;
    this.words = words;
    this.stop();
    this.soon = window.setTimeout(() => this.#loading() || this.tell(words), QUICK_MS);
    this.#beLate();
    try {
      this.send({ ...message, number: ++this.number });
    } catch {
      return this.gone();
    }
    if (this.kernel.alive() === false) this.gone();
  }

  #beLate() {
    const patience_ms = this.kernel.outside?.patience_ms ?? PATIENCE_MS;
    this.late = window.setTimeout(() => this.#still(), Math.max(patience_ms, 2000 * this.kernel.took()));
  }

  /** Python itself is still on its way to this page: how far it is; what was asked is done when it is there. */
  #loading() {
    const told = this.kernel.outside?.loading?.();
    if (!told) return false;
    window.clearTimeout(this.late);
    this.tell(told.words, false, !this.arriving);
    this.arriving = true;
    this.bar.hidden = false;
    if (told.share == null) this.bar.removeAttribute("value");
    else this.bar.value = told.share;
    this.soon = window.setTimeout(() => {
      if (this.#loading()) return;
      // Only now it is asked: from here on the time counts.
      this.arriving = false;
      this.asked = performance.now();
      this.tell(this.words);
      this.#beLate();
    }, QUICK_MS);
    return true;
  }

  /** No answer yet: that Python is slow is no fault; only where its kernel is gone, nothing will come. */
  #still() {
    if (this.kernel.alive() === false) return this.gone();
    const s = Math.round((performance.now() - this.asked) / 1000);
    const took = this.kernel.took();
    const usual = took >= 0.5 ? ` The last run took ${took < 10 ? took.toFixed(1) : Math.round(took)} s.` : "";
    this.tell(`${this.words.replace(/\s*…$/, ".")} Still running, ${s} s so far.${usual}`, false, s % SPOKEN_S === 0 || !this.leaving);
    this.leave.hidden = false;
    this.late = window.setTimeout(() => this.#still(), EVERY_MS);
  }

  get leaving() {
    return !this.leave.hidden;
  }

  /** Who does not want to wait looks on; an answer that comes after all is shown. */
  stopWaiting() {
    this.waiting = 0;
    this.stop();
    this.tell("");
    this.kernel.idle();
  }

  /** Nothing comes any more: an answer that was lost is not waited for when the next question is asked. */
  gone() {
    this.waiting = 0;
    this.stop();
    this.tell(this.kernel.outside?.gone || GONE, true);
    this.kernel.idle();
  }

  /**
   * `message.answers`: the number of the question. Those asked before it were answered before, or never will be.
   * @param {Reply} message
   */
  answered(message) {
    this.waiting = Math.max(0, Math.min(this.waiting, this.number - message.answers));
    window.clearTimeout(this.soon);
    if (!this.waiting) this.stop();
    this.tell(message.error || message.note || "", Boolean(message.error));
    this.took = performance.now() - this.asked;
  }

  /**
   * @param {string} words
   * @param {boolean} bad
   * @param {boolean} aloud
   */
  tell(words, bad = false, aloud = true) {
    this.element.hidden = !words;
    this.element.classList.toggle("vl-bad", bad);
    this.leave.hidden = true;
    this.bar.hidden = true;
    setText(this.said, words);
    if (words && aloud) this.speak(words);
  }

  stop() {
    window.clearTimeout(this.soon);
    window.clearTimeout(this.late);
  }
}

/**
 * Is there a kernel behind the widget? null: this page cannot tell. Jupyter marks a view whose kernel is gone.
 * @param {Pick<WidgetModel, "widget_manager">} outside
 * @param {HTMLElement} el
 */
export function kernelLives({ widget_manager: manager }, el) {
  if (el.closest(".jupyter-widgets-disconnected")) return false;
  if (!manager || !("kernel" in manager)) return null;
  return Boolean(manager.kernel) && !["dead", "terminating"].includes(manager.kernel?.status ?? "");
}

/**
 * Offers a text as a file to keep.
 * @param {string} text
 * @param {string} filename
 */
export function saveFile(text, filename) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/html" })), download: filename });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
