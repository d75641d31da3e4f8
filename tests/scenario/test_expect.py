"""What a scenario expects of addresses that only its actions bring."""

from __future__ import annotations

from vrrplab.scenario.expect import broken_expectations, read_expectation
from vrrplab.scenario.parts import TimedAction
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.scenario.yaml_nodes import node_of
from vrrplab.sim.play import run


def test_an_address_added_by_hand_is_known_whatever_the_actions_come_as() -> None:
    """Input: actions that can be gone through once only. Output: as from a list."""
    steady = load_scenario("article-steady")
    keys = {"server": "proxy-serv01", "interface": "eth0", "address": "192.168.2.7/24"}
    actions = [TimedAction(1_000_000, "address_add", keys)]
    node = node_of({"at_s": 5, "owner": {"192.168.2.7": "proxy-serv01"}}, "expect[0]")
    from_list = read_expectation(node, steady.servers, steady.clients, actions)
    assert from_list.owner == {"192.168.2.7": "proxy-serv01"}
    assert read_expectation(node, steady.servers, steady.clients, iter(actions)) == from_list


def test_an_owner_beside_an_outage_is_expected_too() -> None:
    """Input: one entry with both, of which the owner is wrong. Output: it is told, and written again."""
    steady = load_scenario("article-steady")
    both = {
        "at_s": 5,
        "owner": {"192.168.2.101": "proxy-serv02"},
        "outage": {"target": "192.168.2.101", "at_most_s": 60},
    }
    wrong = steady.changed(
        duration_us=6_000_000,
        expect=(read_expectation(node_of(both, "expect[0]"), steady.servers, steady.clients, []),),
    )
    (told,) = broken_expectations(wrong, run(wrong))
    assert "expected proxy-serv02, proxy-serv01 had it" in told
    assert scenario_from_text(wrong.to_yaml()).expect[0].owner == {"192.168.2.101": "proxy-serv02"}
    assert scenario_from_text(wrong.to_yaml()).expect[0].outage_target == "192.168.2.101"
