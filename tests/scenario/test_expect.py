"""What a scenario expects of addresses that only its actions bring."""

from __future__ import annotations

from vrrplab.scenario.expect import read_expectation
from vrrplab.scenario.parts import TimedAction
from vrrplab.scenario.reader import load_scenario
from vrrplab.scenario.yaml_nodes import node_of


def test_an_address_added_by_hand_is_known_whatever_the_actions_come_as() -> None:
    """Input: actions that can be gone through once only. Output: as from a list."""
    steady = load_scenario("article-steady")
    keys = {"server": "proxy-serv01", "interface": "eth0", "address": "192.168.2.7/24"}
    actions = [TimedAction(1_000_000, "address_add", keys)]
    node = node_of({"at_s": 5, "owner": {"192.168.2.7": "proxy-serv01"}}, "expect[0]")
    from_list = read_expectation(node, steady.servers, steady.clients, actions)
    assert from_list.owner == {"192.168.2.7": "proxy-serv01"}
    assert read_expectation(node, steady.servers, steady.clients, iter(actions)) == from_list
