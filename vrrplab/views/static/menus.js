// The menu of a thing at a moment: what can be done to it, as actions of a scenario, and what is known of it.
import { firewallText } from "./words.js";

/** @type {(label: string, hint: string, ...actions: Action[]) => Choice} */
const entry = (label, hint, ...actions) => ({ label, hint, actions });

/**
 * What can be done to a clicked thing.
 * @param {Model} model
 * @param {Thing} thing
 * @param {number} t
 * @returns {Choice[]}
 */
export function choices(model, thing, t) {
  const { kind, server = "", name = "", segment = "" } = thing;
  /** @type {<K extends LineKind>(kind: K, who: string, what?: string) => LineValues[K] | null} */
  const at = (line, who, what) => model.value(t, line, who, what);
  /** @type {(action: string, more?: Partial<Action>) => Action} */
  const on = (action, more = {}) => ({ action, server, ...more });
  if (server && kind !== "server" && at("power", server) === false) return [entry("Give it power", "it starts with its configured addresses", on("power_on"))];
  /** @type {Record<ThingKind, () => Choice[]>} */
  const make = {
    instance: () => [],
    nic() {
      const state = at("port", server, name);
      if (state === "down") {
        return [entry(`Set ${name} up`, "ip link set up", on("link_up", { interface: name })), entry(`ifup ${name}`, "brings its addresses back too", on("ifup", { interface: name }))];
      }
      if (state === "unplugged") return [entry("Put the cable back", "", on("carrier_up", { interface: name }))];
      if (state === "gone") return [entry(`Add ${name} again`, "it comes up with its addresses", on("interface_add", { interface: name }))];
      return [
        entry(`Set ${name} down`, "ip link set down", on("link_down", { interface: name })),
        entry("Pull its cable", "the interface stays set up", on("carrier_down", { interface: name })),
        entry(`ifdown ${name}`, "addresses go first, so a goodbye gets out", on("ifdown", { interface: name })),
        entry(`Delete ${name}`, "ip link delete: the card is gone", on("interface_delete", { interface: name })),
      ];
    },
    cable() {
      const state = at("port", server, name);
      if (state === "unplugged") return [entry("Put the cable back", "", on("carrier_up", { interface: name }))];
      if (state === "down" || state === "gone") return make.nic();
      const others = [...model.cast.servers.values()].filter((s) => s.name !== server && s.interfaces.some((i) => i.segment === segment));
      const all = others.map((o) => /** @type {[string, string]} */ ([server, o.name]));
      return [
        entry("Pull the cable", "", on("carrier_down", { interface: name })),
        ...(all.length ? [
          entry("Lose all it sends to other servers", "one way: it still hears them", { action: "segment_fault", segment, between: all, loss: 1 }),
          entry("Lose all others send to it", "one way: they still hear it", { action: "segment_fault", segment, between: all.map(([a, b]) => /** @type {[string, string]} */ ([b, a])), loss: 1 }),
        ] : []),
        ...(at("fault", segment) ? [entry(`Repair network ${segment}`, "", { action: "segment_heal", segment })] : []),
      ];
    },
    service() {
      if (at("service", server, name) !== "up") return [entry(`Start ${name}`, "", on("service_start", { service: name }))];
      return [
        entry(`Stop ${name}`, "as systemctl stop does", on("service_stop", { service: name })),
        entry(`Kill ${name}`, "SIGKILL: gone at once", on("service_kill", { service: name })),
      ];
    },
    script() {
      const failing = at("script", server, name) !== "pass";
      return [
        ...(failing ? [] : [entry("Let the check fail", "exit code 1 from now on", on("check_fail", { script: name }))]),
        ...(failing ? [entry("Let the check pass", "exit code 0 from now on", on("check_pass", { script: name }))] : []),
        entry("Let the check hang", "until its timeout", on("check_hang", { script: name })),
      ];
    },
    daemon() {
      const state = at("daemon", server);
      if (state === "frozen") return [entry("Let it go on", "SIGCONT", on("daemon_thaw"))];
      const { config = "", daemon = "keepalived" } = model.cast.servers.get(server) || {};
      if (state !== "running") return [entry(`Start ${daemon}`, "", on("daemon_start"))];
      if (daemon === "FRR") {
        return [
          entry("Stop FRR", "SIGTERM: it says goodbye with priority 0", on("daemon_stop")),
          entry("Kill it", "SIGKILL: its addresses stay", on("daemon_kill")),
          entry("Freeze it", "SIGSTOP, like a paused virtual machine", on("daemon_freeze")),
        ];
      }
      const { files = {}, processes = {}, bfds = [] } = model.cast.servers.get(server)?.tracked || {};
      return [
        entry("Stop keepalived", "SIGTERM: it says goodbye with priority 0", on("daemon_stop")),
        entry("Kill it", "SIGKILL, both processes: its addresses stay", on("daemon_kill")),
        entry("Kill its VRRP child", "the parent starts a new one", on("daemon_kill", { process: "child" })),
        entry("Freeze it", "SIGSTOP, like a paused virtual machine", on("daemon_freeze")),
        ...(config ? [entry("Reload", `SIGHUP, with the same ${config}`, on("reload", { config }))] : []),
        ...Object.entries(files).flatMap(([file, fault]) => [
          entry(`Write ${fault} into ${file}`, "the tracked file then means FAULT", on("file_write", { file, value: fault })),
          entry(`Write ${fault ? 0 : 1} into ${file}`, "and so it means none", on("file_write", { file, value: fault ? 0 : 1 })),
        ]),
        ...Object.entries(processes).flatMap(([process, quorum]) => [
          entry(`End every ${process}`, "the tracked process", on("process_count", { process, count: 0 })),
          entry(`Run ${quorum} of ${process}`, "as many as its quorum asks for", on("process_count", { process, count: quorum })),
        ]),
        ...bfds.flatMap((bfd) => [
          entry(`BFD ${bfd} down`, "the session", on("bfd_down", { bfd })),
          entry(`BFD ${bfd} up`, "the session", on("bfd_up", { bfd })),
        ]),
      ];
    },
    server() {
      if (at("power", server) === false) return [entry("Give it power", "it starts with its configured addresses", on("power_on"))];
      return [
        entry("Cut its power", "everything on it is silent at once", on("power_off")),
        ...make.firewall().map((e) => ({ ...e, label: `Firewall: ${e.label.charAt(0).toLowerCase()}${e.label.slice(1)}` })),
      ];
    },
    firewall() {
      const walls = at("firewall", server) || "";
      /** @param {"in" | "out"} direction */
      const drop = (direction) => on("firewall_drop", { direction, protocol: "vrrp" });
      return [
        ...(walls.includes("in") ? [] : [entry("Drop VRRP coming in", "it hears nobody", drop("in"))]),
        ...(walls.includes("out") ? [] : [entry("Drop VRRP going out", "nobody hears it", drop("out"))]),
        ...(walls ? [entry("Let VRRP through", "", on("firewall_clear"))] : []),
      ];
    },
    switch() {
      /** @param {Partial<Action>} what */
      const fault = (what) => ({ action: "segment_fault", segment, ...what });
      return [
        entry("Lose every frame", "the switch is dead", fault({ loss: 1 })),
        entry("Lose 30 % of all frames", "drawn from the seed", fault({ loss: 0.3 })),
        entry("Carry no multicast", "as with IGMP snooping gone wrong", fault({ multicast: false })),
        entry("Delay every frame by 0.2 s", "", fault({ latency_s: 0.2 })),
        ...(at("fault", segment) ? [entry("Repair it", "", { action: "segment_heal", segment })] : []),
      ];
    },
    vip() {
      const { address = "" } = thing;
      const holder = server || model.holders(address, t)[0];
      const port = holder && model.value(t, "has", holder, address);
      const found = prefixOf(model, address);
      const others = [...model.cast.servers.keys()].filter((s) => !model.holders(address, t).includes(s) && model.value(t, "power", s) !== false);
      const adding = others.map((s) => entry(`Give it to ${s} by hand`, holder ? "ip address add: then two have it" : "ip address add", { action: "address_add", server: s, interface: portWith(model, s), address: found }));
      if (!holder) return adding;
      return [entry(`Take ${address} away by hand`, "ip address del, behind keepalived's back", { action: "address_remove", server: holder, interface: model.cast.servers.get(holder)?.interfaces.some((i) => i.name === port) ? String(port) : portWith(model, holder), address: found }), ...adding];
    },
    packet() {
      const { flight } = thing;
      if (!flight) return [];
      const just = 0.000002;
      const { segment } = flight;
      return [{ ...entry("Lose this frame", `goes back to ${flight.t.toFixed(3)} s`, { at_s: flight.t - just, action: "segment_fault", segment, loss: 1 }, { at_s: flight.t + just, action: "segment_heal", segment }), seek: flight.t }];
    },
  };
  return make[kind]();
}

