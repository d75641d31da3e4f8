"""What comes while a process reads its configuration waits, and is done afterwards, in order.

keepalived 2.2.7, told to stop one millisecond after it was told to reload: "Reload complete", "Stopping",
"sent 0 priority". Signals wait, and packets wait in the sockets.
"""

from __future__ import annotations

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
