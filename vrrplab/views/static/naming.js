// Who takes part: servers, interfaces, instances, segments, routers, clients, virtual addresses. The `scenario`
// event tells most of it; what it leaves out (a capture knows no names) is taken from the events.

/** @param {string} address */
const plain = (address) => String(address).split("/")[0];

/**
 * The cast of a trace, every field filled, lists in the scenario's order.
 * @param {TraceEvent[]} events
 */
export function makeCast(events) {
  /** @type {Partial<ScenarioEvent>} */
  const told = events.slice(0, 4).find((e) => e.event === "scenario") || {};
  /** @type {Cast} */
  const cast = {
    name: told.name || "",
    description: told.description || "",
    profile: told.profiles || told.profile || "",
    seed: told.seed ?? null,
    origin: told.origin || (told.name ? "simulation" : "trace"),
    duration: told.duration_s || 0,
    daemons: told.origin !== "capture" && told.origin !== "live", // a wire does not tell what program speaks
    segments: Object.entries(told.segments || {}).map(([name, s]) => ({ name, subnet: s?.subnet || "" })),
    main: "",
    servers: new Map(),
    clients: new Map(),
    routers: new Map(),
    dns: told.dns || {},
    vips: [],
    byMac: new Map(),
    byIp: new Map(),
  };
  for (const [name, server] of Object.entries(told.servers || {})) addServer(cast, name, server);
  for (const [name, client] of Object.entries(told.clients || {})) {
    cast.clients.set(name, {
      name,
      segment: client.segment || cast.segments[0]?.name || "",
      mac: client.mac || "",
      addresses: (client.addresses || []).map(plain),
      probes: client.probes || [],
    });
  }
  for (const [name, router] of Object.entries(told.routers || {})) {
    const ports = Object.values(router.interfaces || {}).map((i) => ({ segment: i.segment || "", mac: i.mac || "", addresses: (i.addresses || []).map(plain) }));
    cast.routers.set(name, { name, ports });
  }
  const vips = new Set((told.virtual_addresses || []).map(plain));
  completeFrom(events, cast, vips);
  placeSegments(cast);
  cast.vips = [...vips].map((address, index) => ({ address, index, short: "" }));
  shortenAddresses(cast.vips);
  shortenNames(cast);
  indexPorts(cast);
  return cast;
}

/**
 * @param {Cast} cast
 * @param {string} name
 * @param {ToldServer} told
 */
function addServer(cast, name, told = {}) {
  const daemon = told.daemon || "keepalived";
  /** @type {Server} */
  const server = { name, short: name, daemon, config: told.config || "", interfaces: [], services: [], scripts: [], instances: [], tracked: told.tracked || {} };
  for (const [port, i] of Object.entries(told.interfaces || {})) {
    server.interfaces.push({ name: port, segment: i.segment || "", mac: i.mac || "", addresses: (i.addresses || []).map(plain) });
  }
  for (const [service, s] of Object.entries(told.services || {})) server.services.push({ name: service, port: s?.port });
  for (const [instance, i] of Object.entries(told.instances || {})) {
    server.instances.push({ name: instance, ...i, interface: i.interface || "", virtual_addresses: (i.virtual_addresses || []).map(plain) });
  }
  cast.servers.set(name, server);
  return server;
}

/**
 * Adds servers, interfaces, instances, services, scripts and addresses that only the events mention.
 * @param {TraceEvent[]} events
 * @param {Cast} cast
 * @param {Set<string>} vips
 */
function completeFrom(events, cast, vips) {
  const known = new Set();
  for (const e of events) {
    if (!e.server || e.event === "log") continue;
    const key = `${e.server}|${e.instance || ""}|${e.interface || ""}|${e.service || ""}|${e.script || ""}|${e.addresses ? e.vrid : ""}`;
    if (known.has(key) && e.event !== "address_added") continue;
    known.add(key);
    const server = cast.servers.get(e.server) || addServer(cast, e.server);
    /** @type {(list: {name: string}[], name: string) => void} */
    const want = (list, name) => {
      if (!list.some((x) => x.name === name)) list.push({ name });
    };
    if (e.event === "service") want(server.services, e.service);
    if (e.event === "script") want(server.scripts, e.script);
    if (e.event === "notify") continue;
    if (e.interface && !server.interfaces.length) {
      server.interfaces.push({ name: e.interface, segment: "", mac: "", addresses: [] });
    }
    if (e.instance) {
      let instance = server.instances.find((x) => x.name === e.instance);
      if (!instance) {
        instance = { name: e.instance, interface: e.interface || "", virtual_addresses: [] };
        server.instances.push(instance);
      }
      if (e.event === "advert_sent") {
        instance.vrid ??= e.vrid;
        instance.interface ||= e.interface || "";
        if (!instance.virtual_addresses.length) instance.virtual_addresses = (e.addresses || []).map(plain);
        for (const a of instance.virtual_addresses) vips.add(a);
      }
      if (e.event === "address_added") vips.add(plain(e.address));
    }
  }
}

