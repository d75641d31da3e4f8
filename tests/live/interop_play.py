"""A case of ``interop_cases`` from start to end, on a LAN of its own in namespaces.

Routers that understand each other go through four stages: the highest one becomes master and the others stay
silent; it is stopped (farewell with priority 0, the next one takes over after its skew time); it comes back
and preempts, or does not; the master's cable is pulled (the next one takes over after its master-down
interval). A case of two that do not understand each other ends when both are master.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from interop_cases import NOPREEMPT, V4, Case, Trio
from live_bench import Bench, Router, config, takeover

PRIORITIES = (200, 150, 100)
HIGH, LOW = PRIORITIES[0], PRIORITIES[-1]
VRID, OTHER_VRID = 51, 52
GROUP = "vrrp_sync_group G {\n group {\n V1\n V2\n }\n}\n"


class Seen(NamedTuple):
    """What came of a case, beside what the formulas say; seconds, None where it did not come to that."""

    accepts: bool
    farewell_expected_s: float | None = None
    farewell_s: float | None = None
    silent_expected_s: float | None = None
    silent_s: float | None = None
    preempts: bool | None = None


def play(case: Case | Trio) -> Seen:
    if isinstance(case, Trio):
        return play_three(case)
    with Bench(["ours", "theirs"], ("eth0", "eth1") if case.group else ("eth0",)) as bench:
        high, low = ("ours", "theirs") if case.ours_high else ("theirs", "ours")
        routers = {}
        for host in (low, high) if case.preempts else (high, low):
            routers[host] = start(bench, host, case)
            if not case.preempts:  # who comes first stays
                bench.wait_for_master(high)
        if not case.works:
            return Seen(stays_silent(bench, routers, low, case))
        began_s = bench.wait_for_master(high)
        time.sleep(2 * case.interval_s + 0.5)
        accepts = not sent(bench, low, began_s + 1.5 * case.interval_s)
        farewell_s = stop(bench, routers, high, low, vrids(case))
        time.sleep(1)
        back_s = time.time()
        routers[high] = start(bench, high, case)
        if case.preempts:
            bench.wait_for_master(high, since_s=back_s)
            time.sleep(2 * case.interval_s + 0.3)
            preempted = not sent(bench, low, time.time() - 1.5 * case.interval_s)
        else:
            time.sleep(5 * case.interval_s)
            preempted = bool(sent(bench, high, back_s))
        first, second = (high, low) if case.preempts else (low, high)
        silent_s = cut(bench, first, second, vrids(case))
        return Seen(
            accepts,
            skew_s(case, low) + late_s(case, low),
            farewell_s,
            3 * interval_s(case) + skew_s(case, second) + late_s(case, second),
            silent_s,
            preempted,
        )


def play_three(case: Trio) -> Seen:
    """The highest is stopped, then the cable of the next one is pulled, then the highest comes back."""
    hosts = ("r1", "r2", "r3")
    made = dict(zip(hosts, zip(case.daemons, PRIORITIES, strict=True), strict=True))
    with Bench(list(hosts)) as bench:
        routers = {host: daemon(bench, host, *made[host]) for host in reversed(hosts)}
        began_s = bench.wait_for_master("r1")
        time.sleep(2.5)
        accepts = not sent(bench, "r2", began_s + 1.5) and not sent(bench, "r3", began_s + 1.5)
        stopped_s = time.time()
        farewell_s = stop(bench, routers, "r1", "r2", [VRID])
        time.sleep(2.5)
        accepts = accepts and not sent(bench, "r3", stopped_s)
        silent_s = cut(bench, "r2", "r3", [VRID])
        time.sleep(1)
        back_s = time.time()
        daemon(bench, "r1", *made["r1"])
        bench.wait_for_master("r1", since_s=back_s)
        time.sleep(2.3)
        preempted = not sent(bench, "r3", time.time() - 1.5)
        skews_s = [skew_of(priority, 1.0, name == "frr") for name, priority in made.values()]
        return Seen(accepts, skews_s[1], farewell_s, 3 + skews_s[2], silent_s, preempted)


def stays_silent(bench: Bench, routers: dict[str, Router], low: str, case: Case) -> bool:
    """Until both are master, or have had time enough for it: is the lower one not?"""
    end_s = time.monotonic() + 3 * max(case.interval_s, case.their_interval_s) + 1 + 3
    while time.monotonic() < end_s and {r.state() for r in routers.values()} != {"MASTER"}:
        time.sleep(0.1)
    return routers[low].state() != "MASTER"


def stop(bench: Bench, routers: dict[str, Router], old: str, new: str, on: list[int]) -> float:
    """SIGTERM; how long the takeover took on the slowest network."""
    stopped_s = time.time()
    routers[old].stop()
    for vrid in on:
        bench.wait_for_master(new, vrid, stopped_s)
    return max(takeover(bench.adverts(vrid), old, new, stopped_s) for vrid in on)


def cut(bench: Bench, old: str, new: str, on: list[int]) -> float:
    """Pull a cable (of a group: of its last network); how long until the other is master everywhere.

    keepalived's groups move when all their members have heard nothing for long enough.
    """
    cut_s = time.time()
    bench.cut(old, bench.interfaces[-1])
    first_s = max(bench.wait_for_master(new, vrid, cut_s) for vrid in on)
    before_s = [a.t_s for a in bench.adverts(on[-1]) if a.host == old and a.t_s < first_s]
    assert before_s, f"{old} had sent nothing when its cable was pulled"
    return first_s - before_s[-1]


def sent(bench: Bench, host: str, since_s: float) -> bool:
    """Has a host sent an advert since then?"""
    return any(a.host == host and a.t_s > since_s for a in bench.adverts())


def vrids(case: Case) -> list[int]:
    return [VRID, OTHER_VRID] if case.group else [VRID]


# -- formulas -----------------------------------------------------------------------------------------------


def interval_s(case: Case) -> float:
    """What the lower router goes by: in version 3 it learns the higher one's interval."""
    return case.their_interval_s if case.their_interval_s and not case.ours_high else case.interval_s


