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
from vrrplab.forecast.simulated import one_of_each
from vrrplab.forecast.table import text_of
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


def test_a_check_that_changes_nothing_has_no_row_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tracked above its definition, by nobody, or never defined: told, lest anybody waits for it."""
    late = "vrrp_script late {\n    script /bin/x\n}\n"
    tracks = "track_script {\n        late\n        lost\n    }"
    unused = "vrrp_script idle {\n    script /bin/x\n}\n"
    a, b = config(110, tracks) + late, unused + config(100, tracks) + late
    nodes = nodes_of(tmp_path, a=a, b=b)
    found = forecast(nodes, simulate=False)
    assert not any(row.failures[0][0].thing in ("late", "lost", "idle") for _, row in found.rows())
    text = " ".join(text_of(found).split())
    assert "Changes nothing when it fails, so it has no row: late of a, b (V051 it is tracked above" in text
    assert "lost of a, b (V078 it is tracked and nowhere defined" in text
    assert "idle of b (V023 nothing tracks it)." in text
    assert main(["config", "predict", "--closed-form", "--json", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)["without_effect"]
    assert {(one["node"], one["check"], one["rule"]) for one in told} == {
        *((node, name, rule) for node in "ab" for name, rule in (("late", "V051"), ("lost", "V078"))),
        ("b", "idle", "V023"),
    }


@pytest.mark.parametrize(("limit", "code"), [("8s", 0), ("3500ms", 1), ("0.5", 1)])
def test_the_gate(tmp_path: Path, limit: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "predict", "--closed-form", "--within", limit, *files(tmp_path, 6)]) == code
    assert ("a chk fails" in capsys.readouterr().err) == bool(code)


def test_the_gate_does_not_let_through_what_the_formulas_cannot_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two MASTERs that reject each other, and a third that hears one of them: which adverts come is a toss.

    It is told below the table, where there is room; of b, whom nobody hears, there is nothing to doubt.
    """
    other = config(100, address="192.168.2.99/24")
    nodes_of(tmp_path, a=config(110), b=other, c=config(90))
    assert main(["config", "predict", "--closed-form", "--within", "60s", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert "not judged: two MASTERs reject each other's adverts" in " ".join(printed.err.split())
    assert "All of these: not judged, as no timer decides: two MASTERs reject" in printed.out
    assert "b eth0 cable, power or keepalived stopped       NOBODY      for ever\n" in printed.out
    assert max(map(len, printed.out.splitlines())) <= 80
    page = tmp_path / "forecast.html"
    assert main(["config", "predict", "--html", str(page), str(tmp_path)]) == 0
    assert "no timer decides: two MASTERs reject" in page.read_text()
    assert "All of these: from the simulator alone, as no timer decides: two" in capsys.readouterr().out


def test_the_gate_does_not_let_through_what_is_left_to_caches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two MASTERs, as their passwords differ: clients whose address is a's when a is gone ask in vain until
    they ask anew. A change that leads there says so too, and gives no seconds for it.
    """
    auth = "authentication {{\n        auth_type PASS\n        auth_pass {}\n    }}"
    for word in ("one", "two"):
        (tmp_path / word).mkdir()
        nodes_of(tmp_path / word, a=config(150, auth.format("one")), b=config(100, auth.format(word)))
    assert main(["config", "predict", "--closed-form", "--within", "60s", str(tmp_path / "two")]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "over 60 s: 192.168.2.100: a eth0 cable, power or keepalived stopped: up to ARP caches" in told
    assert main(["config", "diff", str(tmp_path / "one"), "--", str(tmp_path / "two")]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "b, out 0.61 0.61 0.61 s (best, typical, worst) -> b, up to ARP caches ~" in told
    assert told.endswith("In all: nobody is out, and one is on two nodes at once for good.")


def test_who_does_not_have_the_address_in_its_file_is_named(tmp_path: Path) -> None:
    """Pitfall P06: each is MASTER of what only it has."""
    check = {"weight": -60}
    other = config(100, address="192.168.2.99/24", check=check)
    found = forecast(nodes_of(tmp_path, a=config(150, check=check), b=other), simulate=False)
    text = " ".join(text_of(found).split())
    assert "a chk fails: a falls from 150 to 90; b has no 192.168.2.100 in its file, and nobody else" in text
    assert "b chk fails: b falls from 100 to 40; a has no 192.168.2.99 in its file, and nobody else" in text


def test_where_there_is_no_address_nothing_is_forecast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.conf").write_text("vrrp_instance V {\n    interface eth0\n    virtual_router_id 5\n}\n")
    assert main(["config", "predict", str(tmp_path / "a.conf")]) == 0
    assert capsys.readouterr().out == "No file has a virtual address, so none can move.\n"


@pytest.mark.parametrize(("count", "at_fewer"), [(8, False), (9, True)])
def test_many_nodes_are_simulated_at_fewer_phases(tmp_path: Path, count: int, at_fewer: bool) -> None:
    texts = {f"n{number}": config(200 - number) for number in range(count)}
    assert forecast(nodes_of(tmp_path, **texts), simulate=False).at_fewer == at_fewer


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


def test_of_addresses_that_fare_alike_the_simulator_carries_one(tmp_path: Path) -> None:
    """200 of them once took minutes; one that only a node has stays."""
    many = "\n        ".join(f"10.1.0.{number}/24" for number in range(1, 60))
    nodes = nodes_of(
        tmp_path, a=config(110, address=f"{many}\n        10.1.0.99/24"), b=config(100, address=many)
    )
    scenario = scenario_of_nodes(nodes)
    fewer, like = one_of_each(scenario)
    assert set(fewer.virtual_addresses()) == {"10.1.0.1", "10.1.0.99"}
    assert set(like.values()) == {"10.1.0.1"}
    shares: list[float] = []
    found = forecast(nodes, phases=1, how_far=shares.append)
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert all(not row.differs for _, row in found.rows())
    assert {len(section.addresses) for section in found.sections} == {59, 1}


def test_a_name_of_two_lines_stays_in_one(tmp_path: Path) -> None:
    found = forecast(nodes_of(tmp_path, **{"a\nz": config(110), "b": config(100)}), simulate=False)
    assert "a\\nz 110*" in text_of(found)
