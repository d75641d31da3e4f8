// What the player's scripts hand to one another, for tsc only: no browser ever reads this file.

type Model = import("./model.js").Model;
type Player = import("./player.js").Player;
type Namer = ReturnType<typeof import("./words.js").namer>;
/** A change of state, an action: the event, when, and its place in the trace. */
type Moment<E> = { t: number; i: number; e: E };
type Change = Moment<StateEvent>;

// The trace: one event a line. `t` is in seconds; docs and contract say what each field means.

interface EventBase {
  t: number;
  server?: string;
  instance?: string;
  interface?: string;
  service?: string;
  script?: string;
  source?: string;
  vrid?: number;
  address?: string;
  addresses?: string[];
  reason?: string;
}
interface ScenarioEvent extends EventBase {
  event: "scenario";
  name?: string;
  description?: string;
  profile?: string;
  profiles?: string;
  seed?: number | null;
  origin?: "simulation" | "recording" | "capture" | "live";
  duration_s?: number;
  segments?: Record<string, { subnet?: string } | null>;
  servers?: Record<string, ToldServer>;
  clients?: Record<string, Partial<Omit<Client, "name">>>;
  routers?: Record<string, { interfaces?: Record<string, Partial<RouterPort>> }>;
  dns?: Record<string, string[]>;
  virtual_addresses?: string[];
}
interface ToldServer {
  config?: string;
  daemon?: string;
  interfaces?: Record<string, Partial<Omit<Interface, "name">>>;
  services?: Record<string, { port?: number } | null>;
  instances?: Record<string, Partial<Omit<Instance, "name">>>;
  tracked?: Tracked;
}
/** What is done to a cluster, as in a scenario. */
interface Action {
  action: string;
  server?: string;
  interface?: string;
  address?: string;
  service?: string;
  script?: string;
  config?: string;
  process?: string;
  count?: number;
  file?: string;
  value?: number | string;
  bfd?: string;
  direction?: "in" | "out";
  protocol?: "vrrp";
  segment?: string;
  loss?: number;
  latency_s?: number;
  jitter_s?: number;
  multicast?: boolean;
  between?: [from: string, to: string][];
  at_s?: number;
}
/** What is wrong with a segment; one way only: by "a → b". */
interface Fault {
  loss?: number;
  latency_s?: number;
  jitter_s?: number;
  multicast?: boolean;
  between?: Record<string, Fault>;
}
interface ActionEvent extends EventBase, Action {
  event: "action";
  left?: Fault; // by a healing in part
}
interface StateEvent extends EventBase {
  event: "state";
  server: string;
  instance: string;
  from?: string;
  to: string;
}
interface PriorityEvent extends EventBase {
  event: "priority";
  server: string;
  instance: string;
  from: number;
  to: number;
}
/** An advert that left its host, reached another, or was thrown away there; the last tells little of it. */
interface AdvertEvent extends EventBase {
  event: "advert_sent" | "advert_received" | "advert_dropped" | "advert_failed";
  server: string;
  destination?: string;
  version?: number;
  priority?: number;
  frame?: string;
}
interface AnnounceEvent extends EventBase {
  event: "garp_sent" | "na_sent";
  server: string;
  address: string;
  mac?: string;
  frame?: string;
}
interface AddressEvent extends EventBase {
  event: "address_added" | "address_removed";
  server: string;
  address: string;
}
interface InterfaceEvent extends EventBase {
  event: "interface";
  server: string;
  interface: string;
  up: boolean;
}
interface ServiceEvent extends EventBase {
  event: "service";
  server: string;
  service: string;
  up: boolean;
  accepting?: boolean;
}
interface ScriptEvent extends EventBase {
  event: "script";
  server: string;
  script: string;
  result: "pass" | "fail";
  exit: number | "timeout";
  changed?: boolean;
}
interface NotifyEvent extends EventBase {
  event: "notify";
  server: string;
  script: string;
  arguments?: string | string[];
}
interface LogEvent extends EventBase {
  event: "log";
  server: string;
  line: string;
}
/** "serv01 eth0", or its parts; null: the switch has forgotten it. */
type PortInTrace = string | { server?: string; client?: string; interface?: string } | null;
interface MacEvent extends EventBase {
  event: "mac_learned";
  segment: string;
  mac: string;
  port: PortInTrace;
}
interface NeighbourEvent extends EventBase {
  event: "neighbour";
  client?: string;
  ip: string;
  mac: string | null;
}
interface OutageEvent extends EventBase {
  event: "outage";
  client: string;
  kind: string;
  target: string;
  from_s: number;
  to_s: number | null;
  lost: number;
  // What Python adds for the player (views/player.py): trace.disturbances() counts, nobody else.
  sent?: number | null;
  gaps?: number;
  percent?: number | null; // of the questions that were lost, where answers came in between
  length_s?: number;
  told?: string; // "14 of 28 (50 %)"
}
interface WarningEvent extends EventBase {
  event: "warning";
  text?: string;
  message?: string;
  line?: string | number;
}
interface UndecidedEvent extends EventBase {
  event: "undecided";
  candidates: string[];
  drawn: string;
  reason: string;
}
interface RouteEvent extends EventBase {
  event: "route_added" | "route_removed" | "rule_added" | "rule_removed";
  interface?: string;
  table?: string;
  text: string;
}
type TraceEvent =
  | ScenarioEvent | ActionEvent | StateEvent | PriorityEvent | AdvertEvent | AnnounceEvent | AddressEvent | InterfaceEvent
  | ServiceEvent | ScriptEvent | NotifyEvent | LogEvent | MacEvent | NeighbourEvent | OutageEvent | WarningEvent | UndecidedEvent | RouteEvent;

