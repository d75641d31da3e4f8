"""Texts of the kind that takes a reader for ever, or fills the memory, if it begins again at every place."""

from __future__ import annotations

import pytest

from vrrplab.errors import CaptureError
from vrrplab.limits import LEFT_OUT_BYTES
from vrrplab.pasted.logs import read_log
from vrrplab.pasted.reader import read_pasted

FRAME = "01005e0000120200000000fb080045c0002800000000ff7016f0c0a802fbe000001221339601000185bdc0a80264"
BYTES = ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(FRAME))
LONG = 300_000  # characters: what grows with their square would take minutes

HEAD = "IP (tos 0x0" + ", ttl 1, id 1, " * 266 + "proto " * 600 + "\n"
TEXTS = {
    "comments that nobody ends": "/* " * (LONG // 3),
    "comments that end once": "*/" + "/* " * (LONG // 3),
    "escaped double quotes": "\\x01" * 5 + '\\"' * (LONG // 2),
    "escaped single quotes": "\\x01" * 5 + "\\'" * (LONG // 2),
    "empty lines": "x" + "\n" * (LONG // 6) + "x",
    "lines of blanks": "\t\n\n \n" * (LONG // 24) + "x",
    "headers that nobody closes": HEAD * (LONG // len(HEAD)),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_long_text_of_nothing_is_refused(text: str) -> None:
    try:
        found = read_pasted(text)
    except CaptureError:
        return
    assert not any(frame.data[12:] for frame in found.frames if frame.data[:2] == b"\x01\0")


DUMPS = {
    "xxd": "00000000: 0100 5e00\n*\n00040000\n",
    "od": "0000000 001 000 136 000\n*\n1000000\n",
}


@pytest.mark.parametrize("dump", DUMPS.values(), ids=DUMPS.keys())
def test_stars_stand_for_so_many_bytes_and_no_more(dump: str) -> None:
    once = LEFT_OUT_BYTES.most // 262_144
    with pytest.raises(CaptureError, match=f"larger than {LEFT_OUT_BYTES}"):
        read_pasted(dump * (once + 2))


def test_zeros_that_are_left_out_of_every_frame() -> None:
    padded = FRAME.ljust(96, "0")
    rows = [f"{at:08x}: {padded[at * 2 : at * 2 + 32]}" for at in range(0, 48, 16)]
    dump = "\n".join([*rows, "00000030: " + "00" * 16, "*", "00010000"]) + "\n"
    frames = read_pasted(dump * 100).frames
    assert len(frames) == 100
    assert {frame.data for frame in frames} == {bytes.fromhex(FRAME).ljust(65536, b"\0")}


@pytest.mark.parametrize(
    "before", ["", "*/", "// /*\n", "/* a */ ", "/* // */ /* , 7 */", "\n/*\n*/"], ids=range(6)
)
def test_a_c_array_behind_comments(before: str) -> None:
    found = read_pasted(f"{before}{{ /* {{1, 2}} */ {BYTES} // , 8\n}}")
    assert [frame.data.hex() for frame in found.frames] == [FRAME]


@pytest.mark.parametrize("quote", ['"', "'"])
def test_several_lines_in_one_pair_of_quotes(quote: str) -> None:
    found = read_pasted(f"\n{quote}{FRAME}\n{FRAME}{quote};\n")
    assert [(frame.data.hex(), frame.line) for frame in found.frames] == [(FRAME, 2), (FRAME, 3)]
    blocks = read_pasted(f"{quote}{FRAME[:40]}\n{FRAME[40:]}\n\n{FRAME}{quote}")
    assert [(frame.data.hex(), frame.line) for frame in blocks.frames] == [(FRAME, 1), (FRAME, 4)]


def test_a_log_that_begins_again_in_december_is_in_no_order() -> None:
    line = "{} 08:53:20 n1 Keepalived_vrrp[7]: (VI_1) Entering MASTER STATE\n"
    log = read_log((line.format("Dec 31") + line.format("Jan  1")) * 5_000, "n1")
    assert log is not None
    assert len({line.t_ns for line in log.lines}) == 2
