"""A failure in one line, and an expectation in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vrrplab.errors import VrrplabError
from vrrplab.scenario.expect import broken_expectations
from vrrplab.scenario.fail_line import actions_of, with_expectations, with_failures
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.sim.play import run
from vrrplab.trace.vocabulary import Act

CONF = """
vrrp_script chk_squid { script "/usr/bin/killall -0 squid" }
track_file load { file /run/load }
vrrp_track_process web {
    process nginx
    quorum 2
}
bfd_instance peer { neighbor_ip 192.168.2.1 }
vrrp_instance V {
    interface eth0
    virtual_router_id 51
    priority PRIORITY
    track_script { chk_squid weight -20 }
    track_file { load weight 10 }
    track_process { web }
    track_bfd { peer weight -5 }
    virtual_ipaddress { 192.168.2.100/24 }
}
"""


@pytest.fixture
def pair(tmp_path: Path) -> Scenario:
    for name, priority in (("a", "110"), ("b", "100")):
        (tmp_path / f"{name}.conf").write_text(CONF.replace("PRIORITY", priority))
    return scenario_from_configs([tmp_path / "a.conf", tmp_path / "b.conf"])


def server(action: str, at_s: float = 10.1, **keys: Any) -> dict[str, Any]:
    return {"at_s": at_s, "action": action, "server": "a", **keys}


LINES = [
    (
        "a eth0 at 10 for 20",
        [server("carrier_down", 10, interface="eth0"), server("carrier_up", 30, interface="eth0")],
    ),
    (
        "a eth0 for 2.5s at 1s",
        [server("carrier_down", 1, interface="eth0"), server("carrier_up", 3.5, interface="eth0")],
    ),
    ("a chk_squid", [server("check_fail", script="chk_squid")]),
    ("a squid", [server("check_fail", script="chk_squid")]),
    (
        "a script chk_squid for 5",
        [server(a, at, script="chk_squid") for a, at in (("check_fail", 10.1), ("check_pass", 15.1))],
    ),
    (
        "a load for 1",
        [server("file_write", file="load", value=-26), server("file_write", 11.1, file="load", value=0)],
    ),
    (
        "a web for 1",
        [
            server("process_count", process="web", count=0),
            server("process_count", 11.1, process="web", count=2),
        ],
    ),
    ("a bfd peer for 1", [server("bfd_down", bfd="peer"), server("bfd_up", 11.1, bfd="peer")]),
    ("a daemon for 1", [server("daemon_stop"), server("daemon_start", 11.1)]),
    ("a kill for 1", [server("daemon_kill"), server("daemon_start", 11.1)]),
    ("a freeze for 1", [server("daemon_freeze"), server("daemon_thaw", 11.1)]),
    ("a power for 1", [server("power_off"), server("power_on", 11.1)]),
    (
        "a firewall out for 1",
        [
            server(act, at, direction="out", protocol="vrrp")
            for act, at in (("firewall_drop", 10.1), ("firewall_clear", 11.1))
        ],
    ),
    ("a firewall", [server("firewall_drop", direction=way, protocol="vrrp") for way in ("in", "out")]),
    (
        "eth0 cut at 3 for 1",
        [
            {"at_s": 3, "action": "segment_fault", "segment": "eth0", "loss": 1.0},
            {"at_s": 4, "action": "segment_heal", "segment": "eth0", "loss": 1.0},
        ],
    ),
]


@pytest.mark.parametrize(("line", "actions"), LINES, ids=[line for line, _ in LINES])
def test_a_line_is_these_actions(line: str, actions: list[dict[str, Any]], pair: Scenario) -> None:
    """And the simulator takes them."""
    found = actions_of(line, pair)
    assert found == [{**action, "at_s": pytest.approx(action["at_s"])} for action in actions]
    assert len(with_failures(pair, [line]).actions) == len(actions)


WRONG = [
    ("c eth0", "there is no server or network 'c' - one of: a, b, eth0"),
    ("a ethO", "a has no interface, service, script or other thing 'ethO' - did you mean 'eth0'?"),
    ("a interface lo", "a has no interface 'lo' - one of: eth0"),
    ("a", "names no failure"),
    ("", "names no failure"),
    ("eth0 down", "a network can only be cut, not 'down' - eth0 cut"),
    ("a eth0 at", "at is followed by no time"),
    ("a eth0 at soon", "at 'soon' is no time - seconds, e.g. at 10"),
    ("a eth0 at -1", "at -1 is no time of a run"),
    ("a eth0 at nan", "at nan is no time of a run"),
    ("a eth0 for 0", "what is repaired after 0 s does not fail"),
    ("a eth0 at 1 at 2", "at is there twice"),
    ("a eth0 eth1", "'eth1' is one word too many"),
    ("a firewall up", "a firewall drops in, out or both, not 'up' - a firewall in"),
    ("a 'eth0", "a quotation mark has no partner"),
    ('a ""', "a has no interface, service, script or other thing ''"),
    ("a script", "which script of a? - a script chk_squid"),
    ("a service", "which service of a? - a has none"),
]


@pytest.mark.parametrize(("line", "told"), WRONG, ids=[line for line, _ in WRONG])
def test_what_is_wrong_in_a_line_is_told_with_what_would_be_right(
    line: str, told: str, pair: Scenario
) -> None:
    with pytest.raises(VrrplabError) as caught:
        actions_of(line, pair)
    assert str(caught.value).startswith(f"{line!r}: {told}")
    assert "\n" not in str(caught.value)


TWO_MEANINGS = """
name: two meanings
duration_s: 20
segments: {lan: {subnet: 192.168.2.0/24}}
servers:
  the left one:
    config: |
      vrrp_instance V {
          interface eth0
          virtual_router_id 51
          priority 100
          virtual_ipaddress { 192.168.2.100/24 }
      }
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.1/24]}}
    services: {eth0: {port: 80}, power: {port: 81}}
