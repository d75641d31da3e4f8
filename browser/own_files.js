// "Your own cluster": files that somebody drops on the page, what is wrong with them, what every failure would do, and
// an editor for each. They are read by the simulator of this page, and the outcome is shown as it is typed.
import { h, refill, setText } from "../vrrplab/views/static/dom.js";
import { Editor } from "../vrrplab/views/static/editor.js";
import { tellCapture } from "./captured.js";
import { readDrop, readPicked, splitPaste } from "./files.js";
import { countFindings, editedText, listFindings, marksOf } from "./findings.js";
import { tabulate, worstInWords } from "./forecast.js";

const TYPED_MS = 500; // after so long without a key the text is read
const DAEMONS = [["keepalived-2.2.7", "keepalived 2.2"], ["keepalived-2.4.3", "keepalived 2.4"]];
const NEW_FILE = "vrrp_instance VI_1 {\n    interface eth0\n    virtual_router_id 51\n    priority PRIORITY\n    virtual_ipaddress {\n        192.168.2.101/24\n    }\n}\n";
const KEPT_FILES = "vrrplab.files"; // their name in the tab's own storage
const FIRST_PRIORITY = 150; // of a file that is begun here; each further one has less
const LESS = 10;
const MANY_NODES = 10; // more of them are waited for

/**
 * @typedef {import("./files.js").Dropped} Dropped
 * @typedef {import("./findings.js").FoundByRule} FoundByRule
 * @typedef {import("./findings.js").RefusedFile} RefusedFile
 * @typedef {import("./forecast.js").RouterTable} RouterTable
 * @typedef {import("./forecast.js").FailureRow} FailureRow
 * @typedef {{name: string, text: string, included: boolean}} OwnFile
 * @typedef {{include: string, file: string, line: number}} WantedFile
 * @typedef {Record<string, any> & {error?: string}} Answered what the simulator says (vrrplab/page/answer.py)
 * @typedef {object} Surroundings the page around it
 * @property {(what: Record<string, any>, at_s?: number, howFar?: (share: number) => void) => Promise<Answered>} open has the simulator open something, and shows it; hears which share of a long answer is done
 * @property {(message: {do: string, [key: string]: any}) => Promise<Answered>} change asks for another run, and shows it
 * @property {(message: {do: string, [key: string]: any}, howFar?: (share: number) => void) => Promise<Answered>} ask asks, and shows nothing; hears which share of a long answer is done
 * @property {string} [rules] the folder with a page for each rule
 * @property {(words: string) => void} [tell] says it where a new cluster is looked at, which is far from here on a phone
 * @property {() => number} moment the second that is shown
 * @property {(at_s?: number) => void} look the film goes on at that second, and is in view
 */

export class OwnFiles {
  /** @type {OwnFile[]} */
  files = [];
  /** @type {OwnFile | null} whose text is in the editor */
  open = null;
  /** @type {string[]} the failures that the cluster shows */
  failing = [];
  /** @type {FoundByRule[]} */
  findings = [];
  /** @type {string[]} what rules do not look at */
  unseen = [];
  unchecked = ""; // why no rule looked at the files
  /** @type {RefusedFile[]} */
  refused = [];
  /** @type {WantedFile[]} */
  wanted = [];
  /** @type {RouterTable[]} */
  routers = [];
  nodes = 0; // of the cluster that is shown
  profile = DAEMONS[0][0];
  version = 0; // of the files: what is answered of an older one is not shown
  /** @type {number | undefined} */
  soon;

