"""A profile of its own for a server: rolling upgrades, and RFC routers beside keepalived."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.commands.cli import main
from vrrplab.errors import ScenarioError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.sim.play import run
from vrrplab.tell import story, table
from vrrplab.trace.events import AdvertEvent, LogEvent, StateEvent
from vrrplab.views.naming import origin_note

CONF = """\
    config: |
      vrrp_instance V1 {{
        state BACKUP
        interface eth0
        virtual_router_id 51
        priority {priority}
        virtual_ipaddress {{
          {addresses}
        }}
      }}
"""


def cluster(first: str = "", second: str = "", addresses: str = "10.0.0.100", top: str = "") -> str:
    """r1 (200) and r2 (100); the second knows one address more if there are two."""
    text = f"name: mixed\nduration_s: 12\n{top}segments: {{lan: {{}}}}\nservers:\n"
    for number, (own, priority) in enumerate(((first, 200), (second, 100)), 1):
        text += f"  r{number}:\n    interfaces: {{eth0: {{segment: lan, addresses: [10.0.0.{number}/24]}}}}\n"
        text += f"    profile: {own}\n" if own else ""
        text += CONF.format(priority=priority, addresses=addresses if number == 2 else "10.0.0.100")
    return text


def last_states(scenario: Scenario) -> dict[str, str]:
    return {e.server: e.to for e in run(scenario).of(StateEvent)}


def test_each_server_follows_its_own_profile() -> None:
    """Input: r1 sends one address, r2 has two. Output: 2.2.7 on r2 rejects the adverts (two MASTERs), 2.4.3
    there takes them; whatever r1 runs (recordings vip_list_*).
    """
    two = "10.0.0.100\n          10.0.0.101"
    assert last_states(scenario_from_text(cluster(addresses=two))) == {"r1": "MASTER", "r2": "MASTER"}
    upgraded = scenario_from_text(cluster(second="keepalived-2.4.3", addresses=two))
    assert last_states(upgraded) == {"r1": "MASTER", "r2": "BACKUP"}
    first_only = scenario_from_text(cluster(first="keepalived-2.4.3", addresses=two))
    assert last_states(first_only) == {"r1": "MASTER", "r2": "MASTER"}


def test_an_upgraded_server_writes_the_lines_of_its_version() -> None:
    trace = run(scenario_from_text(cluster(second="keepalived-2.4.3")))
    said = {s: [e.line for e in trace.of(LogEvent, server=s)] for s in ("r1", "r2")}
    assert "(V1) master set to 10.0.0.1" in said["r2"]
    assert not any("master set to" in line for line in said["r1"])


def test_a_router_of_an_rfc_beside_keepalived() -> None:
    """RFC 3768 section 7.2: the source MAC address is the virtual router's, and keepalived takes that."""
    trace = run(scenario_from_text(cluster(first="rfc3768")), frames=True)
    sent = trace.of(AdvertEvent, server="r1")
    assert sent
    assert {str(e.fields["frame"])[12:24] for e in sent if e.event == "advert_sent"} == {"00005e000133"}
    assert {e.server: e.to for e in trace.of(StateEvent)} == {"r1": "MASTER", "r2": "BACKUP"}


def test_a_command_line_profile_replaces_the_scenarios_only(tmp_path: Path) -> None:
    path = tmp_path / "mixed.yaml"
    path.write_text(cluster(second="keepalived-2.4.3", top="profile: keepalived-2.2.7\n"))
    scenario = load_scenario(path, profile="rfc9568")
    assert [scenario.profile_of(name) for name in scenario.servers] == ["rfc9568", "keepalived-2.4.3"]


def test_it_is_written_again() -> None:
    scenario = scenario_from_text(cluster(second="keepalived-2.4.3"))
    again = scenario_from_text(scenario.to_yaml())
    assert [s.profile for s in again.servers.values()] == ["", "keepalived-2.4.3"]
    assert run(again).events[0].fields == run(scenario).events[0].fields


def test_a_wrong_name_has_its_place_and_the_nearest_right_one() -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_from_text(cluster(second="keepalived-2.4.4"))
    assert caught.value.line == 19
    assert "keepalived-2.4.3" in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second", "head"),
    [
        ("", "", "keepalived-2.2.7"),
        ("", "keepalived-2.4.3", "keepalived-2.2.7 (r2: keepalived-2.4.3)"),
        ("rfc3768", "keepalived-2.4.3", "r1: rfc3768, r2: keepalived-2.4.3"),
        ("rfc3768", "rfc3768", "rfc3768"),
    ],
)
def test_the_head_of_every_telling_says_who_runs_what(first: str, second: str, head: str) -> None:
    trace = run(scenario_from_text(cluster(first, second)))
    assert trace.profiles == head
    assert f"\n{head}, seed 0, 12.0 s\n" in table.render(trace)
    assert (f"\n{head}\n" in story.render(trace)) == (head != "keepalived-2.2.7")
    shown = head.replace("keepalived-", "keepalived ").replace("rfc", "RFC ")
    assert origin_note(trace) == f"{shown} · simulation, seed 0"


def test_the_command_line_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mixed.yaml"
    path.write_text(cluster(second="keepalived-2.4.3"))
    assert main(["simulate", str(path)]) == 0
    assert "keepalived-2.2.7 (r2: keepalived-2.4.3)" in capsys.readouterr().out