def skew_s(case: Case, host: str) -> float:
    """Skew time of a router (RFC 3768 in seconds, RFC 9568 scaled)."""
    priority = HIGH if (host == "ours") == case.ours_high else LOW
    unit_s = 1.0 if case.version == 2 else interval_s(case)
    return skew_of(priority, unit_s, host == "theirs" and case.daemon == "frr")


def skew_of(priority: int, unit_s: float, frr: bool) -> float:
    """FRR cuts it to centiseconds."""
    value_s = (256 - priority) / 256 * unit_s
    return int(value_s * 100) / 100 if frr else value_s


def late_s(case: Case, host: str) -> float:
    return case.late * interval_s(case) if host == "theirs" else 0.0


# -- routers ------------------------------------------------------------------------------------------------


def daemon(bench: Bench, host: str, name: str, priority: int) -> Router:
    """One of three: version 3, every second."""
    if name == "frr":
        return bench.frr(host, 3, priority, 1000, [a.partition("/")[0] for a in V4])
    text = config(priority=priority, version=3)
    return bench.vrrplab(host, text) if name == "vrrplab" else bench.keepalived(host, text)


def start(bench: Bench, host: str, case: Case) -> Router:
    """One of two."""
    role = role_of(case, host)
    if not role.ours and case.daemon == "frr":
        interval_ms = int(role.every_s * 1000)
        return bench.frr(host, role.version, role.priority, interval_ms, role.plain, preempt=role.preempt)
    text = keepalived_conf(case, role, bench.address("theirs" if role.ours else "ours"))
    return bench.vrrplab(host, text) if role.ours else bench.keepalived(host, text)


class Role(NamedTuple):
    """What one of two routers is configured to be."""

    ours: bool
    priority: int
    version: int
    every_s: float
    addresses: tuple[str, ...]
    more: str

    @property
    def plain(self) -> list[str]:
        """The addresses, without prefix."""
        return [a.partition("/")[0] for a in self.addresses]

    @property
    def preempt(self) -> bool:
        return NOPREEMPT not in self.more


def role_of(case: Case, host: str) -> Role:
    ours = host == "ours"
    return Role(
        ours,
        HIGH if ours == case.ours_high else LOW,
        case.version if ours or not case.their_version else case.their_version,
        case.interval_s if ours or not case.their_interval_s else case.their_interval_s,
        case.addresses if ours else case.their_addresses or case.addresses,
        case.more if ours or case.their_more is None else case.their_more,
    )


def keepalived_conf(case: Case, role: Role, peer: str) -> str:
    every = f"{role.every_s:g}"
    text = config(
        priority=role.priority,
        version=role.version,
        interval=every,
        addresses=role.addresses,
        more=role.more.replace("{peer}", peer),
        top=GROUP if case.group else "",
    )
    if case.group:
        other = {"vrid": OTHER_VRID, "name": "V2", "interface": "eth1", "addresses": ("203.0.113.100/24",)}
        text += config(priority=role.priority, version=role.version, interval=every, **other)  # type: ignore[arg-type]
    return text
