"""Random things happen to the article's two proxies, 2,000 times.

Whatever happens: no exception, no deadline in the past, a MASTER always has an advert due. And when the
network is sound and a server is fit, ten seconds after the last event there is exactly one MASTER for each
virtual router; a server that is not fit is never one. A dead or frozen daemon is no MASTER, though its
addresses may still be on the interface.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watched import WatchedWorld

from vrrplab.machine.profiles import PROFILES
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.units import micros

RUNS = 400
LAST_ACTION_S = 6
SETTLES_S = 10
SQUID_STOPS_S = 1  # its default of 30 s would only make the runs longer

SERVERS = st.sampled_from(["proxy-serv01", "proxy-serv02"])
INTERFACES = st.sampled_from(["eth0", "eth1"])
PRIMARY = {"proxy-serv01": "192.168.2.251/24", "proxy-serv02": "192.168.2.252/24"}
VIRTUAL = ["192.168.2.101/24", "192.168.2.102/24"]

ON_INTERFACE = ["link_down", "link_up", "carrier_down", "carrier_up", "ifdown", "ifup"]
ON_SERVER = [
    "check_fail", "check_pass", "check_hang", "daemon_stop", "daemon_start", "daemon_kill", "daemon_freeze",
    "daemon_thaw", "power_off", "power_on", "firewall_clear",
]  # fmt: skip
KINDS = ["interface", "server", "service", "address", "kill", "reload", "firewall", "network"]
ON_SERVICE = ["service_stop", "service_start", "service_kill"]


@st.composite
def actions(draw: st.DrawFn) -> dict[str, Any]:
    """One action of a scenario file, as a mapping."""
    server = draw(SERVERS)
    action: dict[str, Any] = {"at_s": draw(st.integers(0, LAST_ACTION_S * 100)) / 100, "server": server}
    kind = draw(st.sampled_from(KINDS))
    if kind == "interface":
        return action | {"action": draw(st.sampled_from(ON_INTERFACE)), "interface": draw(INTERFACES)}
    if kind == "server":
        return action | {"action": draw(st.sampled_from(ON_SERVER))}
    if kind == "service":
        return action | {"action": draw(st.sampled_from(ON_SERVICE)), "service": "squid"}
    if kind == "address":
        verb = draw(st.sampled_from(["address_remove", "address_add"]))
        address = draw(st.sampled_from([PRIMARY[server], *VIRTUAL]))
        return action | {"action": verb, "interface": "eth0", "address": address}
    if kind == "kill":
        return action | {"action": "daemon_kill", "process": draw(st.sampled_from(["parent", "child"]))}
    if kind == "reload":
        own = f"../configs/article/{server}.conf"
        other = f"../configs/article-254/{server}.conf"
        return action | {"action": "reload", "config": draw(st.sampled_from([own, other]))}
    if kind == "firewall":
        direction = draw(st.sampled_from(["in", "out"]))
        return action | {"action": "firewall_drop", "direction": direction, "protocol": "vrrp"}
    del action["server"]
    segment = draw(st.sampled_from(["lan", "wan"]))
    return action | draw(
        st.sampled_from(
            [
                {"action": "segment_heal", "segment": segment},
                {"action": "segment_fault", "segment": segment, "loss": 0.5},
                {"action": "segment_fault", "segment": segment, "multicast": False},
                {
                    "action": "segment_fault",
                    "segment": segment,
                    "between": [["proxy-serv01", "proxy-serv02"]],
                },
            ]
        )
    )


@cache
def cluster() -> Scenario:
    """The article's two servers without clients."""
    steady = load_scenario("article-steady")
    squid_stops_us = micros(SQUID_STOPS_S)
    servers = {
        name: replace(
            server,
            services={n: replace(s, shutdown_us=squid_stops_us) for n, s in server.services.items()},
        )
        for name, server in steady.servers.items()
    }
    end_us = micros(LAST_ACTION_S + SQUID_STOPS_S + SETTLES_S)
    return steady.changed(servers=servers, clients={}, expect=(), duration_us=end_us)


# FRR goes on as MASTER without address or link (measured), and never runs these configurations
WATCHFUL = [
    pytest.param(name, marks=() if name == "keepalived-2.2.7" else (pytest.mark.long, pytest.mark.computes))
    for name, profile in PROFILES.items()
    if profile.watches_addresses
]


@pytest.mark.parametrize("profile", WATCHFUL)
@settings(
    max_examples=RUNS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(happens=st.lists(actions(), max_size=8))
def test_whatever_happens_to_it(profile: str, happens: list[dict[str, Any]]) -> None:
    watched = WatchedWorld(cluster().with_actions(happens), PROFILES[profile])
    watched.run()
    for instance in ("proxy_ip1", "proxy_ip2"):
        fit, masters = watched.fit(instance), watched.masters(instance)
        assert masters <= fit, f"{instance}: MASTER on {masters}, but only {fit} can work"
        if watched.is_sound and fit:
            assert len(masters) == 1, f"{instance}: MASTER on {masters}, fit are {fit}"
