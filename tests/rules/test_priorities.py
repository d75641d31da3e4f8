"""Rules about priorities: the numbers that they tell, and that the cure works, as the simulator has it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rule_clusters import DAEMON, found, nodes, run

from vrrplab import simulate
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import conf
from vrrplab.rules.outlook import outlooks, silent_takeover_us, usual_takeover_us
from vrrplab.rules.table import RULES
from vrrplab.rules.teams import teams
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.parts import TimedAction
from vrrplab.units import seconds

VIP = "192.168.2.100"


def check(weight: int | None = None, name: str = "chk_squid", more: str = "") -> str:
    lines = [f'script "/usr/bin/pidof {name}"', "interval 2", more]
    lines += [] if weight is None else [f"weight {weight}"]
    return f"vrrp_script {name} {{\n" + "".join(f"    {line}\n" for line in lines if line) + "}\n"


def cluster(weight: int | None, *priorities: int, lines: str = "", more: str = "") -> dict[str, str]:
    return {
        name: conf(priority, lines, check=check(weight, more=more))
        for name, priority in zip("abc", priorities, strict=False)
    }


def owners_after_failure(folder: Path, files: dict[str, str], at_s: float = 59) -> tuple[str, ...]:
    """Who has the address when the check of the first node has been failing for a while."""
    scenario = scenario_of_nodes(nodes(folder, files), DAEMON)
    fails = TimedAction(15_000_000, "check_fail", {"server": "a", "script": "chk_squid"}, 0)
    return simulate(replace(scenario, actions=(fails,))).owners(VIP, at_s)


@pytest.mark.parametrize(
    ("weight", "priorities", "numbers"),
    [
        (5, (110, 105, 100), "falls from 115 to 110; b has 110 and c 105: equal is not enough"),
        (6, (110, 105, 100), ""),
        (11, (110, 105, 100), ""),
        (-10, (150, 140), "falls from 150 to 140; b has 140: equal is not enough"),
        (-11, (150, 140), ""),
        (-253, (254, 1), "falls from 254 to 1; b has 1: equal is not enough"),
        (None, (150, 100), ""),
    ],
)
def test_a_weight_is_told_exactly_where_nobody_takes_over(
    weight: int | None, priorities: tuple[int, ...], numbers: str, tmp_path: Path
) -> None:
    files = cluster(weight, *priorities)
    told = found("V020", tmp_path, files)
    stays = owners_after_failure(tmp_path, files) == ("a",)
    assert bool(told) == stays == bool(numbers)
    assert all(numbers in finding.message for finding in told)


@pytest.mark.parametrize(("weight", "priorities"), [(5, (110, 105, 100)), (-20, (150, 100)), (2, (200, 99))])
def test_the_least_weight_that_is_told_is_the_least(
    weight: int, priorities: tuple[int, ...], tmp_path: Path
) -> None:
    (finding,) = found("V020", tmp_path, cluster(weight, *priorities))
    least = int(re.findall(r"weight (-?\d+)", finding.cure)[0])
    assert owners_after_failure(tmp_path, cluster(least, *priorities)) == ("b",)
    less = least + (1 if least < 0 else -1)
    assert owners_after_failure(tmp_path, cluster(less, *priorities)) == ("a",)


def test_one_node_with_a_positive_weight_needs_a_negative_one(tmp_path: Path) -> None:
    files = {"a": conf(200, check=check(2)), "b": conf(99, check="", track="")}
    (finding,) = found("V020", tmp_path, files)
    assert "a weight of -102 in place of 2" in finding.cure
    cured = {**files, "a": conf(200, check=check(-102))}
    assert owners_after_failure(tmp_path, cured) == ("b",)


def test_several_weights_that_move_it_together_are_a_warning(tmp_path: Path) -> None:
    both = check(-30, "chk_squid") + check(-30, "chk_dns")
    files = {name: conf(p, check=both, track="chk_squid\nchk_dns") for name, p in (("a", 150), ("b", 100))}
    told = found("V020", tmp_path, files)
    assert [finding.severity for finding in told] == ["warning", "warning"]
    assert all("unless other checks fail too" in finding.message for finding in told)


def test_the_same_numbers_in_two_instances_are_one_finding(tmp_path: Path) -> None:
    files = {
        name: conf(p, check=check(-20))
        + conf(p, name="VI_2", vrid=52, vips="192.168.2.101/24", top="", check="")
        for name, p in (("a", 150), ("b", 100))
    }
    (finding,) = found("V020", tmp_path, files)
    assert finding.message.startswith("VRID 51 and 52: ")


def test_nopreempt_holds_the_address_where_a_weight_fell(tmp_path: Path) -> None:
    bad, good = RULES["V024"].bad, RULES["V024"].good
    assert owners_after_failure(tmp_path, bad) == ("a",)
    assert owners_after_failure(tmp_path, good) == ("b",)
    one_may = cluster(-20, 110, 100, 95)
    one_may["b"] = conf(100, "nopreempt", check=check(-20))
    assert not found("V024", tmp_path, one_may)
    assert owners_after_failure(tmp_path, one_may) == ("c",)


def test_ties_are_judged_by_effective_priorities(tmp_path: Path) -> None:
    files = {"a": conf(100, check=check(10)), "b": conf(110, check="", track="")}
    (finding,) = found("V028", tmp_path, files)
    assert "a and b have the same priority with their weights, 110" in finding.message
    (below,) = found("V028", tmp_path, cluster(None, 150, 100, 100))
    assert (below.severity, "b and c" in below.message) == ("info", True)
    (meant,) = found("V028", tmp_path, cluster(None, 50, 50, lines="nopreempt"))
    assert meant.severity == "info"


def test_a_check_that_asks_for_a_role_may_break_a_tie(tmp_path: Path) -> None:
    """Of two databases one is the leader, and its check is well there only."""
    script = check(20, "chk_leader")
    files = {name: conf(100, check=script, track="chk_leader") for name in "ab"}
    (finding,) = found("V028", tmp_path, files)
    assert (finding.severity, finding.certain) == ("info", False)
    assert "unless chk_leader is well on one of them only" in finding.message


def test_who_is_meant_to_be_master_may_have_the_lower_priority(tmp_path: Path) -> None:
    """A well-known recipe: the MASTER has 99 + 4 while its check is well."""
    recipe = {"a": conf(99, state="MASTER", check=check(4)), "b": conf(100, check="", track="")}
    assert not found("V021", tmp_path, recipe) + found("V092", tmp_path, recipe)
    bad = RULES["V021"].bad
    assert run(tmp_path, bad).owners(VIP, 50) == ("b",)


def test_a_total_that_is_cut_is_a_warning_where_it_changes_the_order(tmp_path: Path) -> None:
    (harmless,) = found("V022", tmp_path, cluster(30, 250, 100))
    assert harmless.severity == "info"
    (harmful,) = found("V022", tmp_path, cluster(30, 250, 240))
    assert harmful.severity == "warning"
    assert "a would have 280 and has 254" in harmful.message


def test_two_owners_are_both_master_at_their_start(tmp_path: Path) -> None:
    trace = run(tmp_path, RULES["V030"].bad)
    starts = [e.fields["server"] for e in trace.events if e.event == "state" and e.fields["to"] == "MASTER"]
    assert set(starts) == {"a", "b"}
    assert not found("V065", tmp_path, RULES["V030"].bad)


def test_a_check_that_the_daemon_takes_off_is_not_missing(tmp_path: Path) -> None:
    """Why it is taken off is told by other rules."""
    late = conf(100, check="") + check()
    owner = conf(255, state="MASTER", check=check(-10))
    files = {"a": owner, "b": late}
    assert not found("V054", tmp_path, files) + found("V055", tmp_path, files)


@pytest.mark.parametrize(
    ("on_a", "on_b", "told_of"),
    [("eth0 eth1", "", True), ("eth1", "eth0", True), ("eth1", "ens2", False), ("eth0", "", False)],
)
def test_an_interface_that_only_one_node_tracks(on_a: str, on_b: str, told_of: bool, tmp_path: Path) -> None:
    """By whatever name; one's own is tracked anyway."""

    def tracking(listed: str) -> str:
        lines = "\n    ".join(listed.split())
        return f"track_interface {{\n    {lines}\n}}" if listed else ""

    findings = found("V054", tmp_path, {"a": conf(150, tracking(on_a)), "b": conf(100, tracking(on_b))})
    assert [f.message for f in findings] == [
        "VRID 51: a tracks eth1, b no interface besides its own: once it has the address it keeps it when it "
        "is cut off there"
    ] * told_of


