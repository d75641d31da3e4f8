// Stands where a notebook's widget would: holds what the player shows, and brings its questions to the simulator.
// A trace that was made with the site is shown at once; the simulator learns of it when it is first needed.

/** @typedef {import("./address.js").Wish} Wish */
/** @typedef {import("./simulator.js").Simulator} Simulator */
/** @typedef {import("./simulator.js").Told} Told */

export class Desk {
  /** @type {WidgetValues & Record<string, any>} what the player reads */
  values = { info: null, trace_lines: "", at_s: 0, typed: {} };
  /** @type {import("./simulator.js").Message | null} how the simulator is to open what is shown; null: it has */
  #opening = null;
  /** @type {import("./simulator.js").Message | null} how it was to open what is shown now */
  #shown = null;
  /** @type {Wish} what was opened, and what can be told of it in a link */
  #wish = {};
  /** @type {Action[][]} the clicks since, and how many of them are done and not undone */
  #steps = [];
  #place = 0;
  #other = false; // something that is no click has changed it
  #turn = 0; // counts what was wished to be shown: what comes late is shown no more
  front = false; // on the front page nobody is asked to guess: it is there to be clicked
  rested = () => {}; // the film stands still
  began = 0; // the second at which it is shown first
  /** @type {Map<string, Set<(...told: any[]) => void>>} */
  #heard = new Map();

  /**
   * @param {Simulator} simulator
   * @param {() => void} changed another run is shown
   */
  constructor(simulator, changed) {
    this.simulator = simulator;
    this.changed = changed;
  }

  /** The model that the player is given. @returns {WidgetModel} */
  get model() {
    /** @type {any} */
    const model = {
      get: (/** @type {string} */ name) => this.values[name],
      set: (/** @type {string} */ name, /** @type {unknown} */ value) => {
        this.values[name] = value;
        if (name === "at_s") this.rested();
      },
      save_changes() {},
      on: (/** @type {string} */ name, /** @type {() => void} */ run) => void (this.#heard.get(name) ?? this.#heard.set(name, new Set()).get(name))?.add(run),
      off: (/** @type {string} */ name, /** @type {() => void} */ run) => void this.#heard.get(name)?.delete(run),
      send: (/** @type {any} */ message) => void this.ask(message),
      python: {
        alive: () => this.simulator.state !== "gone",
        loading: () => (this.simulator.state === "loading" ? this.simulator.onItsWay : null),
      },
    };
    Object.defineProperty(model.python, "gone", { get: () => this.simulator.why });
    return model;
  }

  /**
   * Shows a run that was made before; the simulator opens it by name when something is asked.
   * @param {string} name
   * @param {Told} made
   * @param {number} [at_s]
   */
  show(name, made, at_s) {
    this.#turn += 1;
    this.#opening = this.#shown = { do: "open", name };
    this.#begin({ name }, made, at_s);
  }

  /**
   * Has the simulator open something, and shows it; what is shown stays if it cannot.
   * @param {Record<string, any>} what name, yaml or configs, and what was done to it, as the simulator takes them
   * @param {number} [at_s]
   * @param {(share: number) => void} [howFar] hears which share of a long answer is done
   * @returns {Promise<Told>}
   */
  async open(what, at_s, howFar) {
    const turn = ++this.#turn;
    const told = await this.simulator.ask({ do: "open", ...what }, howFar);
    if (told.trace_lines === undefined || turn !== this.#turn) return told;
    this.#opening = this.#shown = null;
    this.#begin(what.name === undefined ? {} : { name: what.name }, told, at_s);
    if (what.actions?.length) this.#note({ do: "break", actions: what.actions });
    return told;
  }

  /**
   * A question of the player, or of who sits beside it; what comes is shown.
   * @param {any} message
   * @param {(share: number) => void} [howFar] hears which share of a long answer is done
   * @returns {Promise<Told>}
   */
  async ask(message, howFar) {
    const opening = this.#opening;
    this.#opening = null;
    const opened = opening && this.simulator.ask(opening);
    let told = await this.simulator.ask(message, howFar);
    const lost = await opened;
    if (lost && lost.trace_lines === undefined) { // it went with its worker: the next question opens it once more
      if (this.#shown === opening) this.#opening = opening;
      told = { ...told, error: lost.error };
    }
    if (told.trace_lines !== undefined) this.#note(message);
    this.#take(told);
    return told;
  }

  /** Is what was opened shown as it was? */
  get untouched() {
    return this.#place === 0 && !this.#other;
  }

  /** What a link to this can say; null: only the scenario's text tells it. @returns {Wish | null} */
  get wish() {
    const clicks = this.#steps.slice(0, this.#place).flat();
    return this.#wish.name === undefined || this.#other ? null : { ...this.#wish, actions: clicks };
  }

  /**
   * @param {Wish} wish
   * @param {Told} told
   * @param {number} [at_s]
   */
  #begin(wish, told, at_s) {
    this.#wish = wish;
    this.#steps = [];
    this.#place = 0;
    this.#other = false;
    this.began = this.values.at_s = at_s ?? told.at_s ?? 0;
    this.#take(told);
    this.#tell("change:at_s");
  }

  /** @param {any} message */
  #note({ do: what, actions }) {
    if (what === "break") {
      this.#steps.splice(this.#place, Infinity, actions);
      this.#place += 1;
    } else if (what === "undo") this.#place = Math.max(0, this.#place - 1);
    else if (what === "redo") this.#place = Math.min(this.#steps.length, this.#place + 1);
    else if (what === "reset") this.#place = 0;
    else this.#other = true;
  }

  /** @param {Told} told */
  #take({ info, trace_lines, ...answer }) {
    if (info !== undefined) this.values.info = { ...info, tour: false, ...(this.front ? { bet: undefined, bets: undefined } : {}) };
    if (trace_lines !== undefined) this.values.trace_lines = trace_lines;
    if (info !== undefined) this.#tell("change:info");
    if (trace_lines !== undefined) this.#tell("change:trace_lines");
    if (answer.answers !== undefined) this.#tell("msg:custom", answer);
    if (trace_lines !== undefined) this.changed();
  }

  /**
   * @param {string} name
   * @param {unknown[]} told
   */
  #tell(name, ...told) {
    for (const run of this.#heard.get(name) ?? []) run(...told);
  }
}
