"""Frames in every shape that people paste, read to the same bytes, which text2pcap reads, too."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vrrplab.capture.files import read_records
from vrrplab.errors import CaptureError
from vrrplab.pasted.reader import read_pasted
from vrrplab.wire.frames import advert_frame, garp_frame
from vrrplab.wire.vrrp import Advertisement

ADVERT = advert_frame(
    "00:00:5e:00:01:07",
    "198.51.100.2",
    "224.0.0.18",
    Advertisement(2, 7, 100, 1_000_000, ("198.51.100.254",)),
)
GARP = garp_frame("00:00:5e:00:01:07", "198.51.100.254")


def _characters(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def _rows(data: bytes) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + 16]) for at in range(0, len(data), 16)]


def tshark_x(data: bytes) -> str:
    return "".join(f"{at:04x}  {row.hex(' '):<48}  {_characters(row)}\n" for at, row in _rows(data)) + "\n"


def wireshark(data: bytes) -> str:
    lines = []
    for at, row in _rows(data):
        both = f"{row[:8].hex(' ')}  {row[8:].hex(' ')}".rstrip()
        lines.append(f"{at:04x}   {both}   {_characters(row)}\n")
    return "".join(lines) + "\n"


def text2pcap_form(data: bytes) -> str:
    return "".join(f"{at:06x} {row.hex(' ')}\n" for at, row in _rows(data)) + "\n"


def tcpdump_xx(data: bytes) -> str:
    return "".join(f"\t0x{at:04x}:  {row.hex(' ', -2)}\n" for at, row in _rows(data))


def tcpdump_upper_xx(data: bytes) -> str:
    return "".join(f"\t0x{at:04x}:  {row.hex(' ', -2):<39}  {_dots(row)}\n" for at, row in _rows(data))


def _dots(data: bytes) -> str:
    return "".join(chr(byte) if 33 <= byte < 127 else "." for byte in data)


def hexdump_c(data: bytes) -> str:
    lines = []
    for at, row in _rows(data):
        both = f"{row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}"
        lines.append(f"{at:08x}  {both}  |{_characters(row)}|\n")
    return "".join(lines) + f"{len(data):08x}\n"


def od_x1(data: bytes) -> str:
    return "".join(f"{at:06x} {row.hex(' ')}\n" for at, row in _rows(data)) + f"{len(data):06x}\n"


def od_octal(data: bytes) -> str:
    return "".join(f"{at:07o} {row.hex(' ')}\n" for at, row in _rows(data)) + f"{len(data):07o}\n"


def xxd(data: bytes) -> str:
    return "".join(f"{at:08x}: {row.hex(' ', -2):<39}  {_characters(row)}\n" for at, row in _rows(data))


def hexdump_words(data: bytes) -> str:
    """As a little-endian machine prints it; a last odd byte stands alone in its word."""
    lines = []
    for at, row in _rows(data):
        words = [int.from_bytes(row[place : place + 2], "little") for place in range(0, len(row), 2)]
        lines.append(f"{at:07x} " + " ".join(f"{word:04x}" for word in words) + "\n")
    return "".join(lines) + f"{len(data):07x}\n"


def c_array(data: bytes) -> str:
    return "static const unsigned char pkt[] = {\n" + ", ".join(f"0x{byte:02x}" for byte in data) + "\n};\n"


def python_bytes(data: bytes) -> str:
    return repr(data)


def python_list(data: bytes) -> str:
    return repr(list(data))


def escaped(data: bytes) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode() + "\n"


def tshark_json(data: bytes) -> str:
    layers = {"frame_raw": [data.hex(), 0, len(data), 0, 1], "frame": {"frame.encap_type": "1"}}
    return json.dumps([{"_source": {"layers": layers}}])


def from_hex(data: bytes) -> str:
    return f"bytes.fromhex('{data.hex()}')"


SEVERAL: list[Callable[[bytes], str]] = [
    tshark_x, wireshark, text2pcap_form, tcpdump_xx, tcpdump_upper_xx, hexdump_c, od_x1, od_octal, xxd,
]  # fmt: skip
SHAPES = [*SEVERAL, c_array, python_bytes, python_list, escaped, in_base64, tshark_json, from_hex]
payloads = st.binary(max_size=90)


def frames_in(text: str) -> list[bytes]:
    found = read_pasted(text)
    assert found.error is None
    return [frame.data for frame in found.frames]


@pytest.mark.parametrize("shape", [*SHAPES, hexdump_words], ids=lambda shape: shape.__name__)
def test_an_advert_in_this_shape(shape: Callable[[bytes], str]) -> None:
    assert frames_in(shape(ADVERT)) == [ADVERT]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@settings(max_examples=40, deadline=None)
@given(payload=payloads)
def test_any_frame_in_this_shape(shape: Callable[[bytes], str], payload: bytes) -> None:
    frame = ADVERT[:14] + b"\x45" + payload
    if shape is in_base64:
        frame += bytes(8)
    assert frames_in(shape(frame)) == [frame]


@pytest.mark.parametrize("shape", SEVERAL, ids=lambda shape: shape.__name__)
def test_offset_0_begins_a_new_frame(shape: Callable[[bytes], str]) -> None:
    assert frames_in(shape(ADVERT) + shape(GARP) + shape(ADVERT)) == [ADVERT, GARP, ADVERT]


@pytest.mark.parametrize("mark", ["> ", "  ", ">> "])
def test_quoted_as_in_mail(mark: str) -> None:
    text = "".join(f"{mark}{line}\n" for line in tshark_x(ADVERT).splitlines())
    assert frames_in(text) == [ADVERT]


def test_a_star_repeats_the_line_before_it() -> None:
    frame = ADVERT[:16] + bytes(64) + ADVERT[:5]
    text = hexdump_c(frame).splitlines(keepends=True)
    assert len({line[10:] for line in text[2:5]}) == 1
    assert frames_in("".join([*text[:2], "*\n", *text[5:]])) == [frame]


@pytest.mark.parametrize("shape", SEVERAL, ids=lambda shape: shape.__name__)
def test_an_offset_that_does_not_fit_is_told_with_its_line(shape: Callable[[bytes], str]) -> None:
    lines = shape(ADVERT).splitlines(keepends=True)
    found = read_pasted(shape(GARP) + "".join([lines[0], *lines[2:]]), "night.txt")
    assert found.frames[0].data == GARP
    assert found.error is not None
    assert "does not fit" in str(found.error)
    assert f"night.txt:{len(shape(GARP).splitlines()) + 2}: the offset" in str(found.error)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Frame 1: 54 bytes on wire (432 bits)\nEthernet II, Src: a\n", "what tshark -V prints"),
        ("<?xml version='1.0'?><pdml></pdml>", "XML of tshark"),
        ("0000000 000401 000136 001000 000000\n", "words in octal"),
        ('[{"_source": {"layers": {"frame": {"frame.len": "54"}}}}]', "has no bytes of the frames"),
        ("[1, 0, 94, 0, 0, 300]", "300 is no byte"),
        ("bytes.fromhex('abc')", "odd number"),
    ],
)
def test_what_has_no_bytes_is_named(text: str, said: str) -> None:
    with pytest.raises(CaptureError, match=said):
        read_pasted(text)


@pytest.mark.needs("text2pcap")
@pytest.mark.parametrize("shape", [tshark_x, text2pcap_form, wireshark, hexdump_c], ids=lambda s: s.__name__)
def test_text2pcap_reads_the_same(shape: Callable[[bytes], str], tmp_path: Path) -> None:
    text = shape(ADVERT) + shape(GARP)
    (tmp_path / "a.txt").write_text(text)
    command = [shutil.which("text2pcap") or "text2pcap", "-q", "-F", "pcap"]
    command += ["-a"] if shape is not text2pcap_form else []
    subprocess.run([*command, "a.txt", "a.pcap"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    theirs = [record.data for record in read_records(tmp_path / "a.pcap")]
    assert frames_in(text) == theirs
