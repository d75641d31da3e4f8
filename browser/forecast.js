// What every failure of somebody's cluster would do: the table of `vrrplab config predict`; a row is shown when it is pressed.
import { h, refill } from "../vrrplab/views/static/dom.js";

/** @typedef {{when: string, first: string, alike: number, goes_to: string, out: string, simulated: string, see: string[], why: string, calm: boolean, bad: boolean, worst_s: number | null, lines: string[]}} FailureRow */
/** @typedef {{title: string, addresses: string[], rows: FailureRow[]}} RouterTable */

/**
 * @param {HTMLElement} element
 * @param {RouterTable[]} routers
 * @param {string[]} shown the failures of the row that the cluster shows
 * @param {(row: FailureRow) => void} show
 */
export function tabulate(element, routers, shown, show) {
  const now = JSON.stringify(shown);
  const simulated = routers.some(({ rows }) => rows.some((row) => row.simulated));
  refill(element, ...routers.map(({ title, rows }) => h("div", { class: "wide" }, h("table", { class: "failures" },
    h("caption", {}, title),
    h("thead", {}, h("tr", {}, ...["when this fails", "goes to", "clients are out: best / typical / worst (s)", ...(simulated ? ["simulated"] : [])].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, rows.map((row) => h("tr", { class: row.bad ? "bad" : row.calm ? "calm" : "" },
      h("th", { scope: "row" }, h("button", { class: "linkish", type: "button", title: "Show it in the cluster", "aria-pressed": String(now === JSON.stringify(row.lines)), onclick: () => show(row) }, row.when),
        row.why && h("small", {}, `${row.see.join(" ")} ${row.why}`.trim())),
      h("td", {}, row.goes_to),
      h("td", {}, row.out),
      simulated && h("td", {}, row.simulated),
    ))),
  ))));
}

/**
 * The worst of all rows, and the addresses that it is about; null: nothing can fail.
 * @param {RouterTable[]} routers
 * @returns {{row: FailureRow, addresses: string[]} | null}
 */
export function worstOf(routers) {
  const every = routers.flatMap(({ rows, addresses }) => rows.filter((row) => !row.calm).slice(0, 1).map((row) => ({ row, addresses })));
  const rank = (/** @type {FailureRow} */ row) => (row.bad ? 1e12 : 0) + (row.worst_s ?? 1e9);
  return every.sort((one, other) => rank(other.row) - rank(one.row))[0] ?? null;
}

/**
 * In a sentence.
 * @param {RouterTable[]} routers
 */
export function worstInWords(routers) {
  const worst = worstOf(routers);
  if (!worst) return "Nothing that can fail is noticed by a client.";
  const { row, addresses } = worst;
  const out = /^\d/.test(row.out) ? `clients are out for up to ${row.worst_s?.toFixed(1)} s` : row.out === "for ever" ? "clients are out for ever" : row.out;
  const alike = row.alike ? ` (and ${row.alike} more like it)` : "";
  return `The worst failure: ${row.first}${alike}. Who has ${addresses.join(", ")} then: ${row.goes_to}; ${out}.`;
}
