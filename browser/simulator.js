// The simulator as the page sees it: asked a question, it answers once it is there. Starts its worker at the first
// question, ends it where no answer comes, and starts another, which is told all that led to what is shown.

const LONGEST_RUN_MS = 60_000; // no run of a page takes so long; Python in a loop cannot be stopped otherwise
const LONGEST_SILENCE_MS = 120_000; // while it loads: no byte came, and Python did not start
const MOST_STARTS = 2; // so many starts that were never finished, and this browser is not asked for more
const OPENING = new Set(["open", "capture"]); // what puts something in the place of what is open
const STARTS_KEY = "vrrplab.starts";

const NEVER_CAME_UP = "The simulator cannot run in this browser: it was started twice and did not come up. What is shown can still be played; ";
const DID_NOT_START = "The simulator did not start. What is shown can still be played; load the page again to try once more.";
const STOPPED_LOADING = "The simulator did not come: nothing of it arrived for two minutes. What is shown can still be played; load the page again to try once more.";
const BROKE_OFF = "The simulator broke off at this, and was started again without your last change.";
const BROKE_OFF_AGAIN = "The simulator broke off twice at what led to this. What is shown can still be played; load the page again to break things.";
const DID_NOT_ANSWER = "The simulator did not answer for a minute, and was started again without your last change.";

/** @typedef {{do: string, [key: string]: unknown}} Message */
/** @typedef {{info?: Info, trace_lines?: string, error?: string, answers?: number, [key: string]: any}} Told */
/** @typedef {{worker: () => Worker, start: () => Promise<{start: object, held: Transferable[]}>}} Home where the simulator's files are */
/** @typedef {{message: Message, settle: (told: Told) => void, howFar?: (share: number) => void, again?: boolean}} Asked `again`: it led to what is shown, and a new worker is told of it */

export class Simulator {
  /** @type {"off" | "loading" | "ready" | "gone"} */
  state = "off";
  progress = 0; // 0 to 1, of what is fetched
  how = ""; // "warm": from memory that this browser kept
  why = ""; // why it is gone
  /** @type {Message[]} what led to the run that is shown */
  #past = [];
  /** @type {Asked[]} */
  #waiting = [];
  /** @type {Map<number, Asked>} */
  #asked = new Map();
  #number = 0;
  /** @type {Worker | null} */
  #worker = null;
  /** @type {number | undefined} */
  #watch;

  /**
   * @param {Home} home
   * @param {() => void} changed `state`, `progress` or `why` is another
   */
  constructor(home, changed) {
    this.home = home;
    this.changed = changed;
  }

  /** While it is loading: what to say, and which share of it is here; null: it is, and Python starts. */
  get onItsWay() {
    const here = this.progress >= 1;
    return { words: here ? "The simulator is starting …" : "The simulator is loading (7 MB, once) …", share: here ? null : this.progress };
  }

  /** Loads it, if that was not done. */
  start() {
    if (this.state === "off") void this.#begin();
  }

  /**
   * What Python answers; an error comes as `{error}`, like Python's own.
   * @param {Message} message
   * @param {(share: number) => void} [howFar] hears which share of a long answer is done
   * @returns {Promise<Told>}
   */
  ask(message, howFar) {
    this.start();
    if (this.state === "gone") return Promise.resolve(refusal(message, this.why));
    return new Promise((settle) => {
      this.#waiting.push({ message, settle, howFar });
      this.#next();
    });
  }

  /** The page is left on purpose: a start that is not done then was no failure. */
  leave() {
    if (this.state === "loading") countStarts(0);
  }

  async #begin() {
    const begun = unfinishedStarts();
    if (begun >= MOST_STARTS) return this.#give(`${NEVER_CAME_UP}close this tab and open the page in another browser to break things.`);
    countStarts(begun + 1);
    this.#be("loading");
    this.#watchOver();
    try {
      const { start, held } = await this.home.start();
      const worker = (this.#worker = this.home.worker());
      worker.onmessage = ({ data }) => this.#hear(data);
      worker.onerror = (event) => {
        event.preventDefault();
        if (this.state === "loading") this.#fail(DID_NOT_START);
        else this.#restart(BROKE_OFF);
      };
      worker.postMessage({ start }, held);
    } catch {
      this.#fail(DID_NOT_START);
    }
  }

