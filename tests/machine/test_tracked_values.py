"""track_file, track_process and track_bfd: what a value, a count or a session does to priorities and states.

Rules of keepalived 2.2.7, measured with that daemon in network namespaces (recordings track_file_* and
track_process_group); the log lines are its own.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from vrrplab.config.model import TrackedObject
from vrrplab.config.reader import parse_text
from vrrplab.machine.actions import Action, PriorityChanged, StateChanged, WriteLog
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    BfdChanged,
    Event,
    FileRead,
    InterfaceStatus,
    ProcessesCounted,
    ReloadFinished,
    ReloadRequested,
    Started,
    TimePassed,
    TrackedValues,
)
from vrrplab.machine.tracked_values import share_of, text_to_write
from vrrplab.units import micros

CARDS = {"eth0": InterfaceStatus(True, ("192.168.2.251",)), "eth1": InterfaceStatus(True, ("10.9.9.251",))}


def instance(name: str = "V1", extra: str = "", priority: int = 100) -> str:
    number = name[-1]
    return (
        f"vrrp_instance {name} {{\n interface eth0\n virtual_router_id {number}\n priority {priority}\n"
        f" {extra}\n virtual_ipaddress {{\n 192.168.2.10{number}/24\n }}\n}}\n"
    )


def file(name: str, options: str = "") -> str:
    return f'track_file {name} {{\n file "/run/{name}"\n {options}\n}}\n'


def tracks(kind: str, *entries: str) -> str:
    return f"track_{kind} {{\n" + "\n".join(entries) + "\n}"


def group(extra: str) -> str:
    return f"vrrp_sync_group G {{\n group {{\n V1\n V2\n }}\n {extra}\n}}\n"


class Run:
    """A daemon that was started at 0 s, and what it said since it was asked last."""

    def __init__(self, text: str, **tracked: object) -> None:
        self.daemon = Daemon(parse_text(text))
        self.said: list[Action] = []
        values = TrackedValues(**tracked)  # type: ignore[arg-type]
        cards = {name: replace(card) for name, card in CARDS.items()}
        self.first = self.feed(Started(cards, tracked=values), 0)

    def feed(self, event: Event, at_s: float) -> list[str]:
        """Its log lines about that event."""
        self.said = self.daemon.handle(event, micros(at_s))
        return [a.line for a in self.said if isinstance(a, WriteLog)]

    def write(self, text: str | None, name: str = "load", at_s: float = 1) -> list[str]:
        return self.feed(FileRead(name, text), at_s)

    def of(self, name: str = "V1") -> tuple[str, int]:
        found = next(i for i in self.daemon.instances if i.config.name == name)
        return found.state.name, found.effective_priority

    @property
    def reasons(self) -> list[str]:
        return [a.reason for a in self.said if isinstance(a, PriorityChanged | StateChanged)]


def changed(old: int, new: int, name: str = "V1") -> str:
    return f"({name}) Changing effective priority from {old} to {new}"


# -- track_file ------------------------------------------------------------------------------------------

VALUES = [  # what the file holds, with weight -1 at priority 100; state and priority
    ("10\n", "BACKUP", 90),
    ("-10\n", "BACKUP", 110),
    ("-154\n", "BACKUP", 254),
    ("253\n", "BACKUP", 1),
    ("254\n", "FAULT", 100),
    ("300\n", "FAULT", 100),
    ("-254\n", "BACKUP", 254),  # only -254 is FAULT; above, 253 is the most that counts
    ("12abc\n", "BACKUP", 88),
    ("0x10\n", "BACKUP", 84),
    ("010\n", "BACKUP", 92),
    ("1.9\n", "BACKUP", 99),
    (" 7\n", "BACKUP", 93),
    ("2147483648\n", "FAULT", 100),
]


@pytest.mark.parametrize(("text", "state", "priority"), VALUES)
def test_a_value_times_its_weight_moves_the_priority_or_means_fault(
    text: str, state: str, priority: int
) -> None:
    conf = file("load", "weight -1") + instance(extra=tracks("file", "load"))
    run = Run(conf)
    run.write(text)
    assert run.of() == (state, priority)
    assert Run(conf, files={"load": text}).of() == (state, priority)  # the same at the start


@pytest.mark.parametrize("text", ["abc\n", "", None])
def test_no_number_and_no_file_count_as_0(text: str | None) -> None:
    run = Run(file("load", "weight -2") + instance(extra=tracks("file", "load")), files={"load": "5\n"})
    assert run.of() == ("BACKUP", 90)
    assert run.write(text) == [changed(90, 100)]


@pytest.mark.parametrize("number", ["99999999999", "-2147483649"])
def test_a_number_beyond_32_bits_is_ignored(number: str) -> None:
    run = Run(file("load", "weight -2") + instance(extra=tracks("file", "load")), files={"load": "5\n"})
    assert run.write(f"{number}\n") == [f"Invalid number {number} read from /run/load - ignoring"]
    assert run.of() == ("BACKUP", 90)


def test_fault_and_back_word_for_word() -> None:
    """While it means FAULT the value has no part in the priority; afterwards the new one has, quietly."""
    run = Run(file("load", "weight -1") + instance(extra=tracks("file", "load")), files={"load": "253"})
    assert run.of() == ("BACKUP", 1)
    assert run.write("254\n") == ["(V1): tracked file load now FAULT state", "(V1) Entering FAULT STATE"]
    assert run.reasons == ["track_file load is 254, with weight -1 that makes -254, which means FAULT"]
    assert run.write("300\n") == []
    assert run.write("5\n") == [
        "(V1): tracked file load leaving FAULT state",
        "(V1) Setting effective priority to 95",
        "(V1) Entering BACKUP STATE",
    ]
    assert run.reasons[0] == "track_file load is 5, with weight -1 that makes -5"
    run.write("254\n")
    assert run.write("0\n") == ["(V1): tracked file load leaving FAULT state", "(V1) Entering BACKUP STATE"]
    assert run.of() == ("BACKUP", 100)


def test_without_weight_any_value_but_0_means_fault_and_reverse_turns_it_round() -> None:
    plain = Run(file("load", "weight 0") + instance(extra=tracks("file", "load")))
    for text, state in (("1", "FAULT"), ("2", "FAULT"), ("0", "BACKUP"), ("-5", "FAULT"), ("abc", "BACKUP")):
        plain.write(text)
        assert plain.of()[0] == state
    turned = Run(file("load") + instance(extra=tracks("file", "load weight 0 reverse")))
    assert turned.of()[0] == "FAULT"
    turned.write("10")
    assert turned.of()[0] == "BACKUP"
    assert turned.write(None) == ["(V1): tracked file load now FAULT state", "(V1) Entering FAULT STATE"]
    assert turned.reasons == ["track_file load is 0, and 0 means FAULT (weight 0)"]


def test_a_start_says_which_files_mean_fault_and_what_the_others_make_of_priorities() -> None:
    text = (
        file("plain")
        + file("dead", "weight -1")
        + instance("V1", tracks("file", "dead"))
        + instance("V2", tracks("file", "dead weight 1", "plain weight 0 reverse"), 90)
        + instance("V3", tracks("file", "dead weight 1"), 90)
    )
    assert Run(text, files={"plain": "0", "dead": "254"}).first[1:8] == [
        "(V2): entering FAULT state (tracked file plain has status -254)",
        "(V1): entering FAULT state (tracked file dead has status -254)",
        changed(90, 254, "V2"),
        changed(90, 254, "V3"),
        "(V1) entering FAULT state",
        "(V2) entering FAULT state",
        "(V1) removing VIPs.",
    ]


def test_a_reload_counts_the_new_weights_from_the_configured_priority() -> None:
    """Unlike a script's, the ``reverse`` of a file counts at the reload itself."""
    files = file("load", "weight -2") + file("boost")
    run = Run(files + instance(extra=tracks("file", "load")), files={"load": "5"})
    assert run.of() == ("BACKUP", 90)
    new = files + instance(extra=tracks("file", "load weight 4 reverse", "boost weight 2"))
    run.feed(ReloadRequested(), 2)
    values = TrackedValues({"load": "6", "boost": "7"})
    assert changed(100, 90) in run.feed(ReloadFinished(parse_text(new), tracked=values), 2.01)
    run.write("7\n", at_s=3)
    assert run.of() == ("BACKUP", 86)
    run.feed(ReloadRequested(), 4)
    worse = parse_text(files + instance(extra=tracks("file", "load weight -60")))
    said = run.feed(ReloadFinished(worse, tracked=TrackedValues({"load": "7"})), 4.01)
    assert "(V1): entering FAULT state (tracked file load has status -420)" in said
    assert run.of()[0] == "FAULT"


