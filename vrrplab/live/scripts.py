"""Scripts as processes of their own: checks (vrrp_script) and notify scripts.

A script is started from its list of words, never through a shell, as an unprivileged user by default, with an
empty standard input and its own process group, so that a timeout ends its children too. A check's end is
noticed through a pidfd; nothing here waits. Names and words come from the configuration, never from a packet.
"""

from __future__ import annotations

import asyncio
import contextlib
import grp
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from vrrplab.config.model import GlobalConfig, NodeConfig
from vrrplab.errors import LiveError
from vrrplab.system.descriptors import shortage
from vrrplab.system.path_trust import follow
from vrrplab.system.privilege import is_real_root
from vrrplab.system.tools import SEARCH_PATH

DEFAULT_USERS = ("keepalived_script", "nobody")
NOT_STARTED = 127  # what a shell answers for a command it cannot find


class Account(NamedTuple):
    """Whom a script runs as; ``uid`` None: as ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None


class Program(NamedTuple):
    """What a command line starts: the name it is called by, and the file that is executed for it.

    ``why_not`` is the reason if it is not started; ``unsafe``: because others could exchange it.
    """

    name: str
    path: str
    why_not: str = ""
    unsafe: bool = False


@dataclass(slots=True)
class Running:
    """A started check, until its end was noticed."""

    script: str
    run: int
    process: subprocess.Popen[bytes]
    pidfd: int


def find(command: tuple[str, ...]) -> str:
    """The file a command line starts, as a path from /; "" if there is none that can be executed."""
    if not command:
        return ""
    name = command[0]
    places = (
        [os.path.join(os.getcwd(), name)]
        if "/" in name
        else [os.path.join(folder, name) for folder in SEARCH_PATH.split(":")]
    )
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
        program = program_of(script.command, account_for(script.user, config.global_defs))
        if program.unsafe:
            found[script.name] = program.why_not
    return found


def account_for(user: str, global_defs: GlobalConfig) -> Account:
    """Whom a script runs as: its own ``user``, else ``script_user``, else an unprivileged user that exists.

    Either may name a group too ("USER GROUP"); without one it is the user's own. LiveError for a user or a
    group that does not exist. Without root's rights everything runs as ourselves.
    """
    if not is_real_root():
        return Account("the user vrrplab runs as")
    name, _, group = (user or global_defs.script_user).partition(" ")
    for one in (name,) if name else DEFAULT_USERS:
        try:
            entry = pwd.getpwnam(one)
        except KeyError:
            _require_descriptors(one)
            continue
        return Account(entry.pw_name, entry.pw_uid, _group_number(group) if group else entry.pw_gid)
    if name:
        raise LiveError(f"no user {name!r} on this machine, whom scripts should run as")
    return Account("nobody", 65534, 65534)


def _require_descriptors(name: str) -> None:
    """To the libraries that look a name up it is not there where its list cannot be opened."""
    why = shortage()
    if why:
        raise LiveError(f"{name!r}, as whom scripts should run, cannot be looked up: {why}")


def _group_number(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        _require_descriptors(name)
        raise LiveError(f"no group {name!r} on this machine, as which scripts should run") from None


def program_of(command: tuple[str, ...], account: Account, as_root: bool | None = None) -> Program:
    """What a command line starts as this account, and whether a router that is root starts it at all.

    Whoever can write to the file, or to a folder on the way to it, decides what is executed; and an owner can
    always give himself the right. keepalived refuses for the same reason (enable_script_security), links
    aside: it looks at the folders of the file that they lead to, we at those that the links are in, too. Like
    keepalived (2.2.7, measured) we look at no argument and at no interpreter: root wrote them.

    What is executed is the path that was found safe, without links. A file behind a link in its own folder is
    called as the link is, since programs look at their names; keepalived does the same.
    """
    written = find(command)
    if not written:
        name = command[0] if command else "it"
        is_file = "/" in name and os.path.isfile(name)
        return Program("", "", f"{name} {'may not be executed (chmod +x)' if is_file else 'is not there'}")
    if not (is_real_root() if as_root is None else as_root):
        return Program(written, written)
    trusted = {0} if account.uid is None else {0, account.uid}
    runner = account.name if account.uid else ""
    try:
        found = follow(written, trusted, runner)
        if found.unsafe or not found.is_file:
            return Program(written, "", found.unsafe or f"{found.path} is no file", bool(found.unsafe))
        path = os.path.join(os.path.dirname(found.path), os.path.basename(written))
        if path != found.path:
            with contextlib.suppress(FileNotFoundError):
                beside = follow(path, trusted, runner)
                if beside.identity == found.identity and not beside.unsafe:
                    return Program(written, path)
        return Program(written, found.path)
    except OSError as error:
        return Program(written, "", f"{written}: {error.strerror}")


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

    def start(
        self,
        script: str,
        run: int,
        command: tuple[str, ...],
        user: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start a check, with these variables besides; one that cannot be started has failed."""
        process = self._spawn(f"check {script}", command, user, environment)
        if process is None:
            asyncio.get_running_loop().call_soon(self._exited, script, run, NOT_STARTED, 0)
            return
        try:
            pidfd = os.pidfd_open(process.pid)
        except OSError as error:  # one that nobody can watch is not left running
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._refuse(f"check {script}", error.strerror or "")
            asyncio.get_running_loop().call_soon(self._exited, script, run, NOT_STARTED, 0)
            return
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

    def _spawn(
        self, what: str, command: tuple[str, ...], user: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes] | None:
        try:
            account = account_for(user, self.global_defs)
            program = program_of(command, account)
            if program.why_not:
                self._refuse(what, program.why_not, ", for security" if program.unsafe else "")
                return None
            return subprocess.Popen(
                [program.name, *command[1:]],
                executable=program.path,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": SEARCH_PATH, **(environment or {})},
                process_group=0,
                user=account.uid,
                group=account.gid,
                extra_groups=[] if account.uid is not None else None,
            )
        except (LiveError, OSError) as error:
            self._refuse(what, getattr(error, "strerror", None) or str(error))
            return None

    def _refuse(self, what: str, why: str, kind: str = "") -> None:
        """Say so, once."""
        text = f"{what} was not started{kind}: {why}"
        if text not in self._told:
            self._told.add(text)
            self._refused(text)
