"""A compressed capture that breaks off, or has more behind it, gives all that came before."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from broken_captures import until_break

from vrrplab.capture.files import read_records
from vrrplab.capture.pcap import write_pcap
from vrrplab.columns.reader import read
from vrrplab.wire.frames import garp_frame

FRAME = garp_frame("02:00:00:00:00:fb", "192.168.2.100")
PACKED = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def capture(tmp_path: Path, frames: int) -> bytes:
    path = tmp_path / "night.pcap"
    noise = random.Random(19)
    write_pcap(str(path), ((n * 1000, FRAME + noise.randbytes(16)) for n in range(frames)))
    return path.read_bytes()


def counted(parts: Iterator[int]) -> tuple[int, str]:
    found, why = until_break(parts)
    return sum(found), why or "nothing was missed"


def told(path: Path) -> tuple[int, int, str]:
    """Records, rows of columns, and why there are no more."""
    records, why = counted(1 for _ in read_records(path))
    rows, _ = counted(len(chunk) for chunk in read(path))
    return records, rows, why


@pytest.mark.parametrize("frames", [50, 6000])
@pytest.mark.parametrize("name", [*PACKED])
def test_only_its_check_value_is_missing(tmp_path: Path, name: str, frames: int) -> None:
    path = tmp_path / f"cut.pcap.{name}"
    path.write_bytes(PACKED[name](capture(tmp_path, frames))[:-1])
    records, rows, why = told(path)
    assert records == rows == frames
    assert "ends early" in why


def test_half_of_it_is_half_of_the_frames(tmp_path: Path) -> None:
    whole = gzip.compress(capture(tmp_path, 6000))
    path = tmp_path / "cut.pcap.gz"
    path.write_bytes(whole[: len(whole) // 2])
    records, rows, _ = told(path)
    assert records == rows
    assert 2900 < records < 3100


@pytest.mark.parametrize("behind", [b"\x1et", b"not compressed"])
def test_something_else_is_behind_it(tmp_path: Path, behind: bytes) -> None:
    path = tmp_path / "more.pcap.gz"
    path.write_bytes(gzip.compress(capture(tmp_path, 50)) + behind)
    records, rows, why = told(path)
    assert records == rows == 50
    assert "damaged" in why
