"""Capture files: both formats in all their byte orders and resolutions, and every way in which they break
off.
"""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import pytest
from broken_captures import until_break
from hypothesis import given, settings
from hypothesis import strategies as st

from vrrplab.capture.files import read_records
from vrrplab.capture.pcap import write_pcap
from vrrplab.capture.records import Record
from vrrplab.errors import CaptureError
from vrrplab.wire import links
from vrrplab.wire.frames import garp_frame

FRAME = garp_frame("02:00:00:00:00:fb", "192.168.2.100")


def classic(
    order: str, nanoseconds: bool, packets: list[tuple[int, int, bytes]], link_type: int = 1
) -> bytes:
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)]
    for seconds, fraction, data in packets:
        parts += [struct.pack(order + "IIII", seconds, fraction, len(data), len(data) + 7), data]
    return b"".join(parts)


def block(order: str, kind: int, body: bytes) -> bytes:
    size = 12 + len(body) + -len(body) % 4
    return (
        struct.pack(order + "II", kind, size) + body + bytes(-len(body) % 4) + struct.pack(order + "I", size)
    )


def section(order: str) -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(order: str, link_type: int = 1, options: bytes = b"", snap: int = 0) -> bytes:
    return block(order, 1, struct.pack(order + "HHI", link_type, 0, snap) + options)


def enhanced(order: str, number: int, units: int, data: bytes) -> bytes:
    head = struct.pack(order + "IIIII", number, units >> 32, units & 0xFFFFFFFF, len(data), len(data))
    return block(order, 6, head + data)


