// Plays a trace: puts the parts together, owns the clock and the keyboard, and asks Python to run a changed
// scenario.
import { Model, parseTrace } from "./model.js";
import { lastIndex } from "./timeline.js";
import { actionText, namer, seconds, withDaemon } from "./words.js";
import { choices, known, whyNot } from "./menus.js";
import { activeIn, focusSuccessor, focusedIn, h, measurer, rearrange, setText } from "./dom.js";
import { Scene } from "./scene.js";
import { Packets, airTime } from "./packets.js";
import { Lanes } from "./lanes.js";
import { Log } from "./log.js";
import { FramePanel, Tables, WhyPanel } from "./panels.js";
import { Menu, TextBox } from "./menu.js";
import { Transport } from "./transport.js";
import { legend, sharedAddresses, tags } from "./captions.js";
import { KEYS, pressKey } from "./keys.js";
import { Python, kernelLives, saveFile } from "./python.js";
import { Fold } from "./folds.js";
import { bringIntoView } from "./notebook.js";
import { watchTheme } from "./theme.js";
import { COMPANIONS } from "./companions.js";

const STILL = 0.82; // where on its way a frame is shown while time stands still

/** @typedef {[stage: number, lanes: number, slider: number]} Widths pixels */

export class Player {
  /** @type {Model | null} null: the trace could not be read */
  model = null;
  /** @type {TraceEvent[]} all of the trace; the model may know less, while a companion hides the rest */
  events = [];
  /** @type {Before | null} the run before the last change, from which this one forked */
  before = null;
  t = 0;
  speed = 1;
  ahead = 0; // how far frames are shown on their way while time stands still
  /** @type {number | null} how far `ahead` is to go by itself */
  goal = null;
  playing = false;
  held = false; // a film that ran stands for a while: a menu is open, or Python is asked
  running = false; // frame after frame is asked for
  hide = false;
  width = 0;
  /** @type {Flight | null} the frame that was chosen to stay */
  pinned = null;
  shownEpoch = NaN; // the epoch that is drawn
  /** @type {number | undefined} a timer: the moment is told to Python when it has rested */
  later;
  // When things that need not be done for every frame were done last, in milliseconds.
  slow = 0;
  tick = 0;
  framed = 0;
  said = 0;
  opened = 0; // how long the last trace took
  /** @type {((now: number) => void) | undefined} called after each frame, by who measures */
  onframe;
  /** @type {{key: string, plain?: Widths, wide?: Widths}} how wide the parts of the page are, as far as it was asked */
  fitted = { key: "" };
  // What stays: a change seldom moves anything in the picture, and what is made anew has to be laid out anew.
  /** @type {Measure | undefined} */
  measure;
  /** @type {Scene | undefined} */
  drawnScene;
  /** @type {Lanes} */
  lanes;
  canvas = h("canvas", { class: "vl-canvas", "aria-hidden": "true" });
  thin = h("span", { class: "vl-legend" }, "thin line: before your change");
  lanePanel = h("section", { class: "vl-panel vl-lane-panel", "aria-label": "States, addresses, clients over time" }, h("h2", {}, "States, addresses, clients", h("span", { class: "vl-fill" }), this.thin));
  stage = h("div", { class: "vl-stage" });
  sceneBox = h("section", { class: "vl-panel vl-scene", "aria-label": "Cluster" });
  left = h("div", { class: "vl-side" });
  right = h("div", { class: "vl-side" });
  grid = h("div", { class: "vl-grid" }, this.left, this.right);
  banner = h("p", { class: "vl-banner", role: "note", hidden: true });
  /** @type {Transport} */
  transport;
  // The parts that are made anew for every trace.
  /** @type {Namer} */
  name;
  /** @type {Packets} */
  packets;
  /** @type {WhyPanel} */
  why;
  /** @type {Log} */
  log;
  /** @type {Tables} */
  tables;
  /** @type {FramePanel} */
  frame;
  /** @type {Record<"log" | "frame" | "tables", Fold>} */
  folds;
  /** @type {HTMLElement} */
  clock;

