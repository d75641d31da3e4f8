"""Who may know whom: every file is a room with one kind of talk, and imports go one way between rooms.

The table below is the rule; ``docs/architecture.md`` prints it, and ``VRRPLAB_WRITE_DOCS=1`` writes it there
anew. Imports for the type checker count too: to name somebody's types is to know them.
"""

from __future__ import annotations

import ast
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "vrrplab"
PAGE = PACKAGE.parent / "docs" / "architecture.md"
BEGIN, END = "<!-- the table: made by tests/test_imports.py -->", "<!-- end of the table -->"

# The ground, known to every room, and what its files may know of each other; lowest first.
GROUND_OF: dict[str, set[str]] = {
    "units": set(),
    "errors": set(),
    "glossary": set(),
    "inet": set(),
    "arguments": {"errors"},
    "data_files": {"errors"},
    "limits": set(),
    "input_files": {"errors", "limits"},
    "json_text": {"errors", "input_files", "limits"},
    "work": {"errors", "limits"},
    "interrupts": set(),
    "installing": set(),
}
GROUND = set(GROUND_OF)
ANYTHING = {""}

# Room: what its files may import besides each other and the ground. A name covers everything below it.
MAY_IMPORT: dict[str, set[str]] = {
    **{ground: set() for ground in GROUND_OF},
    "trace": {"output.files", "wire.addresses"},
    "config": set(),
    "wire": set(),
    "output": {"trace"},
    "capture": {"wire", "output.files"},
    "columns": {"wire", "capture"},
    # Values only: what an advert says and what a configuration means, not how either is read.
    "machine": {"wire.vrrp", "wire.addresses", "config.model", "config.numbers", "config.routes"},
    # Text from outside: dumps, and the daemons' log lines read back by the templates they are written with.
    "pasted": {"wire", "machine.log_lines"},
    # A verdict asks the machine's law, and nothing else of it.
    "decoding": {
        "wire",
        "capture",
        "machine.acceptance",
        "machine.events",
        "machine.profiles",
        "output.text_columns",
    },
    "witness": {"wire", "capture", "decoding", "pasted", "trace", "output.printable", "output.text_columns"},
    "drive": {"wire", "config", "trace", "machine"},
    "scenario": {"wire", "config", "trace", "machine.profiles", "machine.policy"},
    "recording": {"config", "wire.frames", "wire.likeness", "capture", "trace", "scenario", "pasted"},
    "sim": {"wire", "config", "trace", "machine", "drive", "scenario"},
    "system": {"wire", "config", "machine.events"},
    "live": {"wire", "config", "trace", "machine", "drive", "scenario", "system", "output.trace_writer"},
    "watch": {
        "wire",
        "capture",
        "trace",
        "witness",
        "system",
        "output",
        "config.model",
        "live.scripts",
        "live.udp_socket",
    },
    # A recording names the profile of the daemon that ran.
    # It asks ``verify`` whether what it did is what the simulator says.
    "lab": {
        "wire",
        "config",
        "capture",
        "trace",
        "scenario",
        "system",
        "machine.profiles",
        "output.files",
        "verify",
    },
    # A view reads the trace and never asks the machine: names of states and the edges between them, no more.
    "views": {
        "trace",
        "wire",
        "decoding",
        "machine.states",
        "output.files",
        "output.printable",
        "output.text_columns",
    },
    # Traces in words.
    "tell": {"trace", "wire.addresses", "output.printable", "output.terminal", "output.text_columns"},
    "verify": {"trace", "machine.profiles", "recording", "scenario", "sim"},
    # What a weight makes of a priority, whether an advert is accepted and after how long a BACKUP takes over
    # are the machine's sentences.
    "rules": {
        "config",
        "scenario",
        "machine.acceptance",
        "machine.hearing",
        "machine.intervals",
        "machine.priority",
        "machine.profiles",
        "machine.tracked_values",
        "machine.weights",
        "wire.addresses",
        "output.files",
        "output.printable",
        "output.text_columns",
    },
    # Closed forms are the machine's own: the formulas of its times, and what a weight makes of a priority.
    # It asks the machine's law who hears whom, and puts the numbers on a page.
    "forecast": {
        "trace",
        "config",
        "scenario",
        "machine.hearing",
        "machine.intervals",
        "machine.policy",
        "machine.priority",
        "machine.profiles",
        "machine.tracked_values",
        "machine.weights",
        "wire.addresses",
        "output.printable",
        "output.text_columns",
        "sim",
        "rules",
    },
    # Runs by the thousand, each asked of its trace; what varies is named by the reader's own tables.
    "sweeping": {
        "trace",
        "config",
        "scenario",
        "machine.hearing",
        "machine.intervals",
        "machine.profiles",
        "sim",
        "output.csv_text",
        "output.files",
        "output.text_columns",
    },
    # Stories are told as scenarios and traces, in the words of both.
    "exploring": {
        "config",
        "machine",
        "output.page_text",
        "output.progress",
        "output.text_columns",
        "scenario",
        "sim",
        "tell.words",
        "trace",
        "wire.addresses",
    },
    # From what was seen back to what happened: suspects are ``explore``'s, and a simulation is right within
    # what ``verify`` holds it to. Of frames it reads what a timeline does not keep.
    "reconstructing": {
        "capture",
        "config",
        "exploring",
        "machine",
        "output",
        "pasted",
        "scenario",
        "sim",
        "trace",
        "verify",
        "wire.addresses",
        "wire.arp",
        "wire.ip",
        "witness",
    },
    "notebook": ANYTHING,
    "exercises": ANYTHING,
    "page": ANYTHING,
    "lsp": {"config", "rules", "scenario", "machine.profiles", "output.printable"},
    "commands": ANYTHING,
    "__init__": ANYTHING,
    "__main__": {"commands"},
}

