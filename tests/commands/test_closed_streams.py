"""Nobody listens: standard output or error closed, full, or given up. One line, and the right exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from vrrplab.data_files import data_path

ROOT = Path(__file__).resolve().parents[2]
CAPTURE = str(data_path("recordings", "auth_pass__v2.4.3", "capture.pcap"))
CONF = str(data_path("configs", "article", "proxy-serv01.conf"))
UDP = ("--udp", "--port", "11932", "--until", "0.3")
HOST = ("--address", "eth0=192.168.2.251/24", "--address", "eth1=203.0.113.251/24")
CLOSED = "vrrplab: standard output is closed"
FULL = "vrrplab: standard output: No space left on device"
GONE = "vrrplab: the reader of the output closed it before the end"


class Case(NamedTuple):
    """What the shell does with the streams; the exit code, and the last line on standard error."""

    how: str
    code: int
    told: str | None


CASES = [
    Case(">&-", 2, CLOSED),
    Case(">/dev/full", 2, FULL),
    Case("2>&-", 0, None),
    Case("2>/dev/full", 0, None),
    Case(">&- 2>&-", 2, None),
    Case("<&- >/dev/full 2>/dev/full", 2, None),
    Case("| true", 2, GONE),
]
# Each prints something and is done; what a router tells is not what it is for, so it goes on.
TELLING = [
    *(
        ("simulate", "article-steady", "--format", form)
        for form in ("table", "story", "log", "jsonl", "json")
    ),
    ("simulate", "--list"),
    ("decode", CAPTURE),
    ("decode", CAPTURE, "--timeline"),
    ("decode", "00010203", "--explain"),
    ("decode", "00010203", "--format", "jsonl"),
    ("verify", "auth_pass__v2.4.3"),
    ("doctor", "--need", "udp-loopback"),
    ("lab", "down"),
    ("--help",),
    ("simulate", "--help"),
    ("--version",),
]
GOING_ON = [
    *(("live", "watch", "--format", form, *UDP) for form in ("table", "log", "jsonl")),
    *(("live", "run", CONF, "--format", form, *UDP, *HOST) for form in ("log", "jsonl")),
    ("simulate", "article-steady", "--out", "trace.jsonl"),
]


def ran(arguments: tuple[str, ...], how: str, folder: Path) -> tuple[int, str]:
    """Exit code and standard error."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(folder)}
    command = [sys.executable, "-m", "vrrplab", *arguments]
    if how == "| true":
        writer = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.close()
        return writer.wait(60), writer.communicate()[1]
    shell = ["sh", "-c", f'exec "$@" {how}', "sh", *command]
    done = subprocess.run(
        shell, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr


def check(arguments: tuple[str, ...], case: Case, folder: Path) -> None:
    code, told = ran(arguments, case.how, folder)
    lines = [line for line in told.splitlines() if not line.startswith("warning: ")]
    assert (code, lines) == (case.code, [case.told] if case.told else [])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, which this system has not")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.how)
def test_a_command_that_tells_something_says_that_it_cannot(case: Case, tmp_path: Path) -> None:
    check(("simulate", "article-steady"), case, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.how)
@pytest.mark.parametrize("arguments", TELLING, ids=lambda arguments: " ".join(arguments)[-60:])
def test_every_command_says_that_it_cannot(arguments: tuple[str, ...], case: Case, tmp_path: Path) -> None:
    check(arguments, case, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.how)
@pytest.mark.parametrize("arguments", GOING_ON, ids=lambda arguments: " ".join(arguments)[-60:])
def test_what_is_no_teller_goes_on(arguments: tuple[str, ...], case: Case, tmp_path: Path) -> None:
    code, told = ran(arguments, case.how, tmp_path)
    assert code == 0
    assert "Traceback" not in told


def test_what_reads_standard_input_says_that_it_is_closed(tmp_path: Path) -> None:
    assert ran(("decode", "-"), "<&-", tmp_path) == (2, "vrrplab: standard input is closed\n")


def test_a_file_never_becomes_standard_output(tmp_path: Path) -> None:
    """Input: no descriptor 1, and a trace file that is opened: the next free number would be 1.
    Output: what is printed is not in that file.
    """
    code, _ = ran(
        ("live", "watch", "--format", "table", "--out", "trace.jsonl", *UDP), ">&- 2>&- <&-", tmp_path
    )
    assert code == 0
    lines = (tmp_path / "trace.jsonl").read_text().splitlines()
    assert lines
    assert all(line.startswith("{") for line in lines)


@pytest.mark.parametrize(
    "options", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_terminal_of_ascii_gets_escapes(options: dict[str, str], tmp_path: Path) -> None:
    text = "東京"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options}
    command = [sys.executable, "-X", "utf8=0", "-m", "vrrplab", "doctor", "--need", text]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.isascii()
    assert b"--need " in done.stderr
    assert b"Traceback" not in done.stderr
