"""What a server still knows after a power cut, when a daemon starts again, and made-up addresses."""

from __future__ import annotations

from pathlib import Path

import pytest
from sim_builders import conf, two_routers

from vrrplab.scenario.address_checks import default_mac
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.sim.play import run
from vrrplab.trace.events import ServiceEvent
from vrrplab.trace.trace import Trace

VIP = "192.168.2.100"


def test_a_server_without_power_forgets_what_was_set_by_hand(tmp_path: Path) -> None:
    actions = """
- {at_s: 5, action: link_down, server: r1, interface: eth0}
- {at_s: 5, action: firewall_drop, server: r1, direction: in, protocol: vrrp}
- {at_s: 6, action: power_off, server: r1}
- {at_s: 12, action: power_on, server: r1}"""
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    assert trace.owner(VIP, 11.9) == "r2"
    assert [e.t for e in trace.of("interface", server="r1") if e.fields["up"]] == [12]
    assert trace.owners(VIP, 19) == ("r1",)
    assert not trace.of("advert_dropped")


def test_a_pulled_cable_is_still_out_when_the_power_comes_back(tmp_path: Path) -> None:
    actions = """
- {at_s: 5, action: carrier_down, server: r1, interface: eth0}
- {at_s: 6, action: power_off, server: r1}
- {at_s: 8, action: power_on, server: r1}"""
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    assert trace.state_at(19, "r1", "V1") == "FAULT"


def test_unicast_peers_are_asked_for_anew_after_a_power_cut(tmp_path: Path) -> None:
    def unicast(priority: int, own: int, peer: int) -> str:
        extra = f"unicast_src_ip 192.168.2.{own}\n unicast_peer {{ 192.168.2.{peer} }}"
        return conf(priority, extra=extra)

    # gone before the answer to its question comes (0.0004 s), and back while nobody waits for it any more
    actions = """
- {at_s: 3.414, action: power_off, server: r1}
- {at_s: 4, action: power_on, server: r1}"""
    trace = run(two_routers(tmp_path, unicast(150, 251, 252), unicast(100, 252, 251), actions=actions))
    assert trace.owners(VIP, 19) == ("r1",)
    assert trace.state_at(19, "r2", "V1") == "BACKUP"


def test_a_daemon_told_to_start_while_it_stops_starts_when_it_has_stopped(tmp_path: Path) -> None:
    actions = """
- {at_s: 8, action: daemon_stop, server: r1}
- {at_s: 8.5, action: daemon_start, server: r1}"""
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    begun = [e for e in trace.of("state", server="r1") if e.fields["from"] == "INIT" and e.t > 8]
    assert [e.t for e in begun] == [9]  # keepalived stays for a second after its farewell
    assert trace.owner(VIP, 19) == "r1"


def test_a_stop_calls_off_the_start_that_was_waiting(tmp_path: Path) -> None:
    actions = """
- {at_s: 8, action: daemon_stop, server: r1}
- {at_s: 8.2, action: daemon_start, server: r1}
- {at_s: 8.5, action: daemon_stop, server: r1}"""
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    assert trace.state_at(19, "r1", "V1") == "STOP"


def test_a_daemon_told_to_stop_while_it_reloads_stops_then_and_can_be_started(tmp_path: Path) -> None:
    """The real 2.2.7 says: "Reload complete", "Stopping", "sent 0 priority"."""
    actions = """
- {at_s: 8, action: reload, server: r1, config: r1.conf}
- {at_s: 8.001, action: daemon_stop, server: r1}
- {at_s: 15, action: daemon_start, server: r1}"""
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    stopped = [e.t for e in trace.of("state", server="r1") if e.fields["to"] == "STOP"]
    assert stopped == [8.01]
    assert [e.t for e in trace.of("advert_sent", server="r1") if e.fields["priority"] == 0] == [8.01]
    assert [e.t for e in trace.of("log", server="r1") if e.fields["line"] == "Stopping"] == [8.01]
    assert trace.owner(VIP, 14) == "r2"
    assert trace.owner(VIP, 19) == "r1"


