"""What comes while a process reads its configuration waits, and is done afterwards, in order.

keepalived 2.2.7, told to stop one millisecond after it was told to reload: "Reload complete", "Stopping",
"sent 0 priority". Signals wait, and packets wait in the sockets.
"""

from __future__ import annotations

from typing import Any

import pytest
from machine_builders import (
    GROUP,
    OURS,
    OURS_6,
    THEIRS,
    THEIRS_LOWER,
    VIP,
    a_config,
    a_daemon,
    all_in_words,
    an_advert,
    started,
    until,
)

from vrrplab.config.model import (
    InstanceConfig,
    NodeConfig,
    ScriptConfig,
    SyncGroupConfig,
    TrackedObject,
    UnicastPeer,
    VirtualAddress,
)
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    AddressRemoved,
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
    ReloadFinished,
    ReloadRequested,
    ScriptExited,
    StopRequested,
    TimePassed,
)
from vrrplab.machine.profiles import KEEPALIVED_227, KEEPALIVED_243
from vrrplab.machine.states import Backup
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


def reloaded(daemon: Daemon, at_s: float, *configs: InstanceConfig) -> list[str]:
    """A reload with these instances at that moment."""
    words = all_in_words(daemon.handle(ReloadRequested(), micros(at_s)))
    addresses = (OURS, OURS_SECOND, *(OURS_6,) * any(c.family == 6 for c in configs))
    interfaces = {"eth0": InterfaceStatus(True, addresses)}
    node = NodeConfig("keepalived.conf", instances=configs)
    return words + all_in_words(daemon.handle(ReloadFinished(node, interfaces), micros(at_s + 0.01)))


