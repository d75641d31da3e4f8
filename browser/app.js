// The page: a cluster that plays at once, the simulator behind it as soon as somebody wants to break something, and
// what a link asked for.
import widget from "../vrrplab/views/static/widget.js";
import { setText } from "../vrrplab/views/static/dom.js";
import { Desk } from "./desk.js";
import { Share } from "./share.js";
import { Simulator } from "./simulator.js";
import { readAddress } from "./address.js";
import { settleInFrame } from "./frame.js";
import { OwnFiles } from "./own_files.js";

const IDLE_MS = 2000; // the page is looked at for so long before the simulator is fetched unasked
const SHOWN_MS = 400; // what loads faster than that shows no bar

/**
 * @typedef {object} Build what the page was built with
 * @property {string} folder of this version's files; "": all is in one file
 * @property {string} key names this version
 * @property {string} first the cluster of the front page
 * @property {string[]} names the scenarios that come with the page
 * @property {number} bytes what is fetched for the simulator
 * @property {object} lock Pyodide's list of packages
 * @property {import("./simulator.js").Told} made the run of the first cluster
 * @property {string} [file] where the page that is one file lies
 * @property {string} [rules] the folder with a page for each rule; "" or none: there is none
 */

/**
 * @typedef {object} Around what an address is shown in
 * @property {Build} build
 * @property {Desk} desk
 * @property {HTMLElement & {player?: any}} el
 * @property {import("./share.js").Say} say
 * @property {() => Promise<void> | null} clicked where the simulator may not be fetched unasked: until it may
 */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Fills the page. `home`: where the simulator's files are, if not beside it.
 * @param {import("./simulator.js").Home} [home]
 */
async function begin(home) {
  /** @type {Build} */
  const build = JSON.parse(byId("build").textContent ?? "");
  const frame = new URLSearchParams(window.location.search).get("embed");
  const embedded = frame !== null;
  const asked = !embedded || frame === "clicked"; // a click in the page around it has made this frame
  const notice = byId("notice");
  /** @type {import("./share.js").Say} */
  const say = (words, bad = false) => {
    notice.hidden = !words;
    notice.classList.toggle("bad", bad);
    setText(notice, words);
  };
  const el = /** @type {HTMLElement & {player?: any}} */ (byId("player"));
  const simulator = new Simulator(home ?? besideThePage(build), () => showLoading(simulator, el, say));
  const desk = new Desk(simulator, () => {});
  desk.front = !embedded;

  desk.show(build.first, build.made);
  el.replaceChildren();
  widget.render({ model: desk.model, el });
  document.addEventListener("keydown", (event) => { // the player's keys, but for who reads what is below it
    if (event.target === document.body && el.getBoundingClientRect().bottom > 0) el.player.key(event);
  });
  window.addEventListener("pagehide", () => simulator.leave());
  if (!embedded) new Share(byId("share"), desk, { box: () => el.player.box, moment: () => el.player.t, say, file: build.file });
  settleInFrame(embedded);
  if (!embedded) {
    new OwnFiles(byId("own"), {
      open: (what, at_s, howFar) => desk.open(what, at_s, howFar),
      change: (message) => desk.ask(message),
      ask: (message, howFar) => simulator.ask(message, howFar),
      moment: () => el.player.t,
      rules: build.rules,
      tell: (words) => say(words),
      look: (at_s) => {
        if (at_s !== undefined) el.player.seek(at_s);
        const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
        if (!calm && !el.player.playing) el.player.toggle();
        (notice.hidden ? el : notice).scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
      },
    });
  }

  /** @type {Around} */
  const around = { build, desk, el, say, clicked: () => (asked || simulator.state !== "off" ? null : untilClicked(el)) };
  // One after the other: what an older address asked for may come later, and is not to stay.
  let opened = openAddress(around);
  window.addEventListener("hashchange", () => {
    byId("unasked").click(); // who waits there sees that the address is another
    opened = opened.then(() => openAddress(around));
  });
  await opened;
  playInView(el, desk);
  startWhenWanted(el, simulator, asked);
  serveOffline(simulator, build, home !== undefined);
}

const addressNow = () => window.location.hash || document.documentElement.dataset.address || "";

/**
 * Shows what the address asks for. What cannot be shown is said, and what is shown stays.
 * @param {Around} around
 */
