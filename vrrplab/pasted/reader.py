"""Any text that stands for frames, read: which shape it has, and what is in it."""

from __future__ import annotations

import re

from vrrplab.errors import CaptureError
from vrrplab.input_files import too_large
from vrrplab.limits import HEX_BYTES
from vrrplab.pasted.around import bare_text, without_numbers
from vrrplab.pasted.bare_hex import read_hex
from vrrplab.pasted.dumps import read_dump
from vrrplab.pasted.frames import HINT, Pasted, PastedFrame, looks_right
from vrrplab.pasted.literals import read_literal
from vrrplab.pasted.numbers import read_numbers
from vrrplab.pasted.tcpdump import read_tcpdump
from vrrplab.pasted.tshark_json import read_tshark_json

# what people paste in which there are no bytes
_WITHOUT_BYTES = (
    (re.compile(r"^\s*<\?xml|<pdml|<psml"), "XML of tshark"),
    (re.compile(r"^Frame \d+: \d+ bytes on wire", re.MULTILINE), "what tshark -V prints"),
    (re.compile(r"^[ \t]*\d+[ \t]+\d+\.\d+[ \t]+\S+ (?:→|->) \S+ ", re.MULTILINE), "tshark's lines"),
    (re.compile(r"^0000000 +(?:[0-7]{6} +){3}", re.MULTILINE), "od without options, words in octal"),
    (re.compile(r"^###\[ \w+ \]###", re.MULTILINE), "what scapy's show() prints"),
)


def read_pasted(text: str, name: str = "argument") -> Pasted:
    """The frames of a text in any shape. CaptureError where it has none, with the shape if it is known."""
    text = bare_text(text)
    bare = without_numbers(text)
    if bare is not None:
        try:
            found = _read(bare, name)
        except CaptureError:
            found = None
        if found is not None and found.error is None and all(map(_has_looks, found.frames)):
            return found
    return _read(text, name)


def _has_looks(frame: PastedFrame) -> bool:
    return not frame.data or looks_right(frame.data)


def _read(text: str, name: str) -> Pasted:
    for read in (read_tshark_json, read_tcpdump, read_numbers, read_dump, read_literal):
        if read is read_literal and len(text) > HEX_BYTES.most:
            raise too_large(name, HEX_BYTES, CaptureError)
        found = read(text, name)
        if found is not None and (found.frames or found.error):
            return found
    for pattern, what in _WITHOUT_BYTES:
        if pattern.search(text):
            cure = "tshark -x, tcpdump -xx or od -Ax -tx1 print what is read here"
            raise CaptureError(name, 0, f"is {what}, and has no bytes of frames in it", cure)
    return read_hex(text, name)


__all__ = ["HINT", "read_pasted"]
