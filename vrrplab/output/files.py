"""The gate for files that a user names to be written: what is needed is never lost, and nothing half stays.

    promised(names)      a command's outputs, looked at before its work: see ``OutputName``
    replaced(path)       a file written as a whole: beside its place, then renamed over what was there
    make_folder(path)    a folder, for files that are replaced in it
    open_to_write(path)  a file that grows while others read it, opened at once
    open_to_go_on(path)  the same, with what is in it kept
    folder_beside(path)  a folder filled beside its place, for the caller to rename

Until the last byte is written the old file stays as it was, also when the disk is full or somebody presses
Ctrl-C; then it is replaced in one step, with its mode, and its owner where the system lets us. Of a link the
file that it names is replaced, as writing through it would do, and the link stays. Other names of the same
file (hard links) keep what they had. Devices, pipes and /dev/stdout are written straight through; a FIFO's
reader is waited for.

During a command the outputs' files are known to ``input_files``, which refuses to read one of them; a library
call knows nothing of the kind: who reads a trace and saves it under its own name means to.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from io import TextIOWrapper
from typing import IO, BinaryIO, NamedTuple

from vrrplab import interrupts
from vrrplab.errors import OutputError, VrrplabError
from vrrplab.input_files import Identity, already_read, promised_files, would_be_lost

_MOST_LINKS = 40  # as Linux
_PLAIN = os.O_WRONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_OPEN = _PLAIN | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


class OutputName(str):
    """What a user gave as the name of an output: a file that is replaced as a whole.

    The ``type=`` of an argument, so that ``promised`` finds it among a command's arguments.
    """

    __slots__ = ()

    def require(self, option: str) -> None:
        """OutputError, with the cure, if nothing can be written there."""
        _look(self, f"{option} {self}")


class PictureName(OutputName):
    """A picture, whose kind its ending says."""

    __slots__ = ()

    def require(self, option: str) -> None:
        super().require(option)
        if not self.lower().endswith((".svg", ".png")):
            raise OutputError(f"{option} {self}", "the name must end in .svg or .png")


class GrowingName(OutputName):
    """A file that grows while others read it."""

    __slots__ = ()

    def require(self, option: str) -> None:
        _look(self, f"{option} {self}", grows=True)


class TableName(OutputName):
    """A table, whose kind its ending says: .csv grows, .parquet is replaced as a whole."""

    __slots__ = ()

    def require(self, option: str) -> None:
        told = f"{option} {self}"
        place = _place_of(self, told) if self and self != "-" else None
        if not self.lower().endswith((".csv", ".parquet")) and not (place and place.through):
            _require_name(self, told)
            raise OutputError(told, "the name must end in .csv or .parquet")
        _look(self, told, grows=not self.lower().endswith(".parquet"))


class FolderName(OutputName):
    """A folder, which may be there or not, in which new things are put."""

    __slots__ = ()

    def require(self, option: str) -> None:
        told = f"{option} {self}"
        _require_name(self, told)
        there = os.path.abspath(self)
        while not os.path.lexists(there):
            there = os.path.dirname(there)
        if not os.path.isdir(there):
            raise OutputError(told, f"{there} is no folder")
        if not _may_write(there):
            raise OutputError(told, f"nothing can be written in {there}", "name a folder of your own")


class _Run:
    """What one command writes: option and name of each output; the files that it has written."""

    def __init__(self, told: dict[str, str]) -> None:
        self.told = told  # name -> option and name
        self.written: dict[Identity, tuple[str, str]] = {}  # file -> option and name, its place
        self.done: list[str] = []


_run: ContextVar[_Run | None] = ContextVar("outputs of this command", default=None)


@contextmanager
def promised(names: Mapping[str, OutputName]) -> Iterator[None]:
    """While this lasts these are a command's outputs, by option: all can be written, no two are one file, and
    none of them is read. OutputError says which not, and the cure.
    """
    taken: dict[tuple[object, ...], str] = {}
    kept: dict[Identity, str] = {}
    for option, name in names.items():
        name.require(option)
        if isinstance(name, FolderName):
            continue
        told = f"{option} {name}"
        place = _place_of(name, told)
        if place.key and (other := taken.setdefault(place.key, told)) != told:
            raise OutputError(told, f"this is where {other} is written too", "name another file")
        if place.old is not None and (place.is_file or not place.through):
            kept[place.old.st_dev, place.old.st_ino] = told
    run = _run.set(_Run({str(name): f"{option} {name}" for option, name in names.items()}))
    try:
        with promised_files(kept):
            yield
    finally:
        _run.reset(run)


class _Place(NamedTuple):
    """Where an output goes: ``file``, all links followed; ``old`` is what is there now.

    ``through``: a device, a pipe or an open file, written as it is. ``key``: the same for the same file.
    """

    file: str
    old: os.stat_result | None
    through: bool
    key: tuple[object, ...]

    @property
    def is_file(self) -> bool:
        """Are there contents that could be lost? Also behind a number, as in ``3<>FILE``."""
        return self.old is not None and stat.S_ISREG(self.old.st_mode)


@contextmanager
def replaced(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The file to be written, as a stream of bytes; at the end it is in its place, whole.

    An exception leaves what was there before, and nothing else. OutputError: it cannot be written (a full
    disk, no right to), or a run of the command line would destroy what it has read or written.
    """
    name = os.fsdecode(path)
    told = _told(name)
    place = _look(name, told)
    try:
        with _through(place) if place.through else _beside(place, told) as stream:
            yield stream
    except OSError as error:
        if isinstance(error, VrrplabError | BrokenPipeError) or error.filename is not None:
            raise  # it names another file, that the caller reads meanwhile
        left = "what was there before is unchanged" if place.old is not None else "nothing is left there"
        hint = _and_done("" if place.through else left)
        raise OutputError(told, f"cannot be written: {_why(error)}", hint) from None
    run = _run.get()
    if run is not None:
        run.done.append(told)


