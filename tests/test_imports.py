"""Who may know whom: every file is a room with one kind of talk, and imports go one way between rooms.

    units errors given glossary resources  <-  wire config trace  <-  machine  <-  sim | live  <-  commands
                                         wire        trace  <-  views                    <-  commands

Imports for the type checker count too: to name somebody's types is to know them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "vrrplab"

GROUND = {"units", "errors", "arguments", "glossary", "data_files"}
BYTES = GROUND | {"wire", "capture", "columns"}
TOLD = GROUND | {"trace", "config"}
JUDGED = BYTES | TOLD | {"decoding", "witness"}
DRIVERS = BYTES | TOLD | {"machine", "drive", "scenario"}
ANYTHING = {""}

# Room: what its files may import besides each other. A name covers everything below it. Rows without a room
# yet keep its place: who builds it need not move anything.
MAY_IMPORT = {
    "units": set(),
    "errors": set(),
    "glossary": set(),
    "arguments": {"errors"},
    "data_files": {"errors"},
    "trace": GROUND,
    "config": GROUND,
    "wire": GROUND,
    "output": GROUND | {"trace"},
    "capture": GROUND | {"wire", "output"},
    "columns": GROUND | {"wire", "capture"},
    # Values only: what an advert says and what a configuration means, not how either is read.
    "machine": GROUND | {"wire.vrrp", "config.model"},
    # A verdict asks the machine's law, and nothing else of it.
    "decoding": BYTES | {"machine.acceptance", "machine.profiles"},
    "witness": BYTES | {"trace", "decoding"},
    "drive": BYTES | TOLD | {"machine"},
    "scenario": BYTES | TOLD | {"machine.profiles"},
    "recording": JUDGED | {"scenario"},
    "sim": DRIVERS,
    "system": BYTES | TOLD | {"machine.events"},
    "live": DRIVERS | {"system", "output"},
    "watch": JUDGED | {"system", "output", "live.udp_socket"},
    "lab": JUDGED | {"system", "output", "scenario", "recording"},
    # A view reads the trace and never asks the machine: names of states and the edges between them, no more.
    "views": GROUND | {"trace", "wire", "decoding", "machine.states"},
    # Traces in words.
    "tell": GROUND | {"trace"},
    "verify": DRIVERS | {"recording", "sim"},
    "rules": GROUND | {"config", "scenario"},
    "forecast": DRIVERS | {"sim", "rules"},
    "search": DRIVERS | {"sim", "witness"},
    "notebook": ANYTHING,
    "exercises": ANYTHING,
    "page": ANYTHING,
    "lsp": GROUND | {"config", "rules", "scenario"},
    "commands": ANYTHING,
    "__init__": ANYTHING,
    "__main__": {"commands"},
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
}
MAY_BE_HEAVY = {"views", "notebook", "exercises", "live", "watch", "lab", "system"}


class Import(NamedTuple):
    """One imported module, dotted; ``at_start``: executed when the file itself is imported."""

    file: str
    line: int
    module: str
    at_start: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def imports_of(path: Path) -> Iterator[Import]:
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


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_rooms_below(room: str) -> None:
    allowed = MAY_IMPORT.get(room, set())
    wrong = [
        str(found)
        for path in files_of(room)
        for found in imports_of(path)
        if found.module.partition(".")[0] == "vrrplab" and room_of(found.module) != room
        if "" not in allowed
        if not any(f"{found.module}.".startswith(f"vrrplab.{name}.") for name in allowed)
    ]
    assert wrong == []


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
