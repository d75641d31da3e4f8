"""Which lab is up: a folder of this user's own, with a state file that a crash leaves behind and ``down``
clears.

The folder is never below /run, which the lab's own processes see emptied (``namespaces.PREPARE``).

The file names process 1 of the lab's namespaces together with the moment it started, so that another process
that got the same number later is never taken for it. Everything else about a lab lives and dies with that
process.

Two locks keep order. Who puts a lab up or takes one down holds that of the state folder (``alone``); every
lab's own folder is locked by its processes as long as one of them lives, so that a folder whose lock is free
is nobody's any more (``sweep``).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from vrrplab.errors import LiveError
from vrrplab.system.namespaces import wait_gone

_PREFIX = "vrrplab-lab-"


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
    """The lab that is up, or None."""
    state = read_state()
    return state if state is not None and state.alive else None


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
    remove_folder(state.folder)
    with contextlib.suppress(OSError):
        os.unlink(_file())


# -- locks --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """While this lasts, no other process of this user puts a lab up or takes one down; waits for its turn."""
    lock = os.open(state_folder(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def new_folder() -> tuple[str, int]:
    """A folder for a lab, and the descriptor that locks it as long as somebody has it open."""
    folder = tempfile.mkdtemp(prefix=_PREFIX, dir=state_folder())
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def remove_folder(folder: str, patience_s: float = 5.0) -> bool:
    """Remove a lab's folder once its last process has let go of it; False if none has in this time."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return True
    try:
        end_s = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end_s:
                    return False
                time.sleep(0.01)
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(lock)


def sweep() -> bool:
    """Remove what labs left whose processes were killed; True if there was something. Call it ``alone``."""
    state = read_state()
    if state is not None and not state.alive:
        with contextlib.suppress(OSError):
            os.unlink(_file())
    with os.scandir(state_folder()) as entries:
        folders = [e.path for e in entries if e.name.startswith(_PREFIX) and e.is_dir(follow_symlinks=False)]
    removed = [remove_folder(folder, 0) for folder in folders]
    return any(removed)