@contextmanager
def replaced_text(path: str | os.PathLike[str]) -> Iterator[IO[str]]:
    """As ``replaced``, for text: UTF-8, lines ended by \\n. Half a character (a byte of a name that was no
    UTF-8) becomes its escape, which in JSON means the same.
    """
    with replaced(path) as stream:
        text = TextIOWrapper(stream, "utf-8", errors="backslashreplace", newline="\n")
        yield text
        text.flush()


def open_to_write(path: str) -> int:
    """A file that is made or emptied, as a descriptor, for one writer at a time. OutputError if it cannot be.

    A router waits for nobody: a FIFO needs its reader first. Nothing is emptied before it is known for sure.
    """
    return _grown(path, os.O_WRONLY, emptied=True)


def open_to_go_on(path: str) -> int:
    """The same for a file that keeps what is in it, to be read and written: who opens it goes on with it."""
    return _grown(path, os.O_RDWR, emptied=False)


@contextmanager
def read_back(path: str) -> Iterator[BinaryIO]:
    """An output of an earlier run, which this one goes on with. OutputError: it cannot be read."""
    try:
        stream = open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise OutputError(_told(path), f"cannot be read: {_why(error)}") from None
    with stream:
        yield stream


def reader_of(descriptor: int) -> BinaryIO:
    """What is in a file that goes on, from its beginning; the place in it is the writer's too."""
    stream = os.fdopen(os.dup(descriptor), "rb")
    stream.seek(0)
    return stream


def shorten(descriptor: int, size: int) -> None:
    """Take back what stands behind so many bytes of a file that grows, and go on there."""
    os.ftruncate(descriptor, size)
    os.lseek(descriptor, size, os.SEEK_SET)