/**
 * Every interface ends on a segment; without any segment there is one network for all.
 * @param {Cast} cast
 */
function placeSegments(cast) {
  const servers = [...cast.servers.values()];
  for (const server of servers) {
    if (!server.interfaces.length) server.interfaces.push({ name: "net", segment: "", mac: "", addresses: [] });
  }
  if (!cast.segments.length && servers.length) cast.segments.push({ name: "network", subnet: "" });
  const names = new Set(cast.segments.map((s) => s.name));
  const first = cast.segments[0]?.name;
  for (const server of servers) for (const i of server.interfaces) if (!names.has(i.segment)) i.segment = first;
  for (const client of cast.clients.values()) if (!names.has(client.segment)) client.segment = first;
  // The main segment, drawn at the bottom, is the one where VRRP is spoken.
  const votes = new Map();
  for (const server of servers) {
    for (const instance of server.instances) {
      const port = server.interfaces.find((i) => i.name === instance.interface) || server.interfaces[0];
      votes.set(port.segment, (votes.get(port.segment) || 0) + 1);
    }
  }
  for (const client of cast.clients.values()) votes.set(client.segment, (votes.get(client.segment) || 0) + 0.5);
  cast.main = [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? first ?? "";
}

/**
 * ".101" for 192.168.2.101, "::101" for IPv6; longer while two would look alike.
 * @param {Vip[]} vips
 */
function shortenAddresses(vips) {
  /** @type {(address: string, n: number) => string} */
  const tail = (address, n) => {
    const mark = address.includes(":") ? ":" : ".";
    const parts = address.split(mark).filter((p) => p !== "");
    if (n >= parts.length) return address;
    return (mark === ":" ? "::" : ".") + parts.slice(-n).join(mark);
  };
  for (const vip of vips) {
    let n = 1;
    while (n < 8 && vips.some((o) => o !== vip && tail(o.address, n) === tail(vip.address, n))) n++;
    vip.short = tail(vip.address, n);
  }
}

/**
 * "serv01" for proxy-serv01 when all names begin with "proxy-"; but "web-1" for web-1, because a 1 is no name.
 * @param {Cast} cast
 */
function shortenNames(cast) {
  const names = [...cast.servers.keys()];
  if (names.length < 2) return;
  let n = 0;
  while (n < names[0].length && names.every((name) => name[n] === names[0][n])) n++;
  /** @param {number} end */
  const before = (end) => Math.max(names[0].lastIndexOf("-", end), names[0].lastIndexOf("_", end)) + 1;
  /** @param {number} from */
  const noLetter = (from) => names.some((name) => !/\p{L}/u.test(name.slice(from)));
  let cut = n && before(n - 1);
  while (cut && noLetter(cut)) cut = cut > 1 ? before(cut - 2) : 0;
  for (const server of cast.servers.values()) server.short = server.name.slice(cut) || server.name;
}

/** @param {Cast} cast */
function indexPorts(cast) {
  for (const server of cast.servers.values()) {
    for (const i of server.interfaces) {
      const port = { server: server.name, interface: i.name, segment: i.segment };
      if (i.mac) cast.byMac.set(i.mac.toLowerCase(), port);
      for (const a of i.addresses) cast.byIp.set(a, port);
    }
  }
  for (const client of cast.clients.values()) {
    const port = { client: client.name, segment: client.segment };
    if (client.mac) cast.byMac.set(client.mac.toLowerCase(), port);
    for (const a of client.addresses) cast.byIp.set(a, port);
  }
  for (const router of cast.routers.values()) {
    for (const i of router.ports) {
      const port = { client: router.name, segment: i.segment };
      if (i.mac) cast.byMac.set(i.mac.toLowerCase(), port);
      for (const a of i.addresses) cast.byIp.set(a, port);
    }
  }
}

/**
 * The interface a packet event belongs to: its own name, else the instance's, else the first one.
 * @param {Cast} cast
 * @param {AdvertEvent | AnnounceEvent} event
 */
export function portOf(cast, event) {
  const server = cast.servers.get(event.server);
  if (!server) return null;
  const instance = server.instances.find((i) => i.name === event.instance);
  return (
    server.interfaces.find((i) => i.name === event.interface) ||
    server.interfaces.find((i) => i.name === instance?.interface) ||
    server.interfaces.find((i) => i.segment === cast.main) ||
    server.interfaces[0]
  );
}

/**
 * A router that joins two segments.
 * @param {Cast} cast
 * @param {string} from
 * @param {string} to
 */
export function routerBetween(cast, from, to) {
  const joins = [...cast.routers.values()].find((r) => [from, to].every((segment) => r.ports.some((p) => p.segment === segment)));
  return joins?.name;
}
