// The bet: at a fault the film stops, hides what comes, and asks until when an address will be silent and who will
// have it. Questions and truth are Python's (info.bets); here they are asked, and the learner's mark is drawn.
import { h, s, setAttribute, setText } from "./dom.js";
import { recall, remember } from "./memory.js";
import { seenBetween } from "./notebook.js";
import { actionText, seconds, withDaemon } from "./words.js";

const STEP_S = 0.1, LEAP_S = 1;

/**
 * The events of a run as far as they are known when something has just been done at `at_s`: nothing that follows it.
 * A silence that has begun long before is known, its end is not.
 * @param {TraceEvent[]} events
 * @param {number} at_s
 * @param {boolean} [named] its description, which may tell the end, is kept
 */
export function knownAt(events, at_s, named = false) {
  const same = (/** @type {number} */ t) => Math.abs(t - at_s) < 1e-6;
  let last = -1;
  for (let i = 0; i < events.length; i++) if (events[i].t < at_s - 1e-6 || (events[i].event === "action" && same(events[i].t))) last = i;
  /** @type {TraceEvent[]} */
  const known = events.slice(0, last + 1).map((e) => (e.event === "scenario" && !named ? { ...e, description: "" } : e));
  for (const e of events.slice(last + 1)) {
    if (e.event === "outage" && e.from_s < at_s - 1) known.push({ ...e, t: at_s, to_s: null, length_s: at_s - e.from_s });
  }
  return known;
}

/**
 * The first bet that has no answer; null: none.
 * @param {Bet[]} bets
 * @param {(key: string) => boolean} answered
 */
export const firstOpen = (bets, answered) => bets.find((bet) => bet.asks.length > 0 && !answered(bet.key)) ?? null;

/**
 * When the truth of a bet has been seen.
 * @param {Bet} bet
 * @param {number} end of the run
 */
export function seenAt(bet, end) {
  if (bet.asks.includes("until") && bet.from_s != null) return bet.until_s ?? end;
  return Math.min(end, bet.settled_s, bet.at_s + 5);
}

/** @param {number} x up to thousandths, without zeros at the end */
export const short = (x) => String(+x.toFixed(3));

/**
 * What was said beside what came, as sentences.
 * @param {Bet} bet
 * @param {BetAnswer} said
 * @param {(server: string) => string} name
 * @param {{right: string, otherwise: string}} words the sentences, with places for {said} and {told}
 */
export function saidAndTrue(bet, said, name, words) {
  /** @type {(pattern: string, values: Record<string, string>) => string} */
  const filled = (pattern, values) => pattern.replace(/\{(said|told)\}/g, (_, key) => values[key]);
  const told = [];
  if (said.silent_s != null) told.push(filled(words.otherwise, { said: `${short(said.silent_s)} s`, told: bet.silence_told }));
  if (said.who != null) told.push(filled(said.who === bet.owner ? words.right : words.otherwise, { said: name(said.who), told: bet.owner_told }));
  return told;
}

/**
 * Where a key moves the mark to, in seconds of silence; null: it is no key of the mark.
 * @param {string} key
 * @param {number | null} value null: there is no mark yet
 * @param {number} most
 * @param {boolean} shift
 */
export function moved(key, value, most, shift) {
  const step = shift ? LEAP_S : STEP_S;
  /** @type {Record<string, number>} */
  const by = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: LEAP_S, PageDown: -LEAP_S };
  const to = key === "Home" ? 0 : key === "End" ? most : key in by ? (value ?? 0) + by[key] : null;
  return to == null ? null : Math.min(most, Math.max(0, Math.round(to * 1000) / 1000));
}

/**
 * What somebody typed, as seconds of silence; null: it is no number.
 * @param {string} text
 * @param {number} most
 */
export function typed(text, most) {
  const found = /^\s*(\d+(?:[.,]\d*)?|[.,]\d+)\s*s?\s*$/.exec(text);
  return found ? Math.min(most, Number(found[1].replace(",", "."))) : null;
}

