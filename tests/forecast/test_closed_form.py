"""What the timers alone say, against sums done by hand: RFC 9568 section 6.1, keepalived's habits."""

from __future__ import annotations

from pathlib import Path

import pytest
from clusters_to_forecast import config, nodes_of

from vrrplab.forecast.closed_form import ClosedForm
from vrrplab.forecast.failures import Failure, failures_of
from vrrplab.forecast.outcomes import Outcome
from vrrplab.forecast.simulated import Simulated
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.units import SECOND_US, seconds

VIP = "192.168.2.100"


def outcome(folder: Path, failing: Failure, **texts: str) -> Outcome:
    closed = ClosedForm(scenario_of_nodes(nodes_of(folder, **texts)))
    return closed.outcomes((failing,))[VIP]


def out_s(found: Outcome) -> tuple[float | None, ...]:
    times = (found.out.best_us, found.out.typical_us, found.out.worst_us)
    return tuple(None if t is None else round(seconds(t), 2) for t in times)


@pytest.mark.parametrize("kind", ["power", "cable"])
def test_a_silent_master_is_missed_by_the_phase_of_its_adverts(tmp_path: Path, kind: str) -> None:
    """3 × 1 s + 156/256 s after the last advert, which was up to 1 s ago."""
    found = outcome(tmp_path, Failure("a", kind, "eth0"), a=config(150), b=config(100))
    assert found.ends == (("b",),)
    assert out_s(found) == (2.61, 3.11, 3.61)


def test_a_farewell_leaves_the_skew_time_alone(tmp_path: Path) -> None:
    found = outcome(tmp_path, Failure("a", "stop"), a=config(150), b=config(100))
    assert (found.ends, out_s(found)) == ((("b",),), (0.61, 0.61, 0.61))


def test_a_killed_daemon_leaves_its_address_behind(tmp_path: Path) -> None:
    found = outcome(tmp_path, Failure("a", "kill"), a=config(150), b=config(100))
    assert (found.ends, out_s(found)) == ((("a", "b"),), (0, 0, 0))
    assert found.split is not None
    assert round(seconds(found.split.worst_us or 0), 2) == 3.61


def test_a_check_without_weight_means_fault_and_farewell(tmp_path: Path) -> None:
    """interval 2, fall 2: 2 to 4 s until it counts, then the skew time of 100."""
    check = {"weight": 0}
    found = outcome(
        tmp_path, Failure("a", "script", "chk"), a=config(150, check=check), b=config(100, check=check)
    )
    assert (found.ends, out_s(found)) == ((("b",),), (2.62, 3.62, 4.62))


@pytest.mark.parametrize(
    ("weight", "ends", "worst_s"), [(-49, ("a",), None), (-50, ("a",), None), (-51, ("b",), 7.62)]
)
def test_a_weight_moves_the_address_only_if_it_is_more_than_the_gap(
    tmp_path: Path, weight: int, ends: tuple[str, ...], worst_s: float | None
) -> None:
    """150 - 50 = 100, and 100 = 100 does not preempt (keepalived accepts adverts with its own priority)."""
    check = {"weight": weight}
    found = outcome(
        tmp_path, Failure("a", "script", "chk"), a=config(150, check=check), b=config(100, check=check)
    )
    assert found.ends == (ends,)
    assert out_s(found)[2] == pytest.approx(worst_s, abs=0.015)
    assert not found.by_cache  # a gives way at b's first advert, and b is the last who told clients


def test_a_standby_that_may_not_preempt_never_takes_over_by_weight(tmp_path: Path) -> None:
    check = {"weight": -60}
    found = outcome(
        tmp_path,
        Failure("a", "script", "chk"),
        a=config(150, check=check),
        b=config(100, "state BACKUP", "nopreempt", check=check),
    )
    assert (found.ends, out_s(found)) == ((("a",),), (None, None, None))


def test_equal_standbys_are_a_toss(tmp_path: Path) -> None:
    found = outcome(tmp_path, Failure("a", "power"), a=config(150), b=config(100), c=config(100))
    assert found.ends == (("b",), ("c",))


