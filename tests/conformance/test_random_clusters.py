"""Random clusters: two to five servers with random options and random faults, in every profile.

Safety: two MASTERs of one virtual router that hear each other are settled within one advert interval. If
they are not, adverts are rejected, and a warning says that there are two MASTERs. Liveness: when the network
is sound and a server is fit, there is a MASTER, and only one unless adverts are rejected. Always: the same
scenario gives the same trace, a MASTER has an advert due, and no deadline lies in the past (WatchedWorld).
"""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watched import WatchedWorld

from vrrplab.config.model import (
    Authentication,
    GarpSettings,
    InstanceConfig,
    NodeConfig,
    ScriptConfig,
    TrackedObject,
    UnicastPeer,
    VirtualAddress,
)
from vrrplab.machine.profiles import PROFILES
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Interface, Segment, Server
from vrrplab.scenario.random_clusters import random_cluster
from vrrplab.trace import Trace, TraceEvent, make_event
from vrrplab.units import Micros, micros

RUNS = 100  # of each profile
EACH_TIME = ("keepalived-2.2.7", "rfc9568")  # the other profiles: in make test-long
IN_TURN = [
    pytest.param(p, marks=() if p in EACH_TIME else (pytest.mark.long, pytest.mark.computes))
    for p in PROFILES
]
LAST_ACTION_S = 10
SETTLES_S = 15
DELAYS_US = micros(0.05)  # of switches, checks and restarts
ASKS_AGAIN_US = micros(1)  # with unicast peers: ARP questions that were lost are repeated after a second

ON_SERVER = [
    "link_down", "link_up", "carrier_down", "carrier_up", "check_fail", "check_pass", "daemon_stop",
    "daemon_start", "daemon_kill", "daemon_freeze", "daemon_thaw", "power_off", "power_on",
]  # fmt: skip


# -- clusters -----------------------------------------------------------------------------------------


def address_of(number: int, family: int) -> str:
    return f"fe80::25{number}" if family == 6 else f"192.168.2.25{number}"


@st.composite
def clusters(draw: st.DrawFn) -> Scenario:
    """Servers that mostly fit together; now and then one has another password, interval or address list."""
    version = draw(st.sampled_from([2, 3]))
    family = draw(st.sampled_from([4, 6])) if version == 3 else 4
    count = draw(st.integers(2, 5))
    interval_s = draw(st.sampled_from([1, 2] if version == 2 else [0.1, 0.5, 1, 2]))
    kinds = [None, "PASS", "AH"] if version == 2 else [None]
    kind = draw(st.sampled_from(kinds))
    unicast = draw(st.booleans())
    servers = {}
    for number in range(1, count + 1):
        name = f"r{number}"
        odd = draw(st.sampled_from([""] * 12 + ["interval", "password", "list", "unicast", "version"]))
        config = draw(
            instances(number, count, version, family, interval_s, kind, unicast ^ (odd == "unicast"), odd)
        )
        script = ScriptConfig("chk", ("/bin/chk",), fall=draw(st.integers(1, 2)), rise=1)
        node = NodeConfig(f"{name}.conf", scripts=(script,), instances=(config,))
        prefix = 64 if family == 6 else 24
        own = (f"{address_of(number, family)}/{prefix}",)
        interface = Interface("eth0", "lan", own, f"02:00:00:00:00:0{number}")
        starts_us = draw(st.integers(0, 3_000_000))
        servers[name] = Server(name, f"{name}.conf", node, {"eth0": interface}, starts_us)
    end_us = micros(LAST_ACTION_S + SETTLES_S)
    return Scenario("random", end_us, {"lan": Segment("lan")}, servers).with_actions(draw(faults(count)))


