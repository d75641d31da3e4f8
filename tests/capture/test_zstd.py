"""Captures that zstd compressed: read as they are, and what is wrong with one is a line."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path

import pytest
import zstandard
from broken_captures import until_break

from vrrplab.capture import compressed
from vrrplab.capture.files import read_records
from vrrplab.capture.pcap import write_pcap
from vrrplab.capture.records import Break, Record
from vrrplab.installing import how_to_install
from vrrplab.limits import Limit
from vrrplab.wire.frames import garp_frame

FRAME = garp_frame("02:00:00:00:00:fb", "192.168.2.100")
SKIPPED = (
    bytes.fromhex("502a4d18 04000000") + b"skip"
)  # a frame of zstd that holds nothing (pzstd writes them)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "night.pcap"
    write_pcap(str(path), ((n * 1000, FRAME + n.to_bytes(4, "big")) for n in range(5000)))
    return path


def packed(path: Path, data: bytes) -> Path:
    into = path.with_suffix(".pcap.zst")
    into.write_bytes(data)
    return into


def read(path: Path) -> tuple[list[Record], str]:
    """The records, and the error that ends them."""
    return until_break(read_records(path))


def test_it_is_read_as_the_capture_that_is_in_it(plain: Path) -> None:
    """Input: one frame of zstd, two with one between that holds nothing. Output: the same records."""
    data, compressor = plain.read_bytes(), zstandard.ZstdCompressor()
    whole = read(plain)
    assert len(whole[0]) == 5000
    assert read(packed(plain, compressor.compress(data))) == whole
    parts = compressor.compress(data[:1234]) + SKIPPED + compressor.compress(data[1234:])
    assert read(packed(plain, parts)) == whole


def test_one_that_ends_early_gives_what_comes_before(plain: Path) -> None:
    noise = random.Random(1).randbytes  # its blocks are many then, and most are whole
    write_pcap(str(plain), ((n * 1000, noise(400)) for n in range(2000)))
    whole = read(plain)[0]
    data = zstandard.ZstdCompressor().compress(plain.read_bytes())
    found, error = read(packed(plain, data[: len(data) // 2]))
    assert found == whole[: len(found)]
    assert len(found) > 500
    assert "its zstd is damaged, or ends early: a frame is not whole" in error
    found, error = read(packed(plain, data[: len(data) // 2] + b"\xff" * 9))
    assert found == whole[: len(found)]
    assert "zstd" in error
    assert "\n" not in error


def test_a_bomb_is_unpacked_up_to_the_limit_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: 200 MB of zeros in some kilobytes. Output: an error at the limit; what is unpacked at a time is
    bounded.
    """
    monkeypatch.setattr(compressed, "UNPACKED_BYTES", Limit(50_000_000, "bytes", "a test", "quick"))
    bomb = zstandard.ZstdCompressor().compress(bytes(200_000_000))
    assert len(bomb) < 50_000
    sizes = []
    real = zstandard.ZstdDecompressor

    class Measured:
        def __init__(self, **options: int) -> None:
            self.inner = real(**options)

        def decompressobj(self) -> object:
            frame = self.inner.decompressobj()

            class Frame:
                eof = property(lambda self: frame.eof)
                unused_data = property(lambda self: frame.unused_data)

                def decompress(self, data: bytes) -> bytes:
                    out = frame.decompress(data)
                    sizes.append(len(out))
                    return bytes(out)

            return Frame()

    monkeypatch.setattr(zstandard, "ZstdDecompressor", Measured)
    stream, size = compressed.unpacked(io.BytesIO(bomb), "zstd"), 0
    error = ""
    try:
        while data := stream.read(1_000_000):
            size += len(data)
    except Break as end:
        error = end.message
    assert "unpacks to more than 50,000,000 bytes" in error
    assert size <= 50_000_000
    assert max(sizes) <= 1024 // 4 * 128 * 1024


def test_a_frame_that_wants_gigabytes_of_memory_is_refused(plain: Path) -> None:
    # RFC 8878 section 3.1.1.1.2: a window of 2 GiB, and one raw block of a byte
    header = bytes.fromhex("28b52ffd 00 a8 090000") + b"x"
    found, error = read(packed(plain, header))
    assert found == []
    assert "too much memory" in error
    assert "\n" not in error


def test_without_the_package_the_line_names_the_command(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setattr("vrrplab.installing.checkout", lambda: "")
    path = packed(plain, zstandard.ZstdCompressor().compress(plain.read_bytes()))
    found, error = read(path)
    assert found == []
    command = how_to_install("zstandard")
    assert "[zstd]" in command
    assert error == f"{path}: is compressed - unzstd it first, or bring what reads it: {command}"
