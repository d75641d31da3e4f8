"""Builds JupyterLite with the lessons into dist/site/lite: notebooks that run in the visitor's browser.

``make site-lite`` calls it, after ``make site``. What it needs of npm and PyPI it fetches once into
``build/lite``, each file by its name and hash in ``browser/lite.json``; the rest needs no network, and the
same sources give the same bytes. ``--fetch`` only fetches. JupyterLite's own builder would want eighty
packages; all it would do here is to unpack one archive, put extensions beside it and list them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from site_runtime import ROOT, Missing, compare, size_line, unpacked

PINNED = ROOT / "browser" / "lite.json"
FETCHED = ROOT / "build" / "lite"
LITE = ROOT / "dist" / "site" / "lite"
BINDER = ', or <a href="https://mybinder.org/'  # before it stands how else a lesson is run
FIRST = "lite/notebooks/index.html?path=00_start_here.ipynb"
WORDS = "in this browser (15 MB, once), which alone keeps your progress; figures are tables"
WHEN = "1980-01-01T00:00:00Z"  # JupyterLite wants a date for each notebook; nobody sees it

# Of JupyterLite's archive: its other programs, what only its developers need, fonts for browsers of 2010.
LEFT_OUT = {"consoles", "edit", "repl", "tree"}
LEFT_OUT_ENDINGS = (".map", ".eot", ".ttf", "rspack.config.js", "analyze.js", "watch.js")
# Which the page asks for while it works; in a JupyterLab its server has them.
TAB_ICONS = ("busy-1", "file", "notebook", "terminal")
EXTENSIONS = "/data/share/jupyter/labextensions/"
KERNEL = "@jupyterlite/pyodide-kernel-extension"
# What Pyodide's list of packages does not know.
DEPENDS = {
    "vrrplab": ["ruamel-yaml", "anywidget"],
    "anywidget": ["ipywidgets", "psygnal", "typing-extensions"],
    "ipywidgets": ["comm", "ipython", "traitlets"],
    "comm": ["traitlets"],
    "psygnal": [],
}


def pinned() -> dict[str, Any]:
    """The package of npm, and the SHA-256 of each file: of it, for the kernel, and for the page."""
    told: dict[str, Any] = json.loads(PINNED.read_text(encoding="utf-8"))
    return told


def check() -> None:
    """Missing: a file is not there, or is another than the one that is pinned."""
    told = pinned()
    compare(FETCHED, {**told["runtime"], **told["kernel"], **told["page"]}, PINNED, "make site-lite")


def fetch() -> None:
    """Brings the pinned files. Missing: npm or pip did not give them, or gave others."""
    told = pinned()
    FETCHED.mkdir(parents=True, exist_ok=True)
    unpacked(told["package"], told["runtime"], FETCHED)
    wheels = {**told["kernel"], **told["page"]}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        for name, digest in wheels.items():
            project, version = name.split("-")[:2]
            print(f"{project}=={version} --hash=sha256:{digest}", file=wanted, flush=True)
        pip = [_python_with_pip(), "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        pip += ["--python-version", "3.14", "--platform", "any", "--implementation", "py", "--abi", "none"]
        pip += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", wanted.name]
        ran = subprocess.run([*pip, "--dest", str(FETCHED)], capture_output=True, text=True, check=False)
    if ran.returncode:
        said = (ran.stderr or ran.stdout).strip().splitlines()
        raise Missing(f"pip could not bring JupyterLite: {said[-1] if said else 'it says nothing'}")
    check()


def _python_with_pip() -> str:
    """This Python; where uv made its environment, without pip, another with the pip that Python brings."""
    if importlib.util.find_spec("pip"):
        return sys.executable
    folder = ROOT / "build" / "lite-pip"
    ran = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, check=False
    )
    if ran.returncode:
        raise Missing("pip, which brings JupyterLite, is not there: sudo apt install python3-venv")
    return str(folder / "bin" / "python")


def wheel_of_vrrplab() -> Path:
    """vrrplab as it lies here, as a wheel."""
    folder = ROOT / "build" / "lite-wheel"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = "import sys, hatchling.build; hatchling.build.build_wheel(sys.argv[1])"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}  # 1980, where zip begins
    ran = subprocess.run(
        [sys.executable, "-c", made, str(folder)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        raise Missing(f"vrrplab's wheel could not be made: {ran.stderr.strip().splitlines()[-1]}")
    return next(folder.glob("*.whl"))


def page_files() -> Iterator[tuple[str, bytes]]:
    """JupyterLite's own files, and those of its extensions."""
    [core] = [name for name in pinned()["page"] if name.startswith("jupyterlite_core")]
    with zipfile.ZipFile(FETCHED / core) as wheel:
        [packed] = [name for name in wheel.namelist() if name.endswith(".tgz")]
        with tarfile.open(fileobj=io.BytesIO(wheel.read(packed))) as archive:
            for member in archive:
                path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
                if not member.isfile():
                    continue
                program = path.parts[1 if path.parts[0] == "build" else 0]
                if program not in LEFT_OUT and not path.name.endswith(LEFT_OUT_ENDINGS):
                    yield str(path), archive.extractfile(member).read()  # type: ignore[union-attr]
    for name in sorted({**pinned()["page"], **pinned()["kernel"]}):
        with zipfile.ZipFile(FETCHED / name) as wheel:
            for inside in sorted(wheel.namelist()):
                _, found, path = inside.partition(EXTENSIONS)
                if found and not inside.endswith((".map", ".orig", "install.json")):
                    yield f"extensions/{path}", wheel.read(inside)