  /** @param {{ready?: string, failed?: string, progress?: number, id?: number, share?: number, told?: string, broken?: true}} data */
  #hear(data) {
    if (data.progress !== undefined) {
      this.progress = data.progress;
      this.#watchOver();
      this.changed();
    } else if (data.failed !== undefined) this.#fail(`${DID_NOT_START} (${data.failed})`);
    else if (data.ready) {
      countStarts(0);
      window.clearTimeout(this.#watch);
      this.how = data.ready;
      const past = this.#past;
      this.#past = [];
      this.#waiting.unshift(...past.map((message) => ({ message, settle: () => {}, again: true })));
      this.#be("ready");
      this.#next();
    } else if (data.broken) this.#restart(BROKE_OFF);
    else if (data.share !== undefined) {
      // A long answer is on its way: who works is not waited for in vain.
      this.#asked.get(data.id ?? 0)?.howFar?.(data.share);
      this.#watchOver();
    } else if (data.id !== undefined) {
      const asked = this.#asked.get(data.id);
      this.#asked.delete(data.id);
      window.clearTimeout(this.#watch);
      if (asked) {
        const told = JSON.parse(data.told ?? "{}");
        // What brings a new trace has changed what is shown, whatever it was.
        if (told.trace_lines !== undefined) this.#past = OPENING.has(asked.message.do) ? [asked.message] : [...this.#past, asked.message];
        asked.settle(told);
      }
      this.#next();
    }
  }

  /** One question at a time: the next one may depend on what comes. */
  #next() {
    if (this.state !== "ready" || this.#asked.size) return;
    const asked = this.#waiting.shift();
    if (!asked) return;
    this.#asked.set(++this.#number, asked);
    this.#worker?.postMessage({ id: this.#number, question: JSON.stringify(asked.message) });
    this.#watchOver();
  }

  #watchOver() {
    window.clearTimeout(this.#watch);
    this.#watch = this.state === "loading"
      ? window.setTimeout(() => this.#fail(STOPPED_LOADING), LONGEST_SILENCE_MS)
      : window.setTimeout(() => this.#restart(DID_NOT_ANSWER), LONGEST_RUN_MS);
  }

  /** @param {string} words to who asked what was not answered */
  #restart(words) {
    this.#end();
    const lost = [...this.#asked.values()];
    this.#asked.clear();
    for (const asked of lost) asked.settle(refusal(asked.message, words));
    if (lost.some(({ again }) => again)) return this.#give(BROKE_OFF_AGAIN); // a third worker would not know what is shown, either
    this.state = "off";
    void this.#begin();
  }

  /** @param {string} words */
  #fail(words) {
    countStarts(0); // it said so itself: only what never comes back is counted
    this.#end();
    this.#give(words);
  }

  /** @param {string} words */
  #give(words) {
    this.why = words;
    this.#be("gone");
    for (const { message, settle } of [...this.#asked.values(), ...this.#waiting]) settle(refusal(message, words));
    this.#asked.clear();
    this.#waiting = [];
  }

  #end() {
    window.clearTimeout(this.#watch);
    this.#worker?.terminate();
    this.#worker = null;
  }

  /** @param {Simulator["state"]} state */
  #be(state) {
    this.state = state;
    this.changed();
  }
}

/**
 * @param {Message} message
 * @param {string} error
 * @returns {Told}
 */
const refusal = (message, error) => ({ error, ...(typeof message.number === "number" ? { answers: message.number } : {}) });

/** Starts in this tab that neither came up nor said why not: the tab was gone with them. */
function unfinishedStarts() {
  try {
    return Number(sessionStorage.getItem(STARTS_KEY)) || 0;
  } catch {
    return 0;
  }
}

/** @param {number} starts */
function countStarts(starts) {
  try {
    if (starts) sessionStorage.setItem(STARTS_KEY, String(starts));
    else sessionStorage.removeItem(STARTS_KEY);
  } catch { /* a page that may keep nothing does not count */ }
}
