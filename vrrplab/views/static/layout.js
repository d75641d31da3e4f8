// Where everything of the cluster is drawn, in CSS pixels, for a given width. Pure geometry.

const PAD = 12;
const TAB = 18; // height of an interface tab
const BAR = 26; // height of a switch
const ROOM = 44; // length of a cable
const ROW = 31;
const TIGHT = 24;

/** Where the text of a chip begins: after its mark. */
export const CHIP_TEXT = { service: 15, daemon: 15, script: 15, firewall: 18 };

/** Puts boxes of these widths in lines; returns [{x, line}] and sets `lines`. */
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
  places.lines = widths.length ? line + 1 : 0;
  return places;
}

/**
 * {width, height, cards, ports, bars, clients, tray}. `measure(text, font)` gives a text's width; fonts are
 * "small", "text" and "bold".
 */
export function layoutCluster(cast, model, available, measure) {
  const servers = [...cast.servers.values()];
  const count = Math.max(1, servers.length);
  const small = available < Math.max(440, count * 168 + (count - 1) * 22 + 2 * PAD) && (count > 2 || available < 440);
  const edge = small ? 8 : PAD;
  const gap = small ? 16 : count > 2 ? 22 : 46;
  const least = small ? 146 : 168;
  const width = Math.max(available, count * least + (count - 1) * gap + 2 * edge);
  const cardWidth = Math.min(count > 2 ? 200 : 224, (width - 2 * edge - (count - 1) * gap) / count);
  const inner = cardWidth - 28;
  const left = (width - count * cardWidth - (count - 1) * gap) / 2;
  const cards = new Map();
  const ports = new Map();
  const many = Math.max(0, ...servers.map((s) => s.instances.length)) > 4;
  const row = many ? TIGHT : ROW;
  const compact = cast.vips.length > 4;
  const badgeText = (v) => (compact ? v.short : `VIP ${v.short}`);
  const badgeWidths = new Map(cast.vips.map((v) => [v.address, measure(badgeText(v), "bold") + (compact ? 14 : 26)]));
  const order = [...cast.segments].filter((s) => s.name !== cast.main);
  const outside = [...cast.clients.values()].filter((c) => c.segment !== cast.main);
  let y = 12 + (outside.length ? 74 : 0);
  const bars = new Map();
  order.forEach((segment) => {
    bars.set(segment.name, { segment, y, side: "top" });
    y += BAR + 16;
  });
  const top = order.length ? y - 16 + ROOM : PAD + 4;

  let tallest = 0;
  for (const server of servers) {
    const chips = [
      ...server.services.map((s) => ({ kind: "service", name: s.name, text: s.name })),
      ...(cast.daemons ? [{ kind: "daemon", name: "keepalived", text: "keepalived" }, { kind: "firewall", name: "firewall", text: "firewall" }] : []),
      ...server.scripts.map((s) => ({ kind: "script", name: s.name, text: s.name })),
    ];
    const places = flow(chips.map((c) => Math.min(inner, measure(c.text, "small") + 1 + CHIP_TEXT[c.kind])), inner, 14);
    const badges = flow(mostAtOnce(model, server, cast.vips).map((a) => badgeWidths.get(a)), inner, 6);
    const card = { server, w: cardWidth, row, chips: chips.map((c, i) => ({ ...c, ...places[i] })), inner, compact };
    card.rowsY = 36;
    card.chipsY = card.rowsY + server.instances.length * row + 6;
    card.badgesY = card.chipsY + places.lines * 21 + 8;
    card.badgeLine = compact ? 24 : 30;
    card.need = card.badgesY + Math.max(1, badges.lines) * card.badgeLine + 4;
    tallest = Math.max(tallest, card.need);
    cards.set(server.name, card);
  }
  const height = tallest + 40; // two lines of troubles, and the tabs
  servers.forEach((server, n) => {
    const card = cards.get(server.name);
    card.x = left + n * (cardWidth + gap);
    card.y = top;
    card.h = height;
    card.badgesY = tallest - Math.max(1, Math.ceil((card.need - card.badgesY - 4) / card.badgeLine)) * card.badgeLine - 4;
    card.troubleY = tallest + 4;
    for (const side of ["top", "bottom"]) {
      const here = server.interfaces.filter((i) => (bars.get(i.segment)?.side ?? "bottom") === side);
      here.forEach((i, k) => {
        const w = Math.max(40, measure(i.name, "small") + 16);
        const x = card.x + (cardWidth * (k + 1)) / (here.length + 1);
        ports.set(`${server.name} ${i.name}`, { server: server.name, interface: i.name, segment: i.segment, x, w, side, y: side === "top" ? card.y : card.y + height });
      });
    }
  });

  const barY = top + height + ROOM + TAB / 2;
  const main = cast.segments.find((s) => s.name === cast.main);
  if (main) bars.set(main.name, { segment: main, y: barY, side: "bottom" });
  const from = left - 8;
  const to = left + count * cardWidth + (count - 1) * gap + 8;
  for (const bar of bars.values()) Object.assign(bar, { x: from, w: to - from, h: BAR, mid: bar.y + BAR / 2 });
  for (const port of ports.values()) {
    port.bar = bars.get(port.segment).mid;
    port.end = port.side === "top" ? port.y - TAB / 2 : port.y + TAB / 2;
  }

  const clients = new Map();
  const lines = (c) => (c.dns ? 1 : Math.min(4, Math.max(1, new Set(c.probes.map((p) => p.target)).size)));
  const put = (list, boxY, side) => {
    const words = list.flatMap((c) => [measure(c.name, "text") - 10, ...c.probes.map((p) => measure(`✕ ${cast.vips.find((v) => v.address === p.target)?.short ?? p.target} lost 10.0 s`, "bold"))]);
    const each = Math.min(Math.max(130, ...words) + 24, (width - 2 * PAD - (list.length - 1) * 14) / Math.max(1, list.length));
    const start = (width - list.length * each - (list.length - 1) * 14) / 2;
    list.forEach((c, n) => {
      const h = 28 + 16 * Math.max(...list.map(lines));
      const box = { client: c, x: start + n * (each + 14), y: side === "top" ? boxY - h : boxY, w: each, h };
      const bar = bars.get(c.segment || cast.main);
      clients.set(c.name, box);
      if (bar) ports.set(c.name, { client: c.name, segment: bar.segment.name, x: box.x + each / 2, side: side === "top" ? "bottom" : "top", y: side === "top" ? boxY : box.y, end: side === "top" ? boxY : box.y, bar: bar.mid });
    });
  };
  const inside = [...cast.clients.values()].filter((c) => c.segment === cast.main);
  if (Object.keys(cast.dns).length) inside.push({ name: "dns", dns: cast.dns, segment: cast.main, probes: [] });
  put(inside, barY + BAR + 30, "bottom");
  if (outside.length) put(outside, 12 + 58, "top");
  const lowest = Math.max(main ? barY + BAR + 14 : top + height, ...[...clients.values()].map((c) => c.y + c.h + 12));
  // "nobody has" stands between two cables, or beside the only one
  const middle = count > 1 ? left + Math.floor(count / 2) * (cardWidth + gap) - gap / 2 : width / 2 + 100;
  const tray = { x: middle, y: top + height + TAB / 2 + ROOM / 2 };
  return { width, height: lowest, cards, ports, bars, clients, tray, badgeText, badgeWidths, compact };
}

