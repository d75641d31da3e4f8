"""Ctrl-C: within a second, at any moment, without a traceback, twice pressed too, and nothing is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[1]

BEGIN = """
import os, signal, sys, time
from vrrplab import interrupts
interrupts.install()
from vrrplab.commands import cli
from vrrplab import __main__ as process
def press():
    os.kill(os.getpid(), signal.SIGINT)
def command(argv):
    sys.stdout.write("begun\\n")
    work()
    return 0
cli._dispatch = command
"""
SWALLOWED_IN_A_DESTRUCTOR = """
class Thing:
    def __del__(self):
        press()
        time.sleep(0.01)
def work():
    Thing()
    time.sleep(60)
"""
SWALLOWED_BY_A_LIBRARY = """
def work():
    while True:
        try:
            press()
            time.sleep(0.01)
        except BaseException:
            pass
"""
ANOTHER_ERROR = """
def work():
    try:
        press()
        time.sleep(1)
    except BaseException as error:
        raise ImportError("it could not be imported") from error
"""
TAKEN_BACK = """
def work():
    try:
        press()
        time.sleep(60)
    finally:
        press()
        press()
        sys.stdout.write("taken back\\n")
"""
TAKES_TOO_LONG = """
def work():
    try:
        press()
    finally:
        time.sleep(60)
"""
DONE_WHOLE = """
def work():
    try:
        with interrupts.held():
            press()
            sys.stdout.write("made\\n")
            sys.stdout.write("noted\\n")
        sys.stdout.write("never\\n")
    finally:
        sys.stdout.write("taken back\\n")
"""
NO_WORK = """
def work():
    press()
    press()
    time.sleep(60)
"""
AT_THE_END = """
import atexit
def work():
    atexit.register(press)
"""
IN_ASYNCIO = """
import asyncio
def work():
    async def wait():
        loop = asyncio.get_running_loop()
        told = loop.create_future()
        loop.add_signal_handler(signal.SIGINT, lambda: told.set_result(None))
        press()
        await told
    asyncio.run(wait())
    atexit.register(press)
import atexit
"""

CASES = {
    "pressed twice": (NO_WORK, "begun\n"),
    "in a destructor": (SWALLOWED_IN_A_DESTRUCTOR, "begun\n"),
    "swallowed": (SWALLOWED_BY_A_LIBRARY, "begun\n"),
    "made another error": (ANOTHER_ERROR, "begun\n"),
    "taken back": (TAKEN_BACK, "begun\ntaken back\n"),
    "taking back takes too long": (TAKES_TOO_LONG, "begun\n"),
    "done whole": (DONE_WHOLE, "begun\nmade\nnoted\ntaken back\n"),
    "at the very end": (AT_THE_END, "begun\n"),
    "after asyncio": (IN_ASYNCIO, "begun\n"),
}


@pytest.mark.parametrize(("work", "printed"), CASES.values(), ids=CASES)
def test_it_ends_with_one_line(work: str, printed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-u", "-c", BEGIN + work + "process.main()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,  # each would go on for longer, or for ever
        check=False,
    )
    assert done.stderr == "vrrplab: interrupted\n"
    assert done.returncode == 130
    assert done.stdout == printed


def test_who_wants_the_signal_ignored_gets_that() -> None:
    """nohup, and ``&`` in a script."""
    ignoring = "import signal\nfor n in (signal.SIGINT, signal.SIGHUP): signal.signal(n, signal.SIG_IGN)\n"
    work = "def work():\n    press()\n    os.kill(os.getpid(), signal.SIGHUP)\n"
    words = [sys.executable, "-c", ignoring + BEGIN + work + "process.main()"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "begun\n", "")


def test_sigterm_ends_it_in_the_same_way() -> None:
    work = "def work():\n    os.kill(os.getpid(), signal.SIGTERM)\n    time.sleep(60)\n"
    words = [sys.executable, "-c", BEGIN + work + "process.main()"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (143, "vrrplab: ended by SIGTERM\n")


def test_who_imports_vrrplab_keeps_the_signals() -> None:
    words = "import signal, vrrplab, vrrplab.commands.cli as c; c.main(['--version'])\n"
    words += "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("True\n")


@pytest.fixture(scope="module")
def trials() -> ModuleType:
    return program("benchmarks/interrupts.py")


@pytest.mark.alone
@pytest.mark.parametrize("command", ["simulate", "decode", "verify"])
def test_random_moments(trials: ModuleType, command: str) -> None:
    assert [t.wrong for t in trials.interrupted(command, 4, 13, 2) if t.wrong] == []


@pytest.mark.alone
@pytest.mark.long
@pytest.mark.parametrize("command", ["simulate", "decode", "verify"])
def test_many_random_moments(trials: ModuleType, command: str) -> None:
    assert [t.wrong for t in trials.interrupted(command, 15, 14, 2) if t.wrong] == []
