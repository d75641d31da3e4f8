"""A process that may open no more files says so, and nothing else; what it did to the host it takes back."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from live_bench import PATIENCE_S, ROOT, Bench, fast, has, master, until

Run = Callable[..., subprocess.CompletedProcess[str]]

# Everything is imported first: that is not what a process that has run for days meets. Then no file is left.
STARVED = """
import errno, os, resource, sys
from vrrplab.config.model import GlobalConfig, NodeConfig, ProcessConfig
from vrrplab.config.reader import parse_text
from vrrplab.errors import LiveError
from vrrplab.lab import state_file
from vrrplab.live import scripts
from vrrplab.live.firewall import _lives, _table_of
from vrrplab.live.scripts import account_for
from vrrplab.live.tracked import Tracked
from vrrplab.system.interfaces import InterfaceTable
from vrrplab.system.privilege import NET_RAW, has_capability
from vrrplab.system.processes import count_processes
from vrrplab.system.tools import run_tool, sysctl

def told(call, *arguments):
    try:
        return f"answered {call(*arguments)!r}"
    except LiveError as error:
        return str(error)
    except OSError as error:
        return f"OSError {os.strerror(error.errno)}"

table = _table_of(os.getpid())
scripts.is_real_root = lambda: True
folder = sys.argv[1]
text = f"track_file load {{\\nfile {folder}/load\\n}}\\n"
text += f"vrrp_track_process web {{\\nprocess {sys.argv[2]}\\n}}\\n"
warned, fed = [], []
tracked = Tracked(fed.append, warned.append)
before = tracked.configured(parse_text(text), reload=False)
with open(f"{folder}/load", "w") as file:
    file.write("2")
resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))), 4096))
found = []
while True:
    try:
        found.append(os.open("/", os.O_RDONLY))
    except OSError:
        break
"""


def starved(tmp_path: Path, code: str) -> list[str]:
    """What a process prints that has no descriptor left."""
    (tmp_path / "load").write_text("1", encoding="utf-8")
    command = [sys.executable, "-c", STARVED + code, str(tmp_path), Path(sys.executable).name]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_users_are_not_said_to_be_missing(tmp_path: Path) -> None:
    """To getpwnam a user is not there whose file cannot be opened."""
    code = 'print(told(account_for, "root", GlobalConfig()))\n'
    code += 'print(told(account_for, "", GlobalConfig(script_user="root daemon")))\n'
    code += 'print(told(account_for, "", GlobalConfig()))\n'
    lines = starved(tmp_path, code)
    assert len(lines) == 3
    for line in lines:
        assert "cannot be looked up: no file can be opened any more (ulimit -n is " in line
    assert lines[0].startswith("'root', as whom scripts should run, ")


def test_nothing_else_is_said_to_be_missing(tmp_path: Path) -> None:
    """Processes, interfaces, rights, kernel settings, the lab. Output: each names the shortage."""
    calls = (
        "count_processes, (ProcessConfig('x', ('x',)),)",
        "InterfaceTable().index_of, 'lo'",
        "has_capability, NET_RAW",
        "sysctl, 'ipv4/conf/all/arp_ignore=0'",
        "state_file.start_of, os.getpid()",
        "_lives, table",
        "run_tool, 'ip', 'link'",
    )
    lines = starved(tmp_path, "".join(f"print(told({call}))\n" for call in calls))
    assert lines[:-1] == ["OSError Too many open files"] * (len(calls) - 1)
    assert lines[-1] == "ip cannot be started: Too many open files"


def test_what_is_tracked_keeps_its_value(tmp_path: Path) -> None:
    """A file that cannot be opened is no file that is gone, which would be a change of priority."""
    code = "for _ in range(2): tracked.files_changed(); tracked.count()\n"
    code += "print(before.files, before.processes['web'] > 0, fed)\nprint(*warned, sep='\\n')"
    assert starved(tmp_path, code) == [
        "{'load': '1'} True [FileRead(file='load', text='1')]",
        "track_file load cannot be read, its value stays: Too many open files",
        "processes cannot be counted, the last counts stay: Too many open files",
    ]


@pytest.mark.parametrize(
    "words",
    [("live", "run", "x.conf"), ("live", "watch", "--udp"), ("lab", "status"), ("doctor",)],
    ids=" ".join,
)
def test_too_few_from_the_beginning_is_one_line(vrrplab: Run, words: tuple[str, ...]) -> None:
    done = vrrplab(*words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
    assert done.returncode == 2
    assert done.stderr == (
        "vrrplab: too few files may be open at once (ulimit -n is 16), 40 more are needed"
        " - raise that limit: ulimit -n 1024\n"
    )


@pytest.mark.needs("namespaces", "ip", "nft", "nsenter", "tcpdump")
def test_a_starved_router_leaves_nothing_behind() -> None:
    """Input: a MASTER with no_accept that may open no more files; SIGHUP, then SIGTERM. Output: the reload is
    refused for that; addresses and the filter's table are gone at the end, for which some were kept.
    """
    with Bench(["r1"]) as bench:
        router = master(bench.vrrplab("r1", fast(150, more="no_accept")))
        until(lambda: "vrrplab_" in bench.inside.run("r1", "nft", "list", "tables"), "a table")
        pid = router.process.pid
        most = len(os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
        router.process.signal(signal.SIGHUP)
        until(lambda: "not reloaded, the old configuration stays" in router.text(), "a refusal")
        assert "Too many open files" in router.text()
        router.process.signal(signal.SIGTERM)
        assert router.process.wait(PATIENCE_S) == 0
        assert not has(bench, "r1")
        assert bench.inside.run("r1", "nft", "list", "tables") == ""
        assert "bug" not in router.text()