def test_an_interface_that_is_tracked_with_weight_costs_nobody_an_answer(tmp_path: Path) -> None:
    """The old MASTER serves until it hears a better one."""
    tracks = "track_interface {\n        eth1 weight -60\n    }"
    found = outcome(tmp_path, Failure("a", "interface", "eth1"), a=config(150, tracks), b=config(100, tracks))
    assert (found.ends, out_s(found)) == ((("b",),), (0, 0, 0))
    assert found.moved is not None
    assert round(seconds(found.moved.worst_us or 0), 2) == 3.61


def test_who_does_not_understand_the_other_has_the_address_too(tmp_path: Path) -> None:
    """Another password: two MASTERs from the start, whatever fails."""
    auth = "authentication {{\n        auth_type PASS\n        auth_pass {}\n    }}"
    nodes = nodes_of(tmp_path, a=config(150, auth.format("one")), b=config(100, auth.format("two")))
    assert ClosedForm(scenario_of_nodes(nodes)).holders(VIP) == ("a", "b")


@pytest.mark.parametrize(("preempt", "ends"), [("", ("a",)), ("nopreempt", ("b",))])
def test_a_node_that_returns_takes_the_address_back_if_it_may(
    tmp_path: Path, preempt: str, ends: tuple[str, ...]
) -> None:
    text = config(150, "state BACKUP", *([preempt] if preempt else []))
    found = outcome(tmp_path, Failure("a", "returns"), a=text, b=config(100))
    assert (found.ends, out_s(found)) == ((ends,), (0, 0, 0))


def test_a_sync_group_waits_for_its_slowest_member(tmp_path: Path) -> None:
    """The card of one member fails: it cannot say goodbye, and the other waits for it (measured: 3.37 s)."""

    def both(priority: int) -> str:
        group = "vrrp_sync_group G {\n    group {\n        V1\n        V2\n    }\n}\n"
        inside = config(priority)
        outside = config(priority, interface="eth1", vrid=52, address="10.0.0.100/24", name="V2")
        return inside + outside + group

    found = outcome(tmp_path, Failure("a", "cable", "eth1"), a=both(150), b=both(100))
    assert found.ends == (("b",),)
    assert out_s(found) == (2.61, 3.11, 3.61)


def test_a_check_that_always_says_the_same_changes_nothing_when_it_fails(tmp_path: Path) -> None:
    """No shell: ``|`` is an argument, and the check fails from the start (cases of keepalived 2.2.7)."""
    check = {"weight": -60}
    text = config(150, check=check).replace("/usr/bin/check", "/usr/bin/check > /dev/null 2>&1 || exit 1")
    found = outcome(tmp_path, Failure("a", "script", "chk"), a=text, b=config(50, check=check))
    assert found.ends == (("a",),)


AH = "authentication {\n        auth_type AH\n        auth_pass secret\n    }"


def agrees(closed: ClosedForm, failing: Failure, phases: int = 3) -> bool:
    """Has each run of the simulator one of the fates that the formulas give for its phases?"""
    simulated = Simulated(closed, phases)
    lasts_us = closed.lasts_us((failing,), closed.outcomes((failing,)).values())
    return all(
        any(
            not isinstance(fate, str) and fate.is_like(simulated.fate(trace, VIP, (failing,), at_us))
            for address, fate in closed.fates((failing,), moment)
            if address == VIP
        )
        for trace, at_us, moment in simulated.runs((failing,), lasts_us)
    )


@pytest.mark.parametrize("failing", [Failure("r1", "returns"), Failure("r3", "power"), Failure("r4", "stop")])
def test_who_is_master_by_chance_is_so_in_the_runs_that_are_compared(
    tmp_path: Path, failing: Failure
) -> None:
    """c and d have waited for preempt_delay since the same advert, and both timers end at one moment."""
    late = "preempt_delay 4"
    nodes = nodes_of(tmp_path, r1=config(100), r2=config(90), r3=config(150, late), r4=config(150, late))
    closed = ClosedForm(scenario_of_nodes(nodes))
    assert closed.tossed
    assert {course.spans[VIP][-1].holders for course in closed.beginnings} == {("r3",), ("r4",)}
    assert agrees(closed, failing)


