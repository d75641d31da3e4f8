// "Repair this file": keepalived.conf beside the cluster, what is to be said of its lines, and the outcome live.
import { h, refill, setText } from "./dom.js";

/** After so long without a key the text is run, though not as a try. */
const PAUSE_MS = 900;
const KEEP_MS = 200;

/**
 * The number of lines of a text.
 * @param {string} text
 */
export const lineCount = (text) => text.split("\n").length;

/**
 * Where a line begins and ends; beyond the last line: the end of the text.
 * @param {string} text
 * @param {number} line 1 is the first
 * @returns {[from: number, to: number]}
 */
export function lineRange(text, line) {
  let from = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf("\n", from);
    if (end < 0) return [text.length, text.length];
    from = end + 1;
  }
  const to = text.indexOf("\n", from);
  return [from, to < 0 ? text.length : to];
}

/**
 * What each line is marked with: the gravest of its findings.
 * @param {Finding[]} findings
 * @returns {Map<number, Finding["kind"]>}
 */
export function lineMarks(findings) {
  const order = ["aside", "rule", "ignored", "stops"];
  /** @type {Map<number, Finding["kind"]>} */
  const found = new Map();
  for (const { line, kind } of findings) {
    if (line && kind !== "aside" && order.indexOf(kind) > order.indexOf(found.get(line) ?? "")) found.set(line, kind);
  }
  return found;
}

/**
 * What is said of a file in one sentence.
 * @param {Finding[]} findings
 */
export function fileSummary(findings) {
  const stop = findings.find((f) => f.kind === "stops");
  const told = findings.filter((f) => f.kind === "ignored").length;
  if (stop) return `keepalived does not start with this${stop.line ? `: line ${stop.line}` : ""}. The picture shows the last text that ran.`;
  if (told) return `keepalived starts, and complains about ${told === 1 ? "one thing" : `${told} things`}.`;
  if (findings.some((f) => f.kind === "rule")) return "keepalived reads every line, and is silent about this:";
  return "keepalived reads every line.";
}

let editors = 0; // on this page, so that each has names of its own

