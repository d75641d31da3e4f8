// The tour: five sentences, and one thing lit with each. It begins by itself the first time a cluster is seen in this
// browser, never again, and is called back with its button.
import { activeIn, afterFrame, h, icon, setText } from "./dom.js";
import { recall, remember } from "./memory.js";
import { seenBetween } from "./notebook.js";
import { seconds } from "./words.js";

const TOUR_AIR = 12; // pixels between the light and the words

/**
 * A step: what is lit, and the sentence. Where a thing is not there, the next best is lit, and the sentence fits it.
 * @typedef {{light: Element | null, words: string, air?: number}} Step `air`: pixels between the thing and the light's edge
 */

export class Tour {
  step = -1; // which is shown; -1: none
  began = false; // had its chance to begin by itself
  forked = "";
  placed = 0;
  air = 0;
  /** @type {Focusable | null} gets the keyboard back */
  opener = null;

  scrolled = () => this.#light();

  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.ring = h("div", { class: "vl-tour-ring" });
    this.veil = h("div", { class: "vl-tour-veil", "aria-hidden": "true", hidden: true }, this.ring);
    this.count = h("span", { class: "vl-mute" });
    this.words = h("p", { "aria-live": "polite" });
    this.back = h("button", { class: "vl-button", onclick: () => this.go(this.step - 1) }, "Back");
    this.next = h("button", { class: "vl-button vl-tour-next", onclick: () => this.go(this.step + 1) }, "Next");
    this.card = h("div", { class: "vl-tour", role: "dialog", "aria-modal": "false", hidden: true },
      h("div", { class: "vl-head" }, this.count, h("span", { class: "vl-fill" }), h("button", { class: "vl-icon", "aria-label": "Leave the tour", title: "Leave the tour (Escape)", onclick: () => this.leave() }, icon("close"))),
      this.words, h("div", { class: "vl-buttons" }, this.back, this.next));
    this.button = h("button", { class: "vl-button vl-tour-call", title: "A tour: what is what, in five steps", "aria-haspopup": "dialog", onclick: () => this.begin(true) }, "Tour");
    player.root.append(this.veil, this.card);
    this.sizes = new ResizeObserver(() => this.#light());
    this.sizes.observe(player.root);
    document.addEventListener("scrollend", this.scrolled, true); // of the page, or of the notebook around this
  }

  compose() {
    const { tools, help } = this.player.transport;
    if (!tools.contains(this.button)) help.before(this.button);
    return null;
  }

  /** Drawn: the first time somebody may want to know what all this is. */
  at() {
    if (!this.began) {
      this.began = true;
      // After this frame: who tells a screen reader of the first moment has done so.
      requestAnimationFrame(() => {
        const { info, model, root } = this.player;
        if (root.isConnected && info.tour !== false && model?.cast.servers.size && !recall("tour")) this.begin(false);
      });
    }
    if (this.step < 0 || performance.now() - this.placed < 200) return;
    this.placed = performance.now();
    afterFrame(() => this.step >= 0 && this.#show());
  }

  /** Who broke something was shown how: the tour goes on by itself. */
  told() {
    const fork = this.player.info.fork || "";
    if (this.step === 2 && fork && fork !== this.forked) this.go(3);
    this.forked = fork;
  }

  /**
   * `asked`: somebody wants it, and gets the keyboard there; else nothing is taken from who may be typing.
   * @param {boolean} asked
   */
  begin(asked) {
    remember("tour", "seen");
    const { root } = this.player;
    const active = activeIn(root);
    this.opener = active && root.contains(active) ? active : this.button;
    this.go(0);
    if (asked) {
      this.next.focus({ preventScroll: true });
      this.card.scrollIntoView({ block: "nearest" });
    } else setText(this.player.spoken, `A tour of five steps. ${this.words.textContent} Next and Leave are behind the cluster; Escape leaves.`);
  }

  /** @param {number} step */
  go(step) {
    if (step >= TOUR_STEPS.length) return this.leave();
    this.step = Math.max(0, step);
    this.card.hidden = this.veil.hidden = false;
    const onBack = activeIn(this.card) === this.back;
    this.back.hidden = this.step === 0;
    if (onBack && this.back.hidden) this.next.focus({ preventScroll: true }); // or the keyboard would be nowhere
    setText(this.next, this.step === TOUR_STEPS.length - 1 ? "Done" : "Next");
    setText(this.count, `Tour · ${this.step + 1} of ${TOUR_STEPS.length}`);
    this.card.setAttribute("aria-label", `Tour, step ${this.step + 1} of ${TOUR_STEPS.length}`);
    const light = this.#show();
    if (step > 0) {
      light?.scrollIntoView({ block: "nearest" });
      this.#light();
      this.card.scrollIntoView({ block: "nearest" });
    }
  }

  leave() {
    if (this.step < 0) return;
    const had = this.card.contains(activeIn(this.card));
    this.step = -1;
    this.card.hidden = this.veil.hidden = true;
    if (had) (this.opener?.isConnected ? this.opener : this.player.root).focus({ preventScroll: true });
  }

  /** @param {string} key */
  pressed(key) {
    if (key !== "Escape" || this.step < 0 || (!this.player.why.element.hidden && !this.card.contains(activeIn(this.card)))) return false;
    this.leave();
    return true;
  }

  /** Words and light as they are at this moment. */
  #show() {
    const { light, words, air = 5 } = TOUR_STEPS[this.step](this.player);
    if (this.words.textContent !== words) setText(this.words, words);
    this.lit = light;
    this.air = air;
    this.#light();
    return light;
  }