/**
 * What there is to know about a thing, in sentences.
 * @param {Model} model
 * @param {Thing} thing
 * @param {number} t
 */
export function known(model, thing, t) {
  const { server: owner = "", address = "" } = thing;
  const server = model.cast.servers.get(owner);
  /** @type {Partial<Record<ThingKind, () => string>>} */
  const facts = {
    nic() {
      const i = server?.interfaces.find((x) => x.name === thing.name);
      return [i?.mac, ...(i?.addresses || [])].filter(Boolean).join(" · ");
    },
    instance() {
      const i = server?.instances.find((x) => x.name === thing.name);
      if (!i) return "";
      return [i.vrid != null && `VRID ${i.vrid}`, i.interface, i.priority != null && `configured priority ${i.priority}`, i.advert_int_s && `an advert every ${i.advert_int_s} s`].filter(Boolean).join(" · ");
    },
    vip() {
      const who = model.holders(address, t);
      return who.length ? `Held by ${who.join(" and ")}.` : "Held by nobody.";
    },
    firewall() {
      const walls = model.value(t, "firewall", owner);
      return walls ? `It ${firewallText(walls)}.` : "It lets VRRP through.";
    },
  };
  const sentence = facts[thing.kind]?.();
  return sentence ? [sentence] : [];
}

