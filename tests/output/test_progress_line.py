"""How far it is: a line that is redrawn on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from select import select

import pytest
from live_bench import until

from vrrplab.output import progress as module
from vrrplab.output.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@contextmanager
def terminal() -> Iterator[Callable[[], str]]:
    """Standard error is a terminal; what it shows since it was asked last."""
    ours, theirs = pty.openpty()

    def shown() -> str:
        read = b""
        while select([ours], [], [], 0.1)[0]:
            read += os.read(ours, 100_000)
        return read.decode()

    with os.fdopen(theirs, "w") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        yield shown
    os.close(ours)


def test_elsewhere_a_line_every_ten_seconds(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("simulate") as progress:
        for second in range(36):
            clock.now_s = 100.0 + second
            progress.at(second / 40, "article")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "simulate: 25 %, about 30 s left - article",
        "simulate: 50 %, about 20 s left - article",
        "simulate: 75 %, about 10 s left - article",
    ]


def test_what_takes_a_moment_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with terminal() as shown:
        with Progress("simulate") as progress:
            clock.now_s += 0.9
            progress.at(0.9)
        assert shown() == ""
    assert capsys.readouterr().out == ""


def test_on_a_terminal_a_line_is_redrawn_and_erased(clock: Clock) -> None:
    with terminal() as shown:
        with Progress("verify") as progress:
            clock.now_s += 2
            progress.at(0.25, "44 of 176")
            assert shown() == "\r\x1b[Kverify [#####...............] 25 %, about 6.0 s left - 44 of 176"
            clock.now_s += 0.05
            progress.at(0.26)
            assert shown() == "", "not more often than anybody can see"
        assert shown() == "\r\x1b[K"


def test_a_line_of_output_takes_its_place(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with terminal() as shown, Progress("verify") as progress:
        clock.now_s += 2
        progress.at(0.5)
        shown()
        progress.line("a row")
        assert shown() == "\r\x1b[K"
    assert capsys.readouterr().out == "a row\n"


def test_it_ticks_while_something_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENT_S", 0.0)
    monkeypatch.setattr(module, "TICK_S", 0.01)
    with terminal() as shown, Progress("drill") as progress, progress.ticking(1_000, "lan-nic", 0.5, 0.5):
        until(lambda: "drill [##########..........] 50 %" in shown(), "it is drawn")