@st.composite
def instances(
    draw: st.DrawFn,
    number: int,
    count: int,
    version: int,
    family: int,
    interval_s: float,
    kind: str | None,
    unicast: bool,
    odd: str,
) -> InstanceConfig:
    priority = draw(st.sampled_from([1, 90, 100, 100, 101, 150, 254, 255]))
    owner = priority == 255
    preempt = owner or draw(st.integers(0, 3)) > 0
    weight = 0 if owner else draw(st.sampled_from([0, 0, -60, 60]))
    if odd == "version" and family == 4:
        version, kind, interval_s = 5 - version, None, max(1, interval_s)
    if odd == "interval":
        interval_s *= 2
    vip = (
        VirtualAddress("fe80::200", 128, "eth0")
        if family == 6
        else VirtualAddress("192.168.2.200", 24, "eth0")
    )
    extra = VirtualAddress("192.168.2.201", 24, "eth0")
    password = b"other" if odd == "password" else b"secret"
    peers = tuple(UnicastPeer(address_of(n, family)) for n in range(1, count + 1) if n != number)
    return InstanceConfig(
        name="V1",
        state=draw(st.sampled_from(["MASTER", "BACKUP"])),
        interface="eth0",
        vrid=51,
        base_priority=priority,
        version=version,
        family=family,
        advert_interval_us=micros(interval_s),
        virtual_addresses=(vip, extra) if odd == "list" and family == 4 else (vip,),
        preempt=preempt,
        preempt_delay_us=micros(draw(st.sampled_from([0, 0, 3]))) if preempt and not owner else 0,
        authentication=Authentication(kind, password) if kind else None,
        unicast_peers=peers if unicast else (),
        unicast_ttl=64 if family == 6 else 255,
        garp=GarpSettings(refresh_us=micros(draw(st.sampled_from([0, 5])))),
        lower_prio_no_advert=draw(st.booleans()),
        higher_prio_send_advert=draw(st.booleans()),
        down_timer_adverts=draw(st.sampled_from([3, 3, 2])),
        accept=draw(st.booleans()),
        use_vmac=draw(st.sampled_from(["", "", "vrrp.51"])),
        track_scripts=(TrackedObject("chk", weight),) if draw(st.booleans()) else (),
    )


@st.composite
def faults(draw: st.DrawFn, count: int) -> list[dict[str, Any]]:
    """Actions of a scenario file; firewalls and the network are mended at the end, servers are not."""
    found: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 6))):
        at_s = draw(st.integers(300, (LAST_ACTION_S - 1) * 100)) / 100
        server = f"r{draw(st.integers(1, count))}"
        kind = draw(st.sampled_from([*ON_SERVER, "firewall_drop", "segment_fault"]))
        action: dict[str, Any] = {"at_s": at_s, "action": kind, "server": server}
        if kind.startswith(("link", "carrier")):
            action["interface"] = "eth0"
        elif kind == "firewall_drop":
            action |= {"direction": draw(st.sampled_from(["in", "out"])), "protocol": "vrrp"}
        elif kind == "segment_fault":
            action = {"at_s": at_s, "action": kind, "segment": "lan"}
            action |= draw(
                st.sampled_from([{"loss": 0.7}, {"multicast": False}, {"between": [["r1", "r2"]]}])
            )
        found.append(action)
    found.append({"at_s": LAST_ACTION_S, "action": "segment_heal", "segment": "lan"})
    found += [
        {"at_s": LAST_ACTION_S, "action": "firewall_clear", "server": f"r{n}"} for n in range(1, count + 1)
    ]
    return found


def test_a_frozen_daemon_that_is_told_to_stop_is_still_frozen() -> None:
    """So it is no second MASTER that anybody could hear (found by a random cluster)."""
    acts = [("daemon_freeze", 3), ("daemon_stop", 4), ("daemon_thaw", 6)]
    events = [make_event(micros(t_s), "action", {"action": act, "server": "r1"}) for act, t_s in acts]
    assert deaf_or_mute(Trace(events), "r1") == [(micros(3), micros(6))]


# -- who heard whom -----------------------------------------------------------------------------------


def deaf_or_mute(trace: Trace, server: str) -> list[tuple[Micros, Micros]]:
    """When adverts of or to a server may have been lost: its own troubles, and the segment's."""
    spans: list[tuple[Micros, Micros]] = []
    since: Micros | None = None
    troubles: set[str] = set()
    for event in trace.of("action"):
        if event.fields.get("server", server) != server:
            continue
        before = bool(troubles)
        _change(troubles, event)
        if troubles and not before:
            since = event.t_us
        elif before and not troubles and since is not None:
            spans.append((since, event.t_us))
            since = None
    return [*spans, (since, trace.end_us)] if since is not None else spans


def _change(troubles: set[str], event: TraceEvent) -> None:
    kind = str(event.fields["action"])
    name, _, what = kind.rpartition("_")
    if kind in ("link_down", "carrier_down", "daemon_freeze", "firewall_drop", "segment_fault"):
        troubles.add(name)
    elif kind in ("link_up", "carrier_up", "daemon_thaw", "firewall_clear", "segment_heal"):
        troubles.discard(name)
    elif what in ("off", "kill"):
        troubles.discard("daemon")  # a process that is gone is frozen no longer; SIGTERM waits until it thaws


