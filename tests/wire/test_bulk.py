"""Columns say what the codec says, row by row; memory stays flat; files break as the record reader says."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy")

from vrrplab.errors import CaptureError  # noqa: E402
from vrrplab.wire import bulk, bulk_layers, bulk_records, links  # noqa: E402
from vrrplab.wire.bulk_rows import fill_rows  # noqa: E402
from vrrplab.wire.files import read_records  # noqa: E402
from vrrplab.wire.frames import advert_frame, decode, garp_frame, na_frame, ns_frame  # noqa: E402
from vrrplab.wire.ip import IPv4Header  # noqa: E402
from vrrplab.wire.pcap import write_pcap  # noqa: E402
from vrrplab.wire.vrrp import Advertisement  # noqa: E402

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"
MAC, SOURCE, GROUP = "02:00:00:00:00:fb", "192.168.2.251", "224.0.0.18"


def kinds_of_frames() -> list[bytes]:
    """One of each kind the fast path knows, and some it does not."""
    frames = [garp_frame(MAC, SOURCE), na_frame(MAC, "fe80::a0"), ns_frame(MAC, "fe80::fb", "fe80::a0")]
    for count in range(14):
        addresses = tuple(f"10.0.0.{n}" for n in range(1, count + 1))
        frames += [
            advert_frame(MAC, SOURCE, GROUP, Advertisement(version, 51, 150, 1_000_000, addresses))
            for version in (2, 3)
        ]
    for count in range(1, 5):
        six = tuple(f"fe80::{n}" for n in range(1, count + 1))
        frames += [
            advert_frame(
                MAC,
                "fe80::fb",
                "ff02::12",
                Advertisement(version, 61, 1, 250_000 if version == 3 else 0, six),
            )
            for version in (2, 3)
        ]
    head = frames[3][:14]
    frames.append(
        head + IPv4Header(SOURCE, GROUP).emit(bytes.fromhex("2101000700010000") + bytes(28))
    )  # CARP
    frames.append(head + IPv4Header(SOURCE, "10.0.0.1", 6, 64).emit(bytes(40)))
    frames.append(head + IPv4Header(SOURCE, "224.0.0.22", 2, 1).emit(bytes(8)))
    frames.append(
        advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 1, 1, 1_000_000, (), auth_type=2), ah=("x", 1))
    )
    advert = Advertisement(3, 1, 1, 1_000_000, ("10.0.0.1",), checksum_form="message")
    frames.append(advert_frame(MAC, SOURCE, GROUP, advert))
    return frames


def damaged(frame: bytes, chance: random.Random) -> bytes:
    changed = bytearray(frame)
    if chance.random() < 0.6:
        for _ in range(chance.choice((1, 1, 2))):
            changed[chance.randrange(len(changed))] = chance.choice(
                (0, 1, 7, 0x21, 0x31, 0x45, 255, chance.randrange(256))
            )
    if chance.random() < 0.2:
        del changed[chance.randrange(len(changed) + 1) :]
    if chance.random() < 0.15:
        changed[12:12] = bytes((0x81, 0, 0, 5)) * chance.choice((1, 2, 3))
    if chance.random() < 0.1:
        changed += bytes(chance.randrange(30))
    return bytes(changed)


def assert_same_as_codec(path: Path) -> None:
    records = list(read_records(path))
    expected = bulk.Columns(len(records), 1)
    fill_rows(expected, np.arange(len(records)), [decode(r.data, r.link_type) for r in records])
    expected.t_ns[:] = [record.t_ns for record in records]
    found = bulk.read(path).columns()
    for name, column in expected.to_dict().items():
        different = np.nonzero((found[name] != column).reshape(len(records), -1).any(axis=1))[0]
        if len(different):
            row = int(different[0])
            raw = records[row].data.hex()
            pytest.fail(f"{name} of row {row}: {found[name][row]}, codec says {column[row]}: {raw}")


@pytest.mark.parametrize(
    "name", ["v3_ipv6", "auth_ah", "many_vips_20", "article_drill1_eth0_down_up", "use_vmac"]
)
def test_recordings(name: str) -> None:
    assert_same_as_codec(RECORDINGS / name / "capture.pcap")


@pytest.mark.parametrize("seed", [1, 2])
def test_whole_and_damaged_frames(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    pool = kinds_of_frames()
    path = tmp_path / "mixed.pcap"
    write_pcap(str(path), ((n * 997, damaged(chance.choice(pool), chance)) for n in range(6_000)))
    assert_same_as_codec(path)


@pytest.mark.parametrize(
    ("link_type", "strip", "header"),
    [
        (links.RAW, 14, b""),
        (links.LINUX_SLL, 12, bytes.fromhex("000000010006 0200000000fb 0000".replace(" ", ""))),
        (links.NULL, 14, b"\2\0\0\0"),
        (links.LINUX_SLL2, 14, b""),
    ],
)
def test_other_links(tmp_path: Path, link_type: int, strip: int, header: bytes) -> None:
    chance = random.Random(3)
    pool = kinds_of_frames()
    frames = [header + damaged(chance.choice(pool), chance)[strip:] for _ in range(1500)]
    write_pcap(str(tmp_path / "other.pcap"), enumerate(frames), link_type)
    assert_same_as_codec(tmp_path / "other.pcap")


def codec_calls(monkeypatch: pytest.MonkeyPatch, path: Path) -> int:
    """How many frames of a capture the columns leave to the ordinary codec."""
    calls = []
    monkeypatch.setattr(bulk_layers, "decode", lambda raw, link: calls.append(raw) or decode(raw, link))
    assert sum(map(len, bulk.read(path))) == len(list(read_records(path)))
    return len(calls)


@pytest.mark.parametrize("kept", [14, 34, 41, 42, 50, 53, 54, 60, 68, 96])
def test_frames_cut_by_a_snap_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    path = tmp_path / "cut.pcap"
    write_pcap(str(path), enumerate(frame[:kept] for frame in kinds_of_frames() * 20))
    assert_same_as_codec(path)
    path = tmp_path / "adverts.pcap"
    advert = advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 51, 150, 1_000_000, ("10.0.0.1", "10.0.0.2")))
    write_pcap(str(path), enumerate([advert[:kept]] * 100))
    one_by_one = kept < 42  # the eight bytes that are always there
    assert codec_calls(monkeypatch, path) == (100 if one_by_one else 0)


def test_fragments_and_other_protocols_are_not_left_to_the_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = garp_frame(MAC, SOURCE)[:12] + b"\x08\0"
    frames = []
    for protocol in (2, 6, 17, 112):
        for offset in (8, 2048):
            for flags in (0, 1):
                header = IPv4Header(SOURCE, GROUP, protocol, 64, flags=flags, fragment_offset=offset)
                whole = link + header.emit(bytes(range(40)))
                damaged_header = bytearray(whole)
                damaged_header[24] ^= 1
                frames += [whole, whole[:-3], bytes(damaged_header)]
    ether_arp = garp_frame(MAC, SOURCE)
    frames += [ether_arp[:15] + b"\6" + ether_arp[16:]] * 2  # ARP of another kind of network
    path = tmp_path / "pieces.pcap"
    write_pcap(str(path), enumerate(frames))
    assert_same_as_codec(path)
    assert codec_calls(monkeypatch, path) == 0


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
    assert bulk.read(path).column("t_ns")[0] == 1_700_000_000_123_456_789


def test_pcapng_packet_by_packet(tmp_path: Path) -> None:
    path = tmp_path / "next.pcapng"
    frames = kinds_of_frames() * 10
    blocks = [struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)]
    blocks.append(struct.pack("<IIHHII", 1, 20, links.ETHERNET, 0, 0, 20))
    blocks.append(struct.pack("<IIHHII", 1, 20, links.RAW, 0, 0, 20))
    for number, frame in enumerate(frames):
        interface = number % 2
        data = frame[14:] if interface else frame
        padded = data + bytes(-len(data) % 4)
        size = 32 + len(padded)
        head = struct.pack("<IIIIIII", 6, size, interface, 0, number * 1000, len(data), len(data))
        blocks.append(head + padded + struct.pack("<I", size))
    path.write_bytes(b"".join(blocks))
    assert_same_as_codec(path)


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
    buffer = np.frombuffer(data + bytes(256), np.uint8)
    found = bulk_records.find_records(buffer, len(data), "<")
    sizes = np.array([len(frame) for frame in frames])
    assert found.sizes.tolist() == sizes.tolist()
    assert found.consumed == len(data)
    assert found.damage is None


def test_a_file_larger_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_BLOCK_BYTES", 300_000)
    monkeypatch.setattr(bulk, "_ROWS", 700)
    path = tmp_path / "long.pcap"
    pool = kinds_of_frames()
    write_pcap(str(path), ((n, pool[n % len(pool)]) for n in range(6_000)))
    assert_same_as_codec(path)
    chunks = list(bulk.read(path))
    assert max(map(len, chunks)) <= 700
    assert [int(chunk.number[0]) for chunk in chunks][:2] == [1, len(chunks[0]) + 1]


def rows_before_break(path: Path) -> tuple[int, str]:
    rows = 0
    try:
        for chunk in bulk.read(path):
            rows += len(chunk)
    except CaptureError as error:
        return rows, str(error)
    pytest.fail("the break was not noticed")


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


def test_columns_as_values(tmp_path: Path) -> None:
    path = tmp_path / "few.pcap"
    six = Advertisement(3, 61, 150, 1_000_000, ("fe80::a0",))
    frames = [
        garp_frame(MAC, SOURCE),
        advert_frame(MAC, "fe80::fb", "ff02::12", six),
        b"",
        advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 51, 0, 1_000_000, ("192.168.2.100",))),
    ]
    write_pcap(str(path), enumerate(frames))
    chunk = next(iter(bulk.read(path)))
    assert chunk.source_text.tolist() == [SOURCE, "fe80::fb", "", SOURCE]
    assert chunk.address_text.tolist() == [SOURCE, "fe80::a0", "", "192.168.2.100"]
    assert [bulk.KINDS[k] for k in chunk.kind] == ["arp", "vrrp", "other", "vrrp"]
    assert [bulk.FORMS[k] for k in chunk.checksum_form] == [None, "pseudo-header", None, "message"]
    assert chunk.announces.tolist() == [True, False, False, False]
    assert chunk.number[chunk.kind == 1].tolist() == [2, 4]
    assert "4 frames" in repr(chunk)
    assert tuple(chunk.to_dict()) == bulk.NAMES
    assert chunk.interval_us.tolist() == [0, 1_000_000, 0, 1_000_000]


def test_the_header_columns_are_the_codecs_values(tmp_path: Path) -> None:
    """Cut at every byte: what ``decode`` calls None is 0 in the columns."""
    frames = [frame[:size] for frame in kinds_of_frames()[3:7] for size in range(len(frame) + 1)]
    write_pcap(str(tmp_path / "cut.pcap"), enumerate(frames))
    chunk = next(iter(bulk.read(tmp_path / "cut.pcap")))
    for row, raw in enumerate(frames):
        advert = decode(raw).vrrp
        for name in ("version", "type", "vrid", "priority", "count", "auth_type", "interval_us", "checksum"):
            expected = getattr(advert, name) if advert is not None else None
            assert getattr(chunk, name)[row] == (expected or 0), (name, raw.hex())


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        bulk.read(tmp_path / "nowhere.pcap")
    for content, word in ((b"", "empty"), (b"x", "1 byte"), (b"#!/bin/sh\n", "not a capture")):
        path: Any = tmp_path / "odd"
        path.write_bytes(content)
        with pytest.raises(CaptureError, match=word):
            bulk.read(path)
    (tmp_path / "none.pcap").write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    assert len(bulk.read(tmp_path / "none.pcap").column("vrid")) == 0
    with pytest.raises(KeyError, match="no column"):
        bulk.read(tmp_path / "none.pcap").column("colour")
