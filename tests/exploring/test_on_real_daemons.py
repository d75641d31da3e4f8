"""What the search found is so on the real keepalived."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab import lab
from vrrplab.data_files import data_path
from vrrplab.exploring.faults import faults_of
from vrrplab.exploring.ground import prepare
from vrrplab.exploring.search import Search
from vrrplab.exploring.story import Teller
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
from vrrplab.units import SECOND_US


@pytest.mark.long
@pytest.mark.needs("namespaces", "ip", "nsenter", "keepalived")
def test_a_weight_below_the_gap_never_fails_over_there_either(tmp_path: Path) -> None:
    """The story, written and read again, is played by the real daemons: the one that is ill stays MASTER."""
    files = [str(data_path(f"configs/lesson-weight/{name}.conf")) for name in ("lb1", "lb2")]
    ground = prepare(scenario_from_configs(files, "keepalived-2.2.7"))
    number = [fault.name for fault in faults_of(ground.scenario)].index("lb1 chk_haproxy fails")
    harvest = Search(ground, 1, SECOND_US).run(number)
    ((sort, kept),) = harvest.found.items()
    story = Teller(ground).tell(kept, harvest.counts[sort], "While a server is well, one is MASTER.")
    file = tmp_path / "story.yaml"
    file.write_text(story.scenario.to_yaml(), encoding="utf-8")
    scenario = load_scenario(str(file))
    assert run(scenario).owner("10.0.4.100", scenario.duration_us / SECOND_US) == "lb1"
    compared = lab.compare(scenario)
    assert compared.agrees, compared.first_difference
