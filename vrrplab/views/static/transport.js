// The bar above the cluster: buttons, speed, and a slider with the actions as ticks; and the tools below all.
import { h, icon, onDrag, s, setAttribute } from "./dom.js";
import { actionText, seconds, withDaemon } from "./words.js";

export const SPEEDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];

export class Transport {
  width = 0;
  /** @type {(t: number) => number} */
  x;
  /** @type {SVGRectElement} */
  done;
  /** @type {SVGCircleElement} */
  knob;
  /** @type {{ticks: SVGRectElement[], changes: SVGCircleElement[]}} */
  marks;

  /** @param {Player} player has play/pause, step, jump, seek …; this bar only calls them */
  constructor(player) {
    this.player = player;
    /** @type {(name: Parameters<typeof icon>[0], title: string, run: () => void) => HTMLButtonElement} */
    const button = (name, title, run) => h("button", { class: "vl-button vl-icon-button", title, "aria-label": title, onclick: run }, icon(name));
    this.play = button("play", "Play (space)", () => player.toggle());
    this.play.classList.add("vl-play");
    this.speed = h("select", { "aria-label": "Speed", title: "Speed ([ and ])" }, SPEEDS.map((x) => h("option", { value: x }, `${x}×`)));
    this.speed.value = "1";
    this.speed.addEventListener("change", () => player.setSpeed(Number(this.speed.value)));
    this.buttons = h("div", { class: "vl-buttons", role: "group", "aria-label": "Playing" },
      button("start", "To the start (Home)", () => player.seek(0)),
      button("jumpback", "Previous change of state (Shift+←)", () => player.jump(-1)),
      button("back", "Previous event (←)", () => player.step(-1)), this.play,
      button("step", "Next event (→)", () => player.step(1)),
      button("jump", "Next change of state (Shift+→)", () => player.jump(1)), this.speed);
    this.svg = s("svg", { height: 28, "aria-hidden": "true" });
    this.slider = h("div", { class: "vl-slider", role: "slider", tabindex: 0, "aria-label": "Moment", "aria-valuemin": 0 }, this.svg);
    this.slider.addEventListener("pointerdown", () => this.slider.focus({ preventScroll: true }));
    onDrag(this.slider, (e) => player.point(((e.clientX - this.svg.getBoundingClientRect().left - 8) / (this.width - 16)) * (player.model?.end ?? 0)));
    /** @type {(text: string, title: string, run: () => void) => HTMLButtonElement} */
    const word = (text, title, run) => h("button", { class: "vl-button", title, onclick: run }, text);
    this.undo = button("undo", "Undo the last change (Ctrl+Z)", () => player.ask("undo"));
    this.redo = button("redo", "Do it again (Ctrl+Y)", () => player.ask("redo"));
    this.reset = word("Reset", "Back to the scenario as it was (Ctrl+Backspace)", () => player.ask("reset"));
    this.copy = word("Copy scenario", "The scenario with your actions, as YAML (C)", () => player.ask("scenario"));
    this.share = word("HTML", "A file that plays this anywhere, without Python (S)", () => player.ask("html"));
    this.hide = h("button", { class: "vl-button", title: "Hide what comes after the cursor: predict first (H)", onclick: () => player.toggleHide() }, "Hide future");
    /** @type {HTMLButtonElement} */
    this.help = h("button", { class: "vl-button", title: "Keys (?)", "aria-label": "Keys", onclick: () => player.help(this.help) }, "?");
    this.changes = h("div", { class: "vl-buttons", role: "group", "aria-label": "Changes" }, this.undo, this.redo, this.reset);
    this.tools = h("div", { class: "vl-buttons vl-tools", role: "group", "aria-label": "Sharing and help" }, this.hide, this.copy, this.share, this.help);
    this.element = h("div", { class: "vl-transport" }, this.buttons, this.slider, this.changes);
  }

  /**
   * @param {Model} model
   * @param {number} width
   */
  build(model, width) {
    this.model = model;
    this.width = width;
    /** @param {number} t */
    const x = (t) => 8 + (t / model.end) * (width - 16);
    this.x = x;
    this.svg.setAttribute("width", String(width));
    this.done = s("rect", { x: 8, y: 12, height: 4, rx: 2, width: 0, class: "vl-track-done" });
    this.knob = s("circle", { cy: 14, r: 7, class: "vl-knob" });
    const changes = model.changes.length < 500 ? model.changes.map((c) => s("circle", { cx: x(c.t), cy: 14, r: 2.6, class: "vl-change" }, s("title", {}, `${seconds(c.t)} s: ${c.e.instance} ${c.e.to}`))) : [];
    const ticks = model.actions.slice(0, 500).map((a) => s("rect", { x: x(a.t) - 1, y: 3, width: 2, height: 22, class: "vl-tick" }, s("title", {}, `${seconds(a.t)} s: ${actionText(withDaemon(model.cast, a.e))}`)));
    this.svg.replaceChildren(s("rect", { x: 8, y: 12, height: 4, rx: 2, width: width - 16, class: "vl-track" }), this.done, ...ticks, ...changes, this.knob);
    this.slider.setAttribute("aria-valuemax", String(model.end));
    this.marks = { ticks, changes };
  }

  /**
   * @param {number} t
   * @param {boolean} hide
   */
  at(t, hide) {
    const { model } = this;
    if (!model) return;
    const x = this.x(t);
    this.done.setAttribute("width", String(Math.max(0, x - 8)));
    this.knob.setAttribute("cx", String(x));
    setAttribute(this.slider, "aria-valuenow", t.toFixed(3));
    setAttribute(this.slider, "aria-valuetext", `${seconds(t)} seconds of ${seconds(model.end, 1)}`);
    this.svg.classList.toggle("vl-hidden-future", hide);
    if (hide) for (const [n, c] of this.marks.changes.entries()) c.style.visibility = model.changes[n].t > t ? "hidden" : "";
    else for (const c of this.marks.changes) if (c.style.visibility) c.style.visibility = "";
  }

  /** @param {{playing: boolean, info: Info, hide: boolean}} player */
  state({ playing, info, hide }) {
    this.hide.setAttribute("aria-pressed", String(hide));
    const words = playing ? "Pause (space)" : "Play (space)";
    // Only when it is another one: a button whose picture is exchanged while it is pressed gets no click.
    if (this.play.getAttribute("aria-label") !== words) this.play.replaceChildren(icon(playing ? "pause" : "play"));
    this.play.setAttribute("aria-label", words);
    this.play.title = words;
    /** @type {(button: HTMLButtonElement, on: boolean | undefined) => void} */
    const able = (button, on) => (on ? button.removeAttribute("disabled") : button.setAttribute("disabled", ""));
    able(this.undo, info.can_undo);
    able(this.redo, info.can_redo);
    able(this.reset, info.can_undo);
    this.changes.hidden = !info.can_fork;
    this.copy.hidden = !info.can_fork && !info.scenario;
    this.share.hidden = !info.can_share;
  }
}
