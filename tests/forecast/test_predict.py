"""The table of ``config predict``, row by row; and both ways of telling say the same."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from clusters_to_forecast import config, nodes_of

from vrrplab.commands.cli import main
from vrrplab.data_files import data_path
from vrrplab.forecast import least_change
from vrrplab.forecast.failures import Failure
from vrrplab.forecast.predict import Forecast, forecast
from vrrplab.forecast.table import text_of
from vrrplab.output.text_columns import width
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import read_nodes
from vrrplab.sim.play import run

WEIGHT_5 = {"interval": 2, "fall": 2, "weight": 5}


def three(folder: Path, weight: int, simulate: bool = False) -> Forecast:
    """Three nodes, five apart, each with a check of that weight."""
    check = {**WEIGHT_5, "weight": weight}
    texts = {name: config(p, check=check) for name, p in (("a", 110), ("b", 105), ("c", 100))}
    return forecast(nodes_of(folder, **texts), simulate=simulate)


def test_every_row_of_a_weight_that_is_too_small(tmp_path: Path) -> None:
    lines = text_of(three(tmp_path, 5)).splitlines()
    assert lines[0] == "192.168.2.100  VRID 51 eth0 v2 1 s    a 115*  b 110  c 105  (+5 each)"
    assert [" ".join(line.split()) for line in lines[1:17]] == [
        "when this fails goes to out: best typ. worst see",
        "a chk fails STAYS ON a for ever V020",
        "a keepalived killed, frozen, a AND b two masters after 2.6-3.6 s",
        "firewall out or both; b",
        "firewall in or both",
        "c firewall in or both a AND c two masters after 2.6-3.6 s",
        "a eth0 cable or power b 2.6 3.1 3.6",
        "a keepalived stopped b 0.57 0.57 0.57",
        "anything else of a, b or c stays on a none",
        "a returns a preempts none, after 3.6 s",
        "b returns; c returns stays on a none",
        "",
        "V020 a chk fails: a falls from 115 to 110; b has 110: 110 = 110 does not",
        "preempt, c has 105, so nobody takes over.",
        "Least change: weight 6 (b after 4.6-7.6 s); 11 if b may be off too (then",
        "c).",
    ]


def test_one_more_moves_the_address(tmp_path: Path) -> None:
    found = three(tmp_path, 6)
    row = next(row for _, row in found.rows() if row.failures[0][0].kind == "script")
    assert row.outcome is not None
    assert row.outcome.ends == (("b",),)
    assert not any(row.is_in_vain for _, row in found.rows())


def test_addresses_that_fare_alike_have_one_search_for_a_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three on one card, one on another: ten instances with 24 addresses once took minutes."""
    asked: list[str] = []
    search = least_change.least_change

    def counted(scenario: Scenario, failure: Failure, address: str, *, simulate: bool) -> str:
        asked.append(address)
        return search(scenario, failure, address, simulate=simulate)

    monkeypatch.setattr(least_change, "least_change", counted)
    lines = "\n        ".join(["192.168.2.100", "192.168.2.101", "192.168.2.102", "192.168.2.103 dev lo"])
    texts = {name: config(p, check=WEIGHT_5, address=lines) for name, p in (("a", 110), ("b", 105))}
    found = forecast(nodes_of(tmp_path, **texts), simulate=False)
    assert asked == ["192.168.2.100", "192.168.2.103"]
    cures = [row.cure for _, row in found.rows() if row.is_in_vain]
    assert cures
    assert all(cure.startswith("Least change: weight 6") for cure in cures)


@pytest.mark.parametrize("weight", [0, 5, 6, 11])
def test_the_simulator_says_the_same(tmp_path: Path, weight: int) -> None:
    found = three(tmp_path, weight, simulate=True)
    assert [row.differs for _, row in found.rows() if row.differs] == []
    assert "both say the same, within 20 ms" in " ".join(text_of(found).split())


def test_an_address_that_nobody_can_have_is_not_told(tmp_path: Path) -> None:
    """The daemon asks for 0.0.0.0, Linux says yes and adds nothing (measured): it is nobody's either way."""
    line = "192.168.2.100/24\n        0.0.0.0"
    texts = {name: config(p, address=line) for name, p in (("a", 110), ("b", 100))}
    found = forecast(nodes_of(tmp_path, **texts), phases=1)
    assert [section.addresses for section in found.sections] == [("192.168.2.100",)]
    assert not any(row.differs for _, row in found.rows())
    assert run(found.scenario.changed(duration_us=6_000_000)).owners("0.0.0.0", 6) == ()


