"""The core on a system that is no Unix: a scenario is run, told, written and read all the same.

There is no such system here, so one is made up: what Python has on Linux and not on Windows is taken away
before vrrplab is imported. Real sockets (``live``, ``lab``) are Linux's alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

ELSEWHERE = """
import _signal, os, signal, sys
for name in "SIGHUP SIGALRM SIGWINCH SIGTSTP SIGCONT SIGQUIT SIGKILL SIGSTOP setitimer getitimer".split():
    for module in (_signal, signal):
        if hasattr(module, name):
            delattr(module, name)
flags = "O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC O_APPEND".split()
gone = [name for name in dir(os) if name.startswith("O_") and name not in flags]
gone += "geteuid getuid getgid chown fchown fchmod pipe2 mkfifo fork killpg sched_getaffinity".split()
for name in gone:
    delattr(os, name)
os.supports_dir_fd = os.supports_fd = os.supports_effective_ids = set()
for name in ("fcntl", "grp", "pwd", "resource", "termios", "pty"):
    sys.modules[name] = None
from vrrplab import interrupts
interrupts.install()
"""
COMMANDS = """
from vrrplab.commands.cli import main
drill = "article-drill-1-lan-nic"
for words in (["simulate", drill, "--out", "t.jsonl", "--pcap", "c.pcap", "--html", "p.html"],
              ["simulate", drill, "--out", "t.jsonl"], ["decode", "c.pcap", "--timeline"],
              ["verify", "article_drill1_cable"], ["simulate", "no-such-thing"],
              ["lessons", "--no-open"], ["lessons", "--no-open"]):
    print(main(words), flush=True)
import vrrplab
vrrplab.read_trace("t.jsonl").save("copy.jsonl")
"""
INTERRUPTED = """
from vrrplab import __main__ as process
from vrrplab.commands import cli
class Thing:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
def work(argv):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        print("taken back", flush=True)
        raise
def swallows(argv):
    Thing()
    raise SystemExit("it went on")
cli._dispatch = {what}
process.main()
"""


def ran(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE + code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_needs_no_socket_works(tmp_path: Path) -> None:
    done = ran(COMMANDS, tmp_path)
    assert done.returncode == 0, done.stderr
    codes = [line for line in done.stdout.splitlines() if line in ("0", "1", "2", "70")]
    assert codes == ["0", "0", "0", "0", "2", "0", "0"], done.stderr
    assert "14 lessons in vrrplab-lessons: 14 as they were." in done.stdout
    assert (tmp_path / "copy.jsonl").read_bytes() == (tmp_path / "t.jsonl").read_bytes()


def test_ctrl_c_ends_it_without_an_alarm(tmp_path: Path) -> None:
    """Input: Ctrl-C at work, and where Python swallows the exception. Output: 130, and what was begun is
    taken back where that can be.
    """
    for what, said in (("work", "taken back\n"), ("swallows", "")):
        done = ran(INTERRUPTED.format(what=what), tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (130, said, "vrrplab: interrupted\n"), what
