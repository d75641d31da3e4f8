"""Text as it comes out of mails and terminals: quoted, coloured, numbered: the same frames."""

from __future__ import annotations

import pytest

from vrrplab.pasted.around import bare_text
from vrrplab.pasted.reader import read_pasted

LINES = """\
2026-11-30 14:40:20.398581 fe:8a:ce:44:f7:45 > 01:00:5e:00:00:12, ethertype IPv4 (0x0800), length 54: \
(tos 0xc0, ttl 255, id 1, offset 0, flags [none], proto VRRP (112), length 40)
    10.9.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 150, authtype none, intvl 1s, length 20, \
addrs: 10.9.0.100
2026-11-30 14:40:21.398685 fe:8a:ce:44:f7:45 > 01:00:5e:00:00:12, ethertype IPv4 (0x0800), length 54: \
(tos 0xc0, ttl 255, id 2, offset 0, flags [none], proto VRRP (112), length 40)
    10.9.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 150, authtype none, intvl 1s, length 20, \
addrs: 10.9.0.100"""
PLAIN = read_pasted(LINES)


@pytest.mark.parametrize(
    "around",
    ["> {}", ">> > {}", ">{}", "\x1b[1;32m{}\x1b[0m", "{}\x1b[K"],
    ids=["1", "3", "bare", "colour", "end"],
)
def test_what_is_around_the_lines_changes_no_frame(around: str) -> None:
    text = "\n".join(around.format(line) for line in LINES.split("\n"))
    found = read_pasted(text)
    assert (found.shape, found.frames) == (PLAIN.shape, PLAIN.frames)
    assert len(found.frames) == 2
    assert all(frame.data for frame in found.frames)


def test_numbers_of_packets_are_passed_over() -> None:
    numbered = LINES.replace("2026-11-30 14:40:20", "    1  2026-11-30 14:40:20")
    numbered = numbered.replace("2026-11-30 14:40:21", "   12  2026-11-30 14:40:21")
    assert read_pasted(numbered).frames == PLAIN.frames


def test_a_prompt_before_bytes() -> None:
    (frame,) = read_pasted(">>> b'\\x21\\x33\\x64\\x01\\x00\\x01\\x00\\x00'").frames
    assert frame.data == bytes.fromhex("2133640100010000")


def test_what_has_nothing_around_it_stays() -> None:
    assert bare_text(LINES) == LINES