def test_a_member_whose_group_never_lets_it_is_at_rest(tmp_path: Path) -> None:
    """V2 of b hears nobody, and wants to be MASTER again and again, until V1 wants it too."""
    group = "vrrp_sync_group G {\n    group {\n        V1\n        V2\n    }\n}\n"
    alone = config(100, vrid=52, address="192.168.2.102/24", name="V2", interface="eth1")
    nodes = nodes_of(tmp_path, a=config(150), b=config(100) + alone + group)
    closed = ClosedForm(scenario_of_nodes(nodes))
    assert closed.unjudged((Failure("a", "power"),)) == {}
    found = closed.outcomes((Failure("a", "power"),))[VIP]
    assert (found.ends, out_s(found)) == ((("b",),), (2.61, 3.11, 3.61))
    assert agrees(closed, Failure("a", "power"))


@pytest.mark.parametrize("kind", ["firewall out", "firewall in", "power", "stop", "returns"])
def test_adverts_with_ah_count_by_their_numbers(tmp_path: Path, kind: str) -> None:
    """One that is heard but does not hear catches up with the other's numbers; nobody but the two listens."""
    for node in ("a", "b"):
        closed = ClosedForm(scenario_of_nodes(nodes_of(tmp_path, a=config(110, AH), b=config(100, AH))))
        assert closed.unjudged((Failure(node, kind),)) == {}
        assert agrees(closed, Failure(node, kind))


@pytest.mark.parametrize(
    ("weight", "ends", "out"), [(0, ("b",), (0.61, 0.61, 0.61)), (-60, ("b",), (0, 0, 0))]
)
def test_a_bfd_session_that_goes_down_counts_at_once(
    tmp_path: Path, weight: int, ends: tuple[str, ...], out: tuple[float, ...]
) -> None:
    session = "bfd_instance gw {\n    neighbor_ip 192.168.2.254\n}\n"
    tracks = f"track_bfd {{\n        gw weight {weight}\n    }}"
    nodes = nodes_of(tmp_path, a=session + config(150, tracks), b=session + config(100, tracks))
    failing = Failure("a", "bfd", "gw")
    assert failing in failures_of("a", nodes[0].config)
    closed = ClosedForm(scenario_of_nodes(nodes))
    found = closed.outcomes((failing,))[VIP]
    assert (found.ends, out_s(found)) == ((ends,), out)
    assert agrees(closed, failing)


def test_a_backup_that_is_killed_leaves_no_mac_address_in_doubt(tmp_path: Path) -> None:
    found = outcome(tmp_path, Failure("b", "kill"), a=config(150, "use_vmac"), b=config(100, "use_vmac"))
    assert (found.ends, out_s(found), found.by_cache) == ((("a",),), (0, 0, 0), False)


def test_an_advert_at_the_end_of_a_delay_counts_or_not(tmp_path: Path) -> None:
    """b's preempt_delay of 4 s began with an advert of a, and a's fifth comes as it ends."""
    check = {"weight": -60}
    nodes = nodes_of(tmp_path, a=config(150, check=check), b=config(100, "preempt_delay 4", check=check))
    closed = ClosedForm(scenario_of_nodes(nodes))
    found = closed.outcomes((Failure("a", "script", "chk"),))[VIP]
    assert found.moved is not None
    assert found.moved.best_us is not None
    assert found.moved.worst_us is not None
    assert found.moved.worst_us - found.moved.best_us > 2_900_000  # 2 s of check, and 1 s by chance
    assert agrees(closed, Failure("a", "script", "chk"), 4)


@pytest.mark.parametrize("alone", [{}, {"d": config(100, vrid=52, address="192.168.2.101/24", name="V2")}])
def test_groups_that_begin_at_one_moment_may_make_each_other_give_way(
    tmp_path: Path, alone: dict[str, str]
) -> None:
    """Of b and c each has one member that the other's loses to; their timers end at one moment, and again.

    So they do where a third one's ends too, and b or that one is the first on VRID 52.
    """

    def grouped(first: int, second: int) -> str:
        group = "vrrp_sync_group G {\n    group {\n        V2\n        V1\n    }\n}\n"
        other = config(second, vrid=52, address="192.168.2.101/24", name="V2")
        return other + config(first) + group

    texts = {"a": grouped(200, 200), "b": grouped(150, 100), "c": grouped(100, 150), **alone}
    closed = ClosedForm(scenario_of_nodes(nodes_of(tmp_path, **texts)))
    assert VIP not in closed.outcomes((Failure("a", "power"),))
    assert "make each other give way" in closed.unjudged((Failure("a", "power"),))[VIP]