# Rooms that are not built yet have their rows, so that nobody has to move again when they come.
TO_COME: dict[str, str] = {}

# Import circles that are there on purpose, each with its reason.
CIRCLES_ALLOWED = {
    frozenset(
        ("vrrplab.wire.vrrp", "vrrplab.wire.malformed")
    ): "an advert that cannot be read at once is taken apart slowly elsewhere, into the same value",
}

# Of the standard library the machine gets what describes values: no clock, no chance, no socket, no file.
PURE = {
    "__future__",
    "bisect",
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "math",
    "types",
    "typing",
}

# Slow to import, or not part of the core: imported by the function that needs them, and nowhere above.
HEAVY = {
    "numpy",
    "matplotlib",
    "scapy",
    "pandas",
    "ipywidgets",
    "anywidget",
    "IPython",
    "traitlets",
    "asyncio",
    "pygls",
    "lsprotocol",
    "joblib",
    "distributed",
    "pyarrow",
}
MAY_BE_HEAVY = {"views", "notebook", "exercises", "live", "watch", "lab", "system", "lsp"}


class Import(NamedTuple):
    """One imported module, dotted; ``at_start``: executed when the file itself is imported."""

    file: str
    line: int
    module: str
    at_start: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


@cache
def imports_of(path: Path) -> list[Import]:
    return list(_imports_of(path))


def _imports_of(path: Path) -> Iterator[Import]:
    """Every import of a file, relative ones resolved, ``from package import module`` as that module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late: set[ast.AST] = set()
    for node in ast.walk(tree):
        is_typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if is_typing or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            late.update(ast.walk(node))
    file = path.relative_to(PACKAGE.parent).as_posix()
    package = ["vrrplab", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            names = [
                f"{source}.{alias.name}" if is_module(f"{source}.{alias.name}") else source
                for alias in node.names
            ]
        else:
            continue
        for name in names:
            yield Import(file, node.lineno, name, node not in late)


def is_module(dotted: str) -> bool:
    place = PACKAGE.parent.joinpath(*dotted.split("."))
    return dotted.startswith("vrrplab.") and (place.is_dir() or place.with_suffix(".py").is_file())


def room_of(dotted: str) -> str:
    """``vrrplab.wire.arp`` is in ``wire``; ``vrrplab`` itself in ``__init__``."""
    return [*dotted.split("."), "__init__"][1]


def files_of(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]


ROOMS = sorted(
    {p.stem if p.is_file() else p.name for p in PACKAGE.iterdir() if p.suffix == ".py" or any(p.glob("*.py"))}
)


def test_every_file_is_in_a_room() -> None:
    assert [room for room in ROOMS if room not in MAY_IMPORT] == [], "say in MAY_IMPORT what it may know"
    assert [room for room in MAY_IMPORT if room not in ROOMS and room not in TO_COME] == [], (
        "nobody lives there"
    )


def test_no_room_is_allowed_what_it_does_not_need() -> None:
    """A door that nobody uses is one through which something will come."""
    used = {room: {found.module for path in files_of(room) for found in imports_of(path)} for room in ROOMS}
    idle = [
        f"{room}: {name}"
        for room, allowed in MAY_IMPORT.items()
        for name in allowed - ANYTHING
        if room in used and not any(f"{module}.".startswith(f"vrrplab.{name}.") for module in used[room])
    ]
    assert idle == []


def speaks_of(room: str) -> str:
    """The first line of the room's own docstring."""
    if room in TO_COME:
        return f"*to come:* {TO_COME[room]}"
    folder = PACKAGE / room
    tree = ast.parse(
        (folder / "__init__.py" if folder.is_dir() else PACKAGE / f"{room}.py").read_text("utf-8")
    )
    summary = (ast.get_docstring(tree) or "").partition("\n")[0].replace("``", "`")
    assert summary.endswith((".", "?")), f"{room}: its docstring begins with no one-line summary: {summary!r}"
    return summary


