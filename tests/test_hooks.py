"""The hook of pre-commit and the action of GitHub: in the form that is wanted, and run as they are run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from vrrplab.data_files import data_path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "rules" / "README.md").read_text("utf-8")
FILES = ("proxy-serv01.conf", "proxy-serv02.conf")


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder with the article's files, and a ``vrrplab`` on the PATH."""
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        shutil.copy(data_path("configs", "article", name), name)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "vrrplab"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vrrplab "$@"\n', "utf-8")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


def test_the_hook_has_the_form_that_pre_commit_wants() -> None:
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    known = {"id", "name", "description", "entry", "language", "files", "pass_filenames"}
    assert set(hook) == known
    assert hook["id"] == "vrrplab-config-check"
    assert f"id: {hook['id']}" in PAGE
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False  # a commit has only some of the nodes' files
    matches = re.compile(hook["files"]).search
    assert matches("keepalived.conf")
    assert matches("hosts/a/keepalived-lb1.conf")
    assert not matches("nginx.conf")


def test_the_hooks_entry_runs_with_the_arguments_of_a_project(environment: dict[str, str]) -> None:
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    command = [*shlex.split(hook["entry"]), *FILES]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("V035 warning")
    ran = subprocess.run(
        command[:3], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2
    assert "name at least one keepalived.conf" in ran.stderr


def test_the_action_has_the_form_that_github_wants() -> None:
    action = read(ROOT / "action.yml")
    assert {"name", "description", "inputs", "runs"} <= set(action)
    assert action["runs"]["using"] == "composite"
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8")))
    assert used == set(action["inputs"])
    for asked in action["inputs"].values():
        assert asked["description"]
        assert asked.get("required") or "default" in asked
    for step in action["runs"]["steps"]:
        assert ("uses" in step) != ("run" in step)
        if "run" in step:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"], "an input in a script is run: it belongs into env"
        else:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])


@pytest.mark.needs("bash")
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("", 0, "::warning file=proxy-serv01.conf,line=1,title=V035 script security::"),
        ("--config strict.toml", 1, "::warning file=proxy-serv01.conf"),
        ("--profile $(touch ran)", 2, ""),
    ],
)
def test_the_actions_script_runs(
    environment: dict[str, str], arguments: str, code: int, told: str, tmp_path: Path
) -> None:
    (tmp_path / "strict.toml").write_text('fail-on = "warning"\n', "utf-8")
    script = read(ROOT / "action.yml")["runs"]["steps"][-1]["run"]
    given = {"FILES": " ".join(FILES), "ARGUMENTS": arguments, "FORMAT": "github"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    ran = subprocess.run(
        command, env={**environment, **given}, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == code, ran.stderr
    assert ran.stdout.startswith(told)
    assert not (tmp_path / "ran").exists()


def test_the_page_says_how_both_are_used() -> None:
    assert "uses: vrrplab/vrrplab@" in PAGE
    assert "args: [ha/a.conf, ha/b.conf]" in PAGE
