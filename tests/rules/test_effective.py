"""What an instance's priority would be with something down: what the machine makes of it, event by event."""

from __future__ import annotations

from typing import Any

import pytest

from vrrplab import simulate
from vrrplab.config.model import InstanceConfig
from vrrplab.forecast.closed_form import ClosedForm
from vrrplab.rules.effective import Thing, at_rest, standing, watched
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import scenario_from_text

HEAD = """
track_file load {
    file /run/load
    weight 1
    init_file 3
}
vrrp_script plus {
    script "/usr/bin/pidof plus"
    interval 1
    weight 20
}
vrrp_script minus {
    script "/usr/bin/pidof minus"
    interval 1
    weight -30
}
vrrp_script turned {
    script "/usr/bin/pidof turned"
    interval 1
    weight 7 reverse
}
vrrp_script fatal {
    script "/usr/bin/pidof fatal"
    interval 1
}
vrrp_track_process web {
    process web
    weight 11
}
bfd_instance peer {
    neighbor_ip 192.168.2.9
}
"""
INSTANCE = """
vrrp_instance {name} {{
    interface {interface}
    virtual_router_id {vrid}
    priority {priority}
    virtual_ipaddress {{
        {vip}
    }}
    {tracked}
}}
"""
EVERYTHING = """
    track_script {
        plus
        minus
        turned
        fatal
    }
    track_interface {
        eth1 weight 40
    }
    track_process {
        web
    }
    track_file {
        load weight 2
    }
    track_bfd {
        peer weight -9
    }
"""
PLAIN = {
    "name": "V1",
    "interface": "eth0",
    "vrid": 51,
    "priority": 100,
    "vip": "192.168.2.100/24",
    "tracked": EVERYTHING,
}
SECOND = {**PLAIN, "name": "V2", "interface": "eth1", "vrid": 52, "vip": "192.168.3.100/24", "tracked": ""}
GROUP = "vrrp_sync_group G {{\n group {{\n V1\n V2\n }}\n {more}\n}}\n"
OF_GROUP = "sync_group_tracking_weight\n track_script {\n plus weight 50\n minus\n fatal\n }"

FILES = {
    "alone": HEAD + INSTANCE.format(**PLAIN),
    "cut at the top": HEAD + INSTANCE.format(**{**PLAIN, "priority": 240}),
    "owner": HEAD + INSTANCE.format(**{**PLAIN, "priority": 255}),
    "group": HEAD + GROUP.format(more="") + INSTANCE.format(**PLAIN) + INSTANCE.format(**SECOND),
    "weights in the group": HEAD
    + GROUP.format(more=OF_GROUP)
    + INSTANCE.format(**{**PLAIN, "tracked": "track_script {\n plus\n }"})
    + INSTANCE.format(**SECOND),
}
# What is down, the scenario's action for that, and the file's value.
CASES: list[tuple[set[Thing], dict[str, Any], dict[str, int]]] = [
    (set(), {}, {}),
    *(
        ({Thing("script", name)}, {"action": "check_fail", "script": name}, {})
        for name in ("plus", "minus", "turned", "fatal")
    ),
    ({Thing("interface", "eth1")}, {"action": "carrier_down", "interface": "eth1"}, {}),
    ({Thing("interface", "eth0")}, {"action": "carrier_down", "interface": "eth0"}, {}),
    ({Thing("process", "web")}, {"action": "process_count", "process": "web", "count": 0}, {}),
    ({Thing("bfd", "peer")}, {"action": "bfd_down", "bfd": "peer"}, {}),
    (set(), {"action": "file_write", "file": "load", "value": 25}, {"load": 25}),
    (set(), {"action": "file_write", "file": "load", "value": -127}, {"load": -127}),
]
SCENARIO = """
name: s
duration_s: 20
segments: {{lan: {{subnet: 192.168.2.0/24}}, wan: {{subnet: 192.168.3.0/24}}}}
servers:
  r1:
    interfaces:
      eth0: {{segment: lan, addresses: [192.168.2.251/24]}}
      eth1: {{segment: wan, addresses: [192.168.3.251/24]}}
    config: |
{config}
actions: {actions}
"""


def scenario_of(text: str, action: dict[str, Any]) -> Scenario:
    """One server with that file, to which this happens after 8 s."""
    actions = [{"at_s": 8, "server": "r1", **action}] if action else []
    config = "".join(f"      {line}\n" for line in text.splitlines())
    return scenario_from_text(SCENARIO.format(config=config, actions=actions))


def simulated(scenario: Scenario, instance: InstanceConfig) -> tuple[int, bool]:
    """The priority at the end of a run, and whether the instance is in FAULT."""
    mine = [event for event in simulate(scenario).events if event.fields.get("instance") == instance.name]
    priorities = [event.fields["to"] for event in mine if event.event == "priority"]
    states = [event.fields["to"] for event in mine if event.event == "state"]
    return [instance.base_priority, *priorities][-1], ["INIT", *states][-1] == "FAULT"


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case[1].values())) or "all well")
@pytest.mark.parametrize("file", FILES)
def test_it_is_what_the_machine_adds_up(file: str, case: tuple[set[Thing], Any, dict[str, int]]) -> None:
    down, action, values = case
    scenario = scenario_of(FILES[file], action)
    node = scenario.servers["r1"].node
    for instance in node.instances:
        found = standing(node, instance, down, values)
        priority, in_fault = simulated(scenario, instance)
        assert bool(found.fault) == in_fault, (instance.name, found)
        if not in_fault:
            assert found.priority == priority, (instance.name, found)


@pytest.mark.parametrize("file", FILES)
def test_all_is_well_is_one_thing_to_rules_forecast_and_machine(file: str) -> None:
    """``reverse`` turns what a check that passes is worth, and not whether it passes."""
    scenario = scenario_of(FILES[file], {})
    node = scenario.servers["r1"].node
    told = {seat.config.name: seat for seat in ClosedForm(scenario).before.seats}
    for instance in node.instances:
        found, seat = standing(node, instance, at_rest(node)), told[instance.name]
        priority, in_fault = simulated(scenario, instance)
        assert (found.priority, bool(found.fault)) == (priority, in_fault)
        assert (seat.priority, seat.state == "FAULT") == (priority, in_fault)


def test_while_all_is_well_nothing_is_down_and_every_step_is_that_of_a_failure() -> None:
    node = scenario_of(FILES["alone"], {}).servers["r1"].node
    assert at_rest(node) == frozenset()
    assert {one.thing.name: one.step for one in watched(node, node.instances[0])} == {
        "eth0": 0,
        "eth1": -40,
        "plus": -20,
        "minus": -30,
        "turned": 7,
        "fatal": 0,
        "web": -11,
        "peer": -9,
    }


def test_what_can_never_be_well_is_down_from_the_start() -> None:
    node = (
        scenario_of(FILES["alone"].replace("pidof minus", "pgrep minus > /dev/null"), {}).servers["r1"].node
    )
    assert Thing("script", "minus") in at_rest(node)
