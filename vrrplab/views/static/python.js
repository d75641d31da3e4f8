// Talking with Python: one question at a time, and a sentence when no answer comes.
import { h, setText } from "./dom.js";

const SILENCE = "Python does not answer. Is the kernel running, and not busy? What is shown stays; run the cell again to break more.";
const PATIENCE_MS = 5000;
const QUICK_MS = 300; // an answer within this time needs no "please wait"

export class Python {
  /** @type {number | undefined} timers: soon "please wait", later "no answer comes" */
  soon;
  /** @type {number | undefined} */
  late;
  asked = 0;
  took = 0;
  waiting = 0; // questions without an answer yet
  number = 0;

  /**
   * @param {WidgetModel["send"]} send the widget model's
   * @param {(words: string) => void} speak reaches a screen reader
   */
  constructor(send, speak) {
    this.send = send;
    this.speak = speak;
    this.element = h("p", { class: "vl-notice", hidden: true, title: "click to close", onclick: () => this.tell("") });
  }

  /**
   * @param {Question} message
   * @param {string} words
   */
  ask(message, words) {
    this.asked = performance.now();
    this.waiting += 1;
    this.stop();
    this.soon = window.setTimeout(() => this.tell(words), QUICK_MS);
    this.late = window.setTimeout(() => this.silent(), PATIENCE_MS);
    try {
      this.send({ ...message, number: ++this.number });
    } catch {
      this.silent();
    }
  }

  /** Nothing comes any more: an answer that was lost is not waited for when the next question is asked. */
  silent() {
    this.waiting = 0;
    this.stop();
    this.tell(SILENCE, true);
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
   */
  tell(words, bad = false) {
    this.element.hidden = !words;
    this.element.classList.toggle("vl-bad", bad);
    setText(this.element, words);
    if (words) this.speak(words);
  }

  stop() {
    window.clearTimeout(this.soon);
    window.clearTimeout(this.late);
  }
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