export class Bets {
  /** @type {Bet | null} the question that is on the screen */
  open = null;
  /** @type {Map<string, BetAnswer>} given here; Python's are in info */
  given = new Map();
  /** @type {string | null} the bet up to which the shown model is known; null: it is known whole */
  cut = null;
  /** @type {Set<string>} bets whose truth has been seen */
  seen = new Set();
  /** @type {Bet | null} the one that is told of */
  told_ = null;
  /** @type {number | null} seconds of silence that the mark says */
  silent = null;
  /** @type {string | null} */
  who = null;
  /** @type {Set<string>} bets of the run that was shown before */
  before = new Set();
  /** @type {Set<string>} bets whose question has been on the screen: undone and done again, they ask again */
  asked = new Set();
  first = true;
  drawn = ""; // what the marks show

  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.element = h("section", { class: "vl-panel vl-bet", "aria-label": "Your bet", hidden: true });
    this.toggle = h("button", { class: "vl-button", title: "At each fault the film stops and asks what comes", onclick: () => this.#switch() }, "Ask me");
    this.mark = s("g", { class: "vl-bet-mark", "aria-hidden": "true" });
    this.tick = s("g", { class: "vl-bet-mark", "aria-hidden": "true" });
    this.legend = h("span", { class: "vl-legend", hidden: true }, h("span", {}, h("i", { class: "vl-mark vl-mark-bet" }), "your guess"), h("span", {}, h("i", { class: "vl-mark vl-mark-truth" }), "the truth"));
  }

  // -- what there is to ask -------------------------------------------------------------------------------

  get #info() {
    return this.player.info.bet;
  }

  get #sentences() {
    return { right: this.#info?.right ?? "", otherwise: this.#info?.otherwise ?? "" };
  }

  /** One bet of a lesson: it is asked whatever the switch says, and what follows it is hidden from the start. */
  get #kept() {
    return Boolean(this.#info?.name);
  }

