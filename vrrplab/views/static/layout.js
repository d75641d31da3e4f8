// Where everything of the cluster is drawn, in CSS pixels, for a given width. Pure geometry.

const PAD = 12;
const TAB = 18; // height of an interface tab
const NARROW = 540; // below this width it is a finger that points
/** Heights: of a switch, of a line of services and daemons, and where the rows of a card begin, below its title. */
const MOUSE = { barHigh: 26, chipLine: 21, rowsY: 36 };
const FINGER = { barHigh: 44, chipLine: 44, rowsY: 48 };
export const TOUCH = 44; // what is broken with a finger is so wide and high
const ROOM = 44; // length of a cable
const ROW = 31;
const TIGHT = 24;
const ROUTER = 92; // width of a router, with its room

/** Where the text of a chip begins: after its mark. */
export const CHIP_TEXT = { service: 15, daemon: 15, script: 15, firewall: 18 };

/**
 * Puts boxes of these widths in lines.
 * @param {number[]} widths
 * @param {number} space
 * @param {number} gap
 * @returns {{places: ChipPlace[], lines: number}}
 */
function flow(widths, space, gap) {
  let x = 0;
  let line = 0;
  const places = widths.map((w) => {
    if (x > 0 && x + w > space) {
      x = 0;
      line++;
    }
    const place = { x, line, w };
    x += w + gap;
    return place;
  });
  return { places, lines: widths.length ? line + 1 : 0 };
}

/**
 * @param {Cast} cast
 * @param {Model} model
 * @param {number} available width in CSS pixels; the picture is wider where its servers need more
 * @param {Measure} measure
 * @returns {Layout}
 */
