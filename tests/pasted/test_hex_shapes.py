"""What people paste: bare hex in any dress, and the dumps of the usual tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vrrplab.errors import CaptureError
from vrrplab.pasted.frames import guess_link_type, is_message_alone
from vrrplab.pasted.reader import read_pasted
from vrrplab.wire import links
from vrrplab.wire.frames import advert_frame, decode, encode
from vrrplab.wire.vrrp import Advertisement

DATA = Path(__file__).parents[2] / "data"
FRAME = advert_frame(
    "02:00:00:00:00:fb",
    "192.168.2.251",
    "224.0.0.18",
    Advertisement(2, 51, 150, 1_000_000, ("192.168.2.100",)),
)

TCPDUMP = """\
\t0x0000:  0100 5e00 0012 0200 0000 00fb 0800 45c0  ..^...........E.
\t0x0010:  0028 0000 0000 ff70 16f0 c0a8 02fb e000  .(.....p........
\t0x0020:  0012 2133 9601 0001 85bd c0a8 0264 0000  ..!3.........d..
\t0x0030:  0000 0000 0000                           ......
"""
TSHARK = """\
0000  01 00 5e 00 00 12 02 00 00 00 00 fb 08 00 45 c0   ..^...........E.
0010  00 28 00 00 00 00 ff 70 16 f0 c0 a8 02 fb e0 00   .(.....p........
0020  00 12 21 33 96 01 00 01 85 bd c0 a8 02 64 00 00   ..!3.........d..
0030  00 00 00 00 00 00                                 ......
"""
XXD = """\
00000000: 0100 5e00 0012 0200 0000 00fb 0800 45c0  ..^...........E.
00000010: 0028 0000 0000 ff70 16f0 c0a8 02fb e000  .(.....p........
00000020: 0012 2133 9601 0001 85bd c0a8 0264 0000  ..!3.........d..
00000030: 0000 0000 0000                           ......
"""


@pytest.mark.parametrize(
    "text",
    [FRAME.hex(), FRAME.hex().upper(), FRAME.hex(":"), FRAME.hex(" "), FRAME.hex("-"), "0x" + FRAME.hex(),
     FRAME.hex(" ", 2), "\n".join((FRAME.hex()[:40], FRAME.hex()[40:])),
     ", ".join(f"0x{b:02x}" for b in FRAME),
     TCPDUMP, TSHARK, XXD],
    ids=range(12),
)  # fmt: skip
def test_the_same_frame_in_every_dress(text: str) -> None:
    assert [frame.data for frame in read_pasted(text).frames] == [FRAME]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("0x", "empty"),
        ("abc", "odd number"),
        ("hello", "'h'"),
        ("aa0x ", "'x'"),
        ("prose\naa0x bb\nprose", "'p'"),
    ],
)
def test_what_is_no_hex(text: str, words: str) -> None:
    with pytest.raises(CaptureError, match=words):
        read_pasted(text)


def test_a_bare_ip_packet_is_recognised() -> None:
    assert guess_link_type(FRAME) == links.ETHERNET
    assert guess_link_type(FRAME[14:]) == links.RAW
    assert guess_link_type(b"") == links.ETHERNET


@pytest.mark.parametrize(
    ("digits", "alone"),
    [
        ("213396010101225bc0a802643131313100000000", True),
        ("313396010064d159c0a80264", True),
        ("313d96010064d159" + "fe80" + 14 * "00", True),
        ("313396010064d159c0a80264c0a80265", True),  # an address more than the count says
        ("213396010101", True),  # too short for an Ethernet header too
        ("215a0a0700010000" + 28 * "ab", True),  # CARP
        ("3133", False),
        ("", False),
        # a frame to a group that nobody owns, whatever is in it
        ("313396010064d159c0a80264" + "0800" + "4500", False),
        ("313396050064d159c0a80264" + "0800" + "4500" + 12 * "00", False),  # 28 bytes, as a count of 5 asks
        ("313396010064d159c0a80264" + "0806" + "00010800", False),
        ("313396010064d159c0a80264" + "8100" + "000a0800", False),
        ("313396010064d159c0a80264" + "0003" + "424203", False),  # LLC: a length, and just that much
        ("323396010064d159c0a80264", False),
    ],
)
def test_a_message_without_headers(digits: str, alone: bool) -> None:
    data = bytes.fromhex(digits)
    assert is_message_alone(data) is alone
    assert guess_link_type(data) == (links.MESSAGE if alone else links.ETHERNET)


def test_no_frame_of_a_daemon_is_taken_for_one() -> None:
    assert not is_message_alone(FRAME)
    assert not is_message_alone(FRAME[14:])


def test_every_message_of_a_daemon_is_taken_for_one_when_its_headers_are_gone() -> None:
    vectors = json.loads((DATA / "frames" / "frames.json").read_text())["vectors"]
    seen = 0
    for vector in vectors:
        frame = decode(bytes.fromhex(vector["hex"]))
        if frame.vrrp is None:
            continue
        alone = decode(frame.payload, guess_link_type(frame.payload))
        assert alone.vrrp == frame.vrrp
        assert alone.vrrp is not None
        assert alone.vrrp.checksum_ok in (frame.vrrp.checksum_ok, None)
        assert encode(alone) == frame.payload
        seen += 1
    assert seen > 50
