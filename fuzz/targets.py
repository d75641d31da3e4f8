"""What the fuzzers call: one function a reader, any bytes in, nothing out.

A reader may refuse what it is given with one of our own errors; anything else it raises is a bug. Beyond
that each target checks what must hold for every input. The corpus that found bugs is run by the ordinary
tests (tests/wire/test_fuzz_corpus.py), with no fuzzer installed.
"""

from __future__ import annotations

import argparse
import atexit
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from unittest import mock

import vrrplab.columns as arrays
from vrrplab.capture.files import is_capture, read_records
from vrrplab.capture.pcap import write_pcap
from vrrplab.capture.reader import read_frames
from vrrplab.columns.rows import fill_rows
from vrrplab.commands import decode as decode_command
from vrrplab.config.reader import parse_text
from vrrplab.data_files import data_path
from vrrplab.decoding.describe import describe, sender
from vrrplab.decoding.explain import explain
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import judge
from vrrplab.errors import CaptureError, ConfigError, LiveError, ScenarioError, TraceError, VrrplabError
from vrrplab.exercises.course import course_of
from vrrplab.exercises.course_map import course_text, map_svg
from vrrplab.exercises.report import class_results
from vrrplab.exercises.results_page import page_html
from vrrplab.exercises.store import Store, read_progress
from vrrplab.lab import state_file
from vrrplab.machine.profiles import PROFILES
from vrrplab.output.text_columns import width as text_width
from vrrplab.recording.reader import read_recording
from vrrplab.rules import formats
from vrrplab.rules import table as rules_table
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.fix import patch_of
from vrrplab.rules.report import lines_of as report_lines
from vrrplab.scenario.nodes import Node
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim import play
from vrrplab.tell import table as events_table
from vrrplab.trace import read_trace
from vrrplab.wire import links
from vrrplab.wire.frames import decode, encode
from vrrplab.witness.timeline import timeline_of
from vrrplab.witness.timeline_text import json_lines, table
from vrrplab.witness.timeline_trace import to_trace

_LINKS = [*sorted(links.NAMES), links.MESSAGE]
MOMENT_US = 50_000  # of simulated time: the daemons are up, and the first adverts out
RECORDING = "v3_ipv6"  # short, with adverts, announcements, addresses and a goodbye


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
    with _refused_in_one_line(CaptureError):
        for captured in read_frames(io.BytesIO(data), "fuzz"):
            frames.append(captured)
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
    file = _folder() / "frames.pcap"
    write_pcap(str(file), enumerate(frames), link_type)
    _columns_of_file(file.read_bytes())


def _columns_of_file(data: bytes) -> None:
    records, chunks, errors = [], [], []
    file = _file("columns", data)
    for source, found in ((read_records(file), records), (arrays.read(file), chunks)):
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
    with _refused_in_one_line(ConfigError):
        parse_text(data.decode("latin-1"))


def check(data: bytes) -> None:
    """The files of one cluster, with a form feed between them: every rule, every format, and a patch."""
    nodes = []
    with _refused_in_one_line(ConfigError):
        for number, text in enumerate(_text(data).split("\f")[:4], 1):
            name = f"n{number}"
            nodes.append(Node(name, f"{name}.conf", parse_text(text, f"{name}.conf", host_id=name)))
    if not nodes:
        return
    cluster = Cluster(nodes)
    found = rules_table.check(cluster)
    lines = [line.text for line in report_lines(cluster, found)]
    assert all(text_width(line) <= 80 and "\n" not in line for line in lines)
    json.loads(formats.as_json(cluster, found))
    json.loads(formats.as_sarif(found, "0"))
    assert all(line.startswith("::") for line in formats.as_github(found).splitlines())
    assert all(finding.message and finding.cure and finding.places for finding in found)
    patch, cured = patch_of(cluster, found)
    assert bool(patch) == bool(cured)


def scenario(data: bytes) -> None:
    """A scenario, its configurations inside: read, run for a moment, told, and written as a file that says
    the same again.
    """
    with _refused_in_one_line(ScenarioError, ConfigError):
        read = scenario_from_text(_text(data), str(_folder()))
        with _refused_in_one_line(VrrplabError):
            events_table.render(play.run(read.changed(duration_us=min(read.duration_us, MOMENT_US))))
        if len(data) % 16 == 0:  # YAML is slow to read and write
            with _refused_in_one_line(VrrplabError):
                text = read.to_yaml()
                assert scenario_from_text(text, str(_folder())).to_yaml() == text


def trace(data: bytes) -> None:
    """A trace: read, and saved as one that reads the same."""
    with _refused_in_one_line(TraceError):
        events = read_trace(_file("trace.jsonl", data))
        again = _folder() / "again.jsonl"
        events.save(again)
        assert read_trace(again).events == events.events