  /**
   * @param {HTMLElement} element
   * @param {Surroundings} page
   */
  constructor(element, page) {
    this.page = page;
    this.element = element;
    element.classList.add("vl-files-of-yours");
    this.picker = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files of a cluster" });
    this.picker.addEventListener("change", () => void this.#take(() => readPicked(this.picker.files ?? [])).then(() => (this.picker.value = "")));
    const kept = keptFiles();
    this.again = h("button", { class: "button", type: "button", hidden: !kept.length, onclick: () => void this.#add(kept) }, `Go on with ${kept.map(({ name }) => name).join(", ")}`);
    this.zone = h("div", { class: "drop-zone" },
      h("p", {}, h("b", {}, "Drop your keepalived.conf files here"), ", one of each node: you see your cluster, what is wrong in the files, and what every failure would do. A scenario (.yaml) or a capture (.pcap) will do, too."),
      h("p", { class: "buttons" },
        h("button", { class: "button", type: "button", onclick: () => this.picker.click() }, "Choose files …"),
        h("button", { class: "button", type: "button", onclick: () => void this.#write() }, "Write one"),
        h("button", { class: "button", type: "button", onclick: () => void this.#edit() }, "Edit the cluster above"),
        this.again,
        this.picker),
      h("p", { class: "promise" }, h("b", {}, "Nothing leaves this page."), " Your files are read here, by the simulator in your browser. You can paste them, too (Ctrl+V)."));
    this.told = h("p", { class: "told", role: "status" });
    this.back = h("button", { class: "button", type: "button", hidden: true }, "Take the change back");
    this.tabs = h("div", { class: "tabs", role: "group", "aria-label": "Files" });
    this.missing = h("ul", { class: "plain missing" });
    this.editor = new Editor("own-keys", { input: () => this.#typed(), run: () => void this.refresh() });
    this.stop = h("p", { class: "stop", role: "alert" });
    this.daemon = h("select", { id: "own-daemon" }, DAEMONS.map(([value, words]) => h("option", { value }, words)));
    this.daemon.addEventListener("change", () => {
      this.profile = this.daemon.value;
      void this.refresh();
    });
    this.list = h("ul", { class: "plain found" });
    this.clean = h("p", { class: "quiet" });
    this.aside = h("p", { class: "quiet" });
    this.table = h("div", { class: "tables" });
    this.both = h("button", { class: "button", type: "button", onclick: () => void this.#simulate() }, "Ask the simulator, too");
    this.notes = h("div", { class: "quiet" });
    this.assumed = h("ul", {});
    this.capture = h("div", { class: "captured", hidden: true });
    this.work = h("div", { class: "work", hidden: true },
      h("div", { class: "writing" },
        h("div", { class: "editor-head" }, this.tabs, h("label", { for: "own-daemon", class: "quiet" }, "read as "), this.daemon),
        this.missing, this.editor.element, this.stop,
        h("p", { class: "quiet", id: "own-keys" }, "The cluster follows what you type. Tab leaves the file."),
        h("h3", {}, "What is wrong in the files"), this.clean, this.list, this.aside),
      h("div", { class: "outcome" },
        h("h3", {}, "What every failure does"), h("p", { class: "quiet" }, "Press a row to see it in the cluster above."), this.table,
        h("p", { class: "buttons" }, this.both), this.notes,
        h("details", {}, h("summary", {}, "What is assumed, because no file says it"), this.assumed)));
    element.append(this.zone, this.told, this.back, this.work, this.capture);
    element.hidden = false;
    this.#listen();
  }

  /** A drop anywhere on the page is meant for this. */
  #listen() {
    const typing = (/** @type {EventTarget | null} */ target) => target instanceof Element && target.closest("input, textarea, select") !== null;
    const hasFiles = (/** @type {DragEvent} */ { dataTransfer, target }) => {
      const types = [...(dataTransfer?.types ?? [])];
      return types.includes("Files") || (types.includes("text/plain") && !typing(target));
    };
    document.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.element.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) this.element.classList.remove("dropping"); });
    document.addEventListener("drop", (event) => {
      if (!event.dataTransfer || !hasFiles(event)) return;
      event.preventDefault();
      this.element.classList.remove("dropping");
      const { dataTransfer } = event;
      void this.#take(() => readDrop(dataTransfer));
    });
    document.addEventListener("paste", (event) => {
      const { target, clipboardData } = event;
      if (!clipboardData || typing(target)) return;
      const { files } = clipboardData;
      const text = clipboardData.getData("text/plain");
      if (files.length) void this.#take(() => readPicked(files));
      else if (text.trim()) void this.#take(async () => splitPaste(text));
    });
  }

  /** @param {() => Promise<Dropped[]>} read */
  async #take(read) {
    try {
      const dropped = await read();
      if (dropped.length) await this.#add(dropped);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true);
    }
  }

  async #write() {
    const priority = Math.max(1, FIRST_PRIORITY - LESS * this.files.length);
    await this.#add([{ name: "keepalived.conf", text: NEW_FILE.replace("PRIORITY", String(priority)) }]);
    this.editor.area.focus();
  }

  /** The configurations of whatever is shown become files to type at. */
  async #edit() {
    const told = await this.page.change({ do: "files" });
    if (told.error || !told.files.length) return this.#say(told.error ?? "What is shown above has no keepalived.conf.", true);
    this.files = [];
    await this.#add(told.files.map((/** @type {{node: string, text: string}} */ { node, text }) => ({ name: `${node}.conf`, text })));
    this.editor.area.focus();
  }

  /** @param {Dropped[]} dropped */
  async #add(dropped) {
    this.again.hidden = true;
    const capture = dropped.find((one) => one.capture !== undefined);
    const texts = dropped.filter((one) => one.text !== undefined);
    if (capture) await this.#show(capture);
    if (!texts.length) return;
    const added = texts.map(({ name, text = "", included }) => ({ name, text, included: included ?? this.wanted.some((one) => isCalled(name, one.include)) }));
    // A scenario is a cluster of its own.
    if (added.some(({ name, included }) => !included && /\.ya?ml$/i.test(name))) this.files = [];
    const before = this.files.length;
    this.files.push(...added.filter((one) => !this.files.some((file) => file.text === one.text && file.name === one.name)));
    if (this.files.length === before) return this.#say("These files are here already.");
    this.#turn(this.files[before]);
    await this.refresh({ first: true });
  }

  /** @param {Dropped} capture */
  async #show({ name, capture }) {
    this.#say(`Reading ${name} …`);
    const howFar = (/** @type {number} */ share) => this.#say(`Reading ${name}: ${Math.round(100 * share)} % …`);
    const told = await this.page.open({ do: "capture", name, data: capture }, undefined, howFar);
    if (told.error) return this.#say(told.error, true);
    this.#say(`${name} is shown above: a capture of ${told.masters.length ? "what was on the wire" : "no VRRP at all"}.`);
    tellCapture(this.capture, /** @type {any} */ (told), (at_s) => this.page.look(at_s));
    this.capture.hidden = false;
    this.work.hidden = true;
    this.files = [];
    this.page.look();
  }

  // -- the files ----------------------------------------------------------------------------

  /** @param {OwnFile} file */
  #turn(file) {
    this.open = file;
    this.editor.open(file.text, file.name);
    this.#tell();
  }

  #typed() {
    if (!this.open) return;
    this.open.text = this.editor.text;
    this.back.hidden = true;
    window.clearTimeout(this.soon);
    this.soon = window.setTimeout(() => void this.refresh(), TYPED_MS);
    this.editor.paint(new Map());
  }

