// The cluster as SVG: servers, interfaces, cables, switches, clients, and the VIP badges on their holders.
import { CHIP_TEXT, TOUCH, layoutCluster, badgePlaces } from "./layout.js";
import { fitName, fitText, label, s, setAttribute, setText } from "./dom.js";
import { lastIndex } from "./timeline.js";
import { thingsOf } from "./menus.js";
import { LETTER, firewallText, oneWay, seconds, troubles } from "./words.js";

let views = 0;

/**
 * What stands on a part of the picture. Its name begins with that: who speaks to the page says what is seen.
 * @param {Element} part
 */
const written = (part) => [...part.querySelectorAll("text")].map((x) => x.textContent).filter(Boolean).join(" ");

/** @typedef {{x: number, y: number, address: string, holder: string}} BadgePlace */
/** @typedef {{g: SVGGElement, address: string, thing: Thing}} Badge */

export class Scene {
  /** @type {Layout} */
  layout;
  /** @type {((t: number) => void)[]} what draws each part as it is at a moment */
  parts = [];
  /** @type {SVGGElement} */
  badgeLayer;
  /** @type {SVGTextElement} */
  trayText;
  /** @type {Map<string, Badge>} "address@holder" -> badge */
  badges = new Map();
  /** @type {Map<string, [left: number, top: number, width: number, height: number][]>} places of the words on each switch, under which frames pass */
  words = new Map();
  /** @type {string | null} the actions that are marked, by their places in the trace; null: not known yet */
  struck = "";
  drawn = ""; // what is drawn, as text
  /** @type {Model} */
  model;
  /** @type {Namer} */
  name;
  /** @type {Float64Array} moments of the actions */
  times;

  /**
   * @param {Measure} measure
   * @param {OpenMenu<Thing>} open is called when something is clicked or Enter is pressed on it
   */
  constructor(measure, open) {
    this.measure = measure;
    this.open = open;
    this.id = `vl${++views}`;
    this.svg = s("svg", { class: "vl-svg", role: "group", "aria-label": "The cluster. Tab walks through what can be broken." });
  }

  /**
   * Another run is shown from now on: `build` and `update` draw it.
   * @param {Model} model
   * @param {Namer} name
   */
  take(model, name) {
    this.model = model;
    this.name = name;
    this.times = Float64Array.from(model.actions, (a) => a.t);
    this.struck = null;
    this.asked([]);
  }

