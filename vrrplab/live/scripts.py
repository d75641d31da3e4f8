"""Scripts as processes of their own: checks (vrrp_script) and notify scripts.

A script is started from its list of words, never through a shell, as an unprivileged user by default, with an
empty standard input and its own process group, so that a timeout ends its children too. A check's end is
noticed through a pidfd; nothing here waits. Names and words come from the configuration, never from a packet.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from vrrplab.config.model import GlobalConfig, NodeConfig
from vrrplab.errors import LiveError
from vrrplab.system.tools import SEARCH_PATH

DEFAULT_USERS = ("keepalived_script", "nobody")
NOT_STARTED = 127  # what a shell answers for a command it cannot find


class Account(NamedTuple):
    """Whom a script runs as; ``uid`` None: as ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None


@dataclass(slots=True)
class Running:
    """A started check, until its end was noticed."""

    script: str
    run: int
    process: subprocess.Popen[bytes]
    pidfd: int


def find(command: tuple[str, ...]) -> str:
    """The file a command line starts, or "" if there is none that can be executed."""
    if not command:
        return ""
    name = command[0]
    places = [name] if "/" in name else [os.path.join(folder, name) for folder in SEARCH_PATH.split(":")]
    return next((p for p in places if os.path.isfile(p) and os.access(p, os.X_OK)), "")


def missing_scripts(config: NodeConfig) -> frozenset[str]:
    """Names of the vrrp_scripts whose file is not there."""
    return frozenset(script.name for script in config.scripts if not find(script.command))


def refused_scripts(config: NodeConfig) -> dict[str, str]:
    """The vrrp_scripts that are there and will not be started, each with the reason.

    LiveError for a user that does not exist.
    """
    found = {}
    for script in config.scripts:
        account, path = account_for(script.user, config.global_defs), find(script.command)
        why = why_unsafe(path, account) if path else ""
        if why:
            found[script.name] = why
    return found


def is_real_root() -> bool:
    """Root of the machine; root inside a user namespace is somebody else outside."""
    if os.geteuid() != 0:
        return False
    try:
        with open("/proc/self/uid_map", encoding="ascii") as file:
            return file.read().split() == ["0", "0", "4294967295"]
    except OSError:
        return True


def account_for(user: str, global_defs: GlobalConfig) -> Account:
    """Whom a script runs as: its own ``user``, else ``script_user``, else an unprivileged user that exists.

    Either may name a group too ("USER GROUP"); without one it is the user's own. LiveError for a user or a
    group that does not exist. Without root's rights everything runs as ourselves.
    """
    if not is_real_root():
        return Account("the user vrrplab runs as")
    import pwd

    name, _, group = (user or global_defs.script_user).partition(" ")
    for one in (name,) if name else DEFAULT_USERS:
        try:
            entry = pwd.getpwnam(one)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, _group_number(group) if group else entry.pw_gid)
    if name:
        raise LiveError(f"no user {name!r} on this machine, whom scripts should run as")
    return Account("nobody", 65534, 65534)


def _group_number(name: str) -> int:
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise LiveError(f"no group {name!r} on this machine, as which scripts should run") from None


def why_unsafe(path: str, account: Account, as_root: bool | None = None) -> str:
    """Why a router that is root will not start this file, or "".

    Whoever can write to the file, or to a folder on the way to it, decides what is executed; and an owner can
    always give himself the right. keepalived refuses for the same reason (enable_script_security).
    """
    if not (is_real_root() if as_root is None else as_root):
        return ""
    place = os.path.realpath(path)
    while True:
        try:
            found = os.stat(place)
        except OSError as error:
            return f"{place}: {error.strerror}"
        sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        group_may = found.st_mode & stat.S_IWGRP and found.st_gid != 0
        if (found.st_mode & stat.S_IWOTH or group_may) and not sticky:
            return f"{place} can be written by others than root (chmod go-w {place})"
        if found.st_uid not in (0, account.uid):
            runner = f", nor to {account.name}, whom it runs as" if account.uid else ""
            return f"{place} does not belong to root{runner} (chown root {place})"
        if place == "/":
            return ""
        place = os.path.dirname(place)


class ScriptRunner:
    """Starts scripts and hears of their ends, in the event loop that runs."""

    def __init__(
        self, exited: Callable[[str, int, int | None, int], None], refused: Callable[[str], None]
    ) -> None:
        self._exited = exited
        self._refused = refused
        self._running: dict[tuple[str, int], Running] = {}
        self._notified: list[subprocess.Popen[bytes]] = []
        self._told: set[str] = set()
        self.global_defs = GlobalConfig()

    def start(self, script: str, run: int, command: tuple[str, ...], user: str) -> None:
        """Start a check; one that cannot be started has failed."""
        process = self._spawn(f"check {script}", command, user)
        if process is None:
            asyncio.get_running_loop().call_soon(self._exited, script, run, NOT_STARTED, 0)
            return
        pidfd = os.pidfd_open(process.pid)
        one = Running(script, run, process, pidfd)
        self._running[script, run] = one
        asyncio.get_running_loop().add_reader(pidfd, self._ended, one)

    def notify(self, instance: str, command: tuple[str, ...], user: str) -> None:
        """Start a notify script and forget it."""
        self._notified = [p for p in self._notified if p.poll() is None]
        process = self._spawn(f"notify script of {instance}", command, user)
        if process is not None:
            self._notified.append(process)

    def kill(self, script: str, run: int, number: int) -> None:
        """Send a signal to a check and everything it started."""
        one = self._running.get((script, run))
        if one is not None:
            with contextlib.suppress(OSError):
                os.killpg(one.process.pid, number)

    def close(self) -> None:
        """End every check that still runs; notify scripts may finish."""
        for one in list(self._running.values()):
            with contextlib.suppress(OSError):
                os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()
            self._unwatch(one.pidfd)
        self._running.clear()

    def _ended(self, one: Running) -> None:
        code = one.process.poll()
        if code is None:
            return
        self._unwatch(one.pidfd)
        del self._running[one.script, one.run]
        if code < 0:
            self._exited(one.script, one.run, None, -code)
        else:
            self._exited(one.script, one.run, code, 0)

    def _unwatch(self, pidfd: int) -> None:
        asyncio.get_running_loop().remove_reader(pidfd)
        os.close(pidfd)

    def _spawn(self, what: str, command: tuple[str, ...], user: str) -> subprocess.Popen[bytes] | None:
        path = find(command)
        try:
            account = account_for(user, self.global_defs)
            why = f"{command[0] if command else 'it'} is not there" if not path else why_unsafe(path, account)
            if why:
                raise LiveError(why)
            return subprocess.Popen(
                [path, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": SEARCH_PATH},
                process_group=0,
                user=account.uid,
                group=account.gid,
                extra_groups=[] if account.uid is not None else None,
            )
        except (LiveError, OSError) as error:
            text = f"{what} was not started: {getattr(error, 'strerror', None) or error}"
            if text not in self._told:
                self._told.add(text)
                self._refused(text)
            return None