def page_table() -> str:
    """The rule as the page prints it: lowest rooms first."""
    lines = ["| room | speaks of | may import |", "|---|---|---|"]
    for room, allowed in MAY_IMPORT.items():
        if room in ("__init__", "__main__"):
            continue
        names = "anything" if "" in allowed else ", ".join(sorted(allowed | GROUND_OF.get(room, set())))
        lines.append(
            f"| {room} | {speaks_of(room)} | {names or ('nothing' if room in GROUND else 'the ground')} |"
        )
    return "\n".join(lines)


def test_the_page_prints_this_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    fresh = f"{head}{BEGIN}\n{page_table()}\n{END}{tail}"
    if os.environ.get("VRRPLAB_WRITE_DOCS"):
        PAGE.write_text(fresh, encoding="utf-8")
    assert text == fresh, "VRRPLAB_WRITE_DOCS=1 pytest tests/test_imports.py writes it anew"


def test_the_page_names_the_whole_ground() -> None:
    sentence = re.search(r"the ground \(([^)]*)\)", PAGE.read_text(encoding="utf-8"))
    assert sentence is not None
    assert re.findall(r"\w+", sentence[1]) == list(GROUND_OF)


def circles() -> list[list[str]]:
    """Groups of files of which each imports, directly or not, every other: late and type-only imports too."""
    imports: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        imports[name] |= {found.module for found in imports_of(path)} - {name}

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            new = imports.get(todo.pop(), set()) - seen
            seen |= new
            todo += new
        return seen

    reach = {name: reached(name) for name in imports}
    groups = {frozenset(other for other in reach[name] if name in reach.get(other, ())) for name in imports}
    return sorted(sorted(group) for group in groups if group)


def test_no_import_circles() -> None:
    assert [group for group in circles() if frozenset(group) not in CIRCLES_ALLOWED] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_rooms_below(room: str) -> None:
    allowed = MAY_IMPORT.get(room, set()) | GROUND_OF.get(room, GROUND)
    wrong = [
        str(found)
        for path in files_of(room)
        for found in imports_of(path)
        if found.module.partition(".")[0] == "vrrplab" and room_of(found.module) != room
        if "" not in allowed
        if not any(f"{found.module}.".startswith(f"vrrplab.{name}.") for name in allowed)
    ]
    assert wrong == []


def test_nothing_stands_above_the_commands() -> None:
    """What a command and a notebook both say stands below them: a room that may know anything, but these."""
    above = [
        found
        for room in ROOMS
        if room not in ("commands", "__main__")
        for path in files_of(room)
        for found in imports_of(path)
        if room_of(found.module) == "commands"
    ]
    assert above == []


def test_the_machine_is_pure() -> None:
    wrong = [
        str(found)
        for path in files_of("machine")
        for found in imports_of(path)
        if found.module.partition(".")[0] not in PURE | {"vrrplab"}
    ]
    for path in files_of("machine"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "print",
                "open",
                "input",
                "exec",
                "eval",
            ):
                wrong.append(f"{path.name}:{node.lineno} calls {ast.unparse(node.func)}")
    assert wrong == []


def test_what_is_heavy_is_imported_where_it_is_used() -> None:
    wrong = [
        str(found)
        for room in ROOMS
        if room not in MAY_BE_HEAVY
        for path in files_of(room)
        for found in imports_of(path)
        if found.at_start and found.module.partition(".")[0] in HEAVY
    ]
    assert wrong == []


def test_the_rule_sees_every_way_to_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: relative, aliased, late and type-only imports are all found and told apart."""
    package = tmp_path / "vrrplab"
    (package / "machine").mkdir(parents=True)
    for name in ("trace.py", "machine/states.py"):
        (package / name).write_text("", encoding="utf-8")
    file = package / "machine" / "instance.py"
    file.write_text(
        "from typing import TYPE_CHECKING\n"
        "import time as t\n"
        "from . import states\n"
        "from ..trace import Trace\n"
        "from vrrplab import trace, __version__\n"
        "if TYPE_CHECKING:\n    import numpy.linalg\n"
        "def f():\n    import scapy\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(f"{__name__}.PACKAGE", package)
    assert [(found.line, found.module, found.at_start) for found in imports_of(file)] == [
        (1, "typing", True),
        (2, "time", True),
        (3, "vrrplab.machine.states", True),
        (4, "vrrplab.trace", True),
        (5, "vrrplab.trace", True),
        (5, "vrrplab", True),
        (7, "numpy.linalg", False),
        (9, "scapy", False),
    ]
