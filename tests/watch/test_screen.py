"""``live watch`` on a terminal: it fits the window, obeys keys, and never waits for who does not read."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_bench import PATIENCE_S, config, free_port, until
from pty_terminal import GO_ON, STOP, Terminal

from vrrplab.capture.reader import read_frames
from vrrplab.live.udp_socket import open_sender, wrap
from vrrplab.wire.addresses import VRRP_GROUP_IPV4
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.vrrp import Advertisement

ENDS_WITHIN_S = 1.0
LINGERS_S = 1.0  # a router, after its farewell, as keepalived does


class Lan:
    """What is heard on the make-believe LAN of a port."""

    def __init__(self) -> None:
        self.port = str(free_port())
        self.sender = open_sender()

    def say(self, vrid: int, priority: int = 100, version: int = 3) -> None:
        advert = Advertisement(version, vrid, priority, 1_000_000, (f"10.0.0.{vrid}",))
        frame = advert_frame("02:00:00:00:00:01", "192.168.2.1", VRRP_GROUP_IPV4, advert)
        self.sender.sendto(wrap("lan", frame), (VRRP_GROUP_IPV4, int(self.port)))


@pytest.fixture
def lan() -> Iterator[Lan]:
    one = Lan()
    yield one
    one.sender.close()


def watch(lan: Lan, folder: Path, columns: int, rows: int, *words: str, background: bool = False) -> Terminal:
    words = ("live", "watch", "--udp", "--port", lan.port, *words)
    return Terminal(columns, rows, *words, folder=folder, background=background)


def test_a_window_of_any_size_is_filled_and_never_overflows(lan: Lan, tmp_path: Path) -> None:
    """Input: 0, 3 and 255 virtual routers; windows of 80x24, 40x10 and 200x50, changed while it runs.
    Output: no line is too long, nothing scrolls, all that is not shown is counted.
    """
    with watch(lan, tmp_path, 80, 24) as screen:
        screen.wait_for("No VRRP heard yet.")
        for vrid in (1, 2, 3):
            lan.say(vrid)
        lines = screen.wait_for("10.0.0.3")
        assert not any(line.startswith("and ") for line in lines)
        for vrid in range(4, 256):
            lan.say(vrid)
            time.sleep(0.001)
        screen.wait_for("and 249 more virtual routers")
        for columns, rows in ((40, 10), (200, 50), (80, 24)):
            screen.resize(columns, rows)
            lines = screen.wait_for("; q ends")
            assert lines[0].startswith("vrrplab watches UDP on loopback")
            shown = sum(line[:1].isdigit() for line in lines)
            assert f"and {255 - shown} more virtual routers" in "\n".join(lines)
            assert (screen.wrapped, screen.scrolled) == (0, 0)
        assert screen.end()[1] == 0
        assert screen.settings_now == screen.settings


def test_keys_scroll_and_end_it(lan: Lan, tmp_path: Path) -> None:
    """Input: page down, end, page up, home, a sequence that nobody knows, q. Output: other routers; then exit
    code 0, the terminal as before, and the last drawing still on it.
    """
    with watch(lan, tmp_path, 80, 24) as screen:
        screen.wait_for("q or Ctrl-C ends")
        assert screen.settings_now != screen.settings
        for vrid in range(1, 101):
            lan.say(vrid)
        screen.wait_for("-> 10.0.0.3")
        for key, text in ((b"\x1b[6~", " above, "), (b"\x1b[F", "-> 10.0.0.100"), (b"\x1b[5~", " above, "),
                          (b"\x1b[1;5P\x1b[H", "-> 10.0.0.1"), (b"\x1bOB", "10.0.0.2")):  # fmt: skip
            screen.press(key)
            screen.wait_for(text)
        screen.press(b"q")
        assert screen.process.wait(PATIENCE_S) == 0
        assert screen.settings_now == screen.settings
        assert "-> 10.0.0.2" in "\n".join(screen.read(0.2))


@pytest.mark.alone
@pytest.mark.parametrize("stopped_by", ["Ctrl-S", "nobody reads"])
def test_a_terminal_that_is_not_read_costs_nothing(lan: Lan, tmp_path: Path, stopped_by: str) -> None:
    """Input: a table on a terminal that is stopped while 50 adverts are heard; SIGTERM.
    Output: trace and capture have them all, it ends within a second, the terminal is as it was.
    """
    with watch(lan, tmp_path, 200, 50, "--out", "w.jsonl", "--pcap", "w.pcap") as screen:
        screen.wait_for("q or Ctrl-C ends")
        if stopped_by == "Ctrl-S":
            screen.press(STOP)
        for vrid in range(1, 51):
            lan.say(vrid)
        trace = tmp_path / "w.jsonl"
        until(lambda: screen.waits or stopped_by == "Ctrl-S", "the terminal takes nothing more")
        time.sleep(1)  # two more drawings have no room
        lan.say(200)
        until(lambda: '"VRID 200"' in trace.read_text(encoding="utf-8"), "it goes on hearing")
        seconds, code = screen.end()
        assert (seconds < ENDS_WITHIN_S, code) == (True, 0), seconds
        assert screen.settings_now == screen.settings
        assert screen.is_blocking
        vrids = {c.frame.vrrp.vrid for c in read_frames(tmp_path / "w.pcap") if c.frame.vrrp}
        assert vrids == {*range(1, 51), 200}


def test_a_terminal_that_goes_on_is_drawn_anew(lan: Lan, tmp_path: Path) -> None:
    with watch(lan, tmp_path, 80, 24) as screen:
        screen.wait_for("q or Ctrl-C ends")
        screen.press(STOP)
        time.sleep(0.7)
        screen.read(0.1)
        lan.say(51)
        assert not any("10.0.0.51" in line for line in screen.read(1.2))
        screen.press(GO_ON)
        screen.wait_for("-> 10.0.0.51")
        assert (screen.wrapped, screen.scrolled) == (0, 0)


@pytest.mark.alone
@pytest.mark.parametrize("style", ["log", "jsonl"])
@pytest.mark.parametrize("what", ["watch", "run"])
def test_lines_on_a_stopped_terminal_end_too(lan: Lan, tmp_path: Path, what: str, style: str) -> None:
    """Input: lines on a terminal that nobody reads, until it is full; SIGTERM. Output: the trace has all, the
    end comes within a second.
    """
    (tmp_path / "r.conf").write_text(config(priority=100, version=3, interval="0.2"), encoding="utf-8")
    words = ["run", "r.conf", "--address", "eth0=192.168.2.9/24@lan"] if what == "run" else ["watch"]
    words += ["--udp", "--port", lan.port, "--format", style, "--out", "t.jsonl"]
    trace = tmp_path / "t.jsonl"
    with Terminal(80, 24, "live", *words, folder=tmp_path) as screen:
        until(lambda: trace.exists() and trace.stat().st_size > 0, "it began")
        screen.press(STOP)
        for number in range(400):
            lan.say(51, 100 + number % 100)
            time.sleep(0.002)
        until(lambda: trace.stat().st_size > 8_000, "it goes on hearing")
        seconds, code = screen.end()
        assert (seconds - (LINGERS_S if what == "run" else 0) < ENDS_WITHIN_S, code) == (True, 0), seconds
        assert screen.is_blocking


def test_in_the_background_it_leaves_the_terminal_alone(lan: Lan, tmp_path: Path) -> None:
    """Input: ``vrrplab live watch --out … &`` in a shell with jobs. Output: it hears, draws nothing, reads no
    key and is not stopped for trying.
    """
    with watch(lan, tmp_path, 80, 24, "--out", "w.jsonl", background=True) as screen:
        trace = tmp_path / "w.jsonl"
        until(lambda: trace.exists() and trace.stat().st_size > 0, "it listens")
        lan.say(51)
        until(lambda: '"VRID 51"' in trace.read_text(encoding="utf-8"), "it hears")
        assert not any(screen.read(1.2))
        assert screen.settings_now == screen.settings
        os.kill(int((tmp_path / "job").read_text(encoding="ascii")), signal.SIGTERM)
        screen.process.wait(PATIENCE_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_the_terminal_is_as_before_at_every_end(lan: Lan, tmp_path: Path, number: int) -> None:
    with watch(lan, tmp_path, 80, 24) as screen:
        screen.wait_for("q or Ctrl-C ends")
        assert screen.settings_now != screen.settings
        assert screen.end(number)[1] == 0
        assert screen.settings_now == screen.settings


def test_ctrl_z_gives_the_terminal_back(lan: Lan, tmp_path: Path) -> None:
    """Input: SIGTSTP, then SIGCONT. Output: the terminal as before, then the table again."""
    with watch(lan, tmp_path, 80, 24) as screen:
        screen.wait_for("q or Ctrl-C ends")
        screen.process.send_signal(signal.SIGTSTP)
        until(lambda: screen.settings_now == screen.settings, "the terminal is as before")
        state = Path(f"/proc/{screen.process.pid}/stat")
        until(lambda: state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T", "it is stopped")
        screen.process.send_signal(signal.SIGCONT)
        until(lambda: screen.settings_now != screen.settings, "it reads keys again")
        lan.say(51)
        screen.wait_for("-> 10.0.0.51")
