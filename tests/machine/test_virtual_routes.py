"""Routes and rules of an instance: when the daemon adds and removes them, and what depends on them.

Measured with keepalived 2.2.7 in a network namespace, beside ``ip monitor route rule``.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from machine_builders import (
    OURS,
    THEIRS,
    a_backup,
    a_config,
    a_daemon,
    a_master,
    all_in_words,
    hears,
    started,
)

from vrrplab.config.model import InstanceConfig, NodeConfig, ScriptConfig, TrackedObject
from vrrplab.config.routes import NextHop, VirtualRoute, VirtualRule
from vrrplab.machine.actions import Action, AddRoutes, RemoveRoutes, WriteLog
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
    ReloadFinished,
    ReloadRequested,
    Started,
    StopRequested,
    TimePassed,
)
from vrrplab.units import micros

FAR = VirtualRoute("198.51.100.0/24", (NextHop("10.9.9.1", "eth1"),))
OTHER = VirtualRoute("198.51.101.0/24", (NextHop("10.9.9.1", "eth1"),))
LOOSE = replace(FAR, tracked=False)
RULE = VirtualRule(300, 4, "192.168.2.200/32", table="100")


def doings(actions: list[Action]) -> list[str]:
    """Lines of the log without announcements, and what is done to routes and rules."""
    told = []
    for action in actions:
        match action:
            case WriteLog(line=line) if "ratuitous" not in line:
                told.append(line.removeprefix("(V1) "))
            case AddRoutes(routes=routes):
                told += [f"add {r.text()}" for r in routes]
            case RemoveRoutes(routes=routes):
                told += [f"remove {r.text()}" for r in routes]
    return told


def with_both(**more: object) -> InstanceConfig:
    return a_config(virtual_routes=(FAR,), virtual_rules=(RULE,), **more)


def test_they_are_added_after_the_addresses_and_removed_before_them() -> None:
    instance = a_backup(virtual_routes=(FAR,), virtual_rules=(RULE,))
    took = doings(instance.handle(TimePassed(), micros(10)))
    assert took == [
        "Receive advertisement timeout",
        "Entering MASTER STATE",
        "setting VIPs.",
        "setting Virtual Routes",
        f"add {FAR.text()}",
        "setting Virtual Rules",
        f"add {RULE.text()}",
    ]
    gave = doings(hears(instance, 200, 11, source=THEIRS))
    assert gave[1:] == [
        "Entering BACKUP STATE",
        "removing Virtual Rules",
        f"remove {RULE.text()}",
        "removing Virtual Routes",
        f"remove {FAR.text()}",
        "removing VIPs.",
    ]


def test_leftovers_are_removed_at_the_start_twice() -> None:
    both = ["removing Virtual Rules", "removing Virtual Routes"]
    lines = [
        line
        for line in doings(started(a_daemon(virtual_routes=(FAR,), virtual_rules=(RULE,))))
        if "rem" in line
    ]
    said = [line for line in lines if line.startswith("removing")]
    assert said == [*both, "removing VIPs.", *both]


@pytest.mark.parametrize(
    ("tracks", "eth1_is_up", "state"),
    [
        ({"track_scripts": (TrackedObject("chk"),)}, True, "INIT"),
        ({"track_interfaces": (TrackedObject("eth1"),)}, False, "FAULT"),
    ],
)
def test_the_second_time_unless_it_is_master_at_once(
    tracks: dict[str, object], eth1_is_up: bool, state: str
) -> None:
    """Also before the first result of a script, and in FAULT."""
    scripts = (ScriptConfig("chk", ("/bin/chk",)),)
    daemon = Daemon(NodeConfig("a.conf", scripts=scripts, instances=(with_both(**tracks),)))
    cards = {"eth0": InterfaceStatus(True, (OURS,)), "eth1": InterfaceStatus(eth1_is_up, ("10.9.9.251",))}
    said = doings(daemon.handle(Started(cards), 0))
    assert states(daemon) == [state]
    assert said.count("removing Virtual Rules") == said.count("removing Virtual Routes") == 2


def a_master_process(*configs: InstanceConfig, **node: object) -> Daemon:
    """A process on a host with two interfaces, whose instances are all MASTER at 10 s."""
    daemon = Daemon(NodeConfig("a.conf", instances=configs, **node))  # type: ignore[arg-type]
    cards = {"eth0": InterfaceStatus(True, (OURS,)), "eth1": InterfaceStatus(True, ("10.9.9.251",))}
    daemon.handle(Started(cards), 0)
    daemon.handle(TimePassed(), micros(10))
    return daemon


def states(daemon: Daemon) -> list[str]:
    return [instance.state.name for instance in daemon.instances]


def test_the_interface_of_a_tracked_route_is_tracked() -> None:
    daemon = a_master_process(a_config(virtual_routes=(FAR,)))
    daemon.handle(InterfaceWentDown("eth1"), micros(11))
    assert states(daemon) == ["FAULT"]


def test_and_that_of_a_rule() -> None:
    daemon = a_master_process(a_config(virtual_rules=(replace(RULE, incoming="eth1"),)))
    daemon.handle(InterfaceWentDown("eth1"), micros(11))
    assert states(daemon) == ["FAULT"]


def test_with_no_track_it_is_not() -> None:
    rule = replace(RULE, incoming="eth1", tracked=False)
    daemon = a_master_process(a_config(virtual_routes=(LOOSE,), virtual_rules=(rule,)))
    daemon.handle(InterfaceWentDown("eth1"), micros(11))
    assert states(daemon) == ["MASTER"]


def reloaded(daemon: Daemon, *configs: InstanceConfig) -> list[str]:
    daemon.handle(ReloadRequested(), micros(12))
    return doings(daemon.handle(ReloadFinished(NodeConfig("a.conf", instances=configs)), micros(12.01)))


def test_a_reload_that_finds_a_fault_removes_them_once() -> None:
    loose = a_config(virtual_routes=(LOOSE,), virtual_rules=(RULE,))
    daemon = a_master_process(loose)
    daemon.handle(InterfaceWentDown("eth1"), micros(11))
    assert states(daemon) == ["MASTER"]
    said = reloaded(daemon, replace(loose, track_interfaces=(TrackedObject("eth1"),)))
    assert states(daemon) == ["FAULT"]
    assert said.count("removing Virtual Rules") == said.count("removing Virtual Routes") == 1


def test_a_reload_takes_out_what_is_gone_and_adds_all_anew() -> None:
    daemon = a_master_process(with_both())
    new = a_config(virtual_routes=(OTHER,))
    told = reloaded(daemon, new)
    begin = told.index("ip rule from 192.168.2.200 removed")
    assert told[begin : begin + 7] == [
        "ip rule from 192.168.2.200 removed",
        f"remove {RULE.text()}",
        "Removing route 198.51.100.0/24",
        f"remove {FAR.text()}",
        "setting VIPs.",
        "setting Virtual Routes",
        f"add {OTHER.text()}",
    ]


def test_a_backup_tidies_up_at_a_reload_too() -> None:
    daemon = a_daemon(virtual_routes=(FAR,))
    started(daemon)
    told = reloaded(daemon, a_config(virtual_routes=(FAR,)))
    assert told[-3:-1] == ["removing Virtual Routes", f"remove {FAR.text()}"]


def test_static_ones_are_there_while_the_process_is() -> None:
    daemon = Daemon(
        NodeConfig("a.conf", instances=(a_config(),), static_routes=(FAR, OTHER), static_rules=(RULE,))
    )
    cards = {"eth0": InterfaceStatus(True, (OURS,)), "eth1": InterfaceStatus(True, ("10.9.9.251",))}
    assert [t for t in doings(daemon.handle(Started(cards), 0)) if t[:3] == "add"] == [
        f"add {FAR.text()}",
        f"add {OTHER.text()}",
        f"add {RULE.text()}",
    ]
    daemon.handle(InterfaceWentDown("eth1"), micros(1))  # the kernel drops them
    back = doings(daemon.handle(InterfaceWentUp("eth1"), micros(2)))
    assert [t for t in back if t[:3] == "add"] == [f"add {FAR.text()}", f"add {OTHER.text()}"]
    gone = doings(daemon.handle(StopRequested(), micros(3)))
    assert [t for t in gone if t[:6] == "remove"] == [
        f"remove {RULE.text()}",
        f"remove {FAR.text()}",
        f"remove {OTHER.text()}",
    ]


def test_the_first_interval_of_a_master_is_longer_by_its_work() -> None:
    """All captures: 1.1 ms a log line (2.2.7), two of them and six for each address with five ARP."""
    master = a_master(at_s=100)
    assert master.next_deadline() == micros(101) + 8 * 1_100
    assert "setting VIPs." in " ".join(all_in_words(a_backup().handle(TimePassed(), micros(10))))
