"""What instances depend on: the same thing in a group and its member, first results, thaws, source addresses.

Rules of keepalived 2.2.7, measured with that daemon or taken from recordings, named at each test.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from vrrplab.config.reader import parse_text
from vrrplab.machine.actions import Action, RunScript, WriteLog
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    AddressAdded,
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
    ScriptExited,
    Started,
    Thawed,
    TimePassed,
)
from vrrplab.machine.profiles import KEEPALIVED_227, KEEPALIVED_243, RFC9568, Profile
from vrrplab.units import micros

OURS = "192.168.2.251"
CARDS = {"eth0": InterfaceStatus(True, (OURS,)), "eth1": InterfaceStatus(True, ("10.9.9.1",))}


def a_daemon(text: str, profile: Profile = KEEPALIVED_227) -> Daemon:
    return Daemon(parse_text(text, daemon=profile.wording), profile)


def instance(name: str, vrid: int, extra: str = "", vip: str = "192.168.2.100") -> str:
    return (
        f"vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n priority 100\n {extra}\n"
        f" virtual_ipaddress {{\n {vip}/24\n }}\n}}\n"
    )


def in_group(of_group: str, of_member: str) -> str:
    """V1, which tracks something itself, and V2 in a sync group that tracks something too."""
    return (
        "vrrp_script chk {\n script /bin/true\n interval 1\n}\n"
        f"vrrp_sync_group G {{\n group {{\n V1\n V2\n }}\n sync_group_tracking_weight\n {of_group}\n}}\n"
        + instance("V1", 51, of_member)
        + instance("V2", 52, vip="192.168.2.101")
    )


def start(daemon: Daemon, cards: dict[str, InterfaceStatus] | None = None) -> list[str]:
    """Start it at 0 s; its log lines."""
    here = {name: replace(card) for name, card in (cards or CARDS).items()}
    return lines(daemon.handle(Started(here), 0))


def lines(actions: list[Action]) -> list[str]:
    return [a.line for a in actions if isinstance(a, WriteLog)]


def states(daemon: Daemon) -> list[str]:
    return [i.state.name for i in daemon.instances]


def block(kind: str, entry: str) -> str:
    return f"{kind} {{\n {entry}\n }}"


@pytest.mark.parametrize(
    ("group", "member", "up", "down"),
    [
        ("weight 10", "", [100, 110], "FAULT"),  # an entry without weight stays one
        ("", "weight 10", [100, 100], "FAULT"),  # the group's setting replaces the weight
        ("weight -30", "weight 20 reverse", [100, 100], "BACKUP"),
    ],
)
@pytest.mark.parametrize("kind", ["script", "interface"])
def test_a_group_replaces_the_weight_of_what_its_member_tracks_too(
    kind: str, group: str, member: str, up: list[int], down: str
) -> None:
    """Recordings group_and_instance_interface and _script; unweighted members: 2.2.7 measured."""
    thing = {"script": "chk", "interface": "eth1"}[kind]
    of_group, of_member = (block(f"track_{kind}", f"{thing} {weight}") for weight in (group, member))
    daemon = a_daemon(in_group(of_group, of_member))
    said = start(daemon)
    if kind == "script":
        daemon.handle(ScriptExited("chk", 1, 0), micros(0.1))
    assert f"(V1) track_{kind} {thing} is configured on VRRP instance and sync group." in " ".join(said)
    assert [i.effective_priority for i in daemon.instances] == up
    assert states(daemon) == ["BACKUP", "BACKUP"]
    if kind == "script":
        daemon.handle(TimePassed(), micros(1))
        daemon.handle(ScriptExited("chk", 2, 1), micros(1.1))
    else:
        daemon.handle(InterfaceWentDown("eth1"), micros(1))
    assert states(daemon) == [down, down]
    if down == "BACKUP":
        assert [i.effective_priority for i in daemon.instances] == [70, 70]


@pytest.mark.parametrize("profile", [KEEPALIVED_227, KEEPALIVED_243], ids=lambda p: p.name)
def test_the_same_script_without_weight_in_group_and_member_is_waited_for_twice(profile: Profile) -> None:
    """Recordings group_and_instance_script_plain and its 2.4.3 twin: neither member ever starts."""
    chk = block("track_script", "chk")
    daemon = a_daemon(in_group(chk, chk), profile)
    start(daemon)
    results = [0, 0, 1, 0]  # good, good, bad, good again
    for run, status in enumerate(results, 1):
        daemon.handle(TimePassed(), micros(run - 1))
        said = lines(daemon.handle(ScriptExited("chk", run, status), micros(run - 0.9)))
        assert ("VRRP_Group(G) Syncing instances to FAULT state" in said) == (status == 1)
    daemon.handle(TimePassed(), micros(10))
    assert not {"BACKUP", "MASTER"} & set(states(daemon))


@pytest.mark.parametrize("rise", [1, 2, 3])
@pytest.mark.parametrize("init_fail", ["", "init_fail"])
@pytest.mark.parametrize(("status", "state"), [(0, "BACKUP"), (1, "FAULT")])
def test_the_first_result_ends_the_wait(rise: int, init_fail: str, status: int, state: str) -> None:
    """Recording init_fail_rise3: one success is enough at the start, whatever rise and init_fail say."""
    script = f"vrrp_script chk {{\n script /bin/true\n interval 1\n rise {rise}\n {init_fail}\n}}\n"
    daemon = a_daemon(script + instance("V1", 51, block("track_script", "chk")))
    start(daemon)
    assert states(daemon) == ["INIT"]
    daemon.handle(ScriptExited("chk", 1, status), micros(0.1))
    assert states(daemon) == [state]


def test_after_a_thaw_a_check_runs_once_and_then_again_after_its_interval() -> None:
    """2.2.7 measured: stopped for 6.5 s, a check of every second ran at SIGCONT, then a second later."""
    script = "vrrp_script chk {\n script /bin/true\n interval 1\n}\n"
    daemon = a_daemon(script + instance("V1", 51, block("track_script", "chk")))
    start(daemon)
    daemon.handle(ScriptExited("chk", 1, 0), micros(0.1))
    daemon.handle(Thawed(micros(5.4)), micros(6.4))
    runs = []
    for tenth in range(64, 90):
        actions = daemon.handle(TimePassed(), micros(tenth / 10))
        for run in [a.run for a in actions if isinstance(a, RunScript)]:
            runs.append(tenth / 10)
            daemon.handle(ScriptExited("chk", run, 0), micros(tenth / 10))
    assert runs == [6.4, 7.4, 8.4]


UNICAST = f"unicast_src_ip {OURS}\n unicast_peer {{\n 192.168.2.252\n }}"
BIND = f"bind unicast_src {OURS} failed 99 - Cannot assign requested address"
UNBOUND = "(V1): entering FAULT state (src address not configured)"


def test_a_unicast_source_that_is_not_there_at_the_start_means_fault_for_good() -> None:
    """Recording unicast_start_no_address."""
    daemon = a_daemon(instance("V1", 51, UNICAST))
    said = start(daemon, {"eth0": InterfaceStatus(True, ("192.168.2.7",))})
    assert said[-3:] == [BIND, UNBOUND, "(V1) Entering FAULT STATE"]
    daemon.handle(AddressAdded("eth0", OURS), micros(5))
    daemon.handle(InterfaceWentDown("eth0"), micros(6))
    daemon.handle(InterfaceWentUp("eth0"), micros(7))
    assert states(daemon) == ["FAULT"]


def test_a_unicast_source_is_looked_for_on_every_interface() -> None:
    """2.2.7 measured: the kernel binds to an address of any card; 2.4.3 starts without (case of a report)."""
    elsewhere = {"eth0": InterfaceStatus(True, ("192.168.2.7",)), "eth1": InterfaceStatus(True, (OURS,))}
    daemon = a_daemon(instance("V1", 51, UNICAST))
    start(daemon, elsewhere)
    assert states(daemon) == ["BACKUP"]
    nowhere = {"eth0": InterfaceStatus(True, ("192.168.2.7",))}
    for profile in (KEEPALIVED_243, RFC9568):
        daemon = a_daemon(instance("V1", 51, UNICAST + "\n version 3"), profile)
        assert BIND not in start(daemon, nowhere)
        assert states(daemon) == ["BACKUP"]


def test_a_missing_unicast_source_takes_the_sync_group_along() -> None:
    """2.2.7 measured: the other member never becomes BACKUP."""
    group = "vrrp_sync_group G {\n group {\n V1\n V2\n }\n}\n"
    text = group + instance("V1", 51, UNICAST) + instance("V2", 52, vip="192.168.2.101")
    daemon = a_daemon(text)
    said = start(daemon, {"eth0": InterfaceStatus(True, ("192.168.2.7",))})
    tail = [BIND, UNBOUND, "(V1) Entering FAULT STATE", "VRRP_Group(G) Syncing instances to FAULT state"]
    assert said[-4:] == tail
    assert states(daemon) == ["FAULT", "FAULT"]


def test_a_unicast_source_on_a_card_that_is_down_is_there() -> None:
    """Recording unicast_start_link_down; without the address 2.2.7 says so and stays in FAULT (measured)."""
    for addresses, state in (((OURS,), "BACKUP"), ((), "FAULT")):
        daemon = a_daemon(instance("V1", 51, UNICAST))
        said = start(daemon, {"eth0": InterfaceStatus(False, addresses)})
        assert (BIND in said) == (state == "FAULT")
        assert UNBOUND not in said
        daemon.handle(InterfaceWentUp("eth0"), micros(5))
        assert states(daemon) == [state]


@pytest.mark.parametrize(("vmac", "state"), [("use_vmac", "FAULT"), ("", "BACKUP")])
def test_an_ipv6_vmac_made_without_an_address_below_it_stays_in_fault(vmac: str, state: str) -> None:
    """2.2.7 measured, with a card that was down and with one that was up and had no IPv6 address."""
    for up in (True, False):
        daemon = a_daemon(instance("V1", 51, f"version 3\n {vmac}", vip="fe80::30"))
        start(daemon, {"eth0": InterfaceStatus(up, ())})
        assert states(daemon) == ["FAULT"]
        daemon.handle(InterfaceWentUp("eth0"), micros(5))
        daemon.handle(InterfaceWentUp("vrrp.51"), micros(5))
        daemon.handle(AddressAdded("eth0", "fe80::77"), micros(6))
        assert states(daemon) == [state]


def test_an_ipv6_vmac_comes_back_when_its_card_goes_down_later() -> None:
    """2.2.7 measured."""
    daemon = a_daemon(instance("V1", 51, "version 3\n use_vmac", vip="fe80::30"))
    start(daemon, {"eth0": InterfaceStatus(True, ("fe80::77",))})
    daemon.handle(InterfaceWentDown("eth0"), micros(1))
    assert states(daemon) == ["FAULT"]
    daemon.handle(InterfaceWentUp("eth0"), micros(2))
    assert states(daemon) == ["BACKUP"]


@pytest.mark.parametrize(("options", "assigned"), [("", True), ("vmac_xmit_base", False)])
def test_an_ipv6_vmac_gets_the_link_local_address_of_its_card(options: str, assigned: bool) -> None:
    """2.2.7 measured; recording use_vmac_v6."""
    daemon = a_daemon(instance("V1", 51, f"version 3\n use_vmac\n {options}", vip="fe80::30"))
    said = start(daemon, {"eth0": InterfaceStatus(True, ("fe80::77",))})
    assert ("Assigned address fe80::77 for interface vrrp.51" in said) == assigned


@pytest.mark.parametrize("vmac", ["use_vmac", ""])
def test_what_an_owner_ignores_is_said_after_its_addresses_and_its_vmac(vmac: str) -> None:
    """2.2.7 measured; recording vmac_client_arp."""
    tracked = block("track_interface", "eth1 weight -60")
    daemon = a_daemon(instance("V1", 51, f"priority 255\n {tracked}\n {vmac}"))
    said = [line for line in start(daemon, CARDS) if "nftables" not in line]
    made = ["(V1): Success creating VMAC interface vrrp.51"] if vmac else []
    ignored = ["(V1) ignoring eth1 tracked interface due to address owner"]
    assert said[: 2 + len(made)] == [f"Assigned address {OURS} for interface eth0", *made, *ignored]


def test_the_line_of_an_interface_whose_weight_counts_from_the_start() -> None:
    """Recording track_interface_weight_start; with two of them one line (2.2.7 measured)."""
    tracked = block("track_interface", "eth1 weight 10\n eth2 weight -20")
    daemon = a_daemon(instance("V1", 51, tracked))
    said = start(daemon, {**CARDS, "eth2": InterfaceStatus(False, ())})
    line = "(V1) Changing effective priority from 100 to 90"
    assert said.count(line) == 1
    assert said.index(line) < said.index("(V1) removing VIPs.")
    assert daemon.instances[0].effective_priority == 90
