"""Changes, undone and done again; no widget."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_traces import Toy, failover

from vrrplab.errors import VrrplabError
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.units import SECOND_US
from vrrplab.views.forks import AFTERMATH_US, KEPT, Forks

DOWN = {"action": "link_down", "server": "r1", "interface": "eth0"}


def forks() -> Forks:
    toy = Toy()
    return Forks(toy.run(), toy, Toy.run)


def done(it: Forks) -> list[tuple[float, str]]:
    return [(e.t, e.fields["action"]) for e in it.trace.of("action")]


def test_a_change_is_an_action_at_the_moment_shown() -> None:
    it = forks()
    it.break_it([{"at_s": 3.0, **DOWN}], 3.0)
    assert done(it) == [(3.0, "link_down")]
    assert it.title() == "fork of “toy” at 3.000 s"
    assert (it.can_undo, it.can_redo) == (True, False)
    assert it.last_at_us == 3 * SECOND_US


def test_a_changed_run_says_what_was_changed_in_place_of_what_it_was() -> None:
    """Input: changes one after the other. Output: each with its moment; the first run keeps its words."""
    it = forks()
    told = lambda: it.trace.scenario["description"]  # noqa: E731
    assert told() == "two routers"
    it.break_it([{"at_s": 3.0, **DOWN}], 3.0)
    assert told() == "Changed: eth0 of r1 is set down at 3.000 s"
    lost = [
        {"at_s": 5.999998, "action": "segment_fault", "segment": "lan", "loss": 1},
        {"at_s": 6.000002, "action": "segment_heal", "segment": "lan"},
    ]
    it.break_it(lost, 6.0)
    assert told().endswith("set down at 3.000 s, what network lan carries at 6.000 s is lost")
    both = {"segment": "lan", "loss": 1, "between": [["r1", "r2"]]}
    it.break_it([{"at_s": 7, "action": "segment_fault", **both}], 7)
    assert told().endswith("network lan loses 100 % of all frames (r1 → r2) at 7.000 s")
    it.break_it([{"at_s": 9, "action": "power_off", "server": "r2"}], 9)
    assert told().startswith("Changed: 1 more before, what network lan carries")
    assert told().endswith("r2 loses power at 9.000 s")
    it.reset()
    assert told() == "two routers"


def test_changes_add_up_and_are_undone_one_by_one() -> None:
    it = forks()
    it.break_it([{"at_s": 3.0, **DOWN}], 3.0)
    it.break_it([{"at_s": 7.5, "action": "link_up", "server": "r1", "interface": "eth0"}], 7.5)
    assert done(it) == [(3.0, "link_down"), (7.5, "link_up")]
    assert it.title() == "fork of “toy” at 7.500 s, 2 changes"
    it.undo()
    assert done(it) == [(3.0, "link_down")]
    it.undo()
    assert done(it) == []
    assert it.title() == ""
    it.undo()
    assert done(it) == []
    it.redo()
    assert done(it) == [(3.0, "link_down")]


def test_reset_shows_the_scenario_as_it_was_and_can_be_taken_back() -> None:
    it = forks()
    for at_s in (3.0, 2.0, 5.0):
        it.break_it([{"at_s": at_s, **DOWN}], at_s)
    it.reset()
    assert done(it) == []
    assert it.last_at_us == 2 * SECOND_US, "from the earliest change on, the picture is another one"
    it.redo()
    assert done(it) == [(3.0, "link_down")]


def test_a_change_after_an_undo_drops_what_was_undone() -> None:
    it = forks()
    it.break_it([{"at_s": 3.0, **DOWN}], 3.0)
    it.undo()
    it.break_it([{"at_s": 4.0, "action": "power_off", "server": "r1"}], 4.0)
    assert done(it) == [(4.0, "power_off")]
    assert not it.can_redo


def test_after_a_late_change_the_run_goes_on_long_enough_to_see_something() -> None:
    it = forks()
    it.break_it([{"at_s": 19.0, **DOWN}], 19.0)
    assert it.trace.end_us == 19 * SECOND_US + AFTERMATH_US
    it.undo()
    assert it.trace.end_us == 20 * SECOND_US


def test_only_so_many_changes_are_kept() -> None:
    it = forks()
    for n in range(KEPT + 5):
        it.break_it([{"at_s": n / 10, **DOWN}], n / 10)
    steps = 0
    while it.can_undo:
        it.undo()
        steps += 1
    assert steps == KEPT
    assert done(it) == []


def test_a_recording_can_only_be_looked_at() -> None:
    it = Forks(failover())
    assert not it.can_fork
    with pytest.raises(VrrplabError, match="recording or a capture"):
        it.break_it([{"at_s": 3.0, **DOWN}], 3.0)


@pytest.mark.parametrize(
    "action",
    [{}, {"at_s": 1}, {"action": "link_down"}, {"at_s": "x", "action": "y"}, {"at_s": 1e400, "action": "y"}],
)
def test_an_action_without_a_moment_or_a_name_is_refused(action: dict[str, object]) -> None:
    it = forks()
    with pytest.raises(VrrplabError, match="needs a moment"):
        it.break_it([action], 1.0)
    assert not it.can_undo


def test_a_failed_run_changes_nothing() -> None:
    def fails(_scenario: object) -> None:
        raise VrrplabError("no")

    toy = Toy()
    it = Forks(toy.run(), toy, fails)  # type: ignore[arg-type]
    with pytest.raises(VrrplabError, match="no"):
        it.break_it([{"at_s": 3.0, **DOWN}], 3.0)
    assert (it.can_undo, done(it)) == (False, [])


def test_what_can_be_copied_is_whole_even_where_a_configuration_includes_files(tmp_path: Path) -> None:
    """Input: a keepalived.conf that includes another. Output: a scenario that runs where neither file is."""
    shared = "virtual_router_id 7\npriority 120\n"
    (tmp_path / "shared.inc").write_text(shared, encoding="utf-8")
    text = "vrrp_instance V {\nstate BACKUP\ninterface eth0\ninclude shared.inc\n"
    (tmp_path / "r1.conf").write_text(text + "virtual_ipaddress {\n192.0.2.100/24\n}\n}\n", encoding="utf-8")
    scenario = scenario_from_configs([tmp_path / "r1.conf"])
    it = Forks(run(scenario), scenario, run)
    it.break_it([{"at_s": 9, "action": "power_off", "server": "r1"}], 9)
    copied = it.scenario.to_yaml()
    assert str(tmp_path) not in copied
    assert "priority 120" in copied
    (tmp_path / "shared.inc").unlink()
    (tmp_path / "r1.conf").unlink()
    again = run(scenario_from_text(copied, str(tmp_path / "elsewhere.yaml")))
    assert [e.to_json() for e in again.of("state")] == [e.to_json() for e in it.trace.of("state")]