  /** @param {OwnFile} file */
  #remove(file) {
    const place = this.files.indexOf(file);
    this.files.splice(place, 1);
    if (!this.files.length) {
      this.work.hidden = true;
      this.open = null;
      keepFiles([]);
      return this.#say("No file of yours is here any more. The cluster above stays as it was.");
    }
    if (this.open === file) this.#turn(this.files[Math.max(0, place - 1)]);
    void this.refresh();
  }

  get #question() {
    const listed = (/** @type {boolean} */ included) => this.files.filter((file) => file.included === included).map(({ name, text }) => [name, text]);
    return { configs: listed(false), includes: listed(true), profile: this.profile };
  }

  // -- the outcome --------------------------------------------------------------------------

  /**
   * Reads the files as they are now: the cluster, what is wrong, what every failure does. What is refused is told,
   * and the cluster stays.
   * @param {{first?: boolean}} how `first`: it is a cluster that was not shown before
   */
  async refresh({ first = false } = {}) {
    window.clearTimeout(this.soon);
    const version = ++this.version;
    const question = this.#question;
    if (!question.configs.length) return;
    if (first) {
      this.failing = [];
      this.#say("Reading your files …");
    }
    this.work.hidden = false;
    this.capture.hidden = true;
    const at_s = first ? undefined : this.page.moment();
    let told = await this.page.open({ ...question, ...(this.failing.length ? { fail: this.failing } : {}) }, at_s);
    if (told.error && this.failing.length && !told.refused?.length) { // what failed is in the files no more
      this.failing = [];
      told = await this.page.open(question, at_s);
    }
    if (version !== this.version) return;
    this.#rename(told.names);
    keepFiles(this.files);
    this.wanted = told.wanted ?? [];
    this.refused = told.error ? (told.refused?.length ? told.refused : [told]) : [];
    if (told.error) {
      this.#say("The cluster above and the table are those of the last files that could be read.", true);
      this.#tell();
      if (first) this.stop.scrollIntoView({ block: "center" }); // files can be dropped anywhere
      return;
    }
    if (first) {
      this.page.tell?.("Your files are read; what is wrong in them, and what every failure does, stands below.");
      this.page.look(told.at_s);
    }
    this.nodes = told.files.length;
    if (first && this.nodes > MANY_NODES) this.#say(`${this.nodes} nodes are shown above. What is wrong and what every failure does takes a while …`);
    refill(this.assumed, ...(told.assumed ?? []).map((/** @type {string} */ text) => h("li", {}, text)));
    const checked = await this.page.ask({ do: "check", ...question });
    if (version !== this.version) return;
    this.findings = checked.findings ?? [];
    this.unseen = checked.not_judged ?? [];
    this.unchecked = checked.error ?? "";
    this.#tell();
    if (checked.error) {
      refill(this.table); // it is of other files
      return this.#say(checked.error, true);
    }
    const table = await this.page.ask({ do: "predict", simulate: false, ...question });
    if (version !== this.version) return;
    this.#forecast(table);
    if (first && !table.error) this.page.tell?.(`${this.told.textContent} More of it is below.`);
  }

  /** The same failures in the simulator, which takes some seconds. */
  async #simulate() {
    const version = this.version;
    this.both.disabled = true;
    const howFar = (/** @type {number} */ share) => setText(this.both, `The simulator tries every failure: ${Math.round(100 * share)} %`);
    howFar(0);
    const table = await this.page.ask({ do: "predict", ...this.#question }, howFar);
    if (version === this.version) this.#forecast(table);
    this.both.disabled = false;
    setText(this.both, "Ask the simulator, too");
  }

  /** @param {Answered} table */
  #forecast(table) {
    if (table.error) return this.#say(table.error, true);
    this.routers = table.routers;
    refill(this.notes, ...table.notes.map((/** @type {string} */ text) => h("p", {}, text)));
    this.both.hidden = table.simulated || !table.routers.length;
    this.#tabulate();
    this.#say(`${this.nodes} ${this.nodes === 1 ? "node" : "nodes"}: ${countFindings(this.findings)}. ${worstInWords(this.routers)}`);
  }

  #tabulate() {
    tabulate(this.table, this.routers, this.failing, (row) => void this.#fail(row));
    if (!this.routers.length) refill(this.table, h("p", {}, "No file has a virtual address, so none can move."));
  }

  /** @param {FailureRow} row */
  async #fail(row) {
    const told = await this.page.change({ do: "fail", lines: row.lines });
    if (told.error) return this.#say(told.error, true);
    this.failing = row.lines;
    this.#tabulate();
    const pressed = this.table.querySelector("[aria-pressed='true']");
    if (pressed instanceof HTMLElement) pressed.focus({ preventScroll: true });
    this.#say(`Shown above: ${row.first}. ${row.goes_to}; ${row.out}.`);
    this.page.look(told.at_s);
  }

  /** @param {string[] | undefined} names as the simulator calls them, where two had one name */
  #rename(names) {
    const sent = [...this.files.filter((file) => !file.included), ...this.files.filter((file) => file.included)];
    names?.forEach((name, n) => { if (sent[n]) sent[n].name = name; });
    if (this.open) this.editor.call(this.open.name);
  }

  // -- what is told -------------------------------------------------------------------------

  /**
   * @param {string} words
   * @param {boolean} bad
   */
  #say(words, bad = false) {
    this.told.classList.toggle("bad", bad);
    setText(this.told, words);
  }

  #tell() {
    refill(this.tabs, ...this.files.map((file) => h("span", { class: "tab" },
      h("button", { class: "tab-name", type: "button", "aria-pressed": String(file === this.open), onclick: () => this.#turn(file) }, file.name, this.refused.some((one) => one.file === file.name) && " ✗", file.included && h("small", {}, " included")),
      h("button", { class: "tab-close", type: "button", "aria-label": `Take ${file.name} away`, onclick: () => this.#remove(file) }, "×"))));
    refill(this.missing, ...this.wanted.map((one) => h("li", {}, h("button", { class: "linkish", type: "button", onclick: () => this.#goto(one.file, one.line) }, `${one.file}:${one.line}`), ` names ${one.include}, which is not here. Drop it, too, or `, h("button", { class: "linkish", type: "button", onclick: () => this.picker.click() }, "choose it"), ".")));
    const stops = this.refused.map((one) => h("span", {}, one.error, one.file && one.line ? h("button", { class: "linkish", type: "button", onclick: () => this.#goto(one.file ?? "", one.line ?? 0) }, `go to line ${one.line}`) : ""));
    refill(this.stop, ...stops);
    this.stop.hidden = !stops.length;
    listFindings(this.list, this.refused.length ? [] : this.findings, (file, line) => this.#goto(file, line), (edits) => void this.#cure(edits), this.page.rules ?? "");
    setText(this.clean, this.refused.length ? "Findings come when keepalived runs with every file." : this.unchecked || this.findings.length ? this.unchecked : "Nothing is wrong in what was looked at.");
    // What only the command line can be told is no advice here.
    const unseen = this.refused.length ? [] : this.unseen.map((what) => what.replace(/ \(--[^)]*\)$/, ""));
    setText(this.aside, unseen.length ? `Not looked at: ${unseen.join("; ")}.` : "");
    if (this.open) this.editor.paint(marksOf(this.open.name, this.refused.length ? [] : this.findings, this.refused));
  }

  /**
   * The least change that cures a finding; it can be taken back.
   * @param {import("./findings.js").TextEdit[]} edits
   */
  async #cure(edits) {
    const before = this.files.map((file) => ({ file, text: file.text }));
    for (const file of this.files) file.text = editedText(file.text, edits.filter((edit) => edit.file === file.name));
    this.back.onclick = () => {
      for (const { file, text } of before) file.text = text;
      this.editor.area.focus();
      void this.#changed();
    };
    await this.#changed();
    this.back.hidden = false;
    this.back.focus({ preventScroll: true });
  }

  /** Files are others now, and nobody typed that. */
  async #changed() {
    this.back.hidden = true;
    if (this.open) this.editor.open(this.open.text, this.open.name);
    await this.refresh();
  }

  /**
   * @param {string} name
   * @param {number} line
   */
  #goto(name, line) {
    const file = this.files.find((one) => one.name === name);
    if (!file) return;
    if (file !== this.open) this.#turn(file);
    this.editor.goto(line);
  }
}

/**
 * A reload of the page finds them again, in this tab and nowhere else.
 * @param {OwnFile[]} files
 */
function keepFiles(files) {
  try {
    sessionStorage.setItem(KEPT_FILES, JSON.stringify(files));
  } catch { // a page that may keep nothing, or not so much: then nothing older, either
    try {
      sessionStorage.removeItem(KEPT_FILES);
    } catch { /* nothing was kept */ }
  }
}

/** @returns {OwnFile[]} */
function keptFiles() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT_FILES) ?? "[]");
    return Array.isArray(kept) && kept.every((one) => typeof one?.name === "string" && typeof one.text === "string") ? kept : [];
  } catch {
    return [];
  }
}

/**
 * Is a file what an include line names? Folders aside: who drops a file has it in no folder.
 * @param {string} name
 * @param {string} include
 */
function isCalled(name, include) {
  const last = (/** @type {string} */ path) => path.split("/").at(-1) ?? "";
  const pattern = last(include).replace(/[.+^$(){}|\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  try {
    return new RegExp(`^${pattern}$`).test(last(name));
  } catch { // [ without its partner
    return false;
  }
}