  /**
   * @param {HTMLElement} el
   * @param {WidgetModel} outside
   */
  constructor(el, outside) {
    this.outside = outside;
    this.root = h("div", { class: "vrrplab", tabindex: -1 });
    this.spoken = h("div", { class: "vl-spoken", "aria-live": "polite", role: "status" });
    this.view = h("div", { class: "vl-view" }); // what is drawn anew for every trace; the rest of the root stays
    this.python = new Python((message) => this.outside.send(message), (words) => setText(this.spoken, words), {
      alive: () => (outside.python?.alive ? outside.python.alive() : kernelLives(outside, el)), took: () => this.info.took_s || 0, idle: () => this.pause(), outside: outside.python,
    });
    this.root.append(this.view, this.spoken, this.python.element);
    el.append(this.root);
    this.menu = new Menu(this.root, () => this.goOn());
    this.box = new TextBox(this.root);
    this.transport = new Transport(this);
    this.stage.addEventListener("click", (e) => this.#clickPacket(e), true);
    this.stage.addEventListener("pointermove", (e) => this.#hover(e));
    this.stage.addEventListener("pointerleave", () => this.#hover(null));
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.root.addEventListener("keydown", (e) => this.key(e));
    this.root.addEventListener("pointerdown", () => this.menu.close(false));
    /** @type {Companion[]} */
    this.companions = COMPANIONS.map((Part) => new Part(this));
    this.sizes = new ResizeObserver(() => this.#resize());
    this.sizes.observe(this.root);
    this.untheme = watchTheme(this.root, () => this.#repaint());
    this.load(outside.get("trace_lines"));
    bringIntoView(this.root, () => this.stage);
  }

  get scene() {
    return /** @type {Scene} */ (this.drawnScene);
  }

  get info() {
    return this.outside.get("info") || {};
  }

  /**
   * Takes a new trace; the moment shown stays.
   * @param {string | DataView} raw
   */
  load(raw) {
    const started = performance.now();
    const before = this.model;
    let model;
    try {
      this.events = parseTrace(typeof raw === "string" ? raw : new TextDecoder().decode(raw));
      model = this.#knownModel();
    } catch (error) {
      this.#fail(`This trace cannot be read: ${error instanceof Error ? error.message : error}`);
      return;
    }
    this.before = null;
    const fork = this.info.fork_at_s;
    if (before && fork != null && before.cast.name === model.cast.name) this.before = Object.assign(before, { until: fork });
    this.#take(model, before === null);
    this.opened = performance.now() - started;
  }

  /** The same trace, when more of it, or less, may be known. */
  renew() {
    if (this.model) this.#take(this.#knownModel(), false);
  }

  #knownModel() {
    return new Model(this.companions.reduce((events, companion) => companion.known?.(events) ?? events, this.events));
  }

  /**
   * @param {Model} model
   * @param {boolean} first
   */
  #take(model, first) {
    this.model = model;
    this.name = namer(model.cast);
    const focus = focusedIn(this.root);
    this.#compose(model);
    this.t = Math.min(this.t, model.end);
    if (first) this.t = Math.min(model.end, Math.max(0, this.outside.get("at_s") || 0));
    this.#resize(true);
    if (focus) focusSuccessor(this.root, focus);
  }

  /** @param {string} words */
  #fail(words) {
    this.view.replaceChildren(h("p", { class: "vl-empty vl-bad", role: "alert" }, words));
    this.model = null;
  }

  /** @param {Model} model */
  #compose(model) {
    const { name, root } = this;
    const filter = this.log?.what;
    const view = this.log?.view ?? 0;
    const folds = this.folds;
    this.measure ??= measurer(root);
    this.drawnScene ??= new Scene(this.measure, (thing, element, x, y) => this.#open(thing, element, x, y));
    this.scene.take(model, name);
    const { colour = {}, font = "" } = this.packets ?? {};
    this.packets = Object.assign(new Packets(model, name, this.canvas), { colour, font });
    this.lanes ??= new Lanes(this.measure, (t) => this.point(t));
    this.lanes.take(model, name);
    this.why = new WhyPanel(model, name, (t) => this.seek(t), this.info.explain);
    this.log = new Log(model, name, { go: (t) => this.seek(t), why: (c) => this.explain(c), packet: (f) => this.pin(f), menu: (f, element, x, y) => this.#openFrame(f, element, x, y) });
    this.tables = new Tables(model, name);
    this.frame = new FramePanel(model, name, () => this.pin(null));
    this.transport.speed.value = String(this.speed);
    this.pinned = null;
    this.clock = h("output", { class: "vl-clock", "aria-label": "Clock", "aria-live": "off" });
    this.thin.hidden = !this.before;
    rearrange(this.lanePanel, [this.lanePanel.firstElementChild, this.lanes.svg]);
    this.log.element.append(this.why.element);
    this.folds = {
      log: new Fold("log", this.log.element, this.log.head, "Log: what happened, and why", folds?.log.open ?? false, () => this.#opened()),
      frame: new Fold("frame", this.frame.element, this.frame.head, "A frame, byte by byte", folds?.frame.open ?? false, () => this.#opened()),
      tables: new Fold("tables", this.tables.element, this.tables.head, "What switch and clients have learned", folds?.tables.open ?? false, () => this.#opened()),
    };
    rearrange(this.stage, [this.scene.svg, this.packets.canvas]);
    rearrange(this.sceneBox, [this.stage, this.banner, legend(model)]);
    rearrange(this.left, [this.sceneBox, this.tables.element]);
    rearrange(this.right, [this.lanePanel, this.log.element, this.frame.element]);
    rearrange(this.view, [
      h("div", { class: "vl-top" }, h("div", { class: "vl-title-line" }, h("strong", {}, model.cast.description || model.cast.name || "Trace"), tags(model.cast, this.info.fork)), this.clock),
      ...this.companions.map((companion) => companion.compose(model)),
      this.transport.element,
      this.grid,
      this.transport.tools,
    ]);
    root.classList.toggle("vl-forkable", Boolean(this.info.can_fork));
    this.log.view = view;
    if (filter && filter !== "story") this.log.show(filter);
    this.status();
  }

  /** A panel opened or closed: what is in it was not drawn while nobody saw it. */
  #opened() {
    if (!this.model) return;
    this.draw(true);
    this.log.seen();
  }

  /** @param {boolean} force */
  #resize(force = false) {
    if (!this.model) return;
    // What is drawn anew has the width that was told last: to ask would lay out the page, half of it still to come.
    const width = (force && this.width) || this.root.clientWidth;
    if (!width || (!force && width === this.width)) return;
    this.width = width;
    this.root.classList.toggle("vl-narrow", width < 900);
    this.root.classList.toggle("vl-slim", width < 560);
    this.#fit();
    this.packets.fit(this.scene.layout, this.root);
    this.shownEpoch = NaN;
    this.draw(true);
  }

  /**
   * Many servers get the whole width, the panels below them; what does not fit then is reached by scrolling.
   * All is measured before anything is drawn: each look at a width costs a layout of the page.
   */
  #fit() {
    const { root, stage, scene, lanes, transport, model, width } = this;
    if (!model) return;
    const key = `${width} ${this.view.childElementCount} ${transport.changes.hidden}`;
    if (key !== this.fitted.key) this.fitted = { key };
    /** @type {(how: "plain" | "wide") => Widths} */
    const widths = (how) => (this.fitted[how] ??= [stage.clientWidth, this.lanePanel.clientWidth - 2, transport.slider.clientWidth]);
    root.classList.remove("vl-wide");
    let [room, lane, slider] = widths("plain");
    scene.build(Math.max(220, room));
    if (scene.layout.width > room + 1 && width >= 900) {
      root.classList.add("vl-wide");
      [room, lane, slider] = widths("wide");
      scene.build(room);
    }
    root.classList.toggle("vl-sideways", scene.layout.width > room + 1);
    lanes.build(Math.max(220, lane), this.before);
    transport.build(model, Math.max(100, slider));
  }

  #repaint() {
    if (!this.model || !this.scene?.layout) return;
    this.packets.paint(this.root);
    this.draw(true);
  }

  // -- time ---------------------------------------------------------------------------------

  toggle() {
    if (this.playing || this.held) return this.pause();
    if (!this.model) return;
    if (this.t >= this.model.end) this.t = 0;
    this.#play();
  }

  #play() {
    this.held = false;
    this.playing = true;
    this.status();
    this.#run();
  }

  pause() {
    if (!this.playing && !this.held) return;
    this.playing = this.held = false;
    this.status();
    this.#remember();
  }

  /** The film stands until `goOn`; one that stood already does not move then. */
  hold() {
    if (!this.playing) return;
    this.playing = false;
    this.held = true;
    this.status();
  }

  /** A film that was held runs on, unless there is still something to wait for. */
  goOn() {
    if (this.held && this.model && !this.menu.open && !this.python.waiting) this.#play();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.ahead *= airTime(speed) / airTime(this.speed);
    this.speed = speed;
    this.transport.speed.value = String(speed);
    this.draw();
  }

  /**
   * Goes to `t`; frames sent at that moment are shown beyond the switch, on the cables of those they reach.
   * @param {number} t
   */
  seek(t) {
    if (!this.model) return;
    this.t = Math.min(this.model.end, ...this.companions.map((c) => c.reach?.() ?? Infinity), Math.max(0, t));
    this.ahead = this.playing ? 0 : STILL * airTime(this.speed);
    this.goal = null;
    this.draw();
    this.#remember();
  }

  /**
   * Somebody points at a moment of a time axis.
   * @param {number} t
   */
  point(t) {
    if (!this.companions.some((c) => c.points?.(t))) this.seek(t);
  }

  /**
   * To the next (1) or previous (-1) event; its frames travel while time stands still.
   * @param {1 | -1} by
   */
  step(by) {
    this.pause();
    if (this.model) this.#moveIn(this.model, this.model.steps, by);
  }

  /** @param {1 | -1} by */
  jump(by) {
    this.pause();
    if (this.model) this.#moveIn(this.model, this.model.jumps, by);
  }

  /**
   * @param {Model} model
   * @param {Float64Array} moments
   * @param {1 | -1} by
   */
  #moveIn({ end }, moments, by) {
    const here = lastIndex(moments, this.t);
    const next = by > 0 ? here + 1 : moments[here] < this.t - 1e-9 ? here : here - 1;
    const target = moments[next] ?? (by > 0 ? end : 0);
    const air = airTime(this.speed);
    const close = by > 0 && target - this.t < 0.01;
    const from = close ? this.ahead : 0;
    this.seek(target);
    if (by < 0 || this.calm.matches) return;
    this.goal = close ? Math.min(0.97 * air, from + 0.47 * air) : STILL * air;
    this.ahead = from;
    this.#run();
  }

  #run() {
    if (this.running) return;
    this.running = true;
    let last = performance.now();
    /** @param {number} now */
    const frame = (now) => {
      if (!this.root.isConnected || !this.model) return void (this.running = false);
      const wall = Math.min(0.1, Math.max(0, (now - last) / 1000));
      last = now;
      if (this.playing) {
        const passed = wall * this.speed, from = this.t;
        this.t += passed;
        this.#stop(from);
        this.ahead = Math.max(0, this.ahead - passed / 2);
        if (this.t >= this.model.end) {
          this.t = this.model.end;
          this.pause();
        }
      } else if (this.goal != null) {
        this.ahead = Math.min(this.goal, this.ahead + (wall / 0.8) * airTime(this.speed));
        if (this.ahead >= this.goal) this.goal = null;
      }
      this.draw();
      this.onframe?.(now);
      if (this.playing || this.goal != null) requestAnimationFrame(frame);
      else this.running = false;
    };
    requestAnimationFrame(frame);
  }

