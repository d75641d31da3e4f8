// "Repair this file": keepalived.conf beside the cluster, what is to be said of its lines, and the outcome live.
import { h, refill, setText } from "./dom.js";
import { Editor } from "./editor.js";

/** After so long without a key the text is run, though not as a try. */
const PAUSE_MS = 900;
const KEEP_MS = 200;

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
    this.editor = new Editor(keys, { input: () => this.input(), leave: () => this.flush(), run: () => this.ask(true) });
    this.area = this.editor.area;
    this.run = h("button", { class: "vl-button", type: "button", title: "Run it, and count it as a try (Ctrl+Enter)", onclick: () => this.ask(true) }, "Run");
    this.fresh = h("button", { class: "vl-button", type: "button", title: "The file as it was at the beginning", onclick: () => this.restore() }, "As it was");
    this.summary = h("p", { class: "vl-summary", role: "status" });
    this.list = h("ul", { class: "vl-findings", "aria-label": "What is to be said of this file" });
    this.element = h("section", { class: "vl-repair vl-panel", "aria-label": "keepalived.conf" },
      h("div", { class: "vl-repair-head" }, this.tabs, h("span", { class: "vl-fill" }), this.fresh, this.run),
      this.editor.element,
      h("div", { class: "vl-said" }, this.summary, this.list,
        h("p", { class: "vl-note", id: keys }, "What you type is run when you pause. Ctrl+Enter runs it as a try, Tab leaves the file.")));
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
    this.editor.open(this.typed[server], `keepalived.conf of ${server}`);
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
    return h("li", { "data-kind": kind }, line > 0 && h("button", { class: "vl-link", type: "button", onclick: () => this.editor.goto(line) }, `line ${line}`), " ", h("span", {}, text), cure && h("small", {}, cure));
  }

  /** The marked lines, while what was said of them is said of this text. */
  paint() {
    this.editor.paint(this.typed[this.server] === this.sent[this.server] ? lineMarks(this.findings) : new Map());
  }

  close() {
    window.clearTimeout(this.soon);
    window.clearTimeout(this.later);
  }
}
