"""file_write, process_count, bfd_down and bfd_up in a scenario file: read, checked, written again."""

from __future__ import annotations

from typing import Any

import pytest

from vrrplab.errors import ScenarioError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import scenario_from_text

SCENARIO = """
name: s
duration_s: 5
segments: {lan: {subnet: 192.168.2.0/24}}
servers:
  r1:
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.251/24]}}
    config: |
      track_file health {
        file /run/health
      }
      vrrp_track_process web {
        process webworker
      }
      bfd_instance PEER {
        neighbor_ip 192.168.2.252
      }
      vrrp_instance V1 {
        interface eth0
        virtual_router_id 51
        virtual_ipaddress {
          192.168.2.100/24
        }
        track_file {
          health
        }
        track_process {
          web
        }
        track_bfd {
          PEER
        }
      }
"""


def with_action(**keys: Any) -> Scenario:
    return scenario_from_text(SCENARIO).with_actions([{"at_s": 1, "server": "r1", **keys}])


@pytest.mark.parametrize(
    "keys",
    [
        {"action": "file_write", "file": "health", "value": -254},
        {"action": "file_write", "file": "/run/other", "value": "no number"},
        {"action": "process_count", "process": "web", "count": 0},
        {"action": "process_count", "process": "webworker", "count": 3},
        {"action": "bfd_down", "bfd": "PEER"},
        {"action": "bfd_up", "bfd": "PEER"},
    ],
)
def test_an_action_is_read_and_written_again(keys: dict[str, Any]) -> None:
    scenario = with_action(**keys)
    assert scenario.actions[0].as_dict() == {"at_s": 1, "server": "r1", **keys}
    assert scenario_from_text(scenario.to_yaml()).actions[0].as_dict() == scenario.actions[0].as_dict()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"action": "file_write", "file": "heelth", "value": 1}, "'heelth'|did you mean 'health'?"),
        ({"action": "file_write", "file": "health"}, "no 'value'"),
        ({"action": "file_write", "file": "health", "value": [1]}, "must be text|a list"),
        ({"action": "file_write", "file": "health", "value": True}, "must be text"),
        ({"action": "process_count", "process": "wbe", "count": 1}, "'wbe'|did you mean 'web'?"),
        ({"action": "process_count", "process": "web", "count": -1}, "it must be 0 to 65535"),
        ({"action": "process_count", "process": "web", "count": "many"}, "must be a whole number"),
        ({"action": "bfd_down", "bfd": "PEAR"}, "'PEAR'|did you mean 'PEER'?"),
        ({"action": "bfd_dwon", "bfd": "PEER"}, "did you mean 'bfd_down'?"),
        ({"action": "daemon_kill", "process": "web"}, "'web'|child"),
    ],
)
def test_a_mistake_is_told_with_the_nearest_word(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_action(**keys)
    for word in words.split("|"):
        assert word in str(caught.value)