@pytest.mark.parametrize("started_again", [False, True])
def test_a_child_killed_while_its_parent_stops_does_not_come_back(
    tmp_path: Path, started_again: bool
) -> None:
    actions = """
- {at_s: 8, action: daemon_stop, server: r1}
- {at_s: 8.2, action: daemon_kill, server: r1, process: child}"""
    if started_again:
        actions = actions.replace(
            "\n- {at_s: 8.2", "\n- {at_s: 8.1, action: daemon_start, server: r1}\n- {at_s: 8.2"
        )
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    assert trace.state_at(19, "r1", "V1") == ("MASTER" if started_again else "STOP")


def test_a_reload_during_a_reload_takes_its_own_time(tmp_path: Path) -> None:
    actions = """
- {at_s: 8, action: reload, server: r1, config: r1.conf}
- {at_s: 8.005, action: reload, server: r1, config: r1.conf}"""
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    said = [e.t for e in trace.of("log", server="r1") if e.fields["line"] == "Reload complete"]
    assert said == [8.01, 8.02]  # contract: a reload takes 0.01 s


def test_a_start_waits_for_a_stop_that_waits_for_a_reload(tmp_path: Path) -> None:
    actions = """
- {at_s: 8, action: reload, server: r1, config: r1.conf}
- {at_s: 8.001, action: daemon_stop, server: r1}
- {at_s: 8.002, action: daemon_start, server: r1}"""
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    begun = [e.t for e in trace.of("state", server="r1") if e.fields["from"] == "INIT" and e.t > 8]
    assert begun == [9.01]
    assert trace.owner(VIP, 19) == "r1"


def test_starting_a_daemon_that_runs_is_told(tmp_path: Path) -> None:
    actions = "[{at_s: 8, action: daemon_start, server: r1}]"
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    warnings = [e for e in trace.of("warning", server="r1") if e.t == 8]
    assert [e.fields["text"] for e in warnings] == ["keepalived is running already: nothing is started"]
    assert len(trace.of("state", server="r1")) == 2


def test_ipv6_addresses_that_go_and_come_with_the_link_are_in_the_trace(tmp_path: Path) -> None:
    six = conf(150, vip="fe80::100/64")
    actions = """
- {at_s: 8, action: link_down, server: r1, interface: eth0}
- {at_s: 9, action: link_up, server: r1, interface: eth0}"""
    trace = run(two_routers(tmp_path, six, conf(100, vip="fe80::100/64"), actions=actions))
    changes = [
        (e.t, e.event, e.fields["address"])
        for e in trace.of("address_added", "address_removed", server="r1")
        if not e.instance
    ]
    own = "fe80::ff:fe00:1/64"
    assert changes == [(8, "address_removed", own), (9, "address_added", own)]


@pytest.mark.parametrize(("address", "is_link_local"), [("febf::1/64", True), ("fec0::1/64", False)])
def test_an_interface_with_a_link_local_address_is_given_no_second_one(
    address: str, is_link_local: bool, tmp_path: Path
) -> None:
    (tmp_path / "r1.conf").write_text(conf(150, vip="fe80::100/64"), encoding="utf-8")
    text = f"""
name: one-router
duration_s: 6
segments: {{lan: {{subnet: 192.168.2.0/24}}}}
servers:
  r1: {{config: r1.conf, interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.251/24, "{address}"]}}}}}}
"""
    trace = run(scenario_from_text(text, tmp_path))
    sources = {e.fields["source"] for e in trace.of("advert_sent", server="r1")}
    assert sources == {"febf::1" if is_link_local else "fe80::ff:fe00:1"}


def test_every_interface_of_every_host_has_a_mac_address_of_its_own() -> None:
    macs = {default_mac(number, host) for number in (0, 1, 0xC0) for host in range(1000)}
    assert len(macs) == 3000
    assert all(mac.startswith("02:") for mac in macs)


