"""Text reaches a terminal by one door. What would go past it is found here, in files of next year too."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parents[2] / "vrrplab"
DOOR = "output/terminal.py"

# Programs of the package that no user starts: what each prints, a program of ours reads.
FOR_PROGRAMS = {
    "lab/client.py": "a probe: JSON lines for the supervisor",
    "lab/web.py": "a web server: one word, once it serves",
    "lab/bench.py": "a real run: one JSON line for who compares",
    "lab/supervisor.py": "the first process of a lab: JSON lines for the command line",
    "sweeping/dask_process.py": "a process of a local Dask cluster: one line, its address, for the sweep",
    "system/rootless.py": "becomes another program; before that, a sentence of its own",
}

# Bytes that are written past Python's streams, and why nothing of a stranger is in them as it came.
PAST_PYTHON = {
    "interrupts.py": "a constant sentence, in the middle of anything",
    "output/files.py": "asks whether an output is where the command prints, and writes nothing there",
    "output/trace_writer.py": "a thread writes live traces; each line is escaped there",
    "sweeping/table_file.py": "a sweep's own table, a file that the gate has opened",
    "watch/screen.py": "a screen that never waits for its terminal, made by ``screenful``",
}


class Source(NamedTuple):
    """One file, as text."""

    name: str
    text: str

    @property
    def calls(self) -> list[tuple[str, ast.Call]]:
        """Of ``print`` and ``os.write``. Few files have any, and to parse all takes seconds."""
        if not re.search(r"\bprint\(|\bos\.write\(|\bwritten\(", self.text):
            return []
        found = [node for node in ast.walk(ast.parse(self.text)) if isinstance(node, ast.Call)]
        return [(name, node) for node in found if (name := ast.unparse(node.func)) in ("print", *WRITES)]


@cache
def sources() -> list[Source]:
    return [
        Source(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def test_every_program_begins_with_the_guard() -> None:
    """What is started with ``python -m`` and prints puts its streams behind the door first."""
    unguarded = [
        source.name
        for source in sources()
        if '__name__ == "__main__"' in source.text
        and "print(" in source.text
        and "with standard_streams():" not in source.text
        and source.name not in FOR_PROGRAMS
    ]
    assert unguarded == []
    cli = ast.parse(next(source.text for source in sources() if source.name == "commands/cli.py"))
    main = next(n for n in ast.walk(cli) if isinstance(n, ast.FunctionDef) and n.name == "main")
    assert ast.unparse(main.body[1]).startswith("with standard_streams():")
    assert len(main.body) == 2, "nothing is told before or after it"


def test_nothing_is_written_past_the_streams() -> None:
    past = {
        source.name
        for source in sources()
        if source.name != DOOR
        and (
            "sys.__std" in source.text
            or re.search(r"sys\.std(out|err)\.buffer", source.text)
            or any(name in WRITES and _may_be_a_terminal(call.args[0]) for name, call in source.calls)
        )
    }
    assert past == set(PAST_PYTHON), "say in PAST_PYTHON why that is harmless"


WRITES = ("os.write", "written")  # the second: ``output.trace_writer``'s, for all of some bytes


def _may_be_a_terminal(descriptor: ast.AST) -> bool:
    where = ast.unparse(descriptor)
    return where in ("1", "2", "descriptor", "self._descriptor") or "std" in where


def test_control_sequences_are_written_at_the_door_only() -> None:
    """A text with ESC, or a return to the line's begin, that anybody prints."""
    wrong = []
    for source in sources():
        if source.name in (DOOR, *READ_CONTROLS):
            continue
        wrong += [f"{source.name}: ESC"] * bool(re.search(r"\\x1b|\\033|\\u001b|\x1b", source.text))
        for name, call in source.calls:
            if name == "print":
                wrong += [f"{source.name}:{call.lineno}" for part in ast.walk(call) if _has(part, "\r")]
    assert wrong == []


READ_CONTROLS = ("config/tokens.py", "config/reader.py", "pasted/around.py", "watch/screen.py")


def _has(part: ast.AST, character: str) -> bool:
    return isinstance(part, ast.Constant) and isinstance(part.value, str) and character in part.value


def test_what_is_laid_out_for_a_terminal_counts_columns_not_characters() -> None:
    """``textwrap`` and ``ljust`` count characters: a name in Japanese would shift what stands behind it."""
    rooms = ("tell", "commands", "decoding", "witness", "watch", "exercises")
    wrong = []
    for source in sources():
        if source.name.split("/")[0] in rooms:
            found = re.findall(r"(\w+)\.[lr]just\(|\b(textwrap)\b", source.text)
            wrong += [
                f"{source.name}: {word}" for word in found if word != ("payload", "")
            ]  # those are bytes
    assert wrong == []