def _grown(path: str, way: int, *, emptied: bool) -> int:
    told = _told(path)
    place = _look(path, told, grows=True)
    try:
        if place.through:
            return _opened(place.file, wait=not emptied)
        descriptor = os.open(place.file, (_OPEN & ~os.O_WRONLY) | way | os.O_CREAT, 0o666)
    except OSError as error:
        unread = error.errno == errno.ENXIO and place.old is not None and stat.S_ISFIFO(place.old.st_mode)
        why = "nobody reads this FIFO, start its reader first" if unread else _why(error)
        raise OutputError(told, f"cannot be written: {why}") from None
    try:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode):  # unless it was exchanged a moment ago
            _require_spared(place.file, found, told)
            if not _lock(descriptor, alone=True):
                raise OutputError(told, "another process is writing it", "name another file")
            if emptied:
                os.ftruncate(descriptor, 0)
            _note(found, told, place.file)
        os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def make_folder(path: str) -> None:
    """The folder, and those above it, where they are not there yet. OutputError if they cannot be made."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise OutputError(path, f"cannot be made: {_why(error)}", "name another folder") from None


def require_new_folder(path: str) -> None:
    """OutputError if something is there: a recording is never overwritten."""
    if os.path.lexists(path) and not (os.path.isdir(path) and not os.listdir(path)):
        raise OutputError(path, "is there already; a recording is never overwritten", "name another folder")


@contextmanager
def folder_beside(path: str) -> Iterator[str]:
    """An empty folder beside ``path``, to be filled and renamed, or taken from; what is left in it goes.

    The folders above are made. OutputError if they cannot be.
    """
    import shutil

    above = os.path.dirname(path.rstrip(os.sep)) or "."
    made = _unused(above)
    try:
        os.makedirs(above, exist_ok=True)
        os.mkdir(made)
    except OSError as error:
        raise OutputError(path, f"cannot be written: {_why(error)}") from None
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def put_in_place(made: str, path: str) -> None:
    """Give a folder that was made beside ``path`` its name. OutputError; an empty folder may be there."""
    try:
        os.rename(made, path)
    except OSError as error:
        raise OutputError(path, f"cannot be written: {_why(error)}", "name another folder") from None


def _look(path: str, told: str, *, grows: bool = False) -> _Place:
    """Where it goes, if it can be written there now. A file that does not grow is made anew in its folder."""
    _require_name(path, told)
    place = _place_of(path, told)
    if place.through:
        read = already_read(place.file) if place.is_file else ""
        if read:
            raise would_be_lost(told, read)
        return place
    folder = os.path.dirname(place.file) or "."
    if place.old is not None:
        _require_spared(place.file, place.old, told)
        _require_ours(place, told)
        if grows:
            return place
        if os.path.ismount(place.file):
            raise OutputError(told, "is mounted by itself, so it cannot be replaced", "name another file")
    if not _may_write(folder):
        why = f"nothing can be written in its folder, {folder}"
        raise OutputError(
            told, why, "a file is written beside and renamed, so that the old one is never lost"
        )
    if place.old is not None and not _may_replace(place.old, os.stat(folder)):
        why = f"it belongs to another user, and in {folder} only he may replace it"
        raise OutputError(told, why, "name another file")
    return place


def _require_name(path: str, told: str) -> None:
    if not path:
        raise OutputError(f"{told.strip()} ''", "an empty name is no file's", "name a file, or leave it out")
    if path == "-":
        raise OutputError(told, "'-' is no file's name here", "standard output is /dev/stdout, a file ./-")
    if "\0" in path:
        raise OutputError(told.replace("\0", "\\0"), "no name can have a zero byte")
    try:
        os.fsencode(path)
    except UnicodeEncodeError as error:
        half = path[error.start]
        raise OutputError(
            told, f"no name can have {half!r}, half of a character", "name another file"
        ) from None


def _place_of(path: str, told: str) -> _Place:
    try:
        file = _followed(path, told)
        through = _is_descriptor(os.path.dirname(file))
        try:
            old = os.stat(file)
        except FileNotFoundError:
            if through:
                raise OutputError(told, "is not open", "name a file") from None
            old = None
        if old is not None and stat.S_ISDIR(old.st_mode):
            raise OutputError(told, "is a folder", "name a file in it")
        if old is not None and (through or not stat.S_ISREG(old.st_mode)):
            key = () if os.path.samestat(old, os.stat(os.devnull)) else (old.st_dev, old.st_ino)
            return _Place(file, old, True, key)
        folder, base = os.path.split(file)
        above = os.stat(folder or ".")
        if not stat.S_ISDIR(above.st_mode):
            raise OutputError(told, f"{folder} is no folder")
        if not base:
            raise OutputError(told, "is a folder's name", "name a file in it")
        if old is not None:
            return _Place(file, old, False, (old.st_dev, old.st_ino))
        return _Place(file, None, False, (above.st_dev, above.st_ino, os.path.normcase(base)))
    except FileNotFoundError:
        folder = os.path.dirname(file) or "."
        why = f"cannot be written: there is no folder {folder}"
        raise OutputError(told, why, "make it first, or name another") from None
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(told, f"cannot be written: {_why(error)}") from None


def _followed(path: str, told: str) -> str:
    """The path of the file itself, where ``path`` is a link to it; /proc/self/fd/1 stays what it is."""
    file = path
    for _ in range(_MOST_LINKS):
        folder = os.path.dirname(file)
        if _is_descriptor(folder):
            return file
        try:
            target = os.readlink(file)
        except OSError:  # no link, or nothing
            return file
        _require_trusted(file, folder or ".", told)
        file = os.path.join(folder, target)
    raise OutputError(told, f"cannot be written: {os.strerror(errno.ELOOP)}")


def _require_trusted(link: str, folder: str, told: str) -> None:
    """A link that anybody could have laid does not choose which file is replaced (the kernel's own rule,
    fs.protected_symlinks, wherever it is switched off).
    """
    if not hasattr(os, "geteuid"):
        return
    its, above = os.lstat(link), os.stat(folder)
    if above.st_mode & stat.S_IWOTH and its.st_uid not in (os.geteuid(), above.st_uid):
        why = f"{link} is a link of another user, in a folder that everybody may write"
        raise OutputError(told, why, "name the file itself")


def _is_descriptor(folder: str) -> bool:
    """Is this a process's folder of open files? What is in it looks like links and is none."""
    return os.path.realpath(folder).startswith("/proc/")