export function layoutCluster(cast, model, available, measure) {
  const servers = [...cast.servers.values()];
  const count = Math.max(1, servers.length);
  const finger = available < NARROW;
  const { barHigh, chipLine, rowsY } = finger ? FINGER : MOUSE;
  const column = cast.routers.size * ROUTER; // to the right of the servers
  const small = available - column < Math.max(440, count * 168 + (count - 1) * 22 + 2 * PAD) && (count > 2 || available - column < 440);
  const edge = small ? 8 : PAD;
  const gap = small ? 16 : count > 2 ? 22 : 46;
  // Two servers get narrower before they have to be moved sideways: a notebook on a phone leaves 250 pixels.
  const least = !small ? 168 : count > 2 ? 146 : Math.max(112, Math.min(146, (available - column - 2 * edge - (count - 1) * gap) / count));
  const width = Math.max(available, count * least + (count - 1) * gap + 2 * edge + column);
  const cardWidth = Math.min(count > 2 ? 200 : 224, (width - column - 2 * edge - (count - 1) * gap) / count);
  const inner = cardWidth - 28;
  const left = (width - column - count * cardWidth - (count - 1) * gap) / 2;
  /** @type {Layout["cards"]} */
  const cards = new Map();
  /** @type {Layout["ports"]} */
  const ports = new Map();
  const many = Math.max(0, ...servers.map((s) => s.instances.length)) > 4;
  const row = many ? TIGHT : ROW;
  const compact = cast.vips.length > 4;
  /** @type {Layout["badgeText"]} */
  const badgeText = (v) => (compact ? v.short : `VIP ${v.short}`);
  const badgeWidths = new Map(cast.vips.map((v) => [v.address, measure(badgeText(v), "bold") + (compact ? 14 : 26)]));
  const badgeLine = compact ? 24 : 30;
  const plans = servers.map((server) => {
    /** @type {Chip[]} */
    const chips = server.services.map((x) => ({ kind: "service", name: x.name, text: x.name }));
    if (cast.daemons) chips.push({ kind: "daemon", name: server.daemon, text: server.daemon }, { kind: "firewall", name: "firewall", text: "firewall" });
    for (const x of server.scripts) chips.push({ kind: "script", name: x.name, text: x.name });
    const { places, lines } = flow(chips.map((c) => Math.min(inner, Math.max(finger ? TOUCH - 8 : 0, measure(c.text, "small") + 1 + CHIP_TEXT[c.kind]))), inner, 14);
    const badges = flow(mostAtOnce(model, server, cast.vips).map((a) => badgeWidths.get(a) ?? 0), inner, 6);
    const chipsY = rowsY + server.instances.length * row + 6;
    const badgesHigh = Math.max(1, badges.lines) * badgeLine;
    return { server, chips: chips.map((c, i) => ({ ...c, ...places[i] })), chipsY, badgesHigh, need: chipsY + lines * chipLine + 8 + badgesHigh + 4 };
  });
  const tallest = Math.max(0, ...plans.map((p) => p.need));
  const height = tallest + 40; // two lines of troubles, and the tabs

  const others = cast.segments.filter((x) => x.name !== cast.main);
  const outside = [...cast.clients.values()].filter((c) => c.segment !== cast.main);
  const outsideEnd = outside.length ? 12 + Math.max(58, clientsHigh(outside)) : 0;
  const firstBar = outside.length ? outsideEnd + 16 : 12;
  const top = others.length ? firstBar + others.length * (barHigh + 16) - 16 + ROOM : PAD + 4;
  const barY = top + height + ROOM + TAB / 2;
  /** @type {(segment: Segment, side: Side, y: number) => [string, Bar]} */
  const bar = (segment, side, y) => [segment.name, { segment, side, x: left - 8, y, w: width - 2 * left + 16, h: barHigh, mid: y + barHigh / 2 }];
  const bars = new Map(others.map((segment, n) => bar(segment, "top", firstBar + n * (barHigh + 16))));
  const main = cast.segments.find((x) => x.name === cast.main);
  if (main) bars.set(...bar(main, "bottom", barY));

  plans.forEach(({ server, chips, chipsY, badgesHigh }, n) => {
    const x = left + n * (cardWidth + gap);
    const badgesY = tallest - badgesHigh - 4;
    cards.set(server.name, { server, x, y: top, w: cardWidth, h: height, row, chips, inner, rowsY, chipsY, chipLine, badgesY, badgeLine, troubleY: tallest + 4 });
    for (const side of /** @type {Side[]} */ (["top", "bottom"])) {
      const here = server.interfaces.filter((i) => (bars.get(i.segment)?.side ?? "bottom") === side);
      here.forEach((i, k) => {
        const y = side === "top" ? top : top + height;
        const end = side === "top" ? y - TAB / 2 : y + TAB / 2;
        const middle = x + (cardWidth * (k + 1)) / (here.length + 1);
        const w = Math.max(40, measure(i.name, "small") + 16);
        ports.set(`${server.name} ${i.name}`, { server: server.name, interface: i.name, segment: i.segment, x: middle, w, side, y, end, bar: bars.get(i.segment)?.mid ?? end });
      });
    }
  });

  /** @type {Layout["routers"]} */
  const routers = new Map();
  [...cast.routers.values()].forEach((router, n) => {
    const box = { name: router.name, x: width - left - column + n * ROUTER + 14, y: top + height / 2 - 16, w: ROUTER - 14, h: 32 };
    routers.set(router.name, box);
    router.ports.forEach((port, k) => {
      const bar = bars.get(port.segment);
      if (!bar) return;
      const end = bar.side === "top" ? box.y : box.y + box.h;
      ports.set(`${router.name} ${port.segment}`, { client: router.name, segment: port.segment, x: box.x + (box.w * (k + 1)) / (router.ports.length + 1), side: bar.side, y: end, end, bar: bar.mid });
    });
  });

  /** @type {Layout["clients"]} */
  const clients = new Map();
  /** @type {(list: ClientBox["client"][], boxY: number, side: Side) => void} */
  const put = (list, boxY, side) => {
    const words = list.flatMap((c) => [measure(c.name, "text") - 10, ...c.probes.map((p) => measure(`✕ ${cast.vips.find((v) => v.address === p.target)?.short ?? p.target} lost 10.0 s`, "bold"))]);
    const each = Math.min(Math.max(130, ...words) + 24, (width - 2 * PAD - (list.length - 1) * 14) / Math.max(1, list.length));
    const start = (width - list.length * each - (list.length - 1) * 14) / 2;
    list.forEach((c, n) => {
      const h = clientsHigh(list);
      const box = { client: c, x: start + n * (each + 14), y: side === "top" ? boxY - h : boxY, w: each, h };
      const bar = bars.get(c.segment || cast.main);
      clients.set(c.name, box);
      if (bar) ports.set(c.name, { client: c.name, segment: bar.segment.name, x: box.x + each / 2, side: side === "top" ? "bottom" : "top", y: side === "top" ? boxY : box.y, end: side === "top" ? boxY : box.y, bar: bar.mid });
    });
  };
  /** @type {ClientBox["client"][]} */
  const inside = [...cast.clients.values()].filter((c) => c.segment === cast.main);
  if (Object.keys(cast.dns).length) inside.push({ name: "dns", dns: cast.dns, segment: cast.main, mac: "", addresses: [], probes: [] });
  put(inside, barY + barHigh + 30, "bottom");
  if (outside.length) put(outside, outsideEnd, "top");
  const lowest = Math.max(main ? barY + barHigh + 14 : top + height, ...[...clients.values()].map((c) => c.y + c.h + 12));
  // "nobody has" stands between two cables, or beside the only one
  const middle = count > 1 ? left + Math.floor(count / 2) * (cardWidth + gap) - gap / 2 : width / 2 + 100;
  const tray = { x: middle, y: top + height + TAB / 2 + ROOM / 2 };
  return { width, height: lowest, cards, ports, bars, clients, routers, tray, badgeText, badgeWidths, compact, finger };
}

