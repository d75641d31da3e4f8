"""Where a path leads, and who decides that: folders, links and lists of rights, without a race."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import pytest

from vrrplab.system.path_trust import Destination, follow

STRANGER = 4711
TRUSTED = {0, os.getuid()}  # whoever runs the tests made their folders


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A tidy folder, as it is when one of its links has been followed."""
    return tmp_path.resolve()


def seen(path: Path | str) -> Destination:
    return follow(str(path), TRUSTED)


def a_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_it_leads_where_the_kernel_goes(place: Path) -> None:
    """Input: relative and absolute links, links to links, "..", ".", and "..", behind a link. Output: the
    path that realpath finds, and the file that stat finds.
    """
    a_file(place / "real" / "deep" / "check")
    a_file(place / "check")
    (place / "relative").symlink_to("real/deep/../deep/./check")
    (place / "absolute").symlink_to(place / "relative")
    (place / "folder").symlink_to("real/deep/")
    (place / "far").symlink_to("//" + "/.." * 30 + str(place) + "/folder")
    for way in ("relative", "absolute", "folder/check", "folder/../deep/check", "far//./check", "check"):
        path = f"{place}/{way}"
        found, there = seen(path), os.stat(path)
        assert found == Destination(os.path.realpath(path), (there.st_dev, there.st_ino), True, "")
    assert not seen(place / "folder").is_file
    assert seen("/") == Destination("/", (os.stat("/").st_dev, os.stat("/").st_ino), False, "")


def test_what_cannot_be_followed_says_so(place: Path) -> None:
    (place / "a").symlink_to("b")
    (place / "b").symlink_to("a")
    a_file(place / "file")
    for way, number in (("a", errno.ELOOP), ("none", errno.ENOENT), ("file/x", errno.ENOTDIR)):
        with pytest.raises(OSError, match=os.strerror(number)) as raised:
            seen(place / way)
        assert raised.value.errno == number


def test_no_descriptor_stays_open(place: Path) -> None:
    (place / "link").symlink_to(a_file(place / "x" / "y"))
    before = os.listdir("/proc/self/fd")
    seen(place / "link")
    with pytest.raises(OSError, match="No such file"):
        seen(place / "x" / "none")
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize(
    ("folder", "file", "unsafe"),
    [
        (0o755, 0o755, ""),
        (0o777, 0o755, "{folder} can be written by others than root (chmod go-w {folder})"),
        (0o1777, 0o755, ""),  # sticky: whose file it is decides
        (0o755, 0o757, "{file} can be written by others than root (chmod go-w {file})"),
        (0o755, 0o1757, "{file} can be written by others than root (chmod go-w {file})"),
    ],
)
def test_who_may_write_decides(place: Path, folder: int, file: int, unsafe: str) -> None:
    path = a_file(place / "folder" / "check")
    path.chmod(file)
    path.parent.chmod(folder)
    names = {"file": path, "folder": path.parent}
    assert seen(path).unsafe == unsafe.format(**names)


def test_the_folder_of_a_link_counts(place: Path) -> None:
    """Input: a safe file; a link to it in a folder that anybody may write; a link in a safe folder that leads
    through that one. Output: both refused, for that folder; a way round it is not.
    """
    path = a_file(place / "safe" / "check")
    shared = place / "shared"
    shared.mkdir()
    (shared / "link").symlink_to(path)
    (place / "safe" / "through").symlink_to(shared / "link")
    (place / "safe" / "up").symlink_to("../shared/../safe/check")
    shared.chmod(0o777)
    why = f"{shared} can be written by others than root (chmod go-w {shared})"
    for way in (shared / "link", place / "safe" / "through", place / "safe" / "up"):
        assert seen(way).unsafe == why
    assert seen(path).unsafe == ""


@pytest.mark.needs("root")
def test_whose_it_is_decides(place: Path) -> None:
    """Input: a file, a folder and a link of a stranger, in a sticky folder as /tmp is. Output: refused; a
    file of his own is run for him.
    """
    path = a_file(place / "sticky" / "folder" / "check")
    (place / "sticky").chmod(0o1777)
    (place / "sticky" / "link").symlink_to(path)
    os.lchown(place / "sticky" / "link", STRANGER, STRANGER)
    link = place / "sticky" / "link"
    assert follow(str(link), {0}).unsafe == f"link {link} does not belong to root (chown -h root {link})"
    assert follow(str(path), {0}).unsafe == ""
    for one in (path.parent, path):
        os.chown(one, STRANGER, STRANGER)
        assert follow(str(path), {0}).unsafe == f"{one} does not belong to root (chown root {one})"
        told = follow(str(path), {0, 65534}, "nobody").unsafe
        assert told.startswith(f"{one} does not belong to root, nor to nobody, whom it runs as")
        assert follow(str(path), {0, STRANGER}).unsafe == ""
        os.chown(one, 0, 0)


@pytest.mark.needs("root")
def test_a_group_may_write_too(place: Path) -> None:
    path = a_file(place / "check")
    path.chmod(0o775)
    os.chown(path, 0, 0)
    assert seen(path).unsafe == "", "root's own group"
    os.chown(path, 0, STRANGER)
    assert "can be written by others" in seen(path).unsafe


@pytest.mark.needs("root")
@pytest.mark.parametrize(
    ("tag", "rights", "whose", "refused"),
    [
        (2, 6, STRANGER, True),
        (2, 4, STRANGER, False),
        (2, 6, 0, False),
        (8, 6, STRANGER, True),
        (8, 6, 0, False),
    ],
)
def test_a_list_of_rights_is_read(place: Path, tag: int, rights: int, whose: int, refused: bool) -> None:
    """Input: root's file with an access control list, which ls -l shows as rights of root's group. Output:
    refused if somebody else may write by it.
    """
    path = a_file(place / "check")
    mine, named = (1, 7, 0xFFFFFFFF), (tag, rights, whose)
    rest = [(4, 5, 0xFFFFFFFF), (0x10, 7, 0xFFFFFFFF), (0x20, 5, 0xFFFFFFFF)]
    entries = sorted([mine, named, *rest])
    try:
        text = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
        os.setxattr(path, "system.posix_acl_access", text)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        pytest.skip("this file system has no access control lists")
    assert path.stat().st_mode & 0o777 == 0o775
    assert bool(seen(path).unsafe) == refused


def test_another_name_of_a_file_in_a_sticky_folder(place: Path) -> None:
    """Where the kernel does not protect links (fs.protected_hardlinks), anybody can make one to a program of
    root's, under a name that a configuration expects. Output: refused there, and nowhere else.
    """
    path = a_file(place / "safe" / "program")
    (place / "sticky").mkdir()
    (place / "sticky").chmod(0o1777)
    os.link(path, place / "sticky" / "check")
    assert "another name of a file" in seen(place / "sticky" / "check").unsafe
    assert seen(path).unsafe == ""
