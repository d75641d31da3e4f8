"""What the simulator of the page is made of: the modules that it needs, compiled, and tried in Pyodide.

``tools/site_build.py`` puts it into the site.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import site_runtime
from site_runtime import RUNTIME, Missing

from vrrplab.data_files import data_path

ROOT = Path(__file__).resolve().parent.parent
PLAYER = ROOT / "vrrplab" / "views" / "static"
ENTRY = "vrrplab.page.answer"  # what the worker imports
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the date of each file in an archive


def sources() -> bytes:
    """What the simulator is compiled from, as an archive: modules, the YAML reader, scenarios, the player."""
    files = {str(path.relative_to(ROOT)): path.read_bytes() for path in modules(ENTRY)}
    for entry in distribution("ruamel.yaml").files or ():
        if entry.suffix == ".py":
            files[str(entry)] = Path(str(entry.locate())).read_bytes()
    for path in PLAYER.iterdir():
        if path.suffix in (".js", ".css"):
            files[str(path.relative_to(ROOT))] = path.read_bytes()
    for folder in ("scenarios", "configs"):
        for path in data_path(folder).rglob("*"):
            if path.is_file():
                files[f"vrrplab/data/{path.relative_to(data_path()).as_posix()}"] = path.read_bytes()
    files["vrrplab/data/recordings/"] = b""  # by this folder the package knows that its data are there
    return archive(files)


def modules(first: str) -> set[Path]:
    """The files of the package that a module imports, and those that they do: soon, or late in a function."""
    found: set[Path] = set()
    waiting = [first]
    while waiting:
        name = waiting.pop()
        place = ROOT.joinpath(*name.split("."))
        path = next((one for one in (place.with_suffix(".py"), place / "__init__.py") if one.exists()), None)
        if path is None or path in found:
            continue
        found.add(path)
        tree = ast.parse(path.read_bytes())
        if path.name == "__init__.py":  # what its functions import is for whom asks the package for a name
            tree.body = [one for one in tree.body if not isinstance(one, ast.FunctionDef)]
        waiting += [name.rpartition(".")[0], *_imports(tree)]
        if "import_module" in ast.dump(tree):  # by names that it makes: any of its folder
            package = ".".join(path.relative_to(ROOT).parent.parts)
            waiting += [f"{package}.{one.stem}" for one in path.parent.glob("*.py")]
    return found


def _imports(node: ast.AST) -> Iterator[str]:
    """The names of the package in a tree; what only a type checker imports is none."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Import():
            yield from (one.name for one in node.names if one.name.startswith("vrrplab"))
        case ast.ImportFrom(module=str(module)) if module.startswith("vrrplab"):
            yield module
            yield from (f"{module}.{one.name}" for one in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)


def archive(files: dict[str, bytes]) -> bytes:
    """A zip archive that is the same for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for name in sorted(files):
            zipped.writestr(zipfile.ZipInfo(name, LONG_AGO), files[name])
    return out.getvalue()


def repacked(data: bytes, how: int) -> bytes:
    """The same archive, its files packed (``ZIP_DEFLATED``) or not: who packs the whole packs it better."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as plain, zipfile.ZipFile(out, "w") as zipped:
        for entry in plain.infolist():
            fresh = zipfile.ZipInfo(entry.filename, LONG_AGO)
            zipped.writestr(fresh, plain.read(entry), how, 9)
    return out.getvalue()


def opened(name: str) -> str:
    """The question that opens a scenario, as the page asks it."""
    return json.dumps({"do": "open", "name": name})


def heard(app: Path, questions: Iterable[str], given: Path | None = None) -> list[Any]:
    """What the compiled package answers in Pyodide: the SHA-256 of a trace, or what it says instead.

    ``given``: the sources, which are compiled to ``app`` first. Missing: no Node, or it does not run.
    """
    node = shutil.which("node")
    if node is None:
        raise Missing("node, which runs Pyodide here, is not installed: sudo apt install nodejs")
    places = [str(RUNTIME), str(app), *([str(given)] if given else [])]
    command = [node, str(ROOT / "tools" / "bytecode.mjs"), *places]
    ran = subprocess.run(command, input="\n".join(questions), capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Missing(f"the package does not run in {site_runtime.pinned()[0]}: {ran.stderr.strip()}")
    return list(json.loads(ran.stdout))


def compiled(made: dict[str, dict[str, Any]], build: Path) -> bytes:
    """The package as byte code, not packed. Missing: it does not run, or has other traces than made here."""
    build.mkdir(parents=True, exist_ok=True)
    given, app = build / "sources.zip", build / "app.zip"
    given.write_bytes(sources())
    there = heard(app, map(opened, made), given)
    here = [trace_hash(one["trace_lines"]) for one in made.values()]
    other = [
        f"{name} ({theirs})" for name, ours, theirs in zip(made, here, there, strict=True) if ours != theirs
    ]
    if other:
        raise Missing(f"the page would simulate otherwise than this Python does: {', '.join(other)}")
    return app.read_bytes()


def trace_hash(lines: str) -> str:
    return hashlib.sha256(lines.encode()).hexdigest()


def lock() -> dict[str, Any]:
    """Pyodide's list of packages without any: so nothing can be asked of another host."""
    told = json.loads((RUNTIME / "pyodide-lock.json").read_text(encoding="utf-8"))
    return {"info": told["info"], "packages": {}}