def test_members_of_a_group_with_a_check_are_checked(tmp_path: Path) -> None:
    group = "vrrp_sync_group G {\n    group {\n        VI_1\n        VI_2\n    }\n}\n"
    files = {
        name: group
        + conf(p)
        + conf(p, name="VI_2", vrid=52, vips="192.168.2.101/24", top="", check="", track="")
        for name, p in (("a", 150), ("b", 100))
    }
    assert not found("V053", tmp_path, files)


@pytest.mark.parametrize(
    ("weight", "more", "lines"),
    [
        (None, "fall 3", ""),
        (-60, "fall 2", ""),
        (-60, "", "advert_int 3"),
        (None, "", "version 3\nadvert_int 0.5"),
    ],
)
def test_how_long_it_takes_is_what_the_simulator_says(
    weight: int | None, more: str, lines: str, tmp_path: Path
) -> None:
    """In the middle of what may be: within half an interval of the check and half an advert."""
    files = cluster(weight, 150, 100, lines=lines, more=more)
    world = nodes(tmp_path, files)
    known = Cluster(world, DAEMON)
    (outlook,) = outlooks(known, teams(known))
    case = next(c for c in outlook.failures(outlook.first[0]) if c.watched.thing.kind == "script")
    advert_us = world[0].config.instances[0].advert_interval_us

    def takes_us(action: str, script: str = "") -> float:
        keys = {"server": "a", **({"script": script} if script else {})}
        at_us = 25_300_000
        trace = simulate(
            replace(scenario_of_nodes(world, DAEMON), actions=(TimedAction(at_us, action, keys, 0),))
        )
        masters = [e.t_us for e in trace.events if e.event == "state" and e.fields["to"] == "MASTER"]
        return min(t for t in masters if t > at_us) - at_us

    room_us = 1_000_000 + advert_us / 2 + 50_000
    assert abs(takes_us("check_fail", "chk_squid") - usual_takeover_us(case)) <= room_us
    assert abs(takes_us("power_off") - silent_takeover_us(outlook)) <= advert_us / 2 + 50_000
    assert seconds(silent_takeover_us(outlook)) < 10


def test_a_long_interval_is_slow_by_itself(tmp_path: Path) -> None:
    (finding,) = found("V056", tmp_path, cluster(None, 150, 100, lines="advert_int 5"))
    assert "when a loses its power" in finding.message
    assert not found("V056", tmp_path, cluster(-60, 150, 100, lines="advert_int 3"))
