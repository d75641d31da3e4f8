"""Whoever reads a file opens it through ``vrrplab.input_files``: no limit and no input is forgotten."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vrrplab import input_files
from vrrplab.commands import cli
from vrrplab.data_files import data_path
from vrrplab.errors import TraceError
from vrrplab.input_files import remembered
from vrrplab.limits import TRACE_BYTES
from vrrplab.trace import read_trace

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "vrrplab"

# Files that are no input of a command: what the kernel shows, what the package itself wrote or came with.
# Each: function -> why it may open a file to read it by itself.
MAY_OPEN = {
    "output.files.read_back": "an output that a command goes on with: what it writes it may read",
    "input_files._opened": "this is the place",
    "input_files.open_input": "this is the place",
    "scenario.yaml_cache._load": "a cache: nobody named it, and losing it costs nothing",
    "views.assets.read_static": "comes with the package",
    "lab.bench._states_in": "what the daemon wrote when it was asked",
    "lab.control._last_words": "the keeper's own log",
    "lab.namespace_lan.NamespaceLan._read": "logs of processes that this process started",
    "lab.server._last_line": "the daemon's log",
    "live.loopback.LiveProcess.log": "the log of the process that it started",
    "live.udp_socket.holder_of": "/proc",
    "output.files._beside": "is written",
    "output.files._nameless": "is written",
    "output.files._opened": "is written",
    "output.files._require_ours": "is tried: may it be written?",
    "system.careful_files.open_to_read": "a tracked file, whose folders are judged on the way",
    "system.careful_files.open_to_replace": "is written",
    "system.path_trust._followed": "folders and programs on a path, none of them read",
    "system.doctor._namespace_cure": "/proc",
}
KERNEL = ("/proc/", "/sys/", "/run/netns/")
NOT_READ = ("O_WRONLY", "O_RDWR", "O_DIRECTORY", "O_PATH", "os.devnull")
METHODS = {"read_text", "read_bytes", "open"}
FUNCTIONS = {"fromfile", "memmap", "load", "loadtxt", "genfromtxt"}  # of NumPy


def opened_to_read(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call that may open a file to read it, with the name of the function it is in."""

    def walk(node: ast.AST, inside: str) -> Iterator[tuple[str, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            name = inside
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{inside}.{child.name}" if inside else child.name
            if isinstance(child, ast.Call) and opens_to_read(child):
                yield inside, child
            yield from walk(child, name)

    yield from walk(tree, "")


def opens_to_read(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(ast.Name("input_files"), _):
            return False
        case ast.Name("open"):
            return not begins_as_kernels(call) and not writes(call, 1)
        case ast.Attribute(ast.Name("os"), "open"):
            text = ast.unparse(call)
            return not any(word in text for word in NOT_READ) and not begins_as_kernels(call)
        case ast.Attribute(ast.Name("np" | "numpy"), name):
            return name in FUNCTIONS
        case ast.Attribute(ast.Name("mmap"), "mmap"):
            return True
        case ast.Attribute(_, name) if name in METHODS:
            return name != "open" or (bool(call.args) and not writes(call, 0) and is_mode(call.args[0]))
    return False


def writes(call: ast.Call, place: int) -> bool:
    modes = [k.value for k in call.keywords if k.arg == "mode"] + call.args[place : place + 1]
    return any(is_mode(mode) and set(mode.value) & set("wax") for mode in modes)  # type: ignore[attr-defined]


def is_mode(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def begins_as_kernels(call: ast.Call) -> bool:
    first = call.args[0]
    if isinstance(first, ast.JoinedStr):
        first = first.values[0]
    return isinstance(first, ast.Constant) and str(first.value).startswith(KERNEL)


def test_files_are_opened_to_be_read_in_one_place() -> None:
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for function, _ in opened_to_read(ast.parse(path.read_text(encoding="utf-8"))):
            found.add(f"{module}.{function}")
    new = sorted(found - MAY_OPEN.keys())
    assert not new, f"open these through vrrplab.input_files, or say here why not: {new}"
    gone = sorted(MAY_OPEN.keys() - found)
    assert not gone, f"these open no file any more: {gone}"


# -- what a command has read --------------------------------------------------------------------------------

ROUTER = """vrrp_instance V1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        192.0.2.100
    }
}
"""
SCENARIO = """duration_s: 1
servers:
  r1: {config: r1.conf, interfaces: {eth0: {segment: lan, addresses: [192.0.2.1/24]}}}
actions:
- {at_s: 0.5, action: reload, server: r1, config: later.conf}
"""


def read_by(*words: str) -> set[str]:
    """The names of the files that a command has read, as the gate for output files sees them."""
    seen: dict[input_files.Identity, str] = {}

    @contextmanager
    def kept(say: Callable[[str], None]) -> Iterator[dict[input_files.Identity, str]]:
        with remembered(say) as files:
            yield files
            seen.update(files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "remembered", kept)
        assert cli.main(list(words)) == 0
    return {os.path.basename(path) for path in seen.values()}


def test_a_simulation_remembers_every_file_that_it_is_made_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "base.yaml").write_text("name: b\nsegments:\n  lan: {subnet: 192.0.2.0/24}\n")
    (tmp_path / "s.yaml").write_text("extends: base.yaml\n" + SCENARIO)
    (tmp_path / "r1.conf").write_text("include inner/*.conf\n")
    (tmp_path / "later.conf").write_text(ROUTER)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "one.conf").write_text("include ../deep.conf\n")
    (tmp_path / "inner" / "two.conf").write_text("# nothing\n")
    (tmp_path / "deep.conf").write_text(ROUTER)
    expected = {"base.yaml", "s.yaml", "r1.conf", "later.conf", "one.conf", "two.conf", "deep.conf"}
    assert read_by("simulate", str(tmp_path / "s.yaml")) == expected
    assert read_by("simulate", str(tmp_path / "s.yaml")) == expected, "a second time, from what is kept"
    assert read_by("simulate", str(tmp_path / "r1.conf")) >= {"r1.conf", "one.conf", "two.conf", "deep.conf"}


def test_verify_remembers_all_files_of_a_recording(capsys: pytest.CaptureFixture[str]) -> None:
    folder = data_path("recordings", "advert_int_mismatch_v2")
    assert read_by("verify", str(folder)) == {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("options", [(), ("--timeline",), ("--as", "trace")])
def test_decode_remembers_its_capture(capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    capture = data_path("recordings", "advert_int_mismatch_v2", "capture.pcap")
    assert read_by("decode", str(capture), *options) == {"capture.pcap"}


def test_columns_are_opened_as_all_files_are() -> None:
    columns = pytest.importorskip("vrrplab.columns", exc_type=ImportError)
    capture = data_path("recordings", "advert_int_mismatch_v2", "capture.pcap")
    with remembered():
        for _chunk in columns.read(capture):
            pass
        assert input_files.already_read(capture) == str(capture)


def test_a_library_call_remembers_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "t.jsonl"
    trace.write_text('{"t": 0, "event": "warning", "text": "x"}\n')
    read_trace(trace).save(trace)
    assert input_files.already_read(trace) == ""


# -- what has no end, or is none ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["simulate", "/dev/zero"], "larger than 512 KiB, the most for a scenario file"),
        (["decode", "/dev/zero"], "is not a capture"),
        (["simulate", "/dev"], "/dev: is a folder without keepalived.conf"),
        (["decode", "/dev"], "/dev: cannot be read: Is a directory"),
        (["decode", "-"], "larger than 64 MiB, the most for a text of frames, or a log"),
        (["decode", "--timeline", "-"], "larger than 64 MiB, the most for a text of frames, or a log"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_reading_stops_at_a_size_that_is_told(vrrplab: Run, words: list[str], told: str) -> None:
    with subprocess.Popen(["yes", "0123"], stdout=subprocess.PIPE) as endless:
        done = vrrplab(*words, stdin=endless.stdout)
        endless.kill()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr


@pytest.mark.parametrize("command", ["simulate", "decode"])
def test_a_pipe_that_nobody_writes_is_waited_for_and_told(command: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = [sys.executable, "-m", "vrrplab", command, str(pipe)]
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert waiting.stderr.readline() == f"vrrplab: waiting for input from {pipe} (Ctrl-C ends the wait)\n"
        waiting.send_signal(signal.SIGINT)
        assert waiting.stderr.read() == "vrrplab: interrupted\n"
    assert waiting.returncode == 130


def test_a_capture_may_come_through_a_pipe(vrrplab: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    capture = data_path("recordings", "advert_int_mismatch_v2", "capture.pcap")
    with subprocess.Popen(["cp", str(capture), str(pipe)]):
        through = vrrplab("decode", "--timeline", str(pipe))
    directly = vrrplab("decode", "--timeline", str(capture))
    assert through.returncode == 0
    assert through.stdout.replace("pipe", "capture.pcap") == directly.stdout


# -- byte-order marks and line ends -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_is_the_same_from_every_system(tmp_path: Path, encoding: str, end: str) -> None:
    file = tmp_path / "t.jsonl"
    texts = ['{"t": 0, "event": "warning", "text": "ä"}', '{"t": 1, "event": "warning", "text": "語"}', ""]
    file.write_bytes(end.join(texts).encode(encoding))
    assert [event.fields["text"] for event in read_trace(file)] == ["ä", "語"]
    assert input_files.read_text(file, TRACE_BYTES, TraceError) == "\n".join(texts)


def test_what_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_bytes(b'{"t": 0, "event": "warning"}\n\n\xff\n')
    for read in (read_trace, lambda file: input_files.read_text(file, TRACE_BYTES, TraceError)):
        with pytest.raises(TraceError, match=r"t\.jsonl:3: is not text: it is no UTF-8 here"):
            read(file)


def test_a_line_of_a_trace_has_a_limit() -> None:
    with pytest.raises(
        TraceError, match="/dev/zero:1: is larger than 16 MiB, the most for a line of a trace"
    ):
        read_trace("/dev/zero")
