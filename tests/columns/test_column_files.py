"""Columns of whole files: every format, sizes beyond a part, and breaks exactly where the record reader has
them.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from broken_captures import until_break  # noqa: E402
from column_frames import MAC, SOURCE, assert_same_as_codec, kinds_of_frames  # noqa: E402

from vrrplab import columns  # noqa: E402
from vrrplab.capture.files import read_records  # noqa: E402
from vrrplab.capture.pcap import write_pcap  # noqa: E402
from vrrplab.capture.records import Record  # noqa: E402
from vrrplab.columns import pcap, pcapng, reader, runs  # noqa: E402
from vrrplab.columns.chain import follow  # noqa: E402
from vrrplab.errors import CaptureError  # noqa: E402
from vrrplab.wire import links  # noqa: E402
from vrrplab.wire.frames import garp_frame  # noqa: E402


def big_endian_nanoseconds(path: Path, frames: list[bytes]) -> None:
    with path.open("wb") as file:
        file.write(struct.pack(">IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, links.ETHERNET))
        for number, frame in enumerate(frames):
            file.write(
                struct.pack(">IIII", 1_700_000_000 + number, 123_456_789, len(frame), len(frame)) + frame
            )


def test_big_endian_and_nanoseconds(tmp_path: Path) -> None:
    path = tmp_path / "big.pcap"
    big_endian_nanoseconds(path, kinds_of_frames() * 100)
    assert_same_as_codec(path)
    assert columns.read(path).column("t_ns")[0] == 1_700_000_000_123_456_789


def test_lanes_find_what_a_plain_walk_finds(tmp_path: Path) -> None:
    """Packets of odd and of great length, and payloads that look like packet headers themselves."""
    chance = random.Random(5)
    lure = struct.pack("<IIII", 1_700_000_000, 5, 20, 20) + bytes(20)
    frames = []
    for _ in range(9000):
        size = chance.choice((14, 33, 60, 61, 900, 1514, 9000)) if chance.random() < 0.1 else 60
        frames.append((lure * (size // len(lure) + 1))[:size])
    path = tmp_path / "lure.pcap"
    write_pcap(str(path), enumerate(frames), epoch_s=1_700_000_000)
    data = path.read_bytes()[24:]
    chain = pcap.PacketChain(np.frombuffer(data + bytes(256), np.uint8), "<")
    offsets, consumed = follow(chain, len(data))
    sizes = np.array([16 + len(frame) for frame in frames])
    assert np.diff(offsets, append=consumed).tolist() == sizes.tolist()
    assert consumed == len(data)


def test_a_file_larger_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcap, "BLOCK_BYTES", 300_000)
    monkeypatch.setattr(reader, "_ROWS", 700)
    path = tmp_path / "long.pcap"
    pool = kinds_of_frames()
    write_pcap(str(path), ((n, pool[n % len(pool)]) for n in range(6_000)))
    assert_same_as_codec(path)
    chunks = list(columns.read(path))
    assert max(map(len, chunks)) <= 700
    assert [int(chunk.number[0]) for chunk in chunks][:2] == [1, len(chunks[0]) + 1]


def rows_before_break(path: Path) -> tuple[int, str]:
    chunks, error = until_break(columns.read(path))
    assert error, "the break was not noticed"
    return sum(map(len, chunks)), error


@pytest.mark.parametrize("cut", [1, 8, 15, 17, 40])
def test_a_broken_file_gives_what_comes_before_the_break(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.pcap"
    pool = kinds_of_frames()
    write_pcap(str(path), ((n, pool[n % len(pool)]) for n in range(5000)))
    path.write_bytes(path.read_bytes()[:-cut])
    rows, error = rows_before_break(path)
    with pytest.raises(CaptureError) as theirs:
        list(read_records(path))
    assert rows == 4999
    assert error == str(theirs.value)


def test_damage_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "damaged.pcap"
    frame = garp_frame(MAC, SOURCE)
    write_pcap(str(path), ((n, frame) for n in range(30_000)))
    data = bytearray(path.read_bytes())
    place = 24 + 20_000 * (16 + len(frame)) + 8
    data[place : place + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)
    rows, error = rows_before_break(path)
    assert rows == 20_000
    assert f"byte {place}" in error


# --- pcapng ------------------------------------------------------------------------------------------------


class Next:
    """A pcapng file in the making."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.section()

    def block(self, kind: int, body: bytes) -> None:
        body += bytes(-len(body) % 4)
        length = struct.pack(self.order + "I", 12 + len(body))
        self.data += struct.pack(self.order + "I", kind) + length + body + length

    def section(self, order: str = "<") -> None:
        self.order = order
        self.block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))

    def interface(self, link_type: int = links.ETHERNET, options: bytes = b"") -> None:
        self.block(1, struct.pack(self.order + "HHI", link_type, 0, 0) + options)

    def option(self, code: int, value: bytes) -> bytes:
        return struct.pack(self.order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    def packet(self, frame: bytes, interface: int = 0, units: int = 0, options: bytes = b"") -> None:
        head = (interface, units >> 32, units & 0xFFFFFFFF, len(frame), len(frame))
        data = frame + bytes(-len(frame) % 4)
        self.block(6, struct.pack(self.order + "5I", *head) + data + options)

    def simple_packet(self, frame: bytes) -> None:
        self.block(3, struct.pack(self.order + "I", len(frame)) + frame)

    def old_packet(self, frame: bytes, interface: int = 0) -> None:
        head = struct.pack(self.order + "HHIIII", interface, 0, 0, 5, len(frame), len(frame))
        self.block(2, head + frame)


def long_file(chance: random.Random) -> bytearray:
    """Enough packets for many lanes, of interfaces that count time differently, with everything else that a
    file may hold in between.
    """
    made = Next()
    pool = kinds_of_frames()

    def interfaces() -> None:
        made.interface()
        made.interface(options=made.option(9, bytes([9])) + made.option(14, struct.pack(made.order + "q", 5)))
        made.interface(options=made.option(9, bytes([0x80 | 20])))
        made.interface(links.RAW)

    interfaces()
    for number in range(4000):
        interface = min(chance.randrange(40), 3) if chance.random() < 0.2 else 0
        frame = chance.choice(pool)[14 if interface == 3 else 0 :]
        made.packet(frame, interface, chance.randrange(1 << 50), made.option(1, b"seen") * (number % 7 == 0))
        match number % 700:
            case 90:
                made.simple_packet(frame)
            case 180:
                made.old_packet(frame)
            case 270:
                made.block(5, bytes(12))  # statistics
            case 360:
                made.block(0x00000BAD, struct.pack("<II", 6, 80) * 30)  # looks like packets, and is none
            case 450 if number > 2000:
                made.section(">" if made.order == "<" else "<")
                interfaces()
    return made.data


def told(path: Path) -> tuple[list[Record], str]:
    """What the record reader says: packets, and how it ended."""
    return until_break(read_records(path))


def assert_same_as_records(path: Path) -> None:
    records, expected = told(path)
    chunks, error = until_break(columns.read(path))
    times = [t_ns for chunk in chunks for t_ns in chunk.t_ns.tolist()]
    numbers = [number for chunk in chunks for number in chunk.number.tolist()]
    assert error == expected
    assert times == [max(min(record.t_ns, 2**63 - 1), -(2**63)) for record in records]
    assert numbers == list(range(1, len(records) + 1))


@pytest.mark.parametrize("first_bytes", [64 * 1024, 1024 * 1024])
def test_everything_that_a_pcapng_file_may_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_bytes: int
) -> None:
    monkeypatch.setattr(pcapng, "_FIRST_BYTES", first_bytes)
    path = tmp_path / "long.pcapng"
    path.write_bytes(long_file(random.Random(7)))
    assert_same_as_codec(path)


