"""What comes while a process reads its configuration waits, and is done afterwards, in order.

keepalived 2.2.7, told to stop one millisecond after it was told to reload: "Reload complete", "Stopping",
"sent 0 priority". Signals wait, and packets wait in the sockets.
"""

from __future__ import annotations

from pathlib import Path

from machine_builders import OURS, THEIRS, VIP, a_config, a_daemon, all_in_words, an_advert, started, until

from vrrplab.config.model import NodeConfig
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    AddressRemoved,
    InterfaceStatus,
    InterfaceWentDown,
    ReloadFinished,
    ReloadRequested,
    ScriptExited,
    StopRequested,
    TimePassed,
)
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.units import micros


def a_master_that_reloads() -> Daemon:
    """MASTER at 3.6 s; at 10 s it is told to reload."""
    daemon = a_daemon()
    started(daemon)
    until(daemon, 9.9)
    assert daemon.instances[0].state.name == "MASTER"
    assert all_in_words(daemon.handle(ReloadRequested(), micros(10))) == [
        "log Reloading ...",
        "log Reloading",
        "advert 100",
    ]
    return daemon


def finished(*, priority: int = 100) -> ReloadFinished:
    node = NodeConfig("keepalived.conf", instances=(a_config(base_priority=priority),))
    return ReloadFinished(node, {"eth0": InterfaceStatus(True, (OURS,))})


def test_a_stop_during_a_reload_is_done_after_it() -> None:
    daemon = a_master_that_reloads()
    assert daemon.handle(StopRequested(), micros(10.001)) == []
    words = all_in_words(daemon.handle(finished(), micros(10.01)))
    steps = ["log Reload complete", "advert 100", "log Stopping", "advert 0", "log sent 0 priority"]
    assert [word for word in words if word in steps] == steps
    assert words.index("MASTER -> STOP") > words.index("log Reload complete")
    ends_at_us = daemon.next_deadline()
    assert ends_at_us == micros(11.01)
    assert all_in_words(daemon.handle(TimePassed(), ends_at_us)) == ["EndProcess"]


def test_an_advert_during_a_reload_meets_the_new_configuration() -> None:
    daemon = a_master_that_reloads()
    advert = an_advert(daemon.instances[0].config, 120)
    assert daemon.handle(advert, micros(10.005)) == []
    words = all_in_words(daemon.handle(finished(priority=150), micros(10.01)))
    assert (
        f"log Received advert from {THEIRS} with lower priority 120, ours 150, forcing new election" in words
    )
    assert daemon.instances[0].state.name == "MASTER"

    daemon = a_master_that_reloads()
    daemon.handle(advert, micros(10.005))
    words = all_in_words(daemon.handle(finished(), micros(10.01)))
    assert words.index("log Reload complete") < words.index("MASTER -> BACKUP")


def test_all_that_waits_is_done_in_order() -> None:
    daemon = a_master_that_reloads()
    goodbye = an_advert(daemon.instances[0].config, 0)
    for event in (TimePassed(), InterfaceWentDown("eth0"), goodbye, StopRequested(), goodbye):
        assert daemon.handle(event, micros(10.002)) == []
    assert daemon.next_deadline() is None
    words = all_in_words(daemon.handle(finished(), micros(10.01)))
    changes = [word for word in words if " -> " in word or word in ("log Reload complete", "log Stopping")]
    assert changes == ["log Reload complete", "MASTER -> FAULT", "log Stopping", "FAULT -> STOP"]
    assert "log Master received priority 0 message" not in words  # in FAULT, and then it is stopping


def test_a_reload_during_a_reload_is_a_second_one() -> None:
    daemon = a_master_that_reloads()
    daemon.handle(ReloadRequested(), micros(10.005))
    daemon.handle(StopRequested(), micros(10.006))
    words = all_in_words(daemon.handle(finished(priority=101), micros(10.01)))
    assert words[-3:] == ["log Reloading ...", "log Reloading", "advert 101"]
    words = all_in_words(daemon.handle(finished(priority=102), micros(10.015)))
    assert [word for word in words if word.startswith("advert")] == ["advert 102", "advert 0"]


def test_what_belongs_to_the_time_before_does_nothing() -> None:
    daemon = a_master_that_reloads()
    daemon.handle(ScriptExited("chk", 1, 1), micros(10.001))
    daemon.handle(AddressRemoved("eth0", "192.168.2.9"), micros(10.002))
    daemon.handle(finished(), micros(10.01))
    assert daemon.instances[0].state.name == "MASTER"
    daemon.handle(AddressRemoved("eth0", VIP), micros(10.02))
    assert daemon.instances[0].state.name == "BACKUP"


def test_a_router_told_to_stop_while_it_reloads_stops_and_starts_again(tmp_path: Path) -> None:
    """Input: SIGHUP at 10 s, SIGTERM at 10.001 s, start at 20 s. Output: its farewell, and it is back."""
    for name, state, priority in (("n1", "MASTER", 150), ("n2", "BACKUP", 100)):
        (tmp_path / f"{name}.conf").write_text(
            f"vrrp_instance V {{\n state {state}\n interface eth0\n virtual_router_id 51\n"
            f" priority {priority}\n virtual_ipaddress {{\n 192.168.2.101/24\n }}\n}}\n"
        )
    text = """
name: reload-then-stop
duration_s: 30
segments: {lan: {subnet: 192.168.2.0/24}}
servers:
  r1: {config: n1.conf, interfaces: {eth0: {segment: lan, addresses: [192.168.2.1/24]}}}
  r2: {config: n2.conf, interfaces: {eth0: {segment: lan, addresses: [192.168.2.2/24]}}}
actions:
  - {at_s: 10, action: reload, server: r1, config: n1.conf}
  - {at_s: 10.001, action: daemon_stop, server: r1}
  - {at_s: 20, action: daemon_start, server: r1}
"""
    trace = run(scenario_from_text(text, tmp_path))
    spans = [
        (round(s.from_us / 1e6, 2), s.server, s.state) for s in trace.states("V") if s.from_us > 9_000_000
    ]
    assert spans[:3] == [
        (10.01, "r1", "STOP"),
        (10.62, "r2", "MASTER"),  # its skew time only: it heard the farewell
        (20.0, "r1", "BACKUP"),
    ]
    assert {server: state for _, server, state in spans} == {"r1": "MASTER", "r2": "BACKUP"}
