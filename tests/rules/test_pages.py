"""docs/rules is what the table of rules says, run and all."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import program

from vrrplab.commands import cli
from vrrplab.rules.table import RULES

page = program("tools/rules_page.py")
FOLDER: Path = page.FOLDER


def test_the_pages_are_fresh() -> None:
    assert page.main(["--check"]) == 0, "python tools/rules_page.py"


def test_every_rule_has_a_page_that_the_index_leads_to() -> None:
    index = (FOLDER / "README.md").read_text("utf-8")
    assert {path.stem for path in FOLDER.glob("V*.md")} == set(RULES)
    assert all(f"[{name}]({name}.md)" in index for name in RULES)
    assert "rules/README.md" in (FOLDER.parent / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", RULES)
def test_its_run_is_on_the_page_and_no_line_of_it_is_cut(name: str) -> None:
    _, _, run = (FOLDER / f"{name}.md").read_text("utf-8").partition("## The run")
    lines = run.split("```")[1].strip("\n").split("\n")
    assert lines[0] == " + ".join(RULES[name].bad)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if "squid" in rule.show])
def test_where_a_check_fails_the_run_shows_that_clients_are_without_what_it_checks(name: str) -> None:
    run = (FOLDER / f"{name}.md").read_text("utf-8").partition("## The run")[2]
    assert "takes no clients since" in " ".join(run.split())


@pytest.mark.parametrize("name", RULES)
def test_config_explain_tells_it_in_80_columns(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "explain", name.lower()]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{name} {RULES[name].severity}: ")
    assert max(map(len, out.split("\n"))) <= 80


def test_without_a_rule_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "explain"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(RULES)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["V0251"], "did you mean 'V0"), (["x"], "lists all"), (["--run"], "name the rule")],
)
def test_what_is_no_rule_is_told(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "explain", *arguments]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1
