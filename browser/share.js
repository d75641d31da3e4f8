// What is shown, to be sent or kept: as a link, as a frame for somebody's page, as a scenario, as one file.
import { h } from "../vrrplab/views/static/dom.js";
import { writeAddress } from "./address.js";

const FRAME_HEIGHT = 860; // CSS pixels, until the frame tells its own

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{show: (title: string, text: string, opener: HTMLElement) => void}} Box where a text can be copied by hand */
/** @typedef {(words: string, bad?: boolean) => void} Say */

export class Share {
  /**
   * @param {HTMLElement} element where the buttons stand
   * @param {Desk} desk
   * @param {{box: () => Box, moment: () => number, say: Say, file?: string}} page `file`: where the page that is one file lies
   */
  constructor(element, desk, { box, moment, say, file }) {
    this.desk = desk;
    this.box = box;
    this.moment = moment;
    this.say = say;
    const served = window.location.protocol !== "file:"; // a file on somebody's disk has no address that others can open
    element.append(
      ...(served ? [this.#button("Copy link", () => this.#link()), this.#button("Copy iframe", () => this.#frame())] : []),
      this.#button("Save scenario", () => this.#scenario()),
      ...(file ? [this.#button("Save as one file", () => this.#file(file), "The page, the simulator and what is shown in one file of 10 MB, for a computer without a network")] : []),
    );
    element.hidden = false;
  }

  /**
   * @param {string} words
   * @param {() => Promise<void>} run
   * @param {string} title
   */
  #button(words, run, title = "") {
    const button = h("button", { class: "button", title, onclick: async () => {
      try {
        this.opener = button;
        await run();
      } catch (error) {
        this.say(error instanceof Error ? error.message : String(error), true);
      }
    } }, words);
    return button;
  }

  /** The end of an address that shows this, at this moment. */
  async #address() {
    const at_s = this.moment();
    const { wish } = this.desk;
    return writeAddress(wish ? { ...wish, at_s } : { yaml: await this.#yaml(), at_s });
  }

  async #yaml() {
    const told = await this.desk.ask({ do: "scenario", at_s: this.moment() });
    if (!told.scenario) throw new Error(told.error ?? "This cannot be written as a scenario.");
    return /** @type {string} */ (told.scenario);
  }

  async #link() {
    const { origin, pathname } = window.location;
    this.#show("Link to this cluster, with all that was broken", `${origin}${pathname}${await this.#address()}`);
  }

  async #frame() {
    const { origin, pathname } = window.location;
    const source = `${origin}${pathname}?embed${await this.#address()}`.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
    const frame = `<iframe src="${source}" title="A keepalived cluster that can be broken" loading="lazy" style="width: 100%; height: ${FRAME_HEIGHT}px; border: 0"></iframe>`;
    this.#show("For the HTML of a page of yours", frame);
  }

  /**
   * @param {string} title
   * @param {string} text
   */
  #show(title, text) {
    this.box().show(title, text, /** @type {HTMLElement} */ (this.opener));
  }

  async #scenario() {
    keepFile(await this.#yaml(), "application/yaml", "cluster.yaml");
  }

  /** @param {string} place where the one file lies */
  async #file(place) {
    this.say("The file is being fetched …");
    const response = await fetch(place).catch(() => null);
    if (!response) throw new Error("The file cannot be fetched: the network is gone. Try again when it is back.");
    if (!response.ok) throw new Error("The file is not there: load the page again.");
    const text = await response.text();
    const address = (await this.#address()).replaceAll("&", "&amp;").replaceAll('"', "&quot;");
    keepFile(text.replace('data-address=""', () => `data-address="${address}"`), "text/html", "vrrplab.html"); // it opens what is shown now
    this.say("");
  }
}

/**
 * @param {string} text
 * @param {string} type
 * @param {string} filename
 */
function keepFile(text, type, filename) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: filename });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