  /** The ring around what is lit, the card beside it: never on it. */
  #light() {
    if (this.step < 0) return;
    this.placed = performance.now();
    const { root } = this.player;
    const page = root.getBoundingClientRect();
    const light = this.lit?.isConnected ? this.lit : root;
    const box = light.getBoundingClientRect();
    const grow = light === root ? -4 : this.air;
    const lit = { left: box.left - page.left - grow, top: box.top - page.top - grow, right: box.right - page.left + grow, bottom: box.bottom - page.top + grow };
    Object.assign(this.ring.style, { left: `${lit.left}px`, top: `${lit.top}px`, width: `${lit.right - lit.left}px`, height: `${lit.bottom - lit.top}px` });
    const own = this.card.getBoundingClientRect();
    const seen = seenBetween(root);
    const view = { left: 4, top: Math.max(4, 4 + seen.top - page.top), right: page.width - 4, bottom: Math.min(page.height, seen.bottom - page.top) - 4 };
    const { left, top } = placeBeside(lit, { width: own.width, height: own.height }, view);
    Object.assign(this.card.style, { left: `${left}px`, top: `${top}px` });
  }

  close() {
    this.sizes.disconnect();
    document.removeEventListener("scrollend", this.scrolled, true);
  }
}

/**
 * Where a card stands so that it does not cover what is lit: right, left, below or above it, the first that has room;
 * where none has, below, and whoever shows it scrolls there.
 * @param {{left: number, top: number, right: number, bottom: number}} lit
 * @param {{width: number, height: number}} card
 * @param {{left: number, top: number, right: number, bottom: number}} view
 */
export function placeBeside(lit, card, view) {
  /** @type {(low: number, x: number, high: number) => number} */
  const within = (low, x, high) => Math.max(low, Math.min(x, high));
  const left = within(view.left, lit.left, view.right - card.width);
  const top = within(view.top, lit.top, view.bottom - card.height);
  const places = [
    { left: lit.right + TOUR_AIR, top }, { left: lit.left - TOUR_AIR - card.width, top },
    { left, top: lit.bottom + TOUR_AIR }, { left, top: lit.top - TOUR_AIR - card.height },
  ];
  const fits = places.find((p) => p.left >= view.left && p.left + card.width <= view.right && p.top >= view.top && p.top + card.height <= view.bottom);
  return fits || { left, top: lit.bottom + TOUR_AIR };
}

// -- the five steps ---------------------------------------------------------------------------

/** @type {((player: Player) => Step)[]} */
const TOUR_STEPS = [
  (player) => {
    const { vip, holder } = middleOf(player);
    const name = vip ? player.name.address(vip) : "";
    const card = thingOf(player, `server ${holder}`)?.parentElement ?? null;
    const air = 14; // around its interfaces, too
    if (!vip) return { light: card, air, words: "This is a server: a machine that is there for others." };
    return { light: card, air, words: `This is a server; ${name}, the coloured label${isHeld(player, vip) ? " in it" : ""}, is an address that clients use, and it can move to another server.` };
  },
  (player) => {
    const { holder, instance, every_s } = middleOf(player);
    const light = thingOf(player, `instance ${holder} ${instance}`);
    const master = light?.getAttribute("data-state") === "MASTER";
    const often = every_s ? `every ${seconds(every_s, every_s % 1 ? 2 : 0)} s` : "again and again";
    return { light, words: `${master ? "M is for MASTER: this server" : "One server is MASTER, M: it"} has the address and says so ${often} with a small packet, an advert; the others are BACKUP, B, and only listen.` };
  },
  (player) => {
    const { holder, card } = middleOf(player);
    if (!player.info.can_fork) return { light: player.transport.slider, words: "This run is over and can only be looked at: each orange mark on its time bar is a moment at which something was broken." };
    return { light: thingOf(player, `nic ${holder} ${card}`), words: `Break something: click ${card} and choose “Set ${card} down”, and see what becomes of the address.` };
  },
  (player) => {
    const log = player.log.element;
    const open = player.log.body.getClientRects().length > 0;
    return { light: log, words: `${open ? "The log" : "Open the log: it"} tells what happens, a line at a time, and why? behind a change of state says the reason, with its numbers.` };
  },
  (player) => ({ light: player.transport.slider, words: player.info.can_fork ? "Drag this back to see any moment again; break something else there, and another future begins." : "Drag this to see any moment again, as often as you like." }),
];

/**
 * What the tour speaks of: the first virtual address, who has it now (or will be first to), and how it is joined.
 * @param {Player} player
 */
function middleOf({ model, t }) {
  const cast = model?.cast;
  const vip = cast?.vips[0]?.address ?? "";
  const first = [...(cast?.servers.values() || [])];
  const holder = (model && vip && model.holders(vip, t)[0]) || first[0]?.name || "";
  const server = cast?.servers.get(holder);
  const instance = server?.instances.find((i) => model?.value(t, "state", holder, i.name) === "MASTER") ?? server?.instances[0];
  const card = instance?.interface ?? server?.interfaces.find((i) => i.segment === cast?.main)?.name ?? "";
  return { vip, holder, instance: instance?.name ?? "", every_s: instance?.advert_int_s, card };
}

/** @type {(player: Player, vip: string) => boolean} */
const isHeld = ({ model, t }, vip) => Boolean(model?.holders(vip, t).length);

/** @type {(player: Player, name: string) => Element | null} */
const thingOf = (player, name) => player.root.querySelector(`[data-thing="${CSS.escape(name)}"]`);
