"""Completion is made from the parsers, and works in the shells: each is asked what it would complete."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.commands.completion import levels


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["completion", shell]) == 0
    return capsys.readouterr().out


def test_every_command_subcommand_and_option_is_there() -> None:
    found = {level.words: level for level in levels()}
    assert set(found[""].commands) == set(cli.COMMANDS)
    assert {"show", "check"} <= set(found["config"].commands)
    options = {word for names in found["config show"].options for word in names}
    assert {"--node", "--addresses", "--json", "--help", "-h"} <= options
    assert found["simulate"].options[("--format",)][1] == ("table", "story", "log", "jsonl", "json")
    assert found["simulate"].options[("--check",)][1] is None
    assert "article-steady" in found["simulate"].values
    assert "frr-10.3" in (found["config show"].options[("--profile",)][1] or ())


ASK = """
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_vrrplab
printf '%s\\n' "${COMPREPLY[@]}"
"""

CASES = [
    (["vrrplab", "sim"], ["simulate"]),
    (["vrrplab", "config", "sh"], ["show"]),
    (["vrrplab", "config", "show", "--ad"], ["--addresses"]),
    (["vrrplab", "config", "show", "--js"], ["--json"]),
    (["vrrplab", "simulate", "--format", "js"], ["json", "jsonl"]),
    (["vrrplab", "simulate", "article-st"], ["article-steady"]),
    (["vrrplab", "completion", "z"], ["zsh"]),
    (["vrrplab", "config", "show", "--profile", "frr"], ["frr-10.3", "frr-8.4.4"]),
    (["vrrplab", "config", "show", "one"], ["one.conf"]),
    (["vrrplab", "config", "show", "--running", "one"], ["one.conf"]),
]


@pytest.mark.needs("bash")
@pytest.mark.parametrize(("typed", "offered"), CASES, ids=lambda value: " ".join(value))
def test_bash_completes(
    typed: list[str], offered: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vrrplab.bash").write_text(script("bash", capsys), encoding="utf-8")
    (tmp_path / "one.conf").touch()
    ran = subprocess.run(
        ["bash", "-c", ASK, "bash", "vrrplab.bash", *typed],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    assert ran.stderr == ""
    found = set(ran.stdout.split())
    assert set(offered) <= found
    assert all(word.startswith(typed[-1]) for word in found)


@pytest.mark.parametrize(
    ("shell", "arguments"),
    [
        pytest.param(shell, [how], marks=pytest.mark.needs(shell))
        for shell, how in (("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute"))
    ],
)
def test_every_script_is_a_script_of_its_shell(
    shell: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = script(shell, capsys)
    assert f"made by: vrrplab completion {shell}" in text
    (tmp_path / "script").write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [shell, *arguments, str(tmp_path / "script")], capture_output=True, text=True, check=False, timeout=20
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.needs("fish")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("vrrplab sim", "simulate"),
        ("vrrplab config sh", "show"),
        ("vrrplab config show --js", "--json"),
        ("vrrplab simulate --format js", "jsonl"),
    ],
)
def test_fish_completes(typed: str, offered: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vrrplab.fish").write_text(script("fish", capsys), encoding="utf-8")
    ran = subprocess.run(
        ["fish", "--no-config", "-c", f"source vrrplab.fish; complete -C '{typed}'"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=20,
        env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
    )  # fmt: skip
    assert offered in [line.split("\t")[0] for line in ran.stdout.splitlines()]


def test_no_help_text_breaks_out_of_its_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    for line in script("fish", capsys).splitlines():
        assert line.count("'") % 2 == 0
        assert "$" not in line
