"""Dumps that tools print with other options than the usual ones, and bytes among the lines of a mail."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

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
_ESCAPED = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


def _rows(data: bytes) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + 16]) for at in range(0, len(data), 16)]


def _words(row: bytes, size: int) -> list[int]:
    return [
        int.from_bytes(row[at : at + size].ljust(size, b"\0"), "little") for at in range(0, len(row), size)
    ]


def _dump(data: bytes, show: Callable[[bytes], str], offset: str = "07o") -> str:
    return "".join(f"{at:{offset}}{show(row)}\n" for at, row in _rows(data)) + f"{len(data):{offset}}\n"


def od(data: bytes) -> str:
    return _dump(data, lambda row: "".join(f" {word:06o}" for word in _words(row, 2)))


def od_b(data: bytes) -> str:
    return _dump(data, lambda row: "".join(f" {byte:03o}" for byte in row))


def _cell(byte: int) -> str:
    return _ESCAPED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}")


def od_c(data: bytes) -> str:
    return _dump(data, lambda row: "".join(f"{_cell(byte):>4}" for byte in row))


def od_u1(data: bytes) -> str:
    return _dump(data, lambda row: "".join(f"{byte:4}" for byte in row))


def od_without_offsets(data: bytes) -> str:
    return "".join("".join(f"{byte:4}" for byte in row) + "\n" for _, row in _rows(data))


def od_signed(data: bytes) -> str:
    return "".join("".join(f"{(byte + 128) % 256 - 128:5}" for byte in row) + "\n" for _, row in _rows(data))


def od_words_without_offsets(data: bytes) -> str:
    return "".join("".join(f" {word:04x}" for word in _words(row, 2)) + "\n" for _, row in _rows(data))


def od_long_words(data: bytes) -> str:
    return _dump(data, lambda row: "".join(f" {word:08x}" for word in _words(row, 4)))


def hexdump_d(data: bytes) -> str:
    return _dump(data, lambda row: "".join(f"   {word:05}" for word in _words(row, 2)), "07x")


def hexdump_x(data: bytes) -> str:
    return _dump(data, lambda row: "".join(f"    {word:04x}" for word in _words(row, 2)), "07x")


def _characters(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)


def xxd_g(size: int, data: bytes) -> str:
    lines = []
    for at, row in _rows(data):
        groups = " ".join(row[place : place + size].hex() for place in range(0, len(row), size))
        lines.append(f"{at:08x}: {groups:<42}  {_characters(row)}\n")
    return "".join(lines)


def xxd_g8(data: bytes) -> str:
    return xxd_g(8, data)


def xxd_g16(data: bytes) -> str:
    return xxd_g(16, data)


def xxd_e(data: bytes) -> str:
    lines = []
    for at, row in _rows(data):
        groups = [row[place : place + 4][::-1].hex().rjust(8) for place in range(0, len(row), 4)]
        lines.append(f"{at:08x}: {' '.join(groups):<36}  {_characters(row)}\n")
    return "".join(lines)


def xxd_b(data: bytes) -> str:
    rows = [(at, data[at : at + 6]) for at in range(0, len(data), 6)]
    return "".join(
        f"{at:08x}: {' '.join(f'{b:08b}' for b in row):<53}  {_characters(row)}\n" for at, row in rows
    )


def debugger(data: bytes) -> str:
    rows = [(at, data[at : at + 8]) for at in range(0, len(data), 8)]
    return "".join(
        f"0x7ffe{at + 256:04x}:\t" + "\t".join(f"0x{b:02x}" for b in row) + "\n" for at, row in rows
    )


def strings_in_a_call(data: bytes) -> str:
    return f'pkt = bytes.fromhex(\n    "{data[:9].hex()}"\n    "{data[9:].hex()}"\n)\n'


def long_string_in_a_call(data: bytes) -> str:
    return f'pkt = bytes.fromhex("""\n{data[:9].hex(" ")}\n{data[9:].hex(" ")}\n""")\n'


def node_buffer(data: bytes) -> str:
    return f"<Buffer {data.hex(' ')}>"


def java(data: bytes) -> str:
    return "byte[] p = {" + ", ".join(f"(byte)0x{byte:02x}" for byte in data) + "};"


def quoted_list(data: bytes) -> str:
    return repr([hex(byte) for byte in data])


def octal_escapes(data: bytes) -> str:
    return "printf '" + "".join(f"\\{byte:03o}" for byte in data) + "'"


DUMPS = [
    od, od_b, od_c, od_u1, od_without_offsets, od_signed, od_words_without_offsets, od_long_words, hexdump_d,
    hexdump_x, xxd_g8, xxd_g16, xxd_e, xxd_b, debugger, strings_in_a_call, long_string_in_a_call, node_buffer,
    java, quoted_list, octal_escapes,
]  # fmt: skip


@pytest.mark.parametrize("data", [ADVERT, GARP], ids=["advert", "garp"])
@pytest.mark.parametrize("shape", DUMPS, ids=lambda shape: shape.__name__)
def test_the_frame_in_this_shape(shape: Callable[[bytes], str], data: bytes) -> None:
    found = read_pasted(shape(data))
    assert (found.error, [frame.data for frame in found.frames]) == (None, [data])


def _plain(data: bytes) -> str:
    return data.hex()


def _wrapped(data: bytes) -> str:
    return "\n".join(data[at : at + 16].hex(" ") for at in range(0, len(data), 16))


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).decode()


@pytest.mark.parametrize("shape", [_plain, _wrapped, _base64, od, od_c, debugger], ids=lambda s: s.__name__)
def test_among_the_lines_of_a_mail(shape: Callable[[bytes], str]) -> None:
    text = f"Hi all,\n\nthe backup shows this:\n\n```\n{shape(ADVERT)}\n```\n\nAny idea? Thanks\n"
    assert [frame.data for frame in read_pasted(text).frames] == [ADVERT]


@pytest.mark.parametrize("number", ["{:3}  {}", "{}: {}", "{}|{}"], ids=["cat", "grep", "editor"])
@pytest.mark.parametrize("shape", [_wrapped, od, xxd_g8], ids=lambda shape: shape.__name__)
def test_numbers_before_the_lines(shape: Callable[[bytes], str], number: str) -> None:
    lines = shape(ADVERT).rstrip("\n").split("\n")
    text = "\n".join(number.format(at, line) for at, line in enumerate(lines, 7))
    assert [frame.data for frame in read_pasted(text).frames] == [ADVERT]


@pytest.mark.parametrize(
    "text",
    [
        f"{ADVERT.hex()}\n{GARP.hex()}\n",
        f"{ADVERT.hex(':')}\r\n{GARP.hex(':')}\r\n",
        f"{ADVERT.hex()}\r\n\r\n{GARP.hex()}\r\n",
        f"{base64.b64encode(ADVERT).decode()}\n{base64.b64encode(GARP).decode()}\n",
        f"{ADVERT!r}\n{GARP!r}\n",
        f'- "{ADVERT.hex()}"\n- "{GARP.hex()}"\n',
        f"1,{ADVERT.hex()}\n2,{GARP.hex()}\n",
        f"frame 1: {ADVERT.hex()}\nframe 2: {GARP.hex()}\n",
    ],
    ids=["lines", "colons", "between empty lines", "base64", "python", "yaml", "csv", "named"],
)
def test_one_frame_a_line(text: str) -> None:
    assert [frame.data for frame in read_pasted(text).frames] == [ADVERT, GARP]


def test_the_last_line_may_be_cut() -> None:
    text = f"{ADVERT.hex()}\n{GARP.hex()}\n{ADVERT.hex()[:-9]}"
    assert [frame.data for frame in read_pasted(text).frames] == [ADVERT, GARP, ADVERT[:-5]]


@pytest.mark.parametrize("shape", [xxd_g8, hexdump_x], ids=lambda shape: shape.__name__)
def test_a_dump_without_its_beginning_is_refused(shape: Callable[[bytes], str]) -> None:
    text = "\n".join(shape(ADVERT).split("\n")[1:])
    with pytest.raises(CaptureError, match=r"begins at the offset 0*10: what stands before it is missing"):
        read_pasted(text)


def test_groups_of_an_odd_number_of_digits_are_no_bytes() -> None:
    with pytest.raises(CaptureError, match="'700' among its groups of hexadecimal digits"):
        read_pasted("0100 5e00 0012 700 0 12")
