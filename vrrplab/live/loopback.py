"""A LAN of live routers on this machine's loopback, for notebooks: start, break, watch, look at the trace.

    lan = LoopbackLan()
    one = lan.router("r1", "r1.conf", "eth0=192.168.2.251/24")
    one.wait_for("MASTER"); one.link_down("eth0"); lan.trace()

Every router is a process of its own, ``vrrplab live run --udp``: VRRP inside UDP, not VRRP on a wire. All of
them end with the LAN, and with the Python process that made it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from types import TracebackType

from vrrplab import arguments
from vrrplab.errors import LiveError
from vrrplab.live.merge_traces import merge
from vrrplab.live.udp_socket import LOOPBACK
from vrrplab.system.tools import python_module, python_path
from vrrplab.trace import STATES, Trace, read_trace
from vrrplab.trace.events import StateEvent

_START_S = 10.0


class LiveProcess:
    """A running ``vrrplab live`` command and the trace it writes."""

    def __init__(self, name: str, words: list[str], folder: str) -> None:
        self.name = name
        self._closed = False
        self._out = os.path.join(folder, f"{name}.jsonl")
        self._log = os.path.join(folder, f"{name}.log")
        with open(self._log, "w", encoding="utf-8") as log:
            try:
                self._process = subprocess.Popen(
                    python_module("vrrplab", "live", *words, "--out", self._out),
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    text=True,
                    env={**os.environ, "PYTHONPATH": python_path()},
                )
            except OSError as error:
                why = error.strerror or error
                raise LiveError(
                    f"no process can be started here ({why}): a Python in the browser has none - what the"
                    " simulator shows needs no process, and every other lesson runs with it"
                ) from None
        self._until(lambda: os.path.exists(self._out) and os.path.getsize(self._out) > 0, "started")

    def _until(self, condition: object, what: str, limit_s: float = _START_S) -> None:
        end_s = time.monotonic() + limit_s
        while not condition():  # type: ignore[operator]
            if self._process.poll() is not None:
                raise self._ended()
            if time.monotonic() > end_s:
                raise LiveError(f"{self.name} has not {what} within {limit_s:g} s")
            time.sleep(0.02)

    def _check_open(self) -> None:
        """What it wrote went with it."""
        if self._closed:
            raise LiveError(f"{self.name} has been closed: run the cell that starts it again")

    def _ended(self) -> LiveError:
        last = self.log().strip().splitlines()[-1:]
        return LiveError(f"{self.name} has ended: {last or ['no word']}")

    def log(self) -> str:
        """What it printed so far."""
        self._check_open()
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def trace(self) -> Trace:
        """What it has written so far: a snapshot, the process goes on."""
        self._check_open()
        end_s = time.monotonic() + 1
        while True:
            try:
                return read_trace(self._out)
            except LiveError:
                raise
            except Exception:  # the last line is still being written
                if time.monotonic() > end_s:
                    raise
                time.sleep(0.02)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """SIGTERM: it says goodbye."""
        if self.running:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)

    def kill(self) -> None:
        """SIGKILL: it says nothing."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._closed = True
        if self.running:
            self.kill()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # a command that it did not live to read
                self._process.stdin.close()


class LiveRouter(LiveProcess):
    """A router whose cables can be pulled."""

    def state(self, instance: str = "") -> str:
        """The state of an instance now ("": the first one). VrrplabError: it has no such instance."""
        states = self.trace().of(StateEvent, instance=instance)
        first = instance or (states[0].instance if states else "")
        return next((str(e.to) for e in reversed(states) if e.instance == first), "INIT")

    def wait_for(self, state: str, instance: str = "", limit_s: float = 15.0) -> None:
        """Until an instance is in a state; LiveError if that takes too long, VrrplabError if there is no such
        instance or state.
        """
        self._check_open()
        arguments.known(state, "state", STATES)
        arguments.number(limit_s, "limit_s", 0)
        self._until(lambda: self.state(instance) == state, f"become {state}", limit_s)

    def link_down(self, interface: str) -> None:
        self._tell(f"link_down {interface}")

    def link_up(self, interface: str) -> None:
        self._tell(f"link_up {interface}")

    def freeze(self) -> None:
        """SIGSTOP: it neither hears nor speaks, and does not know it."""
        self._check_running()
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT: it goes on where it was."""
        self._check_running()
        self._process.send_signal(signal.SIGCONT)

    def _tell(self, command: str) -> None:
        self._check_running()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # it ended this very moment
            raise self._ended() from None

    def _check_running(self) -> None:
        self._check_open()
        if not self.running:
            raise self._ended()


class LoopbackLan:
    """Routers and watchers that share one make-believe LAN; a UDP port of its own keeps others out."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vrrplab-lan-")
        self._processes: dict[str, LiveProcess] = {}
        self._closed = False
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind((LOOPBACK, 0))
            self.port = int(one.getsockname()[1])
        atexit.register(self.close)

    def router(self, name: str, config: str | os.PathLike[str], *interfaces: str) -> LiveRouter:
        """Start a router from a keepalived.conf (a path, or its text). ``interfaces``:
        ``eth0=192.168.2.251/24``.

        A router of the same name is ended first, so that a cell can be run twice.
        """
        self._check_open()
        text = os.fspath(config)
        if "{" in text:
            path = os.path.join(self._folder.name, f"{name}.conf")
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
        else:
            path = text
        words = ["run", path, "--udp", "--port", str(self.port), "--name", name, "--control"]
        for interface in interfaces:
            words += ["--address", interface]
        router = LiveRouter(self._fresh(name), words, self._folder.name)
        self._processes[name] = router
        return router

    def watcher(self, **names: str) -> LiveProcess:
        """Start ``live watch``; ``names``: server=address, with ``_`` for ``-`` in a server's name."""
        self._check_open()
        words = ["watch", "--udp", "--port", str(self.port), "--format", "log", "--pcap", self.pcap]
        for server, address in names.items():
            words += ["--name", f"{address}={server.replace('_', '-')}"]
        self._processes["watcher"] = LiveProcess(self._fresh("watcher"), words, self._folder.name)
        return self._processes["watcher"]

    @property
    def pcap(self) -> str:
        """Where the watcher writes its capture."""
        return os.path.join(self._folder.name, "lan.pcap")

    def _fresh(self, name: str) -> str:
        known = self._processes.pop(name, None)
        if known is not None:
            known.close()
        return name

    def trace(self) -> Trace:
        """What all routers have written so far, on one clock."""
        self._check_open()
        routers = [p for p in self._processes.values() if isinstance(p, LiveRouter)]
        if not routers:
            raise LiveError("no router has been started on this LAN")
        return merge([router.trace() for router in routers], "live on loopback")

    def close(self) -> None:
        """End every process; what they wrote goes with them."""
        self._closed = True
        for process in self._processes.values():
            process.close()
        self._processes.clear()
        self._folder.cleanup()

    def _check_open(self) -> None:
        if self._closed:
            raise LiveError("this LAN has been closed: run the cell with LoopbackLan() again")

    def __enter__(self) -> LoopbackLan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()
