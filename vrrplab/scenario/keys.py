"""Every key of a scenario file, each declared once: what it may hold, what it means, its default, an example.

The reader reads with these tables; ``schema`` makes the JSON schema of them, ``tools/scenario_page.py`` the
page docs/scenario.md. What a key needs of its neighbours (``http`` needs a port) is said where it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from vrrplab.config.frr import INTERVALS_MS, PRIORITIES, VERSIONS, VRIDS, frr_lines
from vrrplab.machine.profiles import FRR_844, KEEPALIVED_227, PROFILES
from vrrplab.scenario.address_checks import (
    check_address,
    check_any_address,
    check_interface_address,
    check_mac,
)
from vrrplab.scenario.parts import (
    CARD_KINDS,
    PROBE_TIMEOUT_US,
    Gateway,
    Interface,
    Segment,
    Server,
    Service,
)
from vrrplab.scenario.yaml_nodes import MOST_S, Node
from vrrplab.trace import STATES
from vrrplab.trace.vocabulary import ACTIONS, Act
from vrrplab.units import seconds

NOBODY = "nobody"  # who has an address that no server has


class Kind(NamedTuple):
    """What a value may be: in ``words``, and as a JSON ``schema``; ``read`` takes it from a file.

    ``names``: it is the name of such a thing, and which there are is known only while a file is read.
    """

    words: str
    schema: Mapping[str, Any]
    read: Callable[[Node], Any]
    names: str = ""


class Key(NamedTuple):
    """One key. ``example``: a value of it that runs in the scenario of the page.

    What holds where it is left out is the default of ``field`` in its section's part, or ``default``, or what
    ``otherwise`` says in words. ``may_be_empty``: ``key:`` alone is as if it were not there.
    """

    kind: Kind
    meaning: str
    example: Any
    field: str = ""
    default: Any = None
    otherwise: str = ""
    needed: bool = False
    may_be_empty: bool = False


class Section:
    """The keys of one kind of mapping. ``part``: what is made of it, whose fields have the defaults."""

    __slots__ = ("_fields", "_needed", "keys", "meaning", "name", "part")

    def __init__(
        self, name: str, meaning: str, keys: dict[str, Key], part: Callable[..., Any] | None = None
    ) -> None:
        self.name, self.meaning, self.keys, self.part = name, meaning, keys, part
        self._needed = [name for name, key in keys.items() if key.needed]
        self._fields = [(name, key.field, key.kind.read) for name, key in keys.items() if key.field]

    def read(self, node: Node) -> dict[str, Node]:
        """Its values by key. ScenarioError: one that is unknown, or that is needed and not there."""
        found = node.only(self.keys)
        for name in self._needed:
            if name not in found:
                node.need(name)
        return found

    def given(self, found: Mapping[str, Node]) -> dict[str, Any]:
        """The fields of the part that the file says something of."""
        return {field: read(found[name]) for name, field, read in self._fields if name in found}

    def value(self, found: Mapping[str, Node], name: str) -> Any:
        """What a key says, or its default."""
        key = self.keys[name]
        return key.kind.read(found[name]) if name in found else key.default


# -- kinds -------------------------------------------------------------------------------------------------


def _whole(low: int, high: int) -> Kind:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Kind("whole number", schema, lambda node: node.whole(low, high))


def _duration(least_us: int = 0) -> Kind:
    schema = {"type": "number", "minimum": seconds(least_us) if least_us else 0, "maximum": MOST_S}
    return Kind("number", schema, lambda node: node.time_us(least_us))


def _seconds_as_written(node: Node) -> float:
    node.time_us()
    return node.number()


def _word(*words: str) -> Kind:
    return Kind("word", {"enum": list(words)}, lambda node: node.one_of(words))


def _name_of(thing: str) -> Kind:
    article = "an" if thing[0] in "aeiou" else "a"
    return Kind(f"name of {article} {thing}", TEXT.schema, Node.text, names=thing)


def _list_of(kind: Kind, least: int = 0) -> Kind:
    schema: dict[str, Any] = {"type": "array", "items": kind.schema}
    schema |= {"minItems": least} if least else {}
    return Kind(f"list: {kind.words}", schema, lambda node: tuple(kind.read(i) for i in node.items()))


def _mapping_of(what: str, kind: Kind, least: int = 0, names: Mapping[str, Any] | None = None) -> Kind:
    schema: dict[str, Any] = {"type": "object", "additionalProperties": kind.schema}
    schema |= {"minProperties": least} if least else {}
    schema |= {"propertyNames": names} if names else {}
    return Kind(f"mapping: {what} to {kind.words}", schema, Node.mapping)


def _one(name: str) -> Kind:
    """A mapping with the keys of that section."""
    link, definition = name.lower().replace(" ", "-"), name.replace(" ", "_")
    return Kind(f"[{name}](#{link})", {"$ref": f"#/$defs/{definition}"}, Node.mapping)


def _one_or_several(kind: Kind, *, different: bool = False) -> Kind:
    several = {"type": "array", "items": kind.schema, "minItems": 1}
    schema = {"anyOf": [kind.schema, several | ({"uniqueItems": True} if different else {})]}
    return Kind(f"{kind.words}, or a list of several", schema, read_elsewhere)


def read_elsewhere(node: Node) -> Node:
    """Of a form that is read where it is used, which says what is wrong with it."""
    return node


def _any_value(node: Node) -> int | str:
    """Whatever a file may hold; a whole number stays one."""
    return node.plain if type(node.plain) is int else node.text()


TEXT = Kind("text", {"type": ["string", "number"]}, Node.text)
FLAG = Kind("true or false", {"type": "boolean"}, Node.flag)
SHARE = Kind("number", {"type": "number", "minimum": 0, "maximum": 1}, Node.share)
DURATION = _duration()
DELAY = DURATION._replace(read=_seconds_as_written)  # an action's: told as it was written
ANY_VALUE = Kind("text or number", TEXT.schema, _any_value)
ADDRESS = Kind("address", {"$ref": "#/$defs/address"}, check_address)
INTERFACE_ADDRESS = Kind(
    "address/prefix length", {"$ref": "#/$defs/address_with_prefix"}, check_interface_address
)
ANY_ADDRESS = Kind("address, or address/prefix length", {"$ref": "#/$defs/any_address"}, check_any_address)
MAC = Kind("MAC address", {"$ref": "#/$defs/mac_address"}, check_mac)
PROFILE = _word(*PROFILES)
PORT = _whole(1, 65535)


# -- the network -------------------------------------------------------------------------------------------

SEGMENT = Section(
    "segment",
    "A network: one learning switch. `{}` is one as well.",
    {
        "subnet": Key(
            INTERFACE_ADDRESS,
            "its network, for figures and tables; addresses are not held to it",
            "192.168.2.0/24",
            "subnet",
        ),
        "latency_s": Key(DURATION, "how long every frame takes", 0.005, "latency_us"),
        "jitter_s": Key(DURATION, "a frame takes up to this much longer, drawn", 0.001, "jitter_us"),
        "mac_ageing_s": Key(
            DURATION, "the switch forgets where a MAC address is after this time", 60, "mac_ageing_us"
        ),
        "loss": Key(SHARE, "the share of frames that are lost, drawn", 0.01, "loss"),
        "multicast": Key(FLAG, "carries multicast", False, "multicast"),
        "port_security": Key(
            FLAG, "a MAC address stays at the port where it was seen first", True, "port_security"
        ),
    },
    Segment,
)

INTERFACE = Section(
    "interface",
    "A network card of a server. One with `parent` is made on another: without its parent's carrier it has"
    " none.",
    {
        "segment": Key(_name_of("segment"), "the network that it is plugged into", "lan", needed=True),
        "addresses": Key(
            _list_of(INTERFACE_ADDRESS),
            "its own addresses; virtual ones are the configuration's",
            ["192.168.2.251/24"],
            default=(),
            otherwise="none",
        ),
        "mac": Key(
            MAC,
            "its MAC address",
            "02:00:00:00:00:fb",
            otherwise="`02:00:00:00:CC:SS`, of the places of the card and its server in the file",
        ),
        "parent": Key(
            _one_or_several(_name_of("interface"), different=True),
            "the card that it is made on; a bond or a bridge has several. It goes with `kind`",
            "eth1",
            otherwise="a card of its own",
        ),
        "kind": Key(
            _word(*CARD_KINDS),
            "what it is made as; it goes with `parent`",
            "vlan",
            otherwise="a card of its own",
        ),
    },
    Interface,
)

HOST = Section(
    "host",
    "Settings of a server's kernel, under their own names.",
    {
        "promote_secondaries": Key(
            FLAG,
            "`net.ipv4.conf.all.promote_secondaries`: where the first address of a network goes, the next"
            " takes its place",
            True,
            "promote_secondaries",
        ),
        "rp_filter": Key(
            _whole(0, 2),
            "`net.ipv4.conf.all.rp_filter`: 1 (strict) and 2 (loose) drop packets whose way back is another",
            1,
            "rp_filter",
        ),
    },
    Server,
)

SERVICE = Section(
    "service",
    "An application on a server, which clients ask for and checks look at.",
    {
        "port": Key(
            PORT,
            "the TCP port it listens on; a check whose command names the port asks there",
            3128,
            "port",
            otherwise="none",
        ),
        "listen": Key(
            _list_of(ADDRESS),
            "the addresses it listens on; `0.0.0.0` and `::` are all",
            ["0.0.0.0"],
            "listen",
        ),
        "shutdown_s": Key(
            DURATION,
            "after `service_stop` it refuses clients at once, and its process ends this much later",
            2,
            "shutdown_us",
        ),
    },
    Service,
)

FRR = Section(
    "FRR router",
    "A virtual router of an FRR server as keys, in place of the lines of its configuration.",
    {
        "interface": Key(_name_of("interface"), "the card it runs on", "eth0", "interface", needed=True),
        "vrid": Key(_whole(*VRIDS), "virtual router ID", 7, "vrid", needed=True),
        "version": Key(_whole(*VERSIONS), "VRRP version", 3, "version"),
        "priority": Key(_whole(*PRIORITIES), "its priority", 120, "priority"),
        "interval_ms": Key(
            _whole(*INTERVALS_MS),
            "time between adverts, cut to tens; version 2 tells whole seconds only",
            1000,
            "interval_ms",
        ),
        "preempt": Key(FLAG, "takes over from a MASTER of lower priority", False, "preempt"),
        "addresses": Key(
            _list_of(ADDRESS, least=1), "its virtual addresses", ["192.168.2.107"], "addresses", needed=True
        ),
    },
    frr_lines,
)

KEEPALIVED_KEYS = ("config", "checks", "script_run_s", "missing_files")  # not of a server with frr

SERVER = Section(
    "server",
    "A host that runs keepalived (`config`) or FRR (`frr`), one of both.",
    {
        "config": Key(
            TEXT,
            "its keepalived.conf: a path from the scenario's folder, a file that comes with vrrplab, or, in"
            " several lines (`config: |`), the text itself",
            "article/proxy-serv01.conf",
            otherwise="needed, unless there is `frr`",
        ),
        "profile": Key(
            PROFILE,
            "whose behaviour its daemon has; `--profile` does not replace it",
            "keepalived-2.4.3",
            otherwise=f"the scenario's; with `frr` {FRR_844.name}, unless the scenario's is FRR's",
        ),
        "frr": Key(
            Kind(
                "text, or [FRR router](#frr-router), or a list of several",
                {
                    "anyOf": [
                        {"type": "string"},
                        _one("FRR router").schema,
                        {"type": "array", "items": _one("FRR router").schema, "minItems": 1},
                    ]
                },
                read_elsewhere,
            ),
            "it runs FRR: the text of its running configuration (`frr: |`), of which the `vrrp` lines"
            " count, or keys",
            {"interface": "eth0", "vrid": 7, "priority": 120, "addresses": ["192.168.2.107"]},
            otherwise="it runs keepalived",
        ),
        "start_at_s": Key(DURATION, "when its daemon starts", 0.1, "start_at_us"),
        "interfaces": Key(
            _mapping_of("name", _one("interface")),
            "its network cards",
            {"eth1": {"segment": "wan", "addresses": ["203.0.113.251/24"]}},
            needed=True,
        ),
        "host": Key(_one("host"), "settings of its kernel", {"rp_filter": 2}, otherwise="each at 0"),
        "services": Key(
            _mapping_of("name", _one("service")),
            "the applications on it",
            {"squid": {"port": 3128, "shutdown_s": 30}},
            otherwise="none",
            may_be_empty=True,
        ),
        "checks": Key(
            _mapping_of("vrrp_script", _name_of("service")),
            "which service a check follows: it fails while that is down",
            {"chk_squid": "squid"},
            otherwise="the service whose name or port its command names",
            may_be_empty=True,
        ),
        "script_run_s": Key(DURATION, "how long a check takes", 0.02, "script_run_us"),
        "missing_files": Key(
            _list_of(TEXT),
            "scripts that do not exist on this server: keepalived says so and goes on without them",
            ["/etc/keepalived/notify.sh"],
            "missing_files",
            otherwise="none",
        ),
    },
    Server,
)

ROUTER = Section(
    "router",
    "A host that joins segments and forwards unicast: the default route of everybody there.",
    {
        "interfaces": Key(
            _mapping_of("segment", _one_or_several(INTERFACE_ADDRESS), least=2),
            "its addresses in each of the networks that it joins, two at least",
            {"lan": "192.168.2.1/24", "wan": ["203.0.113.1/24", "198.51.100.1/24"]},
            needed=True,
        ),
        "latency_s": Key(DURATION, "how long it takes to forward a packet", 0.001, "latency_us"),
    },
    Gateway,
)

_TIMEOUTS = ", ".join(f"{seconds(us):g} ({kind})" for kind, us in PROBE_TIMEOUT_US.items())
PROBE = Section(
    "probe",
    "A question that a client asks again and again. Without an answer in time it is lost.",
    {
        "kind": Key(_word(*PROBE_TIMEOUT_US), "an echo request, or a TCP connection", "icmp", needed=True),
        "target": Key(TEXT, "the address, or a name of `dns`", "192.168.2.100", needed=True),
        "port": Key(PORT, "the TCP port", 3128, default=0, otherwise="`http` needs one"),
        "every_s": Key(_duration(1000), "time from one question to the next", 0.1, needed=True),
        "timeout_s": Key(_duration(1000), "how long it waits for an answer", 0.3, otherwise=_TIMEOUTS),
    },
)

CLIENT = Section(
    "client",
    "A host that asks, so that one sees what a failover costs.",
    {
        "segment": Key(_name_of("segment"), "the network that it is plugged into", "lan", needed=True),
        "addresses": Key(_list_of(INTERFACE_ADDRESS), "its addresses", ["192.168.2.10/24"], needed=True),
        "mac": Key(
            MAC,
            "its MAC address",
            "02:00:00:00:c0:01",
            otherwise="`02:00:00:00:c0:NN`, of its place in the file",
        ),
        "probes": Key(
            _list_of(_one("probe")),
            "what it asks",
            [
                {"kind": "icmp", "target": "192.168.2.100", "every_s": 0.1},
                {"kind": "http", "target": "proxy", "port": 3128, "every_s": 0.1},
            ],
            otherwise="nothing",
        ),
    },
)

# -- what is expected --------------------------------------------------------------------------------------

OUTAGE = Section(
    "outage",
    "How long a target may be out, each time.",
    {
        "target": Key(TEXT, "the target of a probe, as it stands there", "192.168.2.100", needed=True),
        "at_most_s": Key(DURATION, "the longest outage that is allowed", 4, needed=True),
    },
)

EXPECTATION = Section(
    "expectation",
    "What must be so: `vrrplab simulate --check` ends with 1 where it is not, and says why. It has `at_s`"
    " with `owner` or `state`, or `outage`, or both.",
    {
        "at_s": Key(
            DURATION, "the moment of `owner` and `state`", 4, otherwise="`owner` and `state` need it"
        ),
        "owner": Key(
            _mapping_of(
                "address",
                Kind(f"name of a server, or {NOBODY}", {"type": ["string", "number", "null"]}, Node.text),
                names=ADDRESS.schema,
            ),
            f"who has a virtual address then, alone; empty is {NOBODY} too",
            {"192.168.2.100": "a"},
            otherwise="nothing is expected",
        ),
        "state": Key(
            _mapping_of("instance", _mapping_of("server", _word(*STATES), least=1)),
            f"the state of an instance on each of these servers then: {', '.join(STATES)}",
            {"V1": {"a": "MASTER", "b": "BACKUP"}},
            otherwise="nothing is expected",
        ),
        "outage": Key(
            _one("outage"),
            "how long a target may be out",
            {"target": "192.168.2.100", "at_most_s": 4},
            otherwise="as long as it likes",
        ),
    },
)

# -- the whole ---------------------------------------------------------------------------------------------

SCENARIO = Section(
    "scenario",
    "The keys at the top of a file.",
    {
        "name": Key(TEXT, "what it is called", "cable-pulled", otherwise="the file's name"),
        "description": Key(
            TEXT, "what it is about, in a line", "the cable of a is pulled", default="", otherwise="none"
        ),
        "extends": Key(
            TEXT,
            "a file, from the scenario's folder, whose keys hold where this file has none of its own; one"
            " step only",
            "article-steady.yaml",
            otherwise="none",
        ),
        "profile": Key(PROFILE, "whose behaviour the daemons have", "rfc9568", default=KEEPALIVED_227.name),
        "seed": Key(
            _whole(0, 2**63), "every random choice comes from it: same seed, same trace", 7, default=0
        ),
        "duration_s": Key(_duration(1), "how long it lasts", 20, needed=True),
        "segments": Key(
            _mapping_of("name", _one("segment"), least=1),
            "the networks",
            {"lan": {"subnet": "192.168.2.0/24", "latency_s": 0.001}},
            needed=True,
        ),
        "servers": Key(
            _mapping_of("name", _one("server"), least=1),
            "who runs VRRP. `@NAME` lines of a configuration count where the server is called so",
            {"b": {"start_at_s": 0.5}},
            needed=True,
        ),
        "routers": Key(
            _mapping_of("name", _one("router")),
            "who joins the networks",
            {"r1": {"interfaces": {"lan": "192.168.2.1/24", "wan": "203.0.113.1/24"}}},
            otherwise="none",
            may_be_empty=True,
        ),
        "clients": Key(
            _mapping_of("name", _one("client")),
            "who asks",
            {"laptop": {"segment": "lan", "addresses": ["192.168.2.11/24"]}},
            otherwise="none",
            may_be_empty=True,
        ),
        "dns": Key(
            _mapping_of("name", _list_of(ADDRESS, least=1)),
            "the addresses of a name, handed out in turn (round robin)",
            {"web": ["192.168.2.100", "192.168.2.251"]},
            otherwise="none",
            may_be_empty=True,
        ),
        "actions": Key(
            _list_of(_one("action")),
            "what happens, and when; those of one moment in the order of the file",
            [{"at_s": 2, "action": Act.POWER_OFF.value, "server": "a"}],
            otherwise="nothing",
            may_be_empty=True,
        ),
        "expect": Key(
            _list_of(_one("expectation")),
            "what must be so, for `vrrplab simulate --check`",
            [{"at_s": 4, "owner": {"192.168.2.100": "a"}}],
            otherwise="nothing",
            may_be_empty=True,
        ),
    },
)

# -- actions -----------------------------------------------------------------------------------------------

_SERVER_NAME = Kind("name of a server", TEXT.schema, Node.text, names="server")
_ACTION_KEYS = {
    "at_s": Key(DURATION, "when it happens", 2, needed=True),
    "action": Key(_word(*ACTIONS), "what happens", Act.LINK_DOWN.value, needed=True),
    "server": Key(_SERVER_NAME, "where", "a"),
    "segment": Key(_name_of("segment"), "the network that it happens to", "lan"),
    "interface": Key(_name_of("interface"), "one of its interfaces", "eth0"),
    "address": Key(ANY_ADDRESS, "the address; without a prefix length /32, or /128", "192.168.2.100/32"),
    "service": Key(_name_of("service"), "one of its services", "squid"),
    "script": Key(_name_of("vrrp_script"), "one of its `vrrp_script`s", "chk_squid", otherwise="all of them"),
    "config": Key(TEXT, "the new keepalived.conf, as under a server", "article/proxy-serv01.conf"),
    "file": Key(_name_of("track_file"), "one of its `track_file`s, or any path", "health"),
    "value": Key(ANY_VALUE, "what is in the file from then on", -50),
    "process": Key(
        _word("both", "parent", "child"), "which of the daemon's two processes", "child", default="both"
    ),
    "count": Key(_whole(0, 65535), "how many run from then on", 0),
    "bfd": Key(_name_of("bfd_instance"), "one of its `bfd_instance`s", "peer"),
    "parent": INTERFACE.keys["parent"]._replace(example="eth1", otherwise="as under `interfaces`"),
    "kind": INTERFACE.keys["kind"]._replace(otherwise="as under `interfaces`"),
    "direction": Key(_word("in", "out"), "which way", "in", otherwise="both"),
    "protocol": Key(_word("vrrp"), "what is dropped", "vrrp", otherwise="whatever is dropped"),
    "loss": Key(SHARE, "the share of frames that are lost, drawn", 0.3, otherwise="as it is"),
    "latency_s": Key(DELAY, "how long a frame takes", 0.05, otherwise="as it is"),
    "jitter_s": Key(DELAY, "a frame takes up to this much longer, drawn", 0.02, otherwise="as it is"),
    "multicast": Key(FLAG, "carries multicast", False, otherwise="as it is"),
    "between": Key(
        _list_of(
            Kind(
                "[from, to]",
                {"type": "array", "items": TEXT.schema, "minItems": 2, "maxItems": 2},
                read_elsewhere,
            ),
            least=1,
        ),
        "only from the first host of each pair to the second; alone, nothing gets through",
        [["a", "b"]],
        otherwise="for everybody",
    ),
}
_TRACKED_PROCESS = Key(
    _name_of("vrrp_track_process"), "one of its `vrrp_track_process`es, or the command it counts", "web"
)


def action_key(act: Act, name: str) -> Key:
    """A key of an action; ``process`` means two things."""
    return _TRACKED_PROCESS if act is Act.PROCESS_COUNT and name == "process" else _ACTION_KEYS[name]


# What an action is in reality. What it changes, and whose harm it mends, is in ``trace.vocabulary``.
IN_REALITY: Mapping[Act, str] = {
    Act.LINK_DOWN: "`ip link set … down`",
    Act.LINK_UP: "`ip link set … up`",
    Act.CARRIER_DOWN: "the cable is pulled: to keepalived the same, but the card stays set up",
    Act.CARRIER_UP: "the cable is back",
    Act.IFDOWN: "addresses flushed, then the link down: a farewell gets out",
    Act.IFUP: "the link up, then the configured addresses added",
    Act.ADDRESS_REMOVE: "`ip address del`, behind keepalived's back",
    Act.ADDRESS_ADD: "`ip address add`, behind keepalived's back",
    Act.SERVICE_STOP: "it is told to stop: it refuses clients at once, its process ends `shutdown_s` later",
    Act.SERVICE_START: "the application is started",
    Act.SERVICE_KILL: "the application's process is killed",
    Act.CHECK_FAIL: "the check ends with 1 from now on",
    Act.CHECK_PASS: "the check ends with 0 from now on",
    Act.CHECK_HANG: "the check does not end from now on: its timeout strikes",
    Act.FILE_WRITE: "a tracked file gets a new value; until then `init_file` holds, or it is not there",
    Act.PROCESS_COUNT: "so many processes run now; until then as many as the quorum asks for",
    Act.BFD_DOWN: "a BFD session goes down; until then sessions are up",
    Act.BFD_UP: "a BFD session comes up",
    Act.DAEMON_STOP: "SIGTERM: a farewell goes out",
    Act.DAEMON_START: "the daemon is started",
    Act.DAEMON_KILL: "SIGKILL: no farewell, and addresses stay on the interface",
    Act.DAEMON_FREEZE: "SIGSTOP, or a paused virtual machine",
    Act.DAEMON_THAW: "SIGCONT",
    Act.POWER_OFF: "the plug: everything on it is silent at once",
    Act.POWER_ON: "it starts: its configured addresses, its services and its daemon",
    Act.RELOAD: "SIGHUP with a new file",
    Act.INTERFACE_DELETE: "the card disappears, and the VLANs and macvlans on it",
    Act.INTERFACE_ADD: "the card appears, set up and with its configured addresses",
    Act.FIREWALL_DROP: "the host's firewall drops VRRP",
    Act.FIREWALL_CLEAR: "the rule is taken out; without keys all are",
    Act.SEGMENT_FAULT: "the network itself is bad, in at least one of these ways",
    Act.SEGMENT_HEAL: "the network is good again; what is named, or all",
}


def action_section(act: Act) -> Section:
    """The keys of one action, as a section."""
    keys = {name: action_key(act, name) for name in ("at_s", "action", *act.needs, *act.may)}
    keys["action"] = keys["action"]._replace(example=act.value)
    for name in act.needs:
        keys[name] = keys[name]._replace(needed=True, otherwise="")
    if act is Act.SEGMENT_HEAL:
        for name in act.may:
            meaning = "only this is healed, whatever the value"
            keys[name] = keys[name]._replace(meaning=meaning, otherwise="everything is, if no key is given")
    return Section(act.value, IN_REALITY[act], keys)


ALL_SECTIONS = (
    SCENARIO,
    SEGMENT,
    SERVER,
    INTERFACE,
    HOST,
    SERVICE,
    FRR,
    ROUTER,
    CLIENT,
    PROBE,
    EXPECTATION,
    OUTAGE,
)
FRR_PROFILES = tuple(name for name, profile in PROFILES.items() if profile.is_frr)
