// The goal of a puzzle above the picture, and what Python saw in the run that is shown.
import { h, s, setText } from "./dom.js";

/** The words before what was seen. A run after the one that reached the goal is only looked at. */
const HEADS = { open: "", missed: "Not yet:", reached: "Reached:", unclear: "" };

/**
 * What stands below the goal.
 * @param {GoalInfo} goal
 * @returns {{head: string, said: string}}
 */
export function goalWords({ state, said, passed, tries }) {
  const again = passed && state !== "reached";
  if (state === "open" && said) return { head: again ? "Reached before. As it was:" : "As it is:", said };
  if (state === "open") return { head: again ? "Reached before." : "", said: again ? "" : "Click on what you want to change." };
  if (state === "reached") return { head: HEADS.reached, said: `${said}${passed && tries > 1 ? ` (${tries} tries)` : ""}` };
  return { head: again ? "Reached before. This run:" : HEADS[state], said };
}

/** @implements {Companion} */
export class Goal {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.task = h("p", { class: "vl-goal-task" });
    this.head = h("b", {});
    this.said = h("span", {});
    this.element = h("section", { class: "vl-goal", "aria-label": "Goal" },
      h("span", { class: "vl-goal-mark" }, s("svg", { width: 22, height: 22, viewBox: "0 0 22 22", "aria-hidden": "true" },
        s("circle", { class: "vl-goal-ring", cx: 11, cy: 11, r: 9 }), s("circle", { class: "vl-goal-dot", cx: 11, cy: 11, r: 3.2 }), s("path", { class: "vl-goal-tick", d: "M6.4 11.4l3.2 3.2 6-6.6" }))),
      h("div", {}, this.task, h("p", { class: "vl-goal-said", role: "status" }, this.head, " ", this.said)));
  }

  /** @returns {HTMLElement | null} */
  compose() {
    this.told();
    return this.player.info.goal ? this.element : null;
  }

  told() {
    const { goal } = this.player.info;
    if (!goal) return;
    const { head, said } = goalWords(goal);
    setText(this.task, goal.text);
    setText(this.head, head);
    setText(this.said, said);
    this.element.dataset.state = goal.state;
  }
}
