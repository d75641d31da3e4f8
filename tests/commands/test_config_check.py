"""``config check`` from outside: its four formats, its exit codes, the run that it shows."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from vrrplab.commands import cli
from vrrplab.data_files import data_path
from vrrplab.rules.examples import conf
from vrrplab.rules.table import RULES

ARTICLE = ("proxy-serv01.conf", "proxy-serv02.conf")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two nodes of which one has a strange name, an own interface tracked and a strict mode."""
    monkeypatch.chdir(tmp_path)
    strict = conf(150).replace("script_user", "vrrp_strict\n    script_user")
    (tmp_path / "a.conf").write_text(strict, "utf-8")
    other = conf(100, "nopremt\ntrack_interface {\n    eth0\n}")
    (tmp_path / "b, 50% & 1:2.conf").write_text(other, "utf-8")
    return tmp_path


FILES = ("a.conf", "b, 50% & 1:2.conf")


def checked(*arguments: str) -> int:
    return cli.main(["config", "check", *arguments])


# What SARIF 2.1.0 (OASIS, section 3) demands of the parts that are written here.
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "message": MESSAGE,
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "pattern": r"^[!-~]+$"}},
                },
                "region": {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        },
    },
}
RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "pattern": r"^V\d{3}$"},
        "name": {"type": "string"},
        **dict.fromkeys(("shortDescription", "fullDescription", "help"), MESSAGE),
        "helpUri": {"type": "string", "format": "uri"},
        "defaultConfiguration": {
            "type": "object",
            "properties": {"level": {"enum": ["none", "note", "warning", "error"]}},
        },
    },
}
RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "ruleIndex", "level", "locations", "partialFingerprints"],
    "properties": {
        "message": MESSAGE,
        "level": {"enum": ["none", "note", "warning", "error"]},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "locations": {"type": "array", "items": LOCATION, "minItems": 1},
        "relatedLocations": {"type": "array", "items": LOCATION, "uniqueItems": True},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "$schema": {"type": "string", "format": "uri"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "rules": {"type": "array", "items": RULE, "uniqueItems": True}
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": RESULT},
                },
            },
        },
    },
}


def test_sarif_is_as_its_standard_wants_it(capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    assert checked(*FILES, "--format", "sarif") == 1
    log = json.loads(capsys.readouterr().out)
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    fingerprints = [result["partialFingerprints"]["vrrplab/v1"] for result in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints)
    by_rule = {result["ruleId"]: result for result in run["results"]}
    place = by_rule["V064"]["locations"][0]["physicalLocation"]
    assert unquote(place["artifactLocation"]["uri"]) == FILES[1]
    assert place["region"] == {"startLine": 16}
    assert by_rule["V043"]["level"] == "error"


def test_a_file_elsewhere_has_a_file_uri(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(str(folder / "a.conf"), "--format", "sarif") == 1
    log = json.loads(capsys.readouterr().out)
    uri = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == f"file://{folder}/a.conf"


def test_json_has_all_that_the_text_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(*FILES, "--format", "json") == 1
    told = json.loads(capsys.readouterr().out)
    assert [node["file"] for node in told["nodes"]] == list(FILES)
    checked(*FILES)
    text = " ".join(capsys.readouterr().out.split())
    for finding in told["findings"]:
        assert finding["rule"] in RULES
        assert f"{finding['rule']} {finding['severity']}: {finding['name']}" in text
        assert " ".join(finding["message"].split()) in text
        assert " ".join(finding["cure"].split()) in text
        assert all(f"{place['file']}:{place['line']}" in text for place in finding["places"])
    assert all(phrase in text for phrase in told["not_judged"])


def test_annotations_of_github_name_each_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(*FILES, "--format", "github") == 1
    lines = capsys.readouterr().out.splitlines()
    form = re.compile(r"::(error|warning|notice) file=[^,:]+(,line=\d+)?,title=V\d{3} [^,:]+::.+")
    assert all(form.fullmatch(line) for line in lines)
    assert any("file=b%2C 50%25 & 1%3A2.conf,line=16,title=V064" in line for line in lines)


def test_no_line_of_the_text_is_wider_than_80_columns_and_the_worst_come_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    checked(*FILES)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    certain = lines[: next((n for n, line in enumerate(lines) if line.startswith("If ")), len(lines))]
    severities = [found.group(1) for line in certain if (found := re.match(r"V\d+ (\w+):", line))]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert lines[-1].endswith(".")
    assert any(line.startswith("Not looked at: ") for line in lines)


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours_are_for_terminals(no_color: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("NO_COLOR", no_color)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    checked(*FILES)
    coloured = "\x1b[1;31mV043 error\x1b[0m: address does not answer" in screen.getvalue()
    assert coloured is not bool(no_color)
    assert ("\x1b" in screen.getvalue()) is not bool(no_color)


def test_out_is_a_file_without_colours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked(*FILES)
    told = capsys.readouterr().out
    assert checked(*FILES, "--out", "found.txt") == 1
    assert capsys.readouterr().out == ""
    assert (folder / "found.txt").read_text("utf-8") == told


def test_show_runs_these_nodes_where_the_rule_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    checked(*FILES, "--show", "V043")
    out = capsys.readouterr().out
    assert "V043 address does not answer, on these nodes; nothing fails, the daemons start" in " ".join(
        out.split()
    )
    assert "a + " in out


def test_show_runs_the_example_where_it_was_not(capsys: pytest.CaptureFixture[str]) -> None:
    checked("a.conf", "--show", "V025")
    out = capsys.readouterr().out
    assert "on the example of V025; fails: a eth0 at 10 for 10" in " ".join(out.split())
    assert max(map(len, out.split("\n"))) <= 80


def test_the_article_gets_what_it_deserves(capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts run as root, and 255 is the owner's priority (article.md, where the article is imprecise)."""
    for name in ARTICLE:
        shutil.copy(data_path("configs", "article", name), name)
    assert checked(*ARTICLE, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["rule"] for finding in told if finding["severity"] != "info"} == {"V035"}
    assert {finding["rule"] for finding in told} == {"V035", "V084"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a.conf", "--show", "V999"], "V999 is no rule - did you mean 'V09"),
        (["a.conf", "--format", "xml"], "invalid choice: 'xml'"),
        (["gone.conf"], "gone.conf"),
        ([], "name at least one keepalived.conf"),
        (["a.conf", "--out", "no/such/folder"], "no/such/folder"),
        (["a.conf", "--baseline", "a.conf"], "a.conf:1: is not JSON"),
        (["a.conf", "--write-baseline", "a.conf"], "a.conf"),
    ],
)
def test_bad_usage_is_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(*arguments) == 2
    out, err = capsys.readouterr()
    assert told in err
    assert err.count("\n") == 1
    assert out == ""


def test_show_finds_what_fails_on_these_nodes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example speaks of squid; here the check is called otherwise, and the nodes too."""
    for name, text in RULES["V020"].bad.items():
        (folder / f"lb-{name}.conf").write_text(text.replace("chk_squid", "alive"), "utf-8")
    assert checked("lb-a.conf", "lb-b.conf", "--show", "V020") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "on these nodes; fails: lb-a script alive" in told
    assert "service_kill lb-a alive" in told
