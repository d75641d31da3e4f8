// The words of events and actions. Made by tools/trace_page.py from vrrplab/trace and vrrplab/errors.py. Do not edit.

/** @type {Record<string, string>} kind of event: what it says */
export const EVENTS = {
  scenario: "The first event: the cast as plain values; nobody needs the files it was made from.",
  configuration: "A reload brought a new configuration: from now on this holds in place of what the cast says.",
  action: "What a scenario does to the network, as it was injected: the action's word and its keys.",
  state: "A state really entered, FAULT at the start included; an owner goes from INIT to MASTER directly.",
  faults: "An instance stays in FAULT, but for other reasons than before.",
  priority: "An instance's effective priority changed.",
  advert_sent: "An advert left the host.",
  advert_received: "An advert was handed to the daemon; no instance: it has none for that VRID.",
  advert_dropped: "An advert was not used.",
  advert_failed: "An advert, gratuitous ARP or neighbour advertisement could not leave the host.",
  address_added: "An address is on an interface now; no instance: by hand.",
  address_removed: "An address was taken off. Not written for loss of power or a killed daemon: nothing removed it.",
  garp_sent: "A gratuitous ARP left the host.",
  na_sent: "An unsolicited neighbour advertisement left the host.",
  script: "A vrrp_script ended.",
  interface: "An interface came up or went down.",
  service: "An application was started, stopped or ended, by an action, a notify script or the power.",
  notify: "A notify script was run, of an instance or of a sync group.",
  log: "A line of the daemon's log.",
  mac_learned: "A switch changed its table.",
  neighbour: "A client's ARP or neighbour cache changed.",
  outage: "A client got no answer for a while; written when it ends, or at the end of the run. `Trace.disturbances` tells those that belong together (round robin) as one, and what share was lost.",
  warning: "Anything a user should know: a corrected configuration, two masters at once, …",
  statistics: "The last event of a live router: how punctual it was and what it cost.",
  route_added: "A virtual route is there now.",
  route_removed: "A virtual route is gone; no instance: the kernel dropped it, with its interface or an address.",
  rule_added: "A virtual rule is there now.",
  rule_removed: "A virtual rule was taken out.",
  undecided: "What nothing decides, most often who of several is first at one moment: this run drew lots.",
};

/** @type {Record<string, {part: string, state: string, mends: string[], sentence: string}>} action: what it changes, whose harm it mends, and a sentence over its keys */
export const ACTIONS = {
  link_down: {"part": "port", "state": "down", "mends": [], "sentence": "{interface} of {server} is set down"},
  link_up: {"part": "port", "state": "up", "mends": ["link_down", "ifdown"], "sentence": "{interface} of {server} is set up"},
  carrier_down: {"part": "port", "state": "unplugged", "mends": [], "sentence": "the cable of {server} {interface} is pulled"},
  carrier_up: {"part": "port", "state": "up", "mends": ["carrier_down"], "sentence": "the cable of {server} {interface} is back"},
  ifdown: {"part": "port", "state": "down", "mends": [], "sentence": "ifdown {interface} on {server}"},
  ifup: {"part": "port", "state": "up", "mends": ["ifdown", "link_down"], "sentence": "ifup {interface} on {server}"},
  address_remove: {"part": "", "state": "", "mends": [], "sentence": "{address} is removed from {server} by hand"},
  address_add: {"part": "", "state": "", "mends": ["address_remove"], "sentence": "{address} is added to {server} by hand"},
  service_stop: {"part": "", "state": "", "mends": [], "sentence": "{service} on {server} is stopped"},
  service_start: {"part": "", "state": "", "mends": ["service_stop", "service_kill"], "sentence": "{service} on {server} is started"},
  service_kill: {"part": "", "state": "", "mends": [], "sentence": "{service} on {server} is killed"},
  check_fail: {"part": "", "state": "", "mends": [], "sentence": "{script|every check} on {server} fails from now on"},
  check_pass: {"part": "", "state": "", "mends": ["check_fail", "check_hang"], "sentence": "{script|every check} on {server} passes from now on"},
  check_hang: {"part": "", "state": "", "mends": [], "sentence": "{script|every check} on {server} hangs from now on"},
  file_write: {"part": "", "state": "", "mends": ["file_write"], "sentence": "{value} is written into {file} on {server}"},
  process_count: {"part": "", "state": "", "mends": ["process_count"], "sentence": "the number of {process} processes on {server} is now {count}"},
  bfd_down: {"part": "", "state": "", "mends": [], "sentence": "the BFD session {bfd} of {server} goes down"},
  bfd_up: {"part": "", "state": "", "mends": ["bfd_down"], "sentence": "the BFD session {bfd} of {server} comes up"},
  daemon_stop: {"part": "daemon", "state": "stopped", "mends": [], "sentence": "{daemon|keepalived} on {server} is stopped"},
  daemon_start: {"part": "daemon", "state": "running", "mends": ["daemon_stop", "daemon_kill"], "sentence": "{daemon|keepalived} on {server} is started"},
  daemon_kill: {"part": "daemon", "state": "killed", "mends": [], "sentence": "{daemon|keepalived} on {server} is killed{process:parent= (parent process),child= (child process)}"},
  daemon_freeze: {"part": "daemon", "state": "frozen", "mends": [], "sentence": "{daemon|keepalived} on {server} is frozen"},
  daemon_thaw: {"part": "daemon", "state": "running", "mends": ["daemon_freeze"], "sentence": "{daemon|keepalived} on {server} goes on"},
  power_off: {"part": "power", "state": "off", "mends": [], "sentence": "{server} loses power"},
  power_on: {"part": "power", "state": "on", "mends": ["power_off", "daemon_stop", "daemon_kill", "daemon_freeze", "service_stop", "service_kill", "firewall_drop"], "sentence": "{server} gets power"},
  reload: {"part": "", "state": "", "mends": [], "sentence": "keepalived on {server} reloads {config}"},
  interface_delete: {"part": "port", "state": "gone", "mends": [], "sentence": "{interface} of {server} is deleted"},
  interface_add: {"part": "port", "state": "up", "mends": ["interface_delete", "link_down", "ifdown"], "sentence": "{interface} appears on {server}"},
  firewall_drop: {"part": "firewall", "state": "closed", "mends": [], "sentence": "the firewall of {server} drops VRRP {direction:out=going out|coming in}"},
  firewall_clear: {"part": "firewall", "state": "open", "mends": ["firewall_drop"], "sentence": "the firewall of {server} lets VRRP {direction:out=out,in=in|through} again"},
  segment_fault: {"part": "segment", "state": "faulty", "mends": [], "sentence": "network {segment} {fault|has a fault}"},
  segment_heal: {"part": "segment", "state": "whole", "mends": ["segment_fault"], "sentence": "network {segment} works again{left}"},
};

