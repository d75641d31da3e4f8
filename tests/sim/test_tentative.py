"""An IPv6 address that is checked for duplicates counts as missing where a daemon binds its source address.

Measured with keepalived 2.2.7, started 0, 0.3, 1.0 and 2.5 s after ``ip link set up`` and ``ip address add
fd00::1/64`` with that address as unicast_src_ip: three times ``bind … failed 99`` and FAULT for good, then
BACKUP. In 13 trials the address was tentative for 1.26 to 2.06 s. A multicast instance starts at once.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab import Trace, simulate
from vrrplab.scenario.reader import load_scenario
from vrrplab.trace.events import UndecidedEvent

CONF = """vrrp_instance V {
    interface eth0
    virtual_router_id 1
    priority 200
    unicast_src_ip fd00::1
    unicast_peer {
        fd00::2
    }
    virtual_ipaddress {
        fd00::100/64
    }
}
"""
SCENARIO = """
segments: {lan: {}}
duration_s: 20
servers:
  a: {config: a.conf, interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24%s]}}}
actions:
- {at_s: 2, action: daemon_stop, server: a}
"""


def run(folder: Path, actions: str, own: str = "", conf: str = CONF, profile: str | None = None) -> Trace:
    (folder / "a.conf").write_text(conf, encoding="utf-8")
    (folder / "s.yaml").write_text(SCENARIO % own + actions, encoding="utf-8")
    return simulate(load_scenario(folder / "s.yaml", profile=profile))


def added_before(wait_s: float) -> str:
    return (
        "- {at_s: 5, action: address_add, server: a, interface: eth0, address: 'fd00::1/64'}\n"
        f"- {{at_s: {5 + wait_s}, action: daemon_start, server: a}}\n"
    )


def last_states(trace: Trace) -> list[str]:
    return [event.fields["to"] for event in trace if event.event == "state" and event.t >= 5]


@pytest.mark.parametrize("wait_s", [0, 0.3, 0.9])
def test_a_tentative_source_is_a_fault_for_good(wait_s: float, tmp_path: Path) -> None:
    trace = run(tmp_path, added_before(wait_s))
    assert last_states(trace) == ["FAULT"]
    assert "still checked for duplicates" in trace.why(15, "a", "V")
    lines = [event.fields["line"] for event in trace if event.event == "log" and event.t >= 5]
    assert "bind unicast_src fd00::1 failed 99 - Cannot assign requested address" in lines


def test_after_two_seconds_it_is_an_address_like_any_other(tmp_path: Path) -> None:
    assert last_states(run(tmp_path, added_before(2.1))) == ["BACKUP", "MASTER"]


def test_an_address_that_ifup_brings_is_checked_anew(tmp_path: Path) -> None:
    actions = (
        "- {at_s: 5, action: ifdown, server: a, interface: eth0}\n"
        "- {at_s: 6, action: ifup, server: a, interface: eth0}\n"
        "- {at_s: %s, action: daemon_start, server: a}\n"
    )
    assert last_states(run(tmp_path, actions % 6.5, ", 'fd00::1/64'")) == ["FAULT"]
    assert last_states(run(tmp_path, actions % 8.5, ", 'fd00::1/64'")) == ["BACKUP", "MASTER"]


def test_between_one_second_and_two_the_seed_decides(tmp_path: Path) -> None:
    run(tmp_path, added_before(1.5))
    scenario = load_scenario(tmp_path / "s.yaml")
    ends = set()
    for seed in range(12):
        trace = simulate(scenario.changed(seed=seed))
        (toss,) = trace.of(UndecidedEvent)
        assert (toss.instance, toss.t, toss.candidates) == ("V", 6.5, ["still checked", "free"])
        ends.add((toss.drawn, *last_states(trace)))
    assert ends == {("still checked", "FAULT"), ("free", "BACKUP", "MASTER")}


def test_a_lot_is_drawn_once_and_told_only_where_one_decides(tmp_path: Path) -> None:
    """A daemon that starts anew a moment later finds the same check: none that is over goes on again."""
    again = "".join(
        f"- {{at_s: {at_s}, action: {what}, server: a}}\n"
        for at_s, what in ((6.4, "daemon_kill"), (6.5, "daemon_start"))
    )
    run(tmp_path, added_before(1.3) + again)
    scenario = load_scenario(tmp_path / "s.yaml")
    pairs = set()
    for seed in range(24):
        first, second = simulate(scenario.changed(seed=seed)).of(UndecidedEvent)
        pairs.add((first.drawn, second.drawn))
    both = ("still checked", "free")
    assert pairs == {(a, b) for a in both for b in both} - {both[::-1]}
    assert not run(tmp_path, added_before(0.9)).of(UndecidedEvent)
    assert not run(tmp_path, added_before(2.1)).of(UndecidedEvent)
    assert not run(tmp_path, added_before(1.5), profile="keepalived-2.4.3").of(UndecidedEvent)


def test_a_multicast_instance_and_a_newer_daemon_start_at_once(tmp_path: Path) -> None:
    multicast = CONF.replace("unicast_src_ip fd00::1\n    unicast_peer {\n        fd00::2\n    }\n", "")
    assert "unicast" not in multicast
    assert last_states(run(tmp_path, added_before(0), conf=multicast)) == ["BACKUP", "MASTER"]
    newer = run(tmp_path, added_before(0), profile="keepalived-2.4.3")
    assert last_states(newer) == ["BACKUP", "MASTER"]