@pytest.mark.parametrize("failing", [Failure("b", "firewall in"), Failure("a", "power")])
def test_a_better_member_and_a_worse_one_send_clients_back_and_forth(
    tmp_path: Path, failing: Failure
) -> None:
    """b takes over in vain of one group member first: a tells everybody where it is, and gives way then."""
    group = "vrrp_sync_group G {\n    group {\n        V2\n        V1\n    }\n}\n"
    texts = {
        node: config(own, address="192.168.2.101/24", name="V2", vrid=52) + config(100) + group
        for node, own in (("a", 150), ("b", 100))
    }
    closed = ClosedForm(scenario_of_nodes(nodes_of(tmp_path, **texts)))
    assert closed.outcomes((failing,))[VIP].by_cache == (failing.kind != "power")
    assert agrees(closed, failing)


def test_who_lost_an_address_of_a_shared_mac_leaves_a_switch_that_believes_in_it(tmp_path: Path) -> None:
    """Two MASTERs with one virtual MAC address, as their passwords differ; frames go to who spoke last."""
    auth = "authentication {{\n        auth_type PASS\n        auth_pass {}\n    }}"
    nodes = nodes_of(
        tmp_path,
        a=config(150, auth.format("one"), "use_vmac"),
        b=config(100, auth.format("two"), "use_vmac", address="192.168.2.101/24"),
    )
    closed = ClosedForm(scenario_of_nodes(nodes))
    assert closed.outcomes((Failure("b", "stop"),))[VIP].by_cache
    assert agrees(closed, Failure("b", "stop"))


def test_a_delay_that_a_better_master_stops_again_and_again_never_ends(tmp_path: Path) -> None:
    """c hears two MASTERs, one better and one worse than it: its preempt_delay begins and is stopped."""
    nodes = nodes_of(tmp_path, a=config(150), b=config(90), c=config(100, "preempt_delay 4"))
    closed = ClosedForm(scenario_of_nodes(nodes))
    failing = Failure("b", "firewall in")
    assert closed.unjudged((failing,)) == {}
    assert agrees(closed, failing)


def group_node(number: int, of: int, *members: tuple[int, int], slow: int = 0) -> str:
    """A node of a sync group in unicast. ``members``: (priority, VRID); VRID 51 has ``VIP``. ``slow``: the
    VRID whose timer takes an advert longer.
    """
    peers = "".join(f"        192.168.2.{n}\n" for n in range(1, of + 1) if n != number)
    unicast = f"unicast_src_ip 192.168.2.{number}\n    unicast_peer {{\n{peers}    }}"
    names = "".join(f"        V{vrid}\n" for _, vrid in members)
    return (
        "vrrp_sync_group G {\n    group {\n"
        + names
        + "    }\n}\n"
        + "".join(
            config(
                p,
                unicast,
                *["down_timer_adverts 4"] * (vrid == slow),
                vrid=vrid,
                name=f"V{vrid}",
                address=f"192.168.2.{vrid + 49}/24",
            )
            for p, vrid in members
        )
    )


def test_who_has_an_address_for_an_instant_serves_nobody(tmp_path: Path) -> None:
    """b and c begin at one moment, and each may have a member that makes the other's give way: then nobody is
    served from a's farewell until b's timers end once more, and not for two shorter times.
    """
    nodes = nodes_of(
        tmp_path,
        a=group_node(1, 3, (250, 54), (250, 52), (250, 51), (254, 53)),
        b=group_node(2, 3, (150, 54), (200, 52), (110, 51), (200, 53)),
        c=group_node(3, 3, (200, 54), (150, 52), (110, 53), slow=52),
    )
    closed = ClosedForm(scenario_of_nodes(nodes))
    failing = Failure("a", "stop")
    found = closed.outcomes((failing,))[VIP]
    assert found.moved is not None
    assert found.out.worst_us == found.moved.worst_us
    assert agrees(closed, failing)


