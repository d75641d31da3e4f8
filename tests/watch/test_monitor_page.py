"""docs/monitor.md: its tables are those of the code, and its alerts ask for figures that there are."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tools.pages import cell, table
from vrrplab.commands import cli
from vrrplab.watch.figures import FIGURES
from vrrplab.witness.finding_kinds import KINDS, WATCHED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "monitor.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def findings() -> str:
    lines = [table("finding", "severity", "in the log", "what it is").rstrip()]
    for name in WATCHED:
        kind = KINDS[name]
        lines.append(
            f"| `{name}` | {kind.severity} | {'yes' if kind.is_told else ''} | {cell(kind.meaning)} |"
        )
    return "\n".join(lines)


def figures() -> str:
    lines = [table("figure", "labels", "what it is").rstrip()]
    lines += [
        f"| `{name}` | {', '.join(one.labels)} | {cell(one.meaning)} ({one.kind}) |"
        for name, one in FIGURES.items()
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "made"), [("findings", findings()), ("figures", figures())], ids=["findings", "figures"]
)
def test_the_page_prints_the_tables_of_the_code(name: str, made: str) -> None:
    begin, end = f"<!-- {name}: made by tests/watch/test_monitor_page.py -->\n", f"<!-- end of {name} -->"
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    wanted = f"{before}{begin}{made}\n{end}{after}"
    if os.environ.get("VRRPLAB_WRITE_DOCS"):
        PAGE.write_text(wanted, encoding="utf-8")
        text = wanted
    assert text == wanted, "VRRPLAB_WRITE_DOCS=1 writes it"


def test_the_alerts_ask_for_figures_and_labels_that_there_are() -> None:
    blocks = [body for kind, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if kind == "yaml"]
    scrape, alerts = (YAML(typ="safe").load(body) for body in blocks)
    job = scrape["scrape_configs"][0]["job_name"]
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        names = re.findall(r"\bvrrplab_\w+", rule["expr"])
        assert names or f'up{{job="{job}"}}' in rule["expr"]
        assert set(names) <= set(FIGURES)
        labels = set.intersection(*(set(FIGURES[name].labels) for name in names)) if names else set()
        assert set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))) <= labels
        for name in names:
            selected = re.findall(re.escape(name) + r"\{(\w+)=", rule["expr"])
            assert set(selected) <= set(FIGURES[name].labels)
            # a counter is asked how fast it grows, a gauge what it is
            is_rate = f"({name}" in rule["expr"]
            assert is_rate == (FIGURES[name].kind == "counter"), rule


def test_every_variable_that_the_page_names_is_set() -> None:
    source = (PAGE.parents[1] / "vrrplab" / "watch" / "reactions.py").read_text(encoding="utf-8")
    for name in re.findall(r"VRRPLAB_(\w+)", PAGE.read_text(encoding="utf-8")):
        assert f'"{name}"' in source or f"VRRPLAB_{name}" in source, name


def test_its_command_lines_have_options_and_findings_that_there_are() -> None:
    parser = next(one for one in cli.parsers("live") if one.prog == "vrrplab live watch")
    lines = re.findall(r"^.*vrrplab live watch (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        assert set(re.findall(r"(?<!\S)--[\w-]+", line)) <= set(parser._option_string_actions), line
        for names in re.findall(r"--exit-on (\S+)", line):
            assert set(names.split(",")) <= set(WATCHED)