/** @implements {Companion} */
export class Repair {
  /** @type {Record<string, string>} the text of each file as it is typed */
  typed = {};
  /** @type {Record<string, string>} the text of each file in the run that is shown */
  shown = {};
  /** @type {Record<string, string>} what Python was last asked to read */
  sent = {};
  server = ""; // whose file is open
  /** @type {number | undefined} timers: the text is run, is kept */
  soon;
  /** @type {number | undefined} */
  later;
  waitsFor = 0; // the number of the question that has no answer yet
  again = false; // the text changed while one was under way
  said = "";

  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    const keys = `vl-repair-keys-${++editors}`;
    this.tabs = h("div", { class: "vl-files", role: "group", "aria-label": "File" });
    this.numbers = h("div", { class: "vl-numbers", "aria-hidden": "true" });
    this.shade = h("div", { class: "vl-shade", "aria-hidden": "true" });
    this.area = h("textarea", { spellcheck: "false", autocapitalize: "off", autocomplete: "off", autocorrect: "off", wrap: "off", "aria-describedby": keys });
    this.run = h("button", { class: "vl-button", type: "button", title: "Run it, and count it as a try (Ctrl+Enter)", onclick: () => this.ask(true) }, "Run");
    this.fresh = h("button", { class: "vl-button", type: "button", title: "The file as it was at the beginning", onclick: () => this.restore() }, "As it was");
    this.summary = h("p", { class: "vl-summary", role: "status" });
    this.list = h("ul", { class: "vl-findings", "aria-label": "What is to be said of this file" });
    this.element = h("section", { class: "vl-repair vl-panel", "aria-label": "keepalived.conf" },
      h("div", { class: "vl-repair-head" }, this.tabs, h("span", { class: "vl-fill" }), this.fresh, this.run),
      h("div", { class: "vl-editor" }, this.numbers, h("div", { class: "vl-paper" }, this.shade, this.area)),
      h("div", { class: "vl-said" }, this.summary, this.list,
        h("p", { class: "vl-note", id: keys }, "What you type is run when you pause. Ctrl+Enter runs it as a try, Tab leaves the file.")));
    this.area.addEventListener("input", () => this.input());
    this.area.addEventListener("scroll", () => this.scroll());
    this.area.addEventListener("keydown", (e) => this.key(e));
    this.area.addEventListener("blur", () => this.flush());
  }

  get info() {
    return this.player.info.repair;
  }

  /** @returns {HTMLElement | null} */
  compose() {
    this.player.root.classList.toggle("vl-repairing", Boolean(this.info));
    if (!this.info) return null;
    this.told();
    return this.element;
  }

  told() {
    const { info } = this;
    if (!info) return;
    const servers = Object.keys(info.files);
    if (!this.server) this.begin(info, servers);
    for (const server of servers) {
      const text = info.files[server];
      if (text === this.shown[server]) continue;
      // Not what was typed here: a change was undone, done again, or taken back altogether.
      if (text !== this.sent[server]) this.write(server, text);
      this.shown[server] = text;
    }
    this.tell();
  }

  /**
   * What was typed before the page was loaded again, or the kernel started again, is there still.
   * @param {RepairInfo} info
   * @param {string[]} servers
   */
  begin(info, servers) {
    const kept = this.player.outside.get("typed") || {};
    this.shown = { ...info.files };
    this.sent = { ...info.files };
    for (const server of servers) this.typed[server] = kept[server] ?? info.typed[server] ?? info.files[server];
    this.open(servers[0]);
    if (servers.some((server) => this.typed[server] !== this.shown[server])) this.wait(0);
  }

  /** @param {string} server */
  open(server) {
    this.server = server;
    this.area.value = this.typed[server];
    this.area.setAttribute("aria-label", `keepalived.conf of ${server}`);
    this.area.scrollTo(0, 0);
    refill(this.tabs, ...Object.keys(this.info?.files || {}).map((name) => h("button", { class: "vl-file", type: "button", "aria-pressed": String(name === server), onclick: () => this.turn(name) }, this.player.name ? this.player.name.server(name) : name, h("small", {}, "keepalived.conf"))));
    this.tell();
  }

  /** @param {string} name */
  turn(name) {
    this.flush();
    this.open(name);
    /** @type {HTMLElement | null} */ (this.tabs.querySelector("[aria-pressed='true']"))?.focus();
  }

  /**
   * Puts a text that was not typed into the editor.
   * @param {string} server
   * @param {string} text
   */
  write(server, text) {
    this.typed[server] = this.sent[server] = text;
    if (server === this.server && this.area.value !== text) this.area.value = text;
    this.keep();
  }

  input() {
    this.typed[this.server] = this.area.value;
    window.clearTimeout(this.later);
    this.later = window.setTimeout(() => this.keep(), KEEP_MS);
    this.wait(PAUSE_MS);
    this.paint();
  }

  /** A reload of the page finds it again. */
  keep() {
    window.clearTimeout(this.later);
    this.later = undefined;
    this.player.outside.set("typed", { ...this.typed });
    this.player.outside.save_changes();
  }

  /** @param {number} ms */
  wait(ms) {
    window.clearTimeout(this.soon);
    this.soon = window.setTimeout(() => this.ask(false), ms);
  }

  flush() {
    if (this.later !== undefined) this.keep();
    if (this.soon !== undefined && this.area.isConnected) this.ask(false);
  }

  restore() {
    const text = this.info?.first[this.server];
    if (text === undefined) return;
    this.typed[this.server] = this.area.value = text;
    this.keep();
    this.ask(false);
    this.area.focus();
  }

  /**
   * Has the files run. One question at a time: what is typed meanwhile is asked after the answer.
   * @param {boolean} meant it is a try
   */
  ask(meant) {
    window.clearTimeout(this.soon);
    this.soon = undefined;
    const { python } = this.player;
    if (this.waitsFor && python.waiting) {
      this.again = true;
      return;
    }
    const server = meant ? this.server : Object.keys(this.typed).find((name) => this.typed[name] !== this.sent[name]);
    if (!server || !this.player.info.can_fork) return;
    const text = (this.sent[server] = this.typed[server]);
    python.ask({ do: "edit", server, text, meant, at_s: this.player.t }, "Running it again …");
    this.waitsFor = python.number;
  }

  /** @param {Reply} message */
  answer(message) {
    if (!this.waitsFor || message.answers < this.waitsFor) return;
    this.waitsFor = 0;
    const more = this.again || Object.keys(this.typed).some((name) => this.typed[name] !== this.sent[name]);
    this.again = false;
    if (more && this.soon === undefined) this.wait(0);
  }

  // -- what is to be said -------------------------------------------------------------------

  get findings() {
    return this.info?.findings[this.server] || [];
  }

  tell() {
    const { findings } = this;
    const lines = findings.filter((f) => f.kind !== "aside");
    const words = fileSummary(findings);
    const all = JSON.stringify([this.server, findings]);
    if (all === this.said) return this.paint();
    this.said = all;
    setText(this.summary, words);
    this.summary.dataset.kind = lines[0]?.kind ?? "fine";
    const aside = findings.filter((f) => f.kind === "aside");
    refill(this.list, ...lines.map((f) => this.item(f)), aside.length > 0 && h("li", {}, h("details", { class: "vl-aside" }, h("summary", {}, "true of every file in this lesson"), h("ul", {}, ...aside.map((f) => this.item(f))))));
    this.paint();
  }

  /** @param {Finding} finding */
  item(finding) {
    const { line, kind, text, cure } = finding;
    return h("li", { "data-kind": kind }, line > 0 && h("button", { class: "vl-link", type: "button", onclick: () => this.goto(line) }, `line ${line}`), " ", h("span", {}, text), cure && h("small", {}, cure));
  }

  /** @param {number} line */
  goto(line) {
    const [from, to] = lineRange(this.area.value, line);
    this.area.focus();
    this.area.setSelectionRange(from, to);
    const high = this.area.scrollHeight / lineCount(this.area.value);
    this.area.scrollTop = Math.max(0, (line - 3) * high);
  }

  /** Line numbers, and the marked lines behind the text. */
  paint() {
    const found = this.typed[this.server] === this.sent[this.server] ? lineMarks(this.findings) : new Map();
    const lines = lineCount(this.area.value);
    const all = `${lines} ${JSON.stringify([...found])}`;
    if (this.numbers.dataset.all === all) return this.scroll();
    this.numbers.dataset.all = all;
    const row = (/** @type {number} */ n, /** @type {string} */ text) => h("div", { "data-kind": found.get(n) }, text);
    const each = Array.from({ length: lines }, (_, n) => n + 1);
    this.numbers.replaceChildren(h("div", { class: "vl-rows" }, each.map((n) => row(n, String(n)))));
    this.shade.replaceChildren(h("div", { class: "vl-rows" }, each.map((n) => row(n, "\u00a0"))));
    this.scroll();
  }

  scroll() {
    const move = `translateY(${-this.area.scrollTop}px)`;
    for (const layer of [this.numbers, this.shade]) {
      const rows = layer.firstElementChild;
      if (rows instanceof HTMLElement) rows.style.transform = move;
    }
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    e.stopPropagation(); // neither the player's keys nor the page's
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      this.ask(true);
    }
  }

  close() {
    window.clearTimeout(this.soon);
    window.clearTimeout(this.later);
  }
}
