"""Every file that a user names is written by ``output.files``: who writes otherwise stands here, with why."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from vrrplab.commands.cli import COMMANDS
from vrrplab.output.files import OutputName

PACKAGE = Path(__file__).resolve().parent.parent.parent / "vrrplab"

# file: function -> why it may write by itself. Nobody on this list writes where an option says.
BY_THEMSELVES = {
    "output/files.py": "the gate",
    "commands/lab.py: _drill": "a folder in the lab's own, private one",
    "input_files.py: _opened": "opens to read",
    "exercises/store.py: Store._alone": "the lock beside the learner's file",
    "exercises/store.py: Store._rename": "puts a broken file aside: a new name, never one that is taken",
    "lab/bench.py": "the lab's private folder, and files as its servers see them",
    "lab/comparison.py: _copy": "into a folder that the gate has made",
    "lab/control.py: _copy_files": "into the lab's private folder, or one that the gate has made",
    "lab/control.py: _start": "the lab's private folder",
    "lab/namespace_lan.py": "the private folder of a test bench",
    "lab/recording_writer.py": "the lab's private folder; the gate brings it to where the user wants it",
    "lab/server.py": "the lab's private folder",
    "lab/state_file.py": "makes the lab's private folder, and judges it",
    "lab/supervisor.py": "the lab's private folder",
    "lab/web.py": "the lab's private folder",
    "live/loopback.py": "a temporary folder of its own",
    "sweeping/worker.py: main": "its rows, down the pipe to the sweep that started it",
    "system/careful_files.py: open_to_replace": "init_file: what a configuration names, as the daemon does",
    "notebook/own_cluster.py: own_cluster": "a temporary folder of its own",
    "output/terminal.py": "/dev/null in place of a standard stream that is closed",
    "output/trace_writer.py: Sink._write": "takes a half line back, from a file that the gate has opened",
    "scenario/yaml_cache.py: _store": "the user's cache",
    "system/namespaces.py": "the log in a private folder",
    "system/tools.py": "/proc/sys",
    "views/style.py": "matplotlib draws into memory, or into a stream of the gate's",
}

_WRITING_FLAGS = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE", "flags")
_WRITERS = {
    *("write_text", "write_bytes", "touch", "symlink_to", "hardlink_to", "savefig", "savez", "savetxt"),
    *("to_csv", "to_parquet", "to_excel", "to_pickle", "tofile", "imsave", "memmap"),
    *("mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile"),
}
_OF_OS = {"replace", "rename", "renames", "mkdir", "makedirs", "link", "symlink", "truncate", "ftruncate"}
_OF_OS |= {"mkfifo", "mknod"}
_OF_SHUTIL = {"copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "make_archive"}


def writes(call: ast.Call) -> bool:
    """Does this call make, open to write, or rename a file or a folder?"""
    name, first = _named(call.func)
    texts = [ast.unparse(part) for part in (*call.args, *(keyword.value for keyword in call.keywords))]
    if name == "open" and first == "os":
        return any(flag in text for text in texts[1:] for flag in _WRITING_FLAGS)
    if name in ("open", "fdopen"):
        if texts and texts[0].startswith("open_to_write("):  # the gate's
            return False
        modes = call.args[1:2] if first in ("", "io", "os", "gzip", "bz2", "lzma") else call.args[:1]
        modes += [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
        known = [m.value for m in modes if isinstance(m, ast.Constant) and isinstance(m.value, str)]
        return any(set("wax+") & set(mode) and len(mode) <= 3 for mode in known)
    if first == "os":
        return name in _OF_OS
    if first == "shutil":
        return name in _OF_SHUTIL
    return name in _WRITERS and bool(texts or name.endswith(("File", "Directory", "temp", "touch")))


def _named(function: ast.expr) -> tuple[str, str]:
    """The name that is called, and the module or object it is asked of, if that is a plain name."""
    if isinstance(function, ast.Attribute):
        return function.attr, function.value.id if isinstance(function.value, ast.Name) else "?"
    return (function.id, "") if isinstance(function, ast.Name) else ("", "")


def writers(node: ast.AST, inside: str = "") -> Iterator[str]:
    """The functions, with their classes, that write by themselves."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from writers(child, f"{inside}.{child.name}" if inside else child.name)
            continue
        if isinstance(child, ast.Call) and writes(child):
            yield inside
        yield from writers(child, inside)


def test_who_writes_a_file_goes_through_the_gate() -> None:
    found = {
        f"{path.relative_to(PACKAGE).as_posix()}: {function}"
        for path in PACKAGE.rglob("*.py")
        for function in writers(ast.parse(path.read_text(encoding="utf-8")))
    }
    allowed = {name for name in found if name in BY_THEMSELVES or name.partition(":")[0] in BY_THEMSELVES}
    assert sorted(found - allowed) == [], "write through vrrplab.output.files, or say here why not"
    used = allowed | {name.partition(":")[0] for name in allowed}
    assert sorted(set(BY_THEMSELVES) - used) == [], "these write no more"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("open(path)", False),
        ("open(path, 'rb')", False),
        ("open(path, 'w', encoding='utf-8')", True),
        ("open(path, mode='ab')", True),
        ("path.open('x')", True),
        ("path.open()", False),
        ("os.open(path, os.O_RDONLY | os.O_CLOEXEC)", False),
        ("os.open(path, os.O_WRONLY)", True),
        ("Path(path).write_text('x')", True),
        ("os.replace(a, b)", True),
        ("text.replace('a', 'b')", False),
        ("shutil.copyfile(a, b)", True),
        ("socket.open(interface)", False),
        ("figure.savefig(name)", True),
        ("frame.to_csv(path)", True),
        ("results.to_csv()", False),
        ("open(open_to_write(path), 'wb')", False),
    ],
)
def test_the_rule_sees_every_way_to_write(line: str, expected: bool) -> None:
    call = ast.parse(line, mode="eval").body
    assert isinstance(call, ast.Call)
    assert writes(call) is expected


# The few options with these words that name what is read.
READ = {
    ("lab", "--config"),
    *(("config", option) for option in ("--inventory", "--config", "--baseline")),
    *(
        (command, "--inventory")
        for command in ("why", "simulate", "scenario", "explore", "reconstruct", "sweep")
    ),
}


def options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from options(inner)
        else:
            yield action


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_that_names_an_output_is_looked_at_before_the_work(command: str) -> None:
    parser = argparse.ArgumentParser()
    import_module(f"vrrplab.commands.{command}").add_arguments(parser)
    unchecked = [
        action.option_strings[0]
        for action in options(parser)
        if action.option_strings and action.metavar in ("FILE", "DIR")
        if (command, action.option_strings[0]) not in READ
        if not (isinstance(action.type, type) and issubclass(action.type, OutputName))
    ]
    assert unchecked == [], "give it type=OutputName, or one of its kinds"