def test_an_owner_with_two_checks_is_master_with_the_last_first_result(tmp_path: Path) -> None:
    """Until then nothing changes; it is the recovery from a fault that makes it listen first."""
    checks = "".join(
        f'vrrp_script {name} {{\n    script "/usr/bin/{name}"\n    interval 1\n}}\n' for name in ("c1", "c2")
    )
    tracked = "track_script {\n        c1\n        c2\n    }"
    nodes = nodes_of(tmp_path, a=checks + config(255, "state MASTER", tracked), b=config(100, "state MASTER"))
    closed = ClosedForm(scenario_of_nodes(nodes))
    failing = Failure("a", "returns")
    found = closed.outcomes((failing,))[VIP]
    assert found.ends == (("a",),)
    assert found.moved is not None
    assert (found.moved.worst_us or 0) < 20_000  # its checks' first run
    assert agrees(closed, failing)


def test_answers_from_a_shared_virtual_mac_address_are_left_to_the_switch(tmp_path: Path) -> None:
    """b has both addresses once a is frozen, and asks for its clients' MAC addresses from V1's or V2's
    VMAC; V1's is a's too, who still has V1's address.
    """

    def of(*priorities: int) -> str:
        return "".join(
            config(
                p,
                "version 3",
                "use_vmac",
                vrid=vrid,
                name=f"V{vrid}",
                address=f"fe80::5e:{vrid}/64\n        2001:db8:2::{vrid}/64",
            )
            for p, vrid in zip(priorities, (51, 52), strict=True)
        )

    closed = ClosedForm(scenario_of_nodes(nodes_of(tmp_path, a=of(150, 90), b=of(100, 150))))
    found = closed.outcomes((Failure("a", "freeze"),))
    assert found["2001:db8:2::52"].ends == (("b",),)
    assert found["2001:db8:2::52"].by_cache
    assert not closed.outcomes((Failure("a", "power"),))["2001:db8:2::52"].by_cache


@pytest.mark.parametrize("base", ["", "vmac_xmit_base"])
def test_who_preempts_without_adverts_from_its_virtual_mac_address_may_lose_clients(
    tmp_path: Path, base: str
) -> None:
    """The other one answers as it gives way, and no advert tells the switch where that MAC address went."""
    more = ("use_vmac", *([base] if base else []))
    nodes = nodes_of(tmp_path, a=config(150, *more), b=config(100, *more))
    closed = ClosedForm(scenario_of_nodes(nodes))
    failing = Failure("a", "returns")
    assert closed.outcomes((failing,))[VIP].by_cache == bool(base)
    assert agrees(closed, failing)


@pytest.mark.parametrize("answers", ["", "higher_prio_send_advert"])
def test_of_two_owners_that_answer_each_other_both_give_way(tmp_path: Path, answers: str) -> None:
    """The one that loses answers with 255 before it gives way, and the other one gives way to that."""
    of = config(255, "state MASTER", *([answers] if answers else []))
    closed = ClosedForm(scenario_of_nodes(nodes_of(tmp_path, a=of, b=of)))
    assert (closed.settled_us > 3 * SECOND_US) == bool(answers)
    assert agrees(closed, Failure("b", "firewall out"))


@pytest.mark.parametrize("refresh", ["", "garp_master_refresh 3"])
def test_of_two_that_have_an_address_clients_believe_who_announces_it_again(
    tmp_path: Path, refresh: str
) -> None:
    """b hears nothing and has the address, too; a says again and again that it has it: caches decide."""
    nodes = nodes_of(tmp_path, a=config(150, refresh), b=config(100))
    closed = ClosedForm(scenario_of_nodes(nodes))
    found = closed.outcomes((Failure("b", "firewall in"),))[VIP]
    assert found.ends == (("a", "b"),)
    assert found.by_cache == bool(refresh)


def test_who_has_an_address_for_a_moment_may_have_answered_somebody(tmp_path: Path) -> None:
    """a has it until b's first advert; b answers nobody (no_accept), so who asked then misses it."""
    a_of = config(250, "version 3", "advert_int 0.08")
    b_of = config(254, "version 3", "advert_int 0.05", "no_accept")
    closed = ClosedForm(scenario_of_nodes(nodes_of(tmp_path, a=a_of, b=b_of)))  # b begins 0.1 s later
    a, b = (span for span in closed.before.spans[VIP] if len(span.holders) == 1)
    assert 0 < b.from_us - a.from_us < 20_000
    found = closed.outcomes((Failure("b", "power"),))[VIP]
    assert (found.ends, found.by_cache) == ((("a",),), True)
    assert agrees(closed, Failure("b", "power"))