def records(data: bytes) -> list[Record]:
    return list(read_records(io.BytesIO(data), "test"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_classic_in_both_orders_and_resolutions(order: str, nanoseconds: bool) -> None:
    data = classic(
        order, nanoseconds, [(1_700_000_000, 123_456, FRAME), (1_700_000_001, 0, b"")], links.LINUX_SLL
    )
    first, second = records(data)
    assert first.t_ns == 1_700_000_000_000_000_000 + 123_456 * (1 if nanoseconds else 1000)
    assert (first.data, first.link_type, first.original_length) == (FRAME, links.LINUX_SLL, len(FRAME) + 7)
    assert (second.data, second.offset) == (b"", first.offset + len(FRAME) + 16)
    assert data[first.offset :].startswith(FRAME)


def test_frame_check_sequence_bits_are_no_link_type() -> None:
    assert records(classic("<", False, [(1, 0, FRAME)], 0x54000001))[0].link_type == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_next_generation(order: str) -> None:
    """Two interfaces with names, link types and resolutions of their own; unknown blocks are passed over."""
    data = b"".join(
        [
            section(order),
            interface(order, 1, option(order, 2, b"eth0") + option(order, 0, b"")),
            interface(order, 101, option(order, 2, b"tun0") + option(order, 9, b"\x09")),
            block(order, 5, bytes(20)),
            enhanced(order, 0, 1_700_000_000_123_456, FRAME),
            enhanced(order, 1, 1_700_000_000_123_456_789, FRAME[:21]),
        ]
    )
    first, second = records(data)
    assert (first.t_ns, first.interface, first.link_type) == (1_700_000_000_123_456_000, "eth0", 1)
    assert (second.t_ns, second.interface, second.link_type) == (1_700_000_000_123_456_789, "tun0", 101)
    assert (first.data, second.data) == (FRAME, FRAME[:21])
    assert data[second.offset :].startswith(FRAME[:21])


def test_sections_with_another_byte_order_and_their_own_interfaces() -> None:
    data = b"".join(
        section(order) + interface(order, link_type) + enhanced(order, 0, 5_000_000, FRAME)
        for order, link_type in (("<", 1), (">", 113))
    )
    assert [(r.link_type, r.t_ns) for r in records(data)] == [(1, 5_000_000_000), (113, 5_000_000_000)]


def test_time_resolution_in_powers_of_two_and_offset() -> None:
    options = option("<", 9, b"\x94") + option("<", 14, struct.pack("<q", 1_000_000))
    data = section("<") + interface("<", 1, options) + enhanced("<", 0, 3 << 19, FRAME)
    assert records(data)[0].t_ns == 1_000_001_500_000_000


def test_simple_and_old_packets() -> None:
    simple = block("<", 3, struct.pack("<I", len(FRAME)) + FRAME[:20])
    old = block("<", 2, struct.pack("<HHIIII", 0, 0, 0, 7, len(FRAME), len(FRAME)) + FRAME)
    first, second = records(section("<") + interface("<", snap=20) + simple + old)
    assert (first.data, first.original_length, first.t_ns) == (FRAME[:20], len(FRAME), 0)
    assert (second.data, second.t_ns) == (FRAME, 7000)


CLASSIC = classic("<", False, [(1, 0, FRAME), (2, 0, FRAME)])
NEXT = section("<") + interface("<") + enhanced("<", 0, 1, FRAME) + enhanced("<", 0, 2, FRAME)


@pytest.mark.parametrize("data", [CLASSIC, NEXT], ids=["pcap", "pcapng"])
def test_cut_at_every_byte(data: bytes) -> None:
    """Every packet before the cut, then one line that names the byte; a cut between packets is no break."""
    whole = records(data)
    ends = {size for size in range(len(data) + 1) if _reads(data[:size]) is None}
    assert len(data) in ends
    for size in range(len(data)):
        error = _reads(data[:size])
        if error is None:
            continue
        assert "\n" not in error
        if size >= 4 and "breaks off" in error:
            assert f"byte {size}" in error
    assert len(whole) == 2
    assert len(ends) <= 6


def _reads(data: bytes) -> str | None:
    return until_break(read_records(io.BytesIO(data), "test"))[1] or None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xd4", "ends after 1 byte,"),
        (b"\x1f\x8b\x08\x00", "its gzip is damaged, or ends early"),
        (b"\x28\xb5\x2f\xfd\x04", "zst"),  # unzstd, or what zstandard says of it
        (b"\x04\x22\x4d\x18", "unlz4"),
        (b"snoop\0\0\0", "editcap -F pcap"),
        (b"GIF89a", "begins with 47 49 46 38"),
        (CLASSIC[:24] + struct.pack("<IIII", 1, 0, 0x7FFFFFFF, 60), "damaged"),
        (section("<") + enhanced("<", 0, 1, FRAME), "interface 0"),
        (section("<") + interface("<", options=option("<", 9, b"\x7f")), "resolution"),
        (section("<") + struct.pack("<II", 6, 13), "block of 13 bytes"),
        (section("<") + struct.pack("<II", 6, 0x7FFFFFFC), "damaged"),
        (section("<")[:8] + b"\0\0\0\0" + section("<")[12:], "byte-order mark"),
        (section("<") + interface("<") + enhanced("<", 0, 1, FRAME)[:-4] + b"\0\0\0\0", "two lengths differ"),
        (section("<") + block("<", 1, b"\1\0"), "too short"),
        (section("<") + interface("<") + block("<", 6, bytes(8)), "too short"),
    ],
)
def test_what_is_no_capture_gets_one_clear_line(data: bytes, words: str) -> None:
    with pytest.raises(CaptureError) as caught:
        records(data)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        list(read_records(tmp_path / "nothing.pcap"))
    with pytest.raises(CaptureError, match="directory"):
        list(read_records(tmp_path))


def test_written_captures_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "out.pcap"
    frames = [(0, FRAME), (1_500_000, FRAME + bytes(3)), (2_000_001, b"")]
    assert write_pcap(str(path), iter(frames), epoch_s=1_700_000_000) == 3
    assert [(r.t_ns // 1000 - 1_700_000_000_000_000, r.data) for r in read_records(path)] == frames


@pytest.mark.needs("tshark")
def test_tshark_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.pcap"
    write_pcap(str(path), ((n * 1000, FRAME) for n in range(50)))
    done = subprocess.run(
        ["tshark", "-r", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 50
    assert "Malformed" not in done.stdout


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from((CLASSIC, NEXT)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=5),
    st.integers(0, 400),
)
def test_damaged_files_raise_nothing_else(data: bytes, changes: list[tuple[int, int]], size: int) -> None:
    changed = bytearray(data)
    for place, value in changes:
        changed[place % len(changed)] = value
    error = _reads(bytes(changed[:size]))
    assert error is None or error.startswith("test: ")


def test_a_link_type_that_is_not_read_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "serial.pcap"
    write_pcap(str(path), [(0, bytes(60))], 250)
    with pytest.raises(
        CaptureError, match=r"has link type 250 \(Schweitzer RTAC serial\), which is not"
    ) as told:
        next(read_records(path))
    assert "Ethernet" in str(told.value)
