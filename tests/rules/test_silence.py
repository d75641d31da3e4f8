"""What silences a finding: a comment with a reason, settings, a baseline; and what is told of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import conf
from vrrplab.rules.model import Finding
from vrrplab.rules.settings import find_settings
from vrrplab.rules.table import RULES, check
from vrrplab.scenario.nodes import read_nodes

OWN = "track_interface {\n    eth0%s\n}"
V064 = "# vrrplab: ignore V064 for the reader"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(lines: str, **more: str) -> list[Finding]:
    """Of one node with these lines, but for what every node alone gets."""
    Path("a.conf").write_text(conf(150, lines, **more), "utf-8")
    return [f for f in check(Cluster(read_nodes(["a.conf"]))) if f.rule in ("V064", "V089", "V040")]


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


# -- comments


def test_a_comment_on_the_line_or_above_it_silences_with_a_reason() -> None:
    assert rules(found(OWN % "")) == ["V064"]
    assert found(OWN % f"  {V064}") == []
    assert found(OWN.replace("    eth0", f"    {V064}\n    # and more\n    eth0") % "") == []
    assert found(OWN % "  ! vrrplab: ignore V040, V064: for the reader")[0].message == (
        "the ignore of V040 silences nothing"
    )


def test_one_without_a_reason_counts_for_nothing() -> None:
    (told, other) = found(OWN % "  # vrrplab: ignore V064")
    assert told.rule == "V089"
    assert told.message == "the ignore of V064 has no reason, so it counts for nothing"
    assert other.rule == "V064"


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# vrrplab: ignore", "an ignore names no rule"),
        ("# vrrplab: ignore everything", "an ignore names no rule"),
        ("# vrrplab: ignore V999 whatever", "an ignore of V999, which is no rule"),
        ("# vrrplab: ignore V028 whatever", "the ignore of V028 silences nothing"),
        ("# vrrplab: ignroe V028 x", "'vrrplab: ignroe' silences nothing: vrrplab does not know it"),
        ("! vrplab:ignore V028 x", "'vrplab:ignore' silences nothing: vrrplab does not know it"),
        ("# vrrplab ignore V028 x", "'vrrplab ignore' silences nothing: vrrplab does not know it"),
        ("# vrrplab: Ignored V028", "'vrrplab: Ignored' silences nothing: vrrplab does not know it"),
        ("# vrrplab: disable V028", "'vrrplab: disable' silences nothing: vrrplab does not know it"),
    ],
)
def test_one_that_silences_nothing_is_told(comment: str, told: str) -> None:
    (finding,) = found(f"advert_int 1 {comment}")
    assert (finding.rule, finding.message) == ("V089", told)
    assert str(finding.places[0].source) == "a.conf:14"


@pytest.mark.parametrize(
    "comment",
    [
        "# vrrplab found V028 here, see the runbook",
        "# vrrplab: made by hand",
        "# virtual ignore list V028",
        "# VRRP ignores this",
    ],
)
def test_prose_that_speaks_of_vrrplab_is_no_misspelt_ignore(comment: str) -> None:
    assert found(f"advert_int 1 {comment}") == []


def test_one_in_another_place_or_in_quotes_is_none_for_this_line() -> None:
    assert sorted(rules(found(f"advert_int 1 {V064}\n" + OWN % ""))) == ["V064", "V089"]
    assert rules(found('notify_master "/bin/x # vrrplab: ignore V064 x"\n' + OWN % "")) == ["V064"]


def test_a_comment_in_an_included_file() -> None:
    Path("more.conf").write_text("track_interface {\neth0 # vrrplab: ignore V064 as agreed\n}\n", "utf-8")
    assert found("include more.conf") == []


# -- settings


def checked(*arguments: str) -> int:
    return cli.main(["config", "check", "a.conf", *arguments])


def test_rules_are_disabled_and_severities_changed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.conf").write_text(conf(150, OWN % "" + "\nnopremt"), "utf-8")
    assert checked() == 0
    assert "V064 info" in capsys.readouterr().out
    Path(".vrrplab.toml").write_text('disable = ["V040"]\nseverity = {V064 = "error"}\n', "utf-8")
    assert checked() == 1
    out = capsys.readouterr().out
    assert "V064 error" in out
    assert "V040" not in out


def test_fail_on_says_from_where_on_it_fails() -> None:
    Path("a.conf").write_text(conf(150, "nopremt"), "utf-8")
    for fail_on, code in (("error", 0), ("warning", 1), ("info", 1), ("never", 0)):
        Path("other.toml").write_text(f'fail-on = "{fail_on}"\n', "utf-8")
        assert checked("--config", "other.toml") == code


def test_a_pyproject_is_asked_where_there_is_no_file_of_ours() -> None:
    Path("pyproject.toml").write_text('[tool.vrrplab]\nfail-on = "warning"\n', "utf-8")
    assert find_settings(RULES).fail_on == "warning"
    Path(".vrrplab.toml").write_text("", "utf-8")
    assert find_settings(RULES).fail_on == "error"
    Path(".vrrplab.toml").unlink()
    Path("pyproject.toml").write_text("[tool.other]\n", "utf-8")
    assert find_settings(RULES).file == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("disable = [", "s.toml: is no TOML: "),
        ("disabled = []", "s.toml: nobody knows 'disabled' - did you mean 'disable'?"),
        ('disable = ["V64"]', "s.toml: 'V64' is no rule - did you mean 'V064'?"),
        ("disable = [3]", "s.toml: 3 is no rule"),
        ('disable = "V064"', "s.toml: disable is no list"),
        ('fail-on = "errors"', "s.toml: fail-on is 'errors' - write one of error, warning, info, never"),
        ("fail-on = [1]", "s.toml: fail-on is [1] - write one of"),
        ("severity = 3", "s.toml: severity is no table"),
        (
            'severity = {V064 = "bad"}',
            "s.toml: severity of V064 is 'bad' - write one of error, warning, info",
        ),
        ('severity = {V06 = "info"}', "s.toml: 'V06' is no rule"),
        ("x = " + "[" * 3000, "s.toml: is no TOML: "),
    ],
)
def test_bad_settings_are_told_in_one_line(text: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.conf").write_text(conf(150), "utf-8")
    Path("s.toml").write_text(text, "utf-8")
    assert checked("--config", "s.toml") == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


def test_settings_that_are_not_there_or_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.conf").write_text(conf(150), "utf-8")
    assert checked("--config", "gone.toml") == 2
    assert "gone.toml" in capsys.readouterr().err
    Path("pyproject.toml").write_text("tool = {vrrplab = 3}\n", "utf-8")
    assert checked() == 2
    assert "pyproject.toml: [tool.vrrplab]: is no table" in capsys.readouterr().err


# -- a baseline


def test_a_baseline_hides_what_is_known_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.conf").write_text(conf(150, OWN % ""), "utf-8")
    assert checked("--write-baseline", "known.json") == 0
    assert capsys.readouterr().out == ""
    Path("a.conf").write_text("\n\n" + conf(150, "nopremt\n" + OWN % ""), "utf-8")
    assert checked("--baseline", "known.json") == 0
    out = capsys.readouterr().out
    assert "V040 warning" in out
    assert "V064" not in out
    assert "Of the baseline: 1 still there." in " ".join(out.split())


def test_what_is_gone_from_a_baseline_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.conf").write_text(conf(150, OWN % ""), "utf-8")
    assert checked("--write-baseline", "known.json") == 0
    Path("a.conf").write_text(conf(150), "utf-8")
    checked("--baseline", "known.json")
    assert "0 still there, 1 gone: write it anew." in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "known.json:1: is not JSON"),
        ("[]", "known.json: is no baseline of vrrplab"),
        ('{"format": "vrrplab-baseline-1"}', "known.json: has no list of findings"),
        (json.dumps({"format": "vrrplab-baseline-1", "findings": [3]}), "has a finding without rule"),
        ("\0", "known.json"),
    ],
)
def test_a_bad_baseline_is_told_in_one_line(
    content: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.conf").write_text(conf(150), "utf-8")
    Path("known.json").write_text(content, "utf-8")
    assert checked("--baseline", "known.json") == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1
