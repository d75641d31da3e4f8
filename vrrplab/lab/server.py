"""One server of the lab: namespaces of its own (network, processes, files, host name), Squid, and a VRRP
router.

Its process 1 is a shell that does nothing but wait for orphans; to lose power is to lose that process, and
with it everything on the server at once. Used by the keeper, inside the lab's own namespaces.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

from vrrplab.errors import LiveError
from vrrplab.lab.topology import (
    KEEPALIVED,
    PROXY_PORT,
    SQUID,
    VRRPLAB_PROFILE,
    ServerPlan,
    cable_lines,
    cable_name,
    inside_lines,
)
from vrrplab.system.descriptors import raise_shortage
from vrrplab.system.doctor import program
from vrrplab.system.namespaces import children_of
from vrrplab.system.tools import python_module
from vrrplab.trace.events import LogEvent, ScenarioEvent

_CTIME = re.compile(r"^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}: ")
_LIMIT_S = 20.0
_SETUP = """\
hostname {name}
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs tmpfs /dev/shm
: > /run/resolv.conf && mount --bind /run/resolv.conf /etc/resolv.conf 2> /dev/null
for where in all default; do echo 0 > /proc/sys/net/ipv6/conf/$where/accept_dad; done 2> /dev/null
{squid}echo up
while :; do sleep 86400 & wait; done
"""
# the machine's name servers are not on the lab's network: a daemon that asked one would start seconds late
# an IPv6 address is good at once, as in the simulator: nobody is asked whether it is somebody else's
# Squid must not be root, and an ordinary user's lab has no other user: so it gets a user namespace of its own
_SQUID_FILES = "mount --bind {folder}/{name}.squid.conf /etc/squid/squid.conf || exit 1\n"
_SQUID_ROOTLESS = """\
touch /run/squid-program && mount --bind {squid} /run/squid-program || exit 1
cp {folder}/squid-rootless /run/squid && chmod 755 /run/squid && mount --bind /run/squid {squid} || exit 1
"""
ROOTLESS_WRAPPER = '#!/bin/sh\nexec unshare --user --map-user=13 --map-group=13 /run/squid-program "$@"\n'


class Server:
    """``heard(server, monotonic µs, line, event)``: what its router says; ``event`` is set for vrrplab's
    own.
    """

    def __init__(
        self,
        plan: ServerPlan,
        folder: str,
        rootless: bool,
        real_squid: bool,
        heard: Callable[[str, int, str, dict[str, Any] | None], None],
        watch: Callable[[int, Callable[[], None]], None],
        unwatch: Callable[[int], object],
    ) -> None:
        self.plan = plan
        self.name = plan.name
        self.pid = 0
        self.config = ""  # where its own processes see the router's configuration, if not in ``folder``
        self._folder = folder
        self._rootless = rootless
        self._real_squid = real_squid
        self._heard = heard
        self._watch = watch
        self._unwatch = unwatch
        self._holder: subprocess.Popen[str] | None = None
        self._router: subprocess.Popen[bytes] | None = None
        self._unread: dict[int, bytes] = {}  # by descriptor: a killed daemon's child may still talk
        self._epoch_us: int | None = None
        self.last_said = ""  # by its router: why it does not run, if it does not
        self.has_begun = False  # its router has said something since it was started
        self._squid: subprocess.Popen[bytes] | None = None
        self._squid_ended_us: int | None = None

    # -- power -----------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Namespaces, cables and addresses; no service runs yet."""
        squid = ""
        if self._real_squid:
            squid = _SQUID_FILES.format(folder=self._folder, name=self.name)
            if self._rootless:
                squid += _SQUID_ROOTLESS.format(folder=self._folder, squid=SQUID)
        script = _SETUP.format(name=self.name, squid=squid)
        flags = ["--net", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"]
        self._holder = subprocess.Popen(
            [program("unshare"), *flags, "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._holder.stdout is not None
        said = self._holder.stdout.readline().strip()
        if said != "up":
            rest = " ".join([said, *self._holder.stdout.read().split()])
            raise LiveError(f"{self.name} does not start: {rest}")
        self.pid = children_of(self._holder.pid)[0]
        ip("netns", "attach", self.name, str(self.pid))
        ip_batch(cable_lines(self.plan))
        ip_batch(inside_lines(self.plan), self.name)

    def power_off(self) -> None:
        """All at once: processes, network, everything."""
        if self._holder is None:
            return
        self._stop_reading()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        ip_batch([f"link delete {cable_name(self.name, port)}" for port in self.plan.ports], force=True)
        ip("netns", "delete", self.name, check=False)
        self._holder.wait()
        if self._holder.stdout is not None:
            self._holder.stdout.close()
        for process in (self._router, self._squid):
            if process is not None:
                process.wait()
        self._holder = self._router = self._squid = None
        self.pid = 0

    @property
    def powered(self) -> bool:
        return self._holder is not None

    # -- commands --------------------------------------------------------------------------------

    def command(self, *words: str) -> list[str]:
        """How a command is run on this server, as seen from the keeper."""
        return [program("nsenter"), "-t", str(self.pid), "-n", "-m", "-p", "-u", *words]

    def run(self, *words: str, limit_s: float = _LIMIT_S) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def addresses_text(self, interface: str) -> str:
        """What ``ip address show`` says, as the tutorial looks at it."""
        if not self.powered:
            return f"({self.name} has no power)"
        done = _run(["-n", self.name, "address", "show", interface])
        return done.stdout.rstrip() or done.stderr.strip()

    def mend(self) -> None:
        """Back to how a server is before anything befalls it: power, links and service (not the router)."""
        if not self.powered:
            self.power_on()
        for port in self.plan.ports:
            self.set_link(port.name, True)
        self.start_service()

    def set_link(self, interface: str, up: bool) -> None:
        ip("-n", self.name, "link", "set", interface, "up" if up else "down")

    # -- the service -----------------------------------------------------------------------------

    def start_service(self) -> None:
        """Start Squid, or the stand-in; returns when it accepts clients."""
        self.launch_service()
        self.await_service()

    def launch_service(self) -> None:
        """Start it, and do not wait."""
        if self._squid is not None and self._squid.poll() is None:
            return
        if self._real_squid:
            words = [SQUID, "-N", "-f", "/etc/squid/squid.conf"]
        else:
            words = python_module("vrrplab.lab.web", "proxy", str(PROXY_PORT), "/run/proxy.pid")
        log = open(os.path.join(self._folder, f"{self.name}.service.log"), "ab")  # noqa: SIM115 - the child's
        with log:
            self._squid = subprocess.Popen(
                self.command(*words), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def await_service(self) -> None:
        """Wait until it accepts clients."""
        log = os.path.join(self._folder, f"{self.name}.service.log")
        end_s = time.monotonic() + _LIMIT_S
        while time.monotonic() < end_s:
            if self._squid is None or self._squid.poll() is not None:
                raise LiveError(f"the proxy of {self.name} ended at once: {_last_line(log)}")
            if self._listens():
                return
            time.sleep(0.02)
        raise LiveError(f"the proxy of {self.name} accepts no clients: {_last_line(log)}")

    def _listens(self) -> bool:
        with open(f"/proc/{self.pid}/net/tcp", encoding="ascii") as file:
            return any(f":{PROXY_PORT:04X} 00000000:0000 0A" in line for line in file)

    def stop_service(self) -> None:
        """As ``systemctl stop squid`` does it: SIGTERM, and clients are refused from then on."""
        pid = self._pid_of(self._squid)
        if pid and self._squid is not None:
            os.kill(pid, signal.SIGTERM)
            self._squid_ended_us = None
            pidfd = os.pidfd_open(self._squid.pid)

            def ended() -> None:
                self._squid_ended_us = time.monotonic_ns() // 1000
                self._unwatch(pidfd)
                os.close(pidfd)

            self._watch(pidfd, ended)

    @property
    def service_ended_us(self) -> int | None:
        """When the service's process had gone after its last stop, on the monotonic clock."""
        return self._squid_ended_us

    def _pid_of(self, process: subprocess.Popen[bytes] | None) -> int:
        if process is None or process.poll() is not None:
            return 0
        found = children_of(process.pid)  # nsenter waits outside for the program inside
        return found[0] if found else 0

    # -- the router ------------------------------------------------------------------------------

    def start_router(self) -> None:
        """Start keepalived or vrrplab; its lines are heard from now on."""
        self.has_begun = False
        config = self.config or os.path.join(self._folder, f"{self.name}.conf")
        if self.plan.router == KEEPALIVED:
            words = [program("keepalived"), "-n", "-l", "-D", "-P", "-f", config, "-p", "/run/keepalived.pid"]
            words += ["-r", "/run/vrrp.pid", "-i", self.name]
            if self._rootless:
                words = python_module("vrrplab.system.rootless", *words)
        else:
            words = python_module("vrrplab", "live", "run", config, "--name", self.name)
            words += ["--profile", VRRPLAB_PROFILE, "--format", "jsonl"]
        if not self._rootless:
            words = ["nice", "-n", "-10", *words]  # other work on this machine should not show in the figures
        self._router = process = subprocess.Popen(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": "/run"},  # what it dumps when asked stays on this server
        )
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        os.set_blocking(descriptor, False)
        self._unread[descriptor], self._epoch_us = b"", None
        self._watch(descriptor, lambda: self._readable(process))

    @property
    def router_runs(self) -> bool:
        return self._router is not None and self._router.poll() is None

    def signal_router(self, number: int) -> None:
        """To the daemon's first process; SIGKILL to all of them, the youngest first so that none says
        goodbye.
        """
        pid = self._pid_of(self._router)
        if not pid:
            return
        family = [pid]
        if number == signal.SIGKILL:
            # stopped first: a child whose parent dies before it would notice and send its farewell
            family = [*children_of(pid), pid]
            for one in family:
                os.kill(one, signal.SIGSTOP)
        for one in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, number)
        if number == signal.SIGKILL and self._router is not None:
            self._router.send_signal(signal.SIGCONT)  # nsenter stopped together with what it waits for

    def kill_process(self, child: bool) -> None:
        """SIGKILL for one process of the daemon only: its first, or the one that speaks VRRP."""
        pid = self._pid_of(self._router)
        for one in (children_of(pid) if child else [pid]) if pid else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def freeze_router(self, frozen: bool) -> None:
        """SIGSTOP or SIGCONT for all its processes, as a paused machine has it."""
        pid = self._pid_of(self._router)
        for one in (pid, *children_of(pid)) if pid else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP if frozen else signal.SIGCONT)
        if not frozen and self._router is not None:
            self._router.send_signal(signal.SIGCONT)  # nsenter stopped together with what it waits for

    def stop_router(self) -> None:
        """SIGTERM, and wait until it has gone."""
        if self._router is None:
            return
        self.signal_router(signal.SIGTERM)
        try:
            self._router.wait(5)
        except subprocess.TimeoutExpired:
            self.signal_router(signal.SIGKILL)
            self._router.wait()
        self._readable(self._router)
        self._stop_reading()
        self._router = None

    def _stop_reading(self) -> None:
        if self._router is not None:
            self._close(self._router)

    def _close(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is not None and not process.stdout.closed:
            self._unwatch(process.stdout.fileno())
            self._unread.pop(process.stdout.fileno(), None)
            process.stdout.close()

    def _readable(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None or process.stdout.closed:
            return
        descriptor = process.stdout.fileno()
        while True:
            try:
                data = os.read(descriptor, 65536)
            except BlockingIOError:
                return
            if not data:
                self._close(process)
                return
            now_us = time.monotonic_ns() // 1000
            *lines, self._unread[descriptor] = (self._unread[descriptor] + data).split(b"\n")
            for line in lines:
                self._line(now_us, line.decode("utf-8", "replace"))

    def _line(self, now_us: int, line: str) -> None:
        if self.plan.router == KEEPALIVED:
            self._say(now_us, _CTIME.sub("", line), None)
            return
        try:
            event = json.loads(line)
        except ValueError:
            self._say(now_us, line, None)  # a word of complaint on its way out
            return
        if event.get("event") == ScenarioEvent.event:
            self._epoch_us = round(event["clock"]["monotonic_s"] * 1_000_000)
        at_us = now_us if self._epoch_us is None else self._epoch_us + round(event["t"] * 1_000_000)
        text = event["line"] if event.get("event") == LogEvent.event else ""
        self._say(at_us, text, event)

    def _say(self, at_us: int, text: str, event: dict[str, Any] | None) -> None:
        self.last_said = text or self.last_said
        self.has_begun = True
        self._heard(self.name, at_us, text, event)


def _last_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file if line.strip()]
    except OSError as error:
        raise_shortage(error)
        lines = []
    return lines[-1] if lines else "it said nothing"


def keepalived_version() -> str:
    """What the installed keepalived calls itself, "2.2.7"; "" if it does not tell."""
    done = subprocess.run([program("keepalived"), "--version"], capture_output=True, text=True, check=False)
    words = (done.stdout + done.stderr).split()
    return next((w.lstrip("v") for w in words if w[:1] == "v" and w[1:2].isdigit()), "")


def ip(*words: str, check: bool = True) -> str:
    """Run ``ip``; LiveError with what it complained about."""
    done = _run(words)
    if check and done.returncode != 0:
        raise LiveError(f"ip {' '.join(words)}: {' '.join(done.stderr.split())}")
    return done.stdout


def ip_batch(lines: list[str], namespace: str = "", force: bool = False) -> None:
    """Many ``ip`` commands at once."""
    where = ["-n", namespace] if namespace else []
    flags = ["-force"] if force else []
    done = _run([*where, *flags, "-batch", "-"], "\n".join(lines) + "\n")
    if done.returncode != 0 and not force:
        raise LiveError(f"ip -batch: {' '.join(done.stderr.split())}")


def _run(words: Sequence[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [program("ip"), *words]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=_LIMIT_S)