async function openAddress({ build, desk, el, say, clicked }) {
  try {
    say("");
    const address = addressNow();
    const { name, yaml, actions, at_s } = await readAddress(address);
    if (yaml === undefined && name !== undefined && !build.names.includes(name)) throw new Error(`There is no ready-made cluster “${name}” here.`);
    const made = name === build.first || build.folder; // one file has no other run than the first
    if (yaml !== undefined || actions || (name !== undefined && !made)) {
      await clicked();
      if (address !== addressNow()) return; // another one came meanwhile
      const told = await desk.open({ ...(yaml === undefined ? { name: name ?? build.first } : { yaml }), actions }, at_s);
      if (told.error) throw new Error(told.error);
    } else if (name !== undefined && (name !== build.first || !desk.untouched)) desk.show(name, name === build.first ? build.made : await madeRun(build, name), at_s);
    if (at_s !== undefined) el.player.seek(at_s);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), true);
  }
}

/**
 * A frame whose address needs the simulator has a button in the cluster's place: seven megabytes are not fetched
 * because somebody reads a page.
 * @param {HTMLElement} el
 * @returns {Promise<void>}
 */
function untilClicked(el) {
  return new Promise((clicked) => {
    const asks = byId("unasked");
    asks.hidden = false;
    el.hidden = true;
    asks.onclick = () => {
      asks.onclick = null;
      asks.hidden = true;
      el.hidden = false;
      clicked();
    };
  });
}

/**
 * @param {Build} build
 * @param {string} name
 */
async function madeRun(build, name) {
  const response = await fetch(`${build.folder}traces/${name}.json`).catch(() => null);
  if (!response?.ok) throw new Error("This cluster could not be fetched: the page was renewed meanwhile, or the network is gone. Load the page again.");
  return response.json();
}

/**
 * @param {Build} build
 * @returns {import("./simulator.js").Home}
 */
function besideThePage({ folder, key, bytes, lock }) {
  const here = new URL(folder, document.baseURI).href;
  return {
    worker: () => new Worker(`${here}worker.js`, { type: "module" }),
    start: async () => ({ start: { folder: `${here}pyodide/`, app: `${here}app.zip`, key, lock, bytes }, held: [] }),
  };
}

/**
 * The bar at the foot of the page, while the simulator loads unasked; who asked is told by the player.
 * @param {Simulator} simulator
 * @param {{player?: any}} el
 * @param {import("./share.js").Say} say
 */
function showLoading(simulator, el, say) {
  const loading = byId("loading");
  const unasked = () => simulator.state === "loading" && !el.player?.python.waiting;
  if (unasked()) {
    window.setTimeout(() => { loading.hidden = !unasked(); }, SHOWN_MS);
    const { words, share } = simulator.onItsWay;
    setText(byId("on-its-way"), words);
    const bar = /** @type {HTMLProgressElement} */ (byId("bytes"));
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
  } else loading.hidden = true;
  if (simulator.state === "gone") say(simulator.why, true);
  document.documentElement.dataset.simulator = simulator.state === "ready" ? simulator.how : simulator.state;
}

/**
 * The film begins when it is first seen, for who does not mind motion, and over again until somebody touches it.
 * @param {HTMLElement & {player?: any}} el
 * @param {Desk} desk
 */
function playInView(el, desk) {
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const watcher = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    watcher.disconnect();
    if (!el.player.playing) el.player.toggle();
  }, { threshold: 0.3 });
  watcher.observe(el);
  let touched = false;
  for (const kind of ["pointerdown", "keydown"]) el.addEventListener(kind, () => { touched = true; }, { once: true });
  desk.rested = () => {
    const { player } = el;
    if (touched || !desk.untouched || player.t < player.model.end) return;
    player.seek(desk.began);
    player.toggle();
  };
}

/**
 * Seven megabytes are fetched for who touches the cluster, and for who looks at it for a while and pays nothing for
 * bytes. A frame in somebody's page fetches nothing unasked.
 * @param {HTMLElement} el
 * @param {Simulator} simulator
 * @param {boolean} asked
 */
function startWhenWanted(el, simulator, asked) {
  const saving = /** @type {{connection?: {saveData?: boolean}}} */ (/** @type {unknown} */ (navigator)).connection?.saveData;
  if (saving) return; // then the first question starts it
  for (const kind of ["pointerdown", "keydown"]) el.addEventListener(kind, () => simulator.start(), { once: true });
  if (asked) window.setTimeout(() => (window.requestIdleCallback ?? window.setTimeout)(() => simulator.start()), IDLE_MS);
}

/**
 * After the simulator was loaded all is kept, so that the page works without a network.
 * @param {Simulator} simulator
 * @param {Build} build
 * @param {boolean} oneFile
 */
function serveOffline(simulator, build, oneFile) {
  if (oneFile || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("service-worker.js").catch(() => {});
  const changed = simulator.changed;
  simulator.changed = () => {
    changed();
    if (simulator.state === "ready") void navigator.serviceWorker.ready.then((one) => one.active?.postMessage({ keep: build.key }));
  };
}

void begin(/** @type {any} */ (globalThis).vrrplabHome);
