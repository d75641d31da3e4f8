"""Files in folders of others: what root opens there is an ordinary file, and the one that is meant."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from vrrplab.system.careful_files import open_to_read, open_to_replace

STRANGER = 4711


def replaced(path: Path) -> None:
    with open_to_replace(str(path)) as file:
        file.write(b"new")


def test_a_file_is_made_or_emptied(tmp_path: Path) -> None:
    path = tmp_path / "value"
    replaced(path)
    assert path.read_text(encoding="utf-8") == "new"
    path.write_text("something longer", encoding="utf-8")
    path.chmod(0o664)
    inode = path.stat().st_ino
    replaced(path)
    with open_to_read(str(path)) as file:
        assert file.read() == b"new"
    assert (path.stat().st_ino, path.stat().st_mode & 0o777) == (inode, 0o664), "the same file"
    (tmp_path / "way").symlink_to(tmp_path)
    (tmp_path / "way" / "value").write_text("2", encoding="utf-8")
    replaced(tmp_path / "way" / "value")
    assert path.read_text(encoding="utf-8") == "new", "our own links are followed to the folder"


def test_no_link_at_the_end_and_no_second_name(tmp_path: Path) -> None:
    """What somebody may put there to have another file of root's emptied."""
    kept = tmp_path / "kept"
    kept.write_text("kept", encoding="utf-8")
    (tmp_path / "link").symlink_to(kept)
    (tmp_path / "dangling").symlink_to(tmp_path / "made")
    for name in ("link", "dangling"):
        with pytest.raises(OSError, match="it is a link"):
            replaced(tmp_path / name)
    os.link(kept, tmp_path / "twin")
    with pytest.raises(OSError, match="the file has other names"):
        replaced(tmp_path / "twin")
    assert kept.read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "made").exists()


@pytest.mark.needs("root")
def test_no_link_of_somebody_else_on_the_way(tmp_path: Path) -> None:
    """Input: a stranger's folder that he has replaced by a link to one of root's. Output: refused."""
    (tmp_path / "roots").mkdir()
    kept = tmp_path / "roots" / "value"
    kept.write_text("kept", encoding="utf-8")
    (tmp_path / "folder").symlink_to("roots")
    os.lchown(tmp_path / "folder", STRANGER, STRANGER)
    with pytest.raises(OSError, match="folder is a link of somebody else"):
        replaced(tmp_path / "folder" / "value")
    assert kept.read_text(encoding="utf-8") == "kept"
    (tmp_path / "folder").unlink()
    (tmp_path / "folder").mkdir()
    os.chown(tmp_path / "folder", STRANGER, STRANGER)
    replaced(tmp_path / "folder" / "value")


def test_a_fifo_or_a_device_is_not_opened(tmp_path: Path) -> None:
    """A FIFO would be waited at for ever; to open a device may do something (a watchdog reboots)."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "device").symlink_to("/dev/null")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "device", "folder"):
        with pytest.raises(OSError, match="no ordinary file"):
            open_to_read(str(tmp_path / name))
    for name in ("fifo", "folder"):
        with pytest.raises(OSError, match="no ordinary file"):
            replaced(tmp_path / name)
    opened = threading.Event()

    def write() -> None:
        with open(tmp_path / "fifo", "wb"):
            opened.set()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    with pytest.raises(OSError, match="no ordinary file"):
        open_to_read(str(tmp_path / "fifo"))
    assert not opened.is_set(), "nobody opened the other end"
    os.close(os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK))
    writer.join(10)
