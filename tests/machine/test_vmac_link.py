"""A VMAC interface (use_vmac) counts like the one it is made on: measured with keepalived 2.2.7 over IPv4,
``ip link set vrrp.51 down`` and ``up``, and the same of eth0.
"""

from __future__ import annotations

import pytest
from machine_builders import a_config, a_daemon, of, started, until

from vrrplab.config.model import InstanceConfig, VirtualAddress
from vrrplab.machine.actions import (
    AddAddresses,
    CreateVmac,
    RemoveAddresses,
    RemoveVmac,
    SendAdvertisement,
    WriteLog,
)
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
    ReloadFinished,
    ReloadRequested,
    Started,
)
from vrrplab.machine.profiles import KEEPALIVED_227
from vrrplab.units import micros

VMAC = "vrrp.51"


def a_vmac_master(**changes: object) -> Daemon:
    daemon = a_daemon(KEEPALIVED_227, a_config(base_priority=150, use_vmac=VMAC, **changes))
    started(daemon)
    until(daemon, 5)
    assert state(daemon) == "MASTER"
    return daemon


def state(daemon: Daemon) -> str:
    return daemon.instances[0].state.name


@pytest.mark.parametrize("xmit_base", [False, True])
def test_the_loss_of_the_vmac_means_fault(xmit_base: bool) -> None:
    daemon = a_vmac_master(vmac_xmit_base=xmit_base)
    logged = [a.line for a in of(WriteLog, daemon.handle(InterfaceWentDown(VMAC), micros(6)))]
    assert [line.split(") ")[-1] for line in logged] == [
        "Netlink reports vrrp.51 down",
        "Entering FAULT STATE",
        "sent 0 priority",
        "removing VIPs.",
    ]
    daemon.handle(InterfaceWentUp(VMAC), micros(16))
    assert state(daemon) == "BACKUP"
    until(daemon, 21)
    assert state(daemon) == "MASTER"


def test_dont_track_primary_goes_for_the_vmac_too() -> None:
    daemon = a_vmac_master(dont_track_primary=True)
    logged = [a.line for a in of(WriteLog, daemon.handle(InterfaceWentDown(VMAC), micros(6)))]
    assert logged == ["Netlink reports vrrp.51 down"]
    assert state(daemon) == "MASTER"


def test_both_must_be_up_again() -> None:
    daemon = a_vmac_master()
    daemon.handle(InterfaceWentDown("eth0"), micros(6))
    daemon.handle(InterfaceWentDown(VMAC), micros(6))
    daemon.handle(InterfaceWentUp("eth0"), micros(8))
    assert state(daemon) == "FAULT"
    daemon.handle(InterfaceWentUp(VMAC), micros(8))
    assert state(daemon) == "BACKUP"


def test_a_vmac_made_at_the_start_is_no_news() -> None:
    daemon = a_vmac_master()
    assert not daemon.handle(InterfaceWentUp(VMAC), micros(6))


@pytest.mark.parametrize(("up", "expected"), [(True, "MASTER"), (False, "FAULT")])
def test_a_reload_knows_how_the_vmac_stands(up: bool, expected: str) -> None:
    daemon = a_vmac_master()
    daemon.handle(ReloadRequested(), micros(6))
    interfaces = {"eth0": InterfaceStatus(True, ("192.168.2.251",)), VMAC: InterfaceStatus(up)}
    daemon.handle(ReloadFinished(daemon.config, interfaces), micros(6.1))
    assert state(daemon) == expected


def test_a_base_that_is_down_at_the_start_has_its_vmac_down() -> None:
    daemon = a_daemon(KEEPALIVED_227, a_config(use_vmac=VMAC))
    logged = daemon.handle(Started({"eth0": InterfaceStatus(False, ("192.168.2.251",))}), 0)
    lines = [a.line for a in of(WriteLog, logged)]
    assert [VMAC in line for line in lines if "(interface" in line] == [False, True]
    daemon.handle(InterfaceWentUp("eth0"), micros(3))
    assert state(daemon) == "FAULT"
    daemon.handle(InterfaceWentUp(VMAC), micros(3))
    assert state(daemon) == "BACKUP"


@pytest.mark.parametrize(("before", "after"), [("", VMAC), (VMAC, ""), (VMAC, "vrrp.77")])
def test_a_reload_with_another_vmac_begins_anew(before: str, after: str) -> None:
    """keepalived 2.2.7: priority 0, the old interface goes, the new one comes, BACKUP."""
    daemon = a_daemon(KEEPALIVED_227, a_config(base_priority=150, use_vmac=before))
    started(daemon)
    until(daemon, 5)
    daemon.handle(ReloadRequested(), micros(6))
    changed = a_daemon(KEEPALIVED_227, a_config(base_priority=150, use_vmac=after)).config
    done = daemon.handle(ReloadFinished(changed), micros(6.1))
    assert [a.priority for a in of(SendAdvertisement, done)] == [0]
    assert {a.interface for r in of(RemoveAddresses, done) for a in r.addresses} == {before or "eth0"}
    assert [a.name for a in of(CreateVmac, done)] == ([after] if after else [])
    assert [a.name for a in of(RemoveVmac, done)] == ([before] if before else [])
    assert state(daemon) == "BACKUP"
    taken = [a.interface for _, r in until(daemon, 12) if isinstance(r, AddAddresses) for a in r.addresses]
    assert set(taken) == {after or "eth0"}


@pytest.mark.parametrize("left_over", [False, True])
def test_addresses_are_taken_off_a_vmac_that_a_killed_process_left(left_over: bool) -> None:
    daemon = a_daemon(KEEPALIVED_227, a_config(use_vmac=VMAC))
    interfaces = {"eth0": InterfaceStatus(True, ("192.168.2.251",))}
    if left_over:
        interfaces[VMAC] = InterfaceStatus(True)
    removed = of(RemoveAddresses, daemon.handle(Started(interfaces), 0))
    assert {a.interface for r in removed for a in r.addresses} == ({VMAC} if left_over else set())


def test_a_vmac_of_the_old_name_is_made_after_the_old_one_went() -> None:
    daemon = a_vmac_master(vrid=51)
    daemon.handle(ReloadRequested(), micros(6))
    changed = a_daemon(KEEPALIVED_227, a_config(base_priority=150, use_vmac=VMAC, vrid=52)).config
    done = daemon.handle(ReloadFinished(changed), micros(6.1))
    assert [(type(a).__name__, a.name) for a in done if isinstance(a, CreateVmac | RemoveVmac)] == [
        ("RemoveVmac", VMAC),
        ("CreateVmac", VMAC),
    ]


def test_an_address_that_changes_its_dev_moves_at_a_reload() -> None:
    """keepalived 2.2.7: "192.168.2.100/24 dev eth0, no longer exist"."""

    def on(interface: str) -> InstanceConfig:
        return a_config(virtual_addresses=(VirtualAddress("192.168.2.100", 24, interface),))

    daemon = a_daemon(KEEPALIVED_227, on("eth0"))
    started(daemon)
    until(daemon, 5)
    daemon.handle(ReloadRequested(), micros(6))
    done = daemon.handle(ReloadFinished(a_daemon(KEEPALIVED_227, on("eth1")).config), micros(6.1))
    assert [a.interface for r in of(RemoveAddresses, done) for a in r.addresses] == ["eth0"]
    assert [a.interface for r in of(AddAddresses, done) for a in r.addresses] == ["eth1"]
