"""What a change of the files changes: values, outcomes, findings, and the deployment itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vrrplab.commands.cli import main
from vrrplab.config.reader import parse_text
from vrrplab.errors import VrrplabError
from vrrplab.forecast.deployment import best_order, deployed
from vrrplab.forecast.diff import diff
from vrrplab.forecast.diff_text import ends, lines
from vrrplab.forecast.why import why
from vrrplab.scenario.fail_line import with_failures
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.nodes import Node, read_nodes

CONF = """\
vrrp_script chk {{
    script "/usr/bin/killall -0 haproxy"
    interval 2
    weight {weight}
    user root
}}
vrrp_instance V {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    virtual_ipaddress {{
        {addresses}
    }}
    track_script {{
        chk
    }}
}}
"""
ONE, TWO = "10.0.4.100/24", "10.0.4.100/24\n        10.0.4.101/24"


def pair(
    folder: Path, weight: int = -20, addresses: str = ONE, a: int = 110, b: int = 100
) -> tuple[Node, ...]:
    folder.mkdir(exist_ok=True)
    for name, priority in (("a", a), ("b", b)):
        text = CONF.format(weight=weight, priority=priority, addresses=addresses)
        (folder / f"{name}.conf").write_text(text)
    return read_nodes([folder / "a.conf", folder / "b.conf"])


def test_nothing_changes(tmp_path: Path) -> None:
    """Comments and blanks are no change."""
    old = pair(tmp_path / "old")
    new = pair(tmp_path / "new")
    text = (tmp_path / "new" / "a.conf").read_text()
    (tmp_path / "new" / "a.conf").write_text("# another\n\n" + text)
    found = diff(old, read_nodes([tmp_path / "new" / "a.conf", new[1].path]))
    assert found.is_empty
    assert found.given is None
    assert not found.is_worse
    assert lines(found) == ["Nothing changes: the same values, findings and outcomes."]


def test_a_weight_made_too_small_is_a_finding_an_outcome_and_one_value(tmp_path: Path) -> None:
    """Only what changes: a cable is noticed as before, a dead HAProxy is not."""
    found = diff(pair(tmp_path / "old"), pair(tmp_path / "new", weight=-5))
    weights = [(c.node, c.before, c.after) for c in found.values if c.option == "weight"]
    assert [node for node, _, _ in weights] == ["a", "b"]
    assert all("-20" in before and "-5" in after for _, before, after in weights)
    assert {c.option for c in found.values} == {"weight", "track_script"}
    assert [finding.rule for finding in found.came] == ["V020"]
    assert found.gone == ()
    (change, *others) = found.outcomes
    assert [f.thing for (f,) in change.failures] == ["chk"]
    assert change.before is not None
    assert change.after is not None
    assert change.before.best is not None
    assert change.before.best.ends == (("b",),)
    assert change.after.is_in_vain
    assert change.is_worse
    assert not [c for c in others if any(f.kind in ("cable", "power") for (f,) in c.failures)]
    assert found.is_worse
    back = diff(found.new, found.old)
    assert [finding.rule for finding in back.gone] == ["V020"]
    assert not back.is_worse


def test_an_address_added_on_one_node_first_is_on_both_until_the_second_reload(tmp_path: Path) -> None:
    """Each drops the other's adverts meanwhile: both are MASTER."""
    old, new = pair(tmp_path / "old"), pair(tmp_path / "new", addresses=TWO)
    plan = deployed(old, new, ["a", "b"])
    first, second = ({effect.address: effect for effect in step.effects}["10.0.4.100"] for step in plan.steps)
    assert first.before == ("a",)
    assert first.after == second.before == ("a", "b")
    assert len(second.after) == 1
    assert first.doubled_us > 10_000_000
    found = diff(old, new)
    assert found.new_addresses == ("10.0.4.101",)
    assert "1 reload a: 10.0.4.100 on a AND b at once, until the next step" in " ".join(
        " ".join(lines(found)).split()
    )


def test_an_address_that_is_taken_away_is_not_out(tmp_path: Path) -> None:
    """Nobody is to have it; that no client gets an answer is what was asked for."""
    old, new = pair(tmp_path / "old", addresses=TWO), pair(tmp_path / "new")
    plan = deployed(old, new, ["a", "b"])
    last = {effect.address: effect for effect in plan.steps[-1].effects}
    assert (last["10.0.4.101"].goes, last["10.0.4.100"].goes) == (True, False)
    assert last["10.0.4.101"].after == ()
    assert max(e.out_us for step in plan.steps for e in step.effects if e.goes) == 0
    told = " ".join(" ".join(lines(diff(old, new, order=["a", "b"], best=False))).split())
    assert "10.0.4.101 b -> nobody, as no new file has it" in told


