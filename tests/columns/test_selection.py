"""A timeline of a large capture, whose other traffic is only counted, is the same to the letter."""

from __future__ import annotations

import io
import random
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from column_frames import GROUP, LINK, MAC, SOURCE, damaged, kinds_of_frames  # noqa: E402
from test_column_files import Next, big_endian_nanoseconds, long_file  # noqa: E402

from vrrplab.capture.pcap import write_pcap  # noqa: E402
from vrrplab.capture.reader import CapturedFrame, Passed, read_frames  # noqa: E402
from vrrplab.columns import reader, selection  # noqa: E402
from vrrplab.commands import cli  # noqa: E402
from vrrplab.errors import CaptureError  # noqa: E402
from vrrplab.wire import links  # noqa: E402
from vrrplab.wire.frames import advert_frame, garp_frame  # noqa: E402
from vrrplab.wire.ip import IPv4Header  # noqa: E402
from vrrplab.wire.vrrp import Advertisement  # noqa: E402
from vrrplab.witness.sightings import KINDS  # noqa: E402
from vrrplab.witness.timeline import timeline_of  # noqa: E402
from vrrplab.witness.timeline_text import json_lines, table  # noqa: E402
from vrrplab.witness.timeline_trace import to_trace  # noqa: E402

DATA = Path(__file__).parents[2] / "data"
CAPTURES = sorted([*DATA.glob("recordings/*/capture.pcap"), *DATA.glob("captures/*.pcap*")])


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "LARGE_BYTES", 0)


def told(frames: Iterable[CapturedFrame | Passed]) -> tuple[list[str], str]:
    """The timeline in every form, and how the capture broke off."""
    error = []

    def until_break() -> Iterable[CapturedFrame | Passed]:
        try:
            yield from frames
        except CaptureError as broken:
            error.append(str(broken))

    timeline = timeline_of(until_break())
    as_trace = io.StringIO()
    to_trace(timeline).write(as_trace)
    return [table(timeline), *json_lines(timeline), as_trace.getvalue()], "".join(error)


def frames_of(frames: Iterable[CapturedFrame | Passed]) -> tuple[list[tuple[object, ...]], int]:
    """All that is known of the frames that matter, and how many there are in all."""
    matter, count = [], 0
    try:
        for found in frames:
            if isinstance(found, Passed):
                count += found.frames
                continue
            count += 1
            if found.frame.kind in KINDS:
                number, t_ns, frame, interface, size = found
                matter.append((number, t_ns, frame.raw, frame.link_type, interface, size))
    except CaptureError:
        pass
    return matter, count


def assert_same_timeline(path: Path) -> None:
    assert frames_of(selection.select_frames(path, KINDS)) == frames_of(read_frames(path))
    assert told(selection.select_frames(path, KINDS)) == told(read_frames(path))


def test_there_are_captures() -> None:
    assert len(CAPTURES) > 136


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.parent.name)
def test_of_every_recording(path: Path) -> None:
    assert_same_timeline(path)


def other_traffic(chance: random.Random) -> bytes:
    protocol = chance.choice((2, 6, 17))
    return LINK + b"\x08\0" + IPv4Header("10.0.0.1", "10.0.0.2", protocol, 64).emit(chance.randbytes(40))


def a_night(chance: random.Random, frames: int) -> list[tuple[int, bytes]]:
    """An advert and an announcement now and then, among other traffic; times go back a little at times."""
    night = []
    for number in range(frames):
        frame = other_traffic(chance)
        if number % 50 == 7:
            advert = Advertisement(2, 51, 150, 1_000_000, ("10.0.0.1",))
            frame = advert_frame(MAC, SOURCE, GROUP, advert, ip_id=number)
        elif number % 500 == 8:
            frame = garp_frame(MAC, "10.0.0.1")
        night.append((number * 20_000 + chance.randrange(30_000), frame))
    return night


def test_frames_that_do_not_matter_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "night.pcap"
    write_pcap(str(path), a_night(random.Random(1), 5000))
    monkeypatch.setattr(reader, "_ROWS", 700)
    assert_same_timeline(path)
    found = list(selection.select_frames(path, KINDS))
    assert sum(isinstance(item, CapturedFrame) for item in found) == 5000 // 50 + 5000 // 500


@pytest.mark.parametrize("link_type", [links.ETHERNET, links.RAW, links.LINUX_SLL, links.LINUX_SLL2])
def test_of_damaged_frames_on_every_link(tmp_path: Path, link_type: int) -> None:
    chance = random.Random(link_type)
    pool = kinds_of_frames()
    path = tmp_path / "damaged.pcap"
    cut = {links.RAW: 14}.get(link_type, 0)
    frames = [(n * 9973, damaged(chance.choice(pool), chance)[cut:] or b"\0") for n in range(3000)]
    write_pcap(str(path), frames, link_type)
    assert_same_timeline(path)


def test_of_any_interface_and_byte_order(tmp_path: Path) -> None:
    path = tmp_path / "long.pcapng"
    path.write_bytes(long_file(random.Random(7)))
    assert_same_timeline(path)
    big_endian_nanoseconds(tmp_path / "big.pcap", kinds_of_frames() * 20)
    assert_same_timeline(tmp_path / "big.pcap")


def named_interfaces() -> bytes:
    """Two interfaces with names, cut frames, and a time that 64 bits do not hold."""
    made = Next()
    for name in (b"eth0", b"eth1"):
        made.interface(options=made.option(2, name))
    chance = random.Random(4)
    for t_us, frame in a_night(chance, 400):
        made.packet(frame, chance.randrange(2), t_us)
    made.packet(garp_frame(MAC, SOURCE), units=0xFFFFFFFF << 32)
    for t_us, frame in a_night(chance, 100):
        made.simple_packet(frame) if t_us % 3 else made.packet(frame, 1, t_us)
    return bytes(made.data)


def test_of_named_interfaces_and_absurd_times(tmp_path: Path) -> None:
    path = tmp_path / "named.pcapng"
    path.write_bytes(named_interfaces())
    assert_same_timeline(path)
    names = {item.interface for item in read_frames(path)}
    assert names == {"eth0", "eth1"}


def half(data: bytearray) -> bytearray:
    return data[: len(data) // 2 + 5]


def with_a_packet_that_cannot_be(data: bytearray) -> bytearray:
    data[24 + 8 : 24 + 12] = struct.pack("<I", 0x7FFFFFFF)
    return data


def not_a_capture(data: bytearray) -> bytearray:
    return bytearray(b"\x1f\x8b") + data


@pytest.mark.parametrize("damage", [half, with_a_packet_that_cannot_be, not_a_capture])
@pytest.mark.parametrize("form", [[], ["--format", "jsonl"], ["--as", "trace"]])
def test_a_broken_file_gives_the_same_line_and_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[bytearray], bytearray],
    form: list[str],
) -> None:
    path = tmp_path / "night.pcap"
    write_pcap(str(path), a_night(random.Random(2), 3000))
    path.write_bytes(damage(bytearray(path.read_bytes())))

    def said() -> tuple[int, str, str]:
        code = cli.main(["decode", "--timeline", *form, str(path)])
        return code, *capsys.readouterr()

    through_columns = said()
    monkeypatch.setattr(selection, "LARGE_BYTES", 2**40)
    assert through_columns == said()
    assert through_columns[0] == 2


def test_without_numpy_every_frame_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "night.pcap"
    write_pcap(str(path), a_night(random.Random(3), 300))
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert sum(isinstance(item, CapturedFrame) for item in selection.select_frames(path, KINDS)) == 300