def recording(data: bytes) -> None:
    """What was observed of real daemons (observed.json), beside the scenario of a recording."""
    folder = _folder() / "recording"
    if not folder.exists():
        folder.mkdir()
        shutil.copy(data_path("recordings", RECORDING, "scenario.yaml"), folder)
        for file in data_path("recordings", RECORDING).glob("*.conf"):
            shutil.copy(file, folder)
    _file("recording/observed.json", data)
    with _refused_in_one_line(VrrplabError):
        read_recording(folder)


def progress(data: bytes) -> None:
    """A learner's progress file: read, told to the learner and to a teacher, and changed in its place."""
    file = _file("progress.json", data)
    with _refused_in_one_line(VrrplabError):
        read = read_progress(file)
        course = course_of(read)
        course_text(course)
        map_svg(course)
        page_html(course, "", "")
    results = class_results(file)
    repr(results)
    results.to_csv()
    assert all("\n" not in line for line in results.broken)
    if len(data) % 4 == 0:
        own = Store(_folder() / "own.json")
        own.path.write_bytes(data)
        with own.change() as changed:
            changed.exercises["00-first"] = {"passed": True, "tries": 1}
        assert read_progress(own.path).exercises["00-first"]["passed"] is True
        for file in _folder().glob("own.*"):
            file.unlink()


def lab(data: bytes) -> None:
    """The file that says which lab is up; FOLDER in it stands for where that file lies. Nothing is taken down
    here: no process is signalled.
    """
    place = _folder() / "lab"
    place.mkdir(exist_ok=True)
    with mock.patch.object(state_file, "state_folder", return_value=str(place)):
        _file("lab/lab.json", data.replace(b"FOLDER", str(place).encode()))
        with _refused_in_one_line(LiveError):
            state = state_file.read_state()
            if state is not None:
                assert "\n" not in state.age_text(1e9) + state.router_text
                assert state.alive in (True, False)
            state_file.require()


# What ``decode`` is told to make of what it reads.
WAYS = (
    (),
    ("--format", "jsonl"),
    ("--explain",),
    ("--timeline",),
    ("--as", "trace"),
    ("--stats",),
    ("--timeline", "--format", "jsonl", "--vrid", "7"),
    ("--where", "priority<100", "--from", "0.5"),
    ("--link", "message", "--key", "secret"),
)


def paste(data: bytes) -> None:
    """Anything pasted into ``vrrplab decode -``; its length chooses what is made of it."""
    arguments = _arguments(WAYS[len(data) % len(WAYS)])
    given = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)))  # type: ignore[type-var]
    with mock.patch.multiple(sys, stdin=given, stdout=io.StringIO()), _refused_in_one_line(VrrplabError):
        decode_command.run(arguments)


@cache
def _arguments(options: tuple[str, ...]) -> argparse.Namespace:
    """What the command line makes of them; to read them takes longer than to decode a frame."""
    parser = argparse.ArgumentParser()
    decode_command.add_arguments(parser)
    return parser.parse_args([*options, "-"])


def _text(data: bytes) -> str:
    """As text from a file: what is no UTF-8 is refused before any reader sees it."""
    return data.decode("utf-8", "replace")


@cache
def _folder() -> Path:
    """A folder of this process's own, gone with it; in memory where the system has such a place."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="vrrplab-fuzz-", dir=memory if os.access(memory, os.W_OK) else None)
    atexit.register(partial(shutil.rmtree, folder, ignore_errors=True))
    return Path(folder)


@cache
def _descriptor(name: str) -> int:
    return os.open(_folder() / name, os.O_RDWR | os.O_CREAT)


def _file(name: str, data: bytes) -> str:
    """A file with these bytes. It is written over each time: to make and remove one takes longer than most
    readers do.
    """
    descriptor = _descriptor(name)
    os.ftruncate(descriptor, len(data))
    os.pwrite(descriptor, data, 0)
    return str(_folder() / name)


@contextmanager
def _refused_in_one_line(*kinds: type[Exception]) -> Iterator[None]:
    """What may be done with any input: refuse it with an error of ours, told in one line."""
    try:
        yield
    except kinds as error:
        lines = str(error).count("\n") + 1
        if lines > 1:
            raise AssertionError(f"an error in {lines} lines") from error


TARGETS: dict[str, Callable[[bytes], None]] = {
    "frame": frame,
    "capture": capture,
    "columns": columns,
    "paste": paste,
    "config": config,
    "check": check,
    "scenario": scenario,
    "trace": trace,
    "recording": recording,
    "progress": progress,
    "lab": lab,
}
