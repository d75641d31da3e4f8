// The keyboard: every key, what it does, and the table that tells so.
import { SPEEDS } from "./transport.js";

export const KEYS = [
  ["Space", "play, pause"], ["← →", "step by event"], ["Shift + ← →", "jump to a change of state or an action"], ["Home, End", "to the start, to the end"],
  ["[ ]", "slower, faster"], ["Tab, Enter", "walk through the cluster, open a menu"],
  ["↑ ↓, Enter in the log", "from row to row; why it is so, or a frame's menu"], ["W", "why is it so?"], ["H", "hide the future"], ["G", "what the special words mean"],
  ["Ctrl+Z, Ctrl+Y", "undo, redo"], ["Ctrl+Backspace", "reset"], ["C, S", "copy the scenario, save as HTML"], ["Escape", "close"],
];

/** @typedef {Record<string, (p: Player, e: KeyboardEvent) => void>} Keys */

/** @type {Keys} */
const WITH_CONTROL = {
  z: (p, e) => p.ask(e.shiftKey ? "redo" : "undo"),
  y: (p) => p.ask("redo"),
  Backspace: (p) => p.ask("reset"),
};

/** @type {Keys} */
const PLAIN = {
  " ": (p) => p.toggle(),
  ArrowRight: (p, e) => (e.shiftKey ? p.jump(1) : p.step(1)),
  ArrowLeft: (p, e) => (e.shiftKey ? p.jump(-1) : p.step(-1)),
  Home: (p) => p.seek(0),
  End: (p) => p.seek(p.model?.end ?? 0),
  "[": (p) => faster(p, -1),
  "]": (p) => faster(p, 1),
  w: (p) => p.explain(p.model?.lastChange(p.t)),
  h: (p) => p.toggleHide(),
  c: (p) => p.ask("scenario"),
  s: (p) => p.ask("html"),
  "?": (p) => p.help(p.transport.help),
  g: (p) => void beside(p, "g"),
  Escape: (p) => {
    if (beside(p, "Escape")) return;
    if (p.pinned) p.pin(null);
    else p.why.hide();
  },
};

/** @type {(player: Player, key: string) => boolean} a key for who sits beside the picture */
const beside = (player, key) => player.companions.some((c) => c.pressed?.(key));

/** @type {(player: Player, by: 1 | -1) => void} */
function faster(player, by) {
  const speed = SPEEDS[SPEEDS.indexOf(player.speed) + by];
  if (speed) player.setSpeed(speed);
}

/**
 * Does what the key says; leaves alone what a field or a button needs itself.
 * @param {Player} player
 * @param {KeyboardEvent} e
 */
export function pressKey(player, e) {
  const tag = e.target instanceof Element ? e.target.tagName : "";
  if (!player.model || e.defaultPrevented || e.altKey || tag === "TEXTAREA" || tag === "INPUT") return;
  const control = e.ctrlKey || e.metaKey;
  const run = (control ? WITH_CONTROL : PLAIN)[e.key.length === 1 ? e.key.toLowerCase() : e.key];
  if (!run || (tag === "SELECT" && !control && e.key !== "Escape") || ((tag === "BUTTON" || tag === "SUMMARY") && e.key === " ")) return;
  e.preventDefault();
  e.stopPropagation();
  run(player, e);
}