def as_master(trace: Trace, server: str) -> list[tuple[Micros, Micros]]:
    """When a server was MASTER and could hear and be heard."""
    spans = [(s.from_us, s.to_us) for s in trace.states("V1", server) if s.state == "MASTER"]
    for bad_from, bad_to in deaf_or_mute(trace, server):
        cut: list[tuple[Micros, Micros]] = []
        for a, b in spans:
            cut += [(a, min(b, bad_from)), (max(a, bad_to), b)]
        spans = [(a, b) for a, b in cut if b > a]
    return spans


def longest_overlap(
    one: list[tuple[Micros, Micros]], other: list[tuple[Micros, Micros]]
) -> tuple[Micros, Micros]:
    both = [(max(a, c), min(b, d)) for a, b in one for c, d in other]
    return max(both, key=lambda span: span[1] - span[0], default=(0, 0))


def longest_silence(trace: Trace, server: str, span: tuple[Micros, Micros]) -> Micros:
    """How long a server sent no advert, within a span."""
    sent = [e.t_us for e in trace.of("advert_sent", server=server) if span[0] <= e.t_us <= span[1]]
    return max(b - a for a, b in pairwise([span[0], *sent, span[1]]))


def rejections(trace: Trace) -> set[tuple[str, str]]:
    """Who dropped an advert because of what is in it, and whose: server and source address."""
    drops = [e for e in trace.of("advert_dropped") if e.fields["reason"] != "FIREWALL"]
    return {(e.server, str(e.fields["source"])) for e in drops}


def reject(one: str, other: str, family: int, rejected: set[tuple[str, str]]) -> bool:
    """Did one of the two drop adverts of the other because of what is in them?"""
    between = {(a, address_of(int(b[1:]), family)) for a, b in ((one, other), (other, one))}
    return bool(between & rejected)


def silenced(
    server: str, trace: Trace, span: tuple[Micros, Micros], limit_us: Micros, rejected: set[tuple[str, str]]
) -> bool:
    """keepalived restarts its timer on rejected adverts too, so a third MASTER can keep one silent."""
    rejects = any(who == server for who, _ in rejected)
    return rejects and longest_silence(trace, server, span) > limit_us


@pytest.mark.parametrize("profile", IN_TURN)
@settings(
    max_examples=RUNS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cluster=clusters())
def test_safety_and_liveness(profile: str, cluster: Scenario) -> None:
    watched = WatchedWorld(cluster, PROFILES[profile])
    trace = watched.run()
    family = 6 if ":" in cluster.virtual_addresses()[0] else 4
    masters = {name: as_master(trace, name) for name in cluster.servers}
    interval_us = {n: s.node.instances[0].advert_interval_us for n, s in cluster.servers.items()}
    warned = [set(e.fields["servers"]) for e in trace.of("warning") if "split brain" in str(e.fields["text"])]
    rejected = rejections(trace)
    for one, other in combinations(cluster.servers, 2):
        span = longest_overlap(masters[one], masters[other])
        together_us = span[1] - span[0]
        limit_us = max(interval_us[one], interval_us[other]) + DELAYS_US
        if any(cluster.servers[name].node.instances[0].unicast for name in (one, other)):
            limit_us += ASKS_AGAIN_US
        if together_us > limit_us:
            found = reject(one, other, family, rejected) or (
                PROFILES[profile].rejected_advert_rearms
                and any(silenced(name, trace, span, limit_us, rejected) for name in (one, other))
            )
            assert found, f"{one} and {other} for {together_us} us"
            if together_us > max(interval_us.values()) + micros(0.2):
                assert any({one, other} <= names for names in warned), "nobody says so"
    fit, now_master = watched.fit("V1"), watched.masters("V1")
    assert now_master <= fit
    assert watched.is_sound
    if fit:
        assert now_master
        if not rejected:
            assert len(now_master) == 1


@pytest.mark.parametrize("profile", IN_TURN)
@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(cluster=clusters(), seed=st.integers(0, 5))
def test_the_same_scenario_gives_the_same_trace(profile: str, cluster: Scenario, seed: int) -> None:
    lossy = cluster.changed(segments={"lan": Segment("lan", jitter_us=500, loss=0.1)}, seed=seed)
    first, second = (WatchedWorld(lossy, PROFILES[profile]).run() for _ in range(2))
    assert [e.to_json() for e in first] == [e.to_json() for e in second]


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("profile", [name for name in PROFILES if name.startswith("keepalived")])
def test_the_clusters_that_lab_compare_runs(profile: str) -> None:
    """They have everything these here have not (groups, several instances, reloads, ``ifdown``); of them it
    is only asked that no deadline lies in the past and every MASTER has an advert due.
    """
    for seed in range(1, 61):
        WatchedWorld(random_cluster(seed, profile), PROFILES[profile]).run()