def test_packets_of_pcapng_are_not_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    advance = pcapng.Blocks.advance
    monkeypatch.setattr(pcapng.Blocks, "advance", lambda *arguments: calls.append(1) or advance(*arguments))
    made = Next()
    made.interface()
    made.interface()
    for number in range(3000):
        made.packet(garp_frame(MAC, SOURCE), number % 2, number)
    (tmp_path / "plain.pcapng").write_bytes(made.data)
    assert len(columns.read(tmp_path / "plain.pcapng").column("vrid")) == 3000
    assert len(calls) == 4  # the section header, two interfaces, and the end of the file


@pytest.mark.parametrize("seed", range(4))
def test_damaged_pcapng_breaks_where_the_record_reader_breaks(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    whole = long_file(chance)
    path = tmp_path / "damaged.pcapng"
    for _ in range(12):
        data = bytearray(whole)
        place = chance.randrange(28, len(data))
        place = place // 4 * 4 if chance.random() < 0.7 else place
        match chance.randrange(4):
            case 0:
                del data[place:]
            case 1:
                data[place] ^= 1 << chance.randrange(8)
            case 2:
                data[place : place + 4] = chance.choice(
                    (b"\0\0\0\0", b"\x0c\0\0\0", b"\xff\xff\xff\xff", b"\x0a\x0d\x0d\x0a", b"\6\0\0\0")
                )
            case 3:
                data[place:place] = data[place : place + chance.randrange(200)]
        path.write_bytes(data)
        assert_same_as_records(path)


@pytest.mark.parametrize(
    ("interface", "captured"), [(1, 60), (0, 300_000), (0xFFFFFFFF, 60), (0, 0xFFFFFFFF)]
)
def test_a_packet_that_cannot_be(tmp_path: Path, interface: int, captured: int) -> None:
    """Among many that can: of an interface that nobody described, or longer than its block."""
    made = Next()
    made.interface()
    for number in range(5000):
        made.packet(bytes(60), 0, number)
        if number == 4000:
            there = min(captured, 300_000)
            made.block(6, struct.pack("<5I", interface, 0, 0, captured, captured) + bytes(there))
    (tmp_path / "wrong.pcapng").write_bytes(made.data)
    assert told(tmp_path / "wrong.pcapng")[1]
    assert_same_as_records(tmp_path / "wrong.pcapng")


def test_times_beyond_64_bits(tmp_path: Path) -> None:
    """pcapng can say them; such a packet is read all the same."""
    made = Next()
    made.interface()
    made.packet(garp_frame(MAC, SOURCE), units=0xFFFFFFFF << 32)
    made.packet(garp_frame(MAC, SOURCE), units=1)
    made.interface(options=made.option(14, struct.pack("<q", -(2**62))))
    made.packet(garp_frame(MAC, SOURCE), 1)
    path = tmp_path / "late.pcapng"
    path.write_bytes(made.data)
    assert next(read_records(path)).t_ns > 2**63
    assert columns.read(path).column("t_ns").tolist() == [2**63 - 1, 1000, -(2**63)]


def test_a_section_of_the_other_order_that_looks_shorter_than_it_is(tmp_path: Path) -> None:
    """Its length, read the wrong way round, is that of a block too, with the same number at its end."""
    made = Next()
    made.interface()
    for _ in range(5):
        made.packet(bytes(60))
    made.order = ">"
    begin = len(made.data)
    made.block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1) + bytes(65508))
    made.data[begin + 252 : begin + 256] = made.data[begin + 4 : begin + 8]
    made.interface()
    for _ in range(5):
        made.packet(bytes(60))
    path = tmp_path / "trick.pcapng"
    path.write_bytes(made.data)
    records, error = told(path)
    assert (len(records), error) == (10, "")
    assert_same_as_records(path)


