"""Columns say what the codec says, row by row."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy")

from column_frames import (  # noqa: E402
    GROUP,
    LINK,
    MAC,
    SOURCE,
    assert_same_as_codec,
    damaged,
    kinds_of_frames,
)

from vrrplab import columns  # noqa: E402
from vrrplab.capture.files import read_records  # noqa: E402
from vrrplab.capture.pcap import write_pcap  # noqa: E402
from vrrplab.columns import layers  # noqa: E402
from vrrplab.errors import CaptureError  # noqa: E402
from vrrplab.wire import links  # noqa: E402
from vrrplab.wire.checksum import field_value, total  # noqa: E402
from vrrplab.wire.frames import advert_frame, decode, garp_frame, ns_frame  # noqa: E402
from vrrplab.wire.ip import IPv4Header, IPv6Header  # noqa: E402
from vrrplab.wire.vrrp import Advertisement  # noqa: E402

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"


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
    monkeypatch.setattr(layers, "decode", lambda raw, link: calls.append(raw) or decode(raw, link))
    assert sum(map(len, columns.read(path))) == len(list(read_records(path)))
    return len(calls)


@pytest.mark.parametrize("kept", [14, 34, 41, 42, 50, 53, 54, 60, 61, 62, 68, 82, 86])
def test_frames_cut_by_a_snap_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    path = tmp_path / "cut.pcap"
    write_pcap(str(path), enumerate(frame[:kept] for frame in kinds_of_frames() * 20))
    assert_same_as_codec(path)
    for source, group, addresses, header in (
        (SOURCE, GROUP, ("10.0.0.1", "10.0.0.2"), 34),
        ("fe80::fb", "ff02::12", ("fe80::1", "fe80::2"), 54),
    ):
        advert = advert_frame(MAC, source, group, Advertisement(3, 51, 150, 1_000_000, addresses))
        write_pcap(str(path), enumerate([advert[:kept]] * 100))
        one_by_one = kept < header + 8  # the eight bytes that are always there
        assert codec_calls(monkeypatch, path) == (100 if one_by_one else 0)


@pytest.mark.parametrize("most", ["adverts", "this"])
def test_other_protocols_and_fragments_are_not_left_to_the_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    """Whether they are the most or the fewest of a chunk, which is decoded in different ways."""
    frames = []
    for protocol in (2, 6, 17, 112):
        for offset, flags in ((0, 0), (8, 0), (8, 1), (2048, 1)):
            if protocol == 112 and not offset:
                continue
            header = IPv4Header(SOURCE, GROUP, protocol, 64, flags=flags, fragment_offset=offset)
            whole = LINK + b"\x08\0" + header.emit(bytes(range(40)))
            wrong = bytearray(whole)
            wrong[24] ^= 1
            frames += [whole, whole[:-3], bytes(wrong)]
    for protocol in (6, 17):
        six = IPv6Header("fe80::1", "fe80::2", protocol, 64).emit(bytes(range(40)))
        frames += [LINK + b"\x86\xdd" + six, LINK + b"\x86\xdd" + six[:-3]]
    arp = garp_frame(MAC, SOURCE)
    frames += [arp[:15] + b"\6" + arp[16:], ns_frame(MAC, "fe80::fb", "fe80::a0")]  # other networks' ARP
    advert = advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 51, 150, 1_000_000, ("10.0.0.1",)))
    path = tmp_path / "pieces.pcap"
    write_pcap(str(path), enumerate([arp] * 200 + frames + [advert] * 600 * (most == "adverts")))
    assert_same_as_codec(path)
    assert codec_calls(monkeypatch, path) == 0


def with_trailer(frame: bytes, size: int, all_of_it: bool, form: str) -> bytes:
    """An advert over IPv4 with ``size`` bytes more, summed over the message alone or over everything."""
    header, message = frame[14:34], bytearray(frame[34:] + bytes(range(1, size + 1)))
    message[6:8] = b"\0\0"
    summed = bytes(message[: len(message) if all_of_it else len(frame) - 34])
    pseudo = (
        header[12:20] + bytes((0, 112)) + len(summed).to_bytes(2, "big") if form == "pseudo-header" else b""
    )
    message[6:8] = field_value(total(pseudo + summed + bytes(len(summed) % 2))).to_bytes(2, "big")
    return LINK + b"\x08\0" + IPv4Header(SOURCE, GROUP).emit(bytes(message))


def rare_frames() -> list[bytes]:
    """What a chunk seldom holds, each once, among many plain adverts."""
    frames = []
    for version in (2, 3):
        advert = advert_frame(MAC, SOURCE, GROUP, Advertisement(version, 51, 1, 1_000_000, ("10.0.0.1",)))
        for size in (1, 2, 3, 4, 8, 28, 32):
            for form in ("message", "pseudo-header"):
                frames += [with_trailer(advert, size, all_of_it, form) for all_of_it in (False, True)]
        for tags in range(5):
            frames.append(advert[:12] + bytes.fromhex("81000005") * tags + advert[12:])
            frames += [frames[-1][:size] for size in (15, 17, 18, 20)]
    long = tuple(f"10.0.0.{n}" for n in range(1, 12))
    frames += [
        advert_frame(MAC, SOURCE, GROUP, Advertisement(version, 51, 1, 1_000_000, long)) for version in (2, 3)
    ]
    plain = advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 51, 1, 1_000_000, ("10.0.0.1",)))
    frames.append(LINK + b"\x08\0" + IPv4Header(SOURCE, GROUP, flags=1).emit(plain[34:]))  # a first fragment
    six = bytes.fromhex("21330101000100000123456789abcdef0123456789abcdef") + b"password"
    frames.append(LINK + b"\x86\xdd" + IPv6Header("fe80::1", "ff02::12").emit(six))
    return frames


@pytest.mark.parametrize("tagged", [0, 1, 2])
def test_rare_frames_among_many(tmp_path: Path, tagged: int) -> None:
    plain = advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 51, 1, 1_000_000, ("10.0.0.1",)))
    tags = bytes.fromhex("81000005") * tagged
    frames = [plain] * 600 + [frame[:12] + tags + frame[12:] for frame in rare_frames()]
    write_pcap(str(tmp_path / "rare.pcap"), enumerate(frames))
    assert_same_as_codec(tmp_path / "rare.pcap")


@pytest.mark.parametrize("length", [0, 6, 8, 0x106])
def test_cooked_frames_have_a_mac_address_if_it_has_six_bytes(tmp_path: Path, length: int) -> None:
    advert = advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 51, 1, 1_000_000, ("10.0.0.1",)))
    cooked = bytes.fromhex("00000001") + length.to_bytes(2, "big") + bytes(range(1, 9)) + advert[12:]
    write_pcap(str(tmp_path / "cooked.pcap"), enumerate([cooked, cooked[:15]]), links.LINUX_SLL)
    assert_same_as_codec(tmp_path / "cooked.pcap")
    assert columns.read(tmp_path / "cooked.pcap").column("source_mac")[0].any() == (length == 6)
    assert decode(cooked, links.LINUX_SLL).eth.source == ("01:02:03:04:05:06" if length == 6 else None)


def test_columns_as_values(tmp_path: Path) -> None:
    path = tmp_path / "few.pcap"
    six = Advertisement(3, 61, 150, 1_000_000, ("fe80::a0",))
    frames = [
        garp_frame(MAC, SOURCE),
        advert_frame(MAC, "fe80::fb", "ff02::12", six),
        LINK + b"\x08\0" + IPv4Header(SOURCE, "10.0.0.1", 6, 64).emit(bytes(40)),
        advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 51, 0, 1_000_000, ("192.168.2.100",))),
    ]
    write_pcap(str(path), enumerate(frames))
    chunk = next(iter(columns.read(path)))
    assert chunk.source_text.tolist() == [SOURCE, "fe80::fb", SOURCE, SOURCE]
    assert chunk.address_text.tolist() == [SOURCE, "fe80::a0", "", "192.168.2.100"]
    assert [columns.KINDS[k] for k in chunk.kind] == ["arp", "vrrp", "other", "vrrp"]
    assert [columns.FORMS[k] for k in chunk.checksum_form] == [None, "pseudo-header", None, "message"]
    assert chunk.announces.tolist() == [True, False, False, False]
    assert chunk.number[chunk.kind == 1].tolist() == [2, 4]
    assert "4 frames" in repr(chunk)
    assert tuple(chunk.to_dict()) == columns.NAMES
    assert chunk.interval_us.tolist() == [0, 1_000_000, 0, 1_000_000]


def test_the_header_columns_are_the_codecs_values(tmp_path: Path) -> None:
    """Cut at every byte: what ``decode`` calls None is 0 in the columns."""
    frames = [frame[:size] for frame in kinds_of_frames()[3:7] for size in range(len(frame) + 1)]
    write_pcap(str(tmp_path / "cut.pcap"), enumerate(frames))
    chunk = next(iter(columns.read(tmp_path / "cut.pcap")))
    for row, raw in enumerate(frames):
        advert = decode(raw).vrrp
        for name in ("version", "type", "vrid", "priority", "count", "auth_type", "interval_us", "checksum"):
            expected = getattr(advert, name) if advert is not None else None
            assert getattr(chunk, name)[row] == (expected or 0), (name, raw.hex())


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        columns.read(tmp_path / "nowhere.pcap")
    for content, word in ((b"", "empty"), (b"x", "1 byte"), (b"#!/bin/sh\n", "not a capture")):
        path: Any = tmp_path / "odd"
        path.write_bytes(content)
        with pytest.raises(CaptureError, match=word):
            columns.read(path)
    gone = tmp_path / "gone.pcap"
    write_pcap(str(gone), enumerate(kinds_of_frames()))
    reader = columns.read(gone)
    gone.unlink()
    with pytest.raises(CaptureError, match=r"gone.*No such file"):
        next(iter(reader))
    (tmp_path / "none.pcap").write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    assert len(columns.read(tmp_path / "none.pcap").column("vrid")) == 0
    with pytest.raises(KeyError, match="no column"):
        columns.read(tmp_path / "none.pcap").column("colour")