// Who takes part (naming.js).

interface Interface {
  name: string;
  segment: string;
  mac: string;
  addresses: string[];
}
interface Instance {
  name: string;
  interface: string;
  virtual_addresses: string[];
  vrid?: number;
  priority?: number;
  advert_int_s?: number;
}
interface Server {
  daemon: string;
  name: string;
  short: string;
  config: string;
  interfaces: Interface[];
  services: { name: string; port?: number }[];
  scripts: { name: string }[];
  instances: Instance[];
  tracked: Tracked;
}
/** What is tracked besides interfaces and scripts: a file with a value that means FAULT, a process with its quorum. */
interface Tracked {
  files?: Record<string, number>;
  processes?: Record<string, number>;
  bfds?: string[];
}
interface Probe {
  kind: string;
  target: string;
  port?: number;
  every_s?: number;
}
interface Client {
  name: string;
  segment: string;
  mac: string;
  addresses: string[];
  probes: Probe[];
}
/** What joins segments: a port on each of them. */
interface Router {
  name: string;
  ports: RouterPort[];
}
interface RouterPort {
  segment: string;
  mac: string;
  addresses: string[];
}
interface Segment {
  name: string;
  subnet: string;
}
interface Vip {
  address: string;
  index: number;
  short: string;
}
/** To whom a MAC or an address belongs: a server's interface, or a client. */
type Place = { server: string; interface: string; segment: string; client?: undefined } | { client: string; segment: string; server?: undefined; interface?: undefined };
interface Cast {
  name: string;
  description: string;
  profile: string;
  seed: number | null;
  origin: "simulation" | "recording" | "capture" | "live" | "trace";
  duration: number;
  daemons: boolean;
  segments: Segment[];
  main: string;
  servers: Map<string, Server>;
  clients: Map<string, Client>;
  routers: Map<string, Router>;
  dns: Record<string, string[]>;
  vips: Vip[];
  byMac: Map<string, Place>;
  byIp: Map<string, Place>;
}

// Values over time (model.js).

interface LineValues {
  power: boolean;
  daemon: "running" | "stopped" | "frozen" | "killed";
  port: "up" | "down" | "unplugged" | "gone";
  service: "up" | "down" | "refusing";
  script: "pass" | "fail";
  /** Directions a firewall drops: "", "in", "out", "in+out". */
  firewall: string;
  state: string;
  priority: number;
  /** The interface an address is on, true where nobody says. */
  has: string | true;
  /** The switch's port, "serv01 eth0". */
  mac: string;
  arp: string;
  /** What is wrong with a segment, as JSON. */
  fault: string;
}
type LineKind = keyof LineValues;
/** A value, since when it has been so (null: from the start) and what it was before. */
type About<V> = { value: V | null; since: number | null; before: V | null };
/** `share`: of the requests, how many got no answer, 0 to 1. */
type Outage = OutageEvent & Required<Pick<OutageEvent, "sent" | "gaps" | "percent" | "length_s" | "told">> & { i: number };
interface Fate {
  at: number;
  what: "heard" | "dropped" | "lost";
  reason?: string;
  i?: number;
}
interface FlightBase {
  t: number;
  i: number;
  server: string;
  port: string;
  segment: string;
  /** Place in a burst. */
  order: number;
  fate: Record<string, Fate> | null;
  /** Everywhere it goes, in the layout it was worked out for. */
  targets?: { way: number[]; what: string }[];
  layout?: Layout;
}
/** A frame on the wire. */
type Flight = FlightBase & ({ kind: "advert"; e: AdvertEvent } | { kind: "garp" | "na"; e: AnnounceEvent });
/** `via`: the router on the way, if there is one. */
interface Goal {
  server: string;
  interface: string;
  via?: string;
}

// Words.