  get #off() {
    return !this.#kept && (!this.#info || recall("bets") === "off");
  }

  /** @param {string} key */
  #answer(key) {
    return this.#info?.answers?.[key] ?? this.given.get(key) ?? null;
  }

  #pending() {
    return this.#off ? null : firstOpen(this.player.info.bets ?? [], (key) => this.#answer(key) != null);
  }

  /**
   * What of a new trace may be known before its bet is made.
   * @param {TraceEvent[]} events
   */
  known(events) {
    this.#meet();
    const bet = this.#pending();
    this.cut = bet?.key ?? null;
    if (this.open && this.open.key !== this.cut) this.#close();
    return bet ? knownAt(events, bet.at_s, this.#kept || Boolean(this.player.info.fork)) : events;
  }

  /** A new run: what was not broken while the film ran is not asked about, nor what had happened when it was opened. */
  #meet() {
    const { player } = this;
    const ran = player.playing || player.held;
    const bets = player.info.bets ?? [];
    if (!this.#kept) {
      const fork = player.info.fork_at_s;
      const start = this.first ? player.outside.get("at_s") || 0 : -1;
      for (const bet of bets) {
        const own = !this.first && fork != null && Math.abs(bet.at_s - fork) < 1e-6 && !this.before.has(bet.key);
        if (bet.at_s < start - 1e-6 || (own && !ran && !this.asked.has(bet.key))) this.#give(bet, { skipped: true });
      }
    }
    this.first = false;
    this.before = new Set(bets.map((bet) => bet.key));
  }

  /**
   * @param {Bet} bet
   * @param {BetAnswer} said
   */
  #give(bet, said) {
    if (!this.given.has(bet.key)) this.given.set(bet.key, said);
  }

  // -- what the player asks -------------------------------------------------------------------------------

  /** @param {Model} model */
  compose(model) {
    this.model = model;
    const { transport, lanePanel } = this.player;
    const { bets, can_fork } = this.player.info;
    const can_ask = this.#info && !this.#kept && (bets?.length || can_fork);
    if (!can_ask) this.toggle.remove();
    else if (!transport.tools.contains(this.toggle)) transport.help.before(this.toggle);
    const head = lanePanel.querySelector("h2");
    if (!head?.contains(this.legend)) head?.append(this.legend);
    this.#show();
    return this.element;
  }

  told() {
    if (!this.model) return;
    setAttribute(this.toggle, "aria-pressed", String(!this.#off));
    if ((this.#pending()?.key ?? null) !== this.cut) this.player.renew();
    else if (!this.open) this.#show();
  }

  /**
   * How far the film may go.
   * @returns {number}
   */
  reach() {
    return this.#pending()?.at_s ?? Infinity;
  }

  /**
   * @param {number} _from
   * @param {number} to
   */
  stopsAt(_from, to) {
    const at_s = this.reach();
    return to >= at_s ? at_s : null;
  }

  /**
   * Somebody points at a moment on a time axis: while a question is open and the moment is hidden, it is where the mark goes.
   * @param {number} t
   */
  points(t) {
    if (!this.open?.asks.includes("until") || t <= this.open.at_s) return false;
    this.#say(Math.round((t - this.open.at_s) * 100) / 100);
    return true;
  }

  /**
   * A thing was clicked: while it is asked who will have the address, its server is the answer.
   * @param {Thing} thing
   */
  takes(thing) {
    if (!this.open?.asks.includes("who") || !thing.server || thing.kind === "vip") return false;
    this.#choose(thing.server);
    return true;
  }

  /** @param {number} t */
  at(t) {
    const pending = this.#pending();
    if (pending && t > pending.at_s + 1e-6) return void this.player.seek(pending.at_s);
    if (pending && !this.open && t >= pending.at_s - 1e-6) this.#ask(pending);
    const bet = this.told_;
    if (bet && !this.seen.has(bet.key) && t >= seenAt(bet, this.model?.end ?? 0) - 1e-6) {
      this.seen.add(bet.key);
      this.#show();
      setText(this.player.spoken, this.element.textContent ?? "");
      this.player.said = performance.now() + 4000; // the log does not cut it short
    }
    this.#draw();
  }

  close() {
    this.element.remove();
  }

  // -- asking ---------------------------------------------------------------------------------------------

  /** @param {Bet} bet */
  #ask(bet) {
    const { player } = this;
    this.open = bet;
    this.asked.add(bet.key);
    this.silent = this.who = null;
    player.pause();
    this.#show();
    setText(player.spoken, this.element.querySelector(".vl-bet-head")?.textContent ?? "");
    const { activeElement: active } = document;
    const ours = player.root.getRootNode() === document ? player.root.contains(active) : player.root.matches(":focus-within");
    if (ours || active === document.body) /** @type {HTMLElement | null} */ (this.element.querySelector("[role=slider], button"))?.focus({ preventScroll: true });
    // Who looks at the picture sees that it asks, also where the page is scrolled down to what was broken.
    const seen = seenBetween(player.root), box = player.root.getBoundingClientRect();
    if (box.top < seen.bottom && box.bottom > seen.top) this.element.scrollIntoView({ block: "nearest" });
  }

  #close() {
    this.open = null;
    this.silent = this.who = null;
    this.#choices();
  }

  get #most() {
    return Math.max(0, (this.player.model?.end ?? 0) - (this.open?.at_s ?? 0));
  }

  /** @param {number | null} silent seconds */
  #say(silent) {
    this.silent = silent == null ? null : Math.min(this.#most, Math.max(0, silent));
    this.#values(true);
  }

  /** @param {string} who */
  #choose(who) {
    this.who = who;
    this.#choices();
    this.#complain("");
  }

  /** @param {string} words */
  #complain(words) {
    const element = this.element.querySelector(".vl-bet-wants");
    if (element) setText(element, words);
  }

  #done() {
    const bet = this.open;
    if (!bet) return;
    const { asks } = bet;
    if (asks.includes("until") && this.silent == null) return this.#complain(`Until when? Move the mark, or type seconds; 0 if nobody will notice.`);
    if (asks.includes("who") && this.who == null) return this.#complain("And who will have it? Click a server, or a button.");
    /** @type {BetAnswer} */
    const said = {};
    if (asks.includes("until")) said.silent_s = this.silent ?? 0;
    if (asks.includes("who")) said.who = this.who ?? "";
    this.#answered(bet, said);
  }

  /**
   * @param {Bet} bet
   * @param {BetAnswer} said
   */
  #answered(bet, said) {
    const { player } = this;
    this.#give(bet, said);
    this.#close();
    if (!said.skipped) this.told_ = bet;
    if (player.info.can_share) player.python.ask({ do: "bet", at_s: bet.at_s, key: bet.key, ...said }, "Keeping your bet …");
    player.renew();
    if (!player.playing) player.toggle();
    player.transport.play.focus({ preventScroll: true });
  }

  #switch() {
    remember("bets", this.#off ? "" : "off");
    this.told();
  }

  // -- showing --------------------------------------------------------------------------------------------

  /** The bet that the panel tells of: the last one made. */
  #made() {
    const made = (this.player.info.bets ?? []).filter((bet) => this.#answer(bet.key) && !this.#answer(bet.key)?.skipped);
    return made.find((bet) => bet.key === this.told_?.key) ?? made[made.length - 1] ?? null;
  }

  #show() {
    const { open, element } = this;
    if (open) this.#question(open);
    else {
      this.told_ = this.#made();
      const parts = this.told_ ? this.#result(this.told_) : this.#invitation();
      element.replaceChildren(...parts);
      element.hidden = !parts.length;
    }
    this.#choices();
    this.#draw();
  }

  #invitation() {
    const pending = this.#pending();
    if (!pending) return [];
    return [h("p", { class: "vl-bet-line" }, ...this.#hidden(pending))];
  }

  /**
   * What is hidden, and how to see it.
   * @param {Bet} pending
   */
  #hidden(pending) {
    const words = this.#kept ? "Play: at the fault the film stops and asks you what will come. Until then the rest is hidden." : `What follows ${seconds(pending.at_s)} s is hidden: there the film stops and asks you what will come.`;
    return [words, " ", h("button", { class: "vl-link", onclick: () => (this.#kept ? this.#answered(pending, { skipped: true }) : this.#switch()) }, this.#kept ? "Skip it" : "Show everything")];
  }

  /** @param {Bet} bet */
  #result(bet) {
    const said = this.#answer(bet.key) ?? {};
    const pending = this.#pending(); // the next fault may hide what follows it
    if (!this.seen.has(bet.key)) {
      const until = said.silent_s != null && `silent for ${short(said.silent_s)} s, until ${seconds(bet.at_s + said.silent_s, 2)} s`;
      const who = said.who != null && `then ${this.#named(said.who)}`;
      const { player, model } = this;
      return [h("p", { class: "vl-bet-line" }, h("b", {}, "Your bet: "), [until, who].filter(Boolean).join(", "), ". ", h("button", { class: "vl-link", onclick: () => player.seek(seenAt(bet, model?.end ?? 0)) }, "Go to the truth"), ...(pending ? [" ", ...this.#hidden(pending)] : []))];
    }
    return [h("div", { class: "vl-bet-line", role: "note" }, saidAndTrue(bet, said, (x) => this.#named(x), this.#sentences).map((words) => h("p", {}, words)), pending && h("p", {}, ...this.#hidden(pending)))];
  }


  /** @param {string} who */
  #named(who) {
    return who === "both" ? (this.model && this.model.cast.servers.size > 2 ? "several at once" : "both") : this.player.name.server(who);
  }

  /** @param {Bet} bet */
  #question(bet) {
    const { element, player, model } = this;
    const address = player.name.address(bet.target);
    const done = model?.actions.filter((a) => Math.abs(a.t - bet.at_s) < 1e-6) ?? [];
    const words = done.map((a) => actionText({ ...withDaemon(player.model?.cast ?? /** @type {Model} */ (model).cast, a.e), server: player.name.server(a.e.server) })).join(", ");
    const head = h("p", { class: "vl-bet-head" }, h("b", {}, `${seconds(bet.at_s)} s: ${words}. `), "What will come? It is hidden until you have said.");
    const rows = [];
    if (bet.asks.includes("until")) rows.push(this.#untilRow(address));
    if (bet.asks.includes("who")) rows.push(this.#whoRow(bet, address));
    const buttons = h("div", { class: "vl-bet-row vl-bet-end" }, h("button", { class: "vl-button vl-bet-go", onclick: () => this.#done() }, "Let it happen"), h("button", { class: "vl-button", onclick: () => this.#answered(bet, { skipped: true }) }, "Skip"),
      !this.#kept && h("button", { class: "vl-link", onclick: () => this.#switch() }, "Do not ask me again"), h("span", { class: "vl-bet-wants vl-bad", role: "alert" }));
    element.replaceChildren(head, h("div", { class: "vl-bet-rows" }, rows, buttons));
    element.hidden = false;
    this.#values(true);
  }

  /** @param {string} address */
  #untilRow(address) {
    const words = `Until when will ${address} be silent?`;
    const knob = h("i", { class: "vl-bet-knob" });
    this.strip = h("div", { class: "vl-bet-strip", role: "slider", tabindex: 0, "aria-label": words, "aria-valuemin": 0, title: "Drag the mark, or use the arrow keys; the time axis below takes it too" }, h("i", { class: "vl-bet-track" }), knob);
    const { strip } = this;
    /** @param {PointerEvent} e */
    const drag = (e) => {
      const box = strip.getBoundingClientRect();
      this.#say(Math.round(((e.clientX - box.left - 12) / Math.max(1, box.width - 24)) * this.#most * 100) / 100);
    };
    strip.addEventListener("pointerdown", (e) => {
      strip.setPointerCapture(e.pointerId);
      strip.focus({ preventScroll: true });
      e.preventDefault();
      drag(e);
    });
    strip.addEventListener("pointermove", (e) => strip.hasPointerCapture(e.pointerId) && drag(e));
    strip.addEventListener("keydown", (e) => {
      const to = moved(e.key, this.silent, this.#most, e.shiftKey);
      if (to == null && e.key !== "Enter") return;
      e.preventDefault();
      e.stopPropagation();
      if (to == null) this.#done();
      else this.#say(to);
    });
    this.field = h("input", { type: "text", inputmode: "decimal", size: 5, tabindex: 0, "aria-label": `${words} Seconds from now`, autocomplete: "off", placeholder: "?" });
    this.field.addEventListener("input", () => {
      const value = typed(this.field?.value ?? "", this.#most);
      this.silent = value;
      this.#values(false);
    });
    this.field.addEventListener("keydown", (e) => e.key === "Enter" && this.#done());
    this.until = h("span", { class: "vl-mute vl-bet-until" });
    return h("div", { class: "vl-bet-row vl-bet-until-row" }, h("span", { class: "vl-bet-words" }, words), strip, h("label", { class: "vl-bet-field" }, "for ", this.field, " s"), this.until);
  }

  /**
   * @param {Bet} bet
   * @param {string} address
   */
  #whoRow(bet, address) {
    const words = bet.asks.includes("until") ? "Who will have it then?" : `Who will have ${address} then?`;
    const names = [...(this.model?.cast.servers.keys() ?? []), "nobody", ...((this.model?.cast.servers.size ?? 0) > 1 ? ["both"] : [])];
    const buttons = names.map((name) => h("button", { class: "vl-button vl-bet-who", "data-who": name, "aria-pressed": "false", onclick: () => this.#choose(name) }, name === "nobody" ? name : this.#named(name)));
    return h("div", { class: "vl-bet-row", role: "group", "aria-label": words }, h("span", { class: "vl-bet-words" }, words), ...buttons, h("span", { class: "vl-mute" }, "or click it in the picture"));
  }

  /** @param {boolean} all the field too: not while somebody types in it */
  #values(all) {
    const { strip, silent, open } = this;
    if (!strip || !open) return;
    const most = this.#most;
    setAttribute(strip, "aria-valuemax", +most.toFixed(3));
    setAttribute(strip, "aria-valuenow", silent ?? 0);
    const end = silent != null && silent >= most - 1e-6;
    const until = silent == null ? "" : end ? "to the end" : silent === 0 ? "nobody notices" : `until ${seconds(open.at_s + silent, 2)} s`;
    setAttribute(strip, "aria-valuetext", silent == null ? "no guess yet" : `${short(silent)} seconds, ${until}`);
    strip.classList.toggle("vl-bet-none", silent == null);
    strip.style.setProperty("--vl-bet-at", String(most ? (silent ?? 0) / most : 0));
    if (all && this.field) this.field.value = silent == null ? "" : short(silent);
    if (this.until) setText(this.until, until);
    this.#complain("");
    this.#draw();
  }

  /** The chosen server, in the panel and in the picture. */
  #choices() {
    const choosing = Boolean(this.open?.asks.includes("who"));
    this.player.root.classList.toggle("vl-asked", Boolean(this.open));
    this.player.root.classList.toggle("vl-choosing", choosing);
    for (const button of this.element.querySelectorAll(".vl-bet-who")) setAttribute(button, "aria-pressed", String(button.getAttribute("data-who") === this.who));
    for (const card of this.player.root.querySelectorAll('[data-thing^="server "]')) setAttribute(card, "data-bet", choosing && card.getAttribute("data-thing") === `server ${this.who}` ? "yes" : null);
  }

  /** The mark, and beside it the truth once it has been seen, on the lanes' axis and on the slider. */
  #draw() {
    const { player, open, told_: told } = this;
    const bet = open ?? told;
    const said = open ? this.silent : bet && this.#answer(bet.key)?.silent_s;
    const truth = bet && !open && this.seen.has(bet.key) && bet.asks.includes("until") ? bet.until_s ?? (bet.never ? player.model?.end : bet.at_s) : null;
    const mine = bet && said != null ? bet.at_s + said : null;
    const { lanes, transport } = player;
    if (!lanes?.width || !transport?.x || !player.model) return;
    const hidden = this.#pending()?.at_s;
    const state = `${mine} ${truth} ${hidden} ${lanes.width} ${transport.width} ${player.model.end}`;
    if (state === this.drawn && this.mark.parentNode === lanes.svg && this.tick.parentNode === transport.svg) return;
    this.drawn = state;
    const line = lanes.height - 18;
    /** @type {(x: number, truth: boolean) => SVGElement[]} */
    const onLanes = (x, truth) => [s("path", { d: `M${x} 4V${line}`, class: truth ? "vl-truth-line" : "vl-bet-line-mine" }), s("path", { d: truth ? `M${x} ${line - 8}l5 6-5 6-5-6z` : `M${x - 6} 0h12l-6 9z`, class: truth ? "vl-truth-sign" : "vl-bet-sign" }, s("title", {}, truth ? "the truth" : "your guess"))];
    /** @type {(x: number, truth: boolean) => SVGElement} */
    const onSlider = (x, truth) => s("path", { d: truth ? `M${x} 22l4 3-4 3-4-3z` : `M${x - 5} 0h10l-5 8z`, class: truth ? "vl-truth-sign" : "vl-bet-sign" }, s("title", {}, truth ? "the truth" : "your guess"));
    const veil = hidden == null ? [] : [s("rect", { x: lanes.x(hidden) + 1, y: 2, width: Math.max(0, lanes.width - lanes.x(hidden) - 2), height: line - 2, class: "vl-bet-veil" }, s("title", {}, "hidden until you have guessed")), s("path", { d: `M${lanes.x(hidden)} 2V${line}`, class: "vl-action" })];
    this.mark.replaceChildren(...veil, ...(truth != null ? onLanes(lanes.x(truth), true) : []), ...(mine != null ? onLanes(lanes.x(mine), false) : []));
    this.tick.replaceChildren(...(truth != null ? [onSlider(transport.x(truth), true)] : []), ...(mine != null ? [onSlider(transport.x(mine), false)] : []));
    lanes.svg.append(this.mark);
    transport.svg.append(this.tick);
    this.legend.hidden = mine == null;
    const [, other] = /** @type {Iterable<HTMLElement>} */ (this.legend.children);
    other.hidden = truth == null;
  }
}