/** @type {Record<string, string>} what can be wrong with a segment, in a sentence */
export const FAULTS = {
  loss: "loses {} % of all frames",
  latency_s: "takes {} s for a frame",
  jitter_s: "jitters by {} s",
  multicast: "carries no multicast",
};

/** @type {Record<string, string>} drop reason: in words */
export const DROPPED = {
  TOO_SHORT: "too short",
  BAD_ETHERTYPE: "not an IP or ARP frame",
  BAD_IP_HEADER: "bad IP header",
  BAD_IP_CHECKSUM: "bad IP header checksum",
  NOT_VRRP: "not VRRP",
  CARP: "CARP, not VRRP",
  FRAGMENT: "a fragment",
  BAD_TTL: "TTL or hop limit is not 255",
  BAD_VERSION: "another VRRP version",
  BAD_TYPE: "not an advertisement",
  BAD_LENGTH: "length does not fit the address count",
  BAD_CHECKSUM: "wrong checksum",
  BAD_VRID: "VRID 0 or not configured here",
  BAD_COUNT: "no address, or another number of addresses",
  BAD_INTERVAL: "another advertisement interval",
  BAD_AUTH_TYPE: "another authentication type",
  AUTH_MISMATCH: "wrong password or authentication value",
  REPLAYED: "AH sequence number already seen",
  ADDRESS_LIST_MISMATCH: "another list of virtual addresses",
  ADDRESS_OWNER: "this router owns the addresses",
  UNICAST_MISMATCH: "multicast where unicast is expected, or the reverse",
  OTHER_GROUP: "sent to another multicast group",
  NOT_A_PEER: "sender is not a configured unicast peer",
  FIREWALL: "the firewall drops it",
  RP_FILTER: "the reverse path filter drops it: the way back to its sender leads elsewhere, or nowhere",
  MACVLAN: "a macvlan with the sender's MAC address takes it, and the daemon listens on the card",
  OWN_SOURCE: "it bears an address of the receiver's own, so its kernel drops it",
};

/** As a regular expression: what a page shows as an escape (vrrplab/output/printable.py). */
export const HIDDEN = "\\u{1f3f4}[\\u{e0030}-\\u{e0039}\\u{e0061}-\\u{e007a}]{2,6}\\u{e007f}|[\\u{0}-\\u{1f}\\u{7f}-\\u{9f}\\u{61c}\\u{200e}\\u{200f}\\u{202a}-\\u{202e}\\u{2066}-\\u{2069}\\u{2028}\\u{2029}\\u{ad}\\u{2060}-\\u{2065}\\u{206a}-\\u{206f}\\u{feff}\\u{fff9}-\\u{fffb}\\u{e0000}-\\u{e007f}\\u{d800}-\\u{dfff}]";

/** As a regular expression: a name that goes from right to left (vrrplab/views/writing.py). */
export const RIGHT_TO_LEFT = "[\\u{590}-\\u{8ff}\\u{fb1d}-\\u{fdff}\\u{fe70}-\\u{fefc}\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}](?:[\\u{590}-\\u{8ff}\\u{fb1d}-\\u{fdff}\\u{fe70}-\\u{fefc}\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}0-9\\u{300}-\\u{36f}\\u{200c}\\u{200d}]|[-_./](?=[\\u{590}-\\u{8ff}\\u{fb1d}-\\u{fdff}\\u{fe70}-\\u{fefc}\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}0-9])| (?=[\\u{590}-\\u{8ff}\\u{fb1d}-\\u{fdff}\\u{fe70}-\\u{fefc}\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}]))*";