def _require_spared(file: str, old: os.stat_result, told: str) -> None:
    """VrrplabError: what is there is read by this run, was written by it, or is where it prints."""
    read = already_read(file)
    if read:
        raise would_be_lost(told, read)
    run = _run.get()
    other, place = run.written.get((old.st_dev, old.st_ino), ("", "")) if run is not None else ("", "")
    # Where another process has replaced what was written, the number is free for any file.
    if other and _is_still(place, old):
        raise OutputError(told, f"this is where {other} was written", _and_done("name another file"))
    if run is not None and _is_open_as(sys.__stdin__, old):
        raise would_be_lost(told, "standard input from there")
    if run is not None and any(_is_open_as(stream, old) for stream in (sys.__stdout__, sys.__stderr__)):
        raise OutputError(told, "this is where the command prints, too", "name another file")


def _is_still(place: str, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(place), found)
    except OSError:  # gone
        return False


def _is_open_as(stream: IO[str] | None, found: os.stat_result) -> bool:
    try:
        return stream is not None and os.path.samestat(os.fstat(stream.fileno()), found)
    except (OSError, ValueError):  # closed
        return False


def _require_ours(place: _Place, told: str) -> None:
    """OutputError where open() would refuse to write what is there, or somebody is writing it."""
    try:
        descriptor = os.open(place.file, _OPEN)
    except OSError as error:
        raise OutputError(told, f"cannot be written: {_why(error)}") from None
    try:
        if not _lock(descriptor, alone=False):
            raise OutputError(told, "another process is writing it", "name another file")
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, alone: bool) -> bool:
    """False where a growing file is another process's; where there are no locks nobody knows."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock  # in a browser the module is there, and empty

        flock(descriptor, (LOCK_EX if alone else LOCK_SH) | LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return True
    return True


def _may_write(folder: str) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=effective)


def _may_replace(old: os.stat_result, folder: os.stat_result) -> bool:
    """In a folder such as /tmp only owners may rename."""
    if not folder.st_mode & stat.S_ISVTX or not hasattr(os, "geteuid"):
        return True
    return os.geteuid() in (0, old.st_uid, folder.st_uid)


def _opened(file: str, *, wait: bool) -> int:
    """A device, a pipe, or a file that is open already: with its place in it, if it is this process's.

    ``wait``: for the reader of a FIFO.
    """
    folder, name = os.path.split(file)
    if name.isdecimal() and os.path.realpath(folder) in _own_descriptors():
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()  # what was said before comes first
        return os.dup(int(name))
    descriptor = os.open(file, _PLAIN | getattr(os, "O_NOCTTY", 0) if wait else _OPEN)
    os.set_blocking(descriptor, True)
    return descriptor


def _own_descriptors() -> tuple[str, ...]:
    return (f"/proc/{os.getpid()}/fd", os.path.realpath("/proc/thread-self/fd"))


@contextmanager
def _through(place: _Place) -> Iterator[BinaryIO]:
    with _without_names():
        descriptor = _opened(place.file, wait=True)
    with open(descriptor, "wb") as stream:
        yield stream


@contextmanager
def _without_names() -> Iterator[None]:
    """An OSError in here is about the output, whatever file it names."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror) from None


