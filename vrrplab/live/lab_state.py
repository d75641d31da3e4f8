"""Which lab is up: a folder of this user's own, with a state file that a crash leaves behind and ``down``
clears.

The folder is never below /run, which the lab's own processes see emptied (``namespaces.PREPARE``).

The file names process 1 of the lab's namespaces together with the moment it started, so that another process
that got the same number later is never taken for it. Everything else about a lab lives and dies with that
process.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import tempfile
from dataclasses import asdict, dataclass

from vrrplab.errors import LiveError
from vrrplab.live.namespaces import wait_gone


@dataclass(slots=True)
class LabState:
    """``pid``: process 1 of the lab as seen from outside; ``started``: its start in clock ticks since
    boot.
    """

    pid: int
    started: int
    rootless: bool
    routers: dict[str, str]
    made_unix_s: float
    folder: str

    @property
    def alive(self) -> bool:
        return self.pid > 0 and start_of(self.pid) == self.started

    def age_text(self, now_unix_s: float) -> str:
        """ "12 minutes" and the like."""
        seconds = max(0, int(now_unix_s - self.made_unix_s))
        for size, word in ((3600, "hour"), (60, "minute")):
            if seconds >= size:
                return f"{seconds // size} {word}{'s' if seconds // size != 1 else ''}"
        return f"{seconds} seconds"

    @property
    def router_text(self) -> str:
        kinds = set(self.routers.values())
        if len(kinds) == 1:
            return kinds.pop()
        return ", ".join(f"{server} {router}" for server, router in self.routers.items())


def start_of(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 if there is none (proc(5), field 22)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def state_folder() -> str:
    """This user's folder for the lab; made if it is not there, refused if somebody else could have made
    it.
    """
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    if _serves(own):
        folder = os.path.join(own, "vrrplab-lab")
    else:
        places = (tempfile.gettempdir(), "/tmp", "/var/tmp")
        folder = os.path.join(next(filter(_serves, places), places[0]), f"vrrplab-lab-{os.getuid()}")
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise LiveError(f"{folder} is not a folder of this user alone, so no lab is kept there - remove it")
    return folder


def _serves(place: str) -> bool:
    """Can a lab's files be written there, and be seen from inside the lab?"""
    hidden = os.path.realpath(place).startswith("/run/")
    return bool(place) and not hidden and os.access(place, os.W_OK)


def _file() -> str:
    return os.path.join(state_folder(), "lab.json")


def read_state() -> LabState | None:
    """The lab that was put up last, alive or not; None if none is known."""
    try:
        with open(_file(), encoding="utf-8") as file:
            return LabState(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None


def write_state(state: LabState) -> None:
    """Remember a lab; the file appears whole or not at all."""
    path = _file()
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(asdict(state), file)
    os.replace(path + ".new", path)


def living() -> LabState | None:
    """The lab that is up, or None; what a crashed one left is cleared on the way."""
    state = read_state()
    if state is None:
        return None
    if state.alive:
        return state
    forget(state)
    return None


def require() -> LabState:
    """The lab that is up; LiveError telling how to put one up."""
    state = living()
    if state is None:
        raise LiveError("no lab is up - 'vrrplab lab up' puts one up")
    return state


def take_down(state: LabState, patience_s: float = 8.0) -> None:
    """End a lab: politely, so that its daemons say goodbye; then for good. Only its own process is
    signalled.
    """
    if state.alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, signal.SIGTERM)
        wait_gone(state.pid, patience_s)
        if state.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(state.pid, signal.SIGKILL)
            wait_gone(state.pid)
    forget(state)


def forget(state: LabState) -> None:
    """Remove the files of a lab that has ended."""
    shutil.rmtree(state.folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.unlink(_file())
