"""Random clusters and what befalls them, as mappings like scenario files; a seed always gives the same one.

Made for the question "is the simulator right?": ``lab compare`` runs them on the real daemon too. So they are
clusters that a daemon starts with, and faults that a bench can carry out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.scenario.writer import yaml_text
from vrrplab.trace.vocabulary import ACTIONS, Act

T = TypeVar("T")
FIRST_FAULT_S, BETWEEN_S, SETTLES_S = 7.0, (1.5, 4.0), 9.0
CHECK = "/usr/local/bin/check"


class Dice:
    """Where the choices come from."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one_of(self, options: Sequence[T]) -> T:
        return options[self._random.randrange(len(options))]

    def whole(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def between(self, least: float, most: float) -> float:
        """To the hundredth."""
        return round(self._random.uniform(least, most), 2)


class Shape(NamedTuple):
    """What all servers of a cluster have in common."""

    version: int
    family: int
    interval_s: float
    two_segments: bool
    instances: int
    unicast: bool
    vmac: bool
    xmit_base: bool
    auth: str
    scripts: int
    grouped: bool
    strict: bool
    addresses: int


def random_cluster(seed: int, profile: str = "keepalived-2.2.7") -> Scenario:
    """The cluster of a seed, with its faults."""
    return scenario_of(random_plain(seed, profile))


def scenario_of(plain: dict[str, Any]) -> Scenario:
    """A mapping as a scenario file has it, configurations in it, as a scenario."""
    return scenario_from_text(yaml_text(plain), name=str(plain["name"]))


def random_plain(seed: int, profile: str) -> dict[str, Any]:
    """The same as a mapping."""
    dice = Dice(seed)
    shape = _shape(dice)
    count = dice.one_of([2, 2, 2, 3])
    names = [f"r{number}" for number in range(1, count + 1)]
    segments: dict[str, Any] = {"lan": {"subnet": "192.168.2.0/24"}}
    if shape.two_segments:
        segments["wan"] = {"subnet": "203.0.113.0/24"}
    texts = {name: _config(dice, shape, number, count) for number, name in enumerate(names, 1)}
    servers = {
        name: {
            "config": texts[name],
            "start_at_s": dice.one_of([0, 0, 0, dice.between(0.3, 2.5)]),
            "interfaces": _cards(shape, number),
        }
        for number, name in enumerate(names, 1)
    }
    actions = _faults(dice, shape, names, texts)
    plain: dict[str, Any] = {
        "name": f"random-{seed}",
        "profile": profile,
        "seed": seed,
        "duration_s": 0,
        "segments": segments,
        "servers": servers,
        "actions": actions,
    }
    # drawn last, so that clusters without any of these are what their seeds have always been
    for share, fits, add in _FURTHER:
        if dice.chance(share) and fits(shape):
            add(dice, shape, plain)
    plain["duration_s"] = round(plain["actions"][-1]["at_s"] + SETTLES_S, 2)
    return plain


def _shape(dice: Dice) -> Shape:
    family = dice.one_of([4, 4, 4, 6])
    version = 3 if family == 6 else dice.one_of([2, 2, 3])
    unicast = dice.chance(0.2)
    vmac = not unicast and dice.chance(0.15)
    instances = dice.one_of([1, 1, 2, 2, 3, 4])
    strict = not unicast and family == 4 and dice.chance(0.06)
    return Shape(
        version=version,
        family=family,
        interval_s=dice.one_of([1, 1, 1, 2] if version == 2 else [1, 1, 1, 0.5, 0.3]),
        two_segments=dice.chance(0.6),
        instances=instances,
        unicast=unicast,
        vmac=vmac,
        xmit_base=vmac and dice.chance(0.3),
        auth=dice.one_of(["", "", "PASS", "AH"]) if version == 2 and not strict else "",
        scripts=dice.one_of([0, 0, 1, 1, 2]),
        grouped=instances > 1 and dice.chance(0.5),
        strict=strict,
        addresses=dice.one_of([1, 1, 2, 3]),
    )


def _cards(shape: Shape, number: int) -> dict[str, Any]:
    cards: dict[str, Any] = {}
    for place, (segment, v4, v6) in enumerate(
        [("lan", "192.168.2", "2001:db8:2"), ("wan", "203.0.113", "2001:db8:9")][: 1 + shape.two_segments]
    ):
        addresses = [f"{v4}.{number}/24"]
        if shape.family == 6:
            addresses.append(f"{v6}::{number}/64")
        cards[f"eth{place}"] = {
            "segment": segment,
            "addresses": addresses,
            "mac": f"02:00:00:00:{place:02x}:{number:02x}",
        }
    return cards


# -- configurations ------------------------------------------------------------------------------------------


def _config(dice: Dice, shape: Shape, number: int, count: int) -> str:
    """A server's keepalived.conf."""
    lines = [
        "global_defs {",
        f"    router_id r{number}",
        "    script_user root",
        "    enable_script_security",
    ]
    if shape.strict:
        lines.append("    vrrp_strict")
    if dice.chance(0.06):
        lines.append(f"    vrrp_startup_delay {dice.one_of([2, 3.5])}")
    lines.append("}")
    for script in range(1, shape.scripts + 1):
        lines += _script(dice, script)
    shared = [i for i in range(1, shape.instances + 1) if i == 1 or dice.chance(0.9)]
    tracked_by_group = shape.grouped and dice.chance(0.6)
    for instance in shared:
        lines += _instance(dice, shape, number, count, instance, tracked_by_group)
    if shape.grouped and len(shared) > 1:
        lines += ["vrrp_sync_group G1 {", "    group {", *(f"        V{i}" for i in shared), "    }"]
        if tracked_by_group:
            lines += _tracking(dice, shape, in_group=True)
            if dice.chance(0.2):
                lines.append("    sync_group_tracking_weight")
        lines.append("}")
    return "\n".join(lines) + "\n"


def _script(dice: Dice, script: int) -> list[str]:
    lines = [f"vrrp_script chk{script} {{", f'    script "{CHECK}{script}"', "    interval 1"]
    lines.append(f"    fall {dice.one_of([1, 1, 2, 3])}")
    lines.append(f"    rise {dice.one_of([1, 1, 2, 3])}")
    if dice.chance(0.4):
        lines.append(f"    weight {dice.one_of([-60, -20, 20, 60])}")
    if dice.chance(0.2):
        lines.append(f"    timeout {dice.one_of([1, 2])}")
    if dice.chance(0.2):
        lines.append("    init_fail")
    return [*lines, "}"]


def _tracking(dice: Dice, shape: Shape, in_group: bool = False) -> list[str]:
    lines = []
    if shape.scripts and dice.chance(0.7):
        chosen = [s for s in range(1, shape.scripts + 1) if s == 1 or dice.chance(0.5)]
        listed = []
        for script in chosen:
            weight = f" weight {dice.one_of([-40, 40])}" if dice.chance(0.2) else ""
            reverse = " reverse" if weight and dice.chance(0.3) else ""
            listed.append(f"        chk{script}{weight}{reverse}")
        lines += ["    track_script {", *listed, "    }"]
    if shape.two_segments and dice.chance(0.4):
        weight = f" weight {dice.one_of([-60, -20, 20, 60])}" if dice.chance(0.5) and not in_group else ""
        lines += ["    track_interface {", f"        eth1{weight}", "    }"]
    return lines


def _instance(
    dice: Dice, shape: Shape, number: int, count: int, instance: int, tracked_by_group: bool
) -> list[str]:
    card = "eth1" if shape.two_segments and instance == 4 else "eth0"
    priority = dice.one_of([90, 100, 100, 110, 150, 150, 200, 254, 255])
    nopreempt = priority != 255 and dice.chance(0.15)
    state = "BACKUP" if nopreempt else dice.one_of(["MASTER", "BACKUP"])
    interval_s = shape.interval_s * (2 if dice.chance(0.03) else 1)
    lines = [
        f"vrrp_instance V{instance} {{",
        f"    state {state}",
        f"    interface {card}",
        f"    virtual_router_id {50 + instance}",
        f"    priority {priority}",
        f"    advert_int {interval_s:g}",
        f"    version {shape.version}",
    ]
    options = {
        "nopreempt": nopreempt,
        f"preempt_delay {dice.one_of([2, 4])}": not nopreempt and priority != 255 and dice.chance(0.12),
        f"garp_master_delay {dice.one_of([0, 1, 3])}": dice.chance(0.15),
        f"garp_master_repeat {dice.one_of([1, 2])}": dice.chance(0.1),
        f"garp_master_refresh {dice.one_of([3, 5])}": dice.chance(0.1),
        f"garp_lower_prio_repeat {dice.one_of([1, 2])}": dice.chance(0.08),
        "accept": dice.chance(0.05),
        "no_accept": not shape.strict and dice.chance(0.05),
        "lower_prio_no_advert": dice.chance(0.06),
        "higher_prio_send_advert": dice.chance(0.06),
        f"down_timer_adverts {dice.one_of([2, 4])}": dice.chance(0.08),
        "skip_check_adv_addr": dice.chance(0.06),
        "dont_track_primary": not shape.vmac and dice.chance(0.05),
    }
    lines += [f"    {option}" for option, chosen in options.items() if chosen]
    if shape.auth:
        password = "other" if dice.chance(0.02) else "secret"
        lines += [
            "    authentication {",
            f"        auth_type {shape.auth}",
            f"        auth_pass {password}",
            "    }",
        ]
    if shape.vmac:
        lines.append(f"    use_vmac vrrp.{50 + instance}")
        if shape.xmit_base:
            lines.append("    vmac_xmit_base")
    if shape.unicast:
        lines += _unicast(card, shape.family, number, count)
    if not tracked_by_group:
        lines += _tracking(dice, shape)
    lines += _addresses(dice, shape, instance, card)
    return [*lines, "}"]


def _unicast(card: str, family: int, number: int, count: int) -> list[str]:
    net = {
        ("eth0", 4): "192.168.2.", ("eth1", 4): "203.0.113.",
        ("eth0", 6): "2001:db8:2::", ("eth1", 6): "2001:db8:9::",
    }[card, family]  # fmt: skip
    peers = [f"        {net}{n}" for n in range(1, count + 1) if n != number]
    return [f"    unicast_src_ip {net}{number}", "    unicast_peer {", *peers, "    }"]


def _addresses(dice: Dice, shape: Shape, instance: int, card: str) -> list[str]:
    net = "192.168.2." if card == "eth0" else "203.0.113."
    listed = [f"{net}{100 + 10 * instance + n}/24" for n in range(shape.addresses)]
    if shape.family == 6:
        net = "2001:db8:2" if card == "eth0" else "2001:db8:9"
        listed = [f"fe80::5e:{instance}/64"]
        listed += [f"{net}::{100 + 10 * instance + n}/64" for n in range(shape.addresses)]
    lines = ["    virtual_ipaddress {", *(f"        {a}" for a in listed), "    }"]
    if shape.family == 4 and dice.chance(0.1):
        other = " dev eth1" if shape.two_segments else ""
        lines += ["    virtual_ipaddress_excluded {", f"        10.7.{instance}.1/24{other}", "    }"]
    return lines


# -- faults --------------------------------------------------------------------------------------------------

_KINDS = (
    *(Act.LINK_DOWN, Act.LINK_DOWN, Act.CARRIER_DOWN, Act.IFDOWN, Act.CHECK_FAIL, Act.CHECK_FAIL),
    *(Act.CHECK_HANG, Act.DAEMON_STOP, Act.DAEMON_STOP, Act.DAEMON_KILL, Act.DAEMON_FREEZE, Act.POWER_OFF),
    *(Act.RELOAD, Act.RELOAD, Act.FIREWALL_DROP, Act.SEGMENT_FAULT, Act.ADDRESS_REMOVE),
)


def _faults(dice: Dice, shape: Shape, names: list[str], texts: dict[str, str]) -> list[dict[str, Any]]:
    """Up to four things, one after the other; most faults are mended by a later one."""
    actions: list[dict[str, Any]] = []
    open_faults: list[dict[str, Any]] = []
    at_s = FIRST_FAULT_S + dice.between(0, 1)
    for _ in range(dice.one_of([1, 2, 2, 3, 4])):
        if open_faults and dice.chance(0.6):
            action = _mended(open_faults.pop(dice.whole(0, len(open_faults) - 1)))
        else:
            busy = {a.get("server", "") for a in open_faults}
            action = _fault(dice, shape, names, texts, busy)
            if ACTIONS[action["action"]].breaks and action.get("process", "both") == "both":
                open_faults.append(action)
        actions.append({"at_s": round(at_s, 2), **action})
        at_s += dice.between(*BETWEEN_S)
    return actions


def _mended(fault: dict[str, Any]) -> dict[str, Any]:
    action = {key: value for key, value in fault.items() if key not in ("loss", "multicast", "between")}
    return {**action, "action": ACTIONS[fault["action"]].mended_by.value}


def _fault(
    dice: Dice, shape: Shape, names: list[str], texts: dict[str, str], busy: set[str]
) -> dict[str, Any]:
    """One fault of a server that has none yet, if there is such a server."""
    sound = [name for name in names if name not in busy] or names
    server = dice.one_of(sound)
    fitting = [k for k in _KINDS if shape.scripts or k not in (Act.CHECK_FAIL, Act.CHECK_HANG)]
    kind = dice.one_of(fitting)
    if kind == Act.SEGMENT_FAULT:
        others = [name for name in names if name != server]
        harm: dict[str, Any] = dice.one_of(
            [{"multicast": False}, {"between": [[server, dice.one_of(others)]]}]
        )
        return {"action": kind.value, "segment": "lan", **harm}
    action: dict[str, Any] = {"action": kind.value, "server": server}
    if kind in (Act.LINK_DOWN, Act.CARRIER_DOWN, Act.IFDOWN):
        action["interface"] = dice.one_of(["eth0", "eth1"]) if shape.two_segments else "eth0"
    elif kind in (Act.CHECK_FAIL, Act.CHECK_HANG) and shape.scripts > 1 and dice.chance(0.5):
        action["script"] = "chk1"
    elif kind == Act.DAEMON_KILL:
        process = dice.one_of(["both", "parent", "child"])
        action |= {} if process == "both" else {"process": process}
    elif kind == Act.FIREWALL_DROP:
        action |= {"direction": dice.one_of(["in", "out"]), "protocol": "vrrp"}
    elif kind == Act.RELOAD:
        action["config"] = texts[server] = _edited(dice, texts[server])
    elif kind == Act.ADDRESS_REMOVE:
        action |= {"interface": "eth0", "address": _an_address(dice, shape, server)}
    return action


def _an_address(dice: Dice, shape: Shape, server: str) -> str:
    number = server.removeprefix("r")
    if shape.family == 6:
        return dice.one_of([f"2001:db8:2::{number}/64", "2001:db8:2::110/64"])
    return dice.one_of([f"192.168.2.{number}/24", "192.168.2.110/24"])


def _edited(dice: Dice, text: str) -> str:
    """The configuration as somebody might change it: another priority, a line more or less."""
    lines = text.split("\n")
    of_priority = [n for n, line in enumerate(lines) if line.strip().startswith("priority ")]
    place = dice.one_of(of_priority)
    match dice.one_of(["priority", "priority", "nothing", "interval", "preempt"]):
        case "priority":
            lines[place] = f"    priority {dice.one_of([80, 120, 160, 220])}"
        case "interval":
            lines[place] += f"\n    garp_master_refresh {dice.one_of([2, 4])}"
        case "preempt":
            lines = [line for line in lines if line.strip() != "nopreempt"]
    return "\n".join(lines)


# -- what some clusters have besides -------------------------------------------------------------------------


def _rewrite(plain: dict[str, Any], server: str, edit: Callable[[str], str]) -> None:
    """Change a server's configuration, and those that its reloads bring."""
    holders = [plain["servers"][server]]
    holders += [a for a in plain["actions"] if "config" in a and a["server"] == server]
    for holder in holders:
        holder["config"] = edit(holder["config"])


def _first_instance(text: str, *lines: str) -> str:
    return text.replace("    virtual_ipaddress {", "\n".join([*lines, "    virtual_ipaddress {"]), 1)


def _then(dice: Dice, plain: dict[str, Any], action: dict[str, Any]) -> None:
    """One more thing that happens, after all others."""
    at_s = plain["actions"][-1]["at_s"] + dice.between(*BETWEEN_S)
    plain["actions"].append({"at_s": round(at_s, 2), **action})


def _track_file(dice: Dice, shape: Shape, plain: dict[str, Any]) -> None:
    """All servers track a file, in their first instance or in the group; somebody writes to that of one."""
    weight = dice.one_of(["0", "0", "-1", "2", "-2", "1 reverse", "-1 reverse"])
    defined = ["track_file load {", '    file "/run/load"', f"    weight {weight}", "    init_file 0", "}"]
    own = dice.one_of(["", "", " weight -1", " weight 2", " weight 1 reverse"])
    tracked = ["    track_file {", f"        load{own}", "    }"]
    in_group = dice.chance(0.6)

    def edit(text: str) -> str:
        head = "vrrp_sync_group G1 {"
        if in_group and head in text:
            text = text.replace(head, "\n".join([head, *tracked]))
        else:
            text = _first_instance(text, *tracked)
        return text.replace("vrrp_instance V1 {", "\n".join([*defined, "vrrp_instance V1 {"]), 1)

    for server in plain["servers"]:
        _rewrite(plain, server, edit)
    server = dice.one_of(list(plain["servers"]))
    for _ in range(dice.one_of([1, 2, 3])):
        value = dice.one_of([0, 1, 10, 40, 127, 200, 254, -30, -254])
        write = {"action": Act.FILE_WRITE.value, "server": server, "file": "load", "value": value}
        _then(dice, plain, write)


def _routes_and_rules(dice: Dice, shape: Shape, plain: dict[str, Any]) -> None:
    """With the first instance."""
    untracked = dice.one_of(["", "", " no_track"])
    if shape.family == 6:
        routes = [f"2001:db8:77::/48 via 2001:db8:2::99 dev eth0{untracked}"]
        rules = ["from 2001:db8:2::110/128 table 100 priority 300"]
    else:
        routes = [f"198.51.100.0/24 via 192.168.2.99 dev eth0{untracked}"]
        rules = ["from 192.168.2.110/32 table 100 priority 300"]
    if shape.two_segments and shape.family == 4:
        routes.append("198.51.101.0/24 via 203.0.113.99 dev eth1")
    which = dice.one_of(["routes", "routes", "rules", "both"])
    lines = []
    if which != "rules":
        lines += ["    virtual_routes {", *(f"        {route}" for route in routes), "    }"]
    if which != "routes":
        lines += ["    virtual_rules {", *(f"        {rule}" for rule in rules), "    }"]
    for server in plain["servers"]:
        _rewrite(plain, server, lambda text: _first_instance(text, *lines))


def _card_comes_and_goes(dice: Dice, shape: Shape, plain: dict[str, Any]) -> None:
    """A card is deleted and, mostly, there again later."""
    server = dice.one_of(list(plain["servers"]))
    card = {"server": server, "interface": dice.one_of(["eth0", "eth1"]) if shape.two_segments else "eth0"}
    if dice.chance(0.5):
        edit = "    script_user root\n    dynamic_interfaces\n"
        _rewrite(plain, server, lambda text: text.replace("    script_user root\n", edit, 1))
    _then(dice, plain, {"action": Act.INTERFACE_DELETE.value, **card})
    if dice.chance(0.8):
        _then(dice, plain, {"action": Act.INTERFACE_ADD.value, **card})


def _host_settings(dice: Dice, shape: Shape, plain: dict[str, Any]) -> None:
    for server in plain["servers"].values():
        settings = dice.one_of(
            [{"promote_secondaries": True}, {"rp_filter": 1}, {"rp_filter": 2, "promote_secondaries": True}]
        )
        server["host"] = settings


def _other_list(dice: Dice, shape: Shape, plain: dict[str, Any]) -> None:
    """One server has another address in its first instance, or one more."""
    net, prefix = ("2001:db8:2::", 64) if shape.family == 6 else ("192.168.2.", 24)
    old, new = f"{net}110/{prefix}", f"{net}119/{prefix}"
    kept = f"{old}\n        {new}" if dice.chance(0.5) else new
    _rewrite(plain, dice.one_of(list(plain["servers"])), lambda text: text.replace(old, kept, 1))


def _other_password(dice: Dice, shape: Shape, plain: dict[str, Any]) -> None:
    server = dice.one_of(list(plain["servers"]))
    _rewrite(plain, server, lambda text: text.replace("auth_pass secret", "auth_pass other"))


def _router_between(dice: Dice, shape: Shape, plain: dict[str, Any]) -> None:
    """The second server stands in a network of its own, behind a router."""
    plain["segments"]["far"] = {"subnet": "192.168.3.0/24"}
    plain["routers"] = {"gw": {"interfaces": {"lan": "192.168.2.250/24", "far": "192.168.3.250/24"}}}
    card = plain["servers"]["r2"]["interfaces"]["eth0"]
    card |= {"segment": "far", "addresses": ["192.168.3.2/24"]}
    # with its network the virtual address would be a second way to the other side
    prefix = dice.one_of([32, 32, 32, 24])

    def edit(text: str) -> str:
        moved = re.sub(r"\b192\.168\.2\.2\b", "192.168.3.2", text)
        return re.sub(r"(192\.168\.2\.1\d\d)/24", rf"\1/{prefix}", moved)

    for server in plain["servers"]:
        _rewrite(plain, server, edit)
    for action in plain["actions"]:
        if "address" in action:
            action["address"] = edit(action["address"])
        if "between" in action:
            action["between"] = [["gw" if name == "r2" else name for name in action["between"][0]]]


def _equal(dice: Dice, shape: Shape, plain: dict[str, Any]) -> None:
    """All start at the same moment, with the same priorities."""
    priority = dice.one_of([100, 150, 254])
    start_at_s = dice.one_of([0, 0, 1.5])
    for server in plain["servers"].values():
        server["start_at_s"] = start_at_s
        server["config"] = re.sub(r"(?m)^    priority \d+", f"    priority {priority}", server["config"])


_FURTHER: tuple[tuple[float, Callable[[Shape], bool], Callable[[Dice, Shape, dict[str, Any]], None]], ...] = (
    # how often, in which clusters, what
    (0.10, lambda shape: True, _track_file),
    (0.10, lambda shape: True, _routes_and_rules),
    (0.08, lambda shape: True, _host_settings),
    (0.06, lambda shape: True, _other_list),
    (0.15, lambda shape: bool(shape.auth), _other_password),
    (0.40, lambda shape: shape.unicast and shape.family == 4, _router_between),
    (0.06, lambda shape: True, _equal),
    (0.10, lambda shape: True, _card_comes_and_goes),
)


# -- files alone ---------------------------------------------------------------------------------------------

_IN_FILES = (_track_file, _other_list, _other_password, _equal)


def random_configs(seed: int) -> dict[str, str]:
    """Two to four servers and their keepalived.conf, which have nothing but these files in common.

    Like ``random_cluster``, without what no file says: where they are, what befalls them. Some have one text
    for all, in which ``@NAME`` lines say what is whose.
    """
    dice = Dice(seed)
    shape = _shape(dice)
    count = dice.one_of([2, 2, 3, 3, 4])
    names = [f"r{number}" for number in range(1, count + 1)]
    servers = {name: {"config": _config(dice, shape, n, count)} for n, name in enumerate(names, 1)}
    plain: dict[str, Any] = {"servers": servers, "actions": [{"at_s": 0}]}
    for share, fits, add in _FURTHER:
        if add in _IN_FILES and dice.chance(share) and fits(shape):
            add(dice, shape, plain)
    if dice.chance(0.12):
        _one_text(dice, plain)
    return {name: server["config"] for name, server in servers.items()}


def _one_text(dice: Dice, plain: dict[str, Any]) -> None:
    """The first server's file for all of them; each has its own priority, and its own address as a source."""
    servers = plain["servers"]
    chosen = [dice.one_of([90, 100, 100, 120, 150, 200]) for _ in servers]
    lines = "\n".join(f"@{name} priority {p}" for name, p in zip(servers, chosen, strict=True))
    text = re.sub(r"(?m)^    priority \d+", lines, next(iter(servers.values()))["config"])
    for number, server in enumerate(servers.values(), 1):
        own = re.sub(r"(unicast_src_ip \S+[.:])\d+", rf"\g<1>{number}", text)
        server["config"] = _PEER.sub(partial(_not_itself, number), own)


_PEER = re.compile(r"(?m)^        (192\.168\.2\.|203\.0\.113\.|2001:db8:\d::)(\d+)$")


def _not_itself(number: int, found: re.Match[str]) -> str:
    """A peer's line of the first server's file in that of another one, who is no peer of its own."""
    return f"        {found[1]}{1 if int(found[2]) == number else found[2]}"