@contextmanager
def _beside(place: _Place, told: str) -> Iterator[BinaryIO]:
    """A new file in the same folder, renamed at the end. Where the system can, it has no name until then:
    not even SIGKILL leaves it behind.
    """
    folder = os.path.dirname(place.file) or "."
    name = _unused(folder)
    try:
        descriptor = _nameless(folder)
        named = descriptor < 0
        if named:
            flags = _PLAIN | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            with _without_names():
                descriptor = os.open(name, flags, 0o666)
        with open(descriptor, "wb") as stream:
            if place.old is not None:
                _make_alike(descriptor, place.old)
            yield stream
            stream.flush()
            if place.old is not None:  # a crash must not leave an empty file where a whole one was
                os.fsync(descriptor)
            _note(os.fstat(descriptor), told, place.file)
            if not named:
                with _without_names(), interrupts.held():
                    # with a descriptor it is linkat(), which alone gives such a file a name
                    os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=descriptor, follow_symlinks=True)
                    os.replace(name, place.file)
        if named:
            with _without_names():
                os.replace(name, place.file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _nameless(folder: str) -> int:
    """A file in a folder that no name leads to yet; -1 where there is no such thing."""
    flag = getattr(os, "O_TMPFILE", 0)
    try:
        descriptor = os.open(folder, _PLAIN | flag, 0o666) if flag else -1
    except OSError:
        return -1
    if descriptor >= 0 and not os.path.exists(f"/proc/self/fd/{descriptor}"):  # it could not get a name later
        os.close(descriptor)
        return -1
    return descriptor


def _make_alike(descriptor: int, old: os.stat_result) -> None:
    """The old file's mode, and its owner where that is allowed."""
    if hasattr(os, "fchown"):
        new = os.fstat(descriptor)
        for owner in (old.st_uid, -1):
            if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
                with suppress(OSError):
                    os.fchown(descriptor, owner, old.st_gid)
                    break
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)


def _unused(folder: str) -> str:
    return os.path.join(folder, f".vrrplab-{os.urandom(8).hex()}.new")


def _note(found: os.stat_result, told: str, file: str) -> None:
    run = _run.get()
    if run is not None:
        run.written[found.st_dev, found.st_ino] = told, os.path.abspath(file)


def _told(path: str) -> str:
    """The name as the user gave it, with its option, if a command promised it."""
    run = _run.get()
    return run.told.get(path, path) if run is not None else path


def _and_done(hint: str) -> str:
    """The hint, and what this run has written before."""
    run = _run.get()
    *first, last = run.done if run is not None and run.done else [""]
    done = f"{', '.join(first)} and {last} are written" if first else f"{last} is written" if last else ""
    return "; ".join(filter(None, (hint, done)))


def _why(error: OSError) -> str:
    return error.strerror or str(error)