@pytest.mark.parametrize(
    ("options", "there", "reload", "written"),
    [
        ("", False, False, None),
        ("init_file", False, False, "0\n"),
        ("init_file 60", False, False, "60\n"),
        ("init_file 60", True, False, None),
        ("init_file 60", False, True, "60\n"),
        ("init_file 60 overwrite", True, False, "60\n"),
        ("init_file overwrite -3", True, False, "-3\n"),
        ("init_file 60 overwrite", True, True, None),
    ],
)
def test_init_file_writes_a_file_that_is_missing(
    options: str, there: bool, reload: bool, written: str | None
) -> None:
    node = parse_text(file("load", options) + instance(extra=tracks("file", "load")))
    assert text_to_write(node.files[0], there, reload) == written


# -- the same in a sync group and its members --------------------------------------------------------------


def test_a_group_fails_with_a_file_and_comes_back_when_all_members_can() -> None:
    run = Run(
        file("load", "weight -2")
        + instance("V1")
        + instance("V2", priority=90)
        + group(tracks("file", "load"))
    )
    assert run.write("5\n") == [changed(100, 90), changed(90, 80, "V2")]
    said = run.write("127\n")
    assert "(V1): tracked file load now FAULT state" in said
    assert said[-1] == "(V2): tracked file load now FAULT state"  # its group took it along before
    assert [line for line in run.write("1\n") if "tracked" in line or "STATE" in line or "Sync" in line] == [
        "(V1): tracked file load leaving FAULT state",
        "(V2): tracked file load leaving FAULT state",
        "(V2) Entering BACKUP STATE",
        "VRRP_Group(G) Syncing instances to BACKUP state",
        "(V1) Entering BACKUP STATE",
    ]
    assert (run.of("V1"), run.of("V2")) == (("BACKUP", 98), ("BACKUP", 88))