  /**
   * A companion may stop the film at a moment that it has just passed.
   * @param {number} from
   */
  #stop(from) {
    const stops = this.companions.map((c) => c.stopsAt?.(from, this.t)).filter((t) => t != null);
    if (!stops.length) return;
    this.t = Math.min(...stops);
    this.pause();
  }

  /** The log says nothing of what comes: somebody wants it so, or the film has still to ask what it will be. */
  get #untold() {
    return this.hide || this.companions.some((c) => (c.reach?.() ?? Infinity) < Infinity);
  }

  /** @param {boolean} all */
  draw(all = false) {
    if (!this.model || !this.scene?.layout) return;
    const { t, model } = this;
    const epoch = model.epoch(t);
    const now = performance.now();
    const counting = model.outages.length && now - this.slow > 100;
    if (all || epoch !== this.shownEpoch || counting) {
      this.shownEpoch = epoch;
      this.slow = now;
      this.scene.update(t);
      this.tables.update(t);
      const shared = sharedAddresses(model, this.name, t);
      this.banner.hidden = !shared;
      setText(this.banner, shared);
    } else if (now - this.tick > 250) {
      this.tick = now;
      this.tables.update(t);
    }
    this.scene.mark(t, airTime(this.speed));
    this.packets.draw(t, this.speed, this.ahead, this.scene.words.values());
    this.lanes.at(t, this.hide);
    this.transport.at(t, this.hide);
    setText(this.clock, `${seconds(t)} s`);
    for (const companion of this.companions) companion.at?.(t);
    if (this.log.at(t, this.#untold)) this.#speak();
    if (this.tables.misled) this.folds.tables.need();
    if (this.folds.frame.open && !this.pinned && (!this.playing || now - this.framed > 400)) {
      this.framed = now;
      this.frame.show(this.packets.latest(t));
    }
  }

  #speak() {
    if (this.playing && performance.now() - this.said < 1200) return;
    const row = this.log.rows[this.log.current];
    if (!row || (this.playing && row.kind.startsWith("advert"))) return;
    this.said = performance.now();
    setText(this.spoken, `${seconds(row.t)} s: ${this.log.said}`);
  }

  #remember() {
    window.clearTimeout(this.later);
    this.later = window.setTimeout(() => {
      if (this.outside.get("at_s") === this.t) return;
      this.outside.set("at_s", Math.round(this.t * 1e6) / 1e6);
      this.outside.save_changes();
    }, 300);
  }

  // -- asking -------------------------------------------------------------------------------

  /** @param {Flight | null} flight */
  pin(flight) {
    this.pinned = flight;
    this.packets.chosen = flight;
    if (flight) this.folds.frame.ask();
    this.frame.show(flight || this.packets.latest(this.t), Boolean(flight));
    this.draw();
  }

  /**
   * The frame at the pointer. What stands still wins over what moves; cables, where frames are at home, do not.
   * @param {MouseEvent} e
   */
  #flightAt(e) {
    const thing = e.target instanceof Element ? e.target.closest("[data-thing], [data-vip]") : null;
    if (thing && !thing.getAttribute("data-thing")?.startsWith("cable ")) return null;
    const box = this.packets.canvas.getBoundingClientRect();
    return this.packets.near(e.clientX - box.left, e.clientY - box.top);
  }

  /** @param {MouseEvent | null} e */
  #hover(e) {
    const flight = e && this.#flightAt(e);
    this.stage.style.cursor = flight ? "pointer" : "";
    if (this.pinned) return;
    this.packets.chosen = flight || null;
    if (this.folds.frame.open) this.frame.show(flight || this.packets.latest(this.t));
    if (!this.playing) this.packets.draw(this.t, this.speed, this.ahead, this.scene.words.values());
  }

  /** @param {MouseEvent} e */
  #clickPacket(e) {
    const flight = this.#flightAt(e);
    if (!flight) return;
    e.stopPropagation();
    this.#openFrame(flight, this.transport.slider, e.clientX, e.clientY);
  }

  /**
   * @param {Flight} flight
   * @param {Focusable} element
   * @param {number} x
   * @param {number} y
   */
  #openFrame(flight, element, x, y) {
    this.pin(flight);
    const what = { advert: "advert", garp: "gratuitous ARP", na: "neighbour advertisement" }[flight.kind];
    this.#open({ kind: "packet", flight, title: `${what} of ${this.name.server(flight.server)}` }, element, x, y);
  }

  /**
   * @param {Thing} thing
   * @param {Focusable} element
   * @param {number} x
   * @param {number} y
   */
  #open(thing, element, x, y) {
    const { model, info } = this;
    if (!model || this.companions.some((c) => c.takes?.(thing))) return;
    this.hold();
    this.#settle(this.t);
    const { t } = this;
    /** @type {MenuEntry[]} */
    const entries = [];
    if (info.can_fork) {
      for (const c of choices(model, thing, t)) entries.push({ label: c.label, hint: c.hint, run: () => this.act(c) });
    }
    const change = thing.kind === "instance" ? model.lastChange(t, thing.server, thing.name) : null;
    if (change) {
      entries.unshift({ label: `Why is it ${change.e.to}?`, hint: `since ${seconds(change.t)} s`, run: () => this.explain(change) });
      entries.push({ label: "Go to that change", hint: `${seconds(change.t)} s`, run: () => this.seek(change.t) });
    }
    const notes = known(model, thing, t);
    if (!info.can_fork) notes.push(whyNot(model, info));
    this.menu.show(`${thing.title} · at ${seconds(t)} s`, entries, notes, element, x, y);
  }

  /**
   * Time comes in whole microseconds: the moment shown must be the one at which an action takes place, not one a
   * little before it, or the picture would still be whole.
   * @param {number} t
   */
  #settle(t) {
    const whole = Math.round(t * 1e6) / 1e6;
    if (whole === this.t) return;
    this.t = whole;
    this.draw();
  }

  /** @param {Change | null | undefined} change */
  explain(change) {
    if (!change) return;
    this.pause();
    this.folds.log.ask();
    const words = this.why.show(change);
    this.why.opener = this.log.body.contains(activeIn(this.root)) ? this.log.body : null;
    this.why.element.focus({ preventScroll: true });
    this.why.element.scrollIntoView({ block: "nearest" });
    setText(this.spoken, words);
    this.log.current = -2;
    this.log.at(this.t, this.#untold);
  }

  /**
   * Sends a changed scenario to Python: these actions at the shown moment, where the film waits for the answer.
   * @param {Choice} choice
   */
  act(choice) {
    if (!this.model) return;
    this.hold();
    if (choice.seek != null) this.seek(choice.seek);
    this.#settle(this.t);
    const { t } = this;
    const actions = choice.actions.map((a) => ({ at_s: t, ...a }));
    this.scene.asked(actions);
    const words = actionText({ ...withDaemon(this.model.cast, actions[0]), server: this.name.server(actions[0].server) });
    this.python.ask({ do: "break", actions, at_s: t }, `Running it again: ${words} …`);
  }

  /** @param {"undo" | "redo" | "reset" | "scenario" | "html"} what */
  ask(what) {
    const words = { undo: "Undoing …", redo: "Redoing …", reset: "Back to the start …", scenario: "Writing the scenario …", html: "Writing the file …" };
    if (what === "scenario" && this.info.scenario) {
      this.box.show("Scenario (YAML)", this.info.scenario, this.transport.copy);
      return;
    }
    // While an answer is awaited, only Python knows what can be undone.
    if (!this.python.waiting && ((what === "undo" && !this.info.can_undo) || (what === "redo" && !this.info.can_redo))) return;
    if (!this.info.can_fork && !(what === "html" && this.info.can_share)) return;
    this.python.ask({ do: what, at_s: this.t }, words[what]);
  }

  /**
   * What Python sends back, beside a new trace.
   * @param {Reply} message
   */
  answer(message) {
    this.python.answered(message);
    if (message.error) this.scene.asked([]);
    for (const companion of this.companions) companion.answer?.(message);
    if (message.scenario) this.box.show("Scenario (YAML)", message.scenario, this.transport.copy);
    if (message.html) saveFile(message.html, message.name || "cluster.html");
    this.goOn();
  }

  toggleHide() {
    this.hide = !this.hide;
    this.status();
    this.draw(true);
  }

  /** @param {HTMLElement} opener */
  help(opener) {
    const box = opener.getBoundingClientRect();
    this.menu.show("Keys", this.companions.flatMap((c) => c.help?.() ?? []), [h("dl", { class: "vl-keys" }, KEYS.map(([k, v]) => [h("dt", {}, k), h("dd", {}, v)]))], opener, box.left, box.top);
  }

  /**
   * A key pressed in this view (in a file of its own: anywhere on the page).
   * @param {KeyboardEvent} e
   */
  key(e) {
    pressKey(this, e);
  }

  status() {
    this.transport.state({ playing: this.playing || this.held, info: this.info, hide: this.hide });
    for (const companion of this.companions) companion.told?.();
  }

  close() {
    this.playing = this.held = false;
    this.goal = null;
    this.sizes.disconnect();
    this.untheme();
    for (const companion of this.companions) companion.close?.();
    this.python.stop();
    window.clearTimeout(this.later);
    this.root.remove();
    this.model = null;
  }
}