PEER = (UnicastPeer(THEIRS),)
OURS_SECOND = "192.168.2.110"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"name": "VX"}),
        ({}, {"multicast_group": GROUP}),  # the default, written out
        ({}, {"multicast_source": THEIRS_LOWER}),
        ({"unicast_peers": PEER}, {"unicast_peers": (UnicastPeer(THEIRS_LOWER),)}),
        ({"unicast_peers": PEER}, {"unicast_peers": PEER, "unicast_source": OURS}),  # what it had anyway
    ],
)
def test_what_the_daemon_does_not_compare_changes_nothing(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Recordings reload_rename*: a MASTER goes on, without a farewell."""
    daemon = a_daemon(**before)
    started(daemon)
    until(daemon, 9.9)
    words = reloaded(daemon, 10, a_config(**after))
    assert daemon.instances[0].state.name == "MASTER"
    assert [w for w in words if w.startswith(("advert", "remove"))] == ["advert 100", "advert 100"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"vrid": 52}),
        ({}, {"family": 6}),
        ({}, {"unicast_peers": PEER}),
        ({}, {"multicast_group": "224.0.0.77"}),
        ({"unicast_peers": PEER}, {"unicast_peers": PEER, "unicast_source": OURS_SECOND}),
    ],
)
def test_what_the_daemon_compares_means_a_farewell_and_a_fresh_start(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Recording reload_unicast: priority 0, addresses off, BACKUP (init)."""
    daemon = a_daemon(**before)
    started(daemon)
    until(daemon, 9.9)
    words = reloaded(daemon, 10, a_config(**after))
    steps = ["advert 0", "MASTER -> STOP", "log Entering BACKUP STATE (init)", "INIT -> BACKUP"]
    assert [w for w in words if w in steps] == steps
    assert f"remove {VIP}/24" in words


def test_a_new_name_is_told_to_who_follows_names() -> None:
    daemon = a_daemon()
    started(daemon)
    until(daemon, 9.9)
    words = reloaded(daemon, 10, a_config(name="VX"))
    assert [w for w in words if " -> " in w] == ["MASTER -> STOP", "MASTER -> MASTER"]


def test_a_reload_forgets_who_the_master_was() -> None:
    """Recording reload_skip_check: the next advert is checked as a stranger's; 2.4.3 names the MASTER anew
    (recording reload_rename__v2.4.3), after it has tidied up once more.
    """
    config = a_config(skip_check_adv_addr=True)
    daemon = a_daemon(KEEPALIVED_227, config)
    started(daemon)
    daemon.handle(an_advert(config, 150), micros(1))
    more = an_advert(config, 150, addresses=(VIP, "192.168.2.201"))
    assert all_in_words(daemon.handle(more, micros(2))) == []  # the same sender: not looked at
    reloaded(daemon, 2.5, config)
    assert "drop BAD_COUNT" in all_in_words(daemon.handle(more, micros(3)))

    daemon = a_daemon(KEEPALIVED_243)
    started(daemon)
    daemon.handle(an_advert(daemon.instances[0].config, 150), micros(1))
    words = reloaded(daemon, 2, a_config())
    assert "log removing VIPs." in words
    again = all_in_words(daemon.handle(an_advert(daemon.instances[0].config, 150), micros(3)))
    assert again == [f"log master set to {THEIRS}"]


def a_group(*members: str) -> SyncGroupConfig:
    return SyncGroupConfig("G", members)


def three(vip: int, **changes: Any) -> InstanceConfig:
    """V1, V2, V3: one address and one VRID each."""
    address = VirtualAddress(f"192.168.2.20{vip}", 24, "eth0")
    return a_config(name=f"V{vip}", vrid=50 + vip, virtual_addresses=(address,), **changes)


def a_master_group_that_reloads(new_member: InstanceConfig) -> tuple[Daemon, list[str]]:
    """V1 and V2 are MASTER together; at 10 s a third member is added."""
    pair = three(1), three(2)
    daemon = Daemon(NodeConfig("keepalived.conf", instances=pair, sync_groups=(a_group("V1", "V2"),)))
    started(daemon)
    until(daemon, 9.9)
    assert {i.state.name for i in daemon.instances} == {"MASTER"}
    daemon.handle(ReloadRequested(), micros(10))
    group = a_group("V1", "V2", new_member.name)
    node = NodeConfig("keepalived.conf", instances=(*pair, new_member), sync_groups=(group,))
    interfaces = {"eth0": InterfaceStatus(True, (OURS,)), "eth9": InterfaceStatus(False)}
    return daemon, all_in_words(daemon.handle(ReloadFinished(node, interfaces), micros(10.01)))


@pytest.mark.parametrize("state", ["BACKUP", "MASTER"])
def test_a_new_member_puts_a_sync_group_back_to_backup(state: str) -> None:
    """2.2.7, measured: without a farewell, and back when the new member has waited (``state`` is no help)."""
    daemon, words = a_master_group_that_reloads(three(3, state=state))
    assert {i.state.name for i in daemon.instances} == {"BACKUP"}
    assert [w for w in words if w.startswith(("advert", "remove"))] == [
        "remove 192.168.2.201/24",
        "remove 192.168.2.202/24",
    ]
    due = [i.state.master_down_at_us for i in daemon.instances if isinstance(i.state, Backup)]
    assert due == [micros(10.01 + 1) + 3906, micros(10.01 + 1) + 3906, micros(10.01 + 3.609375)]
    until(daemon, 13.5)
    assert {i.state.name for i in daemon.instances} == {"BACKUP"}
    until(daemon, 13.7)
    assert {i.state.name for i in daemon.instances} == {"MASTER"}


def test_a_broken_new_member_takes_a_sync_group_into_fault() -> None:
    """2.2.7, measured: the lines of a start, addresses off, no farewell."""
    daemon, words = a_master_group_that_reloads(three(3, track_interfaces=(TrackedObject("eth9"),)))
    assert {i.state.name for i in daemon.instances} == {"FAULT"}
    assert not [w for w in words if w.startswith("advert")]
    assert [w for w in words if "FAULT state" in w or "VIPs" in w] == [
        "log (V3): entering FAULT state (interface eth9 down)",
        "log VRRP_Group(G): Syncing V3 to FAULT state",
        "log entering FAULT state",
        "log (V2) entering FAULT state",
        "log (V3) entering FAULT state",
        "log setting VIPs.",
        "log (V2) setting VIPs.",
        "log removing VIPs.",
        "log (V2) removing VIPs.",
    ]
    daemon.handle(InterfaceWentUp("eth9"), micros(12))
    assert {i.state.name for i in daemon.instances} == {"BACKUP"}


def test_masters_that_are_joined_in_a_sync_group_go_on() -> None:
    """2.2.7, measured; a MASTER and a BACKUP both wait instead (public report r63)."""
    for priority, states in ((100, {"MASTER"}), (0, {"BACKUP"})):
        pair = three(1), three(2)
        daemon = Daemon(NodeConfig("keepalived.conf", instances=pair))
        started(daemon)
        until(daemon, 9.9)
        if not priority:
            daemon.handle(an_advert(pair[1], 200), micros(9.95))
        daemon.handle(ReloadRequested(), micros(10))
        node = NodeConfig("keepalived.conf", instances=pair, sync_groups=(a_group("V1", "V2"),))
        daemon.handle(ReloadFinished(node), micros(10.01))
        assert {i.state.name for i in daemon.instances} == states


@pytest.mark.parametrize(
    ("weight", "exits", "before", "reloads", "after"),
    [
        (20, (0, 1), 80, 120, 140),  # recording reload_reverse
        (-30, (1, 0), 130, 70, 40),  # 2.2.7, measured with 150: 180, 120, 90
        (30, (1, 0), 100, 100, 70),  # 2.2.7, measured with 150: 150, 150, 120
    ],
)
def test_a_reload_counts_a_reversed_check_as_if_it_were_not(
    weight: int, exits: tuple[int, int], before: int, reloads: int, after: int
) -> None:
    config = a_config(track_scripts=(TrackedObject("chk", weight, True),))
    node = NodeConfig("keepalived.conf", instances=(config,), scripts=(ScriptConfig("chk", ("/bin/x",)),))
    daemon = Daemon(node)
    started(daemon)
    daemon.handle(ScriptExited("chk", 1, exits[0]), micros(0.1))
    assert daemon.instances[0].effective_priority == before
    daemon.handle(ReloadRequested(), micros(0.5))
    words = all_in_words(daemon.handle(ReloadFinished(node), micros(0.51)))
    assert daemon.instances[0].effective_priority == reloads
    said = [word for word in words if "effective priority" in word]
    assert said == [f"log Changing effective priority from 100 to {reloads}"] * (reloads != 100)
    daemon.handle(ScriptExited("chk", 1, exits[1]), micros(1.6))
    assert daemon.instances[0].effective_priority == after


def test_a_reload_says_what_it_finds() -> None:
    """Recordings weight_reload_lines, verify_address_of_reload: interfaces by instance, then weights."""
    plain = a_config(name="V2", vrid=52)
    excluded = (VirtualAddress("192.168.2.190", 24, "eth0"),)
    weighed = (TrackedObject("eth1", 30),)
    vmac = a_config(use_vmac="vrrp.51", excluded_addresses=excluded, track_interfaces=weighed)
    found = "log Found matching interface vrrp.51"
    assigned = f"log Assigned address {OURS} for interface eth0"
    weight = "log Changing effective priority from 100 to 130"
    own, other = ["log setting VIPs.", "log setting E-VIPs."], ["log (V2) setting VIPs."]
    for instances, lines in (
        ((vmac, plain), [found, assigned, weight, *own, *other]),
        ((plain, vmac), [assigned, found, weight, *other, *own]),
    ):
        daemon = Daemon(NodeConfig("keepalived.conf", instances=instances))
        started(daemon, addresses=(OURS,))
        until(daemon, 9.9)
        assert [word for word in reloaded(daemon, 10, *instances) if word in lines] == lines


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