"""


def test_a_name_with_two_meanings_is_told_and_its_kind_says_which_is_meant() -> None:
    scenario = scenario_from_text(TWO_MEANINGS)
    with pytest.raises(VrrplabError, match="'eth0' is an interface and a service - say"):
        actions_of("'the left one' eth0", scenario)
    with pytest.raises(VrrplabError, match="'power' is a service and a failure - say"):
        actions_of("'the left one' power", scenario)
    (action,) = actions_of("'the left one' service eth0", scenario)
    assert action == {"at_s": 10, "action": "service_stop", "server": "the left one", "service": "eth0"}


def test_a_run_lasts_until_what_a_failure_does_is_over(pair: Scenario) -> None:
    """Input: a failure near the end, and one long before it."""
    assert with_failures(pair, ["a eth0 at 100"]).duration_us == 130_000_000
    assert with_failures(pair, ["a eth0"]).duration_us == pair.duration_us
    assert with_failures(pair, []) is pair


def test_an_expectation_in_a_line_is_held_against_the_run(pair: Scenario) -> None:
    """Input: right and wrong ones about a cable that is pulled. Output: the wrong ones, with their lines."""
    failing = with_failures(pair, ["a eth0 at 10 for 20"]).changed(duration_us=50_000_000)
    lines = [
        "192.168.2.100 on a at 9",
        "192.168.2.100 on b at 20",
        "192.168.2.100 on a",
        "192.168.2.100 out 3.7",
        "192.168.2.100 on nobody at 20",
        "192.168.2.100 out at most 2",
    ]
    told = broken_expectations(expecting := with_expectations(failing, lines), run(expecting))
    assert told[0] == (
        "expected '192.168.2.100 on nobody at 20': 192.168.2.100 at 20.000 s: expected nobody, b had it"
    )
    assert told[1].startswith("expected '192.168.2.100 out at most 2': 192.168.2.100 was out for")
    assert len(told) == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("192.168.2.7 on a", "'192.168.2.7' is no virtual address of any server"),
        ("192.168.2.100 on c", "there is no server 'c'"),
        ("192.168.2.100 on a at 90", "the run ends at 60 s"),
        ("192.168.2.7 out 3", "no client probes '192.168.2.7'"),
        ("192.168.2.100 out long", "out 'long' is no time"),
        ("all is well", "is no expectation - ADDRESS on SERVER"),
    ],
)
def test_an_expectation_that_nothing_can_match_is_a_mistake(line: str, told: str, pair: Scenario) -> None:
    with pytest.raises(VrrplabError) as caught:
        with_expectations(pair, [line])
    assert str(caught.value).startswith(f"{line!r}: {told}")


def test_what_mends_an_action_mends_little_else() -> None:
    """Power that comes back starts the daemon too, but a daemon is started by starting it."""
    broken = {act: act.mended_by for act in Act if act.breaks}
    assert broken[Act.DAEMON_STOP] is Act.DAEMON_START
    assert broken[Act.FIREWALL_DROP] is Act.FIREWALL_CLEAR
    assert broken[Act.IFDOWN] is Act.IFUP
    assert broken[Act.LINK_DOWN] is Act.LINK_UP
    assert broken[Act.INTERFACE_DELETE] is Act.INTERFACE_ADD
    assert all(act in mending.mends for act, mending in broken.items())


def test_what_a_script_looks_at_dies_and_clients_miss_it(pair: Scenario) -> None:
    """As in a forecast: that only the check fails, and all is well for clients, nobody means."""
    for line in ("a chk_squid at 10 for 5", "a script chk_squid at 10 for 5", "a squid at 10 for 5"):
        scenario = with_failures(pair, [line])
        assert [action.kind for action in scenario.actions] == ["service_kill", "service_start"]
        trace = run(scenario)
        assert any(outage.kind == "http" for outage in trace.disturbances("192.168.2.100"))


def test_a_service_that_the_scenario_declares_is_what_dies() -> None:
    scenario = load_scenario("article-drill-3-squid").changed(actions=())
    for thing in ("chk_squid", "chk_squid_service"):
        (action,) = actions_of(f"proxy-serv01 {thing}", scenario)
        assert (action["action"], action["service"]) == ("service_kill", "squid")
