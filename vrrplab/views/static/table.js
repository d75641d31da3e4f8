// A table beside which Python sits: a row, clicked or chosen with the keyboard, is shown in the cluster below it.
import { h, setText } from "./dom.js";
import { Python, kernelLives } from "./python.js";
import { watchTheme } from "./theme.js";

const GONE_ROWS = "Python does not answer: its kernel was restarted or has ended. The table stays; run the cell again, and its rows can be shown.";
const HOW = "Click a row, or press Enter on its number, to see it in the cluster; again, to put it away. Arrow keys go from row to row.";

/** @type {Record<string, (at: number, last: number) => number>} */
const STEPS = { ArrowDown: (at, last) => Math.min(at + 1, last), ArrowUp: (at) => Math.max(at - 1, 0), Home: () => 0, End: (_, last) => last };

/**
 * The face that a notebook (anywidget) asks for. Returns what is to be done when the view goes away.
 * @param {{model: TableModel, el: HTMLElement}} face
 */
function render({ model, el }) {
  const { title, head, rows, notes } = model.get("told");
  const spoken = h("div", { class: "vl-spoken", "aria-live": "polite", role: "status" });
  const python = new Python((message) => model.send(message), (words) => setText(spoken, words), {
    alive: () => kernelLives(model, el), took: () => 0, idle: () => {}, outside: { gone: GONE_ROWS },
  });
  /** @param {number} row counted from 1 */
  const show = (row) => python.ask({ do: "show", row, at_s: 0 }, `Row ${row} is run …`);
  const buttons = rows.map((cells, n) =>
    h("button", { class: "vl-button", tabindex: n ? -1 : 0, "aria-pressed": "false", "aria-label": `row ${n + 1}: ${cells.filter(Boolean).slice(0, 3).join(", ")}`, title: "show it in the cluster", onclick: () => show(n + 1) }, n + 1));
  const lines = rows.map((cells, n) => h("tr", { onclick: (/** @type {Event} */ event) => clicked(event, n) }, h("td", {}, buttons[n]), cells.map((cell) => h("td", {}, cell))));

  /**
   * Whoever marks words of a row, to copy them, has not asked for it.
   * @param {Event} event
   * @param {number} n
   */
  function clicked(event, n) {
    if (buttons[n].contains(/** @type {Node} */ (event.target)) || !window.getSelection()?.isCollapsed) return;
    focus(n);
    show(n + 1);
  }

  /** @param {number} n the row that Tab comes to; the arrow keys go on from it */
  function focus(n) {
    buttons.forEach((button, place) => void (button.tabIndex = place === n ? 0 : -1));
    buttons[n].focus();
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const step = STEPS[event.key];
    if (at < 0 || !step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    focus(step(at, buttons.length - 1));
  }

  const table = h("table", {},
    h("caption", {}, title),
    h("thead", {}, h("tr", {}, ["", ...head].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, lines));
  const root = h("div", { class: "vrrplab vl-rows" },
    h("div", { class: "vl-wide", onkeydown: key }, table),
    [...(rows.length ? [HOW] : []), ...notes].map((note) => h("p", { class: "vl-mute" }, note)),
    spoken, python.element);
  el.append(root);

  const onRow = () => lines.forEach((line, n) => {
    const current = n + 1 === model.get("row");
    buttons[n].setAttribute("aria-pressed", String(current));
    line.classList.toggle("vl-shown", current);
  });
  /** @type {WidgetEvents["msg:custom"]} */
  const onMessage = (message) => python.answered(message);
  model.on("change:row", onRow);
  model.on("msg:custom", onMessage);
  onRow();
  const untheme = watchTheme(root, () => {});
  return () => {
    model.off("change:row", onRow);
    model.off("msg:custom", onMessage);
    python.stop();
    untheme();
  };
}

export default { render };