def kernel_files() -> Iterator[tuple[str, bytes]]:
    """Pyodide, the packages that a kernel loads by their names, and the list of these."""
    told = pinned()
    lock = json.loads((FETCHED / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages = {}
    for path in [*(FETCHED / name for name in told["kernel"]), wheel_of_vrrplab()]:
        content = path.read_bytes()
        name, version = path.name.split("-")[:2]
        key = name.lower().replace("_", "-")
        known = lock["packages"].get(key) or lock["packages"].get(name) or {"imports": [name], "depends": []}
        depends = [one.lower().replace("_", "-") for one in known["depends"]]
        packages[key] = {
            "name": key,
            "version": version,
            "file_name": path.name,
            "install_dir": "site",
            "sha256": hashlib.sha256(content).hexdigest(),
            "package_type": "package",
            "imports": known["imports"],
            "depends": DEPENDS.get(key, depends),
            "unvendored_tests": False,
        }
        yield f"static/pyodide/{path.name}", content
    for name in told["runtime"]:
        if name != "pyodide-lock.json":
            yield f"static/pyodide/{name}", (FETCHED / name).read_bytes()
    yield "static/pyodide/pyodide-lock.json", _json({"info": lock["info"], "packages": packages})


def lesson_files() -> Iterator[tuple[str, bytes]]:
    """The lessons, and their list."""
    listed = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        content = path.read_bytes()
        nothing = dict.fromkeys(("content", "format", "hash", "hash_algorithm", "mimetype"))
        listed.append(
            {
                **nothing,
                "name": path.name,
                "path": path.name,
                "size": len(content),
                "type": "notebook",
                "created": WHEN,
                "last_modified": WHEN,
                "writable": True,
            }
        )
        yield f"files/{path.name}", content
    folder = {**nothing, "content": listed, "format": "json", "name": "", "path": "", "type": "directory"}
    yield (
        "api/contents/all.json",
        _json({**folder, "size": None, "created": WHEN, "last_modified": WHEN, "writable": True}),
    )
    english = {"en": {"displayName": "English", "nativeName": "English"}}
    yield "api/translations/all.json", _json({"data": english, "message": ""})
    yield "api/translations/en.json", _json({"data": {}, "message": ""})


def settings(files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """What JupyterLite reads first: its extensions and their settings, where Pyodide lies, light or dark."""
    schemas, extensions = [], []
    for path in sorted(files):
        if path.startswith("extensions/") and path.endswith("/package.json") and "/schemas/" not in path:
            package = json.loads(files[path])
            extensions.append({**package["jupyterlab"]["_build"], "name": package["name"]})
        elif "/schemas/" in path and path.startswith("extensions/") and not path.endswith("package.json"):
            package_name = path.partition("/schemas/")[2].rpartition("/")[0]
            name = f"{package_name}:{PurePosixPath(path).stem}"
            schemas.append({"id": name, "raw": "{}", "schema": json.loads(files[path]), "settings": {}})
    wheels = f"extensions/{KERNEL}/static/pypi/all.json"
    config = json.loads(files["jupyter-lite.json"])
    config["jupyter-config-data"] |= {
        "contentsAllJsonFile": "all.json",
        "exposeAppInBrowser": True,
        "fileTypes": {
            "ipynb": {
                "name": "ipynb",
                "extensions": [".ipynb"],
                "fileFormat": "json",
                "mimeTypes": ["application/x-ipynb+json"],
            }
        },
        "federated_extensions": extensions,
        "settingsOverrides": {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": True}},
        "litePluginSettings": {
            f"{KERNEL}:kernel": {
                "disablePyPIFallback": True,
                "pipliteUrls": [f"./{wheels}?sha256={hashlib.sha256(files[wheels]).hexdigest()}"],
                "pyodideUrl": "./static/pyodide/pyodide.mjs",
            }
        },
    }
    for name in ("lab/index.html", "notebooks/index.html"):  # without it a browser asks for /favicon.ico
        yield name, files[name].replace(b"</head>", b'<link rel="icon" href="favicon.ico"></head>', 1)
    for name in TAB_ICONS:
        yield f"static/favicons/favicon-{name}.ico", files["notebooks/favicon.ico"]
    yield "build/schemas/all_federated.json", _json(schemas)
    yield "jupyter-lite.json", _json(config)


def link(site: Path) -> None:
    """Names it on the front page behind the lessons that are read, and each of those leads to its own here.

    Missing: there is no site yet.
    """
    front = site / "index.html"
    if not front.exists():
        raise Missing(f"{front.relative_to(ROOT)}, which is to lead to the lessons, is not there: make site")
    text = front.read_text(encoding="utf-8")
    if FIRST not in text:
        before, lessons, after = text.partition('<li><a href="lessons/index.html">')
        item, end, rest = after.partition("</li>\n")
        here = f'<li><a href="{FIRST}"><b>Run the lessons here</b><span>{WORDS}</span></a></li>\n'
        front.write_text(before + lessons + item + end + here + rest, encoding="utf-8")
    for page in sorted((site / "lessons").glob("[0-9]*.html")):
        text = page.read_text(encoding="utf-8")
        here = f'<a href="../lite/notebooks/index.html?path={page.stem}.ipynb">in this browser</a>'
        if here not in text:
            page.write_text(text.replace(BINDER, f", {here}{BINDER}", 1), encoding="utf-8")


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def build(folder: Path = LITE) -> None:
    """Makes it anew. Missing: something that it needs is not there."""
    check()
    files = dict(page_files())
    files |= dict(kernel_files()) | dict(lesson_files())
    files |= dict(settings(files))
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def main() -> int:
    try:
        try:
            check()
        except Missing:
            fetch()
        if "--fetch" in sys.argv:
            print(f"JupyterLite is in {FETCHED.relative_to(ROOT)}")
            return 0
        link(LITE.parent)
        build()
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    print(size_line(LITE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
