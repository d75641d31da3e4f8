"""A world of its own in namespaces: networks, mounts and processes that vanish together.

``Enclosure`` is one process made by unshare(1): root, or an ordinary user who is root inside (rootless). It
is process 1 of its own process namespace, so when it ends, however it ends, the kernel ends everything inside
it, and with the last process the networks go. Nothing is ever named on the host: ``ip netns`` there stays
empty.

Inside, servers are named network namespaces (``ip netns``); names are short, see ``SHORT``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable

from vrrplab.errors import LiveError
from vrrplab.system.doctor import apt_line, program
from vrrplab.system.privilege import is_root

_START_LIMIT_S = 20.0
_COMMAND_LIMIT_S = 30.0
# /run is the host's: a fresh one keeps names of namespaces and files of daemons inside
PREPARE = "mount -t tmpfs tmpfs /run && mkdir -p /run/netns && ip link set lo up"


def unshare_command(rootless: bool) -> list[str]:
    """The command line prefix that makes the namespaces; what follows is process 1 inside."""
    flags = ["--user", "--map-root-user"] if rootless else []
    return [
        _need("unshare"),
        *flags,
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--propagation",
        "private",
    ]


def enter_command(pid: int, rootless: bool) -> list[str]:
    """The prefix that runs a command inside; ``pid``: its process 1 as seen from here."""
    flags = ["--user", "--preserve-credentials"] if rootless else []
    return [_need("nsenter"), "--target", str(pid), *flags, "--net", "--mount", "--pid"]


def _need(name: str) -> str:
    path = program(name)
    if not path:
        raise LiveError(f"namespaces need {name}: {apt_line(name)}")
    return path


def children_of(pid: int) -> list[int]:
    """Direct children of a process, oldest first."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]
    found = []
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        with (
            contextlib.suppress(OSError),
            open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file,
        ):
            # the program's name is in brackets and may hold anything, brackets too
            if int(file.read().rpartition(")")[2].split()[1]) == pid:
                found.append(int(name))
    return sorted(found)


def can_be_root() -> bool:
    """May this process make namespaces without a user namespace?"""
    return is_root()


class Enclosure:
    """A context manager: ``with Enclosure() as inside: inside.run("r1", "ip", "address")``."""

    def __init__(self, rootless: bool | None = None) -> None:
        self.rootless = not can_be_root() if rootless is None else rootless
        self._process: subprocess.Popen[str] | None = None
        self._inhabitants: list[Inhabitant] = []
        self.pid = 0

    def __enter__(self) -> Enclosure:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Make the namespaces. LiveError with the reason where that is forbidden."""
        script = f"{PREPARE} && echo ready && exec sleep infinity"
        try:
            self._process = subprocess.Popen(
                [*unshare_command(self.rootless), "sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        except OSError as error:  # Python in a browser can start no process at all
            raise LiveError(f"no namespaces here: {error.strerror or error}") from None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        if self._process.stdout.readline().strip() != "ready":
            why = " ".join(self._process.stderr.read().split())
            self.close()
            raise LiveError(f"no namespaces here: {why or 'unshare failed'} - 'vrrplab doctor' tells more")
        self.pid = first_inside(self._process.pid)

    def close(self) -> None:
        """End everything inside; harmless if nothing is there."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for inhabitant in self._inhabitants:
                inhabitant.abandon()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        if self.pid:
            wait_gone(self.pid)
            self.pid = 0

    def command(self, server: str, *words: str) -> list[str]:
        """How a command is run in a server's namespace ("": where the bridges are)."""
        where = [_need("ip"), "netns", "exec", server] if server else []
        return [*enter_command(self.pid, self.rootless), *where, *words]

    def run(self, server: str, *words: str, text: str | None = None, check: bool = True) -> str:
        """Run a command to its end; its output. LiveError with what it complained about, if ``check``."""
        done = subprocess.run(
            self.command(server, *words),
            input=text,
            capture_output=True,
            text=True,
            timeout=_COMMAND_LIMIT_S,
            check=False,
        )
        if check and done.returncode != 0:
            why = " ".join((done.stderr or done.stdout).split())
            raise LiveError(f"{' '.join(words)}: {why or f'exit code {done.returncode}'}")
        return done.stdout

    def batch(self, lines: Iterable[str]) -> None:
        """Many ``ip`` commands at once, in the namespace where the bridges are."""
        self.run("", _need("ip"), "-batch", "-", text="\n".join(lines) + "\n")

    def start_process(self, server: str, *words: str, log: str) -> Inhabitant:
        """Start a program inside; what it prints goes to a file."""
        with open(log, "ab") as file:
            outer = subprocess.Popen(
                self.command(server, *words),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._inhabitants.append(Inhabitant(outer))
        return self._inhabitants[-1]


class Inhabitant:
    """A program that runs inside. nsenter waits for it outside; signals go to the program itself."""

    def __init__(self, outer: subprocess.Popen[bytes]) -> None:
        self._outer = outer
        self.pid = 0
        end_s = time.monotonic() + _START_LIMIT_S
        while not self.pid and outer.poll() is None and time.monotonic() < end_s:
            found = children_of(outer.pid)
            if found:
                self.pid = found[0]
            else:
                time.sleep(0.001)

    @property
    def running(self) -> bool:
        return self._outer.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the program, if it still runs."""
        if self.running and self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if number == signal.SIGCONT:
                self._outer.send_signal(number)  # nsenter stops together with what it waits for

    def wait(self, limit_s: float = 5.0) -> int:
        """Wait for its end; its exit code. subprocess.TimeoutExpired if it does not come."""
        return self._outer.wait(limit_s)

    def abandon(self) -> None:
        """Nobody waits for it any more, not even a stopped nsenter: its namespaces could not vanish
        otherwise.
        """
        if self.running:
            self._outer.kill()
            self._outer.wait()

    def stop(self, limit_s: float = 5.0) -> None:
        """SIGTERM, and SIGKILL for one that does not listen."""
        self.signal(signal.SIGTERM)
        try:
            self.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.wait()


def first_inside(unshare_pid: int) -> int:
    """Process 1 of the namespaces, by the number it has out here."""
    end_s = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < end_s:
        found = children_of(unshare_pid)
        if found:
            return found[0]
        time.sleep(0.001)
    raise LiveError("unshare started nothing inside its namespaces")


def wait_gone(pid: int, limit_s: float = 5.0) -> None:
    """Until a process that is not our child has gone."""
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s and os.path.exists(f"/proc/{pid}"):
        time.sleep(0.002)


def bridge_lines(name: str) -> list[str]:
    """A bridge that forwards at once and does no snooping, as the switches of the lab are."""
    return [
        f"link add {name} type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
        f"link set {name} up",
    ]


def port_name(server: str, interface: str) -> str:
    """Name of a switch port; interface names have 15 characters at most."""
    short = server if len(server) + len(interface) < 14 else f"{server[:3]}{server[-2:]}"
    return f"{short}.{interface}"