/**
 * What an action is done to: the things' names in the picture ("nic r1 eth0"); its server where it has no thing of its own.
 * @param {Model} model
 * @param {Action} action
 * @returns {string[]}
 */
export function thingsOf(model, { action, server = "", segment = "", interface: card, service, script }) {
  if (segment) return [`switch ${segment}`];
  const found = model.cast.servers.get(server);
  if (!found) return [];
  if (action.startsWith("carrier")) return [`cable ${server} ${card}`, `nic ${server} ${card}`];
  if (service) return [`service ${server} ${service}`];
  if (action.startsWith("check")) return found.scripts.filter((x) => !script || x.name === script).map((x) => `script ${server} ${x.name}`);
  if (action.startsWith("firewall")) return [`firewall ${server} firewall`];
  if (action.startsWith("power")) return [`server ${server}`];
  if (card) return found.interfaces.some((x) => x.name === card) ? [`nic ${server} ${card}`] : [`server ${server}`];
  return model.cast.daemons ? [`daemon ${server} ${found.daemon}`] : [`server ${server}`];
}

/**
 * Why nothing can be done here.
 * @param {Model} model
 * @param {Info} info
 */
export function whyNot(model, info) {
  if (info.why_not) return info.why_not;
  if (model.cast.origin === "simulation") return "This is a saved run. Open it in a notebook to break things.";
  return "These are real daemons, recorded: they can be looked at, not changed.";
}

/**
 * @param {Model} model
 * @param {string} server
 */
function portWith(model, server) {
  return model.cast.servers.get(server)?.interfaces.find((i) => i.segment === model.cast.main)?.name;
}

/**
 * The address with the prefix the trace knows it by.
 * @param {Model} model
 * @param {string} address
 */
function prefixOf(model, address) {
  const e = model.events.find((x) => x.event === "address_added" && String(x.address).startsWith(address + "/"));
  return e ? e.address : address;
}