def test_the_groups_weight_counts_unless_the_members_entry_has_none() -> None:
    """In a group without ``sync_group_tracking_weight`` a member's weighted file is not tracked at all."""
    both = group("sync_group_tracking_weight\n" + tracks("file", "load weight -3", "drain weight -3"))
    own = tracks("file", "load weight -1", "drain weight 0")
    text = file("load") + file("drain") + instance("V1", own) + instance("V2") + both
    run = Run(text)
    run.write("10\n")
    assert run.of("V1") == ("BACKUP", 70)
    run.write("10\n", "drain")
    assert run.of("V1")[0] == run.of("V2")[0] == "FAULT"
    doubled = [w.log for w in parse_text(text).warnings if w.kind == "duplicate"]
    assert doubled == [
        f"(V1) track_file {name} is configured on VRRP instance and sync group. Remove vrrp instance config"
        for name in ("load", "drain")
    ]


# -- track_process -----------------------------------------------------------------------------------------


def processes(name: str, options: str) -> str:
    return f"vrrp_track_process {name} {{\n process webworker\n {options}\n}}\n"


def test_a_quorum_lost_and_gained_word_for_word() -> None:
    run = Run(
        processes("web", "")
        + processes("more", "quorum 2\nquorum_max 3\nweight -20")
        + processes("turned", "weight 5 reverse")
        + instance(extra=tracks("process", "web", "more", "turned")),
        processes={"web": 0, "more": 0, "turned": 0},
    )
    assert run.of() == ("FAULT", 80)
    gained, lost = "Quorum gained for tracked process", "Quorum lost for tracked process"
    assert run.feed(ProcessesCounted("web", 1), 1) == [f"{gained} web", "(V1) Entering BACKUP STATE"]
    assert run.feed(ProcessesCounted("turned", 1), 1) == [f"{gained} turned", changed(80, 75)]
    assert run.feed(ProcessesCounted("more", 1), 1) == []
    assert run.feed(ProcessesCounted("more", 2), 2) == [f"{gained} more", changed(75, 95)]
    assert run.reasons == ["track_process more: 2 running, enough"]
    assert run.feed(ProcessesCounted("more", 5), 3) == [f"{lost} more", changed(95, 75)]
    assert run.reasons == ["track_process more: 5 running, at most 3 allowed"]
    assert run.feed(ProcessesCounted("more", 3), 4) == [f"{gained} more", changed(75, 95)]
    assert run.feed(ProcessesCounted("web", 0), 5) == [f"{lost} web", "(V1) Entering FAULT STATE"]
    assert run.reasons == ["track_process web: 0 running, at least 1 needed"]