@pytest.mark.parametrize("length", [93, 94, 92 + 300_000])
def test_a_packet_block_of_a_wrong_length(tmp_path: Path, length: int) -> None:
    """With the same wrong length behind as many bytes; and one that is right, but longer than any packet."""
    made = Next()
    made.interface()
    for number in range(5000):
        made.packet(bytes(60), 0, number)
        if number == 3000:
            odd = struct.pack("<7I", 6, length, 0, 0, 0, 60, 60) + bytes(length - 32)
            made.data += odd + struct.pack("<I", length)
    path = tmp_path / "odd.pcapng"
    path.write_bytes(made.data)
    assert_same_as_records(path)


def test_short_runs_are_joined_but_not_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Next()
    for _ in range(600):
        made.interface()
        made.simple_packet(bytes(100))
    path = tmp_path / "short.pcapng"
    path.write_bytes(made.data)
    assert [len(chunk) for chunk in columns.read(path)] == [600]
    monkeypatch.setattr(runs, "_JOINED_ROWS", 250)
    assert [len(chunk) for chunk in columns.read(path)] == [250, 250, 100]
    monkeypatch.setattr(runs, "_JOINED_BYTES", 10_000)
    assert [len(chunk) for chunk in columns.read(path)] == [100] * 6
    assert_same_as_codec(path)
