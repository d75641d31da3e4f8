"""Another user exchanges what a script's path leads to, as fast as he can, while a router of root starts it.

``VRRPLAB_RACE_SECONDS=600`` runs it for as long as somebody patient would try.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_bench import fast, free_port

from vrrplab.config.model import GlobalConfig
from vrrplab.live.scripts import ScriptRunner

Run = Callable[..., subprocess.CompletedProcess[str]]
SECONDS = float(os.environ.get("VRRPLAB_RACE_SECONDS", "3"))
STRANGER = 65534
SECURE = "global_defs {\n enable_script_security\n script_user root\n}\n"

# What the other user runs: the names of each pair exchanged in one step (renameat2), in turn, without end.
EXCHANGER = f"""
import ctypes, itertools, os, sys
here, exchange = -100, 2
pairs = list(zip(map(os.fsencode, sys.argv[1::2]), map(os.fsencode, sys.argv[2::2])))
swap = ctypes.CDLL(None, use_errno=True).renameat2
os.setgroups([]); os.setgid({STRANGER}); os.setuid({STRANGER})
print("ready", flush=True)
for one, other in itertools.cycle(pairs):
    if swap(here, one, here, other, exchange):
        sys.exit(one + b": " + os.strerror(ctypes.get_errno()).encode())
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """Where the other user may go: pytest's own folder is closed to him."""
    with tempfile.TemporaryDirectory(prefix="vl-race-") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder


def with_check(folder: Path, told: Path, owner: int) -> Path:
    """A folder with a script in it that tells whose it is and who runs it."""
    folder.mkdir()
    path = folder / "check"
    path.write_text(f'#!/bin/sh\necho "of {owner}, as $(id -u)" >> {told}\n', encoding="utf-8")
    path.chmod(0o755)
    for one in (folder, path):
        os.chown(one, owner, owner)
    return path


def with_links(folder: Path, mode: int, owner: int, good: Path, bad: Path) -> tuple[Path, Path]:
    """A folder with two links of the other user's in it."""
    folder.mkdir()
    links = folder / "check", folder / "other"
    for link, target in zip(links, (good, bad), strict=True):
        link.symlink_to(target)
        os.lchown(link, STRANGER, STRANGER)
    folder.chmod(mode)
    os.chown(folder, owner, owner)
    return links


@pytest.mark.needs("root")
def test_what_others_may_exchange_is_never_executed(place: Path) -> None:
    """Input: a link in a folder that everybody may write, in a sticky one, and in the other user's own; a
    folder that he may exchange; and root's own link through that folder. Each leads to root's script at one
    moment and to his at the next. ``script_user root``, ``enable_script_security``. Output: 0 executions.
    """
    told = place / "told"
    good, bad = with_check(place / "good", told, 0), with_check(place / "bad", told, STRANGER)
    folders = (("open", 0o777, 0), ("sticky", 0o1777, 0), ("his", 0o755, STRANGER))
    pairs = [with_links(place / name, mode, owner, good, bad) for name, mode, owner in folders]
    ways = [link for link, _ in pairs]
    pairs.append((place / "open" / "folder", place / "open" / "another"))
    for folder, owner in zip(pairs[-1], (0, STRANGER), strict=True):
        ways.append(with_check(folder, told, owner))
    (place / "through").symlink_to(ways[-2])
    ways.append(place / "through")

    refused: Counter[str] = Counter()
    runner = ScriptRunner(lambda *_ended: None, lambda text: refused.update([text]))
    runner.global_defs = GlobalConfig(script_user="root", enable_script_security=True)
    seen: Counter[str] = Counter()
    words = [str(name) for pair in pairs for name in pair]
    with subprocess.Popen([sys.executable, "-c", EXCHANGER, *words], stdout=subprocess.PIPE) as exchanger:
        assert exchanger.stdout is not None
        exchanger.stdout.readline()
        end_s = time.monotonic() + SECONDS
        while time.monotonic() < end_s:
            for way in ways:
                seen[f"{way}: {way.stat().st_uid}"] += 1
                runner.notify("V1", (str(way),), "")
        assert exchanger.poll() is None
        exchanger.kill()
    print(f"{sum(seen.values())} starts in {SECONDS:.0f} s")
    assert len(seen) == 2 * len(ways), f"each leads to both: {seen}"
    assert not told.exists(), told.read_text(encoding="utf-8")
    assert all(" was not started, for security: " in text for text in refused)


@pytest.mark.needs("root")
def test_a_link_that_others_may_exchange_is_refused_in_one_line(place: Path, vrrplab: Run) -> None:
    """Without a race. Input: such a link as a check and as a notify script. Output: a line each, as a matter
    of security, with the folder and the cure; the instance runs without the check.
    """
    told, conf = place / "told", place / "r.conf"
    link, _ = with_links(place / "open", 0o777, 0, with_check(place / "good", told, 0), place / "none")
    top = f'{SECURE}vrrp_script chk {{\n script "{link}"\n}}\n'
    more = f'track_script {{\n chk\n }}\n notify_master "{link}"'
    conf.write_text(fast(150, top=top, more=more), encoding="utf-8")
    make_believe = ("--udp", "--port", str(free_port()), "--address", "eth0=192.168.2.1/24")
    done = vrrplab("live", "run", str(conf), *make_believe, "--until", "2")
    why = f"{place}/open can be written by others than root (chmod go-w {place}/open)"
    about = [line for line in done.stdout.splitlines() if str(place) in line]
    assert len(about) == 2, done
    assert f"check chk is refused for security, its instances run without it: {why}" in about[0]
    assert f"notify script of V1 was not started, for security: {why}" in about[1]
    assert "Entering MASTER STATE" in done.stdout
    assert not told.exists()
