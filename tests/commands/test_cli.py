"""The command line's own duties: find the command; turn every failure into one line and the right code."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.commands.guide import Guide
from vrrplab.errors import ConfigError, VrrplabError

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pretend(monkeypatch: pytest.MonkeyPatch, run: Callable[[object], int]) -> None:
    """Put a command in place of ``simulate`` that takes one option and does what the test wants."""
    module = types.ModuleType("vrrplab.commands.simulate")
    module.add_arguments = lambda parser: parser.add_argument("--format", choices=("table", "story"))  # type: ignore[attr-defined]
    module.run = run  # type: ignore[attr-defined]
    module.GUIDES = {"": Guide(())}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vrrplab.commands.simulate", module)


def raising(error: BaseException) -> Callable[[object], int]:
    def run(_: object) -> int:
        raise error

    return run


def the_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What went to stderr, which must be exactly one line."""
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1, captured.err
    return captured.err.rstrip("\n")


@pytest.mark.parametrize("code", [0, 1])
def test_the_exit_code_is_the_commands(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    pretend(monkeypatch, lambda _: code)
    assert cli.main(["simulate"]) == code


BAD_USAGE = [
    ([], "name a command: simulate, explore, scenario"),
    (["simulat"], "did you mean 'simulate'?"),
    (
        ["zzz"],
        "'zzz' is not a command; commands are simulate, explore, scenario, why, config, decode",
    ),
    (["sim\x1b[2Julate\n"], r"'sim\x1b[2Julate\n' is not a command"),
    (["simulate", "--formt=table"], "unrecognized arguments: --formt=table (did you mean '--format'?)"),
    (["simulate", "--form", "table"], "unrecognized arguments: --form table (did you mean '--format'?)"),
    (["simulate", "--format", "tabel"], "invalid choice: 'tabel'"),
    (["simulate", "--format"], "expected one argument"),
    *[([later], "is not a command") for later in ("tests", "__init__", "../cli")],
]


@pytest.mark.parametrize(("arguments", "told"), BAD_USAGE)
def test_bad_usage_is_told_in_one_line(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, lambda _: 0)
    assert cli.main(arguments) == 2
    line = the_line(capsys)
    assert line.startswith("vrrplab")
    assert told in line


FAILURES = [
    (ConfigError("a.conf", 7, "VRID 0", "1 to 255"), 2, "a.conf:7: VRID 0 - 1 to 255"),
    (VrrplabError("two\nlines \x1b[31m"), 2, r"vrrplab: two lines \u001b[31m"),
    (PermissionError(13, "Permission denied", "/x/out.svg"), 2, "vrrplab: /x/out.svg: Permission denied"),
    (OSError(28, "No space left on device"), 2, "vrrplab: No space left on device"),
    (KeyboardInterrupt(), 130, "vrrplab: interrupted"),
    (
        ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib"),
        2,
        "vrrplab: this needs matplotlib, which is not installed: make lab",
    ),
    (
        ZeroDivisionError("division by zero"),
        70,
        "vrrplab: a bug in vrrplab, please report it: ZeroDivisionError: division by zero"
        " (VRRPLAB_TRACEBACK=1 shows where)",
    ),
]


@pytest.mark.parametrize(("error", "code", "line"), FAILURES, ids=[type(e).__name__ for e, _, _ in FAILURES])
def test_every_failure_is_one_line(
    error: BaseException,
    code: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pretend(monkeypatch, raising(error))
    assert cli.main(["simulate"]) == code
    assert the_line(capsys) == line


def test_who_asks_for_it_sees_where_a_bug_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VRRPLAB_TRACEBACK", "1")
    pretend(monkeypatch, raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.main(["simulate"])


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in cli.COMMANDS if f"\n  {name} " not in shown] == []
    assert max(map(len, shown.splitlines())) <= 80


def test_help_of_a_command_is_not_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, lambda _: 1)
    assert cli.main(["simulate", "--help"]) == 0
    assert "usage: vrrplab simulate" in capsys.readouterr().out


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_is_there_and_explains_itself(name: str, vrrplab: Run) -> None:
    ran = vrrplab(name, "--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"usage: vrrplab {name}")


def test_the_installed_script_is_the_same() -> None:
    script = Path(sys.executable).parent / "vrrplab"
    ran = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.startswith("vrrplab 0.")


PRINTS_A_LOT = """
import sys, types
module = types.ModuleType("vrrplab.commands.simulate")
module.add_arguments = lambda parser: None
def run(args):
    for number in range(20000):
        print("a line of output that goes on for a while, number", number)
    return 0
module.run = run
sys.modules["vrrplab.commands.simulate"] = module
from vrrplab.commands.cli import main
sys.exit(main(["simulate"]))
"""


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", PRINTS_A_LOT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.readline()
    writer.stdout.close()
    said = writer.stderr.read()
    writer.stderr.close()
    assert writer.wait(timeout=30) == 2
    assert said == "vrrplab: the reader of the output closed it before the end\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, which this system has not")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_line(unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        command = [sys.executable, "-c", PRINTS_A_LOT]
        ran = subprocess.run(
            command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 2
    assert ran.stderr == "vrrplab: standard output: No space left on device\n"


def test_a_terminal_without_the_characters_gets_escapes(
    monkeypatch: pytest.MonkeyPatch, vrrplab: Run
) -> None:
    ran = vrrplab("sim→ulate", env={"PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 2
    assert "sim\\u2192ulate" in ran.stderr
