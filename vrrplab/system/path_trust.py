"""Who decides what a path leads to: whoever may write to a folder on the way or to the file, or owns a link.

The way is followed as the kernel follows it, name by name, each opened in the folder before it and looked at
through its descriptor. So what was looked at is where the next step starts from, however fast somebody
exchanges names; and where everything on the way belongs to those who are trusted, nobody else can make the
path lead elsewhere afterwards.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

_MOST_LINKS = 40  # path_resolution(7)
_OPEN = getattr(os, "O_PATH", 0) | os.O_NOFOLLOW | os.O_CLOEXEC
_ACL_ENTRY = struct.Struct("<HHI")  # tag, rights, whose: linux/posix_acl_xattr.h, behind a version of 4 bytes
_ACL_USER, _ACL_GROUP, _ACL_WRITE = 0x02, 0x08, 0x02


class Destination(NamedTuple):
    """Where a path leads: ``path`` has no links; ``identity`` is device and inode.

    ``unsafe``: why others than the trusted decide what is there, with a cure, or ""; if there is a reason,
    the rest tells of the place where it shows.
    """

    path: str
    identity: tuple[int, int]
    is_file: bool
    unsafe: str


def follow(path: str, trusted: Collection[int], runner: str = "") -> Destination:
    """Follow a path that begins with / to its end, or to the first thing that is unsafe.

    ``trusted``: numbers of users, root's among them; ``runner``: how another one is called. OSError, as for
    any path that cannot be followed.
    """
    shared = False  # others may make names in the folder that we stand in

    def judge(place: str, item: int, found: os.stat_result) -> str:
        nonlocal shared
        why = _unsafe(item, found, place, trusted, runner, shared)
        if not stat.S_ISLNK(found.st_mode):
            shared = _others_may_write(item, found, trusted)
        return why

    with _followed(path, judge) as (place, item, why):
        found = os.fstat(item)
        return Destination(place, (found.st_dev, found.st_ino), stat.S_ISREG(found.st_mode), why)


def open_folder(path: str, trusted: Collection[int]) -> int:
    """A folder, to open files in that may belong to others: no link on the way does, at whatever moment.

    OSError (ELOOP) where one does, as the kernel has it for links in sticky folders (protected_symlinks).
    """

    def judge(place: str, item: int, found: os.stat_result) -> str:
        theirs = stat.S_ISLNK(found.st_mode) and found.st_uid not in trusted
        return f"{place} is a link of somebody else" if theirs else ""

    with _followed(path, judge) as (_, item, why):
        if why:
            raise OSError(errno.ELOOP, why, path)
        return os.open(".", _OPEN | os.O_DIRECTORY, dir_fd=item)


@contextlib.contextmanager
def _followed(path: str, judge: Callable[[str, int, os.stat_result], str]) -> Iterator[tuple[str, int, str]]:
    """Where a path leads, as text and opened, and what ``judge`` said; it ends where that is something."""
    todo, names, links = _steps(path), list[str](), 0
    with contextlib.ExitStack() as opened:
        here = None
        while True:
            step = todo.pop()
            item = os.open(step, _OPEN, dir_fd=here)
            opened.callback(os.close, item)
            if step == "/":
                names.clear()
            elif step == "..":
                del names[-1:]
            else:
                names.append(step)
            place, found = "/" + "/".join(names), os.fstat(item)
            is_link = stat.S_ISLNK(found.st_mode)
            why = judge(place, item, found)
            if why or not (todo or is_link):
                yield place, item, why
                return
            if is_link:
                names.pop()
                todo += _steps(os.readlink("", dir_fd=item))
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            else:
                here = item


def _steps(path: str) -> list[str]:
    """The names of a path, the first one last; "/" stands for the root."""
    names = [name for name in path.split("/") if name not in ("", ".")]
    return [*reversed(names), "/"] if path.startswith("/") else names[::-1]


def _unsafe(
    item: int, found: os.stat_result, place: str, trusted: Collection[int], runner: str, shared: bool
) -> str:
    """Why others decide what is at a place, or what can be reached through it, or ""."""
    kind = found.st_mode
    link = "link " if stat.S_ISLNK(kind) else ""
    if found.st_uid not in trusted:
        nor = f", nor to {runner}, whom it runs as" if runner else ""
        cure = f"chown {'-h ' if link else ''}root {place}"
        return f"{link}{place} does not belong to root{nor} ({cure})"
    # in a sticky folder nobody can exchange what belongs to somebody else
    sticky = stat.S_ISDIR(kind) and kind & stat.S_ISVTX
    if not sticky and not link and _others_may_write(item, found, trusted):
        return f"{place} can be written by others than root (chmod go-w {place})"
    if shared and stat.S_ISREG(kind) and found.st_nlink > 1:
        return (
            f"{place} is another name of a file, which anybody could have made there (put a copy elsewhere)"
        )
    return ""


def _others_may_write(item: int, found: os.stat_result, trusted: Collection[int]) -> bool:
    if found.st_mode & stat.S_IWOTH:
        return True
    if not found.st_mode & stat.S_IWGRP:
        return False
    if found.st_gid != 0:
        return True
    # with an access control list the group's rights are the most that anybody named in it may have
    try:
        entries = os.getxattr(f"/proc/self/fd/{item}", "system.posix_acl_access")[4:]
    except OSError as error:
        return error.errno not in (errno.ENODATA, errno.EOPNOTSUPP)  # no list, or a file system without
    for tag, rights, whose in _ACL_ENTRY.iter_unpack(entries):
        stranger = (tag == _ACL_USER and whose not in trusted) or (tag == _ACL_GROUP and whose != 0)
        if stranger and rights & _ACL_WRITE:
            return True
    return False
