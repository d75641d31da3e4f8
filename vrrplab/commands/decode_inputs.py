"""What ``vrrplab decode`` is given: captures and text that stands for frames; from files, from standard
input, or as the arguments themselves.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from typing import TYPE_CHECKING, BinaryIO

from vrrplab.capture.compressed import open_unpacked
from vrrplab.capture.files import is_capture, known_format, read_records
from vrrplab.capture.reader import Packet, Passed
from vrrplab.capture.records import Break, Record
from vrrplab.columns.selection import select, select_packets
from vrrplab.errors import CaptureError
from vrrplab.input_files import await_input, open_input, read_stream, text_of, too_large, unreadable
from vrrplab.limits import HEX_BYTES, TEXT_BYTES
from vrrplab.witness.sightings import KINDS

if TYPE_CHECKING:
    from vrrplab.pasted.frames import Pasted, PastedFrame
    from vrrplab.pasted.logs import Log

Packets = Iterator[Packet]
CAPTURE_ENDINGS = (".pcap", ".pcapng", ".cap")
_FILE_ENDINGS = (*CAPTURE_ENDINGS, ".gz", ".zst", ".txt", ".log")
_STDIN = "standard input"
_TIMES = "tcpdump -tttt -nevv prints what is read here"
_HEAD = 512  # bytes by which a text is told from what is none


@dataclass
class Inputs:
    """What frames come from. ``shape``: as what a text was read, "" of a capture.

    ``is_dated``: its times have a date. ``has_zone``: they count from 1970 in UTC; else they are those of
    some clock on a wall. ``has_times``: it has any. ``others``: packets of a text that are no frames here.
    ``is_several``: it is a text of more than one frame.
    """

    name: str
    packets_of: Callable[[frozenset[str] | None, int | None], Packets]
    path: str = ""  # of a capture that is a file: it can be read in columns
    shape: str = ""
    is_dated: bool = True
    has_zone: bool = True
    others: int = 0
    has_times: bool = True
    is_several: bool = False
    counted_of: Callable[[], Iterator[Packet | Passed]] | None = None

    def packets(self, kinds: frozenset[str] | None = None, vrid: int | None = None) -> Packets:
        """All, each with its number; others than those of ``kinds`` and ``vrid`` may be left out."""
        return self.packets_of(kinds, vrid)

    def counted(self) -> Iterator[Packet | Passed]:
        """What a timeline is made of; the rest of a large file, and of a text, is only counted."""
        if self.path:
            return select(self.path, KINDS)
        return self.packets() if self.counted_of is None else self.counted_of()


def inputs_of(words: list[str], link_type: int | None) -> Inputs:
    """Whatever the arguments name. CaptureError for what is nothing that is read here."""
    if words == ["-"]:
        return _of_stream(link_type)
    first = words[0]
    if names_file(first):
        if len(words) > 1:
            cure = "one capture at a time; tcpdump's lines and logs beside it are for --timeline"
            raise CaptureError(words[1], 0, "is one too many", cure)
        return of_file(first, link_type)
    text = " ".join(words)
    if len(text) > HEX_BYTES.most:
        raise too_large("argument", HEX_BYTES, CaptureError)
    return of_text(text, "argument", link_type)


def sources_of(words: list[str], link_type: int | None) -> tuple[list[Inputs], list[Log]]:
    """What a timeline is made of: at most one capture, texts of frames, and logs. The first of the frames is
    the one whose clock counts: the capture, else a text whose times are known best.
    """
    from vrrplab.pasted.logs import read_log

    if words == ["-"] or not names_file(words[0]):
        if words != ["-"]:
            return [_timed(inputs_of(words, link_type))], []
        given = _text_of_stream()
        if isinstance(given, Inputs):
            return [given], []
        log = read_log(given, _STDIN)
        return ([_timed(of_text(given, _STDIN, link_type))], []) if log is None else ([], [log])
    frames: list[Inputs] = []
    logs: list[Log] = []
    names = Counter(os.path.basename(path) for path in words)
    for path in words:
        text = text_in(path)
        log = read_log(text, path) if text is not None else None
        if log is not None:
            log.name = _name_of(path, names)
            logs.append(log)
            continue
        one = of_file(path, link_type)
        if not one.shape and any(not other.shape for other in frames):
            cure = "one capture at a time, and logs and tcpdump's lines beside it"
            raise CaptureError(path, 0, "is one too many", cure)
        one.name = _name_of(path, names)
        if any(other.name == one.name for other in frames):
            raise CaptureError(path, 0, "is named twice", "once is enough")
        frames.append(one)
    frames.sort(key=lambda one: (bool(one.shape), not one.has_times, not one.has_zone, not one.is_dated))
    if frames:
        _timed(frames[0])
    for one in frames[1:]:
        if not one.has_times:
            message = f"has no times, so nothing tells when its frames were beside {frames[0].name}"
            raise CaptureError(one.name, 0, message, _TIMES)
    return frames, logs


def _timed(one: Inputs) -> Inputs:
    """CaptureError: several frames without times, of which nobody knows who was MASTER when."""
    if one.is_several and not one.has_times:
        message = "has no times, so nothing tells how long who was MASTER, or whether two were at once"
        raise CaptureError(one.name, 0, message, _TIMES)
    return one


def _name_of(path: str, names: Counter[str]) -> str:
    """By which a file is told of: its last part, where no other has the same."""
    name = os.path.basename(path)
    return name if names[name] == 1 else path


def names_file(word: str) -> bool:
    """Rather than bytes in hexadecimal."""
    return os.path.exists(word) or word.endswith(_FILE_ENDINGS)


def of_file(path: str, link_type: int | None) -> Inputs:
    """A capture, or a text of frames."""
    text = text_in(path)
    if text is not None:
        return of_text(text, path, link_type)
    name = os.path.basename(path)
    if not os.path.isfile(path):  # of a pipe nothing can be read twice, as columns are
        given = _given_by_pipe(path)
        return given if isinstance(given, Inputs) else of_text(given, path, link_type)
    return Inputs(name, partial(select_packets, path), path)


def _given_by_pipe(path: str) -> str | Inputs:
    """What comes out of a pipe with a name, as ``<(xxd frame)`` is one: a text, or the capture that it is."""
    try:
        stream = open_input(path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error, CaptureError) from None
    shown = os.path.basename(path)
    if not _is_text(stream.peek(_HEAD)[:_HEAD]):
        return Inputs(shown, lambda kinds, vrid: enumerate(read_records(stream, path), 1))
    return _of_open(stream, path, shown)


def text_in(path: str) -> str | None:
    """The text of a file; None if it is none: a capture by its name or its first bytes, or something else."""
    if path.endswith(CAPTURE_ENDINGS) or not os.path.isfile(path):
        return None
    try:
        with open_unpacked(path) as stream:
            head = stream.read(_HEAD)
            if not head or is_capture(head) or known_format(head) or not _is_text(head):
                return None
            data = head + read_stream(stream, TEXT_BYTES, path, CaptureError)
    except Break as end:
        if not end.offset:
            return None
        raise end.error(path) from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error, CaptureError) from None
    return text_of(data, path, CaptureError, "nor is it a capture")


def _is_text(head: bytes) -> bool:
    return head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" not in head


def _of_stream(link_type: int | None) -> Inputs:
    text = _text_of_stream()
    return text if isinstance(text, Inputs) else of_text(text, _STDIN, link_type)


def _text_of_stream() -> str | Inputs:
    """Standard input: its text, or the capture that it is."""
    stream = sys.stdin.buffer
    await_input(stream, _STDIN)
    return _of_open(stream, _STDIN, _STDIN)


def _of_open(stream: BinaryIO, name: str, shown: str) -> str | Inputs:
    head = stream.peek(4)[:4] if isinstance(stream, BufferedReader) else b""
    if is_capture(head) or known_format(head) or not head:
        return Inputs(shown, lambda kinds, vrid: enumerate(read_records(stream, name), 1))
    data = read_stream(stream, TEXT_BYTES, name, CaptureError)
    return text_of(data, name, CaptureError, "nor is it a capture")


def of_text(text: str, name: str, link_type: int | None) -> Inputs:
    """The frames of a text in any shape; ``link_type``: what all of them begin with, if somebody knows."""
    from vrrplab.pasted.logs import read_log
    from vrrplab.pasted.reader import read_pasted

    if read_log(text, name) is not None:
        raise CaptureError(name, 0, "is a log, which has no frames", "--timeline tells what it says")
    found = read_pasted(text, name)
    shown = os.path.basename(name) if os.path.exists(name) else name
    others = sum(not one.data for one in found.frames)
    packets = partial(_packets, found, link_type)
    counted = partial(_counted, found, link_type)
    has_times = any(one.t_ns for one in found.frames)
    is_several = len(found.frames) > 1
    return Inputs(
        shown,
        packets,
        "",
        found.shape,
        found.is_dated,
        found.has_zone,
        others,
        has_times,
        is_several,
        counted,
    )


def _packets(found: Pasted, link_type: int | None, kinds: object, vrid: object) -> Packets:
    for place, one in enumerate(found.frames, 1):
        if one.data:
            yield one.number or place, _record(one, link_type)
    if found.error is not None:
        raise found.error


def _counted(found: Pasted, link_type: int | None) -> Iterator[Packet | Passed]:
    """Also those of which only the time is told."""
    for place, one in enumerate(found.frames, 1):
        t_ns = one.t_ns or 0
        if one.data:
            yield one.number or place, _record(one, link_type)
        else:
            yield Passed(1, t_ns, t_ns, t_ns)
    if found.error is not None:
        raise found.error


def _record(one: PastedFrame, link_type: int | None) -> Record:
    from vrrplab.pasted.frames import guess_link_type

    kind = one.link_type if link_type is None else link_type
    kind = guess_link_type(one.data) if kind is None else kind
    return Record(one.t_ns or 0, kind, one.data, one.original_length or len(one.data), one.interface)
