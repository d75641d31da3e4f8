"""What the timers alone say, against sums done by hand: RFC 9568 section 6.1, keepalived's habits."""

from __future__ import annotations

from pathlib import Path

import pytest
from clusters_to_forecast import config, nodes_of

from vrrplab.forecast.closed_form import ClosedForm
from vrrplab.forecast.failures import Failure
from vrrplab.forecast.outcomes import Outcome
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.units import seconds

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
