"""One file for several hosts: ``@name`` lines count where the server is called so, in every way in.

keepalived compares with its host name, or with ``-i NAME`` (2.2.7, measured: with ``-i lb1`` the file
below has priority 150, with ``-i web1`` 100 and nopreempt, and not a word about it).
"""

from __future__ import annotations

from pathlib import Path

import pytest

import vrrplab
from vrrplab.config.reader import parse_text
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario

BOTH = """vrrp_instance V {
    @lb1 state MASTER
    @lb2 state BACKUP
    interface eth0
    virtual_router_id 51
    @lb1 priority 150
    @lb2 priority 90
    @^lb1 nopreempt
    virtual_ipaddress {
        10.0.0.100/24
    }
}
"""
SERVERS = """
segments: {lan: {subnet: 10.0.0.0/24}}
duration_s: 20
servers:
  lb1: {config: both.conf, interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}}}
  lb2: {config: both.conf, interfaces: {eth0: {segment: lan, addresses: [10.0.0.2/24]}}}
"""


def from_files(folder: Path) -> Scenario:
    for name in ("lb1", "lb2"):
        (folder / f"{name}.conf").write_text(BOTH, encoding="utf-8")
    return scenario_from_configs([folder / "lb1.conf", folder / "lb2.conf"])


def from_scenario(folder: Path) -> Scenario:
    (folder / "both.conf").write_text(BOTH, encoding="utf-8")
    (folder / "pair.yaml").write_text(SERVERS, encoding="utf-8")
    return load_scenario(folder / "pair.yaml")


def written_again(folder: Path) -> Scenario:
    (folder / "again.yaml").write_text(from_files(folder).to_yaml(), encoding="utf-8")
    return load_scenario(folder / "again.yaml")


def own_texts(_folder: Path) -> Scenario:
    return vrrplab.own_cluster(lb1=BOTH, lb2=BOTH)


def own_file(folder: Path) -> Scenario:
    (folder / "both.conf").write_text(BOTH, encoding="utf-8")
    return vrrplab.own_cluster(lb1=folder / "both.conf", lb2=folder / "both.conf")


@pytest.mark.parametrize("way_in", [from_files, from_scenario, written_again, own_texts, own_file])
def test_the_servers_name_is_what_the_lines_are_compared_with(way_in, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    scenario = way_in(tmp_path)
    seen = {n: s.node.instance("V") for n, s in scenario.servers.items()}
    assert {n: (i.base_priority, i.preempt) for n, i in seen.items()} == {
        "lb1": (150, True),
        "lb2": (90, False),
    }
    assert vrrplab.simulate(scenario).owner("10.0.0.100", 10) == "lb1"
    kinds = {w.kind for s in scenario.servers.values() for w in s.node.warnings}
    assert "host-lines" not in kinds


def test_a_variant_keeps_the_names(tmp_path: Path) -> None:
    changed = vrrplab.variant(from_files(tmp_path), edit={"priority 90": "priority 200"})
    assert changed.servers["lb2"].node.instance("V").base_priority == 200
    assert changed.servers["lb1"].node.instance("V").base_priority == 150


@pytest.mark.parametrize("name", ["web1", ""])
def test_a_file_whose_lines_are_for_other_hosts_says_so_once(name: str) -> None:
    node = parse_text(BOTH, "both.conf", host_id=name)
    assert (node.instance("V").base_priority, node.instance("V").preempt) == (100, False)
    (told,) = [str(w) for w in node.warnings if w.kind == "host-lines"]
    meant = name or "a host without a name"
    assert told.startswith(f"both.conf:2: the lines for lb1, lb2 (@lb1 …) are not for {meant}: none")
    assert "call the server lb1 or lb2" in told


def test_a_file_that_says_what_holds_elsewhere_needs_no_such_word() -> None:
    text = BOTH.replace("@lb2 priority 90", "@^lb1 priority 90").replace("    @lb2 state BACKUP\n", "")
    node = parse_text(text, "both.conf", host_id="lb2")
    assert node.instance("V").base_priority == 90
    assert "host-lines" not in {w.kind for w in node.warnings}
