"""What the fuzzers call: one function a reader, any bytes in, nothing out.

A reader may refuse what it is given with one of our own errors; anything else it raises is a bug. Beyond
that each target checks what must hold for every input. The corpus that found bugs is run by the ordinary
tests (tests/wire/test_fuzz_corpus.py), with no fuzzer installed.
"""

from __future__ import annotations

import io
import json
import tempfile

import vrrplab.columns as arrays
from vrrplab.capture.files import is_capture, read_records
from vrrplab.capture.pcap import write_pcap
from vrrplab.capture.reader import read_frames
from vrrplab.columns.rows import fill_rows
from vrrplab.config.reader import parse_text
from vrrplab.decoding.describe import describe, sender
from vrrplab.decoding.explain import explain
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import judge
from vrrplab.errors import CaptureError, ConfigError
from vrrplab.machine.profiles import PROFILES
from vrrplab.wire import links
from vrrplab.wire.frames import decode, encode
from vrrplab.witness.timeline import timeline_of
from vrrplab.witness.timeline_text import json_lines, table
from vrrplab.witness.timeline_trace import to_trace

_LINKS = [*sorted(links.NAMES), links.MESSAGE]


def frame(data: bytes) -> None:
    """The first byte picks link type and profile, the rest is a frame: decode, judge, tell, and encode
    again.
    """
    if not data:
        return
    link_type = _LINKS[data[0] % len(_LINKS)] if data[0] & 0x80 else links.ETHERNET
    profile = list(PROFILES)[data[0] % len(PROFILES)]
    decoded = decode(data[1:], link_type)
    assert encode(decoded) == data[1:]
    assert all(0 <= problem.offset <= len(data) for problem in decoded.problems)
    verdict = judge(decoded, profile, b"secret" if data[0] & 0x40 else None)
    json.dumps(report(decoded, verdict, b"secret"))
    assert "\n" not in describe(decoded) + sender(decoded)
    assert max(map(len, explain(decoded, verdict, profile).split("\n"))) <= 80


def capture(data: bytes) -> None:
    """A capture file: frames up to the break, and a timeline of them."""
    frames = []
    try:
        for captured in read_frames(io.BytesIO(data), "fuzz"):
            frames.append(captured)
    except CaptureError as error:
        _one_line(error)
    timeline = timeline_of(frames)
    table(timeline)
    list(json_lines(timeline))
    to_trace(timeline)


def columns(data: bytes) -> None:
    """A capture file; or frames, each behind a byte with its length, after one that picks the link type. A
    row says what ``decode`` says, and a file breaks off where the record reader has it.
    """
    if is_capture(data):
        _columns_of_file(data)
        return
    if not data:
        return
    link_type = _LINKS[data[0] % (len(_LINKS) - 1)] if data[0] & 0x80 else links.ETHERNET
    frames, place = [], 1
    while place < len(data):
        frames.append(data[place + 1 : place + 1 + data[place]])
        place += 1 + data[place]
    with tempfile.NamedTemporaryFile() as file:
        write_pcap(file.name, enumerate(frames), link_type)
        _columns_of_file(file.read())


def _columns_of_file(data: bytes) -> None:
    records, chunks, errors = [], [], []
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        for source, found in ((read_records(file.name), records), (arrays.read(file.name), chunks)):
            try:
                for one in source:
                    found.append(one)
            except CaptureError as error:
                errors.append(str(error))
    assert len(errors) != 1
    assert len(set(errors)) <= 1
    assert [number for chunk in chunks for number in chunk.number] == list(range(1, len(records) + 1))
    for chunk in chunks:
        told = arrays.Columns(len(chunk), int(chunk.number[0]))
        rows = told.number - told.number[0]
        mine = records[int(chunk.number[0]) - 1 :][: len(chunk)]
        fill_rows(told, rows, [decode(record.data, record.link_type) for record in mine])
        told.t_ns[:] = [min(max(record.t_ns, -(2**63)), 2**63 - 1) for record in mine]
        for name, column in told.to_dict().items():
            assert (getattr(chunk, name) == column).all(), name


def config(data: bytes) -> None:
    """A keepalived.conf."""
    try:
        parse_text(data.decode("latin-1"))
    except ConfigError as error:
        _one_line(error)


def _one_line(error: Exception) -> None:
    assert "\n" not in str(error)


TARGETS = {"frame": frame, "capture": capture, "columns": columns, "config": config}
