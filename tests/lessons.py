"""The lessons' notebooks as tests see them: read, solved, run. Used by test_notebooks and test_exercises."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
GUESS = re.compile(r'^(?:predict|bet)\("([^"]+)"', re.MULTILINE)
BET = re.compile(r"^(bet\(.*)\)$", re.MULTILINE)  # in one line, so that a learner sees it whole
PUZZLE = re.compile(r'^puzzle\("([^"]+)"\)$', re.MULTILINE)
CHECK = re.compile(r'^check\("([^"]+)", (\w+)\)$', re.MULTILINE)


class Ran(NamedTuple):
    """A notebook after its run: the cells with outputs, seconds, and the kernel's peak memory in MB."""

    cells: list[Any]
    took_s: float
    peak_mb: int

    def said(self, exercise: str) -> str:
        """What ``check`` answered for an exercise."""
        for cell in self.cells:
            if cell.cell_type == "code" and f'check("{exercise}"' in cell.source:
                return "\n".join(str(out.data.get("text/plain", "")) for out in cell.outputs if "data" in out)
        raise KeyError(exercise)


def cells_of(path: Path) -> list[dict[str, Any]]:
    """The cells as the file has them, ``source`` joined to one text."""
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        cell["source"] = "".join(cell["source"])
    return cells


def prose(path: Path) -> str:
    """All Markdown of a notebook."""
    return "\n\n".join(cell["source"] for cell in cells_of(path) if cell["cell_type"] == "markdown")


def exercises_of(path: Path) -> dict[str, str]:
    """Exercise name to the variable its answer is written into, in order."""
    found = {}
    for cell in cells_of(path):
        if cell["cell_type"] == "code":
            found.update(CHECK.findall(cell["source"]))
    return found


def puzzles_of(path: Path) -> list[str]:
    """The exercises that are solved in a picture, in order."""
    code = [cell["source"] for cell in cells_of(path) if cell["cell_type"] == "code"]
    return [name for source in code for name in PUZZLE.findall(source)]


def guesses_of(path: Path) -> dict[str, int]:
    """Name of each guess, of ``predict`` or ``bet``, to the place of its cell."""
    found: dict[str, int] = {}
    for place, cell in enumerate(cells_of(path)):
        if cell["cell_type"] == "code":
            for name in GUESS.findall(cell["source"]):
                found.setdefault(name, place)
    return found


def is_python(cell: dict[str, Any]) -> bool:
    """Is it a code cell in Python, and not the file of a server, with ``%%keepalived`` above it?"""
    return cell["cell_type"] == "code" and bool(python_of(cell))


def python_of(cell: dict[str, Any]) -> str:
    """The Python of a code cell, without the line of a magic above it; "" for a server's file."""
    source = str(cell["source"])
    if source.startswith(("%%needs ", "%%refused\n")):
        return source.partition("\n")[2]
    return "" if source.startswith("%%") else source


def is_folded(cell: dict[str, Any]) -> bool:
    """Does JupyterLab show this cell as a line only, until somebody opens it?"""
    return cell["metadata"].get("jupyter", {}).get("source_hidden") is True


def with_answers(source: str) -> str:
    """A cell's source with the dots replaced: by the key's answer where there is one, else by a guess.

    A bet is typed, so that it needs no picture.
    """
    if source.startswith("%%"):
        return source
    source = BET.sub(lambda found: f"{found[1]}, {_typed(found[1])})", source)
    key = "__import__('tests.misses', fromlist=['solved']).solved"
    answers = {variable: f"{key}({name!r})" for name, variable in CHECK.findall(source)}
    tree = ast.parse(source)
    lines = source.splitlines()
    for node in tree.body:
        dots = (
            isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is ...
        )
        if dots and isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            lines[node.lineno - 1] = f"{name} = {answers.get(name, '1')}"
    return "\n".join(lines)


def _typed(call: str) -> str:
    """The guess of a bet as arguments: of both questions, or of the one that is asked."""
    asked = re.search(r'ask="(\w+)"', call)
    guess = {"until": "silent_s=1", "who": 'who="nobody"'}
    return guess[asked[1]] if asked else ", ".join(guess.values())


def run_notebook(
    path: Path,
    progress: Path,
    *,
    solved: bool = False,
    missing: tuple[str, ...] = (),
    processes: bool = True,
) -> Ran:
    """Run it headless in a fresh kernel; nbclient's CellExecutionError where a cell fails.

    ``solved``: with the key's answers in place of the dots. ``missing``: modules that
    are not installed there. ``processes``: None can be started there, as in a page of a browser.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    if solved:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = with_answers(cell.source)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(_without(progress.parent / "missing", missing, processes)), str(ROOT)]
        ),
        "VRRPLAB_PROGRESS": str(progress),
        "IPYTHONDIR": str(progress.parent / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    # Where nothing else is, as a copied lesson runs.
    folder = progress.parent / "elsewhere"
    folder.mkdir(exist_ok=True)
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    peak_mb = [0]

    async def look(**_: Any) -> None:
        process = getattr(client.km.provisioner, "pid", None) if client.km else None
        peak_mb[0] = max(peak_mb[0], _peak_mb(process))

    client.on_cell_executed = look
    begun = time.monotonic()
    client.execute(env=environment)
    return Ran(notebook.cells, time.monotonic() - begun, peak_mb[0])


_NO_PROCESSES = """import os, subprocess
del os.fork, os.geteuid
def none(*words, **options):
    raise OSError(138, "emscripten does not support processes")
subprocess.Popen = subprocess.run = none
"""


def _without(folder: Path, modules: tuple[str, ...], processes: bool) -> Path:
    """A folder whose modules of these names say that they are not installed."""
    folder.mkdir(exist_ok=True)
    for name in modules:
        text = f"raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    if not processes:
        (folder / "sitecustomize.py").write_text(_NO_PROCESSES, encoding="utf-8")
    return folder


def _peak_mb(process: int | None) -> int:
    """The most memory the process ever had, or 0 where nobody tells."""
    if process is None or not sys.platform.startswith("linux"):
        return 0
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text() if status.exists() else "")
    return int(found[1]) // 1024 if found else 0