type LogKind = "story" | "packets" | "daemon";
type Row =
  | { t: number; i: number; kind: TraceEvent["event"]; n?: number; addresses?: Set<string>; outage?: undefined }
  | { t: number; i: -1; kind: "lost" | "back"; outage: Outage };
/** The line of a configuration that an option comes from: where it is, and its text. */
type ConfigLine = [place: string, text: string];
/** What Python knows of reasons: "MASTER>BACKUP" -> its paragraph; server, instance, option -> its line. */
interface Explain {
  rules?: Record<string, string>;
  options?: Record<string, Record<string, Record<string, ConfigLine>>>;
}
interface Answer {
  title: string;
  head: string;
  text: string;
  facts: { t: number; text: string }[];
  rule: string;
  lines: ConfigLine[];
}

// What can be clicked.

type ThingKind = "nic" | "cable" | "service" | "script" | "daemon" | "server" | "firewall" | "switch" | "vip" | "instance" | "packet";
interface Thing {
  kind: ThingKind;
  title: string;
  server?: string;
  name?: string;
  segment?: string;
  address?: string;
  flight?: Flight;
}
/** A line of a menu that does these actions, at `seek` seconds where that is not the moment shown. */
interface Choice {
  label: string;
  hint: string;
  actions: Action[];
  seek?: number;
}
interface MenuEntry {
  label: string;
  hint: string;
  run: () => void;
}
type OpenMenu<T> = (what: T, element: Focusable, x: number, y: number) => void;
type Focusable = HTMLElement | SVGElement;

/** The model of the time line before a change, which is shown until `until`. */
type Before = Model & { until: number };
type LaneOf =
  | { kind: "state"; server: Server; i: Instance }
  | { kind: "vip"; v: Vip }
  | { kind: "client"; c: Client; target: string }
  | { kind: "more" };
type Lane = LaneOf & { text: string; high: number };

// Geometry (layout.js), in CSS pixels.

type Font = "small" | "text" | "bold" | "title";
/** A text's width. */
type Measure = (text: string, font: Font) => number;
interface ChipPlace {
  x: number;
  line: number;
  w: number;
}
type ChipKind = "service" | "daemon" | "script" | "firewall";
type Chip = { kind: ChipKind; name: string; text: string };
interface Card {
  server: Server;
  x: number;
  y: number;
  w: number;
  h: number;
  row: number;
  chips: (Chip & ChipPlace)[];
  inner: number;
  rowsY: number;
  chipsY: number;
  chipLine: number;
  badgesY: number;
  badgeLine: number;
  troubleY: number;
}
type Side = "top" | "bottom";
interface Bar {
  segment: Segment;
  side: Side;
  x: number;
  y: number;
  w: number;
  h: number;
  mid: number;
}
/** `y`: where the thing ends; `end`, `bar`: where its cable begins, and where the cable meets the switch. */
interface PortBase {
  segment: string;
  side: Side;
  x: number;
  y: number;
  end: number;
  bar: number;
}
interface ServerPort extends PortBase {
  server: string;
  interface: string;
  w: number;
  client?: undefined;
}
interface ClientPort extends PortBase {
  client: string;
  server?: undefined;
  interface?: undefined;
}
interface ClientBox {
  client: Client & { dns?: Record<string, string[]> };
  x: number;
  y: number;
  w: number;
  h: number;
}
interface Layout {
  width: number;
  height: number;
  cards: Map<string, Card>;
  ports: Map<string, ServerPort | ClientPort>;
  bars: Map<string, Bar>;
  clients: Map<string, ClientBox>;
  routers: Map<string, { name: string; x: number; y: number; w: number; h: number }>;
  tray: { x: number; y: number };
  badgeText: (vip: Vip) => string;
  badgeWidths: Map<string, number>;
  compact: boolean;
  /** Things are large enough for a finger. */
  finger: boolean;
}

// Frames (frames.js).

interface Field {
  from: number;
  to: number;
  layer: string;
  name: string;
  value: string;
  note: string;
}

// The notebook's side.