/**
 * Height of a row of clients: the same for all, and at most four targets get a line.
 * @param {ClientBox["client"][]} list
 */
function clientsHigh(list) {
  return 28 + 16 * Math.max(1, ...list.map((c) => Math.min(4, new Set(c.probes.map((p) => p.target)).size)));
}

/**
 * The largest set of virtual addresses this server has at one moment.
 * @param {Model} model
 * @param {Server} server
 * @param {Vip[]} vips
 */
function mostAtOnce(model, server, vips) {
  /** @type {Set<number>} */
  const moments = new Set();
  for (const v of vips) for (const t of model.known("has", server.name, v.address)?.times || []) moments.add(t);
  /** @type {string[]} */
  let most = [];
  for (const t of moments) {
    const held = vips.filter((v) => model.value(t, "has", server.name, v.address)).map((v) => v.address);
    if (held.length > most.length) most = held;
  }
  return most;
}

/**
 * Places of badges inside a card: {x, y} of each, in the scene's coordinates.
 * @param {Layout} layout
 * @param {Card} card
 * @param {string[]} addresses
 */
export function badgePlaces(layout, card, addresses) {
  const { places } = flow(addresses.map((a) => layout.badgeWidths.get(a) ?? 0), card.inner, 6);
  return places.map((p) => ({ x: card.x + 14 + p.x, y: card.y + card.badgesY + p.line * card.badgeLine }));
}

/**
 * The way of a frame between two ports of one segment, as four corners.
 * @param {PortBase} from
 * @param {PortBase} to
 */
export function wire(from, to) {
  return [from.x, from.end, from.x, from.bar, to.x, to.bar, to.x, to.end];
}

/**
 * Where a frame is after the share `f` (0 to 1) of its way; written into `out`.
 * @param {number[]} way
 * @param {number} f
 * @param {{x: number, y: number}} out
 */
export function along(way, f, out) {
  const networks = way.length / 8; // more than one: across a router
  const n = Math.min(networks - 1, Math.floor(f * networks));
  const h = f * networks - n;
  const leg = h < 0.3 ? 0 : h < 0.7 ? 1 : 2;
  const g = leg === 0 ? h / 0.3 : leg === 1 ? (h - 0.3) / 0.4 : (h - 0.7) / 0.3;
  const k = n * 8 + leg * 2;
  out.x = way[k] + (way[k + 2] - way[k]) * g;
  out.y = way[k + 1] + (way[k + 3] - way[k + 1]) * g;
}