/** The largest set of virtual addresses this server has at one moment. */
function mostAtOnce(model, server, vips) {
  const moments = new Set();
  for (const v of vips) for (const t of model.line("has", server.name, v.address).times) moments.add(t);
  let most = [];
  for (const t of moments) {
    const held = vips.filter((v) => model.value(t, "has", server.name, v.address)).map((v) => v.address);
    if (held.length > most.length) most = held;
  }
  return most;
}

/** Places of badges inside a card: {x, y} of each, in the scene's coordinates. */
export function badgePlaces(layout, card, addresses) {
  const places = flow(addresses.map((a) => layout.badgeWidths.get(a)), card.inner, 6);
  return places.map((p) => ({ x: card.x + 14 + p.x, y: card.y + card.badgesY + p.line * card.badgeLine }));
}

/** The way of a frame between two ports of one segment, as four corners. */
export function wire(from, to) {
  return [from.x, from.end, from.x, from.bar, to.x, to.bar, to.x, to.end];
}

/** Where a frame is after the share `f` (0 to 1) of its way; written into `out`. */
export function along(way, f, out) {
  const leg = f < 0.3 ? 0 : f < 0.7 ? 1 : 2;
  const g = leg === 0 ? f / 0.3 : leg === 1 ? (f - 0.3) / 0.4 : (f - 0.7) / 0.3;
  const k = leg * 2;
  out.x = way[k] + (way[k + 2] - way[k]) * g;
  out.y = way[k + 1] + (way[k + 3] - way[k + 1]) * g;
}
