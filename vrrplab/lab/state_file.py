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

from vrrplab.errors import LiveError, PlacedError
from vrrplab.json_text import read_json
from vrrplab.lab.topology import ROUTERS, SERVERS
from vrrplab.limits import LAB_STATE_BYTES
from vrrplab.output.files import replaced_text
from vrrplab.system.descriptors import raise_shortage, shortage
from vrrplab.system.namespaces import wait_gone
from vrrplab.system.path_trust import follow
from vrrplab.system.privilege import is_real_root

_PREFIX = "vrrplab-lab-"
_LARGEST_PID = 1 << 22  # the kernel's own limit, PID_MAX_LIMIT
_KINDS = {
    "pid": int,
    "started": int,
    "rootless": bool,
    "routers": dict,
    "made_unix_s": float,
    "folder": str,
}


class DamagedStateError(LiveError):
    """A state file that no lab has written so."""


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
    except OSError as error:
        raise_shortage(error)
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
    """Can a lab's files be written there, be seen from inside the lab, and be exchanged by nobody else?

    The last is asked for root only, who may write in folders of others: TMPDIR comes along with su.
    """
    hidden = os.path.realpath(place).startswith("/run/")
    if not place or hidden or not os.access(place, os.W_OK):
        return False
    return not is_real_root() or not follow(os.path.abspath(place), {0}).unsafe


def _file() -> str:
    return os.path.join(state_folder(), "lab.json")


def read_state() -> LabState | None:
    """The lab that was put up last, alive or not; None if none is known.

    DamagedStateError for a file that no lab has written so: a lab that is still up may not be found again.
    """
    path = _file()
    if not os.path.lexists(path):
        return None
    try:
        content = read_json(path, LAB_STATE_BYTES, PlacedError)
    except PlacedError as error:
        why = shortage()
        raise LiveError(f"{path}: cannot be read: {why}") if why else _damaged(path, error.message) from None
    if (
        not isinstance(content, dict)
        or {key: type(value) for key, value in content.items()} != _KINDS
        or not content["routers"].keys() <= set(SERVERS)
        or not all(router in ROUTERS for router in content["routers"].values())
        or not 0 < content["pid"] <= _LARGEST_PID
    ):
        raise _damaged(path, "is not as a lab writes it")
    above, name = os.path.split(content["folder"])
    if above != os.path.dirname(path) or not name.startswith(_PREFIX):  # it would be removed with all in it
        raise _damaged(path, "names a folder that is no lab's")
    return LabState(**content)


def _damaged(path: str, why: str) -> DamagedStateError:
    return DamagedStateError(
        f"{path}: {why}: the state file of a lab is damaged - 'vrrplab lab down' removes it"
    )


def forget_damaged() -> str:
    """Remove a damaged state file, and say what was wrong with it; "": it is none. Call it ``alone``."""
    try:
        read_state()
    except DamagedStateError as error:
        os.unlink(_file())
        return str(error).rpartition(" - ")[0]
    return ""


def left_folders() -> list[str]:
    """Folders of labs that are there, those of living ones included."""
    with os.scandir(state_folder()) as entries:
        return [e.path for e in entries if e.name.startswith(_PREFIX) and e.is_dir(follow_symlinks=False)]


def write_state(state: LabState) -> None:
    """Remember a lab; the file appears whole or not at all."""
    with replaced_text(_file()) as file:
        json.dump(asdict(state), file)


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
    removed = [remove_folder(folder, 0) for folder in left_folders()]
    return any(removed)