  /**
   * Draws the cast for this width; everything anew, but only where it is not the one that is drawn: most changes are to
   * what happens, not to who takes part.
   * @param {number} width
   */
  build(width) {
    const { model, svg, id } = this;
    const layout = layoutCluster(model.cast, model, width, this.measure);
    const drawn = asText([{ ...model.cast, description: "", duration: 0, seed: 0 }, layout]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.layout = layout;
    svg.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
    svg.setAttribute("width", String(layout.width));
    svg.setAttribute("height", String(layout.height));
    const hatch = s("pattern", { id: `${id}-hatch`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("rect", { width: 6, height: 6, class: "vl-card-fill" }), s("rect", { width: 1.4, height: 6, class: "vl-hatch" }));
    this.parts = [];
    this.badges.clear();
    this.struck = null;
    this.badgeLayer = s("g", { class: "vl-badges" });
    this.trayText = label("", layout.tray.x, 0, { class: "vl-small vl-mute", "text-anchor": "middle" });
    svg.replaceChildren(
      s("defs", {}, hatch),
      s("g", {}, [...layout.ports.values()].map((p) => this.#cable(p))),
      s("g", {}, [...layout.bars.values()].map((b) => this.#bar(b))),
      s("g", {}, [...layout.cards.values()].map((c) => this.#card(c))),
      s("g", {}, [...layout.ports.values()].flatMap((p) => (p.server ? [this.#tab(p)] : []))),
      s("g", {}, [...layout.clients.values()].map((c) => this.#client(c))),
      s("g", {}, [...layout.routers.values()].map((r) => this.#router(r))),
      this.trayText,
      this.badgeLayer,
      layout.cards.size || layout.bars.size ? "" : label("No server is in this trace.", 12, 28, { class: "vl-mute" }),
    );
  }

  /**
   * A group that can be clicked and reached with Tab; `words(t)` is its name for screen readers.
   * @param {Thing} thing
   * @param {Record<string, string>} attributes
   * @param {import("./dom.js").Children[]} children
   */
  #button(thing, attributes, ...children) {
    const g = s("g", { role: "button", tabindex: 0, "aria-haspopup": "menu", ...attributes }, ...children);
    for (const text of g.querySelectorAll("text")) text.after(" "); // two texts are two words
    g.addEventListener("click", (event) => {
      event.stopPropagation();
      this.open(thing, g, event.clientX, event.clientY);
    });
    g.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && !(event.key === " " && event.shiftKey)) return;
      event.preventDefault();
      event.stopPropagation();
      const box = g.getBoundingClientRect();
      this.open(thing, g, box.left + box.width / 2, box.top + box.height / 2);
    });
    return g;
  }

  /** @param {(t: number) => void} update */
  #on(update) {
    this.parts.push(update);
  }

  /** @param {ServerPort | ClientPort} port */
  #cable(port) {
    const d = `M${port.x} ${port.end}V${port.bar}`;
    const line = s("path", { d, class: "vl-cable" });
    if (!port.server) return line;
    const middle = port.side === "top" ? port.end - 14 : port.end + 14;
    const cross = s("g", { class: "vl-cut", transform: `translate(${port.x} ${middle})` }, s("circle", { r: 9 }), s("path", { d: "M-4-4 4 4M4-4-4 4" }));
    /** @type {Thing} */
    const thing = { kind: "cable", server: port.server, name: port.interface, segment: port.segment, title: `cable of ${port.server} ${port.interface}` };
    const g = this.#button(thing, { class: "vl-hot", "data-thing": `cable ${port.server} ${port.interface}` }, s("path", { d, class: "vl-hit" }), line, cross);
    this.#on((t) => {
      const state = this.model.value(t, "power", port.server) === false ? "off" : this.model.value(t, "port", port.server, port.interface);
      setAttribute(g, "data-state", state === "unplugged" ? "cut" : state);
      setAttribute(g, "aria-label", `Cable of ${port.interface}, ${port.server}: ${state === "up" ? "connected" : state === "unplugged" ? "pulled out" : "no link"}`);
    });
    return g;
  }

  /** @param {ServerPort} port */
  #tab(port) {
    /** @type {Thing} */
    const thing = { kind: "nic", server: port.server, name: port.interface, segment: port.segment, title: `${port.interface} of ${port.server}` };
    const g = this.#button(thing, { class: "vl-hot vl-tab", "data-thing": `nic ${port.server} ${port.interface}` },
      s("rect", { x: port.x - port.w / 2, y: port.y - 9, width: port.w, height: 18, rx: 4 }),
      this.layout.finger && s("rect", { x: port.x - Math.max(TOUCH, port.w) / 2, y: port.y - TOUCH / 2, width: Math.max(TOUCH, port.w), height: TOUCH, class: "vl-reach" }),
      label(port.interface, port.x, port.y + 4, { class: "vl-small", "text-anchor": "middle" }));
    this.#on((t) => {
      const state = this.model.value(t, "power", port.server) === false ? "off" : this.model.value(t, "port", port.server, port.interface);
      setAttribute(g, "data-state", state);
      setAttribute(g, "aria-label", `Interface ${port.interface} of ${port.server}: ${state}`);
    });
    return g;
  }

  /** @param {Bar} bar */
  #bar(bar) {
    const { segment } = bar;
    /** @type {Thing} */
    const thing = { kind: "switch", segment: segment.name, title: `switch of network ${segment.name}` };
    const text = label("", bar.x + 14, bar.mid + 4, { class: "vl-text vl-soft" });
    const subnet = label("", bar.x + bar.w - 14, bar.mid + 4, { class: "vl-small vl-soft", "text-anchor": "end" });
    const g = this.#button(thing, { class: "vl-hot vl-bar", "data-thing": `switch ${segment.name}` }, s("rect", { x: bar.x, y: bar.y, width: bar.w, height: bar.h, rx: 6 }), text, subnet);
    const short = segment.name.length <= 3 ? segment.name.toUpperCase() : segment.name;
    // At the ends of the bar, as far as the outermost cables: there no frame passes over the letters.
    const cables = [...this.layout.ports.values()].filter((p) => p.segment === segment.name).map((p) => p.x);
    const half = bar.w / 2 - 20;
    /** @param {number} room */
    const outside = (room) => (room < 90 ? half : Math.min(half, room)); // on a phone there is no room out there
    const leftRoom = outside(Math.min(...cables) - bar.x - 22);
    const rightRoom = outside(bar.x + bar.w - Math.max(...cables) - 22);
    /** @param {string} words */
    const fits = (words) => this.measure(words, "text") <= leftRoom;
    const name = [`${short} switch`, short].find(fits) || fitText(short, leftRoom, "text", this.measure);
    const place = fitText(segment.subnet || "", rightRoom, "small", this.measure);
    g.append(s("title", {}, `${segment.name} switch, ${segment.subnet}`));
    this.#on((t) => {
      const fault = this.model.value(t, "fault", segment.name);
      const words = fault ? fitText(`${name} · ${faultText(JSON.parse(fault))}`, bar.w - 28, "text", this.measure) : name;
      setText(text, words);
      const where = this.measure(`${words} · ${place}`, "text") <= bar.w - 28 ? place : "";
      setText(subnet, where);
      const [wide, small] = [this.measure(words, "text"), this.measure(where, "small")];
      this.words.set(segment.name, [[bar.x + 12, bar.y + 2, wide + 4, bar.h - 4], [bar.x + bar.w - 16 - small, bar.y + 2, small + 4, bar.h - 4]]);
      setAttribute(g, "data-state", fault ? "fault" : "up");
      setAttribute(g, "aria-label", `${written(g)}: switch of network ${segment.name} ${segment.subnet || ""}, ${fault ? faultText(JSON.parse(fault)) : "works"}`);
    });
    return g;
  }

  /** @param {Card} card */
  #card(card) {
    const { server, x, y, w, h: height } = card;
    const frame = s("rect", { x, y, width: w, height, rx: 10, class: "vl-card" });
    /** @type {Thing} */
    const thing = { kind: "server", server: server.name, title: server.name };
    const titleWidth = this.measure(server.name, "title");
    const own = server.interfaces.find((i) => i.segment === this.model.cast.main)?.addresses.find((a) => !a.includes("%")) || "";
    const head = this.#button(thing, { class: "vl-hot vl-server", "data-thing": `server ${server.name}` }, frame,
      label(fitName(server.name, w - 28, "title", this.measure, server.short.length), x + 14, y + 26, { class: "vl-title" }),
      own && titleWidth + this.measure(own, "small") + 10 <= card.inner && label(own, x + w - 14, y + 26, { class: "vl-small vl-mute", "text-anchor": "end" }));
    const rows = server.instances.map((i, n) => this.#instance(card, i, y + card.rowsY + n * card.row));
    const chips = card.chips.map((chip) => (chip.kind === "firewall" ? this.#firewall(card, chip) : this.#chip(card, chip)));
    const lines = [0, 1].map((n) => label("", x + 14, y + card.troubleY + n * 15 + 8, { class: "vl-small vl-bad" }));
    this.#on((t) => {
      const bad = troubles(this.model, server, t);
      const states = server.instances.map((i) => this.model.value(t, "state", server.name, i.name));
      const off = this.model.value(t, "power", server.name) === false;
      const state = off ? "off" : bad.length || states.includes("FAULT") ? "bad" : states.includes("MASTER") ? "master" : "idle";
      setAttribute(head, "data-state", state);
      frame.style.fill = state === "bad" || off ? `url(#${this.id}-hatch)` : "";
      const words = this.#twoLines(bad, w - 24);
      lines.forEach((line, n) => setText(line, words[n] || ""));
      const have = this.model.cast.vips.filter((v) => this.model.value(t, "has", server.name, v.address)).map((v) => v.address);
      setAttribute(head, "aria-label", `${written(head)}: server ${server.name}, ${bad.join(", ") || "works"}. ${have.length ? "It has " + have.join(", ") : "It has no virtual address"}`);
    });
    return s("g", {}, head, rows, chips, lines);
  }