def test_no_line_is_longer_than_80_columns(tmp_path: Path) -> None:
    texts = {f"a-server-with-a-very-long-name-{n}": config(100 + n) for n in (1, 2, 3)}
    paths = []
    for name, text in texts.items():
        (tmp_path / f"{name}.conf").write_text(text, encoding="utf-8")
        paths.append(tmp_path / f"{name}.conf")
    lines = text_of(forecast(read_nodes(paths), simulate=False)).splitlines()
    assert [line for line in lines if width(line) > 80] == []
    assert any("very-long-name-3" in line for line in lines)


def test_the_command_tells_the_article_s_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(data_path(f"configs/article/proxy-serv0{n}.conf")) for n in (1, 2)]
    assert main(["config", "predict", "--closed-form", *files]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "192.168.2.101 VRID 1 eth0 v2 1 s proxy-serv01 255* proxy-serv02 100" in told
    assert "proxy-serv01 eth1 down or proxy-serv02 0.61 0.61 0.61" in told


def test_a_failure_that_concerns_two_virtual_routers_counts_once() -> None:
    files = [data_path(f"configs/article/proxy-serv0{n}.conf") for n in (1, 2)]
    found = replace(forecast(read_nodes(files), simulate=False), simulated=True)
    failures = {failing for _, row in found.rows() for failing in row.failures}
    assert sum(len(row.failures) for _, row in found.rows()) == 2 * len(failures)
    assert f"{len(failures)} failures, each in closed form" in text_of(found)


@pytest.mark.parametrize(("b", "by_chance"), [(110, True), (100, False)])
def test_of_equal_ones_whoever_starts_first_has_it(b: int, by_chance: bool, tmp_path: Path) -> None:
    """As V028 says of the same files; the simulator's nodes start one after the other."""
    found = forecast(nodes_of(tmp_path, a=config(110), b=config(b)), simulate=False)
    (section,) = found.sections
    assert section.tossed is by_chance
    assert ("whoever starts first" in text_of(found)) is by_chance


@pytest.mark.parametrize("address", ["fe80::5e:1/64\n        2001:db8:2::110/64", "fe80::5e:1/64"])
def test_a_link_local_address_is_asked_for_too(address: str, tmp_path: Path) -> None:
    """The simulator's clients ask for none of their own accord: it would never be out there."""
    texts = {name: config(p, "version 3", address=address) for name, p in (("a", 110), ("b", 100))}
    found = forecast(nodes_of(tmp_path, **texts), phases=2)
    (section,) = found.sections
    assert section.addresses[0] == "fe80::5e:1"
    assert [row.differs for row in section.rows if row.differs] == []
    assert any(row.simulated and row.simulated.out.worst_us for row in section.rows)


def test_what_fails_never_stands_in_a_narrow_strip(tmp_path: Path) -> None:
    """Long cells beside it are wrapped instead: what the simulator says otherwise, the rules, the nodes."""
    texts = {f"node-{n}": config(p) for n, p in ((1, 110), (2, 100), (3, 100))}
    found = forecast(nodes_of(tmp_path, **texts), phases=1)
    see = ("V005", "V006", "V007", "V010", "V028")
    (section,) = found.sections
    rows = tuple(replace(row, differs="the simulator differs", see=see) for row in section.rows)
    lines = text_of(replace(found, sections=(replace(section, rows=rows),))).splitlines()
    assert [line for line in lines if width(line) > 80] == []
    assert "when this fails" in lines[1]
    assert any(line.startswith("node-1 keepalived ") for line in lines)


def test_who_returns_to_two_masters_preempts_nobody(tmp_path: Path) -> None:
    apart = "unicast_src_ip 192.168.2.11\n    unicast_peer {\n        192.168.2.12\n    }"
    told = text_of(forecast(nodes_of(tmp_path, a=config(110, apart), b=config(100)), simulate=False))
    assert re.search(r"^a returns +a AND b  ", told, re.MULTILINE)
    assert "AND b preempts" not in told


def test_with_reverse_a_priority_rises(tmp_path: Path) -> None:
    texts = {
        name: config(p, check={"weight": 10}).replace("weight 10", "weight 10 reverse")
        for name, p in (("a", 110), ("b", 105))
    }
    told = text_of(forecast(nodes_of(tmp_path, **texts), simulate=False))
    assert "a chk fails: a rises from 100 to 110;" in told


@pytest.mark.parametrize("simulate", [False, True])
def test_an_owner_that_returns_preempts_at_once(simulate: bool, tmp_path: Path) -> None:
    own = {"address": "192.168.2.11/24"}
    nodes = nodes_of(tmp_path, a=config(255, "state MASTER", **own), b=config(100, **own))
    told = text_of(forecast(nodes, simulate=simulate, phases=1))
    assert re.search(r"^a returns +a preempts  ", told, re.MULTILINE)
    assert re.search(r"^b returns +stays on a  ", told, re.MULTILINE)
