"""The examples of every command run as they stand in its help; exit codes are told where they can come."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.commands.exit_codes import ExitCode
from vrrplab.commands.guide import SHOWN, Example, Guide, ending
from vrrplab.data_files import data_path

ROOT = Path(__file__).resolve().parents[2]


def guides() -> Iterator[tuple[str, Guide]]:
    """``vrrplab live run`` and its guide, for each command and subcommand there is."""
    yield "vrrplab", cli.GUIDE
    for name in cli.COMMANDS:
        for parser in cli.parsers(name):
            yield parser.prog, cli.guide_of(parser)


GUIDES = dict(guides())
EXAMPLES = {example.command: example for guide in GUIDES.values() for example in guide.examples}


def rows() -> Iterator[object]:
    for command, example in EXAMPLES.items():
        marks = [pytest.mark.needs(*example.needs)] if example.needs else []
        marks += [pytest.mark.needs("namespaces", "ip", "unshare")] if example.network else []
        marks += [pytest.mark.long] if example.long else []
        marks += [pytest.mark.waits] if example.long and not example.alone else []
        yield pytest.param(example, id=command, marks=marks)


@pytest.mark.parametrize("example", [*rows()])
def test_an_example_does_what_it_says(example: Example, tmp_path: Path) -> None:
    for name in example.files:
        shutil.copy(data_path(*name.split("/")), tmp_path)
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "PYTHONPATH": str(ROOT),
        "XDG_RUNTIME_DIR": str(runtime),
        "SHELL": "/bin/sh",
        "BROWSER": "true",  # that one shows nothing
    }

    def run(command: str, *before: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, "sh", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    if example.ends_after_s:
        assert ended_by_ctrl_c(example, tmp_path, environment) == ExitCode.INTERRUPTED
        return
    if example.lab:
        assert run("vrrplab lab up --router vrrplab").returncode == 0
    try:
        if example.network:
            network = " && ".join(["ip link set lo up", *example.network, example.command])
            done = run(network, "unshare", "-Urnm")
        else:
            done = run(example.command)
    finally:
        if " lab " in example.command:
            run("vrrplab lab down")
    assert done.returncode == example.exit_code, done.stderr
    assert "Traceback" not in done.stderr
    if "watch" not in example.command:  # nobody is there to be heard
        assert done.stdout or len(list(tmp_path.iterdir())) > 1 + len(example.files)


def ended_by_ctrl_c(example: Example, folder: Path, environment: dict[str, str]) -> int:
    process = subprocess.Popen(
        ["sh", "-c", f"exec {example.command}"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(example.ends_after_s)
    os.killpg(process.pid, signal.SIGINT)
    return process.wait(20)


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_has_three_examples_of_itself(name: str) -> None:
    guide = GUIDES[name]
    assert len(guide.examples) >= 3
    assert len({example.meaning for example in guide.examples}) == len(guide.examples)
    assert [e.command for e in guide.examples if not re.search(rf"\b{name}\b", e.command)] == []
    assert {e.exit_code for e in guide.examples} <= set(guide.exit_codes())


@pytest.mark.parametrize("name", GUIDES)
def test_help_ends_with_two_examples_and_the_exit_codes(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main([*name.split()[1:], "--help"]) == 0
    told = capsys.readouterr().out
    assert told.endswith(ending(GUIDES[name]))
    assert [line for line in told.splitlines() if len(line) > 80] == []
    assert [e.command for e in GUIDES[name].examples[:SHOWN] if f"\n  {e.command}\n" not in told] == []
    assert [code for code in GUIDES[name].exit_codes() if str(code) not in told.split("exit codes:")[1]] == []


def test_signals_end_a_command_as_shells_have_it() -> None:
    assert ExitCode.INTERRUPTED == 128 + signal.SIGINT
    assert ExitCode.TERMINATED == 128 + signal.SIGTERM
    assert ExitCode.HANGUP == 128 + signal.SIGHUP