interface Info {
  can_fork?: boolean;
  can_share?: boolean;
  can_undo?: boolean;
  can_redo?: boolean;
  fork?: string;
  fork_at_s?: number | null;
  explain?: Explain;
  scenario?: string;
  why_not?: string;
  goal?: GoalInfo;
  repair?: RepairInfo;
  /** false: the tour never begins by itself */
  tour?: boolean;
  /** How many seconds the last run took. */
  took_s?: number;
  bets?: Bet[];
  bet?: { name: string; answers: Record<string, BetAnswer>; right?: string; otherwise?: string };
}
/** A puzzle's goal, and what Python saw in the run that is shown; `passed` and `tries` are the learner's so far. */
interface GoalInfo {
  name: string;
  text: string;
  state: "open" | "missed" | "reached" | "unclear";
  said: string;
  passed: boolean;
  tries: number;
}
/** What is to be said of a line (0: of the file). "aside": nothing that this puzzle is about. */
interface Finding {
  line: number;
  text: string;
  cure: string;
  kind: "stops" | "ignored" | "rule" | "aside";
}
/** By server: the files of the run that is shown, as they were at first, as they were last typed, and what is said of them. */
interface RepairInfo {
  files: Record<string, string>;
  first: Record<string, string>;
  typed: Record<string, string>;
  findings: Record<string, Finding[]>;
}
/** What can be guessed at a fault, and its truth (views/bets.py). */
interface Bet {
  key: string;
  at_s: number;
  target: string;
  asks: ("until" | "who")[];
  silent_s: number;
  /** The silence: null where nobody noticed; `until_s` null: it never ended. */
  from_s: number | null;
  until_s: number | null;
  never: boolean;
  silence_told: string;
  owner: string;
  owners: string[];
  owner_told: string;
  settled_s: number;
}
interface BetAnswer {
  silent_s?: number;
  who?: string;
  skipped?: boolean;
}
interface WidgetValues {
  typed?: Record<string, string>;
  info: Info | null;
  trace_lines: string | DataView;
  at_s: number;
}
/** A question to Python, and what comes back; `answers` is the question's number. */
interface Question {
  do: string;
  at_s: number;
  actions?: Action[];
  server?: string;
  text?: string;
  meant?: boolean;
  key?: string;
  silent_s?: number;
  who?: string;
  skipped?: boolean;
  /** of a table, counted from 1 */
  row?: number;
}
interface Reply {
  answers: number;
  error?: string;
  note?: string;
  scenario?: string;
  html?: string;
  name?: string;
}
interface WidgetEvents {
  "change:info": () => void;
  "change:trace_lines": () => void;
  "change:at_s": () => void;
  "msg:custom": (message: Reply, buffers?: DataView[]) => void;
}
/** The widget model of a notebook, as far as the player uses it; a file has a stand-in. */
interface WidgetModel {
  get<K extends keyof WidgetValues>(name: K): WidgetValues[K];
  set<K extends keyof WidgetValues>(name: K, value: WidgetValues[K]): void;
  on<K extends keyof WidgetEvents>(name: K, run: WidgetEvents[K]): void;
  off<K extends keyof WidgetEvents>(name: K, run: WidgetEvents[K]): void;
  send(message: Question & { number: number }): void;
  save_changes(): void;
  /** In JupyterLab: who keeps the widgets of this notebook, and the kernel that they talk with. */
  widget_manager?: { kernel?: { status: string } | null };
  python?: PythonOutside;
}
/** The widget model of a table whose rows can be shown. */
interface TableModel extends Pick<WidgetModel, "send" | "widget_manager"> {
  get(name: "told"): { title: string; head: string[]; rows: string[][]; notes: string[] };
  get(name: "row"): number;
  on(name: "change:row", run: () => void): void;
  on(name: "msg:custom", run: WidgetEvents["msg:custom"]): void;
  off(name: "change:row", run: () => void): void;
  off(name: "msg:custom", run: WidgetEvents["msg:custom"]): void;
}
/** What a page says of the Python behind it, where that is no notebook's kernel. */
interface PythonOutside {
  /** null: nobody can tell. */
  alive?(): boolean | null;
  /** While it is on its way to the page: what to say, and which share of it is there (null: nobody knows). */
  loading?(): { words: string; share?: number | null } | null;
  /** An answer within this time needs no count of seconds. */
  patience_ms?: number;
  /** What is said when no answer will come. */
  gone?: string;
}

/** Somebody beside the picture (companions.js). The player calls what is there; what it does not know it does not ask. */
interface Companion {
  /** A new trace: what is to stand above the picture, if anything. */
  compose(model: Model): HTMLElement | null;
  /** The moment that is drawn. */
  at?(t: number): void;
  /** Of a new trace what may be known yet. */
  known?(events: TraceEvent[]): TraceEvent[];
  /** How far the film may go now, in seconds. */
  reach?(): number;
  /** Somebody points at a moment of a time axis; true: that was for this one, the film does not go there. */
  points?(t: number): boolean;
  /** A thing was clicked; true: that was for this one, no menu opens. */
  takes?(thing: Thing): boolean;
  /** Python told something new, or the film began or ended. */
  told?(): void;
  /** The first moment after `from`, up to `to`, at which the film has to wait; null: none. */
  stopsAt?(from: number, to: number): number | null;
  /** An answer of Python. */
  answer?(message: Reply): void;
  /** A key that nothing else took ("g", "Escape"): true if it was for this one. */
  pressed?(key: string): boolean;
  /** What it offers who asks for help. */
  help?(): MenuEntry[];
  close?(): void;
}
type CompanionMaker = new (player: Player) => Companion;
