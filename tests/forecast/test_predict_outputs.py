"""What ``config predict`` gives besides its table: JSON, a diagram, a page, a gate; and cures that cure."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from clusters_to_forecast import config, nodes_of

from vrrplab.commands.cli import main
from vrrplab.forecast.formats import mermaid
from vrrplab.forecast.predict import Row, forecast
from vrrplab.scenario.fail_line import with_failures
from vrrplab.scenario.from_configs import scenario_of_nodes


def files(folder: Path, weight: int = 5) -> list[str]:
    check = {"weight": weight}
    texts = {name: config(p, check=check) for name, p in (("a", 110), ("b", 105), ("c", 100))}
    nodes_of(folder, **texts)
    return [str(folder / f"{name}.conf") for name in texts]


def stuck(folder: Path, **texts: str) -> Row:
    """The row in which nobody takes over."""
    found = forecast(nodes_of(folder, **texts), simulate=False)
    return next(row for _, row in found.rows() if row.is_in_vain)


def test_json_has_every_failure_once_a_router(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "predict", "--closed-form", "--json", *files(tmp_path)]) == 0
    (router,) = json.loads(capsys.readouterr().out)["routers"]
    lines = [failing[0]["line"] for row in router["rows"] for failing in row["failures"]]
    assert len(lines) == 30
    worst = router["rows"][0]
    assert (worst["goes_to"], worst["see"]) == ("STAYS ON a", ["V020"])
    assert worst["cure"].startswith("Least change: weight 6 (b after 4.6-7.6 s); 11 if b may be off too")
    power = next(r for r in router["rows"] if r["failures"][0][0]["line"] == "a interface eth0")
    assert power["closed_form"]["ends"] == [["b"]]
    assert power["closed_form"]["out_s"]["worst"] == pytest.approx(3.59, abs=0.03)


def test_every_failure_is_a_line_for_simulate(tmp_path: Path) -> None:
    nodes = nodes_of(tmp_path, a=config(110, check={"weight": 5}), b=config(100))
    found = forecast(nodes, simulate=False)
    scenario = scenario_of_nodes(nodes)
    failures = [failing[0] for _, row in found.rows() for failing in row.failures]
    assert len({failure.line for failure in failures}) == len(failures) - 2  # a return begins like power
    for failure in failures:
        assert with_failures(scenario, [failure.line]).actions


@pytest.mark.parametrize(("limit", "code"), [("8s", 0), ("3500ms", 1), ("0.5", 1)])
def test_the_gate(tmp_path: Path, limit: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "predict", "--closed-form", "--within", limit, *files(tmp_path, 6)]) == code
    assert ("a chk fails" in capsys.readouterr().err) == bool(code)


def test_the_gate_does_not_let_through_what_the_formulas_cannot_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two MASTERs with AH the counters decide; with the simulator there is an answer."""
    signed = "authentication {\n        auth_type AH\n        auth_pass secret\n    }"
    nodes_of(tmp_path, a=config(110, signed), b=config(100, signed))
    assert main(["config", "predict", "--closed-form", "--within", "60s", str(tmp_path)]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "not judged: two MASTERs with AH" in told


def test_where_there_is_no_address_nothing_is_forecast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.conf").write_text("vrrp_instance V {\n    interface eth0\n    virtual_router_id 5\n}\n")
    assert main(["config", "predict", str(tmp_path / "a.conf")]) == 0
    assert capsys.readouterr().out == "No file has a virtual address, so none can move.\n"


def test_the_gate_wants_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "predict", "--within", "soon", *files(tmp_path)]) == 2
    assert "'soon' is no time: 3s, 0.5s, 500ms" in " ".join(capsys.readouterr().err.split())


def test_the_diagram_has_the_order_of_takeovers(tmp_path: Path) -> None:
    text = mermaid(forecast(nodes_of(tmp_path, a=config(150), b=config(100), c=config(90)), simulate=False))
    assert text.splitlines()[0] == "flowchart LR"
    assert [line.split() for line in text.splitlines() if "-->" in line] == [
        ["s0n0", '-->|"2.6-3.6', 's"|', "s0n1"],
        ["s0n1", '-->|"then"|', "s0n2"],
    ]


def test_the_page_plays_three_and_needs_no_network(tmp_path: Path) -> None:
    page = tmp_path / "forecast.html"
    assert main(["config", "predict", "--closed-form", "--html", str(page), *files(tmp_path)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<iframe") == 3
    assert "STAYS ON a" in text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


def test_two_failures_at_once_are_told_where_they_are_worse(tmp_path: Path) -> None:
    nodes = nodes_of(tmp_path, a=config(150), b=config(100))
    pairs = [row for _, row in forecast(nodes, simulate=False, pairs=True).rows() if len(row.failures[0]) > 1]
    nobody = [row for row in pairs if row.best and row.best.ends == ((),)]
    assert any(
        {f.line for f in failing} == {"a power", "b power"} for row in nobody for failing in row.failures
    )


@pytest.mark.parametrize("weight", [-10, 5, 20])
def test_the_least_weight_cures_and_one_less_does_not(tmp_path: Path, weight: int) -> None:
    """The gap is 50 below a negative weight, and 50 more of a positive one that both have."""
    check = {"weight": weight}
    row = stuck(tmp_path, a=config(150, check=check), b=config(100, check=check))
    least = int(re.findall(r"weight (-?\d+)", row.cure)[0])
    for size, moves in ((abs(least), True), (abs(least) - 1, False)):
        check = {"weight": size if weight > 0 else -size}
        nodes = nodes_of(tmp_path, a=config(150, check=check), b=config(100, check=check))
        vain = [r for _, r in forecast(nodes, simulate=False).rows() if r.is_in_vain]
        assert bool(vain) != moves


def test_nopreempt_is_named_and_its_end_cures(tmp_path: Path) -> None:
    check = {"weight": -60}
    row = stuck(tmp_path, a=config(150, check=check), b=config(100, "state BACKUP", "nopreempt", check=check))
    assert "b has 100, and nopreempt" in row.blocked
    assert row.cure.startswith("Least change: no nopreempt on b (b after")
