"""``config check --fix``: a patch that patch(1) takes, and after which the rule has nothing to say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import example_nodes
from vrrplab.rules.model import Rule
from vrrplab.rules.table import RULES, check
from vrrplab.scenario.nodes import read_nodes

FIXED = (
    *("V008", "V010", "V011", "V020", "V024", "V025", "V033", "V039", "V040", "V050", "V064", "V065", "V071"),
    "V090",
)


@pytest.mark.needs("patch")
@pytest.mark.parametrize("name", FIXED)
def test_the_patch_cures_the_bad_example(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = [f"{node}.conf" for node in RULES[name].bad]
    for node, text in RULES[name].bad.items():
        Path(f"{node}.conf").write_text(text, "utf-8")
    before = {file: Path(file).read_bytes() for file in files}
    assert cli.main(["config", "check", *files, "--fix"]) == 0
    patch, told = capsys.readouterr()
    assert told.startswith("the patch cures ")
    assert {file: Path(file).read_bytes() for file in files} == before
    assert sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in patch.split("\n")) <= 10
    subprocess.run(["patch", "-p0", "--quiet"], input=patch, text=True, check=True)
    assert name not in {finding.rule for finding in check(Cluster(read_nodes(files)))}


def test_these_are_all_that_know_a_change() -> None:
    def changes(rule: Rule) -> bool:
        cluster = Cluster(example_nodes(rule.bad, rule), f"keepalived-{rule.daemon}")
        return any(finding.changes for finding in rule.found(cluster))

    assert {name for name, rule in RULES.items() if changes(rule)} == set(FIXED)


@pytest.mark.needs("patch")
def test_a_file_without_a_last_line_end_stays_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = RULES["V025"].bad["a"].rstrip("\n")
    Path("a.conf").write_text(text, "utf-8")
    assert cli.main(["config", "check", "a.conf", "--fix", "--out", "a.patch"]) == 0
    assert capsys.readouterr().out == ""
    patch = Path("a.patch").read_text("utf-8")
    assert "-    state MASTER\n+    state BACKUP\n" in patch
    subprocess.run(["patch", "-p0", "--quiet"], input=patch, text=True, check=True)
    assert Path("a.conf").read_text("utf-8") == text.replace("MASTER", "BACKUP")


def test_nothing_to_cure_is_an_empty_patch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.conf").write_text(RULES["V025"].good["a"], "utf-8")
    assert cli.main(["config", "check", "a.conf", "--fix"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.needs("patch")
@pytest.mark.parametrize("name", ["na me.conf", "x\ny.conf", "q\"'.conf", "b\\.conf"])
def test_a_file_of_any_name_and_with_lines_as_on_windows_is_patched(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    nodes = list(RULES["V020"].bad.values())
    files = [name, *(f"{number}.conf" for number in range(1, len(nodes)))]
    for file, text in zip(files, nodes, strict=True):
        Path(file).write_bytes(text.replace("\n", "\r\n").encode())
    assert cli.main(["config", "check", *files, "--fix"]) == 0
    patch = capsys.readouterr().out.encode()
    subprocess.run(["patch", "-p0", "--quiet", "--binary"], input=patch, check=True)
    assert "V020" not in {finding.rule for finding in check(Cluster(read_nodes(files)))}