  /**
   * What is broken, in at most two lines: one sentence broken in two, or the two worst.
   * @param {string[]} bad
   * @param {number} room
   */
  #twoLines(bad, room) {
    /** @param {string} text */
    const fits = (text) => this.measure(text, "bold") <= room;
    if (bad.length > 1) return [bad[0], bad.length > 2 ? `${bad[1]}, and ${bad.length - 2} more` : bad[1]].map((x) => fitText(x, room, "bold", this.measure));
    const words = (bad[0] || "").replace(/ s$/, "\u00a0s").split(" ");
    let n = words.length;
    while (n > 1 && !fits(words.slice(0, n).join(" "))) n--;
    return [words.slice(0, n).join(" "), fitText(words.slice(n).join(" "), room, "bold", this.measure)];
  }

  /**
   * @param {Card} card
   * @param {Instance} instance
   * @param {number} y
   */
  #instance(card, instance, y) {
    const { server, x } = card;
    const tall = card.row > 26 ? 26 : 21;
    const w = card.inner;
    /** @type {Thing} */
    const thing = { kind: "instance", server: server.name, name: instance.name, title: `${instance.name} on ${server.name}` };
    const letter = label("", x + 14 + tall / 2, y + tall / 2 + 4.5, { class: "vl-letter", "text-anchor": "middle" });
    const priority = label("", x + 14 + w - (w < 130 ? 4 : 8), y + tall / 2 + 4, { class: "vl-small vl-soft", "text-anchor": "end" });
    const room = w - tall - 20 - this.measure("priority 255", "small");
    const short = room < this.measure(instance.name, "text");
    const font = short && w < 130 ? "small" : "text";
    const text = fitName(instance.name, short ? w - tall - (font === "small" ? 13 : 24) - this.measure("255", "small") : room, font, this.measure);
    const g = this.#button(thing, { class: "vl-hot vl-instance", "data-thing": `instance ${server.name} ${instance.name}` },
      s("rect", { x: x + 14, y, width: w, height: tall, rx: 5, class: "vl-box" }),
      s("rect", { x: x + 14, y, width: tall, height: tall, rx: 5, class: "vl-state" }), letter,
      label(text, x + 14 + tall + (font === "small" ? 4 : 8), y + tall / 2 + 4.5, { class: `vl-${font}` }), priority);
    this.#on((t) => {
      const state = this.model.value(t, "state", server.name, instance.name) || "INIT";
      const p = this.model.value(t, "priority", server.name, instance.name);
      setAttribute(g, "data-state", state);
      setText(letter, LETTER[state] || state[0]);
      setText(priority, p == null ? "" : short ? String(p) : `priority ${p}`);
      setAttribute(g, "aria-label", `${written(g)}: instance ${instance.name} on ${server.name}, ${state}${p == null ? "" : `, priority ${p}`}`);
    });
    return g;
  }

  /**
   * Left end and middle of a chip, in the scene's coordinates.
   * @param {Card} card
   * @param {ChipPlace} chip
   */
  #chipPlace(card, chip) {
    return [card.x + 14 + chip.x, card.y + card.chipsY + (chip.line + 0.5) * card.chipLine - 0.5];
  }

  /**
   * @param {Card} card
   * @param {Card["chips"][number]} chip
   * @param {string} title
   * @param {SVGElement[]} marks
   */
  #chipButton(card, chip, title, ...marks) {
    const { server } = card;
    const [x, y] = this.#chipPlace(card, chip);
    /** @type {Thing} */
    const thing = { kind: chip.kind, server: server.name, name: chip.name, title };
    const from = CHIP_TEXT[chip.kind];
    return this.#button(thing, { class: "vl-hot vl-chip", "data-thing": `${chip.kind} ${server.name} ${chip.name}` },
      s("rect", { x: x - 4, y: y - (card.chipLine - 1) / 2, width: chip.w + 8, height: this.layout.finger ? TOUCH : 20, rx: 5, class: "vl-hit-box" }), marks,
      label(fitText(chip.text, chip.w - from, "small", this.measure), x + from, y + 4, { class: "vl-small" }));
  }

  /**
   * A shield: with a tick while all may pass, else filled, with I, O or X: nothing in, nothing out, neither.
   * @param {Card} card
   * @param {Card["chips"][number]} chip
   */
  #firewall(card, chip) {
    const { name } = card.server;
    const [x, y] = this.#chipPlace(card, chip);
    const letter = s("path", { class: "vl-letter-mark" }); // drawn: a letter of text would be a word that the button's name lacks
    /** @type {Record<string, string>} */
    const letters = {
      "": "",
      I: `M${x + 6.5} ${y - 4}v7.5`,
      O: `M${x + 6.5} ${y - 3.6}a3.3 3.3 0 1 0 .01 0z`,
      X: `M${x + 3.7} ${y - 3.4}l5.6 6.2m0-6.2-5.6 6.2`,
    };
    const tick = s("path", { class: "vl-tick-mark", d: `M${x + 3.5} ${y - 0.5}l2.2 2.4 4-4.6` });
    const tip = s("title");
    const g = this.#chipButton(card, chip, `firewall of ${name}`, tip, s("path", { class: "vl-shield", d: `M${x} ${y - 7}h13v7c0 4-3 6-6.5 7.5c-3.5-1.5-6.5-3.5-6.5-7.5z` }), tick, letter);
    this.#on((t) => {
      const walls = this.model.value(t, "firewall", name) || "";
      const off = this.model.value(t, "power", name) === false;
      const words = `firewall of ${name}: ${off ? "off" : firewallText(walls)}`;
      const sign = off || !walls ? "" : !walls.includes("out") ? "I" : !walls.includes("in") ? "O" : "X";
      setAttribute(letter, "data-letter", sign);
      setAttribute(letter, "d", letters[sign]);
      setAttribute(g, "data-state", off ? "off" : walls ? "bad" : "good");
      setAttribute(g, "aria-label", words);
      setText(tip, words);
    });
    return g;
  }

  /**
   * @param {Card} card
   * @param {Card["chips"][number]} chip
   */
  #chip(card, chip) {
    const { server } = card;
    const [x, y] = this.#chipPlace(card, chip);
    const mark = s("path", { class: "vl-dot" });
    const g = this.#chipButton(card, chip, `${chip.name} on ${server.name}`, mark);
    const round = `M${x + 5} ${y - 5}a5 5 0 1 0 .01 0z`;
    const cross = `M${x} ${y - 5}l10 10m0-10-10 10`;
    const bars = `M${x + 2} ${y - 5}v10m6-10v10`;
    this.#on((t) => {
      const about = this.model.value(t, "power", server.name) === false ? "off" : chip.kind === "daemon" ? this.model.value(t, "daemon", server.name) : this.model.value(t, chip.kind, server.name, chip.name);
      const good = about === "running" || about === "up" || about === "pass" || about == null;
      setAttribute(mark, "d", good ? round : about === "frozen" ? bars : cross);
      setAttribute(g, "data-state", good ? "good" : "bad");
      setAttribute(g, "aria-label", `${chip.kind === "script" ? "Check" : chip.kind === "daemon" ? "Daemon" : "Service"} ${chip.name} on ${server.name}: ${about ?? "unknown"}`);
    });
    return g;
  }

  /** @param {{name: string, x: number, y: number, w: number, h: number}} box */
  #router({ name, x, y, w, h }) {
    const title = label(fitName(name, w - 10, "text", this.measure), x + w / 2, y + 20, { class: "vl-text", "text-anchor": "middle" });
    return s("g", { role: "img", "aria-label": `Router ${name}` }, s("rect", { x, y, width: w, height: h, rx: 16, class: "vl-client" }), title);
  }

  /** @param {ClientBox} box */
  #client(box) {
    const { client, x, y, w, h: height } = box;
    const middle = x + w / 2;
    const frame = s("rect", { x, y, width: w, height, rx: 8, class: "vl-client" });
    const title = label(fitName(client.name, w - 10, "text", this.measure), middle, y + 18, { class: "vl-text", "text-anchor": "middle" });
    if (client.dns) {
      const texts = Object.entries(client.dns).map(([n, a]) => `${n} → ${a.map((x2) => this.name.address(x2)).join(", ")}`);
      return s("g", {}, frame, title, label(fitText(texts.join(" · "), w - 8, "small", this.measure), middle, y + 35, { class: "vl-small vl-mute", "text-anchor": "middle" }));
    }
    const targets = [...new Set(client.probes.map((p) => p.target))];
    const rows = targets.slice(0, 4).map((_, n) => label("", middle, y + 35 + 16 * n, { class: "vl-small", "text-anchor": "middle" }));
    const g = s("g", { role: "img" }, frame, title, rows);
    /** @type {Model | null} whose run `from` is about: the moments before which nobody has what is asked for */
    let known = null;
    /** @type {number[]} */
    let from = [];
    this.#on((t) => {
      if (known !== this.model) from = targets.map((target) => this.model.servedFrom(client.name, target));
      known = this.model;
      /** @type {string[]} */
      const said = [];
      rows.forEach((row, n) => {
        const target = targets[n];
        const more = n === 3 && targets.length > 4 ? ` (+${targets.length - 4})` : "";
        const out = this.model.outage(client.name, target, t);
        const short = this.name.address(target);
        const nobody = t < from[n];
        const words = nobody ? `nobody has ${short}` : !out ? `${short} answers` : out.percent ? `${short} loses ${out.percent} %` : `${short} lost ${seconds(t - out.from_s, 1)} s`;
        said.push(words);
        setText(row, fitText((nobody ? "" : out ? "✕ " : "✓ ") + words + more, w - 10, "bold", this.measure));
        setAttribute(row, "class", out ? "vl-small vl-bad" : "vl-small vl-mute");
      });
      setAttribute(g, "aria-label", `Client ${client.name}: ${said.join(", ") || "asks nobody"}`);
      setAttribute(g, "data-state", targets.some((x2) => this.model.outage(client.name, x2, t)) ? "bad" : "good");
    });
    return g;
  }

  /** @param {number} t */
  update(t) {
    for (const part of this.parts) part(t);
    this.#placeBadges(t);
  }

  /**
   * Marks at once what is asked for, until Python's answer is drawn.
   * @param {Action[]} actions none: it was refused
   */
  asked(actions) {
    for (const element of this.svg.querySelectorAll(".vl-asked")) element.classList.remove("vl-asked");
    for (const action of actions) this.#each(action, (element) => element.classList.add("vl-asked"));
  }

  /**
   * Everything in the picture that an action is done to.
   * @param {Action} action
   * @param {(element: Element) => void} run
   */
  #each(action, run) {
    for (const thing of thingsOf(this.model, action)) {
      const element = this.svg.querySelector(`[data-thing="${CSS.escape(thing)}"]`);
      if (element) run(element);
    }
  }

  /**
   * Marks what something was done to in the last `air` seconds: some actions show nowhere else at their moment.
   * @param {number} t
   * @param {number} air
   */
  mark(t, air) {
    const { actions } = this.model;
    const last = lastIndex(this.times, t);
    let first = last + 1;
    while (first > 0 && actions[first - 1].t > t - air) first--;
    const struck = first > last ? "" : `${first} ${last}`;
    if (struck === this.struck) return;
    this.struck = struck;
    for (const element of this.svg.querySelectorAll(".vl-struck")) element.classList.remove("vl-struck");
    for (const { e } of actions.slice(first, last + 1)) this.#each(e, (element) => element.classList.add("vl-struck"));
  }

  /**
   * One badge for each holder of each address; it glides when the holder changes.
   * @param {number} t
   */
  #placeBadges(t) {
    const { layout, model } = this;
    /** @type {Map<string, BadgePlace>} "address@holder" -> place */
    const places = new Map();
    const held = new Map(model.cast.vips.map((v) => [v.address, model.holders(v.address, t)]));
    /** @param {string} address */
    const heldBy = (address) => held.get(address) || [];
    for (const [name, card] of layout.cards) {
      const mine = model.cast.vips.filter((v) => heldBy(v.address).includes(name)).map((v) => v.address);
      badgePlaces(layout, card, mine).forEach((p, n) => places.set(`${mine[n]}@${name}`, { ...p, address: mine[n], holder: name }));
    }
    this.#tray(model.cast.vips.filter((v) => !heldBy(v.address).length), places, t);
    // A badge stays with its holder; a new holder gets the badge of one that lost the address.
    /** @type {Map<string, Badge[]>} */
    const free = new Map();
    for (const [key, badge] of this.badges) {
      if (places.has(key)) continue;
      this.badges.delete(key);
      free.set(badge.address, [...(free.get(badge.address) || []), badge]);
    }
    for (const [key, place] of places) {
      const badge = this.badges.get(key) || free.get(place.address)?.pop() || this.#badge(place.address);
      this.badges.set(key, badge);
      const rivals = heldBy(place.address).length;
      badge.thing.server = place.holder;
      badge.g.style.transform = `translate(${place.x}px, ${place.y}px)`;
      setAttribute(badge.g, "data-state", !place.holder ? "nobody" : rivals > 1 ? "rival" : "held");
      setAttribute(badge.g, "data-holder", place.holder || "nobody");
      setAttribute(badge.g, "aria-label", `${written(badge.g)}: virtual address ${place.address}, ${rivals > 1 ? `held by ${rivals} servers at once` : place.holder ? `held by ${place.holder}` : "held by nobody"}`);
    }
    for (const badges of free.values()) for (const badge of badges) badge.g.remove();
  }

  /**
   * @param {Vip[]} homeless
   * @param {Map<string, BadgePlace>} places
   * @param {number} t
   */
  #tray(homeless, places, t) {
    const { layout: { tray, badgeWidths, compact }, model } = this;
    const shown = homeless.filter((v) => t > 0 && model.firstHeld(v.address) <= t).slice(0, compact ? 6 : 3);
    const words = shown.length ? (homeless.length > shown.length ? `nobody has these, and ${homeless.length - shown.length} more` : "nobody has") : "";
    const widths = shown.map((v) => badgeWidths.get(v.address) ?? 0);
    const textWidth = words ? this.measure(words, "small") + 8 : 0;
    let x = tray.x - (textWidth + widths.reduce((a, b) => a + b + 6, 0)) / 2;
    setText(this.trayText, words);
    setAttribute(this.trayText, "x", x + textWidth / 2);
    setAttribute(this.trayText, "y", tray.y + 4);
    x += textWidth;
    shown.forEach((v, n) => {
      places.set(`${v.address}@`, { x, y: tray.y - (compact ? 10 : 12), address: v.address, holder: "" });
      x += widths[n] + 6;
    });
  }

  /** @param {string} address */
  #badge(address) {
    const vip = this.model.cast.vips.find((v) => v.address === address) || { address, index: 0, short: address };
    const w = this.layout.badgeWidths.get(address) ?? 0;
    const tall = this.layout.compact ? 20 : 24;
    /** @type {Thing} */
    const thing = { kind: "vip", address, title: `virtual address ${address}` };
    const g = this.#button(thing, { class: `vl-hot vl-badge vl-vip${vip.index % 6}`, "data-vip": address },
      s("rect", { width: w, height: tall, rx: tall / 2 }), label(this.layout.badgeText(vip), w / 2, tall / 2 + 4, { class: "vl-badge-text", "text-anchor": "middle" }));
    this.badgeLayer.append(g);
    return { g, address, thing };
  }
}

/**
 * Everything in a value as text: two that are drawn alike have the same.
 * @param {unknown} value
 */
const asText = (value) => JSON.stringify(value, (_, part) => (part instanceof Map || part instanceof Set ? [...part] : part));

/**
 * @param {Fault} fault
 * @returns {string}
 */
export function faultText(fault) {
  const said = [
    fault.loss != null && (fault.loss >= 1 ? "loses every frame" : `loses ${Math.round(fault.loss * 100)} %`),
    fault.multicast === false && "no multicast",
    fault.latency_s != null && `${fault.latency_s} s late`,
    fault.jitter_s != null && `± ${fault.jitter_s} s`,
    ...oneWay(fault, faultText).map(([words, ways]) => `one way ${ways}: ${words}`),
  ].filter(Boolean).join(", ");
  return said || "fault";
}