def test_servers_of_configurations_alone_keep_clear_of_virtual_addresses(tmp_path: Path) -> None:
    paths = []
    for name, priority in (("a", 150), ("b", 100)):
        path = tmp_path / f"{name}.conf"
        path.write_text(conf(priority, vip="192.168.2.251/24\n 192.168.2.10/24"), encoding="utf-8")
        paths.append(path)
    scenario = scenario_from_configs(paths)
    own = [a for s in scenario.servers.values() for i in s.interfaces.values() for a in i.addresses]
    assert own == ["192.168.2.252/24", "192.168.2.253/24"]
    assert scenario.clients["client"].addresses == ("192.168.2.20/24",)
    assert run(scenario).owner("192.168.2.251", 30) == "a"


def test_services_go_and_come_with_the_power() -> None:
    """Input: a service is stopped, its server loses power and gets it back; and the same without the stop.
    Output: the trace says that it runs again, and that a running one was gone while there was no power.
    """
    off = {"at_s": 8, "action": "power_off", "server": "proxy-serv01"}
    on = {"at_s": 12, "action": "power_on", "server": "proxy-serv01"}
    stop = {"at_s": 2, "action": "service_kill", "server": "proxy-serv01", "service": "squid"}
    for actions, begin in (([stop, off, on], 2), ([off, on], 8)):
        trace = run(load_scenario("article-steady").with_actions(actions))
        told = [(e.t, e.service, e.up, e.accepting) for e in trace.of(ServiceEvent)]
        assert told == [(begin, "squid", False, False), (12, "squid", True, True)]


def starts(trace: Trace) -> list[float]:
    return [e.t for e in trace.of("state", server="r1") if e.fields["from"] == "INIT"]


def kills(*times: float) -> str:
    """Actions: the VRRP child of r1 is killed at those times."""
    return "".join(f"\n- {{at_s: {t}, action: daemon_kill, server: r1, process: child}}" for t in times)


def test_a_child_killed_again_within_a_minute_comes_back_later_each_time(tmp_path: Path) -> None:
    """Recording child_killed_twice: the parent restarts it after 0, 1, 2, 4 … s; at most after 60 s."""
    times = [5, 10, 20, 30, 40, 60, 80, 130, 200, 300]
    scenario = two_routers(tmp_path, conf(150), conf(100), actions=kills(*times), duration_s=400)
    delays = [0, 1, 2, 4, 8, 16, 32, 60, 60]
    expected = [0, *(t + d + 0.015 for t, d in zip(times, delays, strict=False))]
    # at 300 s it has lived for less than a minute again; the one killed at 200 s came at 260.015
    assert starts(run(scenario)) == pytest.approx([*expected, 360.015])


def test_a_child_that_lived_for_more_than_a_minute_is_restarted_at_once(tmp_path: Path) -> None:
    scenario = two_routers(tmp_path, conf(150), conf(100), actions=kills(5, 10, 80), duration_s=90)
    assert starts(run(scenario)) == pytest.approx([0, 5.015, 11.015, 80.015])


def test_a_parent_that_waits_to_restart_its_child_can_be_stopped_and_started(tmp_path: Path) -> None:
    """A start changes nothing, a stop or a kill ends the wait; a new parent has no memory."""
    for end in ("daemon_stop, server: r1", "daemon_kill, server: r1", "power_off, server: r1"):
        actions = f"""{kills(5, 10)}
- {{at_s: 10.5, action: daemon_start, server: r1}}
- {{at_s: 10.6, action: {end}}}
- {{at_s: 12, action: {"power_on" if "power" in end else "daemon_start"}, server: r1}}{kills(15)}"""
        trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
        told = [e.t for e in trace.of("warning", server="r1") if "running already" in e.fields["text"]]
        assert told == [10.5]
        assert starts(trace) == pytest.approx([0, 5.015, 12, 15.015])