def test_what_reads_the_same_is_no_other_outcome(tmp_path: Path) -> None:
    """With priority 93 in place of 100 b is 27 ms later: 0.61 s become 0.64, but 2.6-3.6 s stay 2.6-3.6 s."""
    old, new = pair(tmp_path / "old"), pair(tmp_path / "new", b=93)
    changes = diff(old, new).outcomes
    assert changes
    assert [change for change in changes if ends(change.before) == ends(change.after)] == []


def test_the_order_that_clients_notice_less_is_found(tmp_path: Path) -> None:
    """b is to be the better one: if a steps back first, b follows a; if b rises first, it takes over once."""
    old, new = pair(tmp_path / "old"), pair(tmp_path / "new", a=100, b=110)
    costs = {order: deployed(old, new, order).cost for order in (("a", "b"), ("b", "a"))}
    assert best_order(old, new, ["a", "b"]).cost == min(costs.values())
    assert best_order(old, new, ["a", "b"]).tried == 2


def test_of_many_nodes_a_few_orders_are_tried() -> None:
    """Four: as given, backwards, by priorities up and down, each once."""
    nodes = [
        Node(name, name, parse_text(CONF.format(weight=-20, priority=priority, addresses=ONE), name))
        for name, priority in (("a", 110), ("b", 90), ("c", 100), ("d", 80))
    ]
    found = best_order(nodes, nodes, [node.name for node in nodes])
    assert found.tried == 4
    assert found.is_unnoticed


def test_a_node_that_comes_and_one_that_goes(tmp_path: Path) -> None:
    both = pair(tmp_path / "both")
    grown = diff(both[:1], both)
    assert [(c.node, c.option) for c in grown.values] == [("b", "")]
    assert grown.given is not None
    assert [(step.node, step.act) for step in grown.given.steps] == [("b", "start")]
    shrunk = diff(both, both[1:])
    assert shrunk.given is not None
    (step,) = shrunk.given.steps
    assert step.act == "stop"
    assert (step.effects[0].before, step.effects[0].after) == (("a",), ("b",))
    assert shrunk.is_worse


def test_other_clusters_and_unknown_nodes_are_told(tmp_path: Path) -> None:
    old = pair(tmp_path / "old")
    (tmp_path / "x.conf").write_text((tmp_path / "old" / "a.conf").read_text())
    with pytest.raises(VrrplabError, match="no node is in both: old a, b; new x"):
        diff(old, read_nodes([tmp_path / "x.conf"]))
    with pytest.raises(
        VrrplabError, match="--order c: c is no node that changes - those that change are a, b"
    ):
        diff(old, pair(tmp_path / "new", weight=-5), order=["c"])


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair(tmp_path / "old")
    pair(tmp_path / "new", weight=-5)
    monkeypatch.chdir(tmp_path)
    assert main(["config", "diff", "old", "--", "new"]) == 1
    text = capsys.readouterr().out
    assert "~ a, b vrrp_script chk weight: priority -20" in text
    assert "+ V020 error" in text
    assert "STAYS ON a" in text
    assert max(map(len, text.splitlines())) <= 80
    assert main(["config", "diff", "--order", "b", "new", "--", "old", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["deployment"]["order"] == ["b", "a"]
    assert found["better"] is None
    assert [one["rule"] for one in found["findings"]["gone"]] == ["V020"]
    assert main(["config", "diff", "--within", "1s", "new", "--", "old"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["old"], "name the new files too, behind --"),
        (["old", "--", "none"], "none: cannot be read"),
        (["--within", "soon", "old", "--", "old"], "--within soon: give seconds"),
        (["old", "--", "power-off"], "is a scenario"),
        (["--"], "the following arguments are required: OLD"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair(tmp_path / "old")
    monkeypatch.chdir(tmp_path)
    assert main(["config", "diff", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_long_diff_and_a_long_why_say_how_far_they_are(tmp_path: Path) -> None:
    """On standard error, after some seconds: a hundred addresses take that long."""
    old, new = pair(tmp_path / "old"), pair(tmp_path / "new", -5, TWO)
    shares: list[float] = []
    diff(old, new, how_far=shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert len([share for share in shares if 0 < share < 1]) >= 5
    shares.clear()
    why(with_failures(scenario_of_nodes(new), ["a chk"]), how_far=shares.append)
    assert shares
    assert all(0 < share < 1 for share in shares)