def test_a_process_not_spoken_of_has_its_quorum() -> None:
    run = Run(processes("web", "quorum 3\nweight 10") + instance(extra=tracks("process", "web")))
    assert run.of() == ("BACKUP", 110)


def test_an_end_is_forgiven_for_terminate_delay_and_a_start_counts_at_once() -> None:
    run = Run(
        processes("web", "weight 10\ndelay 2") + instance(extra=tracks("process", "web")),
        processes={"web": 0},
    )
    run.feed(ProcessesCounted("web", 1), 1)
    assert run.of() == ("BACKUP", 110)
    assert run.feed(ProcessesCounted("web", 0), 1.5) == []
    assert run.feed(ProcessesCounted("web", 1), 2) == []  # back in time
    run.feed(TimePassed(), 3.6)
    assert run.of()[1] == 110
    run.feed(ProcessesCounted("web", 0), 3.7)
    deadline = run.daemon.next_deadline()
    assert deadline is not None
    assert deadline <= micros(5.7)
    run.feed(TimePassed(), 5.69)
    assert run.of()[1] == 110
    run.feed(TimePassed(), 5.7)
    assert run.of()[1] == 100


def test_for_a_process_a_member_keeps_its_own_reverse_beside_the_groups_weight() -> None:
    """keepalived 2.2.7 takes the group's weight and forgets its ``reverse``, unlike for files."""
    both = group("sync_group_tracking_weight\n" + tracks("process", "web weight 20 reverse"))
    run = Run(processes("web", "weight 5") + instance("V1", tracks("process", "web")) + instance("V2") + both)
    assert (run.of("V1")[1], run.of("V2")[1]) == (120, 80)


# -- track_bfd ---------------------------------------------------------------------------------------------


def test_a_session_that_is_down_means_fault_or_its_weight() -> None:
    bfd = "bfd_instance PEER {\n neighbor_ip 192.168.2.252\n}\n"
    run = Run(
        bfd + instance("V1", tracks("bfd", "PEER")) + instance("V2", tracks("bfd", "PEER weight 30"), 90)
    )
    assert (run.of("V1"), run.of("V2")) == (("BACKUP", 100), ("BACKUP", 120))
    assert run.feed(BfdChanged("PEER", False), 1) == [
        "VRRP_Instance(V1) Tracked BFD instance PEER is DOWN",
        "(V1) Entering FAULT STATE",
        "VRRP_Instance(V2) Tracked BFD instance PEER is DOWN",
        changed(120, 90, "V2"),
    ]
    assert run.reasons == ["BFD session PEER is down"] * 2
    assert run.feed(BfdChanged("PEER", False), 2) == []
    run.feed(BfdChanged("PEER", True), 3)
    assert (run.of("V1"), run.of("V2")) == (("BACKUP", 100), ("BACKUP", 120))
    down = Run(bfd + instance("V1", tracks("bfd", "PEER")), bfds_down=frozenset({"PEER"}))
    assert down.of("V1")[0] == "FAULT"


def test_what_nobody_tracks_changes_nothing() -> None:
    run = Run(file("load") + processes("web", "") + instance())
    assert run.write("254\n") == run.feed(BfdChanged("X", False), 1) == []
    assert run.write("1", "unknown") == run.feed(ProcessesCounted("unknown", 0), 1) == []


@pytest.mark.parametrize("weight", [-254, -100, -1, 0, 1, 3, 127, 253])
@pytest.mark.parametrize("reverse", [False, True])
def test_the_value_that_a_menu_offers_means_fault_and_one_nearer_to_zero_does_not(
    weight: int, reverse: bool
) -> None:
    tracked = TrackedObject("f", weight, reverse)
    value = tracked.fault_value
    assert share_of(tracked, value) is None
    if value:
        assert share_of(tracked, value - (1 if value > 0 else -1)) is not None
